//! Ids of messages that a run knows already, small: sixteen bytes each, so that a million fit.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Some ids.
#[derive(Debug, Clone, Default)]
pub struct Ids(HashSet<u128>);

impl Ids {
    /// Whether it is new.
    pub fn insert(&mut self, id: &str) -> bool {
        self.0.insert(key(id))
    }

    pub fn contains(&self, id: &str) -> bool {
        self.0.contains(&key(id))
    }

    /// Whether the id that is this number as a UUID is one of them.
    pub fn contains_uuid(&self, uuid: u128) -> bool {
        self.0.contains(&uuid)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Extend<&'a str> for Ids {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, ids: I) {
        self.0.extend(ids.into_iter().map(key));
    }
}

impl<'a> FromIterator<&'a str> for Ids {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        Self(ids.into_iter().map(key).collect())
    }
}

/// SQS's ids are UUIDs, which are 128 bits; of anything else as many bits of hash.
fn key(id: &str) -> u128 {
    let is_uuid =
        id.len() == 36 && id.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
    let digits = if is_uuid { id.bytes().filter(|byte| *byte != b'-').try_fold(0, digit) } else { None };
    digits.unwrap_or_else(|| u128::from(hash(0, id)) << 64 | u128::from(hash(1, id)))
}

fn digit(number: u128, byte: u8) -> Option<u128> {
    Some(number << 4 | u128::from(char::from(byte).to_digit(16)?))
}

fn hash(salt: u8, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (salt, id).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_bits_and_anything_else_has_a_key_of_its_own() {
        assert_eq!(key("00000000-0000-0000-0000-0000000000ff"), 255);
        let ids: Ids = ["a", "b", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000ff"]
            .into_iter()
            .collect();
        assert_eq!(ids.len(), 4);
        assert!(ids.contains("b") && !ids.contains("c"));
        assert!(ids.contains_uuid(255) && !ids.contains_uuid(254));
    }
}
