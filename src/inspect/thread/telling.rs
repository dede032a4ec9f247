//! The steps of what was found: when, where, what, from which evidence, and how sure. Pure.
//!
//! Must not: take a neighbour for a witness. What only stands next to a step on the map is told as probable, with its reason.

mod kept;
mod ways;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    ground::Ground,
    haul::{Haul, Lying, Ran},
    ids,
    step::{Evidence, Kept, Known, Nature, Step, Sure, What},
    story::{Hits, Unit, source_of},
};
use crate::{
    domain::{Kind, ResourceId},
    redrive::why::{
        evidence::{self, Subject, Window},
        invocations::{Failure, Invocation},
        lines::Span,
    },
};

/// Characters of a piece of evidence.
const MOST_TEXT: usize = 4_000;
/// Lines of a run that are shown as evidence.
const MOST_LINES: usize = 60;
/// Failures of one message that are told: a message has few receives.
const MOST_FAILURES: u32 = 20;
/// Where nothing tells when.
const LATEST: i64 = i64::MAX;

/// All steps, the oldest first.
pub fn steps(ground: &Ground, haul: &Haul, ids: &[Known], hits: &Hits) -> Vec<Step> {
    let mut telling = Telling { ground, haul, ids, steps: Vec::new() };
    for (unit, by) in hits {
        match *unit {
            Unit::Ran(place) => telling.ran(&haul.ran[place], *by),
            Unit::Lying(place) => telling.sent(&haul.lying[place], *by),
            _ => {}
        }
    }
    let lying = || {
        hits.iter().filter_map(|(unit, by)| if let Unit::Lying(n) = unit { Some((&haul.lying[*n], *by)) } else { None })
    };
    for (message, by) in lying() {
        telling.failures_of(message, by);
    }
    for (unit, by) in hits {
        match *unit {
            Unit::Item(place) => telling.item(&haul.items[place], *by),
            Unit::Object(place) => telling.object(&haul.objects[place], *by),
            _ => {}
        }
    }
    for (message, by) in lying() {
        telling.where_it_lies(message, by);
    }
    telling.passed();
    telling.steps.sort_by_key(|step| (step.place_ms, step.depth, step.what));
    telling.steps
}

struct Telling<'a> {
    ground: &'a Ground,
    haul: &'a Haul,
    ids: &'a [Known],
    steps: Vec<Step>,
}

fn instant(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

fn short(text: &str) -> String {
    let text = text.trim_end();
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Telling<'_> {
    /// How sure it is by the strongest id that it names.
    fn sure(&self, by: usize) -> Sure {
        let Some(known) = self.ids.get(by) else { return Sure::Probably("it is near it".to_owned()) };
        let from = known.from.as_ref().map(|from| format!(", which {from} named too")).unwrap_or_default();
        match known.nature {
            Nature::Asked => Sure::Certain(format!("it names {}", known.id)),
            Nature::Own => Sure::Certain(format!("it names {}{from}", known.id)),
            Nature::Shared => {
                Sure::Probably(format!("it names {}{from}: other events may be about the same", known.id))
            }
        }
    }

    /// A step at a resource; what is told already by another document is not told again.
    fn add(&mut self, resource: &ResourceId, step: Told) {
        let is_known = |known: &&mut Step| {
            known.what == step.what
                && known.resource == *resource
                && (known.at, &known.says) == (step.at, &step.says)
                && step.at.is_some()
        };
        if let Some(known) = self.steps.iter_mut().find(is_known) {
            for evidence in step.evidence {
                if !known.evidence.contains(&evidence) {
                    known.evidence.push(evidence);
                }
            }
            return;
        }
        let place_ms = step.at.map_or(step.place_ms, Timestamp::as_millisecond);
        self.steps.push(Step {
            at: step.at,
            until: step.until,
            what: step.what,
            resource: resource.clone(),
            kind: self.ground.kind(resource),
            name: self.ground.name(resource).to_owned(),
            depth: self.ground.depth(resource),
            times: step.times,
            says: step.says,
            sure: step.sure,
            evidence: step.evidence,
            kept: step.kept,
            place_ms,
        });
    }

    /// When the latest step at one of these was.
    fn latest(&self, at: impl Fn(&ResourceId) -> bool) -> Option<i64> {
        self.steps.iter().filter(|step| at(&step.resource)).map(|step| step.place_ms).max()
    }

    fn is_named(&self, text: &str) -> Option<Nature> {
        self.ids.iter().filter(|known| ids::names(text, &known.id)).map(|known| known.nature).min()
    }

    fn ran(&mut self, ran: &Ran, by: usize) {
        let failures = self.failures_in(&ran.invocation);
        let evidence = lines(&ran.invocation, |text| self.is_named(text).is_some());
        let sure = self.sure(by);
        if failures.is_empty() {
            self.add(
                &ran.function,
                Told {
                    at: instant(ran.invocation.first_ms),
                    until: instant(ran.invocation.last_ms),
                    says: format!("ran{}", how_it_ran(&ran.invocation)),
                    evidence,
                    ..Told::new(What::Handled, sure)
                },
            );
            return;
        }
        for (failure, is_named) in failures {
            let sure = if is_named {
                sure.clone()
            } else {
                Sure::Probably("it failed in the run that named it, and the error does not say on what".to_owned())
            };
            self.add(&ran.function, failed(&ran.invocation, failure.at_ms, failure.cause.headline(), sure));
        }
    }

    /// The failures of a run that name the thread; where none does, each kind of them once.
    fn failures_in<'b>(&self, invocation: &'b Invocation) -> Vec<(&'b Failure, bool)> {
        let text_of =
            |failure: &Failure| invocation.lines.get(failure.line as usize).map_or("", |line| line.text.as_str());
        let mut named: Vec<(&Failure, bool)> = invocation
            .failures
            .iter()
            .filter(|failure| {
                self.is_named(text_of(failure))
                    .is_some_and(|nature| nature != Nature::Shared || failed_once(invocation))
            })
            .map(|failure| (failure, true))
            .collect();
        named.dedup_by(|a, b| a.0.cause == b.0.cause);
        // Others of its batch have lines of their own: a run of many failed for each of them.
        if named.is_empty() && failed_once(invocation) {
            for failure in &invocation.failures {
                if !named.iter().any(|(known, _)| known.cause == failure.cause) {
                    named.push((failure, false));
                }
            }
        }
        named
    }

    fn sent(&mut self, lying: &Lying, by: usize) {
        let source = source_of(self.ground, lying);
        let message = &lying.message;
        self.published(lying);
        let id = Evidence::new("message id", &message.id);
        let body = Evidence::new("body", short(&message.body));
        self.add(
            &source,
            Told {
                at: message.sent_at(),
                says: format!("queued as message {}", message.id),
                evidence: vec![id.clone(), body],
                ..Told::new(What::Queued, self.sure(by))
            },
        );
        let Some(times) = message.receive_count().filter(|times| *times > 0) else { return };
        self.add(
            &source,
            Told {
                at: message.first_received_at(),
                place_ms: message.sent_at().map_or(LATEST, Timestamp::as_millisecond),
                times: Some(times),
                says: match message.first_received_at() {
                    Some(_) => format!("received ×{times}, the first time then"),
                    None => format!("received ×{times}"),
                },
                evidence: vec![id, Evidence::new("ApproximateReceiveCount", times.to_string())],
                ..Told::new(What::Received, self.sure(by))
            },
        );
    }

    /// What the envelope of a message tells of before it was queued.
    fn published(&mut self, lying: &Lying) {
        let Ok(envelope) = serde_json::from_str::<Value>(&lying.message.body) else { return };
        let text = |key: &str| envelope.get(key).and_then(Value::as_str);
        let at = |key: &str| text(key).and_then(|at| at.parse::<Timestamp>().ok());
        let sure = Sure::Certain(format!("the envelope of message {} says so", lying.message.id));
        if let (Some(topic), Some(at)) = (text("TopicArn"), at("Timestamp")) {
            let id = text("MessageId").unwrap_or_default();
            let says = format!("published as {id}");
            let evidence = vec![Evidence::new("envelope", id)];
            self.add(&topic.into(), Told { at: Some(at), says, evidence, ..Told::new(What::Published, sure) });
        } else if let (Some(kind), Some(at)) = (text("detail-type"), at("time")) {
            let queue = source_of(self.ground, lying);
            let Some(bus) = self.upstream(&queue, Kind::Bus) else { return };
            let says = format!("{kind} from {}", text("source").unwrap_or("nobody"));
            let evidence = vec![Evidence::new("envelope", text("id").unwrap_or_default())];
            self.add(&bus, Told { at: Some(at), says, evidence, ..Told::new(What::Published, sure) });
        }
    }

    /// Runs that failed on a message without naming it: by the values that the error and the message share.
    fn failures_of(&mut self, lying: &Lying, by: usize) {
        let source = source_of(self.ground, lying);
        let Some(times) = lying.message.receive_count().filter(|times| *times > 0) else { return };
        let Some(sent) = lying.message.sent_at() else { return };
        let takers: Vec<&ResourceId> = self.ground.takers(&source).collect();
        let knows = |step: &Step| matches!(step.what, What::Failed | What::Handled) && takers.contains(&&step.resource);
        if self.steps.iter().any(knows) || self.ids.get(by).is_some_and(|known| known.nature == Nature::Shared) {
            return;
        }
        let mut failed_runs: Vec<&Ran> = self
            .haul
            .ran
            .iter()
            .filter(|ran| takers.contains(&&ran.function) && !ran.invocation.failures.is_empty())
            .collect();
        let sent_ms = sent.as_millisecond();
        let span = Span { from_ms: sent_ms.saturating_sub(1_000), to_ms: LATEST };
        let window = Window { span, last_receive_ms: sent_ms };
        let subject = Subject::of(&lying.message, &lying.decoded, Some(window));
        for _ in 0..times.min(MOST_FAILURES) {
            let all = evidence::Evidence::new(failed_runs.iter().map(|ran| ran.invocation.clone()).collect());
            let Some(found) = all.find(&subject) else { break };
            let Some(invocation) = all.invocations.get(found.invocation) else { break };
            let Some(place) = failed_runs.iter().position(|ran| ran.invocation == *invocation) else { break };
            let ran = failed_runs.swap_remove(place);
            let sure = match found.proof.sureness() {
                crate::redrive::why::Sureness::Certain => Sure::Certain(reason(&found.proof)),
                _ => Sure::Probably(reason(&found.proof)),
            };
            self.add(&ran.function, failed(&ran.invocation, found.at_ms, found.cause.headline(), sure));
        }
    }

    /// Where a message is at the moment.
    fn where_it_lies(&mut self, lying: &Lying, by: usize) {
        let source = source_of(self.ground, lying);
        let times = lying.message.receive_count().filter(|times| *times > 0);
        let takers: Vec<ResourceId> = self.ground.takers(&source).cloned().collect();
        let after = self.latest(|id| *id == source || takers.contains(id));
        let received = times.map_or_else(|| "never received".to_owned(), |times| format!("received ×{times}"));
        let is_given_up = lying.queue != source;
        let name = self.ground.name(&lying.queue).to_owned();
        let (what, says) = if is_given_up {
            (What::DeadLettered, format!("dead-lettered into {name}, {received}; SQS keeps no instant of that"))
        } else if self.ground.queues.iter().any(|place| place.id == lying.queue && !place.sources.is_empty()) {
            (What::DeadLettered, format!("lies in {name}, {received}; it does not say from where"))
        } else {
            (What::Waiting, format!("is still in {name}, {received}"))
        };
        self.add(
            &lying.queue,
            Told {
                times,
                kept: (what == What::DeadLettered).then(|| Kept::Letter(lying.message.id.clone())),
                place_ms: if what == What::Waiting { LATEST } else { after.unwrap_or(LATEST) },
                says,
                evidence: vec![
                    Evidence::new("message id", &lying.message.id),
                    Evidence::new("body", short(&lying.message.body)),
                ],
                ..Told::new(what, self.sure(by))
            },
        );
    }
}

/// Without the word for how sure it is, which the step has of its own.
fn reason(proof: &evidence::Proof) -> String {
    let says = proof.says();
    says.split_once(": ").map_or(says.clone(), |(_, reason)| reason.to_owned())
}

/// A step before it is placed.
struct Told {
    at: Option<Timestamp>,
    until: Option<Timestamp>,
    what: What,
    times: Option<u32>,
    says: String,
    sure: Sure,
    evidence: Vec<Evidence>,
    kept: Option<Kept>,
    place_ms: i64,
}

impl Told {
    fn new(what: What, sure: Sure) -> Self {
        Self {
            at: None,
            until: None,
            what,
            times: None,
            says: String::new(),
            sure,
            evidence: Vec::new(),
            kept: None,
            place_ms: LATEST,
        }
    }
}

/// Whether it failed on one thing alone: the error, and perhaps the runtime's word of it.
fn failed_once(invocation: &Invocation) -> bool {
    invocation.failures.len() <= 2
}

fn how_it_ran(invocation: &Invocation) -> String {
    let request = invocation.request_id.as_ref().map(|id| format!(" as request {id}")).unwrap_or_default();
    format!("{request}, {} ms by its log", invocation.last_ms.saturating_sub(invocation.first_ms))
}

fn failed(invocation: &Invocation, at_ms: i64, headline: String, sure: Sure) -> Told {
    Told {
        at: instant(at_ms),
        says: headline,
        evidence: std::iter::once(Evidence::new("run", format!("failed{}", how_it_ran(invocation))))
            .chain(lines(invocation, |_| false))
            .collect(),
        ..Told::new(What::Failed, sure)
    }
}

/// The lines of a run; of a long one those that are meant come first.
fn lines(invocation: &Invocation, is_meant: impl Fn(&str) -> bool) -> Vec<Evidence> {
    let evidence = |line: &crate::redrive::why::lines::Line| Evidence::new("log line", short(&line.text));
    if invocation.lines.len() <= MOST_LINES {
        return invocation.lines.iter().map(evidence).collect();
    }
    let meant = invocation.lines.iter().filter(|line| is_meant(&line.text));
    let failing = invocation.failures.iter().filter_map(|failure| invocation.lines.get(failure.line as usize));
    meant.chain(failing).take(MOST_LINES).map(evidence).collect()
}
