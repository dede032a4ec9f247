//! What a dead letter has in common with others: its cause, the type of its event, the shape of its body, the queue it came from.
//!
//! Where the cause is known it stands for the shape: bodies that differ in a field that nobody minded died of the same. Pure.

use std::sync::Arc;

use super::{cause::Cause, cause::Sureness, decode::Decoded, mask::mask_name, shape::Shape};
use crate::{domain::ResourceId, redrive::message::Message};

/// What a message has of its own, before any log was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Base {
    /// With ids and numbers masked.
    pub event_type: Option<String>,
    pub shape: Shape,
    pub source: Option<ResourceId>,
}

/// All that a message is grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    pub base: Base,
    pub cause: Option<(Arc<Cause>, Sureness)>,
}

impl Traits {
    /// What the message itself tells. `only_source` is the dead-letter queue's only source, for messages that name none.
    pub fn of(message: &Message, decoded: &Decoded, only_source: Option<&ResourceId>) -> Self {
        let base = Base {
            event_type: decoded.event_type.as_deref().map(|name| mask_name(name).into_owned()),
            shape: Shape::of(&decoded.content),
            source: message.source().map(ResourceId::from).or_else(|| only_source.cloned()),
        };
        let cause = Cause::of_message(message, decoded).map(|cause| (Arc::new(cause), Sureness::Certain));
        Self { base, cause }
    }
}

/// A hash that is the same in every run and on every machine: scripts name clusters by it. FNV-1a, 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Adds a part; parts do not run into each other.
    #[must_use]
    pub fn with(self, part: Option<&str>) -> Self {
        let ended = part.map_or(1, |_| 0);
        let bytes = part.unwrap_or_default().bytes().chain([0xff, ended]);
        Self(bytes.fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub fn value(self) -> u64 {
        self.0
    }

    /// Of a message's group: cause, type of event and source; the shape where there is no cause.
    pub fn of(base: &Base, cause: Option<&Cause>) -> Self {
        let shape = if cause.is_none() { Some(base.shape.paths.as_str()) } else { None };
        Self::default()
            .with(cause.and_then(|cause| cause.kind.as_deref()))
            .with(cause.map(|cause| cause.masked.text.as_str()))
            .with(shape)
            .with(base.event_type.as_deref())
            .with(base.source.as_ref().map(ResourceId::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::why::decode::decode;

    fn traits(body: &str) -> Traits {
        let message = Message { body: body.to_owned(), ..Message::default() };
        Traits::of(&message, &decode(&message), Some(&"q".into()))
    }

    fn fingerprint(body: &str, cause: Option<&str>) -> u64 {
        Fingerprint::of(&traits(body).base, cause.map(Cause::of_line).as_ref()).value()
    }

    #[test]
    fn the_same_failure_has_the_same_fingerprint() {
        let (a, b) = (r#"{"id": 1, "type": "Order"}"#, r#"{"type": "Order", "id": 2}"#);
        assert_eq!(fingerprint(a, None), fingerprint(b, None));
        assert_ne!(fingerprint(a, None), fingerprint(r#"{"id": "1", "type": "Order"}"#, None));
        assert_ne!(fingerprint(a, None), fingerprint(r#"{"id": 1, "type": "Refund"}"#, None));
        let (one, other) = (Some("[ERROR] ValueError: no price for 3"), Some("[ERROR] ValueError: no price for 44"));
        assert_eq!(fingerprint(a, one), fingerprint(b, other));
        assert_ne!(fingerprint(a, one), fingerprint(a, Some("[ERROR] KeyError: 'id'")));
        // With a cause the shape does not matter.
        assert_eq!(fingerprint(a, one), fingerprint(r#"{"note": "", "type": "Order"}"#, one));
    }

    #[test]
    fn fingerprints_stay_what_they_are_from_version_to_version() {
        assert_eq!(format!("{:016x}", fingerprint(r#"{"id": 1}"#, None)), "b3027290ea3c9566");
    }
}
