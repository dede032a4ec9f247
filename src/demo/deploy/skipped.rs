//! What an endpoint cannot hold. Nothing is left out silently: each piece is named, with what the endpoint said.
//!
//! The endpoint is asked, not recognised: a refusal that means "not implemented here" skips the piece and whatever needs it.

use std::fmt;

use crate::demo::DemoError;
use crate::demo::architectures::expected::{End, ExpectedLink};

/// A piece of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Resource(End),
    Link { from: End, to: End },
}

/// A piece that is not there, or that could not be taken away, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub piece: Piece,
    pub why: String,
}

impl Skipped {
    /// Whether a link cannot be there because of this.
    pub fn rules_out(&self, link: &ExpectedLink) -> bool {
        match &self.piece {
            Piece::Resource(end) => link.from == *end || link.to == *end,
            Piece::Link { from, to } => link.from == *from && link.to == *to,
        }
    }

    pub fn rules_out_resource(&self, resource: &End) -> bool {
        matches!(&self.piece, Piece::Resource(end) if end == resource)
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.piece {
            Piece::Resource(end) => write!(f, "{end}: {}", self.why),
            Piece::Link { from, to } => write!(f, "from {from} to {to}: {}", self.why),
        }
    }
}

/// What was skipped so far.
#[derive(Debug, Default)]
pub(super) struct Ledger(pub(super) Vec<Skipped>);

impl Ledger {
    /// Takes a step unless something that it needs was skipped; notes it when the endpoint lacks what the step asks for.
    pub(super) async fn attempt(
        &mut self,
        piece: Piece,
        needs: &[End],
        step: impl Future<Output = Result<(), DemoError>>,
    ) -> Result<(), DemoError> {
        let is_absent = |end: &&End| self.0.iter().any(|skipped| skipped.rules_out_resource(end));
        if let Some(absent) = needs.iter().find(is_absent) {
            self.note(piece, format!("it needs {absent}, which is not there"));
            return Ok(());
        }
        match step.await {
            Err(error) if error.is_lacking() => {
                self.note(piece, error.to_string());
                Ok(())
            }
            other => other,
        }
    }

    pub(super) fn note(&mut self, piece: Piece, why: String) {
        self.0.push(Skipped { piece, why });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FailureKind, Kind, KnownBy, LinkKind};

    fn end(name: &str) -> End {
        End::new(Kind::Stream, name)
    }

    fn failing(kind: FailureKind) -> Result<(), DemoError> {
        Err(DemoError::Call { doing: "create it".into(), reason: "no".into(), kind })
    }

    #[tokio::test]
    async fn what_needs_something_skipped_is_skipped_without_being_asked_for() {
        let mut ledger = Ledger::default();
        ledger.attempt(Piece::Resource(end("s")), &[], async { failing(FailureKind::NotImplemented) }).await.unwrap();
        let link = Piece::Link { from: end("s"), to: end("t") };
        ledger.attempt(link, &[end("s")], async { panic!("it must not run") }).await.unwrap();
        assert_eq!(ledger.0.len(), 2);
        assert!(ledger.0[1].to_string().contains("needs stream 's'"), "{}", ledger.0[1]);
        let kind = LinkKind::Invokes;
        let link = |from, to| ExpectedLink { from: end(from), kind, to: end(to), known_by: KnownBy::Configured };
        assert!(ledger.0[0].rules_out(&link("x", "s")) && !ledger.0[1].rules_out(&link("x", "t")));
    }

    #[tokio::test]
    async fn any_other_refusal_stops() {
        let step = async { failing(FailureKind::Denied) };
        let mut ledger = Ledger::default();
        assert!(ledger.attempt(Piece::Resource(end("s")), &[], step).await.is_err());
        assert_eq!(ledger.0, []);
    }
}
