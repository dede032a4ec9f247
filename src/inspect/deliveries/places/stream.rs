//! A delivery stream: how it is, where its records come from, what changes them, where they are written, and who says what failed.

use super::{Facts, Known, Look, Place, say};
use crate::{
    domain::{
        Kind, Link, LinkKind, ResourceId,
        reading::{FRESHNESS, RECORDS_IN, RECORDS_OUT},
        units::Age,
    },
    inspect::deliveries::Folder,
};

/// Where a prefix goes on with what Firehose fills in.
const FILLED_IN: &str = "!{";

pub(super) fn of_stream(known: Known<'_>, id: &ResourceId) -> Vec<Place> {
    if known.entry(id).is_none() {
        return Vec::new();
    }
    let topology = known.store.topology();
    let (from, to): (Vec<&Link>, Vec<&Link>) =
        (topology.from(id).collect(), topology.to(id).filter(|link| link.kind == LinkKind::Streams).collect());
    let mut below: Vec<Place> = to.iter().map(|link| source(known, link)).collect();
    let kinds = [LinkKind::Transforms, LinkKind::Delivers, LinkKind::DeadLetters, LinkKind::Logs];
    let in_order = kinds.iter().flat_map(|kind| from.iter().filter(move |link| link.kind == *kind));
    for link in in_order {
        below.extend(match link.kind {
            LinkKind::Transforms => vec![transformer(known, link)],
            LinkKind::Logs => vec![errors(known, link)],
            _ => destination(known, id, link),
        });
    }
    let mut place = known.place(id.to_string(), id, 0);
    place.facts = facts(known, id);
    let status = known.attribute(id, "DeliveryStreamStatus").unwrap_or_default();
    place.is_bad |= status.ends_with("FAILED");
    place.says = status.to_lowercase();
    if let Some(age) = known.entry(id).and_then(|entry| entry.value(FRESHNESS)) {
        place.says.push_str(&format!(", oldest waits {}", Age(age)));
    }
    // How it is and what it delivered last are asked together.
    let delivered = below.iter().find(|below| matches!(below.look, Look::Objects(_)));
    let nowhere = || Look::Nothing("it writes to no bucket that edatop knows of".to_owned());
    place.look = delivered.map_or_else(nowhere, |delivered| delivered.look.clone());
    std::iter::once(place).chain(below).collect()
}

fn facts(known: Known<'_>, id: &ResourceId) -> Facts {
    let attribute = |name: &str| known.attribute(id, name);
    let mut facts = Facts::new();
    say(&mut facts, "state", attribute("DeliveryStreamStatus"));
    say(&mut facts, "why", attribute("FailureDescription"));
    say(&mut facts, "source", attribute("DeliveryStreamType"));
    say(&mut facts, "destination", attribute("Destination"));
    let limits =
        [attribute("IntervalInSeconds").map(|n| format!("{n} s")), attribute("SizeInMBs").map(|n| format!("{n} MB"))];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    say(&mut facts, "buffers", (!limits.is_empty()).then(|| limits.join(" or ")));
    let compression = attribute("CompressionFormat").map(|format| match format {
        "UNCOMPRESSED" => "not compressed".to_owned(),
        format => format.to_owned(),
    });
    let formats: Vec<String> = attribute("OutputFormat").map(str::to_owned).into_iter().chain(compression).collect();
    say(&mut facts, "format", (!formats.is_empty()).then(|| formats.join(", ")));
    say(&mut facts, "prefix", attribute("Prefix"));
    say(&mut facts, "prefix of errors", attribute("ErrorOutputPrefix"));
    say(&mut facts, "backup", attribute("S3BackupMode"));
    say(&mut facts, "encryption", attribute("EncryptionStatus"));
    let fresh = known.entry(id).and_then(|entry| entry.reading(FRESHNESS)).map(|reading| {
        let read = Age(reading.age_seconds(known.now));
        format!("the oldest record waits {}, read {read} ago ({})", Age(reading.value), reading.source)
    });
    let unknown = || "not known: no DeliveryToS3.DataFreshness of it was read".to_owned();
    facts.push(("freshness", fresh.unwrap_or_else(unknown)));
    for (name, metric, source) in
        [("came in", RECORDS_IN, "IncomingRecords"), ("delivered", RECORDS_OUT, "DeliveryToS3.Records")]
    {
        let said = known.counted(id, metric).unwrap_or_else(|| format!("not known: no {source} of it was read"));
        facts.push((name, said));
    }
    facts
}

fn source(known: Known<'_>, link: &Link) -> Place {
    let mut place = known.place(format!("from {}", link.from), &link.from, 1);
    place.says = "reads from".to_owned();
    say(&mut place.facts, "since", link.attribute("DeliveryStartTimestamp"));
    let why = match place.kind {
        Kind::Stream => "its records are read on request, which its consumers feel: enter shows how",
        _ => "edatop reads no records of it",
    };
    place.look = Look::Nothing(why.to_owned());
    place
}

fn transformer(known: Known<'_>, link: &Link) -> Place {
    let mut place = known.place(format!("by {}", link.to), &link.to, 1);
    place.says = "changes records".to_owned();
    say(&mut place.facts, "also gets from", known.also_from(&link.to, &link.from));
    place.look = known.lines_of(&link.to).unwrap_or_else(|| Look::Nothing("its log group is not known".to_owned()));
    place
}

/// Where it writes to; and in the same bucket what it could not write as it should.
fn destination(known: Known<'_>, id: &ResourceId, link: &Link) -> Vec<Place> {
    let is_main = link.attribute("Destination").is_some();
    let mut place = known.place(format!("to {}", link.to), &link.to, 1);
    place.says = if is_main { "delivers to".to_owned() } else { link.label.clone() };
    let folder = |prefix: &str| Folder {
        bucket: link.to.clone(),
        name: known.store.name_of(&link.to).to_owned(),
        region: known.attribute(&link.to, "Region").map(str::to_owned),
        prefix: prefix.split(FILLED_IN).next().unwrap_or_default().to_owned(),
    };
    if place.kind != Kind::Bucket {
        let what = link.attribute("Destination").unwrap_or("what is there");
        place.look = Look::Nothing(format!("edatop does not read {what}: its delivery errors say what failed"));
        return vec![place];
    }
    let prefix = link.attribute("Prefix").unwrap_or_default();
    say(&mut place.facts, "prefix", Some(prefix).filter(|prefix| !prefix.is_empty()));
    place.look = Look::Objects(folder(prefix));
    let errors = link.attribute("ErrorOutputPrefix").filter(|_| is_main).map(|prefix| {
        let mut errors = known.place(format!("errors of {id} to {}", link.to), &link.to, 1);
        errors.says = "failed records".to_owned();
        errors.facts.push(("prefix", prefix.to_owned()));
        errors.look = match folder(prefix) {
            whole if whole.prefix.is_empty() => {
                Look::Nothing("its prefix is all filled in: list the bucket".to_owned())
            }
            folder => Look::Objects(folder),
        };
        errors
    });
    std::iter::once(place).chain(errors).collect()
}

fn errors(known: Known<'_>, link: &Link) -> Place {
    let mut place = known.place(format!("errors in {}", link.to), &link.to, 1);
    place.says = "delivery errors".to_owned();
    place.look = Look::Lines(known.store.name_of(&link.to).into());
    place
}
