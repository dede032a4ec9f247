//! What each key means before a probe is sent and after.

use std::sync::Arc;

use crossterm::event::KeyCode;
use tui_input::Input;

use super::{
    Blank, Probe,
    model::{Ask, Stage},
};
use crate::{
    commands::Command,
    domain::{Kind, ResourceId},
    inspect::probe::follow,
    overlays::{
        Press, Wish,
        filter::request,
        inspect::{self, tail, thread},
    },
    panes::View,
};

fn wish(ask: Ask) -> Wish {
    Wish::Read(inspect::Ask::Probe(ask))
}

impl Probe {
    pub(super) fn press(&mut self, press: Press, view: &View<'_>) -> Wish {
        if self.typing.is_some() {
            return self.typed(press, view);
        }
        if let Some(choices) = self.choices.as_mut().filter(|_| self.picture.route.is_none()) {
            if let Some(place) = choices.key(press) {
                return wish(Ask::Route(place));
            }
            return match press.command {
                Some(Command::Back | Command::Quit) => Wish::Close,
                _ => Wish::Stay,
            };
        }
        let page = isize::try_from(self.hops.height.max(1)).unwrap_or(1);
        match press.command {
            Some(Command::Back | Command::Quit) => return self.back(),
            Some(Command::Up) => self.go(-1),
            Some(Command::Down) => self.go(1),
            Some(Command::PageUp) => self.go(-page),
            Some(Command::PageDown) => self.go(page),
            Some(Command::Top) => self.go(isize::MIN),
            Some(Command::Bottom) => self.go(isize::MAX),
            Some(Command::SendProbe) => return self.enter(view),
            Some(Command::Logs) => return self.lines(view),
            Some(Command::LookInside) => return self.chosen().map_or(Wish::Stay, |id| Wish::LookInside(id.clone())),
            Some(Command::CopyId) => return Wish::Copy(self.errand.plan.probe.clone()),
            Some(Command::FollowThis) => return self.follow(view),
            Some(Command::EditOne) if self.picture.stage == Stage::Ready => {
                self.typing = Some((Blank::Event, Input::new(self.errand.plan.body.clone())));
            }
            Some(Command::LookAgain) if matches!(self.picture.stage, Stage::Stopped | Stage::Over) => {
                return wish(Ask::Again);
            }
            Some(Command::EvidenceDown) => self.offset = self.offset.saturating_add(1),
            Some(Command::EvidenceUp) => self.offset = self.offset.saturating_sub(1),
            Some(command @ (Command::Help | Command::ShowUsage | Command::ChooseTheme)) => return Wish::Over(command),
            _ => {}
        }
        Wish::Stay
    }

    /// First it is not looked for any more, then it is left.
    fn back(&self) -> Wish {
        match self.picture.stage {
            Stage::Following | Stage::Sending => wish(Ask::Stop),
            _ => Wish::Close,
        }
    }

    fn enter(&mut self, view: &View<'_>) -> Wish {
        match self.picture.stage {
            Stage::Finding | Stage::Sending | Stage::Refused(_) => Wish::Stay,
            Stage::Ready if view.read_only => Wish::Say(inspect::probe::READ_ONLY.to_owned()),
            Stage::Ready if self.errand.name.is_some() => {
                self.typing = Some((Blank::Name, Input::default()));
                Wish::Stay
            }
            Stage::Ready => self.send(),
            Stage::Following | Stage::Stopped | Stage::Over => self.open(view),
        }
    }

    fn send(&mut self) -> Wish {
        self.picture.stage = Stage::Sending;
        wish(Ask::Send(Box::new(self.errand.clone())))
    }

    fn typed(&mut self, press: Press, view: &View<'_>) -> Wish {
        let Some((blank, input)) = &mut self.typing else { return Wish::Stay };
        match press.event.code {
            KeyCode::Esc => self.typing = None,
            KeyCode::Enter if *blank == Blank::Event => {
                match super::rewritten(&self.errand.plan, input.value().to_owned(), view) {
                    Err(mistake) => return Wish::Say(mistake),
                    Ok(plan) => {
                        let ground = Arc::new(follow::ground(&plan, view.store));
                        (self.errand.plan, self.errand.ground) = (Arc::new(plan), ground);
                        (self.typing, self.at, self.offset) = (None, 0, 0);
                    }
                }
            }
            KeyCode::Enter => {
                let name = self.errand.name.as_deref().unwrap_or_default();
                if input.value().trim() != name {
                    return Wish::Say(format!("this is not {name}; esc sends nothing"));
                }
                self.typing = None;
                return self.send();
            }
            _ => {
                if let Some(request) = request(press) {
                    input.handle(request);
                }
            }
        }
        Wish::Stay
    }

    /// The lines of a function when it got there; of anything else all that is known.
    pub(super) fn open(&self, view: &View<'_>) -> Wish {
        let Some(id) = self.chosen() else { return Wish::Stay };
        if view.store.kind_of(id) == Kind::Function {
            return self.lines(view);
        }
        Wish::Open(id.clone())
    }

    fn lines(&self, view: &View<'_>) -> Wish {
        let Some(id) = self.chosen() else { return Wish::Stay };
        let at = self.picture.course.as_ref().and_then(|course| course.states.get(self.at)?.at());
        match at.and_then(|at| tail::at_instant(view.store, id, at)) {
            Some(subject) => Wish::Inspect(Box::new(inspect::Subject::Tail(subject))),
            None => Wish::Logs(id.clone()),
        }
    }

    fn follow(&self, view: &View<'_>) -> Wish {
        if self.picture.course.is_none() {
            return Wish::Say("it was not sent yet: nothing names it".to_owned());
        }
        let plan = &self.errand.plan;
        Wish::Inspect(Box::new(thread::subject(plan.probe.clone(), true, Some(&plan.target), view)))
    }

    /// What the hop under the cursor leads to.
    fn chosen(&self) -> Option<&ResourceId> {
        self.errand.plan.hops.get(self.at).map(|hop| &hop.to)
    }

    pub(super) fn go(&mut self, by: isize) {
        let last = self.errand.plan.hops.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        self.offset = 0;
    }
}
