//! The task of an open bus or delivery stream: looks at the place that the cursor rests on, and again where that costs nothing.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use super::Start;
use crate::{
    app::clock,
    inspect::deliveries::{Endpoint, Look, Source, look},
    overlays::inspect::{
        self, News,
        deliveries::model::{Ask, Picture, State, Subject},
    },
};

/// How long the cursor rests before it is looked.
const REST: Duration = Duration::from_millis(200);
/// Between two looks where a look costs nothing.
const AGAIN: Duration = Duration::from_secs(5);
/// Places whose last sight is kept for when the cursor comes back.
const MOST_KEPT: usize = 32;

/// Serves a reader until its asks end.
pub(super) async fn serve(start: Start, subject: Subject) {
    let source = Arc::new(Endpoint::new(Arc::clone(&start.aws)));
    // On AWS the account's calls are few, and listings are paid for: there it is looked when somebody asks.
    let again = (!start.aws.is_aws()).then_some(AGAIN);
    run(start, subject, source, again).await;
}

async fn run(mut start: Start, subject: Subject, source: Arc<dyn Source>, again: Option<Duration>) {
    let (tells, mut told) = watch::channel(Picture::default());
    let mut work = Work { source, again, tells, task: None, kept: Vec::new() };
    if let Some(first) = subject.first {
        work.look(first, Instant::now());
    }
    loop {
        tokio::select! {
            biased;
            ask = start.asks.recv() => match ask {
                Some(inspect::Ask::Deliveries(Ask::On(look))) => work.look(look, Instant::now() + REST),
                Some(inspect::Ask::Deliveries(Ask::Again(look))) => {
                    work.kept.retain(|kept| kept.look.as_ref() != Some(&look));
                    work.look(look, Instant::now());
                }
                Some(_) => {}
                None => break,
            },
            Ok(()) = told.changed() => {
                let picture = told.borrow_and_update().clone();
                work.keep(&picture);
                if !start.tell(News::Deliveries(Box::new(picture))).await {
                    break;
                }
            }
        }
    }
    work.stop();
}

struct Work {
    source: Arc<dyn Source>,
    again: Option<Duration>,
    tells: watch::Sender<Picture>,
    task: Option<JoinHandle<()>>,
    /// The last one at the end.
    kept: Vec<Picture>,
}

impl Work {
    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    fn keep(&mut self, picture: &Picture) {
        if matches!(picture.state, State::Seen(_)) {
            self.kept.retain(|kept| kept.look != picture.look);
            self.kept.push(picture.clone());
            if self.kept.len() > MOST_KEPT {
                self.kept.remove(0);
            }
        }
    }

    /// Looks there from then on, and nowhere else any more.
    fn look(&mut self, wanted: Look, from: Instant) {
        self.stop();
        let every_seconds = self.again.map(|again| again.as_secs());
        let nowhere = Picture { look: Some(wanted.clone()), every_seconds, ..Picture::default() };
        let kept = self.kept.iter().find(|kept| kept.look.as_ref() == Some(&wanted));
        self.tells.send_replace(kept.cloned().unwrap_or_else(|| nowhere.clone()));
        if matches!(wanted, Look::Nothing(_)) {
            return;
        }
        let (source, tells, again) = (Arc::clone(&self.source), self.tells.clone(), self.again);
        self.task = Some(tokio::spawn(async move {
            sleep_until(from).await;
            loop {
                let state = match look(&*source, &wanted, clock::now()).await {
                    Ok(sight) => State::Seen(Arc::new(sight)),
                    Err(why) => State::Refused(why),
                };
                tells.send_replace(Picture { state, at: Some(clock::now()), ..nowhere.clone() });
                match again {
                    Some(again) => sleep(again).await,
                    None => break,
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        app::Event,
        aws::{ConnectOptions, Connection, Trouble},
        domain::{FailureKind, ResourceId},
        inspect::{
            deliveries::Folder,
            objects::{Newest, Refused, Why},
        },
        redrive::{
            message::Message,
            why::lines::{LogReader, testing::FakeLog},
        },
    };

    /// An endpoint whose queues hold one message, whose buckets are denied, and whose answers can be held back.
    #[derive(Debug, Default)]
    struct Fake {
        log: FakeLog,
        asked: Mutex<Vec<String>>,
    }

    impl Fake {
        fn asked(&self) -> Vec<String> {
            std::mem::take(&mut self.asked.lock().unwrap())
        }
    }

    #[async_trait]
    impl Source for Fake {
        fn logs(&self) -> &dyn LogReader {
            &self.log
        }

        async fn waiting(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
            self.asked.lock().unwrap().push(queue.to_string());
            match queue.as_str() {
                "slow" => std::future::pending().await,
                "denied" => Err(Trouble { kind: FailureKind::Denied, text: "not allowed".into() }),
                body => Ok(Some(vec![Message { body: body.to_owned(), ..Message::default() }])),
            }
        }

        async fn newest(&self, _: &Folder, _: usize) -> Result<Newest, Refused> {
            Err(Refused::new(Why::Denied, "not allowed"))
        }
    }

    struct Open {
        asks: mpsc::Sender<inspect::Ask>,
        events: mpsc::Receiver<Event>,
        source: Arc<Fake>,
    }

    async fn open(first: Option<Look>, again: Option<Duration>) -> Open {
        let options = ConnectOptions { endpoint: Some("127.0.0.1:9".to_owned()), ..Default::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let ((asks, asked), (out, events)) = (mpsc::channel(8), mpsc::channel(8));
        let start = Start { aws, events: out, state: None, number: 7, asks: asked };
        let source = Arc::new(Fake::default());
        tokio::spawn(run(start, Subject { id: "bus".into(), first }, Arc::clone(&source) as _, again));
        Open { asks, events, source }
    }

    fn waiting(queue: &str) -> Look {
        Look::Waiting(queue.into())
    }

    impl Open {
        async fn ask(&self, ask: Ask) {
            self.asks.send(inspect::Ask::Deliveries(ask)).await.unwrap();
        }

        /// The next picture of this place that is more than a beginning.
        async fn looked(&mut self, look: &Look) -> Picture {
            loop {
                match self.events.recv().await.unwrap() {
                    Event::Inspected(7, News::Deliveries(picture))
                        if picture.look.as_ref() == Some(look) && picture.state != State::Looking =>
                    {
                        return *picture;
                    }
                    _ => {}
                }
            }
        }
    }

    fn texts(picture: &Picture) -> Vec<&str> {
        match &picture.state {
            State::Seen(sight) => sight.seen.iter().map(|seen| seen.text.as_str()).collect(),
            state => panic!("{state:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_place_is_looked_at_at_once_and_others_when_the_cursor_rests() {
        let mut open = open(Some(waiting("a")), None).await;
        let first = open.looked(&waiting("a")).await;
        assert_eq!((texts(&first), first.at.is_some(), first.every_seconds), (vec!["a"], true, None));
        for place in ["b", "c", "d"] {
            open.ask(Ask::On(waiting(place))).await;
        }
        open.looked(&waiting("d")).await;
        assert_eq!(open.source.asked(), ["a", "d"], "the cursor went by b and c");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_seen_is_shown_while_it_is_looked_again_but_not_after_asking_anew() {
        let mut open = open(Some(waiting("a")), None).await;
        open.looked(&waiting("a")).await;
        open.ask(Ask::On(waiting("slow"))).await;
        tokio::time::sleep(REST * 2).await;
        open.ask(Ask::On(waiting("a"))).await;
        // Before anything was asked again.
        assert_eq!(texts(&open.looked(&waiting("a")).await), ["a"]);
        assert_eq!(open.source.asked(), ["a", "slow"]);
        open.ask(Ask::Again(waiting("a"))).await;
        open.looked(&waiting("a")).await;
        assert_eq!(open.source.asked(), ["a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_told_and_a_place_without_anything_asks_nothing() {
        let mut open = open(Some(Look::Nothing("an archive".into())), None).await;
        open.ask(Ask::Again(waiting("denied"))).await;
        assert_eq!(open.looked(&waiting("denied")).await.state, State::Refused("not allowed".into()));
        let folder = Folder { bucket: "b".into(), name: "b".into(), region: None, prefix: String::new() };
        open.ask(Ask::Again(Look::Objects(folder.clone()))).await;
        assert_eq!(open.looked(&Look::Objects(folder)).await.state, State::Refused("not allowed".into()));
        assert_eq!(open.source.asked(), ["denied"]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_looking_costs_nothing_it_is_looked_again_until_the_reader_is_left() {
        let mut open = open(Some(waiting("a")), Some(AGAIN)).await;
        for _ in 0..3 {
            assert_eq!(open.looked(&waiting("a")).await.every_seconds, Some(5));
        }
        drop(open.asks);
        // The last event comes when the task has ended, and its sender with it.
        while open.events.recv().await.is_some() {}
        let asked = open.source.asked().len();
        tokio::time::sleep(AGAIN * 3).await;
        assert_eq!(open.source.asked().len(), 0, "{asked} before");
    }
}
