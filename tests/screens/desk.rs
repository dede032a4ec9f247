//! The desk: what it shows of a picture, and what its keys ask for. Nobody answers here: the task behind it has tests of its own.

use crossterm::event::{MouseButton, MouseEventKind};
use edatop::{
    app::{Effect, Event},
    commands::{COMMANDS, Place},
    overlays::desk::model::{
        Adjust, Ask, Body, Choice, Cluster, Cost, CutOff, Deed, Diff, DiffLine, Find, Finding, Header, Line, Log,
        LogLine, Moving, News, Notice, Opened, Picture, Plan, Stage, Step, Summary,
    },
    panes::header::Session,
    redrive::mover::{Progress, Stage as Daring},
    theme::ASCII,
};
use ratatui::layout::Position;

use crate::{SIZES, example, screen, screen::Screen};

const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:analytics-dlq";

/// Two clusters, the larger one listed, the cursor on its second message.
pub fn columns() -> Picture {
    let ago = |seconds: i64| Some(example::after(example::now(), -seconds));
    let cluster = |title: &str, count, chosen, bars| Cluster {
        title: title.to_owned(),
        count,
        chosen,
        first: ago(900),
        last: ago(60),
        bars,
    };
    let line = |index: u64| Line {
        chosen: index < 3,
        edited: index == 1,
        lost: index == 5,
        refused: false,
        sent_at: ago(900 - 20 * index as i64),
        receives: Some(3),
        preview: format!(r#"{{"id":{index},"type":"cart","poison":true,"items":[{{"sku":"a-{index}","price":1}}]}}"#),
    };
    let body = serde_json::json!({"id": 1, "type": "cart", "poison": true, "items": [{"sku": "a-1", "price": 1}]});
    Picture {
        header: Header {
            queue: "analytics-dlq".into(),
            sources: vec!["analytics".into()],
            held: 43,
            about: Some(43),
            lease_until: Some(example::after(example::now(), 292)),
            cost: "a look counts as a receive here, which nobody counts".into(),
            ..Header::default()
        },
        clusters: [
            cluster("all of them", 43, 3, [1, 3, 1, 1, 1, 2, 9, 12, 6, 4, 2, 1]),
            cluster("ValueError: cannot price cart ‹…›", 40, 3, [0, 2, 1, 1, 1, 2, 9, 12, 5, 4, 2, 1]),
            cluster("KeyError: ‹…›", 3, 0, [1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
        ]
        .into(),
        cluster: 1,
        lines: (0..40).map(line).collect(),
        from: 0,
        at: 1,
        listed: 40,
        chosen: 3,
        edited: 1,
        chosen_elsewhere: 0,
        find: None,
        opened: Some(
            Opened {
                id: "1f0c2d3e-0000-4000-8000-00000000abcd".into(),
                sent_at: ago(880),
                expires_at: Some(example::after(example::now(), 4 * 86_400 - 880)),
                receives: Some(3),
                bytes: 1234,
                source: Some("analytics".into()),
                why: vec![
                    "ValueError: cannot price cart 1".into(),
                    "certain: its invocation names the message · 21 Nov 13:48:20".into(),
                ],
                layers: vec!["SNS notification from fork".into(), "JSON".into()],
                body: Body::Json(body),
                attributes: vec![("event".into(), "signup".into()), ("tries".into(), "3 Number".into())],
                edited: true,
                ..Opened::default()
            }
            .into(),
        ),
        log: Some(
            log(&[
                "START RequestId: 8f1e0000-0000-4000-8000-000000000001 Version: $LATEST",
                "[ERROR] ValueError: cannot price cart 1",
                "Traceback (most recent call last):",
                "  File \"/var/task/app.py\", line 7, in handler",
                "END RequestId: 8f1e0000-0000-4000-8000-000000000001",
                "REPORT RequestId: 8f1e0000-0000-4000-8000-000000000001\tDuration: 3.10 ms",
            ])
            .into(),
        ),
        refused: None,
        notices: Vec::new(),
        cut_off: 0,
        can_undo: false,
        stage: Stage::Columns,
    }
}

/// An invocation whose second line failed.
fn log(lines: &[&str]) -> Log {
    let line = |(at, text): (usize, &&str)| LogLine { text: (*text).to_owned(), bad: at == 1 };
    Log {
        says: "certain · /aws/lambda/analytics-fn".into(),
        place: Some(("/aws/lambda/analytics-fn".into(), example::after(example::now(), -302))),
        lines: lines.iter().enumerate().map(line).collect(),
        failure: 1,
        notes: Vec::new(),
    }
}

/// The desk over a screen, showing this.
pub fn laid(mut screen: Screen, picture: Picture) -> Screen {
    screen.press("d");
    show(&mut screen, picture);
    screen
}

fn show(screen: &mut Screen, picture: Picture) {
    tell(screen, News::Picture(Box::new(picture)));
}

fn tell(screen: &mut Screen, news: News) -> Vec<Effect> {
    screen.app.update(Event::Desk(1, news), screen.now)
}

fn staged(stage: Stage) -> Screen {
    laid(Screen::example(120, 40), Picture { stage, ..columns() })
}

/// What a key asks for.
#[track_caller]
fn asks(screen: &mut Screen, keys: &str, expected: Ask) {
    let mut asked = screen.press(keys);
    if matches!(expected, Ask::Plan(_)) {
        let news = asked.remove(0);
        assert!(matches!(&news, Effect::Desk(Ask::Takers(takers)) if takers.len() == 1), "{news:?}");
    }
    assert_eq!(asked, [Effect::Desk(expected)], "after {keys}");
}

/// `d` lays the example's dead letters on the desk, with what is known of who failed on them.
#[track_caller]
fn opens(screen: &mut Screen) {
    match screen.press("d").as_slice() {
        [Effect::Desk(Ask::Open(subject))] => {
            assert_eq!(subject.queue.as_str(), ARN);
            assert_eq!(
                subject.takers.iter().map(|one| one.consumer.name.as_str()).collect::<Vec<_>>(),
                ["analytics-fn"]
            );
            assert_eq!(subject.routes.len(), 1);
        }
        other => panic!("{other:?}"),
    }
}

fn plan() -> Plan {
    Plan {
        title: "redrive 40 messages".into(),
        lines: vec![
            "move 40 messages of analytics-dlq to analytics, where they came from".into(),
            "as fast as it goes, 4 batches at once".into(),
            "may come back: analytics-fn still fails (9 errors in the last minute)".into(),
        ],
        canary: Some(false),
        rate: Some(None),
        to: Some(String::new()),
        ..Plan::default()
    }
}

fn moving() -> Moving {
    let progress = Progress {
        total: 40,
        moved: 11,
        refused: 1,
        maybe_twice: 1,
        bounced: 2,
        waiting: Some(3),
        stage: Daring::Canary { size: 10, watching: true },
        elapsed: std::time::Duration::from_secs(5),
        trouble: Some("throttled: going slower".into()),
        ..Progress::default()
    };
    Moving { title: "redrive".into(), progress, cancelled: false }
}

fn stages() -> Vec<(&'static str, Stage)> {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let cost = lines(&[
        "analytics-dlq has a redrive policy of its own: after 3 receives a message goes on to last-dlq.",
        "A look is a receive: it would bring messages to 3 of 3.",
    ]);
    vec![
        ("opening", Stage::Opening),
        (
            "failed",
            Stage::Failed("queue 'analytics-dlq' not found in us-east-1; is the name right, and the endpoint?".into()),
        ),
        ("cost", Stage::Asking(Cost { lines: cost.clone(), name: None })),
        ("refused", Stage::Asking(Cost { lines: cost, name: Some("analytics-dlq".into()) })),
        (
            "diff",
            Stage::Diff(Diff {
                title: "3 change, 0 stay as they are".into(),
                lines: vec![
                    DiffLine::Head("1f0c2d3e-0000-4000-8000-00000000abcd".into()),
                    DiffLine::Same("{".into()),
                    DiffLine::Removed(r#"  "price": 1"#.into()),
                    DiffLine::Added(r#"  "price": 0"#.into()),
                    DiffLine::Same("}".into()),
                ],
                refused: Vec::new(),
            }),
        ),
        ("plan", Stage::Plan(plan())),
        ("moving", Stage::Moving(moving())),
        (
            "ended",
            Stage::Ended(Summary {
                title: "redriven".into(),
                lines: lines(&[
                    "38 of 40 moved",
                    "2 refused: they stay where they were",
                    "U brings back what nobody took yet",
                ]),
                bad: true,
                moved: true,
            }),
        ),
        (
            "ended_unmoved",
            Stage::Ended(Summary {
                title: "redrive 2 messages".into(),
                lines: lines(&[
                    "0 of 2 moved; it stopped: permission denied (AccessDenied)",
                    "2 were refused for that, and stay where they were",
                ]),
                bad: true,
                moved: false,
            }),
        ),
    ]
}

#[test]
fn at_every_size() {
    for (width, height) in SIZES {
        let mut screen = laid(Screen::example(width, height), columns());
        crate::snapshot(&format!("desk_{width}x{height}"), &mut screen);
    }
    let mut narrow = laid(Screen::example(80, 24), columns());
    narrow.press("tab tab");
    crate::snapshot("desk_message_80x24", &mut narrow);
}

#[test]
fn what_the_log_says_is_read_or_said_why_not() {
    let with = |log: Option<Log>| {
        let mut screen = laid(Screen::example(200, 60), Picture { log: log.map(Into::into), ..columns() });
        screen.press("tab tab");
        screen
    };
    assert!(with(None).shows("log  being read"));
    let gap = "no function is known to take from 'analytics': whoever does keeps its log elsewhere";
    let mut gone = with(Some(Log { notes: vec![gap.into()], ..Log::default() }));
    assert!(gone.shows("log  no function is known to take from 'analytics'"), "{}", gone.text());
    let texts: Vec<String> = (0..90).map(|line| format!("said {line}.")).collect();
    let mut long = with(Some(log(&texts.iter().map(String::as_str).collect::<Vec<_>>())));
    assert!(long.shows("said 1.") && long.shows("74 more lines: all of it stands below"), "{}", long.text());
    assert!(long.shows("body") && !long.shows("said 89."), "the body is in sight: {}", long.text());
    for _ in 0..90 {
        long.press("down");
    }
    assert!(long.shows("said 89."), "{}", long.text());
}

#[test]
fn what_lies_over_the_columns() {
    for (name, stage) in stages() {
        for (width, height) in [(80, 24), (120, 40)] {
            let picture = Picture { stage: stage.clone(), can_undo: name.starts_with("ended"), ..columns() };
            let mut screen = laid(Screen::example(width, height), picture);
            crate::snapshot(&format!("desk_{name}_{width}x{height}"), &mut screen);
        }
    }
}

#[test]
fn in_ascii() {
    let mut look = screen::look();
    look.ascii = true;
    look.theme = look.theme.with_glyphs(&ASCII);
    let mut screen = laid(Screen::with(look, 120, 40).fed(), columns());
    let text = screen.text();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("x e "), "chosen and edited: {text}");
}

#[test]
fn from_red_to_moving_in_three_keys() {
    let mut screen = Screen::example(120, 40);
    opens(&mut screen);
    show(&mut screen, Picture { chosen: 0, edited: 0, ..columns() });
    asks(&mut screen, "R", Ask::Plan(Deed::Redrive));
    show(&mut screen, Picture { stage: Stage::Plan(plan()), ..columns() });
    asks(&mut screen, "enter", Ask::Go);
}

#[test]
fn d_opens_it_wherever_a_dead_letter_queue_is_named() {
    let mut screen = Screen::example(120, 40);
    screen.press("/");
    screen.write("analytics");
    screen.press("enter G");
    assert_eq!(screen.selected(), "analytics");
    opens(&mut screen);
    let mut detail = Screen::example(120, 40);
    detail.press("n enter");
    opens(&mut detail);
    let mut map = Screen::example(120, 40);
    map.press("n m");
    opens(&mut map);
    let mut findings = Screen::example(120, 40);
    findings.press("!");
    let on_queue = findings.selected();
    let effects = findings.press("d");
    assert!(!effects.is_empty() || !on_queue.contains("dlq"), "{on_queue}: {effects:?}");
    let mut none = Screen::example(120, 40);
    none.press("6 j");
    assert_eq!(none.press("d"), []);
    assert!(none.shows("has no dead-letter queue that edatop knows of"));
}

#[test]
fn keys_ask_for_what_they_say() {
    let mut screen = staged(Stage::Columns);
    for (key, ask) in [
        ("j", Ask::Cluster(Step::By(1))),
        ("space", Ask::Choose(Choice::Cluster)),
        ("*", Ask::Choose(Choice::Cluster)),
        ("a", Ask::Choose(Choice::Listed)),
        ("e", Ask::EditOne),
        ("w", Ask::Plan(Deed::Write)),
        ("D", Ask::Plan(Deed::Delete)),
        ("X", Ask::Plan(Deed::Purge)),
        ("U", Ask::Plan(Deed::Undo)),
        ("C", Ask::Plan(Deed::Resume)),
        ("r", Ask::Look),
    ] {
        asks(&mut screen, key, ask);
    }
    screen.press("tab");
    for (key, ask) in [
        ("j", Ask::Message(Step::By(1))),
        ("G", Ask::Message(Step::Bottom)),
        ("g", Ask::Message(Step::Top)),
        ("space", Ask::Choose(Choice::Toggle)),
    ] {
        asks(&mut screen, key, ask);
    }
    screen.draw();
    let Some(Effect::Desk(Ask::Message(Step::By(page)))) = screen.press("pgdn").pop() else { panic!("no page") };
    assert!(page > 20, "{page}");
    screen.press("v");
    show(&mut screen, Picture { at: 4, ..columns() });
    assert_eq!(screen.text().matches('☑').count(), 5, "0 to 2 are chosen, 1 to 4 are in the range");
    asks(&mut screen, "v", Ask::Choose(Choice::From(1)));
    assert_eq!(screen.press("tab j j"), [], "the message scrolls by itself");
}

#[test]
fn what_is_looked_for_is_typed_at_the_foot() {
    let mut screen = staged(Stage::Columns);
    assert_eq!(screen.press("/ q R"), [], "letters are text");
    assert!(
        screen.shows(" /qR") && screen.line("enter lists").contains("in the 40 of ValueError"),
        "{}",
        screen.text()
    );
    asks(&mut screen, "tab", Ask::Cluster(Step::Top));
    show(&mut screen, Picture { cluster: 0, ..columns() });
    assert!(screen.shows(" /qR") && screen.line("enter lists").contains("in all 43"), "{}", screen.text());
    show(&mut screen, columns());
    asks(&mut screen, "enter", Ask::Find(Some(Find::Text("qR".into()))));
    screen.press("=");
    screen.write(".body.id > 3");
    asks(&mut screen, "enter", Ask::Find(Some(Find::Where(".body.id > 3".into()))));
    let find = Some(Finding { find: Find::Where(".body.id > 3".into()), hits: 42, left: 12 });
    show(&mut screen, Picture { find, ..columns() });
    assert!(screen.shows("40 of 40, 42 in all, 12 to go"), "{}", screen.text());
    screen.press("=");
    assert!(screen.shows("= .body.id > 3"), "it goes on where it was");
    assert_eq!(screen.press("esc"), []);
    asks(&mut screen, "esc", Ask::Find(None));
    screen.press("E");
    screen.press("enter");
    assert!(screen.shows("type how"), "nothing typed is no edit");
    screen.write(".body.x = 1");
    asks(&mut screen, "enter", Ask::EditAll(".body.x = 1".into()));
}

#[test]
fn a_mistake_is_said_while_it_is_typed_and_what_was_typed_stays() {
    let mut screen = laid(Screen::example(80, 24), columns());
    screen.press("/");
    screen.write("/ca[t/");
    assert!(screen.shows("not a regular expression: unclosed character class"), "{}", screen.text());
    assert_eq!(screen.press("enter"), [], "and it is not looked for");
    assert!(screen.shows(" //ca[t/"), "{}", screen.text());
    screen.press("backspace backspace");
    screen.write("]/");
    assert!(screen.shows("unclosed"), "a bracket that begins a class: {}", screen.text());
    screen.press("backspace");
    screen.write("x]/");
    assert!(!screen.shows("not a regular expression"), "{}", screen.text());
    let find = Finding { find: Find::Regex("ca.t".into()), hits: 3, left: 0 };
    show(&mut screen, Picture { find: Some(find), listed: 0, lines: Vec::new(), ..columns() });
    screen.press("esc");
    assert!(screen.shows("none in this cluster"), "{}", screen.text());
    screen.press("/");
    assert!(screen.shows(" //ca.t/"), "a regex is one again");
    screen.press("esc =");
    screen.write(".body | nonsense");
    assert!(screen.shows("there is no function `nonsense`"), "{}", screen.text());
    screen.press("esc E");
    screen.write(".body = = 1");
    let text = screen.text();
    assert!(text.contains("edits the 3 chosen") && text.contains(" edit .body = = 1"), "{text}");
    assert_eq!(screen.press("enter"), []);
}

#[test]
fn at_the_start_one_is_asked_whether_to_go_on_and_told_with_what() {
    let run = CutOff {
        id: "20261121T134501Z-analytics-dlq-3f2a".into(),
        at: example::after(example::now(), -600),
        from: "analytics-dlq".into(),
        queue: Some(ARN.into()),
        to: "analytics".into(),
        moved: 12,
        open: 3,
        still: Some(25),
    };
    let mut screen = Screen::example(80, 24);
    screen.app.update(Event::CutOff(vec![run.clone()]), screen.now);
    crate::snapshot("cut_off_80x24", &mut screen);
    let asked = screen.press("enter");
    let [Effect::Desk(Ask::Open(subject)), Effect::Desk(Ask::Plan(Deed::Resume))] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(subject.queue.as_str(), ARN);
    assert!(screen.shows("desk ▤ analytics-dlq"), "{}", screen.text());
    let mut later = Screen::example(80, 24);
    later.app.update(Event::CutOff(vec![run.clone()]), later.now);
    assert_eq!(later.press("esc"), []);
    assert!(!later.shows("cut off"), "{}", later.text());
    let mut safe = Screen::empty(80, 24).read_only();
    safe.app.update(Event::CutOff(vec![run.clone()]), safe.now);
    assert!(safe.shows("start it without"), "{}", safe.text());
    assert_eq!(safe.press("enter"), []);
    // Whoever is at something else already is not torn away from it.
    let mut busy = laid(Screen::example(80, 24), columns());
    busy.app.update(Event::CutOff(vec![run]), busy.now);
    assert!(busy.shows("clusters 2") && busy.shows("C on its desk"), "{}", busy.text());
}

#[test]
fn the_plan_can_be_changed_before_it_is_done() {
    let mut screen = staged(Stage::Plan(plan()));
    asks(&mut screen, "c", Ask::Adjust(Adjust::Canary));
    screen.press("r");
    screen.write("x");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("messages a second, such as 50"), "{}", screen.text());
    screen.press("backspace");
    screen.write("0.5");
    asks(&mut screen, "enter", Ask::Adjust(Adjust::Rate(Some(0.5))));
    screen.press("t");
    screen.write("stats");
    asks(&mut screen, "enter", Ask::Adjust(Adjust::To("stats".into())));
    asks(&mut screen, "esc", Ask::Back);
    show(
        &mut screen,
        Picture { stage: Stage::Plan(Plan { refused: Some("nowhere to".into()), ..plan() }), ..columns() },
    );
    assert_eq!(screen.press("enter"), [], "what cannot be done is not done");
}

#[test]
fn what_cannot_be_undone_wants_the_name_typed() {
    let delete = Plan { name: Some("analytics-dlq".into()), file: Some(Some("a.jsonl".into())), ..Plan::default() };
    let mut screen = staged(Stage::Plan(delete));
    assert_eq!(screen.press("enter"), []);
    assert_eq!(screen.app.update(Event::Paste("analytics-dlq".into()), screen.now), [], "a paste is not a thought");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("this is not analytics-dlq"));
    screen.write("analytics-dlq");
    asks(&mut screen, "enter", Ask::Go);
    let mut look = staged(Stage::Opening);
    show(&mut look, Picture { stage: stages()[3].1.clone(), ..columns() });
    assert!(look.shows("type analytics-dlq to look all the same"));
    look.write("analytics-dlq");
    asks(&mut look, "enter", Ask::Accept);
    let mut door = staged(stages()[3].1.clone());
    asks(&mut door, "esc", Ask::Close);
    assert!(!door.shows("clusters"));
}

#[test]
fn a_move_stops_only_after_a_second_thought() {
    let mut screen = staged(Stage::Moving(moving()));
    assert_eq!(screen.press("esc"), []);
    assert!(screen.shows("stop after the batch in hand?"));
    assert_eq!(screen.press("esc"), [], "no");
    assert_eq!(screen.press("enter"), []);
    screen.press("esc");
    asks(&mut screen, "enter", Ask::Cancel);
}

#[test]
fn leaving_gives_everything_back_and_edits_are_asked_about() {
    let mut screen = staged(Stage::Columns);
    assert_eq!(screen.press("esc"), []);
    assert!(screen.shows("1 edited and not moved"));
    asks(&mut screen, "esc", Ask::Close);
    assert!(!screen.shows("clusters"));
    let mut helped = staged(Stage::Columns);
    helped.press("?");
    assert!(helped.shows("╭─ keys of the desk") && helped.shows(" desk ▤"), "{}", helped.text());
    helped.press("x");
    assert!(helped.shows("clusters"), "help lies over it");
    let mut screen = laid(Screen::example(120, 40), Picture { edited: 0, ..columns() });
    asks(&mut screen, "q", Ask::Close);
    assert_eq!(screen.press("q"), [Effect::Quit]);
}

#[test]
fn a_document_goes_to_the_editor_and_old_news_to_nobody() {
    let mut screen = staged(Stage::Columns);
    assert_eq!(tell(&mut screen, News::Edit("{}".into())), [Effect::Edit("{}".into())]);
    tell(&mut screen, News::Said("released".into(), false));
    assert!(screen.shows("released"));
    let late = News::Picture(Box::new(Picture { listed: 1, ..columns() }));
    screen.app.update(Event::Desk(7, late), screen.now);
    assert!(screen.shows("messages 40 of 43"));
}

#[test]
fn under_read_only_there_is_nothing_that_changes() {
    let mut screen = Screen::empty(120, 40).read_only();
    screen = laid(screen, columns());
    assert!(!screen.shows("redrive") && screen.shows("space choose"));
    for key in ["R", "D", "X", "U"] {
        assert_eq!(screen.press(key), [], "{key}");
    }
    assert!(screen.shows("--read-only"));
}

#[test]
fn where_one_is_stands_on_every_desk_and_real_money_stands_out() {
    let local = laid(Screen::example(80, 24), columns()).line("LocalStack");
    assert!(local.contains("localhost:4566 · 000000000000 · us-east-1"), "{local}");
    let aws = Session {
        place: "AWS".into(),
        account: "123456789012".into(),
        region: "ap-southeast-2".into(),
        identity: "night-shift-operations-role".into(),
        on_aws: true,
        read_only: true,
        ..screen::session()
    };
    let mut screen = laid(Screen::empty(80, 24).connected(aws), columns());
    let line = screen.line("AWS");
    assert!(line.contains("AWS · 123456789012 · ap-southeast-2") && line.contains("READ-ONLY"), "{line}");
    let ground = |screen: &mut Screen, text: &str| screen.cell(text).style().bg;
    assert_ne!(ground(&mut screen, "123456789012"), ground(&mut screen, "desk"));
}

#[test]
fn the_desk_has_a_help_of_its_own_in_parts() {
    let mut screen = laid(Screen::example(80, 24), columns());
    screen.press("?");
    crate::snapshot("desk_help_80x24", &mut screen);
    let mut seen = screen.text();
    for _ in 0..40 {
        screen.press("j");
        seen.push_str(&screen.text());
    }
    let mut parts = Vec::new();
    for row in COMMANDS.iter().filter(|row| row.place == Place::Desk) {
        let line = seen.lines().find(|line| line.contains(&row.keys.join(" ")) && line.contains(row.does));
        assert!(line.is_some(), "{} is not in the help", row.name);
        parts.extend(row.group);
    }
    assert!(!seen.contains('…'), "nothing is cut off: {seen}");
    assert!(parts.is_sorted(), "the table is in the order of its parts: {parts:?}");
    for part in ["look", "choose", "edit", "move", "take back"] {
        assert!(seen.lines().any(|line| line.starts_with(&format!("│ {part}  "))), "{part}");
    }
    assert!(!seen.contains("show the queues"), "a key of the panes");
    let mut safe = laid(Screen::empty(80, 24).read_only(), columns());
    safe.press("?");
    assert!(safe.shows("take back") || !safe.shows(" U "), "{}", safe.text());
}

/// The keys of the last line, in their order.
fn footer_keys(screen: &mut Screen) -> Vec<String> {
    let last = screen.lines().pop().unwrap();
    last.split("  ").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[test]
fn the_keys_that_matter_now_come_first_and_more_always_stands() {
    let none = || Picture { chosen: 0, edited: 0, ..columns() };
    let at = |picture: Picture, keys: &str| {
        let mut screen = laid(Screen::example(80, 24), picture);
        screen.press(keys);
        footer_keys(&mut screen)
    };
    let plain = at(none(), "");
    assert_eq!(plain[..3], ["none chosen", "R redrive", "space choose"], "{plain:?}");
    assert_eq!(plain.last().map(String::as_str), Some("? more"));
    let chosen = at(Picture { edited: 0, ..columns() }, "");
    assert_eq!(chosen[..3], ["3 of 43 chosen", "R redrive", "w write"], "{chosen:?}");
    assert!(chosen.contains(&"D delete".to_owned()) && chosen.contains(&"E edit by jq".to_owned()), "{chosen:?}");
    assert_eq!(at(Picture { cut_off: 1, ..none() }, "")[1], "C resume");
    assert_eq!(at(Picture { can_undo: true, ..none() }, "")[1..3], ["R redrive", "U undo"]);
    assert_eq!(at(none(), "tab v")[1], "v to here");
    let behind = Header { is_behind: true, ..columns().header };
    assert_eq!(at(Picture { header: behind, ..none() }, "")[1], "r look");
    let empty = Header { held: 0, about: Some(7), ..columns().header };
    let empty = at(Picture { header: empty, listed: 0, lines: Vec::new(), ..none() }, "");
    assert_eq!(empty, ["none chosen", "r look", "X purge", "? more"]);
}

#[test]
fn what_is_said_in_passing_leaves_the_count_in_sight() {
    let mut screen = laid(Screen::example(80, 24), Picture { chosen: 12, at: 39, ..columns() });
    tell(
        &mut screen,
        News::Said(
            "12 messages written to some/folder/with/a/rather/long/name/analytics-dlq-20261121T140312Z.jsonl".into(),
            false,
        ),
    );
    assert!(
        screen.shows("12 of 43 chosen") && screen.shows("12 messages written") && screen.shows("140312Z.jsonl"),
        "{}",
        screen.text()
    );
    assert!(screen.shows(r#"{"id":39"#), "the cursor's line is not hidden: {}", screen.text());
    screen.pass(10);
    screen.tick();
    assert!(!screen.shows("written") && screen.shows("12 of 43 chosen"));
}

#[test]
fn what_is_no_longer_so_is_said_between_title_and_columns() {
    let notice = |text: &str, bad| Notice { text: text.to_owned(), bad };
    let notices = vec![
        notice("looking: each receive count rises by one", false),
        notice(
            "a run was cut off at 14:01, from analytics-dlq to analytics: 12 moved, nothing is lost · C says what is left, and goes on",
            true,
        ),
    ];
    let mut screen = laid(Screen::example(80, 24), Picture { notices, cut_off: 1, ..columns() });
    crate::snapshot("desk_cut_off_80x24", &mut screen);
    let lines = screen.lines();
    assert!(lines[2].contains("▲ a run was cut off at 14:01"), "{}", screen.text());
    let looked = |ago: i64, header: Header| {
        let looked_at = Some(example::after(example::now(), -ago));
        let mut screen = laid(Screen::example(80, 24), Picture { header: Header { looked_at, ..header }, ..columns() });
        screen.text()
    };
    let free = Header { lease_until: None, ..columns().header };
    assert!(!looked(59, free.clone()).contains("as of"));
    let old = looked(300, free);
    assert!(old.contains("as of 13:58, 5 min ago: others may have taken some since; r looks again"), "{old}");
    assert!(!looked(300, columns().header).contains("as of"), "what is held is as it was");
    let more = looked(10, Header { came: 3, ..columns().header });
    assert!(more.contains("≈3 more came since the look: r brings them"), "{more}");
}

#[test]
fn what_was_refused_says_why() {
    let mut picture = Picture { refused: Some("its body is 300 kB, and carts takes 256 kB".into()), ..columns() };
    picture.lines[1].refused = true;
    let mut screen = laid(Screen::example(120, 40), picture);
    assert!(screen.shows("☑ ✖ {\"id\":1") && screen.shows("stayed  its body is 300 kB"), "{}", screen.text());
}

#[test]
fn a_queue_that_may_not_be_looked_at_says_so_and_how_many_it_has() {
    let why = "looking here would receive messages: --read-only forbids that";
    let header = Header { held: 0, about: Some(43), unlooked: Some(why.into()), lease_until: None, ..columns().header };
    let picture = Picture { header, listed: 0, lines: Vec::new(), opened: None, chosen: 0, edited: 0, ..columns() };
    let mut screen = laid(Screen::empty(80, 24).read_only(), picture);
    assert!(
        screen.shows("≈43 there, not looked at") && screen.shows("looking here would receive"),
        "{}",
        screen.text()
    );
    assert!(!screen.shows("there is none"));
}

#[test]
fn the_mouse_chooses_and_scrolls() {
    let mut screen = staged(Stage::Columns);
    screen.draw();
    assert_eq!(screen.click("KeyError"), [Effect::Desk(Ask::Cluster(Step::To(2)))]);
    assert_eq!(screen.click(r#"{"id":3"#), [Effect::Desk(Ask::Message(Step::To(3)))]);
    let row = screen.find(r#"{"id":1,"#).unwrap();
    let at_box = Position { x: row.x - 4, y: row.y };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(screen.mouse(click, at_box), [Effect::Desk(Ask::Choose(Choice::Toggle))], "the cursor is there");
    assert_eq!(screen.mouse(MouseEventKind::ScrollDown, row), [Effect::Desk(Ask::Message(Step::By(3)))]);
}

#[test]
fn nothing_from_a_message_reaches_the_terminal() {
    let mut picture = columns();
    picture.lines[0].preview = "evil\u{1b}[31m\u{202e}\u{9b}2J".into();
    let opened = Opened {
        why: vec!["a\u{1b}]0;title\u{7}".into()],
        body: Body::Lines(vec!["x\u{1b}[2J".into()]),
        group: Some("\u{202e}g".into()),
        ..Opened::default()
    };
    picture.opened = Some(opened.into());
    picture.log = Some(log(&["\u{1b}[41mlogged", "\u{9b}2J\u{202e}"]).into());
    let text = laid(Screen::example(120, 40), picture).text();
    assert!(
        text.contains("evil")
            && text.contains("logged")
            && !text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'),
        "{text}"
    );
}
