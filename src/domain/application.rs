//! Which way data flows between an application and what its properties name.
//!
//! A function's environment names what it sends to. A stream application names what it reads as well, and only the words around
//! a name tell which is which: `InputStream0/stream.arn`, `producer.config.0/output.stream.name`.

use super::{Kind, KnownBy, Link, LinkKind, ResourceId};

const READS: [&str; 3] = ["INPUT", "SOURCE", "CONSUMER"];
const WRITES: [&str; 5] = ["OUTPUT", "SINK", "PRODUCER", "DESTINATION", "TARGET"];

/// The link between an application and a thing of this kind, which its property `GROUP/key` names.
///
/// Without a word that tells, a stream is what it reads and all else is what it writes.
pub fn link(application: &ResourceId, property: &str, named: (Kind, ResourceId)) -> Link {
    let (kind, id) = named;
    let (group, key) = property.split_once('/').unwrap_or(("", property));
    let reads = reads(key).or_else(|| reads(group)).unwrap_or(kind == Kind::Stream);
    let link = if reads {
        Link::configured(id, LinkKind::Streams, application.clone())
    } else {
        Link::configured(application.clone(), LinkKind::Delivers, id)
    };
    Link { known_by: KnownBy::Inferred, ..link.labelled(property) }
}

/// Whether these words speak of what is read; `None` when they do not say, or say both.
fn reads(words: &str) -> Option<bool> {
    let words = words.to_ascii_uppercase();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    match (has(&READS), has(&WRITES)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("InputStream0/stream.arn", Kind::Stream, true)]
    #[case("OutputStream0/stream.arn", Kind::Stream, false)]
    #[case("consumer.config.0/input.stream.name", Kind::Stream, true)]
    #[case("producer.config.0/output.stream.name", Kind::Stream, false)]
    // The key knows better than its group.
    #[case("ConsumerConfig/sink.stream", Kind::Stream, false)]
    #[case("InputOutput/sourceAndSink", Kind::Stream, true)]
    #[case("Application/stream.name", Kind::Stream, true)]
    #[case("Application/delivery.stream.name", Kind::DeliveryStream, false)]
    #[case("Application/source.bucket", Kind::Bucket, true)]
    #[case("table", Kind::Table, false)]
    fn words_tell_the_direction(#[case] property: &str, #[case] kind: Kind, #[case] reads: bool) {
        let link = link(&"app".into(), property, (kind, "it".into()));
        let ends = (link.from.as_str(), link.kind, link.to.as_str());
        let expected = if reads { ("it", LinkKind::Streams, "app") } else { ("app", LinkKind::Delivers, "it") };
        assert_eq!(ends, expected);
        assert_eq!((link.known_by, link.label.as_str()), (KnownBy::Inferred, property));
    }
}
