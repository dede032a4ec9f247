//! What is to be written to a journal, from those who hand it in to the thread that writes. It needs no bound of its own: each batch of a
//! run waits for its record before it hands in the next but one.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::writer::Answer;

/// How long what nobody hurries waits for more. Only a bound: a run hurries as soon as its calls have nothing else to do.
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
pub(super) struct Intake {
    state: Mutex<State>,
    changed: Condvar,
}

/// Closes the intake when it is dropped.
pub(super) struct Closing<'a>(&'a Intake);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
        // Those who still wait learn that nobody writes any more.
        self.0.state().batch = Batch::default();
    }
}

impl Intake {
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

    fn put(intake: &Intake, line: &str) -> oneshot::Receiver<Result<(), super::super::JournalError>> {
        let (answer, answered) = oneshot::channel();
        assert!(intake.put(line.as_bytes(), Some(answer)));
        answered
    }

    #[test]
    fn what_nobody_hurries_waits_for_more_and_no_longer_than_a_moment() {
        let intake = Intake::default();
        let (began, _first) = (Instant::now(), put(&intake, "a"));
        let batch = intake.next().unwrap();
        assert!(began.elapsed() >= LINGER);
        assert_eq!((batch.lines, batch.waiting.len(), batch.has_notes), (b"a".to_vec(), 1, false));
    }

    #[test]
    fn what_is_hurried_goes_with_all_that_was_handed_in() {
        let intake = Intake::default();
        let (_a, _c) = (put(&intake, "a"), intake.put(b"b", None));
        let _d = put(&intake, "c");
        intake.hurry();
        let batch = intake.next().unwrap();
        assert_eq!((batch.lines, batch.waiting.len(), batch.has_notes), (b"abc".to_vec(), 2, true));
    }

    #[test]
    fn a_hurry_is_for_what_was_handed_in_before_it() {
        let intake = Intake::default();
        intake.hurry();
        let (began, _a) = (Instant::now(), put(&intake, "a"));
        intake.next().unwrap();
        assert!(began.elapsed() >= LINGER);
    }

    /// Else this never ends. That a hurry wakes as well, the runs of a mover hold.
    #[test]
    fn who_waits_is_woken_by_what_is_handed_in() {
        let intake = Intake::default();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| intake.next().unwrap().lines);
            let _a = put(&intake, "a");
            assert_eq!(taken.join().unwrap(), b"a");
        });
    }

    #[test]
    fn a_closed_one_gives_out_what_it_has_and_takes_nothing() {
        let intake = Intake::default();
        let _a = put(&intake, "a");
        intake.close();
        assert!(!intake.put(b"b", None));
        assert_eq!(intake.next().unwrap().lines, b"a");
        assert!(intake.next().is_none());
    }

    #[test]
    fn nobody_waits_for_a_writer_that_has_ended() {
        let intake = Intake::default();
        let closing = intake.closing();
        let mut answered = put(&intake, "a");
        drop(closing);
        assert!(matches!(answered.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }
}
