//! The objects of a bucket: levels of its keys as they are asked for, what an object holds, and objects on their way into a file.
//!
//! ```text
//!   Reader (s3) ── a page ──► Level ──► Tree ──► rows, the newest first of what was listed
//!        ├──────── a range ──► preview ──► text, JSON, a table, hex; sums of a table (sums)
//!        └──────── ranges ───► download ──► a file, whole or not there
//! ```
//!
//! A listing is in the order of the keys, a thousand at a time: nobody can ask for the newest. So a level says of how many it shows the
//! newest, and keeps [`level::MOST_KEPT`] of them, however many there are. Calls sit behind [`Reader`], so that tests can be the bucket.
//! To show another format: [`preview`]. Must not: list what nobody asked for, read more of an object than it says, or change anything.

pub mod download;
mod image;
pub mod level;
mod newest;
pub mod preview;
pub mod refusal;
pub mod s3;
pub mod sums;
pub mod table;
pub mod tree;

#[cfg(test)]
mod testing;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

pub use newest::{Newest, newest};
pub use refusal::{Refused, Why};

/// US dollars for a thousand listings.
pub const LIST_DOLLARS: f64 = 0.005;
/// The part of an object that is read when the cursor rests on it, in bytes.
pub const HEAD: u64 = 64 << 10;
/// The part that is read when somebody asks for more.
pub const MORE: u64 = 8 << 20;
/// How long a signed address can be used.
pub const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// An object, as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: Box<str>,
    pub bytes: u64,
    pub at: Option<Timestamp>,
    /// Where it is not the standard one.
    pub class: Option<Box<str>>,
}

impl Object {
    /// Whether it must be restored before anybody can read it.
    pub fn is_archived(&self) -> bool {
        matches!(self.class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"))
    }
}

/// What is to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List<'a> {
    pub prefix: &'a str,
    /// Go on where a page ended.
    pub token: Option<&'a str>,
    /// Only keys after this one.
    pub after: Option<&'a str>,
}

/// One answer to a listing: a level's next prefixes and objects, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub prefixes: Vec<Box<str>>,
    pub objects: Vec<Object>,
    /// There is more.
    pub next: Option<String>,
}

/// Which bytes of which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<'a> {
    pub key: &'a str,
    pub from: u64,
    /// At most this many; not none.
    pub bytes: u64,
    /// Only while it is still this one.
    pub etag: Option<&'a str>,
}

/// Bytes of an object, and what is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Got {
    pub bytes: Vec<u8>,
    /// Of the whole object.
    pub total: u64,
    pub facts: Facts,
}

/// What is said of an object beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub etag: Option<String>,
    pub content_type: Option<String>,
    /// All of them, as names and values.
    pub listed: Vec<(String, String)>,
}

/// A version of an object, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub id: String,
    pub at: Option<Timestamp>,
    pub bytes: Option<u64>,
    pub is_latest: bool,
    /// It says that the object was deleted.
    pub is_delete_marker: bool,
}

/// Versions of an object, and whether these are all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    pub versions: Vec<Version>,
    pub are_all: bool,
}

/// A bucket that can be read.
#[async_trait]
pub trait Reader: fmt::Debug + Send + Sync {
    /// One page of one level.
    async fn list(&self, list: List<'_>) -> Result<Page, Refused>;
    /// A part of an object; less of it where it ends before.
    async fn read(&self, range: Range<'_>) -> Result<Got, Refused>;
    async fn versions(&self, key: &str) -> Result<Versions, Refused>;
    async fn tags(&self, key: &str) -> Result<Vec<(String, String)>, Refused>;
    /// An address with which anybody can read the object for a while. Sends nothing.
    async fn sign(&self, key: &str) -> Result<String, Refused>;
    /// The Region that the bucket turned out to be in, where that is another one than ours.
    fn moved_to(&self) -> Option<String>;
}

/// A bucket and what stands before a key in it, from `BUCKET`, `BUCKET/PREFIX`, `s3://BUCKET/PREFIX` or an ARN.
pub fn place(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("s3://").unwrap_or(text);
    let rest = match rest.strip_prefix("arn:") {
        Some(arn) => arn.split_once(":s3:::")?.1,
        None => rest,
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    (!bucket.is_empty() && !bucket.contains(':')).then_some((bucket, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("b", Some(("b", "")))]
    #[case("b/", Some(("b", "")))]
    #[case("b/a/c", Some(("b", "a/c")))]
    #[case("b//a", Some(("b", "/a")))]
    #[case("s3://b/a", Some(("b", "a")))]
    #[case("arn:aws:s3:::b/a", Some(("b", "a")))]
    #[case("arn:aws-cn:s3:::b", Some(("b", "")))]
    #[case("arn:aws:sqs:::b", None)]
    #[case("https://x", None)]
    #[case("", None)]
    fn places(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        assert_eq!(place(text), expected);
    }
}
