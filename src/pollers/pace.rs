//! How often to look: fast where the user looks, slow elsewhere, slower still when the service says no.

use std::time::Duration;

use tokio::{
    sync::{Mutex, watch},
    time::{Instant, Interval, MissedTickBehavior, interval, sleep_until},
};

use crate::domain::{FailureKind, Kind, Scope};

/// The periods of the three tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paces {
    /// The row under the cursor.
    pub focused: Duration,
    /// What is on screen, and what may turn red.
    pub visible: Duration,
    /// All else.
    pub background: Duration,
}

impl Default for Paces {
    fn default() -> Self {
        Self { focused: Duration::from_secs(1), visible: Duration::from_secs(2), background: Duration::from_secs(15) }
    }
}

impl Paces {
    pub fn of(&self, tier: Tier) -> Duration {
        match tier {
            Tier::Focused => self.focused,
            Tier::Visible => self.visible,
            Tier::Background => self.background,
        }
    }

    /// The same proportions around another period for what is visible (`--refresh`).
    #[must_use]
    pub fn around(visible: Duration) -> Self {
        let base = Self::default();
        let scale = visible.as_secs_f64() / base.visible.as_secs_f64();
        Self { focused: base.focused.mul_f64(scale), visible, background: base.background.mul_f64(scale.max(1.0)) }
    }
}

/// How much somebody cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Background,
    Visible,
    Focused,
}

impl Tier {
    /// Focused when the selected row may be of these kinds, visible when the pane lists one of them.
    pub fn of(kinds: &[Kind], scope: &Scope) -> Self {
        let of_ours = |id: &crate::domain::ResourceId| id.arn().is_some_and(|arn| kinds.contains(&Kind::of_arn(&arn)));
        if scope.selected.as_ref().is_some_and(of_ours) {
            Self::Focused
        } else if kinds.iter().any(|kind| scope.kinds.contains(kind)) {
            Self::Visible
        } else {
            Self::Background
        }
    }
}

/// When something was last read to its end, and whether it is time again.
#[derive(Debug, Default)]
pub struct Due {
    read: Option<Instant>,
    refresh: u64,
}

impl Due {
    /// Never read, read long enough ago, or asked for by the user since.
    pub fn is_due(&self, scope: &Scope, every: Duration) -> bool {
        // A round comes a little early or late by jitter; nine tenths of the period count as all of it.
        self.read.is_none_or(|at| at.elapsed() >= every.mul_f64(0.9)) || self.refresh != scope.refresh
    }

    /// It was tried; `worst` is what went wrong. What may pass is due again at once (the backoff paces that); what will not
    /// pass soon, such as a missing permission, waits like a success.
    pub fn tried(&mut self, scope: &Scope, worst: Option<FailureKind>) {
        self.refresh = scope.refresh;
        self.read = (!worst.is_some_and(may_pass)).then(Instant::now);
    }

    /// Time without a reading; the longest there is when there was none.
    pub fn unread_for(&self) -> Duration {
        self.read.map_or(Duration::MAX, |at| at.elapsed())
    }
}

/// Whether trying again soon may help.
fn may_pass(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Unreachable
            | FailureKind::Timeout
            | FailureKind::Throttled
            | FailureKind::Expired
            | FailureKind::Garbage
    )
}

/// Spaces calls out in time, for the APIs that count calls a second over the whole account.
#[derive(Debug)]
pub struct Spacing(Option<Mutex<Interval>>);

impl Spacing {
    /// `None` does not space: an emulator has no quotas.
    pub fn per_second(calls: Option<u32>) -> Self {
        Self(calls.map(|calls| {
            let mut interval = interval(Duration::from_secs(1) / calls.max(1));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(interval)
        }))
    }

    /// Waits for the next call's turn; callers take turns in the order they came.
    pub async fn turn(&self) {
        if let Some(interval) = &self.0 {
            interval.lock().await.tick().await;
        }
    }
}

/// The wait grows with each round that ends badly, and is its own self again after a good one.
#[derive(Debug)]
pub struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Backoff {
    /// A local endpoint is asked again soon: it costs nobody anything, and its user waits for it.
    pub fn new(loopback: bool) -> Self {
        Self { failures: 0, longest: Duration::from_secs(if loopback { 4 } else { 60 }) }
    }

    pub fn was_down(&self) -> bool {
        self.failures > 0
    }

    /// How long to wait after a round whose worst failure was `worst`, with up to a tenth of jitter so that pollers spread out.
    pub fn after(&mut self, worst: Option<FailureKind>, pace: Duration) -> Wait {
        let (length, ends_early) = match worst {
            Some(kind) if may_pass(kind) => {
                self.failures = (self.failures + 1).min(16);
                let grown = Duration::from_millis(500).saturating_mul(1 << self.failures);
                if kind == FailureKind::Throttled {
                    (grown.max(pace.saturating_mul(2)).min(Duration::from_secs(60)), EndsEarly::Never)
                } else {
                    (grown.min(self.longest), EndsEarly::WhenAsked)
                }
            }
            _ => {
                self.failures = 0;
                (pace, EndsEarly::WhenLookedAt)
            }
        };
        Wait { length: length.mul_f64(0.95 + fastrand::f64() * 0.1), ends_early }
    }
}

/// The time between two rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    pub length: Duration,
    pub ends_early: EndsEarly,
}

/// What ends a wait before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndsEarly {
    /// It was a throttle: asking again now would make it worse, whoever wishes it.
    Never,
    /// The service is in trouble: only the user's own word (`r`), not where he moves the cursor.
    WhenAsked,
    /// All is well: the user's word, or his eye on what was being read slowly.
    WhenLookedAt,
}

/// Sleeps, and wakes early where [`Wait::ends_early`] allows it.
///
/// False when there is nobody left to poll for.
pub async fn rest(
    wait: Wait,
    scope: &mut watch::Receiver<Scope>,
    seen: &Scope,
    pace: impl Fn(&Scope) -> Duration,
) -> bool {
    let began = Instant::now();
    let mut until = began + wait.length;
    loop {
        tokio::select! {
            () = sleep_until(until) => return true,
            changed = scope.changed() => {
                if changed.is_err() {
                    return false;
                }
                let now = scope.borrow_and_update();
                if now.refresh != seen.refresh && wait.ends_early >= EndsEarly::WhenAsked {
                    return true;
                }
                if wait.ends_early >= EndsEarly::WhenLookedAt {
                    until = until.min(began + pace(&now).max(Duration::from_millis(100)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tier_follows_the_eye() {
        let mut scope = Scope::default();
        assert_eq!(Tier::of(&[Kind::Queue], &scope), Tier::Background);
        scope.kinds.insert(Kind::Queue);
        assert_eq!(Tier::of(&[Kind::Queue], &scope), Tier::Visible);
        scope.selected = Some("arn:aws:sqs:eu-west-1:1:q".into());
        assert_eq!(Tier::of(&[Kind::Queue], &scope), Tier::Focused);
        assert_eq!(Tier::of(&[Kind::Topic], &scope), Tier::Background);
    }

    #[test]
    fn failures_stretch_the_wait_and_success_mends_it() {
        let mut backoff = Backoff::new(false);
        let pace = Duration::from_secs(2);
        let waits: Vec<f64> =
            (0..8).map(|_| backoff.after(Some(FailureKind::Unreachable), pace).length.as_secs_f64()).collect();
        assert!(waits[0] < 1.2 && waits[3] > 7.0, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 63.1), "{waits:?}");
        assert!(backoff.after(None, pace).length.as_secs_f64() < 2.3);
        assert!(!backoff.was_down());
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_due_at_once_and_what_will_not_waits() {
        let (scope, every) = (Scope::default(), Duration::from_secs(10));
        let mut due = Due::default();
        assert!(due.is_due(&scope, every));
        due.tried(&scope, Some(FailureKind::Timeout));
        assert!(due.is_due(&scope, every));
        due.tried(&scope, Some(FailureKind::Denied));
        assert!(!due.is_due(&scope, every));
        assert!(due.is_due(&Scope { refresh: 1, ..Scope::default() }, every));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(due.is_due(&scope, every));
    }

    #[tokio::test(start_paused = true)]
    async fn spacing_spaces() {
        let began = Instant::now();
        let spacing = Spacing::per_second(Some(10));
        for _ in 0..11 {
            spacing.turn().await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }

    #[test]
    fn a_denied_service_keeps_its_ordinary_pace() {
        let wait = Backoff::new(true).after(Some(FailureKind::Denied), Duration::from_secs(15));
        assert!((14.0..17.0).contains(&wait.length.as_secs_f64()));
        assert_eq!(wait.ends_early, EndsEarly::WhenLookedAt);
    }

    #[tokio::test(start_paused = true)]
    async fn rest_ends_at_once_when_asked() {
        let (send, mut receive) = watch::channel(Scope::default());
        let seen = receive.borrow().clone();
        let began = Instant::now();
        let wait = Wait { length: Duration::from_secs(15), ends_early: EndsEarly::WhenLookedAt };
        send.send_modify(|scope| scope.refresh += 1);
        assert!(rest(wait, &mut receive, &seen, |_| Duration::from_secs(15)).await);
        assert_eq!(began.elapsed(), Duration::ZERO);
        let seen = receive.borrow().clone();
        assert!(rest(wait, &mut receive, &seen, |_| Duration::from_secs(15)).await);
        assert!(began.elapsed() >= Duration::from_secs(15));
        drop(send);
        assert!(!rest(wait, &mut receive, &seen, |_| Duration::from_secs(15)).await);
    }

    /// After each kind of failure: does the cursor end the wait, does the user's word?
    #[rstest::rstest]
    #[case(None, true, true)]
    #[case(Some(FailureKind::Denied), true, true)]
    #[case(Some(FailureKind::Garbage), false, true)]
    #[case(Some(FailureKind::Unreachable), false, true)]
    #[case(Some(FailureKind::Throttled), false, false)]
    #[tokio::test(start_paused = true)]
    async fn a_backoff_is_a_floor(
        #[case] worst: Option<FailureKind>,
        #[case] by_the_cursor: bool,
        #[case] by_word: bool,
    ) {
        let mut backoff = Backoff::new(false);
        for _ in 0..4 {
            backoff.after(worst, Duration::from_secs(15));
        }
        let looks = Scope { kinds: [Kind::Queue].into(), ..Scope::default() };
        let asks = Scope { refresh: 1, ..Scope::default() };
        for (ends, changed) in [(by_the_cursor, looks), (by_word, asks)] {
            let wait = backoff.after(worst, Duration::from_secs(15));
            let (send, mut receive) = watch::channel(Scope::default());
            let seen = receive.borrow().clone();
            let began = Instant::now();
            send.send_replace(changed);
            assert!(rest(wait, &mut receive, &seen, |_| Duration::from_secs(1)).await);
            assert_eq!(began.elapsed() < Duration::from_secs(2), ends, "{worst:?}: {:?}", began.elapsed());
            assert!(ends || began.elapsed() >= wait.length);
        }
    }
}
