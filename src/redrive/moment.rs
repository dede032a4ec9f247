//! An instant by two clocks. While the machine sleeps ours stands still, and the queue's does not; the wall clock goes on, but somebody may
//! set it. Only what needs to know when a lease ends may ask here.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Reads the wall clock.
pub type Clock = fn() -> Timestamp;

/// So far may the wall clock run ahead of ours before it means that the machine slept.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

/// An instant, past or to come.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    awake: Instant,
    wall: Timestamp,
}

impl Moment {
    pub fn now(clock: Clock) -> Self {
        Self { awake: Instant::now(), wall: clock() }
    }

    /// Where nothing ends while the machine sleeps.
    pub fn awake_alone(awake: Instant) -> Self {
        Self { awake, wall: Timestamp::MAX }
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let wall = SignedDuration::try_from(by).ok().and_then(|by| self.wall.checked_add(by).ok());
        Self { awake: self.awake + by, wall: wall.unwrap_or(Timestamp::MAX) }
    }

    /// By our clock.
    pub fn awake(self) -> Instant {
        self.awake
    }

    /// How long ago it was.
    pub fn age(self, clock: Clock) -> Duration {
        self.awake.elapsed() + self.slept(clock)
    }

    /// How long it is till then; nothing once it is over.
    pub fn left(self, clock: Clock) -> Duration {
        self.awake.saturating_duration_since(Instant::now()).saturating_sub(self.slept(clock))
    }

    /// How long the machine slept since this was told.
    pub fn slept(self, clock: Clock) -> Duration {
        let now = Instant::now();
        let signed = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let (past, ahead) = (now.saturating_duration_since(self.awake), self.awake.saturating_duration_since(now));
        let awake = signed(past).saturating_sub(signed(ahead));
        let slept = clock().duration_since(self.wall).saturating_sub(awake);
        Duration::try_from(slept).ok().filter(|_| slept > AHEAD).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rstest::rstest;
    use tokio::time::advance;

    use super::*;

    thread_local!(static WALL: Cell<i64> = const { Cell::new(0) });

    fn wall() -> Timestamp {
        Timestamp::from_second(1_000_000_000 + WALL.get()).unwrap()
    }

    #[rstest]
    #[case::nothing_happened(0, 0, (0, 60))]
    #[case::awake(20, 20, (20, 40))]
    #[case::the_clocks_differ_a_little(20, 24, (20, 40))]
    #[case::asleep(0, 40, (40, 20))]
    #[case::awake_and_asleep(20, 50, (50, 10))]
    #[case::for_too_long(10, 300, (300, 0))]
    #[case::awake_for_too_long(90, 90, (90, 0))]
    #[case::the_wall_clock_was_set_back(20, -3600, (20, 40))]
    #[tokio::test(start_paused = true)]
    async fn what_the_machine_slept_has_passed(
        #[case] awake: u64,
        #[case] by_the_wall: i64,
        #[case] expected: (u64, u64),
    ) {
        WALL.set(0);
        let then = Moment::now(wall);
        let end = then.plus(Duration::from_secs(60));
        advance(Duration::from_secs(awake)).await;
        WALL.set(by_the_wall);
        assert_eq!((then.age(wall).as_secs(), end.left(wall).as_secs()), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_queue_counts_does_not_end_in_sleep() {
        WALL.set(0);
        let end = Moment::awake_alone(Instant::now()).plus(Duration::from_secs(60));
        WALL.set(1_000_000);
        assert_eq!(end.left(wall).as_secs(), 60);
    }
}
