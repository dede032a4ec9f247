//! The desk's task against a real SQS API: the endpoint inside this process. Asks go in, and what the screen would be shown comes out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use std::{sync::Arc, time::Duration};

use edatop::{
    app::{Event, desk::Desks},
    aws::{ConnectOptions, Connection},
    demo::Endpoint,
    overlays::desk::model::{Adjust, Ask, Body, Choice, Deed, Find, News, Picture, Plan, Stage, Step, Subject},
    redrive::{
        journal::{self, Begun, Destination, Origin, Record, Scope, Shelf, VERSION, id_of},
        message::{Message, Outgoing},
        queue::Queue,
        sqs::Sqs,
        why::Route,
        wire::{self, Wire},
    },
};
use tokio::sync::mpsc;

/// Why there is no log.
const GAP: &str = "no function takes from 'carts'";
const PATIENCE: Duration = Duration::from_secs(20);

/// A dead-letter queue with letters of two shapes, and somebody at the desk.
struct Scene {
    endpoint: Endpoint,
    aws: Arc<Connection>,
    wire: Arc<Sqs>,
    dlq: Queue,
    source: Queue,
    desks: Desks,
    events: mpsc::Receiver<Event>,
    state: tempfile::TempDir,
    /// What was said in passing.
    said: Vec<String>,
    documents: Vec<String>,
}

impl Scene {
    /// `carts` letters of one shape, `users` of another; the queue may have a redrive policy of its own.
    async fn set(carts: usize, users: usize, own_policy: Option<u32>) -> Self {
        Self::set_with((carts, users), own_policy, 3, false).await
    }

    /// The same, for somebody who may perhaps only read.
    async fn set_for(carts: usize, users: usize, own_policy: Option<u32>, read_only: bool) -> Self {
        Self::set_with((carts, users), own_policy, 3, read_only).await
    }

    /// And so many tries on the queue that they came from.
    async fn set_with((carts, users): (usize, usize), own_policy: Option<u32>, tries: u32, read_only: bool) -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let options = ConnectOptions { endpoint: Some(endpoint.url()), ..ConnectOptions::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let wire = Arc::new(Sqs::new(Arc::clone(&aws)));
        let create = async |name: &str, policy: Option<(&str, u32)>| {
            let policy = match policy {
                Some((target, most)) => {
                    let arn = wire.find(target).await.unwrap().arn;
                    Some(format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{most}}}"#))
                }
                None => None,
            };
            let call = aws.sqs().create_queue().queue_name(name);
            let call = match policy {
                Some(policy) => call.attributes(aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy, policy),
                None => call,
            };
            call.send().await.unwrap();
        };
        if let Some(most) = own_policy {
            create("last", None).await;
            create("carts-dlq", Some(("last", most))).await;
        } else {
            create("carts-dlq", None).await;
        }
        create("carts", Some(("carts-dlq", tries))).await;
        let (dlq, source) = (wire.find("carts-dlq").await.unwrap(), wire.find("carts").await.unwrap());
        let cart = |id: usize| format!(r#"{{"id":{id},"type":"cart","poison":true}}"#);
        let user = |id: usize| format!(r#"{{"user":"u-{id}","type":"signup"}}"#);
        let bodies: Vec<String> = (0..carts).map(cart).chain((0..users).map(user)).collect();
        for batch in bodies.chunks(10) {
            let batch: Vec<Outgoing> =
                batch.iter().map(|body| Outgoing { body: body.clone(), ..Outgoing::default() }).collect();
            assert!(wire.send(&dlq, &batch.iter().collect::<Vec<_>>()).await.iter().all(Result::is_ok));
        }
        let (sender, events) = mpsc::channel(64);
        let state = tempfile::tempdir().unwrap();
        let options = ConnectOptions { endpoint: Some(endpoint.url()), read_only, ..ConnectOptions::default() };
        let theirs = Arc::new(Connection::open(&options).await.unwrap());
        let mut desks = Desks::new(Arc::clone(&theirs), sender, Some(state.path().to_owned()));
        let route = Route { source: Some(source.arn.clone()), gap: Some(GAP.to_owned()), ..Route::default() };
        let subject = Subject { queue: dlq.arn.clone(), routes: vec![route], takers: Vec::new() };
        desks.ask(Ask::Open(Box::new(subject)));
        Self { endpoint, aws, wire, dlq, source, desks, events, state, said: Vec::new(), documents: Vec::new() }
    }

    /// Another desk of the same queue.
    fn open(&mut self) {
        let subject = Subject { queue: self.dlq.arn.clone(), routes: Vec::new(), takers: Vec::new() };
        self.ask(Ask::Open(Box::new(subject)));
    }

    async fn send(&self, bodies: &[&str]) {
        let batch: Vec<Outgoing> =
            bodies.iter().map(|body| Outgoing { body: (*body).to_owned(), ..Outgoing::default() }).collect();
        assert!(self.wire.send(&self.dlq, &batch.iter().collect::<Vec<_>>()).await.iter().all(Result::is_ok));
    }

    async fn planned(&mut self) -> Plan {
        let picture = self.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
        let Stage::Plan(plan) = picture.stage else { unreachable!() };
        plan
    }

    /// The first picture of which this is true.
    async fn until(&mut self, what: impl Fn(&Picture) -> bool) -> Picture {
        let mut last = None;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.events.recv().await.expect("the desk ended") {
                    Event::Desk(_, News::Picture(picture)) if what(&picture) => return *picture,
                    Event::Desk(_, News::Picture(picture)) => last = Some(picture),
                    Event::Desk(_, News::Said(text, _)) => self.said.push(text),
                    Event::Desk(_, News::Edit(document)) => self.documents.push(document),
                    _ => {}
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("it never came: {last:#?}\nsaid: {:?}", self.said))
    }

    fn ask(&mut self, ask: Ask) {
        self.desks.ask(ask);
    }

    /// Everything is on the desk, and nothing more comes.
    async fn laid(&mut self) -> Picture {
        self.until(|picture| picture.stage == Stage::Columns && picture.header.held > 0 && !picture.header.looking)
            .await
    }

    async fn count(&self, queue: &Queue) -> u64 {
        self.wire.standing(queue).await.unwrap().total()
    }

    /// The bodies that anybody can receive now.
    async fn bodies(&self, queue: &Queue) -> Vec<String> {
        let ask = wire::Ask { most: 10, lease: Duration::from_secs(60), wait: Duration::ZERO };
        let mut all: Vec<Message> = Vec::new();
        loop {
            let some = self.wire.receive(queue, ask).await.unwrap();
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        let mut bodies: Vec<String> = all.into_iter().map(|message| message.body).collect();
        bodies.sort();
        bodies
    }

    async fn leave(mut self) {
        self.desks.close().await;
        self.endpoint.shut_down().await;
    }
}

fn ended(picture: &Picture) -> bool {
    matches!(picture.stage, Stage::Ended(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_goes_back_to_its_source_and_the_rest_stays() {
    let mut scene = Scene::set(25, 5, None).await;
    let laid = scene.laid().await;
    assert_eq!((laid.header.held, laid.header.about), (30, Some(30)));
    assert_eq!(laid.clusters.iter().map(|cluster| cluster.count).collect::<Vec<_>>(), [30, 25, 5]);
    assert_eq!((laid.cluster, laid.listed), (1, 25), "the largest is listed");
    scene.ask(Ask::Plan(Deed::Redrive));
    let planned = scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    let Stage::Plan(plan) = planned.stage else { unreachable!() };
    assert!(plan.lines.iter().any(|line| line.contains("25 messages") && line.contains("carts")), "{plan:?}");
    assert_eq!(plan.refused, None);
    scene.ask(Ask::Go);
    let done = scene.until(ended).await;
    let Stage::Ended(summary) = &done.stage else { unreachable!() };
    assert!(summary.lines[0].starts_with("25 of 25 moved") && !summary.bad, "{summary:?}");
    assert_eq!((done.header.held, done.listed), (5, 5), "{done:?}");
    assert_eq!((scene.count(&scene.source).await, scene.count(&scene.dlq).await), (25, 5));
    // And back again.
    scene.ask(Ask::Plan(Deed::Undo));
    scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    scene.ask(Ask::Go);
    scene.until(|picture| matches!(picture.stage, Stage::Moving(_))).await;
    scene.until(ended).await;
    assert_eq!((scene.count(&scene.source).await, scene.count(&scene.dlq).await), (0, 30));
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_would_take_the_only_try_of_others_is_refused_and_says_how_it_is_done() {
    let mut scene = Scene::set_with((5, 0), None, 1, false).await;
    scene.laid().await;
    scene.ask(Ask::Plan(Deed::Redrive));
    scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    scene.ask(Ask::Go);
    scene.until(ended).await;
    scene.ask(Ask::Plan(Deed::Undo));
    let planned = scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    let Stage::Plan(plan) = planned.stage else { unreachable!() };
    let why = plan.refused.clone().unwrap();
    assert!(why.contains("the only try") && why.contains("edatop journal undo "), "{why}");
    assert!(why.contains("--accept-cost carts`"), "{why}");
    assert!(plan.lines.iter().any(|line| line.starts_with("finding them: each message's receive count")), "{plan:?}");
    let standing = scene.wire.standing(&scene.source).await.unwrap();
    assert_eq!((standing.visible, standing.in_flight), (5, 0), "nothing was received");
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_gives_everything_back_at_once() {
    let mut scene = Scene::set(30, 0, None).await;
    scene.laid().await;
    let standing = scene.wire.standing(&scene.dlq).await.unwrap();
    assert_eq!((standing.visible, standing.in_flight), (0, 30), "held");
    scene.ask(Ask::Close);
    let closed = async { while !matches!(scene.events.recv().await, Some(Event::Desk(_, News::Closed)) | None) {} };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
    let standing = scene.wire.standing(&scene.dlq).await.unwrap();
    assert_eq!((standing.visible, standing.in_flight), (30, 0));
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_is_listed_chosen_edited_and_sent_as_edited() {
    let mut scene = Scene::set(12, 3, None).await;
    scene.laid().await;
    scene.ask(Ask::Cluster(Step::Top));
    scene.ask(Ask::Find(Some(Find::Where(".body.id >= 10".into()))));
    let found = scene.until(|picture| picture.find.as_ref().is_some_and(|find| find.left == 0)).await;
    assert_eq!(found.listed, 2);
    scene.ask(Ask::Choose(Choice::Listed));
    scene.ask(Ask::Find(None));
    let chosen = scene.until(|picture| picture.chosen == 2 && picture.find.is_none()).await;
    assert_eq!(chosen.listed, 15);
    scene.ask(Ask::EditAll("del(.body.poison)".into()));
    let diff = scene.until(|picture| matches!(picture.stage, Stage::Diff(_))).await;
    let Stage::Diff(diff) = diff.stage else { unreachable!() };
    assert_eq!(diff.title, "2 change, 0 stay as they are");
    scene.ask(Ask::Keep);
    scene.until(|picture| picture.edited == 2).await;
    scene.ask(Ask::Plan(Deed::Redrive));
    scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    scene.ask(Ask::Adjust(Adjust::Rate(Some(100.0))));
    scene.until(|picture| matches!(&picture.stage, Stage::Plan(plan) if plan.rate == Some(Some(100.0)))).await;
    scene.ask(Ask::Go);
    scene.until(ended).await;
    assert_eq!(scene.bodies(&scene.source).await, [r#"{"id":10,"type":"cart"}"#, r#"{"id":11,"type":"cart"}"#]);
    assert_eq!(scene.count(&scene.dlq).await, 13);
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_the_editor_bring_the_user_back_to_his_text() {
    let mut scene = Scene::set(1, 0, None).await;
    let laid = scene.until(|picture| picture.opened.is_some() && !picture.header.looking).await;
    assert_eq!(laid.opened.as_ref().map(|opened| opened.id.is_empty()), Some(false));
    scene.ask(Ask::EditOne);
    let document = document(&mut scene, 1).await;
    scene.ask(Ask::Edited(Ok(document.replace("\"poison\": true", "\"poison\": "))));
    let again = self::document(&mut scene, 2).await;
    assert!(again.starts_with("#! line "), "{again}");
    scene.ask(Ask::Edited(Ok(again.replace("\"poison\": ", "\"poison\": false"))));
    scene.until(|picture| matches!(picture.stage, Stage::Diff(_))).await;
    scene.ask(Ask::Keep);
    let edited = |picture: &Picture| picture.edited == 1 && picture.opened.as_ref().is_some_and(|opened| opened.edited);
    let edited = scene.until(edited).await;
    let body = serde_json::json!({"id": 0, "type": "cart", "poison": false});
    assert_eq!(edited.opened.map(|opened| opened.body.clone()), Some(Body::Json(body)));
    scene.leave().await;
}

/// The document of this number that goes to the editor.
async fn document(scene: &mut Scene, number: usize) -> String {
    let given = async {
        while scene.documents.len() < number {
            match scene.events.recv().await {
                Some(Event::Desk(_, News::Edit(document))) => scene.documents.push(document),
                Some(_) => {}
                None => panic!("the desk ended"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, given).await.unwrap();
    scene.documents[number - 1].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_writes_them_to_a_file_first() {
    let mut scene = Scene::set(11, 2, None).await;
    scene.laid().await;
    let file = scene.state.path().join("carts.jsonl");
    scene.ask(Ask::Choose(Choice::Listed));
    scene.ask(Ask::Plan(Deed::Delete));
    let planned = scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    let Stage::Plan(plan) = planned.stage else { unreachable!() };
    assert_eq!(plan.name.as_deref(), Some("carts-dlq"), "its name is to be typed");
    assert!(plan.file.is_some_and(|file| file.is_some()), "a file is the default");
    scene.ask(Ask::Adjust(Adjust::File(Some(file.clone()))));
    let is_ours =
        |picture: &Picture| matches!(&picture.stage, Stage::Plan(plan) if plan.file == Some(Some(file.clone())));
    scene.until(is_ours).await;
    scene.ask(Ask::Go);
    scene.until(ended).await;
    assert_eq!(scene.count(&scene.dlq).await, 2);
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 11);
    assert!(lines.lines().all(|line| serde_json::from_str::<Message>(line).is_ok_and(|one| one.receipt.is_none())));
    // The rest is all there is: without a file, into the journal alone.
    scene.ask(Ask::Back);
    scene.ask(Ask::Plan(Deed::Purge));
    scene.until(|picture| matches!(picture.stage, Stage::Plan(_))).await;
    scene.ask(Ask::Adjust(Adjust::File(None)));
    scene.until(|picture| matches!(&picture.stage, Stage::Plan(plan) if plan.file == Some(None))).await;
    scene.ask(Ask::Go);
    scene.until(ended).await;
    assert_eq!(scene.count(&scene.dlq).await, 0);
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_may_do_harm_is_asked_about_first() {
    let mut careful = Scene::set(3, 0, Some(3)).await;
    let asked = careful.until(|picture| matches!(picture.stage, Stage::Asking(_))).await;
    let Stage::Asking(cost) = asked.stage else { unreachable!() };
    assert!(cost.name.is_none() && !cost.lines.is_empty(), "{cost:?}");
    assert_eq!(careful.wire.standing(&careful.dlq).await.unwrap().in_flight, 0, "nothing was received before");
    careful.ask(Ask::Accept);
    careful.laid().await;
    careful.leave().await;
    let mut refused = Scene::set(3, 0, Some(1)).await;
    let asked = refused.until(|picture| matches!(picture.stage, Stage::Asking(_))).await;
    let Stage::Asking(cost) = asked.stage else { unreachable!() };
    assert_eq!(cost.name.as_deref(), Some("carts-dlq"));
    refused.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_cursor_rests_the_log_is_asked_or_it_is_said_why_not() {
    let mut scene = Scene::set(2, 0, None).await;
    scene.laid().await;
    let first = scene.until(|picture| picture.log.is_some()).await;
    assert_eq!((first.at, first.log.unwrap().notes.as_slice()), (0, [GAP.to_owned()].as_slice()));
    scene.ask(Ask::Message(Step::By(1)));
    let moved = scene.until(|picture| picture.at == 1).await;
    assert!(moved.log.is_none(), "the log of another message is not shown: {:?}", moved.log);
    scene.until(|picture| picture.at == 1 && picture.log.is_some()).await;
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_there_is_one_sentence() {
    let mut scene = Scene::set(1, 0, None).await;
    let subject =
        Subject { queue: "arn:aws:sqs:us-east-1:000000000000:nothing".into(), routes: Vec::new(), takers: Vec::new() };
    scene.ask(Ask::Open(Box::new(subject)));
    let failed = scene.until(|picture| matches!(picture.stage, Stage::Failed(_))).await;
    let Stage::Failed(why) = failed.stage else { unreachable!() };
    assert!(why.contains("nothing") && why.contains("not found"), "{why}");
    scene.leave().await;
}

/// A journal of a run of these messages that was killed before it took the first.
async fn cut_off(scene: &Scene, ids: Vec<String>) -> String {
    let shelf = Shelf::new(scene.state.path().join("journals"));
    let begun = Begun {
        version: VERSION,
        at: "2026-11-21T13:45:01Z".parse().unwrap(),
        who: String::new(),
        endpoint: Some(scene.aws.endpoint().unwrap().url().to_owned()),
        region: scene.aws.region().to_owned(),
        deed: journal::Deed::Redrive,
        from: Origin::Queue(Box::new(scene.dlq.clone())),
        to: Destination::Sources(vec![scene.source.clone()]),
        scope: Scope::Chosen { count: ids.len() as u64 },
        edited: None,
        undoes: None,
        rate: None,
    };
    let journal = shelf.create(begun).await.unwrap();
    journal.append(&Record::Chosen { ids }).await.unwrap();
    id_of(journal.path())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_is_gone_on_with_only_after_it_was_said_how() {
    let mut scene = Scene::set(5, 0, None).await;
    let first = scene.until(|picture| picture.opened.is_some() && !picture.header.looking).await;
    scene.ask(Ask::Message(Step::By(1)));
    let id = |picture: &Picture| picture.opened.as_ref().map(|opened| opened.id.clone());
    let second = scene.until(|picture| picture.at == 1 && picture.opened.is_some()).await;
    let journal = cut_off(&scene, [id(&first), id(&second)].into_iter().flatten().collect()).await;
    scene.open();
    let told = scene.until(|picture| picture.cut_off == 1).await;
    assert!(told.notices[0].bad && told.notices[0].text.contains("from carts-dlq to carts: 0 moved"), "{told:?}");
    // As from the prompt at the start: nothing is looked at before the plan.
    scene.desks.leave();
    scene.desks.all_closed().await;
    scene.open();
    scene.ask(Ask::Plan(Deed::Resume));
    let plan = scene.planned().await;
    assert!(plan.lines[2].contains(&journal) && plan.lines[0].contains("from carts-dlq to carts"), "{plan:?}");
    assert!(plan.lines[1].contains("0 moved") && plan.lines[1].contains("2 not begun"), "{plan:?}");
    assert_eq!(scene.wire.standing(&scene.dlq).await.unwrap().in_flight, 0, "nothing was received for it");
    assert_eq!(scene.count(&scene.source).await, 0, "and nothing moved");
    scene.ask(Ask::Go);
    scene.until(ended).await;
    assert_eq!((scene.count(&scene.source).await, scene.count(&scene.dlq).await), (2, 3));
    scene.until(|picture| picture.cut_off == 0).await;
    scene.ask(Ask::Back);
    scene.ask(Ask::Plan(Deed::Resume));
    assert!(scene.planned().await.refused.is_some(), "there is nothing left");
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_and_how_often() {
    let mut scene = Scene::set(4, 0, None).await;
    scene.laid().await;
    let fifo = scene.aws.sqs().create_queue().queue_name("ordered.fifo");
    fifo.attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true").send().await.unwrap();
    scene.ask(Ask::Plan(Deed::Redrive));
    scene.planned().await;
    scene.ask(Ask::Adjust(Adjust::To("ordered.fifo".into())));
    scene
        .until(|picture| matches!(&picture.stage, Stage::Plan(plan) if plan.to.as_deref() == Some("ordered.fifo")))
        .await;
    scene.ask(Ask::Go);
    let done = scene.until(ended).await;
    let Stage::Ended(summary) = &done.stage else { unreachable!() };
    let at = summary
        .lines
        .iter()
        .position(|line| line.starts_with("4 were refused"))
        .unwrap_or_else(|| panic!("{summary:?}"));
    assert!(
        summary.lines[at + 1].starts_with("  4 × ") && summary.lines[at + 1].contains("MessageGroupId"),
        "{summary:?}"
    );
    scene.ask(Ask::Back);
    let back = scene.until(|picture| picture.stage == Stage::Columns).await;
    assert!(back.lines.len() == 4 && back.lines.iter().all(|line| line.refused), "{back:?}");
    assert!(back.refused.is_some_and(|why| why.contains("MessageGroupId")));
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_is_told_what_a_look_would_do_and_how_many_there_are() {
    let mut scene = Scene::set_for(7, 0, None, true).await;
    let picture = scene.until(|picture| picture.header.unlooked.is_some() && picture.header.about.is_some()).await;
    assert!(picture.header.unlooked.unwrap().contains("--read-only forbids"));
    assert_eq!((picture.header.about, picture.header.held), (Some(7), 0));
    scene.ask(Ask::Look);
    scene.until(|picture| picture.header.unlooked.is_some()).await;
    assert_eq!(scene.wire.standing(&scene.dlq).await.unwrap().in_flight, 0);
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_look_costs_is_said_though_it_harms_nothing() {
    let mut scene = Scene::set(1, 0, None).await;
    let cost = |picture: &Picture| {
        picture.notices.iter().any(|notice| notice.text.contains("harms nothing here (no redrive policy)"))
    };
    let first = scene.until(|picture| picture.stage == Stage::Columns).await;
    assert!(cost(&first) && first.header.held == 0, "before the first receive: {first:?}");
    scene.laid().await;
    scene.ask(Ask::Choose(Choice::Toggle));
    scene.until(|picture| picture.chosen == 1 && !cost(picture)).await;
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_counts_afresh_and_a_file_says_what_is_written() {
    let mut scene = Scene::set(6, 2, None).await;
    scene.laid().await;
    scene.send(&["late", "later"]).await;
    scene.ask(Ask::Plan(Deed::Purge));
    let purge = scene.planned().await;
    let counted = purge.lines.iter().find(|line| line.starts_with("counted by the queue at "));
    assert!(counted.is_some_and(|line| line.contains("≈10 messages; 2 can be received, 8 are in")), "{purge:?}");
    assert!(purge.lines[0].contains("≈10 messages"), "{purge:?}");
    scene.ask(Ask::Back);
    scene.ask(Ask::Plan(Deed::Write));
    let is_write = |picture: &Picture| matches!(&picture.stage, Stage::Plan(plan) if plan.title.starts_with("write"));
    let Stage::Plan(listed) = scene.until(is_write).await.stage else { unreachable!() };
    assert!(listed.lines[0].starts_with("nothing is chosen: all 6 listed messages, of the cluster "), "{listed:?}");
    scene.ask(Ask::Back);
    scene.ask(Ask::Choose(Choice::Toggle));
    scene.ask(Ask::Plan(Deed::Write));
    let Stage::Plan(chosen) = scene.until(|picture| picture.chosen == 1 && is_write(picture)).await.stage else {
        unreachable!()
    };
    assert_eq!(chosen.lines[0], "1 chosen message");
    scene.leave().await;
}
