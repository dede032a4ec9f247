//! What a search read: whole invocations, messages, items and objects, each with where it was.

use jiff::Timestamp;
use serde_json::Value;

use super::step::Gap;
use crate::{
    domain::ResourceId,
    redrive::{
        message::Message,
        why::{Decoded, invocations::Invocation},
    },
};

/// One run of a function.
#[derive(Debug, Clone)]
pub struct Ran {
    pub function: ResourceId,
    pub group: String,
    pub invocation: Invocation,
}

/// A message, and the queue that it is in.
#[derive(Debug, Clone)]
pub struct Lying {
    pub queue: ResourceId,
    pub message: Message,
    pub decoded: Decoded,
}

/// An item, as plain JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub table: ResourceId,
    pub value: Value,
}

/// An object; its contents where they are small and of a kind that says something.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub bucket: ResourceId,
    pub key: String,
    pub bytes: u64,
    pub written: Option<Timestamp>,
    pub contents: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Haul {
    pub ran: Vec<Ran>,
    pub lying: Vec<Lying>,
    pub items: Vec<Item>,
    pub objects: Vec<Object>,
    pub gaps: Vec<Gap>,
}

impl Haul {
    /// Takes another part in; what is known already is not taken twice.
    pub fn take(&mut self, part: Self) {
        for ran in part.ran {
            let is_it = |known: &Ran| {
                known.group == ran.group
                    && known.invocation.stream == ran.invocation.stream
                    && known.invocation.request_id == ran.invocation.request_id
                    && known.invocation.first_ms <= ran.invocation.last_ms
                    && ran.invocation.first_ms <= known.invocation.last_ms
            };
            match self.ran.iter_mut().find(|known| is_it(known)) {
                Some(known) if known.invocation.all_lines < ran.invocation.all_lines => *known = ran,
                Some(_) => {}
                None => self.ran.push(ran),
            }
        }
        for lying in part.lying {
            match self.lying.iter_mut().find(|known| known.queue == lying.queue && known.message.id == lying.message.id)
            {
                Some(known) => *known = lying,
                None => self.lying.push(lying),
            }
        }
        for item in part.items {
            if !self.items.contains(&item) {
                self.items.push(item);
            }
        }
        for object in part.objects {
            if !self.objects.iter().any(|known| known.bucket == object.bucket && known.key == object.key) {
                self.objects.push(object);
            }
        }
        self.gaps.extend(part.gaps);
        self.gaps.sort();
        self.gaps.dedup();
    }
}
