//! Which hops a probe has made, from the thread of its mark. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::plan::{Expect, Hop, Plan};
use crate::{
    domain::{Kind, ResourceId},
    inspect::thread::{Sure, Thread, What, haul::Haul},
};

/// Where a hop stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// When, where something keeps that; how sure; what says so.
    Arrived {
        at: Option<Timestamp>,
        sure: Sure,
        says: String,
    },
    /// It got there and was not done there.
    Failed {
        at: Option<Timestamp>,
        says: String,
    },
    /// It never will, as was known before.
    Rejected(String),
    /// It may, and nothing shows that it did.
    Open(String),
}

impl State {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Arrived { .. } => "arrived",
            Self::Failed { .. } => "failed",
            Self::Rejected(_) => "rejected",
            Self::Open(_) => "perhaps",
        }
    }

    pub fn glyph(&self) -> &'static str {
        match self {
            Self::Arrived { .. } => "✔",
            Self::Failed { .. } | Self::Rejected(_) => "✖",
            Self::Waiting => "…",
            Self::Open(_) => "?",
        }
    }

    pub fn ascii(&self) -> &'static str {
        match self {
            Self::Arrived { .. } => "+",
            Self::Failed { .. } | Self::Rejected(_) => "x",
            Self::Waiting => "~",
            Self::Open(_) => "?",
        }
    }

    pub fn says(&self) -> &str {
        match self {
            Self::Arrived { says, .. } | Self::Failed { says, .. } | Self::Rejected(says) | Self::Open(says) => says,
            Self::Waiting => "nothing seen of it in time",
        }
    }

    pub fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Arrived { sure, .. } => Some(sure),
            _ => None,
        }
    }

    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Arrived { at, .. } | Self::Failed { at, .. } => *at,
            _ => None,
        }
    }
}

/// How long a function has to say what it got, before a run of it that says nothing is taken for it.
const GUESS_AFTER_MS: i64 = 8_000;

/// A probe on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub plan: Plan,
    pub sent_at: Timestamp,
    pub states: Vec<State>,
}

/// How it ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    OnItsWay,
    Everywhere,
    /// Something failed, or nobody would get it.
    Dead,
}

impl Course {
    pub fn new(plan: Plan, sent_at: Timestamp) -> Self {
        let first = |hop: &Hop| match &hop.expect {
            Expect::Arrives => State::Waiting,
            Expect::Never(why) => State::Rejected(why.clone()),
            Expect::Perhaps(why) => State::Open(why.clone()),
            Expect::Later(when) => State::Open(format!("only {when}")),
        };
        let states = plan.hops.iter().map(first).collect();
        Self { plan, sent_at, states }
    }

    /// Takes in what is known by now; gives the hops that are news.
    pub fn take(&mut self, thread: &Thread, haul: &Haul, now: Timestamp) -> Vec<usize> {
        let mut seen = self.seen(thread);
        self.guess(haul, now, &mut seen);
        self.infer(&mut seen);
        let mut news = Vec::new();
        for (place, hop) in self.plan.hops.iter().enumerate() {
            let Some(now) = seen.get(&hop.to) else { continue };
            let is_better = match (&self.states[place], now) {
                (State::Rejected(_), _) => false,
                (State::Arrived { at: None, .. }, State::Arrived { at: Some(_), .. })
                | (State::Arrived { .. }, State::Failed { .. }) => true,
                (State::Arrived { sure: before, .. }, State::Arrived { sure, .. }) => {
                    sure.is_certain() && !before.is_certain()
                }
                (State::Arrived { .. } | State::Failed { .. }, _) => false,
                _ => true,
            };
            if is_better {
                self.states[place] = now.clone();
                news.push(place);
            }
        }
        news
    }

    fn seen(&self, thread: &Thread) -> BTreeMap<ResourceId, State> {
        let mut seen: BTreeMap<ResourceId, State> = BTreeMap::new();
        for step in thread.steps.iter().filter(|step| step.what != What::Passed) {
            let state = match step.what {
                What::Failed => State::Failed { at: step.at, says: step.says.clone() },
                // That it is in a dead-letter queue is where it arrived, and where it ends.
                _ => State::Arrived { at: step.at, sure: step.sure.clone(), says: step.says.clone() },
            };
            match seen.get(&step.resource) {
                Some(State::Arrived { at: Some(_), .. } | State::Failed { .. }) if step.what != What::Failed => {}
                _ => {
                    seen.insert(step.resource.clone(), state);
                }
            }
        }
        seen
    }

    /// A function that names nothing: a run of it soon after it was to get the event, where nothing else is known.
    fn guess(&self, haul: &Haul, now: Timestamp, seen: &mut BTreeMap<ResourceId, State>) {
        for hop in self.plan.hops.iter().filter(|hop| hop.kind == Kind::Function && hop.expect == Expect::Arrives) {
            if seen.contains_key(&hop.to) {
                continue;
            }
            let before = seen.get(&hop.from).and_then(State::at).unwrap_or(self.sent_at).as_millisecond();
            if now.as_millisecond() - before < GUESS_AFTER_MS {
                continue;
            }
            let runs = haul.ran.iter().filter(|ran| ran.function == hop.to && ran.invocation.first_ms >= before);
            let Some(run) = runs.min_by_key(|ran| ran.invocation.first_ms) else { continue };
            let later = run.invocation.first_ms - before;
            let why = format!("a run of it began {later} ms after, and nothing in its log names the event");
            let state = State::Arrived {
                at: Timestamp::from_millisecond(run.invocation.first_ms).ok(),
                sure: Sure::Probably(why),
                says: "ran".to_owned(),
            };
            seen.insert(hop.to.clone(), state);
        }
    }

    /// What it must have come through to be where it is.
    fn infer(&self, seen: &mut BTreeMap<ResourceId, State>) {
        // The way back, from the last hop to the first.
        for hop in self.plan.hops.iter().rev() {
            let came_on = match seen.get(&hop.to) {
                Some(State::Arrived { sure, .. }) => sure.is_certain(),
                Some(State::Failed { .. }) => true,
                _ => continue,
            };
            let others = self.plan.hops.iter().filter(|other| other.to == hop.to && other.from != hop.from).count();
            if hop.from == self.plan.target || seen.contains_key(&hop.from) || others > 0 {
                continue;
            }
            let why = format!("it came on to {}, and this is the only way there", hop.to.short_name());
            let sure = if came_on { Sure::Certain(why) } else { Sure::Probably(why) };
            seen.insert(hop.from.clone(), State::Arrived { at: None, sure, says: "came through".to_owned() });
        }
    }

    /// How long a hop took: since the one before it, or since it was sent. Some keep whole seconds: nothing took less than nothing.
    pub fn took_ms(&self, place: usize) -> Option<i64> {
        let hop = self.plan.hops.get(place)?;
        let at = self.states.get(place)?.at()?;
        let before =
            self.plan.hops.iter().position(|other| other.to == hop.from).and_then(|place| self.states[place].at());
        Some((at.as_millisecond() - before.unwrap_or(self.sent_at).as_millisecond()).max(0))
    }

    pub fn end(&self) -> End {
        let mut waits = false;
        let mut arrives = false;
        let mut failed = false;
        for (hop, state) in self.plan.hops.iter().zip(&self.states).filter(|(hop, _)| hop.expect == Expect::Arrives) {
            match state {
                State::Failed { .. } => failed = true,
                State::Arrived { .. } => arrives = true,
                // Behind a failure nothing comes.
                _ if self.is_behind_failure(hop) => {}
                _ => waits = true,
            }
        }
        match (waits, failed, arrives) {
            (true, ..) => End::OnItsWay,
            (false, true, _) | (false, false, false) => End::Dead,
            (false, false, true) => End::Everywhere,
        }
    }

    /// How long a hop took, in words; nothing where that is not known.
    pub fn took(&self, place: usize) -> String {
        match (self.took_ms(place), self.plan.hops.get(place)) {
            // S3 keeps whole seconds.
            (Some(_), Some(hop)) if hop.kind == Kind::Bucket => "in ≈1 s".to_owned(),
            (Some(ms), _) => format!("+{ms} ms"),
            (None, _) => String::new(),
        }
    }

    /// The hops that are named at the end, as nothing was seen of them that should or may have come.
    pub fn unseen(&self) -> Vec<usize> {
        let hops = self.plan.hops.iter().zip(&self.states).enumerate();
        let unseen = hops.filter(|(_, (hop, state))| *state == &State::Waiting || may_come(hop, state));
        unseen.map(|(place, _)| place).collect()
    }

    /// Whether something may still come that nobody can promise.
    pub fn may_come(&self) -> bool {
        self.plan.hops.iter().zip(&self.states).any(|(hop, state)| may_come(hop, state))
    }

    /// Whether nothing is known to be on its way.
    pub fn is_over(&self) -> bool {
        self.end() == End::Dead && !self.states.contains(&State::Waiting)
    }

    /// How many there are of the states of this name.
    pub fn count(&self, word: &str) -> usize {
        self.states.iter().filter(|state| state.word() == word).count()
    }

    /// Of the hops that should be made: how many were, and how many there are.
    pub fn made(&self) -> (usize, usize) {
        let should = || self.plan.hops.iter().zip(&self.states).filter(|(hop, _)| hop.expect == Expect::Arrives);
        (should().filter(|(_, state)| matches!(state, State::Arrived { .. })).count(), should().count())
    }

    /// What it came to, in a few words.
    pub fn outcome(&self) -> &'static str {
        match self.end() {
            End::Everywhere => "arrived everywhere it should",
            End::OnItsWay => "not everywhere within the time",
            End::Dead if self.made().1 == 0 => "nobody gets it",
            End::Dead => "a dead end",
        }
    }

    fn is_behind_failure(&self, hop: &Hop) -> bool {
        let before = self.plan.hops.iter().zip(&self.states).find(|(other, _)| other.to == hop.from);
        before.is_some_and(|(_, state)| matches!(state, State::Failed { .. }))
    }
}

/// Whether it is worth waiting for a while.
fn may_come(hop: &Hop, state: &State) -> bool {
    matches!(state, State::Open(_)) && matches!(hop.expect, Expect::Perhaps(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::thread::Step;
    use rstest::rstest;

    fn plan() -> Plan {
        let hop =
            |from: &str, to: &str, kind, depth, expect| Hop { from: from.into(), to: to.into(), kind, depth, expect };
        Plan {
            target: "topic".into(),
            kind: Kind::Topic,
            name: "topic".into(),
            probe: "edatop-probe-1".into(),
            body: "{}".into(),
            attributes: Default::default(),
            hops: vec![
                hop("topic", "queue", Kind::Queue, 0, Expect::Arrives),
                hop("queue", "function", Kind::Function, 1, Expect::Arrives),
                hop("topic", "other", Kind::Queue, 0, Expect::Never("filter".into())),
            ],
            doubts: Vec::new(),
        }
    }

    fn step(resource: &str, what: What, ms: i64) -> Step {
        Step {
            at: Timestamp::from_millisecond(ms).ok(),
            until: None,
            what,
            resource: resource.into(),
            kind: Kind::Queue,
            name: resource.into(),
            depth: 0,
            times: None,
            says: String::new(),
            sure: Sure::Certain("it names it".into()),
            evidence: Vec::new(),
            kept: None,
            place_ms: ms,
        }
    }

    #[rstest]
    #[case::nothing_yet(&[], End::OnItsWay, &["waiting", "waiting", "rejected"])]
    #[case::half_way(&[("queue", What::Queued)], End::OnItsWay, &["arrived", "waiting", "rejected"])]
    #[case::through(&[("function", What::Handled)], End::Everywhere, &["arrived", "arrived", "rejected"])]
    #[case::failed(&[("queue", What::Queued), ("function", What::Failed)], End::Dead, &["arrived", "failed", "rejected"])]
    fn what_was_seen_is_where_it_is(#[case] seen: &[(&str, What)], #[case] end: End, #[case] words: &[&str]) {
        let mut course = Course::new(plan(), Timestamp::from_millisecond(1_000).unwrap());
        let steps = seen.iter().zip([1_010, 1_350]).map(|((at, what), ms)| step(at, *what, ms)).collect();
        course.take(&Thread { steps, ..Thread::default() }, &Haul::default(), course.sent_at);
        assert_eq!(course.states.iter().map(State::word).collect::<Vec<_>>(), words);
        assert_eq!(course.end(), end);
    }

    #[test]
    fn a_hop_takes_as_long_as_since_the_one_before() {
        let mut course = Course::new(plan(), Timestamp::from_millisecond(1_000).unwrap());
        let steps = vec![step("queue", What::Queued, 1_010), step("function", What::Handled, 1_350)];
        let thread = Thread { steps, ..Thread::default() };
        let now = course.sent_at;
        assert_eq!(course.take(&thread, &Haul::default(), now), [0, 1]);
        assert_eq!(course.take(&thread, &Haul::default(), now), [0_usize; 0], "told once");
        assert_eq!((course.took_ms(0), course.took_ms(1), course.took_ms(2)), (Some(10), Some(340), None));
    }

    #[test]
    fn a_run_that_names_nothing_is_a_guess_and_only_after_a_while() {
        let mut course = Course::new(plan(), Timestamp::from_millisecond(1_000).unwrap());
        let mut assembler = crate::redrive::why::invocations::Assembler::whole();
        let text = "START RequestId: 33e4c44c-c563-4733-8a04-45c280096c35 Version: 1".to_owned();
        assembler.take(crate::redrive::why::lines::Line { at_ms: 1_200, stream: "s".into(), text });
        let ran = assembler.finish().0.into_iter().map(|invocation| crate::inspect::thread::haul::Ran {
            function: "function".into(),
            group: "g".into(),
            invocation,
        });
        let haul = Haul { ran: ran.collect(), ..Haul::default() };
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        assert_eq!(course.take(&Thread::default(), &haul, at(3_000)), [0_usize; 0]);
        course.take(&Thread::default(), &haul, at(1_000 + GUESS_AFTER_MS));
        assert!(
            matches!(&course.states[1], State::Arrived { sure: Sure::Probably(why), .. } if why.contains("200 ms"))
        );
        let thread = Thread { steps: vec![step("function", What::Failed, 2_000)], ..Thread::default() };
        course.take(&thread, &haul, at(12_000));
        assert_eq!(course.states[1].word(), "failed", "what is known is better than what was guessed");
    }

    #[test]
    fn at_the_end_all_is_named_that_was_not_seen() {
        let mut course = Course::new(plan(), Timestamp::from_millisecond(1_000).unwrap());
        let thread = Thread { steps: vec![step("queue", What::Queued, 1_010)], ..Thread::default() };
        course.take(&thread, &Haul::default(), course.sent_at);
        assert_eq!((course.made(), course.unseen(), course.is_over()), ((1, 2), vec![1], false));
        assert_eq!((course.outcome(), course.count("rejected")), ("not everywhere within the time", 1));
        assert_eq!((course.took(0).as_str(), course.took(1).as_str()), ("+10 ms", ""));
    }

    #[test]
    fn without_anybody_who_gets_it_the_way_is_dead() {
        let mut plan = plan();
        plan.hops.retain(|hop| matches!(hop.expect, Expect::Never(_)));
        assert_eq!(Course::new(plan, Timestamp::UNIX_EPOCH).end(), End::Dead);
    }
}
