//! From what was read to what happened: which of it names the id, and which further ids that teaches. Pure.
//!
//! What is found is told by [`super::telling`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    ground::Ground,
    haul::{Haul, Item, Lying, Object, Ran},
    ids,
    search::{MOST_ROUNDS, Wanted},
    step::{Known, Nature, Thread},
    telling,
};
use crate::{
    domain::ResourceId,
    redrive::{
        message::{Message, Payload, system},
        why::{
            decode::Content,
            invocations::{trace_root, uuid, uuid_text, uuids},
        },
    },
};

/// Ids that a thread goes by.
const MOST_IDS: usize = 24;
/// What more things than this name is no name of one of them.
const MOST_SHARED: usize = 24;
/// Lines of a run that ids are learnt from.
const MOST_LINES: usize = 20;

/// Runs that ids are learnt from: one that is tried for ever has thousands.
const MOST_RUNS: usize = 8;

/// Something that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Ran(usize),
    Lying(usize),
    Item(usize),
    Object(usize),
}

/// What names an id of the thread: the place of the strongest id that it names.
pub type Hits = BTreeMap<Unit, usize>;

/// The thread of an id in what was read.
pub fn tell(ground: &Ground, haul: &Haul, wanted: &Wanted) -> Thread {
    let mut finding = Finding { haul, ground, ids: Vec::new(), hits: Hits::new(), notes: Vec::new(), runs: 0 };
    finding.ids.push(Known { id: wanted.id.clone(), nature: Nature::Asked, round: 0, from: None });
    let also = wanted.also.iter().map(|id| Known { id: id.clone(), nature: Nature::Own, round: 0, from: None });
    finding.ids.extend(also);
    for round in 0..=MOST_ROUNDS {
        finding.round(round);
    }
    let Finding { ids, hits, notes, .. } = finding;
    let steps = telling::steps(ground, haul, &ids, &hits);
    Thread { ids, steps, gaps: haul.gaps.clone(), notes }
}

struct Finding<'a> {
    haul: &'a Haul,
    ground: &'a Ground,
    ids: Vec<Known>,
    hits: Hits,
    notes: Vec<String>,
    /// Runs whose own ids were learnt.
    runs: usize,
}

impl Finding<'_> {
    /// Looks for the ids of a round; what names them may teach those of the next.
    fn round(&mut self, round: u8) {
        let mut place = 0;
        while let Some(known) = self.ids.get(place) {
            if known.round == round {
                self.look_for(place);
            }
            place += 1;
        }
    }

    fn look_for(&mut self, place: usize) {
        let Known { id, nature, round, .. } = self.ids[place].clone();
        let found: Vec<Unit> = units(self.haul).filter(|unit| self.names(*unit, &id)).collect();
        if nature == Nature::Shared && found.len() > MOST_SHARED {
            self.notes.push(format!(
                "'{id}' is named by {} things: it says nothing about one of them, and is not followed",
                found.len()
            ));
            return;
        }
        for unit in found {
            let is_new = !self.hits.contains_key(&unit);
            let strongest = self.hits.entry(unit).or_insert(place);
            if self.ids[*strongest].nature > nature {
                *strongest = place;
            }
            // What only shares a field with the thread teaches nothing about it.
            if is_new && round < MOST_ROUNDS && (nature != Nature::Shared || round == 0) {
                self.learn(unit, &id, round + 1);
            }
        }
    }

    fn names(&self, unit: Unit, id: &str) -> bool {
        match unit {
            Unit::Ran(place) => self.haul.ran.get(place).is_some_and(|ran| ran_names(ran, id)),
            Unit::Lying(place) => self.haul.lying.get(place).is_some_and(|lying| message_names(lying, id)),
            Unit::Item(place) => self.haul.items.get(place).is_some_and(|item| value_names(&item.value, id)),
            Unit::Object(place) => self.haul.objects.get(place).is_some_and(|object| object_names(object, id)),
        }
    }

    fn learn(&mut self, unit: Unit, by: &str, round: u8) {
        let learnt = match unit {
            Unit::Ran(_) if self.runs >= MOST_RUNS => None,
            Unit::Ran(place) => {
                self.runs += 1;
                self.haul.ran.get(place).map(|ran| of_run(ran, by))
            }
            Unit::Lying(place) => self.haul.lying.get(place).map(of_message),
            Unit::Item(place) => self.haul.items.get(place).map(of_item),
            Unit::Object(place) => self.haul.objects.get(place).map(of_object),
        };
        let from = self.words(unit);
        for (id, nature) in learnt.unwrap_or_default() {
            match self.ids.iter().find(|known| known.id.eq_ignore_ascii_case(&id)) {
                Some(_) => {}
                None if self.ids.len() >= MOST_IDS => {
                    let note = format!("more than {MOST_IDS} ids hang together: the rest are not followed");
                    if !self.notes.contains(&note) {
                        self.notes.push(note);
                    }
                    return;
                }
                None => self.ids.push(Known { id, nature, round, from: from.clone() }),
            }
        }
    }

    fn words(&self, unit: Unit) -> Option<String> {
        Some(match unit {
            Unit::Ran(place) => format!("a log line of {}", self.ground.name(&self.haul.ran.get(place)?.function)),
            Unit::Lying(place) => format!("a message in {}", self.ground.name(&self.haul.lying.get(place)?.queue)),
            Unit::Item(place) => format!("an item in {}", self.ground.name(&self.haul.items.get(place)?.table)),
            Unit::Object(place) => format!("an object in {}", self.ground.name(&self.haul.objects.get(place)?.bucket)),
        })
    }
}

fn units(haul: &Haul) -> impl Iterator<Item = Unit> + use<> {
    let (ran, lying, items, objects) = (haul.ran.len(), haul.lying.len(), haul.items.len(), haul.objects.len());
    (0..lying)
        .map(Unit::Lying)
        .chain((0..ran).map(Unit::Ran))
        .chain((0..items).map(Unit::Item))
        .chain((0..objects).map(Unit::Object))
}

/// The queue that a message came from: itself, where it was never given up.
pub fn source_of(ground: &Ground, lying: &Lying) -> ResourceId {
    let said = lying.message.source().map(ResourceId::from);
    said.or_else(|| ground.only_source(&lying.queue).cloned()).unwrap_or_else(|| lying.queue.clone())
}

pub fn ran_names(ran: &Ran, id: &str) -> bool {
    ran.invocation.request_id.as_deref() == Some(id)
        || ran.invocation.lines.iter().any(|line| ids::names(&line.text, id))
}

pub fn message_names(lying: &Lying, id: &str) -> bool {
    let Message { id: own, body, system, attributes, .. } = &lying.message;
    let is_in = |value: &crate::redrive::message::AttributeValue| match &value.payload {
        Payload::Text(text) => ids::names(text, id),
        Payload::Binary(_) => false,
    };
    own == id
        || ids::names(body, id)
        || [system::GROUP, system::DEDUPLICATION, system::TRACE]
            .iter()
            .any(|name| system.get(*name).is_some_and(|text| ids::names(text, id)))
        || attributes.values().any(is_in)
        || match &lying.decoded.content {
            Content::Json(value) => value_names(value, id),
            Content::Text(text) => ids::names(text, id),
            Content::Bytes(_) => false,
        }
}

pub fn value_names(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => ids::names(text, id),
        Value::Number(number) => number.to_string() == id,
        Value::Array(all) => all.iter().any(|one| value_names(one, id)),
        Value::Object(fields) => fields.iter().any(|(name, value)| name == id || value_names(value, id)),
        _ => false,
    }
}

pub fn object_names(object: &Object, id: &str) -> bool {
    ids::names(&object.key, id) || object.contents.as_ref().is_some_and(|text| ids::names(text, id))
}

type Learnt = Vec<(String, Nature)>;

fn fields(value: &Value) -> Learnt {
    let nature = |id: &str| if uuid(id).is_some() { Nature::Own } else { Nature::Shared };
    ids::fields(value).into_iter().map(|(_, id)| (id.clone(), nature(&id))).collect()
}

fn own_uuids(text: &str) -> impl Iterator<Item = (String, Nature)> + '_ {
    uuids(text).map(|id| (uuid_text(id), Nature::Own))
}

/// The run's own ids, and those of the lines that name the one which led here: a batch has other lines about other things.
fn of_run(ran: &Ran, by: &str) -> Learnt {
    let invocation = &ran.invocation;
    let mut learnt: Learnt = invocation.request_id.iter().map(|id| (id.to_string(), Nature::Own)).collect();
    learnt.extend(invocation.traces.iter().map(|id| (id.to_string(), Nature::Own)));
    let lines = invocation.lines.iter().filter(|line| ids::names(&line.text, by)).take(MOST_LINES);
    for line in lines {
        learnt.extend(own_uuids(&line.text));
        if let Some(value) = line.text.find('{').and_then(|at| serde_json::from_str(line.text[at..].trim()).ok()) {
            learnt.extend(fields(&value));
        }
    }
    learnt
}

fn of_message(lying: &Lying) -> Learnt {
    let message = &lying.message;
    let mut learnt = vec![(message.id.clone(), Nature::Own)];
    learnt.extend(message.system(system::TRACE).and_then(trace_root).map(|id| (id.to_owned(), Nature::Own)));
    if let Ok(Value::Object(envelope)) = serde_json::from_str::<Value>(&message.body) {
        let published = envelope.get("MessageId").filter(|_| envelope.contains_key("TopicArn"));
        let event = envelope.get("id").filter(|_| envelope.contains_key("detail-type"));
        learnt.extend(published.or(event).and_then(Value::as_str).map(|id| (id.to_owned(), Nature::Own)));
    }
    if let Content::Json(value) = &lying.decoded.content {
        learnt.extend(fields(value));
    }
    learnt
}

fn of_item(item: &Item) -> Learnt {
    fields(&item.value)
}

fn of_object(object: &Object) -> Learnt {
    let mut learnt: Learnt = own_uuids(&object.key).collect();
    // Many lines are about many things.
    let one = object.contents.as_ref().filter(|text| text.trim().lines().count() == 1 || text.starts_with("{\n"));
    if let Some(value) = one.and_then(|text| serde_json::from_str(text).ok()) {
        learnt.extend(fields(&value));
    }
    learnt
}
