//! What the log says of the message under the cursor: the whole invocation that failed on it.
//!
//! A log is asked only when the cursor rests, once a message, and no longer than it rests: who walks down a list asks nothing.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    bench::{Bench, Note},
    laying::Laid,
    why::{Learned, route},
};
use crate::{
    app::clock,
    aws::Connection,
    domain::ResourceId,
    overlays::desk::model::{Log, LogLine},
    redrive::why::{
        Cause, Correlate, Found, Route, Sureness, decode,
        lines::{Line, LogReader},
    },
};

/// How long the cursor rests before a log is asked.
const REST: Duration = Duration::from_millis(300);
/// Messages whose logs are kept; the oldest go first.
const MOST_LOGS: usize = 64;
/// Characters kept of one line. AWS allows 256 KiB.
const LONGEST: usize = 4_000;
/// Characters kept of one log.
const MOST_TEXT: usize = 200_000;

/// What logs say, and the question under way.
pub(super) struct Logs {
    reader: Arc<dyn LogReader>,
    known: VecDeque<(u32, Arc<Log>)>,
    /// The row that is asked for; dropped, the question is taken back.
    asked: Option<(u32, DropGuard)>,
}

/// What a log said of the message in this row.
pub(super) struct Fetched {
    row: u32,
    log: Log,
    learned: Option<Learned>,
}

impl Logs {
    pub(super) fn new(reader: Arc<dyn LogReader>) -> Self {
        Self { reader, known: VecDeque::new(), asked: None }
    }

    pub(super) fn reader(&self) -> Arc<dyn LogReader> {
        Arc::clone(&self.reader)
    }

    pub(super) fn get(&self, row: u32) -> Option<Arc<Log>> {
        self.known.iter().find(|(known, _)| *known == row).map(|(_, log)| Arc::clone(log))
    }

    /// What was not found is looked for again.
    pub(super) fn forget_gaps(&mut self) {
        self.known.retain(|(_, log)| !log.lines.is_empty());
    }

    fn keep(&mut self, row: u32, log: Log) {
        if self.known.len() >= MOST_LOGS {
            self.known.pop_front();
        }
        self.known.push_back((row, Arc::new(log)));
    }
}

impl Bench {
    /// Asks the log for the message under the cursor, unless that is done or being done.
    pub(super) fn fetch_log(&mut self) {
        let row = self.sheet.row();
        if self.logs.asked.as_ref().map(|(asked, _)| *asked) == row {
            return;
        }
        self.logs.asked = None;
        let (Some(row), Some(laid)) = (row.filter(|row| self.logs.get(*row).is_none()), self.laid.clone()) else {
            return;
        };
        let Some(id) = self.rows.get(row as usize).map(|known| Arc::clone(&known.id)) else { return };
        let question = Question {
            row,
            id,
            laid,
            source: self.source_of(row),
            aws: Arc::clone(&self.aws),
            routes: self.subject.routes.clone(),
            reader: self.logs.reader(),
        };
        let cancel = CancellationToken::new();
        let cancelled = cancel.clone();
        self.logs.asked = Some((row, cancel.drop_guard()));
        self.start(async move {
            tokio::select! {
                fetched = question.ask() => Note::Fetched(Box::new(fetched)),
                () = cancelled.cancelled() => Note::Quiet,
            }
        });
    }

    pub(super) fn fetched(&mut self, Fetched { row, log, learned }: Fetched) {
        if self.logs.get(row).is_none() {
            self.logs.keep(row, log);
        }
        self.logs.asked.take_if(|(asked, _)| *asked == row);
        // Who asks for one message may find more than who asks for all.
        let is_news = |learned: &Learned| learned.sureness == Sureness::Certain || !self.causes.contains_key(&row);
        if let Some(learned) = learned.filter(is_news) {
            self.learn(vec![learned]);
        }
    }
}

/// One message, and all that is needed to ask for it.
struct Question {
    row: u32,
    id: Arc<str>,
    laid: Arc<Laid>,
    source: Option<ResourceId>,
    aws: Arc<Connection>,
    routes: Vec<Route>,
    reader: Arc<dyn LogReader>,
}

impl Question {
    async fn ask(self) -> Fetched {
        sleep(REST).await;
        let row = self.row;
        match self.found().await {
            Ok(found) => {
                let learned = found.failure.as_ref().map(|failure| Learned::of(row, failure));
                Fetched { row, log: log(found), learned }
            }
            Err(why) => Fetched { row, log: Log { notes: vec![why], ..Log::default() }, learned: None },
        }
    }

    async fn found(self) -> Result<Found, String> {
        let Self { id, laid, source, aws, routes, reader, .. } = self;
        let source = source.ok_or_else(|| match laid.sources.len() {
            0 => "nothing is known to send its dead letters here: there is no log to ask".to_owned(),
            several => format!("the message does not say which of {several} sources gave it up"),
        })?;
        let timing = laid.timing_of(&source);
        let read = tokio::task::spawn_blocking(move || {
            let message = laid.hold.message(&id).map_err(|refusal| refusal.text)?;
            let decoded = decode(&message);
            Ok::<_, String>((message, decoded))
        });
        let (message, decoded) = read.await.map_err(|error| error.to_string())??;
        let sent = message.sent_at().ok_or("when it was sent is not known: there is no time to look for in a log")?;
        let route = route(&aws, &routes, &source).await;
        let route = route.map_err(|trouble| format!("who takes from {}: {trouble}", source.short_name()))?;
        let window = timing.window(sent, clock::now());
        Ok(Correlate::new(reader).one(&route, &message, &decoded, window).await)
    }
}

/// As it is shown: what was written as one event may have several lines.
fn log(found: Found) -> Log {
    let mut log = Log { notes: found.notes, ..Log::default() };
    let Some(failure) = found.failure else { return log };
    log.says = format!("{} · {}", failure.proof.sureness().name(), found.log_group.as_deref().unwrap_or_default());
    let at = Timestamp::from_millisecond(failure.at_ms).ok();
    log.place = found.log_group.as_deref().map(Into::into).zip(at);
    let is_it = |line: &Line| line.at_ms == failure.at_ms && Cause::of_line(&line.text) == *failure.cause;
    let (mut left, mut kept) = (MOST_TEXT, 0_u32);
    for line in &found.lines {
        if left == 0 {
            break;
        }
        kept += 1;
        let mut bad = is_it(line);
        for text in line.text.lines() {
            let text: String = text.chars().take(LONGEST.min(left)).collect();
            left = left.saturating_sub(text.len().max(1));
            if bad {
                log.failure = log.lines.len();
            }
            // A trace after it is told by standing there.
            log.lines.push(LogLine { text, bad: std::mem::take(&mut bad) });
        }
    }
    let unshown = found.all_lines.saturating_sub(kept);
    if unshown > 0 {
        log.notes.push(format!("{unshown} more lines of this invocation are not kept"));
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::why::evidence::{Match, Proof};

    fn line(at_ms: i64, text: &str) -> Line {
        Line { at_ms, stream: "s".into(), text: text.to_owned() }
    }

    fn found(lines: Vec<Line>, all_lines: u32) -> Found {
        let cause = Arc::new(Cause::of_line("[ERROR] ValueError: no"));
        let failure = Match { invocation: 0, cause, at_ms: 2, proof: Proof::MessageId };
        let log_group = Some("/aws/lambda/f".to_owned());
        Found { failure: Some(failure), lines, all_lines, log_group, notes: Vec::new() }
    }

    #[test]
    fn the_line_that_failed_stands_out_among_those_of_its_invocation() {
        let lines =
            vec![line(1, "START"), line(2, "got it"), line(2, "[ERROR] ValueError: no\n  at f\n"), line(3, "REPORT")];
        let log = log(found(lines, 4));
        let shown: Vec<_> = log.lines.iter().map(|line| (line.text.as_str(), line.bad)).collect();
        let expected = [
            ("START", false),
            ("got it", false),
            ("[ERROR] ValueError: no", true),
            ("  at f", false),
            ("REPORT", false),
        ];
        assert_eq!(shown, expected);
        assert_eq!((log.failure, log.says.as_str(), log.notes), (2, "certain · /aws/lambda/f", Vec::new()));
    }

    #[test]
    fn what_is_too_long_is_cut_and_that_is_said() {
        let long = "x".repeat(LONGEST * 2);
        let lines: Vec<_> = (0..100).map(|at| line(at, &long)).collect();
        let log = log(found(lines, 120));
        assert_eq!(log.lines.len(), MOST_TEXT / LONGEST);
        assert!(log.lines.iter().all(|line| line.text.len() == LONGEST));
        assert_eq!(log.notes, ["70 more lines of this invocation are not kept"]);
    }

    #[test]
    fn what_was_not_found_is_a_sentence() {
        let log = log(Found { notes: vec!["no function".to_owned()], ..Found::default() });
        assert_eq!(log, Log { notes: vec!["no function".to_owned()], ..Log::default() });
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut logs = Logs::new(Arc::new(crate::redrive::why::lines::testing::FakeLog::default()));
        let most = u32::try_from(MOST_LOGS).unwrap();
        (0..=most).for_each(|row| logs.keep(row, Log::default()));
        assert_eq!((logs.known.len(), logs.get(0), logs.get(most).is_some()), (MOST_LOGS, None, true));
    }
}
