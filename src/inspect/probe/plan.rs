//! What will be sent, and who should get it. Pure: resources and links are asked, as `edatop route` does.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    domain::{Kind, LinkKind, Resource, ResourceId},
    routing::{
        Cargo, Envelope, Event, EventPattern, Fate, FilterPolicy, MessageAttribute, MessageAttributes, Scope, Terrain,
        follow,
    },
    store::Store,
};

/// What the mark is called, in attributes and bodies.
pub const MARK: &str = "edatop_probe";
/// What stands for the mark in an event that is given.
pub const PLACEHOLDER: &str = "{probe}";
/// Hops that may be made beyond a function, at most.
const MOST_HOPS: usize = 200;

/// What is expected of a hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// It gets it, as far as configuration tells.
    Arrives,
    /// What a function does with what it gets is its own affair; or a filter cannot be read.
    Perhaps(String),
    /// It does not, and why.
    Never(String),
    /// Only if something fails first.
    Later(String),
}

impl Expect {
    /// As it is said before anything is sent.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Arrives => "gets it",
            Self::Perhaps(_) => "perhaps",
            Self::Never(_) => "does not",
            Self::Later(_) => "only",
        }
    }

    pub fn why(&self) -> &str {
        match self {
            Self::Arrives => "",
            Self::Perhaps(why) | Self::Never(why) | Self::Later(why) => why,
        }
    }
}

/// The mark of the probe of this number: no two probes have the same.
pub fn mark_of(number: u64) -> String {
    format!("edatop-probe-{number:016x}")
}

/// One link on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub from: ResourceId,
    pub to: ResourceId,
    pub kind: Kind,
    pub depth: usize,
    pub expect: Expect,
}

/// What is sent and followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub target: ResourceId,
    pub kind: Kind,
    pub name: String,
    /// The mark.
    pub probe: String,
    /// The body of a message or a request; of a bus, the event.
    pub body: String,
    pub attributes: MessageAttributes,
    pub hops: Vec<Hop>,
    /// What is to be known before it is sent.
    pub doubts: Vec<String>,
}

/// What a plan is made from.
#[derive(Debug)]
pub struct Draft<'a> {
    pub store: &'a Store,
    pub target: &'a Resource,
    pub probe: String,
    /// None for an example that gets through.
    pub event: Option<String>,
    pub attributes: MessageAttributes,
    pub envelope: Envelope<'a>,
}

impl Draft<'_> {
    /// Marks the event and follows it on the map.
    ///
    /// # Errors
    /// When it is no event that the target would take.
    pub fn plan(self) -> Result<Plan, String> {
        let target = self.target;
        let terrain = Terrain::new(
            self.store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource),
            self.store.topology().links(),
            self.store.failures(),
        )
        .without(self.store.missing());
        let (written, mut attributes) = match &self.event {
            Some(event) => (event.replace(PLACEHOLDER, &self.probe), MessageAttributes::new()),
            None => example(&terrain, target),
        };
        let given = self.attributes.iter().map(|(name, value)| (name.clone(), marked(value, &self.probe)));
        attributes.extend(given);
        let (body, cargo) = if target.kind == Kind::Bus {
            let mut event = Event::read(&written, self.envelope).map_err(|error| error.to_string())?.json;
            if let Some(Value::Object(detail)) = event.get_mut("detail") {
                mark(detail, &self.probe);
            }
            (event.to_string(), Cargo::Event(event))
        } else {
            if target.kind != Kind::Api {
                attributes.insert(MARK.to_owned(), MessageAttribute::String(self.probe.clone()));
            }
            let body = marked_body(written, &self.probe);
            (body.clone(), Cargo::Message { body: Some(body), attributes: attributes.clone() })
        };
        let (hops, doubts) = hops(&terrain, target, &cargo);
        Ok(Plan {
            target: target.id.clone(),
            kind: target.kind,
            name: target.name.clone(),
            probe: self.probe,
            body,
            attributes,
            hops,
            doubts,
        })
    }
}

fn mark(object: &mut Map<String, Value>, probe: &str) {
    object.insert(MARK.to_owned(), probe.into());
}

fn marked_body(written: String, probe: &str) -> String {
    match serde_json::from_str(&written) {
        Ok(Value::Object(mut object)) => {
            mark(&mut object, probe);
            Value::Object(object).to_string()
        }
        _ => written,
    }
}

fn marked(value: &MessageAttribute, probe: &str) -> MessageAttribute {
    match value {
        MessageAttribute::String(text) => MessageAttribute::String(text.replace(PLACEHOLDER, probe)),
        other => other.clone(),
    }
}

/// What the first filter lets through.
fn example(terrain: &Terrain<'_>, target: &Resource) -> (String, MessageAttributes) {
    let links = terrain.from(&target.id);
    if target.kind == Kind::Bus {
        let patterns = links.iter().filter_map(|link| terrain.resource(&link.to));
        let enabled = patterns.filter(|rule| rule.attribute("State") != Some("DISABLED"));
        let pattern = enabled.filter_map(|rule| EventPattern::parse(rule.attribute("EventPattern")?).ok()).next();
        let event = pattern.map_or_else(
            || serde_json::json!({"source": "edatop", "detail-type": "probe", "detail": {}}),
            |pattern| pattern.example(),
        );
        return (event.to_string(), MessageAttributes::new());
    }
    let policy = links.iter().find_map(|link| {
        let scope = Scope::from_attribute(link.attribute("FilterPolicyScope"));
        FilterPolicy::parse(link.attribute("FilterPolicy")?, scope).ok()
    });
    let example = policy.map(|policy| policy.example());
    example.map_or_else(|| ("{}".to_owned(), MessageAttributes::new()), |example| (example.body, example.attributes))
}

fn hops(terrain: &Terrain<'_>, target: &Resource, cargo: &Cargo) -> (Vec<Hop>, Vec<String>) {
    let mut hops = Vec::new();
    let mut doubts = Vec::new();
    let follow_from = |id: &ResourceId, depth: usize, hops: &mut Vec<Hop>, doubts: &mut Vec<String>| {
        let journey = follow(terrain, id, cargo);
        doubts.extend(journey.doubts);
        hops.extend(journey.steps.into_iter().map(|step| Hop {
            from: step.from,
            to: step.to,
            kind: step.kind,
            depth: step.depth + depth,
            expect: match step.fate {
                Fate::Gets => Expect::Arrives,
                Fate::Filtered(miss) => Expect::Never(format!("its filter does not let it through: {miss}")),
                Fate::Barred(why) => Expect::Never(why),
                Fate::NotKnown(why) => Expect::Perhaps(why),
                Fate::Later(when) => Expect::Later(when),
            },
        }));
    };
    if target.kind == Kind::Api {
        for link in terrain.from(&target.id).iter().filter(|link| link.kind == LinkKind::Integrates) {
            let kind = terrain.kind(&link.to);
            let hop = Hop { from: target.id.clone(), to: link.to.clone(), kind, depth: 0, expect: Expect::Arrives };
            hops.push(hop);
            follow_from(&link.to, 1, &mut hops, &mut doubts);
        }
    } else {
        follow_from(&target.id, 0, &mut hops, &mut doubts);
    }
    beyond(terrain, &mut hops);
    doubts.sort();
    doubts.dedup();
    (hops, doubts)
}

/// What functions do with what they get: where they are known to write or send, it may go on.
fn beyond(terrain: &Terrain<'_>, hops: &mut Vec<Hop>) {
    let mut seen: BTreeSet<ResourceId> = hops.iter().map(|hop| hop.to.clone()).collect();
    let mut place = 0;
    while let Some(hop) = hops.get(place).cloned() {
        place += 1;
        let goes_on = match hop.expect {
            Expect::Arrives => hop.kind == Kind::Function,
            Expect::Perhaps(_) => true,
            Expect::Never(_) | Expect::Later(_) => false,
        };
        if !goes_on {
            continue;
        }
        let mut next = place;
        for link in terrain.from(&hop.to) {
            let is_result =
                matches!(link.kind, LinkKind::DeadLetters | LinkKind::Reports | LinkKind::Contains | LinkKind::Logs);
            if is_result || hops.len() >= MOST_HOPS || !seen.insert(link.to.clone()) {
                continue;
            }
            let why = match link.attribute("PendingConfirmation") {
                Some("true") => Expect::Never("the subscription is not confirmed".to_owned()),
                _ => Expect::Perhaps("what a function does with it is its own affair".to_owned()),
            };
            let kind = terrain.kind(&link.to);
            hops.insert(
                next,
                Hop { from: hop.to.clone(), to: link.to.clone(), kind, depth: hop.depth + 1, expect: why },
            );
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Link;

    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:EventFork";
    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:Analytics";
    const OTHER: &str = "arn:aws:sqs:us-east-1:000000000000:Mailing";
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:price";
    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/prices";

    fn ground() -> (Vec<Resource>, Vec<Link>) {
        let resources = vec![
            Resource::new(TOPIC, Kind::Topic, "EventFork"),
            Resource::new(QUEUE, Kind::Queue, "Analytics"),
            Resource::new(OTHER, Kind::Queue, "Mailing"),
            Resource::new(FUNCTION, Kind::Function, "price"),
            Resource::new(TABLE, Kind::Table, "prices"),
        ];
        let filter = |to: &str, policy: &str| {
            Link::configured(TOPIC, LinkKind::Subscribes, to).with("FilterPolicy", Some(policy))
        };
        let links = vec![
            filter(QUEUE, r#"{"event":["login"]}"#),
            filter(OTHER, r#"{"event":["signup"]}"#),
            Link::configured(QUEUE, LinkKind::Invokes, FUNCTION),
            Link::configured(FUNCTION, LinkKind::Writes, TABLE),
        ];
        (resources, links)
    }

    #[test]
    fn who_gets_it_who_does_not_and_what_may_happen_then() {
        let (resources, links) = ground();
        let terrain = Terrain::new(resources.iter(), links.iter(), std::iter::empty());
        let (body, attributes) = example(&terrain, &resources[0]);
        assert_eq!(attributes.get("event"), Some(&MessageAttribute::String("login".into())));
        let cargo = Cargo::Message { body: Some(marked_body(body, "edatop-probe-1")), attributes };
        let (hops, _) = hops(&terrain, &resources[0], &cargo);
        let told: Vec<_> = hops.iter().map(|hop| (hop.to.short_name(), hop.depth, hop.expect.clone())).collect();
        assert_eq!(told[0], ("Analytics", 0, Expect::Arrives));
        assert_eq!(told[1], ("price", 1, Expect::Arrives));
        assert!(matches!(&told[2], ("prices", 2, Expect::Perhaps(_))), "{told:?}");
        assert!(matches!(&told[3], ("Mailing", 0, Expect::Never(why)) if why.contains("signup")), "{told:?}");
    }

    #[test]
    fn the_mark_is_in_objects_and_nowhere_else() {
        assert_eq!(marked_body(r#"{"a":1}"#.into(), "p"), r#"{"a":1,"edatop_probe":"p"}"#);
        assert_eq!(marked_body("hello".into(), "p"), "hello");
        assert_eq!(marked_body("[1]".into(), "p"), "[1]");
    }
}
