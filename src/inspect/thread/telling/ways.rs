//! Where something must have come through: what the map tells of steps that nothing else does. Pure.

use super::{Telling, Told};
use crate::{
    domain::{Kind, ResourceId},
    inspect::thread::step::{Sure, What},
};

/// Links that are gone back, and steps of a thread that are asked where they came from.
const MOST_BACK: usize = 8;
const MOST_STEPS: usize = 512;

impl Telling<'_> {
    /// The only one that sends there.
    fn only_before(&self, id: &ResourceId) -> Option<ResourceId> {
        let mut before: Vec<&ResourceId> = self.ground.before(id).collect();
        before.sort();
        before.dedup();
        if let [one] = before[..] { Some(one.clone()) } else { None }
    }

    /// The only one of a kind that it may have come from.
    pub(super) fn upstream(&self, id: &ResourceId, kind: Kind) -> Option<ResourceId> {
        let mut at = id.clone();
        for _ in 0..MOST_BACK {
            let one = self.only_before(&at)?;
            if self.ground.kind(&one) == kind {
                return Some(one);
            }
            at = one;
        }
        None
    }

    /// What nothing here saw, and it must have come through: where the map knows one way alone.
    pub(super) fn passed(&mut self) {
        let mut place = 0;
        while let Some(step) = self.steps.get(place).cloned() {
            place += 1;
            if place > MOST_STEPS || step.depth == 0 || matches!(step.what, What::Stored) {
                continue;
            }
            let Some(one) = self.only_before(&step.resource) else { continue };
            if self.steps.iter().any(|known| known.resource == one) {
                continue;
            }
            let (name, to) = (self.ground.name(&one).to_owned(), step.name.clone());
            let sure = Sure::Probably(format!("nothing seen there names it, but only {name} hands on to {to}"));
            let says = format!("came through {name}");
            self.add(&one, Told { says, place_ms: step.place_ms, ..Told::new(What::Passed, sure) });
        }
    }
}
