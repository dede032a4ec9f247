//! Follows a probe that was sent: searches for its mark again and again, until it is where it should be or its time is over.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Course, Plan, course::End};
use crate::{
    inspect::thread::{Ground, Search, Wanted, source::Source},
    redrive::why::lines::Span,
    store::Store,
};

/// Between two looks.
const PACE: Duration = Duration::from_secs(1);
/// How long what only may come is waited for, once all that should has arrived.
const GRACE: Duration = Duration::from_secs(5);
/// How far clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Where a probe is looked for: what it starts from, and all hops of its plan.
pub fn ground(plan: &Plan, store: &Store) -> Ground {
    let only = plan.hops.iter().map(|hop| hop.to.clone()).chain([plan.target.clone()]).collect();
    Ground::of(store, Some(&only))
}

/// How a probe is followed.
#[derive(Debug)]
pub struct Following {
    pub source: Arc<dyn Source>,
    pub ground: Arc<Ground>,
    /// What the answer to the send called it.
    pub ids: Vec<String>,
    /// How long, from now on.
    pub lasting: Duration,
    pub clock: fn() -> Timestamp,
}

impl Following {
    /// Looks until nothing more is to come, telling after each look which hops are news.
    ///
    /// # Errors
    /// Of whoever is told: it ends with that.
    pub async fn run<E>(
        &self,
        course: &mut Course,
        mut told: impl FnMut(&Course, &[usize]) -> Result<(), E>,
    ) -> Result<(), E> {
        let until = Instant::now() + self.lasting;
        let mut grace: Option<Instant> = None;
        while !course.is_over() {
            let news = self.look(course).await;
            told(course, &news)?;
            let now = Instant::now();
            let is_settled = course.end() != End::OnItsWay;
            if is_settled && grace.is_none() {
                grace = Some(now + GRACE);
            }
            let is_quiet = !course.may_come() || grace.is_some_and(|grace| now >= grace);
            if now >= until || (is_settled && is_quiet) {
                break;
            }
            tokio::select! {
                () = sleep(PACE) => {}
                () = sleep_until(until) => {}
            }
        }
        Ok(())
    }

    async fn look(&self, course: &mut Course) -> Vec<usize> {
        let from = course.sent_at.checked_sub(SKEW).unwrap_or(course.sent_at).as_millisecond();
        let span = Span { from_ms: from, to_ms: (self.clock)().as_millisecond().saturating_add(1_000) };
        let wanted = Wanted { id: course.plan.probe.clone(), also: self.ids.clone(), span, scan: false };
        let mut search = Search::new(Arc::clone(&self.source), Arc::clone(&self.ground), wanted);
        search.run(|_, _| {}).await;
        course.take(search.thread(), search.haul(), (self.clock)())
    }
}
