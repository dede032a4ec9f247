//! The probe: what it says before anything is sent, how sending is confirmed, and how the hops come in. Nobody sends here: the task has
//! tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    domain::{Fact, Link, LinkKind},
    inspect::{
        probe::{Course, State},
        thread::Sure,
    },
    overlays::inspect::{
        Ask, News, Subject,
        probe::model::{self, Errand, Picture, Stage},
        tail,
    },
    panes::header::Session,
};

use crate::{
    SIZES, example,
    screen::{Screen, session},
};

/// The example, and one subscriber more, which wants something else.
fn example(width: u16, height: u16) -> Screen {
    with_another(Screen::example(width, height))
}

fn with_another(mut screen: Screen) -> Screen {
    let audit = Link::configured(example::topic("fork"), LinkKind::Subscribes, example::queue("audit"))
        .with("FilterPolicy", Some(r#"{"event":["logout"]}"#));
    let at = screen.now;
    screen.report(vec![example::round("audit", at, vec![example::a_queue("audit"), Fact::Linked(audit)])]);
    screen
}

/// The probe of the topic, before it is sent.
fn opened(screen: &mut Screen) -> Errand {
    let effects = screen.press("6 P");
    let [Effect::Inspect(1, Ask::Open(subject))] = &effects[..] else { panic!("{effects:?}\n{}", screen.text()) };
    let Subject::Probe(errand) = &**subject else { panic!("{subject:?}") };
    (**errand).clone()
}

fn told(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Probe(Box::new(picture))), screen.now);
}

fn course(errand: &Errand, screen: &Screen) -> Course {
    let sent_at = example::after(screen.now, -4);
    let mut course = Course::new((*errand.plan).clone(), sent_at);
    let after = |ms| Some(sent_at + jiff::SignedDuration::from_millis(ms));
    for (place, hop) in errand.plan.hops.iter().enumerate() {
        let names = Sure::Certain(format!("it names {}", errand.plan.probe));
        match hop.to.short_name() {
            "analytics" => {
                let says = "queued as message 1f0c2d3e-0000-4000-8000-00000000abcd\u{1b}[2J".into();
                course.states[place] = State::Arrived { at: after(12), sure: names, says };
            }
            "analytics-fn" => {
                let why = "a run of it began 340 ms after, and nothing in its log names the event".into();
                course.states[place] = State::Arrived { at: after(352), sure: Sure::Probably(why), says: "ran".into() };
            }
            "mailing" => {
                let says = "queued as message 77aa2d3e-0000-4000-8000-00000000abcd".into();
                course.states[place] = State::Arrived { at: after(14), sure: names, says };
            }
            "mailing-fn" => {
                course.states[place] = State::Failed { at: after(410), says: "KeyError: 'address'".into() };
            }
            _ => {}
        }
    }
    course
}

fn following(errand: &Errand, screen: &Screen) -> Picture {
    Picture {
        stage: Stage::Following,
        ids: vec!["0bfe8414-7ee6-4ceb-baf6-3658e581d01f".into()],
        course: Some(Arc::new(course(errand, screen))),
        ..Picture::default()
    }
}

fn over(errand: &Errand, screen: &Screen) -> Picture {
    Picture { stage: Stage::Over, ..following(errand, screen) }
}

#[test]
fn before_and_after_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = example(width, height);
        let errand = opened(&mut screen);
        screen.press("G");
        crate::snapshot(&format!("probe_before_{width}x{height}"), &mut screen);
        let picture = over(&errand, &screen);
        told(&mut screen, picture);
        screen.press("g j");
        crate::snapshot(&format!("probe_over_{width}x{height}"), &mut screen);
    }
}

#[test]
fn in_colour_on_its_way() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    let picture = following(&errand, &screen);
    told(&mut screen, picture);
    assert!(screen.shows("on its way") && screen.shows("4 s"), "{}", screen.text());
    crate::picture("probe", &mut screen, crate::svg::DARK);
}

#[test]
fn it_says_what_is_sent_who_gets_it_and_who_rejects_it() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    for word in [&*errand.plan.probe, "not sent yet", "gets it", "does not", "attribute event", "logout", "enter sends"]
    {
        assert!(screen.shows(word), "{word}\n{}", screen.text());
    }
    assert_eq!(screen.press("y"), [Effect::Copy(errand.plan.probe.clone())]);
    assert_eq!(screen.press("t"), [], "nothing names what was not sent");
    assert_eq!(screen.press("esc"), [Effect::Inspect(1, Ask::Close)]);
}

#[test]
fn on_an_emulator_enter_sends_once() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Probe(model::Ask::Send(Box::new(errand))))]);
    assert_eq!(screen.press("enter enter"), [], "it is being sent");
}

#[test]
fn on_aws_the_name_is_typed() {
    let session = Session { on_aws: true, place: "AWS".into(), ..session() };
    let mut screen = with_another(Screen::empty(120, 40).connected(session));
    let errand = opened(&mut screen);
    assert_eq!(screen.press("enter"), []);
    screen.write("fro");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("this is not fork"), "{}", screen.text());
    screen.press("backspace backspace");
    screen.app.update(Event::Paste("ork".into()), screen.now);
    assert_eq!(screen.press("enter"), [], "a name that is pasted says nothing");
    screen.write("ork");
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Probe(model::Ask::Send(Box::new(errand))))]);
}

#[test]
fn under_read_only_nothing_opens_and_the_key_is_not_offered() {
    let mut screen = Screen::empty(120, 40).read_only();
    assert_eq!(screen.press("6 P"), []);
    assert!(screen.shows("a probe sends an event, and edatop runs with --read-only"), "{}", screen.text());
}

#[test]
fn what_nothing_can_be_sent_to_is_said() {
    let mut screen = Screen::example(120, 40);
    assert_eq!(screen.press("4 P"), []);
    assert!(screen.shows("a probe starts at a topic"), "{}", screen.text());
}

#[test]
fn from_a_detail_and_from_the_map_too() {
    let mut screen = Screen::example(120, 40);
    assert!(matches!(&screen.press("6 enter P")[..], [Effect::Inspect(1, Ask::Open(_))]), "{}", screen.text());
    let mut screen = Screen::example(120, 40);
    assert!(matches!(&screen.press("6 m P")[..], [Effect::Inspect(1, Ask::Open(_))]), "{}", screen.text());
}

#[test]
fn esc_first_stops_watching_and_then_leaves() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    let picture = following(&errand, &screen);
    told(&mut screen, picture.clone());
    assert_eq!(screen.press("esc"), [Effect::Inspect(1, Ask::Probe(model::Ask::Stop))]);
    told(&mut screen, Picture { stage: Stage::Stopped, ..picture });
    assert!(screen.shows("what was sent goes on"), "{}", screen.text());
    assert_eq!(screen.press("r"), [Effect::Inspect(1, Ask::Probe(model::Ask::Again))]);
    assert_eq!(screen.press("esc"), [Effect::Inspect(1, Ask::Close)]);
}

#[test]
fn a_hop_leads_to_its_lines_and_the_probe_to_its_thread() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    let picture = over(&errand, &screen);
    told(&mut screen, picture);
    let effects = screen.press("g j enter");
    let [Effect::Inspect(2, Ask::Open(subject))] = &effects[..] else { panic!("{effects:?}\n{}", screen.text()) };
    let Subject::Tail(lines) = &**subject else { panic!("{subject:?}") };
    assert_eq!(lines.groups.iter().map(|group| &**group).collect::<Vec<_>>(), ["/aws/lambda/analytics-fn"]);
    let at = example::after(screen.now, -4) + jiff::SignedDuration::from_millis(352);
    assert_eq!(lines.begin, tail::model::Begin::At(at));
    screen.press("esc");
    let effects = screen.press("t");
    let [Effect::Inspect(3, Ask::Open(subject))] = &effects[..] else { panic!("{effects:?}") };
    assert!(matches!(&**subject, Subject::Thread(follow) if follow.id == errand.plan.probe && follow.at_once));
    screen.press("esc");
    screen.press("g enter");
    assert!(screen.shows("neighbours"), "a queue opens as a detail: {}", screen.text());
}

#[test]
fn of_several_routes_one_is_chosen_first() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    let routes = vec!["POST /a".to_owned(), "PUT /b".to_owned()];
    told(&mut screen, Picture { routes: routes.clone(), ..Picture::default() });
    assert!(screen.shows("through which route?"), "{}", screen.text());
    assert_eq!(screen.press("2"), [Effect::Inspect(1, Ask::Probe(model::Ask::Route(1)))]);
    told(&mut screen, Picture { routes, route: Some("PUT /b".into()), ..Picture::default() });
    assert!(screen.shows("where it would go") && screen.shows("PUT /b"), "{}", screen.text());
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Probe(model::Ask::Send(Box::new(errand))))]);
}

#[test]
fn what_is_in_doubt_is_said_and_not_sent_again() {
    let mut screen = example(120, 40);
    opened(&mut screen);
    let why = "not sent, or in doubt; it is not tried again: no answer within 10 s";
    told(&mut screen, Picture { stage: Stage::Refused(why.into()), ..Picture::default() });
    assert!(screen.shows(why), "{}", screen.text());
    assert_eq!(screen.press("enter"), []);
}

#[test]
fn another_event_is_typed_and_who_gets_it_is_told_anew() {
    let mut screen = example(120, 40);
    let errand = opened(&mut screen);
    screen.press("e ctrl-u");
    screen.write(r#"{"cart":"{probe}"}"#);
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("not sent yet") && screen.shows("\"cart\""), "{}", screen.text());
    let effects = screen.press("enter");
    let [Effect::Inspect(1, Ask::Probe(model::Ask::Send(sent)))] = &effects[..] else { panic!("{effects:?}") };
    let plan = &sent.plan;
    let body: serde_json::Value = serde_json::from_str(&plan.body).unwrap();
    assert_eq!(body["cart"], errand.plan.probe.as_str());
    assert_eq!((&plan.probe, &plan.attributes), (&errand.plan.probe, &errand.plan.attributes));
}
