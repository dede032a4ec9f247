//! Edits: proposed with their difference, kept only when the user has seen that, and made when the message is sent.

use std::{collections::HashMap, sync::Arc};

use super::bench::{Bench, Note};
use crate::{
    overlays::desk::model::{Diff, DiffLine, News, Stage},
    redrive::{
        edit::{
            Edit, Kind, Limits, check, diff,
            document::{self, Edited, Mistake},
        },
        message::{Message, Outgoing},
        peek::hold::Hold,
    },
};

/// Lines of a difference that are shown; it is counted over all messages.
const MOST_LINES: usize = 300;
/// What is said of edits that no one expression makes.
const BY_HAND: &str = "by hand";
/// Reasons that are shown.
const MOST_REASONS: usize = 5;

/// What is done to a message before it is sent.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// To what the editor gave back.
    ByHand(Arc<Outgoing>),
    /// By this, after what was done before.
    ByJq(Arc<Edit>, Option<Box<Change>>),
}

impl Change {
    pub(super) fn apply(&self, message: &Message) -> Result<Outgoing, String> {
        match self {
            Self::ByHand(outgoing) => Ok(outgoing.as_ref().clone()),
            Self::ByJq(edit, None) => edit.apply(message),
            Self::ByJq(edit, Some(before)) => edit.apply(&changed(message, before.apply(message)?)),
        }
    }
}

/// As plan and journal say it of all messages that go. A run that is gone on with edits again by what stands there, so the expression
/// stands there only if it is all that is done, and done to each.
pub(super) fn said_of_all<'a>(changes: impl IntoIterator<Item = Option<&'a Change>>) -> Option<String> {
    let mut changes = changes.into_iter().peekable();
    let first = match changes.peek()? {
        Some(Change::ByJq(edit, None)) => Some(edit.said().to_owned()),
        Some(_) => Some(BY_HAND.to_owned()),
        None => None,
    };
    let is_first = |change: Option<&Change>| match change {
        Some(Change::ByJq(edit, None)) => first.as_deref() == Some(edit.said()),
        Some(_) => first.as_deref() == Some(BY_HAND),
        None => first.is_none(),
    };
    if changes.all(is_first) { first } else { Some(BY_HAND.to_owned()) }
}

/// The message as if it had been sent so in the first place.
fn changed(message: &Message, outgoing: Outgoing) -> Message {
    Message { body: outgoing.body, attributes: outgoing.attributes, ..message.clone() }
}

/// Changes that wait for a yes.
pub(super) struct Proposal {
    changes: Vec<(u32, Change)>,
    diff: Diff,
}

/// A message in the editor.
pub(super) struct InEditor {
    pub(super) row: u32,
    pub(super) message: Box<Message>,
    /// What was handed to the editor, once there were mistakes in it.
    again: Option<String>,
}

impl InEditor {
    pub(super) fn new(row: u32, message: Box<Message>) -> Self {
        Self { row, message, again: None }
    }
}

impl Bench {
    /// What a message has to keep to where it goes, as far as that is known yet.
    fn limits(&self) -> Limits {
        let sources = self.laid.as_ref().map(|laid| laid.sources.as_slice()).unwrap_or_default();
        sources.first().map_or_else(Limits::default, Limits::of)
    }

    pub(super) fn edit_one(&mut self) {
        let (Some(row), Some(laid)) = (self.sheet.row(), &self.laid) else { return };
        let Some(id) = self.rows.get(row as usize).map(|row| Arc::clone(&row.id)) else { return };
        let (hold, change) = (Arc::clone(&laid.hold), self.edits.get(&row).cloned());
        self.start_blocking(move || {
            let message = match hold.message(&id) {
                Ok(message) => message,
                Err(refusal) => return Note::Said(refusal.text, true),
            };
            let edited = change.and_then(|change| change.apply(&message).ok());
            let message = Box::new(match edited {
                Some(outgoing) => changed(&message, outgoing),
                None => message,
            });
            Note::ForEditor { row, document: document::write(&message), message }
        });
    }

    /// What came back from the editor. Mistakes bring the user back to his text, unless he left it as it was.
    pub(super) fn edited(&mut self, edited: Result<String, String>) {
        let Some(mut open) = self.in_editor.take() else { return };
        let text = match edited {
            Ok(text) if open.again.as_ref() == Some(&text) => {
                return self.say("the text was left as it was: the message is not changed", false);
            }
            Ok(text) => text,
            Err(why) => return self.say(why, true),
        };
        let mistakes = match document::read(&text, &open.message) {
            Ok(Edited::Same) => return self.say("nothing was changed", false),
            Ok(Edited::Changed(outgoing)) => {
                let wrong = check(&outgoing, self.limits());
                if wrong.is_empty() {
                    let lines = lines_of(&open.message, &outgoing).collect();
                    let diff = Diff { title: "1 message changes".to_owned(), lines, refused: Vec::new() };
                    let changes = vec![(open.row, Change::ByHand(Arc::from(outgoing)))];
                    return self.proposed(Ok(Box::new(Proposal { changes, diff })));
                }
                wrong.into_iter().map(|text| Mistake { line: None, text }).collect()
            }
            Err(mistake) => vec![mistake],
        };
        let again = document::again(&text, &mistakes);
        open.again = Some(again.clone());
        self.in_editor = Some(open);
        self.tell(News::Edit(again));
    }

    pub(super) fn edit_all(&mut self, jq: &str) {
        let edit = match Edit::jq(jq) {
            Ok(edit) => Arc::new(edit),
            Err(mistake) => return self.say(mistake.to_string(), true),
        };
        let Some(laid) = &self.laid else { return };
        let meant = self.sheet.meant();
        if meant.is_empty() {
            return self.say("nothing is listed", false);
        }
        let (hold, limits, edits) = (Arc::clone(&laid.hold), self.limits(), self.edits.clone());
        let ids: Vec<(u32, Arc<str>)> = self.index(&meant).into_iter().map(|(id, row)| (row, id)).collect();
        self.say(format!("editing {} messages…", ids.len()), false);
        self.start_blocking(move || Note::Proposed(propose(&hold, ids, &edit, (&edits, limits))));
    }

    pub(super) fn proposed(&mut self, proposal: Result<Box<Proposal>, String>) {
        match proposal {
            Err(why) => self.say(why, true),
            Ok(proposal) => {
                self.stage = Stage::Diff(proposal.diff.clone());
                self.proposal = Some(proposal);
            }
        }
    }

    pub(super) fn keep(&mut self) {
        if let Some(proposal) = self.proposal.take() {
            self.edits.extend(proposal.changes);
            self.stage = Stage::Columns;
            self.forget_opened();
        }
    }
}

/// Tries an edit on all that are meant. It is kept only if it goes well on each.
fn propose(
    hold: &Hold,
    mut ids: Vec<(u32, Arc<str>)>,
    edit: &Arc<Edit>,
    (edits, limits): (&HashMap<u32, Change>, Limits),
) -> Result<Box<Proposal>, String> {
    ids.sort_unstable_by_key(|(row, _)| *row);
    let (mut changes, mut same) = (Vec::new(), 0_usize);
    let mut diff = Diff::default();
    let mut failed = 0_usize;
    for (row, id) in ids {
        let message = hold.message(&id).map_err(|refusal| refusal.text)?;
        let before = edits.get(&row).cloned().map(Box::new);
        let was = match &before {
            Some(change) => changed(&message, change.apply(&message)?),
            None => message,
        };
        let wrong = match edit.apply(&was) {
            Ok(outgoing) if outgoing == Outgoing::again(&was) => {
                same += 1;
                continue;
            }
            Ok(outgoing) => {
                let wrong = check(&outgoing, limits);
                if wrong.is_empty() && diff.lines.len() < MOST_LINES {
                    diff.lines.push(DiffLine::Head(id.to_string()));
                    diff.lines.extend(lines_of(&was, &outgoing));
                }
                wrong
            }
            Err(why) => vec![why],
        };
        match wrong.first() {
            None => changes.push((row, Change::ByJq(Arc::clone(edit), before))),
            Some(why) => {
                failed += 1;
                if diff.refused.len() < MOST_REASONS {
                    diff.refused.push(format!("{id}: {why}"));
                }
            }
        }
    }
    if failed > diff.refused.len() {
        diff.refused.push(format!("and {} more", failed - diff.refused.len()));
    }
    diff.title = format!("{} change, {same} stay as they are", changes.len());
    if failed > 0 {
        diff.title = format!("{failed} cannot be changed so");
    } else if changes.is_empty() {
        return Err(format!("none of {same} messages would change"));
    }
    Ok(Box::new(Proposal { changes, diff }))
}

fn lines_of(before: &Message, after: &Outgoing) -> impl Iterator<Item = DiffLine> {
    diff(before, after).lines.into_iter().map(|line| match line.kind {
        Kind::Added => DiffLine::Added(line.text),
        Kind::Removed => DiffLine::Removed(line.text),
        Kind::Same => DiffLine::Same(line.text),
        Kind::Gap => DiffLine::Same("…".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_said_only_if_it_is_all_that_is_done_to_each() {
        let edit = |jq: &str| Change::ByJq(Arc::new(Edit::jq(jq).unwrap()), None);
        let Change::ByJq(more, _) = edit(".body.b = 1") else { unreachable!() };
        let (one, other) = (edit(".body.a = 2"), edit(".body.a = 3"));
        let twice = Change::ByJq(more, Some(Box::new(edit(".body.a = 2"))));
        let by_hand = Change::ByHand(Arc::new(Outgoing::default()));
        let said = |changes: &[Option<&Change>]| said_of_all(changes.iter().copied());
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[None, None]), None);
        assert_eq!(said(&[Some(&one), Some(&one)]).unwrap(), ".body.a = 2");
        for mixed in [[Some(&one), Some(&other)], [Some(&one), None], [None, Some(&one)], [Some(&one), Some(&by_hand)]]
        {
            assert_eq!(said(&mixed).unwrap(), "by hand");
        }
        assert_eq!(said(&[Some(&twice), Some(&twice)]).unwrap(), "by hand");
        assert!(Edit::jq("by hand").is_err());
    }

    #[test]
    fn edits_build_on_each_other() {
        let message = Message { id: "1".into(), body: r#"{"a":1}"#.into(), ..Message::default() };
        let edit = |jq: &str| Arc::new(Edit::jq(jq).unwrap());
        let first = Change::ByJq(edit(".body.a = 2"), None);
        let second = Change::ByJq(edit(".body.b = .body.a + 1"), Some(Box::new(first)));
        assert_eq!(second.apply(&message).unwrap().body, r#"{"a":2,"b":3}"#);
        let by_hand = Change::ByHand(Arc::new(Outgoing { body: r#"{"a":7}"#.into(), ..Outgoing::default() }));
        let after = Change::ByJq(edit(".body.b = .body.a + 1"), Some(Box::new(by_hand)));
        assert_eq!(after.apply(&message).unwrap().body, r#"{"a":7,"b":8}"#);
    }
}
