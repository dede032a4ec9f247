//! [`Listener`] on logs: the lines of a run's consumers since it began, a few pages a question, put together over all of them.
//!
//! A message is failed on for sure only when the invocation names it by its id. Must not: keep lines, or read what it has read.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{
    evidence::nearest,
    invocations::{Assembler, Invocation, uuid, uuid_text},
    lines::{Ask, Line, LogReader, Span, read},
};
use crate::redrive::{
    mover::listener::{Failed, Listener},
    peek::own::Ids,
};

/// Pages of one log that one question reads.
const MOST_PAGES: u32 = 2;
/// Lines may come so late, in milliseconds, and clocks may be so far apart.
const LATE_MS: i64 = 10_000;

/// Listens to the logs of a run's consumers.
#[derive(Debug)]
pub struct Hearing {
    reader: Arc<dyn LogReader>,
    began_ms: i64,
    clock: fn() -> Timestamp,
    tails: Mutex<Vec<Tail>>,
}

/// The end of one log.
#[derive(Debug)]
struct Tail {
    group: String,
    from_ms: i64,
    /// Lines after that which were read already.
    taken: BTreeSet<(i64, u64)>,
    assembler: Assembler,
}

impl Hearing {
    /// Of the log groups of these names, from now on.
    pub fn new(reader: Arc<dyn LogReader>, groups: Vec<String>, clock: fn() -> Timestamp) -> Self {
        let began_ms = clock().as_millisecond();
        let tail = |group| Tail {
            group,
            from_ms: began_ms - LATE_MS,
            taken: BTreeSet::new(),
            assembler: Assembler::of_failures(),
        };
        Self { reader, began_ms, clock, tails: Mutex::new(groups.into_iter().map(tail).collect()) }
    }
}

#[async_trait]
impl Listener for Hearing {
    async fn failures(&self, sent: &Ids) -> Vec<Failed> {
        let mut failures = Vec::new();
        for tail in self.tails.lock().await.iter_mut() {
            tail.read_on(self.reader.as_ref(), (self.clock)()).await;
            for invocation in tail.assembler.so_far() {
                failures.extend(failed(&invocation, sent, self.began_ms - LATE_MS));
            }
        }
        failures
    }
}

impl Tail {
    async fn read_on(&mut self, reader: &dyn LogReader, now: Timestamp) {
        let span = Span { from_ms: self.from_ms, to_ms: now.as_millisecond() + LATE_MS };
        let mut newest_ms = self.from_ms;
        let ask = Ask { group: &self.group, span, pattern: None };
        let (taken, assembler) = (&mut self.taken, &mut self.assembler);
        let take = |line: Line| {
            newest_ms = newest_ms.max(line.at_ms);
            if taken.insert((line.at_ms, hash(&line))) {
                assembler.take(line);
            }
        };
        let ending = read(reader, &ask, MOST_PAGES, take).await;
        self.from_ms = match ending.unread_from_ms {
            // What comes next is to be read next; that it is a refusal changes nothing.
            Some(unread_ms) if ending.trouble.is_none() => unread_ms.max(self.from_ms + 1),
            Some(_) => self.from_ms,
            None => self.from_ms.max(newest_ms - LATE_MS),
        };
        self.taken = self.taken.split_off(&(self.from_ms, 0));
    }
}

fn hash(line: &Line) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&line.stream, &line.text).hash(&mut hasher);
    hasher.finish()
}

/// What failed in an invocation: on which of the sent messages, or that it cannot be told.
fn failed(invocation: &Invocation, sent: &Ids, from_ms: i64) -> Vec<Failed> {
    let named: BTreeSet<u128> = invocation.mentions.iter().map(|(_, id)| *id).collect();
    let on = |id: u128| {
        let failure = nearest(invocation, id)?;
        // An error that names others is theirs, in a batch that goes on without them.
        let own = invocation.request_id.as_deref().and_then(uuid);
        let mut of_line = invocation.mentions.iter().filter(|(line, _)| *line == failure.line).map(|(_, id)| *id);
        let is_others = of_line.clone().any(|other| Some(other) != own) && !of_line.any(|named| named == id);
        (!is_others).then(|| Failed { id: Some(uuid_text(id)), said: failure.cause.headline() })
    };
    let ours: Vec<Failed> = named.into_iter().filter(|id| sent.contains_uuid(*id)).filter_map(on).collect();
    if !ours.is_empty() {
        return ours;
    }
    let last = invocation.failures.last().filter(|failure| failure.at_ms >= from_ms);
    last.map(|failure| Failed { id: None, said: failure.cause.headline() }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aws::Trouble, redrive::why::lines::Page};

    const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
    const B: &str = "0bfe8414-7ee6-4ceb-baf6-3658e581d01f";
    const M: &str = "4a3655bc-ed16-4a32-a979-724a763d2e2c";
    const N: &str = "5b3655bc-ed16-4a32-a979-724a763d2e2d";

    /// A log that is still being written; a page has three lines.
    #[derive(Debug, Default)]
    struct Growing(std::sync::Mutex<Vec<Line>>);

    impl Growing {
        fn write(&self, lines: &[(i64, &str)]) {
            let line = |(at_ms, text): &(i64, &str)| {
                let text = text.replace("$A", A).replace("$B", B).replace("$M", M).replace("$N", N);
                Line { at_ms: *at_ms, stream: "s".into(), text }
            };
            self.0.lock().unwrap().extend(lines.iter().map(line));
        }
    }

    #[async_trait]
    impl LogReader for Growing {
        async fn page(&self, ask: &Ask<'_>, token: Option<String>) -> Result<Page, Trouble> {
            let start = token.map_or(0, |token| token.parse().unwrap());
            let lines = self.0.lock().unwrap();
            let all: Vec<_> = lines.iter().filter(|line| ask.span.contains(line.at_ms)).cloned().collect();
            let end = (start + 3).min(all.len());
            Ok(Page { lines: all[start..end].to_vec(), next: (end < all.len()).then(|| end.to_string()) })
        }
    }

    fn clock() -> Timestamp {
        Timestamp::from_millisecond(1_000_000).unwrap()
    }

    fn hearing() -> (Arc<Growing>, Hearing) {
        let log = Arc::new(Growing::default());
        (log.clone(), Hearing::new(log, vec!["g".into()], clock))
    }

    async fn hear(hearing: &Hearing) -> Vec<Failed> {
        hearing.failures(&[M, N].into_iter().collect()).await
    }

    fn on(id: &str) -> Failed {
        Failed { id: Some(id.to_owned()), said: "ValueError: no".into() }
    }

    #[tokio::test]
    async fn a_failure_is_put_together_over_several_questions() {
        let (log, hearing) = hearing();
        log.write(&[(1_000_000, "START RequestId: $A Version: 1"), (1_000_000, "got $M")]);
        assert_eq!(hear(&hearing).await, []);
        log.write(&[(1_000_900, "[ERROR] ValueError: no"), (1_000_900, "REPORT RequestId: $A\tDuration: 1 ms")]);
        assert_eq!(hear(&hearing).await, [on(M)]);
        log.write(&[(1_001_000, "START RequestId: $B Version: 1"), (1_001_000, "got $N")]);
        hear(&hearing).await;
        assert_eq!(hear(&hearing).await, [], "what went well is no failure, and the last one was told");
    }

    #[tokio::test]
    async fn what_does_not_name_a_message_is_a_sign_and_no_proof() {
        let (log, hearing) = hearing();
        log.write(&[(900_000, "[ERROR] ValueError: long ago"), (1_000_000, "START RequestId: $A Version: 1")]);
        log.write(&[(1_000_000, "[ERROR] ValueError: no")]);
        assert_eq!(hear(&hearing).await, [Failed { id: None, said: "ValueError: no".into() }]);
    }

    #[tokio::test]
    async fn an_error_that_names_another_is_the_others() {
        let (log, hearing) = hearing();
        log.write(&[(1_000_000, "START RequestId: $A Version: 1"), (1_000_000, "got $M")]);
        log.write(&[(1_000_001, "[ERROR] ValueError: no $B")]);
        let heard = hear(&hearing).await;
        assert_eq!(heard.iter().map(|failed| failed.id.clone()).collect::<Vec<_>>(), [None]);
    }

    #[tokio::test]
    async fn a_question_reads_no_more_than_its_pages_and_the_next_goes_on() {
        let (log, hearing) = hearing();
        for n in 0..20 {
            log.write(&[(1_000_000 + n, "noise")]);
        }
        log.write(&[(1_000_100, "[ERROR] ValueError: no $M")]);
        let mut questions = 1;
        while hear(&hearing).await.is_empty() {
            questions += 1;
            assert!(questions < 20, "it is never read");
        }
        assert!(questions > 2, "one question read all of it");
    }
}
