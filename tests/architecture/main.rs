//! The rules that one crate's compiler cannot enforce, held against the text of the source tree; and the README held against the
//! tables that it repeats.
//!
//! A rule is a function from a text (or a list of sources) to violations, so that each is also shown a text that breaks it: a rule
//! that cannot fail would hold nothing. Nothing here runs the program. To add a rule: a function and its two tests, in the file of
//! its subject.
//!
//! The README's generated parts are written anew by `SNAPSHOTS=overwrite cargo test --test architecture`.

mod crates;
mod documents;
mod files;
mod layers;
mod operations;
mod readme;
mod scan;
mod source;

/// Fails with all violations at once, one a line.
#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}
