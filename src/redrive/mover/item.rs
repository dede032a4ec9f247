//! A message of a batch, and how far it has come.

use super::{
    crew::{Crew, is_for_all},
    route::Routed,
    supply::Leased,
};
use crate::redrive::{
    journal::{Outcome, Record, Sent},
    wire::{Accepted, Refusal, Why},
};

/// A message of the batch and how far it has come.
pub(super) struct Item {
    pub leased: Leased,
    pub routed: Result<Routed, Refusal>,
    /// An earlier send of it got no answer.
    pub was_in_doubt: bool,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Waiting,
    /// A no or no answer; perhaps it goes better next time. Whether it may be there all the same is in the refusal.
    NotYet(Refusal),
    Arrived(String),
    Refused(Refusal),
}

impl Item {
    pub fn id(&self) -> &str {
        &self.leased.message.id
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::NotYet(_))
    }

    /// Whether nothing more will come of it in this run.
    pub fn is_settled(&self) -> bool {
        match &self.state {
            State::Arrived(_) => true,
            State::Refused(refusal) => !refusal.in_doubt && refusal.why != Why::LeaseOver,
            State::Waiting | State::NotYet(_) => false,
        }
    }

    pub fn routed(&self) -> Option<&Routed> {
        self.routed.as_ref().ok()
    }

    /// The queue and group whose order it must keep.
    pub fn order(&self, crew: &Crew) -> Option<(usize, String)> {
        let routed = self.routed()?;
        let to = routed.to?;
        let queue = crew.router.to.queues().get(to)?;
        Some((to, routed.outgoing.group.clone()?)).filter(|_| queue.is_fifo())
    }

    /// Takes in what its send came to. Once in doubt, a later no does not take the doubt away.
    pub fn settle(&mut self, result: Result<Accepted, Refusal>) {
        self.state = match result {
            Ok(accepted) => State::Arrived(accepted.id),
            Err(refusal) => {
                self.was_in_doubt |= refusal.in_doubt;
                let is_final = !refusal.is_passing() && (!refusal.in_doubt || is_for_all(&refusal));
                let refusal = Refusal { in_doubt: self.was_in_doubt, ..refusal };
                if is_final { State::Refused(refusal) } else { State::NotYet(refusal) }
            }
        };
    }

    pub fn outcome(&self) -> Option<Outcome> {
        match &self.state {
            State::Waiting => None,
            State::NotYet(refusal) if refusal.in_doubt => Some(Outcome::Doubtful(refusal.clone())),
            State::NotYet(refusal) | State::Refused(refusal) => Some(Outcome::Refused(refusal.clone())),
            State::Arrived(new_id) => Some(Outcome::Arrived { new_id: new_id.clone() }),
        }
    }
}

/// What is to be written down of a batch.
pub(super) fn sent(batch: u64, at: jiff::Timestamp, items: &[Item]) -> Record {
    let of = |item: &Item| Some(Sent { id: item.id().to_owned(), outcome: item.outcome()? });
    Record::Sent { batch, at, results: items.iter().filter_map(of).collect() }
}

/// Why it is no use to go on with others, if it is none.
pub(super) fn hopeless(state: &State) -> Option<&Refusal> {
    match state {
        State::Refused(refusal) if is_for_all(refusal) => Some(refusal),
        _ => None,
    }
}

/// Whether a send of it was answered, and by a no.
pub(super) fn is_surely_not_sent(state: &State) -> bool {
    matches!(state, State::Refused(refusal) | State::NotYet(refusal) if !refusal.in_doubt)
}

/// Why it must be tried again, if it must.
pub(super) fn trouble(state: &State) -> Option<String> {
    match state {
        State::NotYet(refusal) => Some(refusal.text.clone()),
        State::Waiting => Some("not sent".to_owned()),
        State::Arrived(_) | State::Refused(_) => None,
    }
}
