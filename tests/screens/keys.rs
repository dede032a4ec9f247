//! What each key does to the panes.

use edatop::app::Effect;

use crate::{
    example::{self, measured, queue},
    screen::Screen,
};

const TITLES: [&str; 9] = ["queues", "functions", "logs", "tables", "buckets", "topics", "rules", "streams", "entries"];

fn names(screen: &mut Screen) -> Vec<String> {
    let head = screen.lines().iter().position(|line| line.contains("NAME")).unwrap();
    let rows = screen.lines();
    let rows = rows[head + 1..].iter().take_while(|line| !line.is_empty() && !line.starts_with("──"));
    rows.filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned)).collect()
}

#[test]
fn tab_and_numbers_switch_panes() {
    let mut screen = Screen::example(120, 40);
    for (index, title) in TITLES.iter().enumerate() {
        assert_eq!(screen.pane(), *title);
        screen.press("tab");
        screen.press(&(index + 1).to_string());
        assert_eq!(screen.pane(), *title, "by its number");
        screen.press("tab");
    }
    // Past the findings and the map.
    screen.press("tab tab");
    assert_eq!(screen.pane(), "queues", "round and round");
    screen.press("shift-tab shift-tab shift-tab");
    assert_eq!(screen.pane(), "entries");
    screen.press("left left right");
    assert_eq!(screen.pane(), "streams");
}

#[test]
fn up_and_down_move_the_cursor_and_pollers_hear_of_it() {
    let mut screen = Screen::example(120, 40);
    let all = names(&mut screen);
    assert_eq!(all.len(), 6);
    for (keys, index) in [("j", 1), ("down", 2), ("k", 1), ("G", 5), ("j", 5), ("g", 0), ("up", 0)] {
        screen.press(keys);
        assert_eq!(screen.selected(), all[index], "after {keys}");
    }
}

#[test]
fn the_alarms_are_walked_round_and_round_in_their_order() {
    let mut screen = Screen::example(120, 40);
    let mut seen = Vec::new();
    for _ in 0..5 {
        screen.press("n");
        seen.push((screen.selected(), screen.pane()));
    }
    assert_eq!(seen[0], ("analytics-dlq".to_owned(), "queues"), "the worst comes first");
    assert!(
        seen.contains(&("chat".to_owned(), "queues")) && seen.contains(&("chat-fn".to_owned(), "functions")),
        "{seen:?}"
    );
    assert_eq!(seen[4], seen[0], "after the last comes the first");
    screen.press("N");
    assert_eq!((screen.selected(), screen.pane()), seen[3]);
}

#[test]
fn an_alarm_is_found_though_a_filter_hides_it() {
    let mut screen = Screen::example(120, 40);
    screen.press("/");
    screen.write("mailing");
    screen.press("enter n");
    assert_eq!(screen.selected(), "analytics-dlq");
}

#[test]
fn when_all_is_quiet_n_says_so() {
    let mut screen = Screen::empty(120, 40);
    let at = screen.now;
    screen.report(vec![example::round("sqs", at, vec![example::a_queue("calm")])]);
    screen.text();
    screen.press("n");
    assert!(screen.shows("all is quiet"));
}

#[test]
fn a_filter_follows_each_letter_and_esc_clears_it() {
    let mut screen = Screen::example(120, 40);
    screen.press("/");
    screen.write("mai");
    assert_eq!(names(&mut screen), ["mailing", "mailing-dlq"]);
    screen.write("x");
    assert!(screen.shows("no name holds this text"));
    screen.press("backspace enter");
    assert_eq!(names(&mut screen), ["mailing", "mailing-dlq"]);
    assert!(screen.shows("/mai esc clears"), "a filter that is on is said");
    screen.press("esc");
    assert_eq!(names(&mut screen).len(), 6);
    screen.press("/");
    screen.write("CHAT");
    assert_eq!(names(&mut screen), ["chat", "chat-dlq"], "whatever the case");
    screen.press("esc");
    assert_eq!(names(&mut screen).len(), 6, "esc while typing clears it too");
}

#[test]
fn letters_typed_into_the_filter_are_no_commands() {
    let mut screen = Screen::example(120, 40);
    screen.press("/");
    assert_eq!(screen.press("q y r"), []);
    assert_eq!(screen.app.scope().refresh, 0);
    assert!(screen.shows("/qyr"));
}

fn paste(screen: &mut Screen, text: &str) -> Vec<Effect> {
    screen.app.update(edatop::app::Event::Paste(text.to_owned()), screen.now)
}

#[test]
fn what_is_pasted_is_text_and_never_commands() {
    let mut screen = Screen::example(120, 40);
    assert_eq!(paste(&mut screen, "q"), []);
    assert!(!screen.shows("/q"));
    screen.press("/");
    assert_eq!(paste(&mut screen, "mai\n\u{1b}ling"), []);
    assert!(screen.shows("/mailing"), "in one line");
    assert_eq!(names(&mut screen), ["mailing", "mailing-dlq"]);
    screen.press("esc :");
    paste(&mut screen, "mailing-dlq");
    screen.press("enter");
    assert_eq!(screen.selected(), "mailing-dlq");
}

#[test]
fn a_paste_is_cut_where_no_name_goes_on() {
    let mut screen = Screen::example(120, 40);
    screen.press("/");
    paste(&mut screen, &format!("{}{}", "w".repeat(512), "Z".repeat(100_000)));
    let foot = screen.lines().pop().unwrap();
    assert!(foot.contains("wwww") && !foot.contains('Z'), "{foot}");
}

#[test]
fn sorting_goes_through_the_columns_and_marks_its_head() {
    let mut screen = Screen::example(200, 60);
    assert_eq!(names(&mut screen)[0], "analytics-dlq", "unsorted, the worst comes first");
    screen.press("s");
    assert!(screen.shows("NAME↑"), "{}", screen.line("NAME"));
    let by_name = names(&mut screen);
    assert!(by_name.is_sorted(), "{by_name:?}");
    screen.press("S");
    assert!(screen.shows("NAME↓"));
    assert!(names(&mut screen).iter().rev().is_sorted());
    screen.press("s");
    assert!(screen.shows("VISIBLE↓"), "numbers begin with the largest: {}", screen.line("NAME"));
    assert_eq!(names(&mut screen)[0], "chat");
    screen.press("S");
    assert!(screen.shows("VISIBLE↑"));
    assert_eq!(names(&mut screen).last().map(String::as_str), Some("chat"));
    for _ in 0..9 {
        screen.press("s");
    }
    assert_eq!(names(&mut screen)[0], "analytics-dlq", "after the last column comes the first order again");
    assert!(!screen.line("NAME").contains(['↑', '↓']));
}

#[test]
fn a_refresh_that_moves_rows_leaves_the_cursor_on_its_row() {
    let mut screen = Screen::example(120, 40);
    screen.press("s s");
    screen.press("j j");
    let chosen = screen.selected();
    let before = names(&mut screen).iter().position(|name| *name == chosen).unwrap();
    screen.pass(5);
    let at = screen.now;
    let rise = measured(queue("mailing-dlq"), edatop::domain::reading::VISIBLE, 9_000.0, at);
    let other = measured(queue("chat-dlq"), edatop::domain::reading::VISIBLE, 8_000.0, at);
    screen.report(vec![example::round("sqs", at, vec![rise, other])]);
    let after = names(&mut screen).iter().position(|name| *name == chosen).unwrap();
    assert_ne!(before, after, "the row moved");
    assert_eq!(screen.selected(), chosen);
}

#[test]
fn space_holds_the_picture_while_reading_goes_on() {
    let mut screen = Screen::example(120, 40);
    screen.press("space");
    assert!(screen.shows("held at 14:03"));
    let held = screen.text();
    screen.pass(90);
    let at = screen.now;
    let rise = measured(queue("mailing"), edatop::domain::reading::VISIBLE, 7_777.0, at);
    screen.report(vec![example::round("sqs", at, vec![rise])]);
    screen.tick();
    assert_eq!(screen.text(), held, "nothing moves, not even the clock");
    screen.press("j");
    assert_ne!(screen.selected(), "", "but one may look around");
    screen.press("space");
    assert!(!screen.shows("held") && screen.line("mailing ").contains("7,777"));
}

#[test]
fn y_copies_the_arn() {
    let mut screen = Screen::example(120, 40);
    screen.press("n");
    let arn = "arn:aws:sqs:us-east-1:000000000000:analytics-dlq".to_owned();
    assert_eq!(screen.press("y"), [Effect::Copy(arn.clone())]);
    assert!(screen.shows("copied arn:aws:sqs"));
    screen.press("enter");
    assert_eq!(screen.press("y"), [Effect::Copy(arn)], "in the detail too");
    screen.pass(7);
    screen.tick();
    assert!(!screen.shows("copied"), "what is said in passing passes");
}

#[test]
fn r_asks_for_everything_now() {
    let mut screen = Screen::example(120, 40);
    assert_eq!(screen.app.scope().refresh, 0);
    screen.press("r f5");
    assert_eq!(screen.app.scope().refresh, 2);
}

#[test]
fn leaving_and_going_to_the_background() {
    let mut screen = Screen::example(120, 40);
    assert_eq!(screen.press("q"), [Effect::Quit]);
    screen.press("/");
    assert_eq!(screen.press("ctrl-c"), [Effect::Quit], "whatever lies on top");
    assert_eq!(screen.press("ctrl-z"), [Effect::Suspend]);
    assert!(screen.app.scope().paused, "nobody looks: nothing is read");
    screen.app.update(edatop::app::Event::Resumed, screen.now);
    assert!(!screen.app.scope().paused && screen.app.is_dirty());
}
