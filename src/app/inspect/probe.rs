//! The task of an open probe: finds the way in, sends the one event when it is told to, and follows it.
//!
//! What is being sent is never broken off, whoever leaves: it is one call, and then it is known whether it was made.

use std::{convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use super::Start;
use crate::{
    app::{
        clock,
        out::{Out, PICTURE},
    },
    aws::Trouble,
    inspect::{
        probe::{
            Course, Following,
            send::{Api, Post},
        },
        thread::{endpoint::Endpoint, source::Source},
    },
    overlays::inspect::{
        self, News,
        probe::model::{Ask, Errand, Picture, Stage},
    },
};

/// How long it is looked for at a time.
const LASTING: Duration = Duration::from_secs(60);
const NOTES: usize = 4;

/// Serves a probe until its asks end.
pub(super) async fn serve(start: Start, errand: Errand) {
    let world = World {
        source: Arc::new(Endpoint::new(Arc::clone(&start.aws))),
        post: Arc::new(Arc::clone(&start.aws)),
        clock: clock::now,
    };
    Bench::new(start.out(), world, errand).serve(start.asks).await;
}

/// What it is sent to and looked for in.
struct World {
    post: Arc<dyn Post>,
    source: Arc<dyn Source>,
    clock: fn() -> Timestamp,
}

/// What was found out.
enum Note {
    Methods(Result<Vec<Api>, Trouble>),
    Sent(Result<Vec<String>, Trouble>),
}

/// How far it came, and whether it is looked for no longer.
type Progress = Option<(Arc<Course>, bool)>;

struct Bench {
    out: Out<News>,
    world: World,
    errand: Errand,
    notes: mpsc::Sender<Note>,
    noted: mpsc::Receiver<Note>,
    stage: Stage,
    /// Those of an API that take a body, if there are several; and the one that is meant.
    routes: Vec<Api>,
    route: Option<Api>,
    ids: Vec<String>,
    sent_at: Timestamp,
    course: Option<Arc<Course>>,
    /// It is to be looked for no longer, though it is still being sent.
    leaves: bool,
    follows: Option<JoinHandle<()>>,
    progress: watch::Receiver<Progress>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Bench {
    fn new(out: Out<News>, world: World, errand: Errand) -> Self {
        let (notes, noted) = mpsc::channel(NOTES);
        Self {
            out,
            sent_at: (world.clock)(),
            world,
            stage: if errand.api.is_some() { Stage::Finding } else { Stage::Ready },
            errand,
            notes,
            noted,
            routes: Vec::new(),
            route: None,
            ids: Vec::new(),
            course: None,
            leaves: false,
            follows: None,
            progress: watch::channel(None).1,
        }
    }

    async fn serve(mut self, mut asks: mpsc::Receiver<inspect::Ask>) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.find();
        loop {
            let follows = self.follows.is_some();
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    None => break,
                    Some(inspect::Ask::Probe(ask)) => self.ask(ask),
                    Some(_) => continue,
                },
                Some(note) = self.noted.recv() => self.note(note),
                Ok(()) = self.progress.changed(), if follows => self.take(),
                _ = tick.tick(), if self.out.is_due() => {}
            }
            if self.out.wants_picture() {
                let picture = self.picture();
                self.out.show(News::Probe(Box::new(picture)));
            }
        }
    }

    /// Looks for the routes of an API.
    fn find(&self) {
        let Some(api) = self.errand.api.clone() else { return };
        let (post, notes) = (Arc::clone(&self.world.post), self.notes.clone());
        tokio::spawn(async move {
            let _ = notes.send(Note::Methods(post.methods(&api).await)).await;
        });
    }

    fn ask(&mut self, ask: Ask) {
        self.out.change();
        match ask {
            Ask::Route(place) if self.stage == Stage::Ready => {
                self.route = self.routes.get(place).cloned().or(self.route.take());
            }
            Ask::Send(errand) if self.stage == Stage::Ready && (self.errand.api.is_none() || self.route.is_some()) => {
                self.errand = *errand;
                self.send();
            }
            Ask::Stop if self.stage == Stage::Following => {
                self.stop();
                self.stage = Stage::Stopped;
            }
            Ask::Stop if self.stage == Stage::Sending => self.leaves = true,
            Ask::Again if matches!(self.stage, Stage::Stopped | Stage::Over) => self.follow(),
            Ask::Route(_) | Ask::Send(_) | Ask::Stop | Ask::Again => {}
        }
    }

    /// In a task that ends by itself: a call that is under way is not broken off.
    fn send(&mut self) {
        self.stage = Stage::Sending;
        self.sent_at = (self.world.clock)();
        let (post, notes) = (Arc::clone(&self.world.post), self.notes.clone());
        let (plan, route) = (Arc::clone(&self.errand.plan), self.route.clone());
        tokio::spawn(async move {
            let _ = notes.send(Note::Sent(post.send(&plan, route.as_ref()).await)).await;
        });
    }

    fn note(&mut self, note: Note) {
        self.out.change();
        match note {
            Note::Methods(Ok(methods)) => {
                let fitting: Vec<Api> = methods.into_iter().filter(Api::takes_body).collect();
                self.stage = Stage::Ready;
                match &fitting[..] {
                    [] => self.stage = Stage::Refused("nothing was sent: none of its routes takes a body".to_owned()),
                    [one] => self.route = Some(one.clone()),
                    _ => self.routes = fitting,
                }
            }
            Note::Sent(Ok(ids)) => {
                self.ids = ids;
                self.course = Some(Arc::new(Course::new((*self.errand.plan).clone(), self.sent_at)));
                if self.leaves {
                    self.stage = Stage::Stopped;
                } else {
                    self.follow();
                }
            }
            Note::Methods(Err(trouble)) => {
                self.stage = Stage::Refused(format!("nothing was sent: its routes cannot be read: {trouble}"));
            }
            Note::Sent(Err(trouble)) => {
                self.stage = Stage::Refused(format!("not sent, or in doubt; it is not tried again: {trouble}"));
            }
        }
    }

    fn follow(&mut self) {
        let Some(course) = self.course.as_deref().cloned() else { return };
        self.stop();
        self.stage = Stage::Following;
        let (tells, progress) = watch::channel(None);
        self.progress = progress;
        let following = Following {
            source: Arc::clone(&self.world.source),
            ground: Arc::clone(&self.errand.ground),
            ids: self.ids.clone(),
            lasting: LASTING,
            clock: self.world.clock,
        };
        self.follows = Some(tokio::spawn(async move {
            let mut course = course;
            let told = |course: &Course, _: &[usize]| {
                tells.send_replace(Some((Arc::new(course.clone()), false)));
                Ok::<_, Infallible>(())
            };
            let Ok(()) = following.run(&mut course, told).await;
            tells.send_replace(Some((Arc::new(course), true)));
        }));
    }

    fn take(&mut self) {
        let Some((course, is_over)) = self.progress.borrow_and_update().clone() else { return };
        self.out.change();
        self.course = Some(course);
        if is_over {
            (self.stage, self.follows) = (Stage::Over, None);
        }
    }

    fn stop(&mut self) {
        if let Some(follows) = self.follows.take() {
            follows.abort();
        }
    }

    fn picture(&self) -> Picture {
        Picture {
            stage: self.stage.clone(),
            routes: self.routes.iter().map(Api::name).collect(),
            route: self.route.as_ref().map(Api::name),
            ids: self.ids.clone(),
            course: self.course.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::{
        app::Event,
        domain::{FailureKind, Kind, ResourceId},
        inspect::{
            probe::{Expect, Hop, Plan},
            thread::{
                Ground,
                ground::QueuePlace,
                source::{Items, Keys, Listing},
            },
        },
        redrive::{
            message::Message,
            why::lines::{LogReader, testing::FakeLog},
        },
    };

    const MARK: &str = "edatop-probe-0000000000000001";

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).unwrap()
    }

    /// An endpoint: what was sent lies in the queue from then on.
    #[derive(Debug, Default)]
    struct Fake {
        log: FakeLog,
        methods: Vec<&'static str>,
        refuses: bool,
        /// What was sent gets nowhere.
        loses: bool,
        sent: AtomicUsize,
    }

    #[async_trait]
    impl Post for Fake {
        async fn methods(&self, api: &str) -> Result<Vec<Api>, Trouble> {
            let method = |name: &&str| {
                let (method, path) = name.split_once(' ').unwrap();
                Api { id: api.into(), resource: "r".into(), method: method.into(), path: path.into() }
            };
            Ok(self.methods.iter().map(method).collect())
        }

        async fn send(&self, _plan: &Plan, _api: Option<&Api>) -> Result<Vec<String>, Trouble> {
            self.sent.fetch_add(1, Ordering::SeqCst);
            match self.refuses {
                true => Err(Trouble { kind: FailureKind::Timeout, text: "no answer".into() }),
                false => Ok(vec!["m-1".into()]),
            }
        }
    }

    #[async_trait]
    impl Source for Fake {
        fn logs(&self) -> &dyn LogReader {
            &self.log
        }

        fn filters_logs(&self) -> bool {
            false
        }

        async fn messages(&self, _queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
            if self.loses || self.sent.load(Ordering::SeqCst) == 0 {
                return Ok(Some(Vec::new()));
            }
            let system = [("SentTimestamp".to_owned(), "1000012".to_owned())].into();
            let body = format!(r#"{{"edatop_probe":"{MARK}"}}"#);
            Ok(Some(vec![Message { id: "m-1".into(), body, system, ..Message::default() }]))
        }

        async fn query(&self, _: &str, _: &str, _: &str) -> Result<Items, Trouble> {
            Ok(Items::default())
        }

        async fn scan(&self, _: &str) -> Result<Items, Trouble> {
            Ok(Items::default())
        }

        async fn list(&self, _: Listing<'_>) -> Result<Keys, Trouble> {
            Ok(Keys::default())
        }

        async fn get(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, Trouble> {
            Ok(Vec::new())
        }
    }

    fn errand(api: bool) -> Errand {
        let hop =
            Hop { from: "topic".into(), to: "queue".into(), kind: Kind::Queue, depth: 0, expect: Expect::Arrives };
        let plan = Plan {
            target: "topic".into(),
            kind: Kind::Topic,
            name: "topic".into(),
            probe: MARK.into(),
            body: "{}".into(),
            attributes: Default::default(),
            hops: vec![hop],
            doubts: Vec::new(),
        };
        let mut ground = Ground::default();
        ground.queues.push(QueuePlace { id: "queue".into(), sources: Vec::new() });
        Errand { plan: Arc::new(plan), ground: Arc::new(ground), api: api.then(|| "a1".to_owned()), name: None }
    }

    fn send(api: bool) -> Ask {
        Ask::Send(Box::new(errand(api)))
    }

    /// A task at work, and its screen.
    struct Open {
        asks: mpsc::Sender<inspect::Ask>,
        events: mpsc::Receiver<Event>,
        fake: Arc<Fake>,
    }

    impl Open {
        fn new(fake: Fake, api: bool) -> Self {
            let ((asks, asked), (out, events)) = (mpsc::channel(8), mpsc::channel(8));
            let fake = Arc::new(fake);
            let world = World { post: Arc::clone(&fake) as _, source: Arc::clone(&fake) as _, clock: now };
            tokio::spawn(Bench::new(Out::new(out, 1, Event::Inspected), world, errand(api)).serve(asked));
            Self { asks, events, fake }
        }

        async fn ask(&self, ask: Ask) {
            self.asks.send(inspect::Ask::Probe(ask)).await.unwrap();
        }

        /// The next picture of this kind.
        async fn until(&mut self, is_it: impl Fn(&Picture) -> bool) -> Picture {
            loop {
                match self.events.recv().await.unwrap() {
                    Event::Inspected(1, News::Probe(picture)) if is_it(&picture) => return *picture,
                    _ => {}
                }
            }
        }

        fn sent(&self) -> usize {
            self.fake.sent.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_before_it_is_asked_for_and_then_once() {
        let mut open = Open::new(Fake::default(), false);
        open.until(|picture| picture.stage == Stage::Ready).await;
        assert_eq!(open.sent(), 0);
        for _ in 0..3 {
            open.ask(send(false)).await;
        }
        let over = open.until(|picture| picture.stage == Stage::Over).await;
        assert_eq!((open.sent(), over.ids), (1, vec!["m-1".to_owned()]));
        let course = over.course.unwrap();
        assert_eq!((course.states[0].word(), course.took_ms(0)), ("arrived", Some(12)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_arrives_is_over_after_its_time_and_can_be_looked_for_again() {
        let mut open = Open::new(Fake { loses: true, ..Fake::default() }, false);
        open.ask(send(false)).await;
        let begun = tokio::time::Instant::now();
        let over = open.until(|picture| picture.stage == Stage::Over).await;
        assert!(begun.elapsed() >= LASTING, "{:?}", begun.elapsed());
        assert_eq!(over.course.unwrap().unseen(), [0]);
        open.ask(Ask::Again).await;
        open.until(|picture| picture.stage == Stage::Following).await;
        assert_eq!(open.sent(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_watching_stops_the_looking_and_nothing_else() {
        let mut open = Open::new(Fake { loses: true, ..Fake::default() }, false);
        open.ask(send(false)).await;
        open.until(|picture| picture.stage == Stage::Following).await;
        open.ask(Ask::Stop).await;
        let stopped = open.until(|picture| picture.stage == Stage::Stopped).await;
        assert_eq!((stopped.course.is_some(), open.sent()), (true, 1));
        let more = tokio::time::timeout(2 * LASTING, open.until(|picture| picture.stage != Stage::Stopped)).await;
        assert!(more.is_err(), "{more:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_doubt_is_not_sent_again() {
        let mut open = Open::new(Fake { refuses: true, ..Fake::default() }, false);
        open.ask(send(false)).await;
        let refused = open.until(|picture| matches!(picture.stage, Stage::Refused(_))).await;
        assert!(matches!(&refused.stage, Stage::Refused(why) if why.contains("no answer")), "{refused:?}");
        open.ask(send(false)).await;
        open.until(|picture| matches!(picture.stage, Stage::Refused(_))).await;
        assert_eq!(open.sent(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_routes_one_is_chosen_before_anything_is_sent() {
        let fake = Fake { methods: vec!["GET /", "POST /a", "PUT /b"], ..Fake::default() };
        let mut open = Open::new(fake, true);
        let found = open.until(|picture| picture.stage == Stage::Ready).await;
        assert_eq!((found.routes, found.route), (vec!["POST /a".to_owned(), "PUT /b".to_owned()], None));
        open.ask(send(true)).await;
        open.ask(Ask::Route(1)).await;
        let chosen = open.until(|picture| picture.route.is_some()).await;
        assert_eq!((chosen.route.as_deref(), open.sent()), (Some("PUT /b"), 0));
        open.ask(send(true)).await;
        open.until(|picture| picture.stage == Stage::Over).await;
        assert_eq!(open.sent(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_route_needs_no_choice() {
        let mut open = Open::new(Fake { methods: vec!["GET /", "POST /orders"], ..Fake::default() }, true);
        let found = open.until(|picture| picture.stage == Stage::Ready).await;
        assert_eq!((found.routes.len(), found.route.as_deref()), (0, Some("POST /orders")));
    }
}
