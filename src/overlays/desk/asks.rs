//! What the user asks of the desk, as data: each key becomes an [`Ask`], which the desk's own task answers.
//!
//! To add something that the user can do here: an [`Ask`], its key in `overlays::desk::keys`, and its arm in `app::desk`.

use std::path::PathBuf;

use crate::{
    domain::ResourceId,
    redrive::{choose::Condition, plan::Consumer, why::Route},
};

/// What the user wants of the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Lay this queue on it.
    Open(Box<Subject>),
    /// The cost of looking is accepted.
    Accept,
    /// What came since the last look.
    Look,
    Cluster(Step),
    Message(Step),
    Choose(Choice),
    /// List only what this lets pass; nothing lists all again.
    Find(Option<Find>),
    /// The one under the cursor, for `$EDITOR`.
    EditOne,
    /// What came back from there: the text, or why there is none.
    Edited(Result<String, String>),
    /// The chosen ones, by a jq expression.
    EditAll(String),
    /// The difference is what was meant.
    Keep,
    Plan(Deed),
    /// How those who take from the sources do by now.
    Takers(Vec<Taker>),
    Adjust(Adjust),
    /// The plan is what is meant.
    Go,
    /// Finish the batch in hand, then stop.
    Cancel,
    /// Away from what lies over the columns.
    Back,
    /// All leases end, and so does the desk.
    Close,
}

/// The queue, and what is known of those who take from its sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub queue: ResourceId,
    /// From its sources to the logs of whoever failed.
    pub routes: Vec<Route>,
    pub takers: Vec<Taker>,
}

/// Who takes from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taker {
    pub from: ResourceId,
    pub consumer: Consumer,
}

/// Where a cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    By(isize),
    To(usize),
    Top,
    Bottom,
}

/// What becomes chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The one under the cursor, or no longer.
    Toggle,
    /// All that are listed; if they are already, none of them.
    Listed,
    /// The cluster under the cursor, or no longer.
    Cluster,
    /// From this place in the list to the cursor.
    From(usize),
    /// The one under the cursor, and the one beyond.
    Along(isize),
    Nothing,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    Text(String),
    Regex(String),
    Where(String),
}

impl Find {
    /// As it was typed: `/…/` is a regex, all else a text.
    pub fn typed(text: &str) -> Option<Self> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(regex) if !regex.is_empty() => Some(Self::Regex(regex.to_owned())),
            _ if text.is_empty() => None,
            _ => Some(Self::Text(text.to_owned())),
        }
    }

    /// What was typed for it at the prompt of jq expressions, or at the other; nothing if it was typed elsewhere.
    pub fn as_typed(&self, at_jq: bool) -> String {
        match self {
            Self::Text(text) if !at_jq => text.clone(),
            Self::Regex(regex) if !at_jq => format!("/{regex}/"),
            Self::Where(jq) if at_jq => jq.clone(),
            _ => String::new(),
        }
    }

    /// What is wrong with it.
    pub fn mistake(&self) -> Option<String> {
        let condition = match self {
            Self::Text(text) => Condition::text(text),
            Self::Regex(regex) => Condition::regex(regex),
            Self::Where(jq) => Condition::jq(jq),
        };
        condition.err().map(|mistake| mistake.to_string())
    }
}

impl std::fmt::Display for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "/{text}"),
            Self::Regex(regex) => write!(f, "/{regex}/"),
            Self::Where(jq) => write!(f, "={jq}"),
        }
    }
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Redrive,
    /// To a file; they stay.
    Write,
    Delete,
    /// All that is in the queue, looked at or not.
    Purge,
    Undo,
    /// The runs that were cut off.
    Resume,
}

/// A change of the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Adjust {
    Canary,
    /// Messages a second; none for as fast as it goes.
    Rate(Option<f64>),
    /// A queue by name, ARN or URL; nothing for where they came from.
    To(String),
    /// The file that is written first, or none.
    File(Option<PathBuf>),
    /// AWS's own move task, or ours.
    Native,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", None)]
    #[case("cart", Some(Find::Text("cart".into())))]
    #[case("/ca.t/", Some(Find::Regex("ca.t".into())))]
    #[case("/cart", Some(Find::Text("/cart".into())))]
    #[case("//", Some(Find::Text("//".into())))]
    fn a_text_between_slashes_is_a_regex(#[case] typed: &str, #[case] expected: Option<Find>) {
        assert_eq!(Find::typed(typed), expected);
    }
}
