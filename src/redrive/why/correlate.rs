//! Finds what the log of a consumer says of dead letters: of a whole desk in one sweep, of one message with all lines.
//!
//! Nothing is read a message at a time for a desk: the failures of the whole span are read once and matched in memory. Reading is
//! bounded, and what was not read is said. Must not: make calls itself ([`LogReader`] does).

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    decode::Decoded,
    evidence::{Evidence, Match, Subject, Window},
    invocations::{Assembler, MOST_INVOCATIONS},
    lines::{Ask, Ending, Line, LogReader, Span, read},
    route::Route,
};
use crate::redrive::{message::Message, queue::Queue};

/// Pages of all lines that are read of one group. A page has up to 10,000 lines or 1 MiB on AWS.
const MOST_PAGES: u32 = 20;
/// Pages of nothing but errors that are read after these, where that was not all.
const MOST_ERROR_PAGES: u32 = 20;
/// Pages that are searched for one id.
const MOST_SEARCHED: u32 = 5;
/// Words of a failure, for endpoints that filter. What an error is, is decided later.
pub(super) const ERRORS: &str =
    r#"?ERROR ?Error ?error ?Exception ?exception ?Traceback ?FATAL ?CRITICAL ?panic ?"timed out""#;
/// How far clocks and logs may be apart.
const SKEW: Duration = Duration::from_secs(10);
/// How much longer than it should a message may wait for its receives.
const SLACK: Duration = Duration::from_mins(10);
/// What is assumed of a source that is not known: AWS's own defaults for visibility, and as many receives as AWS advises.
const ASSUMED: Timing = Timing { visibility: Duration::from_secs(30), receives: 5, is_fifo: false };

/// How a source handed a message out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long after a receive the next may come.
    pub visibility: Duration,
    /// How many receives a message has before it is given up.
    pub receives: u32,
    pub is_fifo: bool,
}

impl Default for Timing {
    fn default() -> Self {
        ASSUMED
    }
}

impl Timing {
    pub fn of(source: &Queue) -> Self {
        Self {
            visibility: source.visibility_timeout,
            receives: source.redrive_policy.as_ref().map_or(ASSUMED.receives, |policy| policy.max_receive_count),
            is_fifo: source.is_fifo(),
        }
    }

    /// When a message may have been received by whoever failed on it.
    ///
    /// The time of the first receive is of no use: a look into the dead-letter queue may have set it anew. So it is from when the
    /// message was sent, for as long as all receives take, twice over. On AWS a FIFO queue sets the time of sending anew when it
    /// gives a message up: there the receives came before.
    pub fn window(&self, sent_at: Timestamp, now: Timestamp) -> Window {
        let all =
            self.visibility.saturating_mul(self.receives.saturating_add(1).saturating_mul(2)).saturating_add(SLACK);
        let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        let sent = sent_at.as_millisecond();
        let before = if self.is_fifo { ms(all) } else { ms(SKEW) };
        let to_ms = sent.saturating_add(ms(all)).min(now.as_millisecond());
        let last = self.visibility.saturating_mul(self.receives.saturating_sub(1));
        Window {
            span: Span { from_ms: sent.saturating_sub(before), to_ms: to_ms.max(sent) },
            last_receive_ms: sent.saturating_add(ms(last)),
        }
    }
}

/// Reads logs for dead letters.
#[derive(Debug, Clone)]
pub struct Correlate {
    reader: Arc<dyn LogReader>,
}

/// What one sweep over a log found: ask it for as many messages as there are.
#[derive(Debug, Default)]
pub struct Sweep {
    pub evidence: Evidence,
    /// What was not read and why, in sentences.
    pub notes: Vec<String>,
    pub calls: u32,
    pub lines: u64,
}

impl Sweep {
    /// The failure of a message, the surest there is.
    pub fn find(&self, subject: &Subject) -> Option<Match> {
        self.evidence.find(subject)
    }
}

/// What a log says of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub failure: Option<Match>,
    /// All lines of the invocation that failed, the oldest first.
    pub lines: Vec<Line>,
    /// How many it had: beyond [`super::invocations::MOST_LINES`] they are not kept.
    pub all_lines: u32,
    /// Where it is from: function and log group.
    pub log_group: Option<String>,
    /// What was not found or not read and why, in sentences.
    pub notes: Vec<String>,
}

impl Correlate {
    pub fn new(reader: Arc<dyn LogReader>) -> Self {
        Self { reader }
    }

    /// Reads all failures of a route's consumers in a span.
    pub async fn sweep(&self, route: &Route, span: Span) -> Sweep {
        let mut sweep = Sweep { notes: route.gap.clone().into_iter().collect(), ..Sweep::default() };
        let mut failed = Vec::new();
        for consumer in &route.consumers {
            let mut assembler = Assembler::of_failures();
            self.read_group(&consumer.log_group, span, &mut assembler, &mut sweep).await;
            let (invocations, forgotten) = assembler.finish();
            if forgotten > 0 {
                let group = &consumer.log_group;
                sweep.notes.push(format!("{group}: {forgotten} failures beyond {MOST_INVOCATIONS} were not kept"));
            }
            failed.extend(invocations);
        }
        failed.sort_by_key(|invocation| invocation.first_ms);
        sweep.evidence = Evidence::new(failed);
        sweep
    }

    /// What the log says of one message. First it is searched by the message's id, then over the window of its receives.
    pub async fn one(&self, route: &Route, message: &Message, decoded: &Decoded, window: Window) -> Found {
        let subject = Subject::of(message, decoded, Some(window));
        let mut found = Found { notes: route.gap.clone().into_iter().collect(), ..Found::default() };
        for consumer in &route.consumers {
            let group = consumer.log_group.as_str();
            let mut sweep = Sweep::default();
            let narrowed = self.narrowed(group, message, window.span).await.unwrap_or(window.span);
            for span in [narrowed, window.span] {
                let mut assembler = Assembler::with_lines();
                sweep.notes.clear();
                self.read_group(group, span, &mut assembler, &mut sweep).await;
                sweep.evidence = Evidence::new(assembler.finish().0);
                if sweep.find(&subject).is_some() || span == window.span {
                    break;
                }
            }
            found.notes.append(&mut sweep.notes);
            let Some(matched) = sweep.find(&subject) else { continue };
            if found.failure.as_ref().is_none_or(|known| known.proof.sureness() < matched.proof.sureness()) {
                found.log_group = Some(group.to_owned());
                let invocation = sweep.evidence.invocations.get(matched.invocation);
                found.lines = invocation.map_or_else(Vec::new, |invocation| invocation.lines.clone());
                found.all_lines = invocation.map_or(0, |invocation| invocation.all_lines);
                found.failure = Some(matched);
            }
        }
        if found.failure.is_none() && !route.consumers.is_empty() {
            found.notes.push("no failure in the log can be told to be this message's".to_owned());
        }
        found
    }

    /// Around the lines that name a message, if the endpoint can search for them: a busy log has too much around them to read it all.
    async fn narrowed(&self, group: &str, message: &Message, window: Span) -> Option<Span> {
        let pattern = format!("\"{}\"", message.id);
        let ask = Ask { group, span: window, pattern: Some(&pattern) };
        let mut last_ms = None;
        read(self.reader.as_ref(), &ask, MOST_SEARCHED, |line| {
            if line.text.contains(&message.id) {
                last_ms = last_ms.max(Some(line.at_ms));
            }
        })
        .await;
        // An invocation lasts a quarter of an hour at most.
        let reach = 15 * 60 * 1000;
        last_ms.map(|at| Span { from_ms: window.from_ms.max(at - reach), to_ms: window.to_ms.min(at + reach) })
    }

    /// All lines as far as the pages go, then errors alone.
    async fn read_group(&self, group: &str, span: Span, assembler: &mut Assembler, sweep: &mut Sweep) {
        let reader = self.reader.as_ref();
        let all = Ask { group, span, pattern: None };
        let ending = read(reader, &all, MOST_PAGES, |line| assembler.take(line)).await;
        let mut unread = add(sweep, &ending, group);
        if let (Some(from_ms), None) = (unread, &ending.trouble) {
            let rest = Span { from_ms: from_ms.saturating_add(1), ..span };
            let errors = Ask { span: rest, pattern: Some(ERRORS), ..all };
            let ending = read(reader, &errors, MOST_ERROR_PAGES, |line| assembler.take(line)).await;
            unread = add(sweep, &ending, group);
        }
        if let Some(at) = unread.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
            let at = at.strftime("%F %T");
            sweep.notes.push(format!("{group}: there was more than could be read; lines after {at} UTC are missing"));
        }
    }
}

/// Counts a reading; says from where on lines are missing, if it was not a refusal that ended it.
fn add(sweep: &mut Sweep, ending: &Ending, group: &str) -> Option<i64> {
    sweep.calls += ending.pages;
    sweep.lines += ending.lines;
    match &ending.trouble {
        Some(trouble) => {
            sweep.notes.push(format!("{group} cannot be read: {trouble}"));
            None
        }
        None => ending.unread_from_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::why::{cause::Sureness, decode::decode, lines::testing::FakeLog};
    use std::sync::atomic::Ordering;

    const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
    const M: &str = "4a3655bc-ed16-4a32-a979-724a763d2e2c";
    const SPAN: Span = Span { from_ms: 0, to_ms: 1_000_000 };

    const WINDOW: Window = Window { span: SPAN, last_receive_ms: 0 };

    fn route() -> Route {
        Route::through("arn:aws:sqs:r:1:q".into(), ["arn:aws:lambda:r:1:function:f".into()])
    }

    fn message(body: &str) -> Message {
        Message { id: M.to_owned(), body: body.to_owned(), ..Message::default() }
    }

    fn log(lines: &[(i64, &str, &str)]) -> (Arc<FakeLog>, Correlate) {
        let lines: Vec<_> =
            lines.iter().map(|(at, s, text)| (*at, *s, text.replace("$A", A).replace("$M", M))).collect();
        let lines: Vec<_> = lines.iter().map(|(at, s, text)| (*at, *s, text.as_str())).collect();
        let log = Arc::new(FakeLog::new(&lines));
        (log.clone(), Correlate::new(log))
    }

    #[tokio::test]
    async fn one_message_gets_all_lines_of_its_invocation() {
        let (_, correlate) = log(&[
            (1, "s", "START RequestId: $A Version: 1"),
            (2, "t", "[ERROR] E_X: another's"),
            (3, "s", "got $M"),
            (4, "s", "[ERROR] ValueError: no"),
            (4, "s", "Traceback (most recent call last):"),
            (4, "s", "  File \"app.py\""),
            (5, "s", "END RequestId: $A"),
            (5, "s", "REPORT RequestId: $A\tDuration: 1 ms"),
        ]);
        let message = message("{}");
        let found = correlate.one(&route(), &message, &decode(&message), WINDOW).await;
        let failure = found.failure.unwrap();
        assert_eq!(
            (failure.cause.headline().as_str(), failure.proof.sureness()),
            ("ValueError: no", Sureness::Certain)
        );
        let texts: Vec<_> = found.lines.iter().map(|line| line.text.split(' ').next().unwrap()).collect();
        assert_eq!(texts, ["START", "got", "[ERROR]", "Traceback", "", "END", "REPORT"]);
        assert_eq!((found.log_group.as_deref(), found.notes), (Some("/aws/lambda/f"), Vec::new()));
    }

    #[tokio::test]
    async fn what_is_not_found_is_said() {
        let (log, correlate) = log(&[(1, "s", "[ERROR] ValueError: cannot price cart 3")]);
        let message = message(r#"{"id": 4}"#);
        let found = correlate.one(&route(), &message, &decode(&message), WINDOW).await;
        assert_eq!((found.failure, found.notes.len()), (None, 1));
        let nowhere = Route { gap: Some("no function".into()), ..Route::default() };
        let before = log.calls.load(Ordering::Relaxed);
        let found = correlate.one(&nowhere, &message, &decode(&message), WINDOW).await;
        assert_eq!((found.notes, log.calls.load(Ordering::Relaxed)), (vec!["no function".to_owned()], before));
    }

    #[tokio::test]
    async fn a_desk_costs_one_sweep_however_many_messages_it_has() {
        let texts: Vec<String> = (0..30).map(|n| format!("[ERROR] ValueError: no price for item-{n}")).collect();
        let lines: Vec<_> = texts.iter().enumerate().map(|(n, text)| (n as i64, "s", text.as_str())).collect();
        let (log, correlate) = log(&lines);
        let sweep = correlate.sweep(&route(), SPAN).await;
        assert_eq!((sweep.calls, sweep.lines, sweep.notes.len()), (10, 30, 0));
        for n in 0..30 {
            let message = message(&format!(r#"{{"id": "item-{n}"}}"#));
            let found = sweep.find(&Subject::of(&message, &decode(&message), Some(WINDOW))).unwrap();
            assert_eq!((found.cause.headline(), found.at_ms), (format!("ValueError: no price for item-{n}"), n));
        }
        assert_eq!(log.calls.load(Ordering::Relaxed), 10);
    }

    #[tokio::test]
    async fn what_does_not_fit_into_the_pages_is_read_for_errors_alone_and_the_rest_is_said() {
        let mut lines: Vec<(i64, &str, &str)> = (0..200).map(|n| (n, "s", "fine")).collect();
        lines.extend((200..210).map(|n| (n, "s", "[ERROR] ValueError: no")));
        let (log, correlate) = log(&lines);
        let sweep = correlate.sweep(&route(), SPAN).await;
        assert_eq!((sweep.calls, log.calls.load(Ordering::Relaxed)), (40, 40));
        assert_eq!(
            sweep.notes,
            ["/aws/lambda/f: there was more than could be read; lines after 1970-01-01 00:00:00 UTC are missing"]
        );
    }

    #[tokio::test]
    async fn a_log_that_refuses_is_named() {
        let log = FakeLog { refuses: Some(1), ..FakeLog::new(&[]) };
        let sweep = Correlate::new(Arc::new(log)).sweep(&route(), SPAN).await;
        assert_eq!(sweep.notes, ["/aws/lambda/f cannot be read: no"]);
    }

    #[test]
    fn the_window_is_as_long_as_all_receives_take() {
        let timing = Timing { visibility: Duration::from_secs(60), receives: 3, is_fifo: false };
        let (sent, now) = (Timestamp::from_second(10_000).unwrap(), Timestamp::from_second(99_999).unwrap());
        let span = Span { from_ms: 9_990_000, to_ms: 10_000_000 + 480_000 + 600_000 };
        assert_eq!(timing.window(sent, now), Window { span, last_receive_ms: 10_120_000 });
        assert_eq!(Timing { is_fifo: true, ..timing }.window(sent, now).span.from_ms, 10_000_000 - 1_080_000);
        assert_eq!(timing.window(sent, sent).span.to_ms, 10_000_000);
    }
}
