//! A stream in memory, for tests: it answers what it was told to, and then that there is nothing more.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};

use super::{At, Batch, Failed, Record, Shard, Stream};
use crate::{aws::Trouble, domain::FailureKind};

pub(crate) type Answer = Result<Batch, Failed>;

#[derive(Debug, Default)]
pub(crate) struct Pretend {
    pub(crate) shards: Mutex<Vec<Shard>>,
    pub(crate) answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    /// When which shard was asked.
    pub(crate) calls: Mutex<Vec<(Instant, String)>>,
    pub(crate) iterators: Mutex<Vec<(String, At)>>,
    /// Listed from this listing on, counted from one.
    pub(crate) late: Option<(usize, Shard)>,
    /// The listing that is refused.
    pub(crate) refuses: Option<usize>,
    pub(crate) listings: Mutex<Vec<Instant>>,
    pub(crate) holds: AtomicBool,
    pub(crate) held: Notify,
    pub(crate) given_up: Arc<Notify>,
}

impl Pretend {
    /// What that shard answers next, behind what it was told before.
    pub(crate) fn answer(&self, shard: &str, answer: Answer) {
        self.answers.lock().unwrap().entry(shard.to_owned()).or_default().push_back(answer);
    }

    /// No call for records is answered any more.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::Relaxed);
    }

    /// Until somebody waits for one that is held.
    pub(crate) async fn is_held(&self) {
        self.held.notified().await;
    }

    /// Until nobody waits for it any more.
    pub(crate) async fn is_given_up(&self) {
        self.given_up.notified().await;
    }
}

/// A call that is under way.
struct Call(Arc<Notify>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl Stream for Pretend {
    fn name(&self) -> &'static str {
        "pretend"
    }

    fn warning(&self) -> &'static str {
        "it is shared"
    }

    fn knows_times(&self) -> bool {
        true
    }

    async fn shards(&self) -> Result<Vec<Shard>, Trouble> {
        let mut listings = self.listings.lock().unwrap();
        listings.push(Instant::now());
        if self.refuses == Some(listings.len()) {
            return Err(Trouble { kind: FailureKind::Throttled, text: "too often".to_owned() });
        }
        let late = self.late.iter().filter(|(from, _)| listings.len() >= *from).map(|(_, shard)| shard.clone());
        Ok(self.shards.lock().unwrap().iter().cloned().chain(late).collect())
    }

    async fn iterator(&self, shard: &str, at: &At) -> Result<String, Failed> {
        self.iterators.lock().unwrap().push((shard.to_owned(), at.clone()));
        Ok("it".to_owned())
    }

    async fn records(&self, shard: &str, _iterator: &str) -> Answer {
        self.calls.lock().unwrap().push((Instant::now(), shard.to_owned()));
        if self.holds.load(Ordering::Relaxed) {
            self.held.notify_one();
            let _call = Call(Arc::clone(&self.given_up));
            std::future::pending::<()>().await;
        }
        let answer = self.answers.lock().unwrap().get_mut(shard).and_then(VecDeque::pop_front);
        answer.unwrap_or_else(|| Ok(Batch { next: Some("it".to_owned()), caught_up: true, ..Batch::default() }))
    }
}

pub(crate) fn pretend(shards: &[Shard], answers: Vec<(&str, Vec<Answer>)>) -> Arc<Pretend> {
    let pretend = Pretend { shards: Mutex::new(shards.to_vec()), ..Pretend::default() };
    for (shard, answers) in answers {
        answers.into_iter().for_each(|answer| pretend.answer(shard, answer));
    }
    Arc::new(pretend)
}

pub(crate) fn shard(id: &str, parents: &[&str], closed: bool) -> Shard {
    Shard { id: id.to_owned(), parents: parents.iter().map(|id| (*id).to_owned()).collect(), closed }
}

/// Records of these sequence numbers; with another iterator, or the last of a closed shard.
pub(crate) fn batch(sequences: &[&str], next: bool) -> Answer {
    let record = |sequence: &&str| Record { sequence: (*sequence).to_owned(), ..Record::default() };
    batch_of(sequences.iter().map(record).collect(), next)
}

pub(crate) fn batch_of(records: Vec<Record>, next: bool) -> Answer {
    Ok(Batch { records, next: next.then(|| "it".to_owned()), caught_up: false })
}
