//! What each key means on the desk, by what is going on.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers};

use super::{
    Column, Desk,
    model::{Adjust, Ask, Body, Choice, Deed, Opened, Stage, Step},
    typing::{Blank, Typed, Typing},
};
use crate::{
    commands::{COMMANDS, Command},
    inspect::thread::seen::{Seen, Sight},
    overlays::{
        Press, Wish,
        inspect::{
            self,
            tail::model::{self as tail, Begin},
        },
    },
    panes::View,
};

/// What SQS says of a message that is an id of something else.
const OF_THE_QUEUE: [&str; 3] = ["SenderId", "SequenceNumber", "DeadLetterQueueSourceArn"];

impl Desk {
    pub(super) fn press(&mut self, press: Press, view: &View<'_>) -> Wish {
        if let Some(typing) = &mut self.typing {
            if press.event.code == KeyCode::Tab && typing.finds() && self.picture.cluster > 0 {
                return Wish::Ask(Ask::Cluster(Step::Top));
            }
            let is_door = typing.is_door();
            return match typing.key(press) {
                Typed::On => Wish::Stay,
                Typed::Off if is_door => Wish::LeaveDesk,
                Typed::Off => self.typed(None),
                Typed::Ask(ask) => self.typed(Some(ask)),
            };
        }
        if view.read_only && press.command.is_some_and(is_dangerous) {
            return Wish::Say("edatop runs with --read-only: it changes nothing".to_owned());
        }
        match &self.picture.stage {
            Stage::Columns => self.in_columns(press),
            Stage::Opening | Stage::Failed(_) => leave_on_back(press),
            Stage::Asking(_) if press.event.code == KeyCode::Enter => Wish::Ask(Ask::Accept),
            Stage::Asking(_) => leave_on_back(press),
            Stage::Diff(diff) => {
                let can_keep = diff.refused.is_empty();
                self.in_sheet(press, can_keep.then_some(Ask::Keep))
            }
            Stage::Plan(_) => self.in_plan(press),
            Stage::Moving(_) => self.while_moving(press),
            Stage::Ended(_) if press.command == Some(Command::Open) => Wish::Ask(Ask::Back),
            Stage::Ended(_) if press.event.code == KeyCode::Char('U') && !view.read_only => {
                Wish::Ask(Ask::Plan(Deed::Undo))
            }
            Stage::Ended(_) => self.in_sheet(press, None),
        }
    }

    fn typed(&mut self, ask: Option<Ask>) -> Wish {
        self.typing = None;
        ask.map_or(Wish::Stay, Wish::Ask)
    }

    fn in_columns(&mut self, press: Press) -> Wish {
        if press.event.modifiers.contains(KeyModifiers::SHIFT) {
            match press.event.code {
                KeyCode::Up => return Wish::Ask(Ask::Choose(Choice::Along(-1))),
                KeyCode::Down => return Wish::Ask(Ask::Choose(Choice::Along(1))),
                _ => {}
            }
        }
        let Some(command) = press.command else { return Wish::Stay };
        let asked = std::mem::take(&mut self.asked);
        if let Some(step) = self.step(command) {
            return self.go(step);
        }
        match command {
            Command::Back if self.anchor.take().is_some() => Wish::Stay,
            Command::Back if self.picture.find.is_some() => Wish::Ask(Ask::Find(None)),
            Command::Back | Command::Quit if self.picture.edited > 0 && !asked => {
                self.asked = true;
                let edits = self.picture.edited;
                Wish::Say(format!("{edits} edited and not moved: the same key again leaves and forgets the edits"))
            }
            Command::Back | Command::Quit => Wish::LeaveDesk,
            Command::Open | Command::NextColumn => self.go_column(1),
            Command::PreviousColumn => self.go_column(-1),
            Command::Help | Command::ShowUsage | Command::ChooseTheme => Wish::Over(command),
            Command::Logs => self.logs(),
            Command::FollowMessage => match &self.picture.opened {
                Some(opened) => Wish::FollowOneOf(ids(opened), Some(self.queue.clone())),
                None => Wish::Stay,
            },
            Command::CopyMessageId => {
                self.picture.opened.as_ref().map_or(Wish::Stay, |opened| Wish::Copy(opened.id.clone()))
            }
            Command::FindText => {
                let before = self.picture.find.as_ref().map(|finding| finding.find.as_typed(false)).unwrap_or_default();
                self.typing = Some(Typing::new(Blank::Text, &before));
                Wish::Stay
            }
            Command::FindWhere => {
                let before = self.picture.find.as_ref().map(|finding| finding.find.as_typed(true)).unwrap_or_default();
                self.typing = Some(Typing::new(Blank::Where, &before));
                Wish::Stay
            }
            Command::EditAll => {
                self.typing = Some(Typing::new(Blank::EditAll, ""));
                Wish::Stay
            }
            _ => self.ask(command).map_or(Wish::Stay, Wish::Ask),
        }
    }

    /// The log at the moment at which the message failed; or those of all who may have failed on it.
    fn logs(&self) -> Wish {
        let place = self.picture.log.as_ref().and_then(|log| log.place.as_ref());
        place.map_or_else(
            || Wish::Logs(self.queue.clone()),
            |(group, at)| {
                let begin = Begin::At(*at);
                let subject = tail::Subject { title: group.to_string(), groups: vec![Arc::clone(group)], begin };
                Wish::Inspect(Box::new(inspect::Subject::Tail(subject)))
            },
        )
    }

    /// What a command asks of the desk itself.
    fn ask(&mut self, command: Command) -> Option<Ask> {
        Some(match command {
            Command::Choose | Command::ChooseRange if self.anchor.is_some() => {
                Ask::Choose(self.anchor.take().map_or(Choice::Toggle, Choice::From))
            }
            Command::ChooseRange => {
                (self.anchor, self.column) = (Some(self.picture.at), Column::Messages);
                return None;
            }
            Command::Choose if self.column == Column::Clusters => Ask::Choose(Choice::Cluster),
            Command::Choose => Ask::Choose(Choice::Toggle),
            Command::ChooseAll => Ask::Choose(Choice::Listed),
            Command::ChooseCluster => Ask::Choose(Choice::Cluster),
            Command::EditOne => Ask::EditOne,
            Command::Redrive => Ask::Plan(Deed::Redrive),
            Command::WriteFile => Ask::Plan(Deed::Write),
            Command::DeleteChosen => Ask::Plan(Deed::Delete),
            Command::PurgeQueue => Ask::Plan(Deed::Purge),
            Command::UndoRun => Ask::Plan(Deed::Undo),
            Command::ResumeRuns => Ask::Plan(Deed::Resume),
            Command::LookAgain => Ask::Look,
            _ => return None,
        })
    }

    /// How far a key goes.
    fn step(&self, command: Command) -> Option<Step> {
        let page = match self.column {
            Column::Clusters => self.places.clusters.height / self.places.cluster_height.max(1),
            Column::Messages => self.places.messages.height,
            Column::Message => self.places.message.height,
        };
        let page = isize::try_from(page.saturating_sub(1).max(1)).unwrap_or(1);
        Some(match command {
            Command::Up => Step::By(-1),
            Command::Down => Step::By(1),
            Command::PageUp => Step::By(-page),
            Command::PageDown => Step::By(page),
            Command::Top => Step::Top,
            Command::Bottom => Step::Bottom,
            _ => return None,
        })
    }

    fn go(&mut self, step: Step) -> Wish {
        match (self.column, step) {
            (Column::Clusters, step) => Wish::Ask(Ask::Cluster(step)),
            (Column::Messages, step) => Wish::Ask(Ask::Message(step)),
            (Column::Message, step) => {
                match step {
                    Step::By(lines) => self.page.scroll(lines),
                    Step::Top | Step::To(_) => self.page.scroll(isize::MIN),
                    Step::Bottom => self.page.scroll(isize::MAX),
                }
                Wish::Stay
            }
        }
    }

    pub(super) fn go_to_cluster(&self, place: usize) -> Wish {
        if place < self.picture.clusters.len() { Wish::Ask(Ask::Cluster(Step::To(place))) } else { Wish::Stay }
    }

    fn go_column(&mut self, by: isize) -> Wish {
        self.column = match (self.column, by > 0) {
            (Column::Clusters, true) | (Column::Message, false) => Column::Messages,
            (Column::Messages, true) | (Column::Clusters, false) => Column::Message,
            (Column::Message, true) | (Column::Messages, false) => Column::Clusters,
        };
        Wish::Stay
    }

    /// In something that lies over the columns: enter says yes, esc no.
    fn in_sheet(&mut self, press: Press, yes: Option<Ask>) -> Wish {
        match press.command {
            Some(Command::Up) => self.offset = self.offset.saturating_sub(1),
            Some(Command::Down) => self.offset += 1,
            Some(Command::PageUp) => self.offset = self.offset.saturating_sub(10),
            Some(Command::PageDown) => self.offset += 10,
            Some(Command::Top) => self.offset = 0,
            _ => match press.event.code {
                KeyCode::Enter => return yes.map_or(Wish::Stay, Wish::Ask),
                KeyCode::Esc | KeyCode::Char('q') => return Wish::Ask(Ask::Back),
                _ => {}
            },
        }
        Wish::Stay
    }

    fn in_plan(&mut self, press: Press) -> Wish {
        let Stage::Plan(plan) = &self.picture.stage else { return Wish::Stay };
        let blank = |blank, text: &str| Some(Typing::new(blank, text));
        match press.event.code {
            KeyCode::Char('c') if plan.canary.is_some() => return Wish::Ask(Ask::Adjust(Adjust::Canary)),
            KeyCode::Char('n') if plan.native.is_some() => return Wish::Ask(Ask::Adjust(Adjust::Native)),
            KeyCode::Char('r') if plan.rate.is_some() => {
                let rate = plan.rate.flatten().map_or_else(String::new, |rate| rate.to_string());
                self.typing = blank(Blank::Rate, &rate);
            }
            KeyCode::Char('t') => {
                if let Some(to) = &plan.to {
                    self.typing = blank(Blank::To, to);
                }
            }
            KeyCode::Char('f') => {
                if let Some(file) = &plan.file {
                    let path = file.as_ref().map_or_else(String::new, |path| path.display().to_string());
                    self.typing = blank(Blank::File, &path);
                }
            }
            KeyCode::Enter if plan.refused.is_none() && plan.name.is_some() => {
                self.typing = plan.name.clone().map(|name| Typing::new(Blank::Confirm(name), ""));
            }
            _ => {
                let yes = plan.refused.is_none().then_some(Ask::Go);
                return self.in_sheet(press, yes);
            }
        }
        Wish::Stay
    }

    /// Esc asks, enter or y stops; the batch in hand is finished.
    fn while_moving(&mut self, press: Press) -> Wish {
        match press.event.code {
            KeyCode::Esc | KeyCode::Char('q') => self.asked = !self.asked,
            KeyCode::Enter | KeyCode::Char('y') if self.asked => {
                self.asked = false;
                return Wish::Ask(Ask::Cancel);
            }
            KeyCode::Char('n') => self.asked = false,
            _ => {}
        }
        Wish::Stay
    }
}

/// The ids of a message: its own, and all that it names.
fn ids(opened: &Opened) -> Vec<Seen> {
    let sight = Sight::default().called("message", &opened.id);
    let sight = match &opened.body {
        Body::Json(value) => sight.value(value),
        Body::Lines(lines) => sight.text(&lines.join("\n")),
    };
    let attributes = opened.attributes.iter().filter(|(name, _)| !OF_THE_QUEUE.contains(&name.as_str()));
    attributes.fold(sight, |sight, (name, value)| sight.text(&format!("{name}={value}"))).ids()
}

fn leave_on_back(press: Press) -> Wish {
    match press.command {
        Some(Command::Back | Command::Quit) => Wish::LeaveDesk,
        _ => Wish::Stay,
    }
}

fn is_dangerous(command: Command) -> bool {
    COMMANDS.iter().any(|row| row.command == command && row.dangerous)
}
