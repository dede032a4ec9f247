//! A search: reads all places, a few at a time, tells the story anew after each, and searches once more for what it learnt.

use std::sync::Arc;

use futures_util::{StreamExt, future::BoxFuture, stream};

use super::{
    ground::Ground,
    haul::{Haul, Lying},
    places,
    source::Source,
    step::{Nature, Thread},
    story,
};
use crate::redrive::why::lines::Span;

/// Places that are read at once.
const AT_ONCE: usize = 4;
/// Rounds after the first.
pub const MOST_ROUNDS: u8 = 2;
/// Pages of a log that is read whole around the receives of a message.
const RECEIVE_PAGES: u32 = 3;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub id: String,
    /// What else is known to be called so.
    pub also: Vec<String>,
    pub span: Span,
    /// A page of each table too.
    pub scan: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub all: usize,
}

/// One search.
#[derive(Debug)]
pub struct Search {
    source: Arc<dyn Source>,
    ground: Arc<Ground>,
    wanted: Wanted,
    haul: Haul,
    thread: Thread,
    progress: Progress,
}

impl Search {
    pub fn new(source: Arc<dyn Source>, ground: Arc<Ground>, wanted: Wanted) -> Self {
        let haul = Haul { gaps: ground.left_out.clone(), ..Haul::default() };
        Self { source, ground, wanted, haul, thread: Thread::default(), progress: Progress::default() }
    }

    /// Adds messages that somebody looked at otherwise.
    pub fn give(&mut self, lying: Vec<Lying>) {
        self.haul.take(Haul { lying, ..Haul::default() });
    }

    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    pub fn haul(&self) -> &Haul {
        &self.haul
    }

    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Searches everywhere, telling each time that something was read.
    pub async fn run(&mut self, mut told: impl FnMut(&Thread, Progress)) {
        self.progress = Progress::default();
        let asked: Vec<String> = std::iter::once(&self.wanted.id).chain(&self.wanted.also).cloned().collect();
        self.read(self.everywhere(&asked), &mut told).await;
        for round in 1..=MOST_ROUNDS {
            let news: Vec<String> =
                self.thread.ids.iter().filter(|known| known.round == round).map(|known| known.id.clone()).collect();
            if news.is_empty() {
                break;
            }
            self.read(self.again(&news), &mut told).await;
        }
        self.read(self.around_receives(), &mut told).await;
        self.retell();
        self.progress.done = self.progress.all;
        told(&self.thread, self.progress);
    }

    async fn read(&mut self, reads: Vec<BoxFuture<'static, Haul>>, told: &mut impl FnMut(&Thread, Progress)) {
        self.progress.all += reads.len();
        let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
        while let Some(part) = reads.next().await {
            self.haul.take(part);
            self.retell();
            self.progress.done += 1;
            told(&self.thread, self.progress);
        }
    }

    fn retell(&mut self) {
        self.thread = story::tell(&self.ground, &self.haul, &self.wanted);
    }

    fn everywhere(&self, ids: &[String]) -> Vec<BoxFuture<'static, Haul>> {
        let span = self.wanted.span;
        let mut reads: Vec<BoxFuture<'static, Haul>> = Vec::new();
        for place in self.ground.queues.clone() {
            let source = Arc::clone(&self.source);
            reads.push(Box::pin(async move { places::queue(source.as_ref(), &place).await }));
        }
        reads.extend(self.logs(ids));
        reads.extend(self.tables(ids, self.wanted.scan));
        for place in self.ground.buckets.clone() {
            let source = Arc::clone(&self.source);
            reads.push(Box::pin(async move { places::bucket(source.as_ref(), &place, span).await }));
        }
        reads
    }

    /// What has to be asked for by an id.
    fn again(&self, ids: &[String]) -> Vec<BoxFuture<'static, Haul>> {
        let mut reads = if self.source.filters_logs() { self.logs(ids) } else { Vec::new() };
        reads.extend(self.tables(ids, false));
        reads
    }

    fn logs(&self, ids: &[String]) -> Vec<BoxFuture<'static, Haul>> {
        let span = self.wanted.span;
        let there = self.ground.logs.iter().filter(|log| log.is_there).cloned();
        let read = |log| {
            let (source, ids) = (Arc::clone(&self.source), ids.to_vec());
            Box::pin(async move { places::log(source.as_ref(), &log, span, &ids).await }) as BoxFuture<'static, Haul>
        };
        there.map(read).collect()
    }

    fn tables(&self, ids: &[String], scan: bool) -> Vec<BoxFuture<'static, Haul>> {
        let read = |place| {
            let (source, ids) = (Arc::clone(&self.source), ids.to_vec());
            Box::pin(async move { places::table(source.as_ref(), &place, &ids, scan).await })
                as BoxFuture<'static, Haul>
        };
        self.ground.tables.iter().cloned().map(read).collect()
    }

    /// Where the service searched the logs, a failure that names no id was not read: the runs around a message's receives are.
    fn around_receives(&self) -> Vec<BoxFuture<'static, Haul>> {
        if !self.source.filters_logs() {
            return Vec::new();
        }
        let is_ours = |lying: &&Lying| {
            self.thread.ids.iter().any(|known| known.nature != Nature::Shared && known.id == lying.message.id)
        };
        let mut reads: Vec<BoxFuture<'static, Haul>> = Vec::new();
        for lying in self.haul.lying.iter().filter(is_ours) {
            let Some(sent) = lying.message.sent_at().filter(|_| lying.message.receive_count() > Some(0)) else {
                continue;
            };
            let queue = story::source_of(&self.ground, lying);
            let takers: Vec<_> = self.ground.takers(&queue).cloned().collect();
            let from_ms = sent.as_millisecond();
            let span = Span { from_ms, to_ms: self.wanted.span.to_ms.max(from_ms) };
            for log in self.ground.logs.iter().filter(|log| log.is_there && takers.contains(&log.function)) {
                let (source, log) = (Arc::clone(&self.source), log.clone());
                reads.push(Box::pin(async move { places::whole(source.as_ref(), &log, span, RECEIVE_PAGES).await }));
            }
        }
        reads
    }
}
