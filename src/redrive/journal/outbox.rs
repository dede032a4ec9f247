//! What is to be written to a journal, from those who hand it in to the thread that writes. A full outbox cannot come about: whoever hands
//! in a record waits for it before the next but one.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::writer::Answer;

/// How long what nobody hurries waits for more. Only a bound: a run hurries it as soon as its calls have nothing else to do.
const LINGER: Duration = Duration::from_millis(20);

/// Lines that go to the disk at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub lines: Vec<u8>,
    /// Who waits for them; nobody for those that were only noted.
    pub waiting: Vec<Answer>,
    /// Some of them were only noted.
    pub has_notes: bool,
}

#[derive(Debug, Default)]
struct State {
    batch: Batch,
    is_hurried: bool,
    is_closed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    changed: Condvar,
}

/// Closes the outbox when it is dropped.
pub(super) struct Closing<'a>(&'a Outbox);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
        // Those who still wait learn that nobody writes any more.
        self.0.state().batch = Batch::default();
    }
}

impl Outbox {
    /// Whether it is taken; a closed one takes nothing.
    #[must_use]
    pub fn put(&self, line: &[u8], answer: Option<Answer>) -> bool {
        let mut state = self.state();
        if state.is_closed {
            return false;
        }
        let is_first = state.batch.lines.is_empty();
        state.batch.lines.extend_from_slice(line);
        state.batch.has_notes |= answer.is_none();
        state.batch.waiting.extend(answer);
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
        true
    }

    /// What is in it waits no longer.
    pub fn hurry(&self) {
        let mut state = self.state();
        if state.batch.waiting.is_empty() || state.is_hurried {
            return;
        }
        state.is_hurried = true;
        drop(state);
        self.changed.notify_one();
    }

    /// Takes nothing more; what is in it can still be had.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    pub fn closing(&self) -> Closing<'_> {
        Closing(self)
    }

    /// Waits for something, and then until it is hurried or has waited for long enough. None when it is closed and empty.
    pub fn next(&self) -> Option<Batch> {
        let is_idle = |state: &mut State| state.batch.lines.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.state(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let may_wait = |state: &mut State| !state.is_hurried && !state.is_closed;
        let waited = self.changed.wait_timeout_while(state, LINGER, may_wait);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_hurried = false;
        Some(std::mem::take(&mut state.batch)).filter(|batch| !batch.lines.is_empty())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::sync::oneshot;

    use super::*;

    /// So long nothing here takes that is hurried.
    const LONG: Duration = Duration::from_secs(30);

    fn put(outbox: &Outbox, line: &str) -> oneshot::Receiver<Result<(), super::super::JournalError>> {
        let (answer, answered) = oneshot::channel();
        assert!(outbox.put(line.as_bytes(), Some(answer)));
        answered
    }

    #[test]
    fn what_nobody_hurries_waits_for_more_and_no_longer_than_a_moment() {
        let outbox = Outbox::default();
        let (began, _first) = (Instant::now(), put(&outbox, "a"));
        let batch = outbox.next().unwrap();
        assert!(began.elapsed() >= LINGER);
        assert_eq!((batch.lines, batch.waiting.len(), batch.has_notes), (b"a".to_vec(), 1, false));
    }

    #[test]
    fn what_is_hurried_goes_with_all_that_was_handed_in() {
        let outbox = Outbox::default();
        let (_a, _c) = (put(&outbox, "a"), outbox.put(b"b", None));
        let _d = put(&outbox, "c");
        outbox.hurry();
        let batch = outbox.next().unwrap();
        assert_eq!((batch.lines, batch.waiting.len(), batch.has_notes), (b"abc".to_vec(), 2, true));
    }

    #[test]
    fn a_hurry_is_for_what_was_handed_in_before_it() {
        let outbox = Outbox::default();
        outbox.hurry();
        let (began, _a) = (Instant::now(), put(&outbox, "a"));
        outbox.next().unwrap();
        assert!(began.elapsed() >= LINGER);
    }

    #[test]
    fn one_who_waits_is_woken_by_a_hurry() {
        let outbox = Outbox::default();
        let began = Instant::now();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| outbox.next().unwrap().lines);
            let _a = put(&outbox, "a");
            outbox.hurry();
            assert_eq!(taken.join().unwrap(), b"a");
        });
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn a_closed_one_gives_out_what_it_has_and_takes_nothing() {
        let outbox = Outbox::default();
        let _a = put(&outbox, "a");
        outbox.close();
        assert!(!outbox.put(b"b", None));
        assert_eq!(outbox.next().unwrap().lines, b"a");
        assert!(outbox.next().is_none());
    }

    #[test]
    fn nobody_waits_for_a_writer_that_has_ended() {
        let outbox = Outbox::default();
        let closing = outbox.closing();
        let mut answered = put(&outbox, "a");
        drop(closing);
        assert!(matches!(answered.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }
}
