//! Follows a stream: each shard once a second, its children when it has ended, from where it was when an iterator expires.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{At, Batch, Failed, Record, Shard, Stream};
use crate::aws::Trouble;

/// Between two calls to the same shard.
pub const PACE: Duration = Duration::from_secs(1);
/// Between two where it was asked too often.
const BACK_OFF: Duration = Duration::from_secs(5);
/// Calls at the same time.
const CONCURRENCY: usize = 4;
/// How often the shards are listed after one has ended, until those are there that go on, and how long between two times.
const CHILDREN_TRIES: u32 = 6;
const CHILDREN_EVERY: Duration = Duration::from_secs(10);
/// Shards that are read at most.
pub const MOST_SHARDS: usize = 64;
/// After this many calls that brought nothing a shard that says no more of it counts as read to its end.
const EMPTY_CALLS: u32 = 2;

/// What following brings.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// So many shards are read.
    Shards(usize),
    /// In the order of each shard.
    Records(Vec<Record>),
    /// What is to be said, and whether it is bad news.
    Said(String, bool),
    /// Why a shard cannot be read at the moment; nothing once one can be read again.
    Trouble(Option<String>),
    /// All shards were read up to now, once.
    CaughtUp,
}

/// One shard.
#[derive(Debug)]
struct Cursor {
    parents: Vec<String>,
    at: At,
    iterator: Option<String>,
    due: Instant,
    ended: bool,
    /// It took no more records when it was listed: what comes after it was there to be listed too.
    closed: bool,
    empty: u32,
    caught_up: bool,
}

/// What a call came to.
enum Called {
    Iterator(Result<String, Failed>),
    Batch(Result<Batch, Failed>),
}

struct Following {
    stream: Arc<dyn Stream>,
    from: At,
    shards: BTreeMap<String, Cursor>,
    out: mpsc::Sender<News>,
    said_caught_up: bool,
    left_out: usize,
    has_trouble: bool,
    /// A shard has ended, and what comes after it was not listed yet: when it is looked for again, and how often still.
    children: Option<(Instant, u32)>,
}

/// Reads until nobody listens any more, or all shards have ended.
///
/// # Errors
/// Where the shards cannot be listed at all.
pub async fn follow(stream: Arc<dyn Stream>, from: At, out: mpsc::Sender<News>) -> Result<(), Trouble> {
    let listed = stream.shards().await?;
    let mut following = Following {
        stream,
        from,
        shards: BTreeMap::new(),
        out,
        said_caught_up: false,
        left_out: 0,
        has_trouble: false,
        children: None,
    };
    following.begin(listed);
    if let At::Time(at) = &following.from
        && !following.stream.knows_times()
    {
        let said = format!(
            "this stream knows no times: it is read from its oldest record, and what is older than {at} is left out"
        );
        following.say(said, false).await;
    }
    following.tell(News::Shards(following.shards.len())).await;
    if following.left_out > 0 {
        let said =
            format!("{} more shards are not read: {MOST_SHARDS} are as many as edatop reads", following.left_out);
        following.say(said, true).await;
    }
    while !following.out.is_closed() {
        let Some(due) = following.next_due() else { break };
        tokio::select! {
            () = sleep_until(due) => {}
            () = following.out.closed() => break,
        }
        following.round().await;
    }
    Ok(())
}

impl Following {
    async fn tell(&self, news: News) {
        let _ = self.out.send(news).await;
    }

    async fn say(&self, text: impl Into<String>, bad: bool) {
        self.tell(News::Said(text.into(), bad)).await;
    }

    /// The shards that were there at the beginning. What comes from now on comes to open ones alone.
    fn begin(&mut self, listed: Vec<Shard>) {
        let from = self.from.clone();
        for shard in listed {
            if from != At::Latest || !shard.closed {
                self.add(shard, from.clone());
            }
        }
    }

    fn add(&mut self, shard: Shard, at: At) {
        if self.shards.len() >= MOST_SHARDS {
            self.left_out += 1;
            return;
        }
        let (iterator, due) = (None, Instant::now());
        let (closed, ended) = (shard.closed, false);
        let cursor = Cursor { parents: shard.parents, at, iterator, due, ended, closed, empty: 0, caught_up: false };
        self.shards.insert(shard.id, cursor);
    }

    /// Those that may be asked: a shard waits for what came before it.
    fn open(&self) -> impl Iterator<Item = (&String, &Cursor)> {
        let waits = |cursor: &Cursor| {
            cursor.parents.iter().any(|parent| self.shards.get(parent).is_some_and(|parent| !parent.ended))
        };
        self.shards.iter().filter(move |(_, cursor)| !cursor.ended && !waits(cursor))
    }

    fn next_due(&self) -> Option<Instant> {
        self.open().map(|(_, cursor)| cursor.due).chain(self.children.map(|(due, _)| due)).min()
    }

    /// Asks each shard that is due, once.
    async fn round(&mut self) {
        let now = Instant::now();
        let due: Vec<(String, At, Option<String>)> = self
            .open()
            .filter(|(_, cursor)| cursor.due <= now)
            .map(|(id, cursor)| (id.clone(), cursor.at.clone(), cursor.iterator.clone()))
            .collect();
        let stream = Arc::clone(&self.stream);
        let calls = stream::iter(due).map(|(id, at, iterator)| {
            let stream = Arc::clone(&stream);
            async move {
                let called = match iterator {
                    Some(iterator) => Called::Batch(stream.records(&id, &iterator).await),
                    None => Called::Iterator(stream.iterator(&id, &at).await),
                };
                (id, called)
            }
        });
        let called: Vec<(String, Called)> = calls.buffer_unordered(CONCURRENCY).collect().await;
        let mut has_ended = false;
        for (id, called) in called {
            has_ended |= self.take(&id, called).await;
        }
        if has_ended {
            self.children = Some((now, CHILDREN_TRIES));
        }
        if let Some((due, tries)) = self.children
            && due <= now
        {
            let found = self.find_children().await;
            let again = !found && tries > 1;
            self.children = again.then(|| (Instant::now() + CHILDREN_EVERY, tries - 1));
        }
        // As long as a shard that ended has nothing after it, there may be records that are not listed yet.
        let is_known = self.children.is_none();
        if !self.said_caught_up && is_known && self.open().all(|(_, cursor)| cursor.caught_up) {
            self.said_caught_up = true;
            self.tell(News::CaughtUp).await;
        }
    }

    /// Whether the shard has ended.
    async fn take(&mut self, id: &str, called: Called) -> bool {
        let now = Instant::now();
        let Some(cursor) = self.shards.get_mut(id) else { return false };
        cursor.due = now + PACE;
        let failed = match called {
            Called::Iterator(Ok(iterator)) => {
                // It has read nothing yet.
                (cursor.iterator, cursor.due) = (Some(iterator), now);
                return false;
            }
            Called::Batch(Ok(batch)) => return self.batch(id, batch).await,
            Called::Iterator(Err(failed)) | Called::Batch(Err(failed)) => failed,
        };
        let said = match failed {
            Failed::Expired => {
                cursor.iterator = None;
                if cursor.at != At::Latest {
                    return false;
                }
                "what came while its iterator was expired may be missing"
            }
            Failed::Trimmed => {
                (cursor.iterator, cursor.at) = (None, At::Oldest);
                "the next records are no longer kept: it goes on with the oldest that are"
            }
            failed => {
                // What comes next is another try, and not at once.
                cursor.due = now + BACK_OFF;
                self.has_trouble = true;
                let said = format!("shard {id}: {failed}; it is asked again in {} s", BACK_OFF.as_secs());
                self.tell(News::Trouble(Some(said))).await;
                return false;
            }
        };
        self.say(format!("shard {id}: {said}"), true).await;
        false
    }

    async fn batch(&mut self, id: &str, batch: Batch) -> bool {
        if std::mem::take(&mut self.has_trouble) {
            self.tell(News::Trouble(None)).await;
        }
        let Some(cursor) = self.shards.get_mut(id) else { return false };
        if let Some(last) = batch.records.last().filter(|last| !last.sequence.is_empty()) {
            cursor.at = At::After(last.sequence.clone());
        }
        cursor.empty = if batch.records.is_empty() { cursor.empty + 1 } else { 0 };
        cursor.caught_up |= batch.caught_up && (self.stream.knows_times() || cursor.empty >= EMPTY_CALLS);
        (cursor.ended, cursor.iterator) = (batch.next.is_none(), batch.next);
        let ended = cursor.ended;
        let mut records = batch.records;
        if let At::Time(from) = self.from {
            records.retain(|record| record.at.is_none_or(|at| at >= from));
        }
        if !records.is_empty() {
            self.tell(News::Records(records)).await;
        }
        ended
    }

    /// What was split or merged goes on in shards that are new, and all that is in those is new too; whether all that ended go on.
    async fn find_children(&mut self) -> bool {
        match self.stream.shards().await {
            Ok(listed) => {
                let known: BTreeSet<String> = self.shards.keys().cloned().collect();
                let has_child = |id: &String| listed.iter().any(|shard| shard.parents.contains(id));
                let ended = |cursor: &Cursor| cursor.ended && !cursor.closed;
                let found = self.shards.iter().filter(|(_, cursor)| ended(cursor)).all(|(id, _)| has_child(id));
                let is_child = |shard: &Shard| shard.parents.iter().any(|parent| known.contains(parent));
                let children = listed.into_iter().filter(|shard| !known.contains(&shard.id) && is_child(shard));
                let children: Vec<Shard> = children.collect();
                for shard in children {
                    self.add(shard, At::Oldest);
                }
                self.tell(News::Shards(self.open().count())).await;
                found
            }
            Err(trouble) => {
                self.say(format!("the shards that come after cannot be listed: {trouble}"), true).await;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::FailureKind,
        inspect::records::pretend::{Pretend, batch, pretend, shard},
    };

    /// What following this brings until it has caught up.
    async fn followed(pretend: &Arc<Pretend>, from: At) -> (Vec<String>, Vec<String>) {
        let (out, mut news) = mpsc::channel(16);
        let following = tokio::spawn(follow(Arc::clone(pretend) as _, from, out));
        let (mut sequences, mut said) = (Vec::new(), Vec::new());
        while let Some(news) = news.recv().await {
            match news {
                News::Records(records) => sequences.extend(records.into_iter().map(|record| record.sequence)),
                News::Said(text, _) | News::Trouble(Some(text)) => said.push(text),
                News::CaughtUp => break,
                News::Shards(_) | News::Trouble(None) => {}
            }
        }
        drop(news);
        following.await.unwrap().unwrap();
        (sequences, said)
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_is_asked_once_a_second_at_most() {
        let answers = vec![
            ("a", vec![batch(&["1"], true), batch(&["2"], true), batch(&[], true)]),
            ("b", vec![batch(&["3"], true)]),
        ];
        let pretend = pretend(&[shard("a", &[], false), shard("b", &[], false)], answers);
        let (mut sequences, _) = followed(&pretend, At::Latest).await;
        sequences.sort();
        assert_eq!(sequences, ["1", "2", "3"]);
        let calls = pretend.calls.lock().unwrap();
        for id in ["a", "b"] {
            let times: Vec<Instant> = calls.iter().filter(|(_, shard)| shard == id).map(|(at, _)| *at).collect();
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= PACE), "{times:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn children_are_read_after_their_parents_and_closed_ones_only_from_the_past() {
        let shards = [shard("old", &[], true), shard("new", &["old"], false)];
        let answers =
            || vec![("old", vec![batch(&["1"], true), batch(&["2"], false)]), ("new", vec![batch(&["3"], true)])];
        let oldest = pretend(&shards, answers());
        assert_eq!(followed(&oldest, At::Oldest).await.0, ["1", "2", "3"]);
        let latest = pretend(&shards, answers());
        assert_eq!(followed(&latest, At::Latest).await.0, ["3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_that_was_split_goes_on_in_its_children_from_their_beginning() {
        let pretend = pretend(
            &[shard("a", &[], false)],
            vec![("a", vec![batch(&["1"], false)]), ("b", vec![batch(&["2"], true)])],
        );
        pretend.shards.lock().unwrap().push(shard("b", &["a"], false));
        // It was not there when reading began.
        let listed = pretend.shards.lock().unwrap().pop().unwrap();
        let (out, mut news) = mpsc::channel(16);
        let following = tokio::spawn(follow(Arc::clone(&pretend) as _, At::Latest, out));
        assert_eq!(news.recv().await, Some(News::Shards(1)));
        pretend.shards.lock().unwrap().push(listed);
        let mut sequences = Vec::new();
        while let Some(news) = if sequences.len() < 2 { news.recv().await } else { None } {
            if let News::Records(records) = news {
                sequences.extend(records.into_iter().map(|record| record.sequence));
            }
        }
        drop(news);
        following.await.unwrap().unwrap();
        assert_eq!(sequences, ["1", "2"]);
        assert!(pretend.iterators.lock().unwrap().contains(&("b".to_owned(), At::Oldest)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_not_at_its_end_before_a_child_that_is_listed_late_was_read() {
        for refuses in [None, Some(2)] {
            let answers = vec![("a", vec![batch(&["1"], false)]), ("b", vec![batch(&["2"], true)])];
            let pretend = pretend(&[shard("a", &[], false)], answers);
            let pretend = Arc::new(Pretend {
                late: Some((3, shard("b", &["a"], false))),
                refuses,
                ..Arc::into_inner(pretend).unwrap()
            });
            let (sequences, said) = followed(&pretend, At::Oldest).await;
            assert_eq!((sequences, said.len()), (vec!["1".to_owned(), "2".to_owned()], usize::from(refuses.is_some())));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_nothing_comes_after_is_listed_once_more_if_it_was_closed_and_long_if_it_closed_just_now() {
        for (closed, listings) in [(true, 2), (false, 1 + CHILDREN_TRIES as usize)] {
            let pretend = pretend(&[shard("a", &[], closed)], vec![("a", vec![batch(&["1"], false)])]);
            let (sequences, _) = followed(&pretend, At::Oldest).await;
            assert_eq!(sequences, ["1"]);
            assert_eq!(pretend.listings.lock().unwrap().len(), listings, "closed at first: {closed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_iterator_goes_on_behind_the_last_record() {
        let answers = vec![batch(&["1"], true), Err(Failed::Expired), batch(&["2"], true)];
        let pretend = pretend(&[shard("a", &[], false)], vec![("a", answers)]);
        let (sequences, said) = followed(&pretend, At::Oldest).await;
        assert_eq!((sequences, said), (vec!["1".to_owned(), "2".to_owned()], Vec::new()));
        let iterators = pretend.iterators.lock().unwrap();
        assert_eq!(iterators.last(), Some(&("a".to_owned(), At::After("1".to_owned()))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_trimmed_throttled_or_broken_is_said_and_tried_again_later() {
        let trouble = Trouble { kind: FailureKind::Timeout, text: "no answer".to_owned() };
        let answers = vec![
            Err(Failed::Throttled("too often".to_owned())),
            Err(Failed::Trimmed),
            Err(Failed::Other(trouble)),
            batch(&["9"], true),
        ];
        let pretend = pretend(&[shard("a", &[], false)], vec![("a", answers)]);
        let (sequences, said) = followed(&pretend, At::Oldest).await;
        assert_eq!((sequences, said.len()), (vec!["9".to_owned()], 3));
        assert!(
            said[0].contains("too often") && said[1].contains("no longer kept") && said[2].contains("no answer"),
            "{said:?}"
        );
        let calls = pretend.calls.lock().unwrap();
        assert!(calls[1].0 - calls[0].0 >= BACK_OFF);
    }
}
