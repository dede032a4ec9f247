//! The thread of one id: what happened to it, along the map; beside it, what the chosen step is known from.
//!
//! ```text
//!  thread order-4   5 steps · 17 of 17 places read · 2 not searched
//! ── what happened ──────────────────────────────── ── what it is known from ──────────────────
//!  —            ┊ ⇥ POC-API       came through      │ certain: it names order-4
//!  21:14:26.012 →   ▤ POC-Queue   queued as messag… │ log line
//!  21:14:26.672 ←   ▤ POC-Queue   received ×47, th… │   [ERROR] ValueError: order order-4 has no …
//!  21:14:26.730 ✖     ƒ POC-Lambda-1  ValueError: … │   Traceback (most recent call last):
//!               ↻     the same 44 more times        │     File "/var/task/index.py", line 23, in …
//!  enter open  l lines  t follow  @ when  y copy  w write  r search again  esc back
//! ```
//!
//! It knows the [`Picture`] that its task (`app::inspect::thread`) sent last, its cursor, and what is being typed. Must not: search.

mod drawing;

use std::sync::Arc;

use crossterm::event::KeyCode;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use tui_input::Input;

use super::{Ask, News, Subject, items, objects};
use crate::{
    commands::{Command, Place},
    inspect::{
        items::Condition,
        thread::{Ground, Kept, Step, Thread, Window, search::Progress, step::Fold},
    },
    overlays::{
        Overlay, Press, Wish,
        filter::{insert, request},
        inspect::tail,
        toast::Toast,
    },
    panes::View,
};

/// What is to be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// What stands in the prompt; searched for at once where the user has chosen it already.
    pub id: String,
    pub at_once: bool,
    pub ground: Arc<Ground>,
}

/// What the reader asks of its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Search for this, and forget what was searched for before.
    Id(String),
    /// The same in another time.
    Around(Window),
    /// Once more for the same.
    Again,
    /// Write it to a file.
    Write,
}

/// How it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    pub id: String,
    pub window: Window,
    pub thread: Arc<Thread>,
    pub progress: Progress,
    pub searching: bool,
}

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    Id,
    When,
}

/// Where things were drawn last.
#[derive(Debug, Default)]
struct Places {
    steps: Rect,
    first: usize,
    evidence: Rect,
}

/// The reader.
#[derive(Debug)]
pub struct Reader {
    number: u64,
    picture: Picture,
    typing: Option<(Blank, Input)>,
    /// The cursor's place among the lines.
    at: usize,
    /// Lines of the evidence that are scrolled past.
    offset: usize,
    places: Places,
    word: Option<Toast>,
}

impl Reader {
    pub fn new(number: u64, follow: &Follow) -> Self {
        let typing = (!follow.at_once).then(|| (Blank::Id, Input::new(follow.id.clone())));
        let picture = Picture { id: follow.id.clone(), searching: follow.at_once, ..Picture::default() };
        Self { number, picture, typing, at: 0, offset: 0, places: Places::default(), word: None }
    }

    fn folds(&self) -> Vec<Fold<'_>> {
        self.picture.thread.folded()
    }

    fn chosen(&self) -> Option<&Step> {
        self.folds().get(self.at).map(|fold| fold.step)
    }

    fn go(&mut self, by: isize) {
        let last = self.folds().len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        self.offset = 0;
    }

    /// Nothing is known any more; what is searched for is.
    fn begin(&mut self, id: String, window: Window) {
        (self.typing, self.at, self.offset) = (None, 0, 0);
        self.picture = Picture { id, window, searching: true, ..Picture::default() };
    }

    /// What the chosen step left lying, where it lies; of anything else the place on the screen that it has.
    fn open(&self, view: &View<'_>) -> Wish {
        let Some(step) = self.chosen() else { return Wish::Stay };
        let id = &step.resource;
        match &step.kept {
            Some(Kept::Letter(message)) => Wish::DeskAt(id.clone(), message.clone()),
            Some(Kept::Object(key)) if view.store.get(id).is_some() => {
                let Some(subject) = objects::subject(view.store, id) else { return Wish::Show(id.clone()) };
                let ask = Ask::Objects(objects::model::Ask::Begin(key.clone()));
                Wish::InspectAt(Box::new(Subject::Objects(subject)), Box::new(ask))
            }
            Some(Kept::Item { key, value }) if view.store.get(id).is_some() => {
                let Ok(condition) = Condition::of_item(key, value) else { return Wish::LookInside(id.clone()) };
                let ask = Ask::Items(items::model::Ask::Query { condition, backwards: false });
                Wish::InspectAt(Box::new(Subject::Items(id.clone())), Box::new(ask))
            }
            _ => Wish::Show(id.clone()),
        }
    }

    /// The lines of a function when the chosen step was; of anything else those of whoever takes from it.
    fn lines(&self, view: &View<'_>) -> Wish {
        let Some(step) = self.chosen() else { return Wish::Stay };
        let id = &step.resource;
        match step.at.and_then(|at| tail::at_instant(view.store, id, at)) {
            Some(subject) => Wish::Inspect(Box::new(Subject::Tail(subject))),
            None => Wish::Logs(id.clone()),
        }
    }

    fn typed(&mut self, press: Press, view: &View<'_>) -> Wish {
        let Some((blank, input)) = &mut self.typing else { return Wish::Stay };
        match press.event.code {
            // With nothing searched for yet there is nothing to go back to.
            KeyCode::Esc if self.picture.thread.is_empty() && !self.picture.searching => Wish::Close,
            KeyCode::Esc => {
                self.typing = None;
                Wish::Stay
            }
            KeyCode::Enter if *blank == Blank::When => match Window::read(input.value(), view.now, view.zone) {
                Err(mistake) => Wish::Say(mistake),
                Ok(window) => {
                    self.begin(self.picture.id.clone(), window);
                    Wish::Read(Ask::Thread(Wanted::Around(window)))
                }
            },
            KeyCode::Enter => {
                let id = input.value().trim().to_owned();
                if id.is_empty() {
                    return Wish::Say("type an id: of a message, a request, an order".to_owned());
                }
                self.begin(id.clone(), self.picture.window);
                Wish::Read(Ask::Thread(Wanted::Id(id)))
            }
            _ => {
                if let Some(request) = request(press) {
                    input.handle(request);
                }
                Wish::Stay
            }
        }
    }
}

impl Overlay for Reader {
    fn place(&self) -> Place {
        if self.typing.is_some() { Place::Pane } else { Place::Thread }
    }

    fn fills(&self) -> bool {
        true
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some((_, input)) = &mut self.typing {
            insert(input, text);
        }
        Wish::Stay
    }

    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        if self.typing.is_some() {
            return self.typed(press, view);
        }
        let page = isize::try_from(self.places.steps.height.max(1)).unwrap_or(1);
        match press.command {
            Some(Command::Back | Command::Quit) => return Wish::Close,
            Some(Command::Up) => self.go(-1),
            Some(Command::Down) => self.go(1),
            Some(Command::PageUp) => self.go(-page),
            Some(Command::PageDown) => self.go(page),
            Some(Command::Top) => self.go(isize::MIN),
            Some(Command::Bottom) => self.go(isize::MAX),
            Some(Command::OpenHit) => return self.open(view),
            Some(Command::Logs) => return self.lines(view),
            Some(Command::FollowAnother) => self.typing = Some((Blank::Id, Input::new(self.picture.id.clone()))),
            Some(Command::JumpToTime) if !self.picture.id.is_empty() => {
                self.typing = Some((Blank::When, Input::new(self.picture.window.written(view.zone))));
            }
            Some(Command::SearchAgain) => return Wish::Read(Ask::Thread(Wanted::Again)),
            Some(Command::WriteThread) => return Wish::Read(Ask::Thread(Wanted::Write)),
            Some(Command::CopyEvidence) => {
                let own = |step: &Step| step.evidence.first().map_or(step.says.clone(), |first| first.text.clone());
                return self.chosen().map(own).map_or(Wish::Stay, Wish::Copy);
            }
            Some(Command::EvidenceDown) => self.offset = self.offset.saturating_add(1),
            Some(Command::EvidenceUp) => self.offset = self.offset.saturating_sub(1),
            Some(command @ (Command::Help | Command::ShowUsage | Command::ChooseTheme)) => return Wish::Over(command),
            _ => {}
        }
        Wish::Stay
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        if self.places.evidence.contains(at) {
            self.offset = self.offset.saturating_add_signed(lines);
        } else {
            self.go(lines);
        }
        Wish::Stay
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        if self.places.steps.contains(at) {
            let place = self.places.first + usize::from(at.y - self.places.steps.y);
            if place < self.folds().len() {
                (self.at, self.offset) = (place, 0);
            }
        }
        Wish::Stay
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Thread(picture) = news
            && (&picture.id, picture.window) == (&self.picture.id, self.picture.window)
        {
            // The cursor stays on its step when others come before it.
            let chosen = self.chosen().cloned();
            self.picture = *picture;
            let place = chosen.and_then(|chosen| self.folds().iter().position(|fold| *fold.step == chosen));
            self.at = place.unwrap_or(self.at).min(self.folds().len().saturating_sub(1));
        }
    }

    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.page(area, buf, view);
    }
}

/// The reader's subject for an id that was seen somewhere.
pub fn subject(id: String, at_once: bool, near: Option<&crate::domain::ResourceId>, view: &View<'_>) -> Subject {
    let flow = near.and_then(|near| view.store.flow_of(near));
    let only = flow.map(|flow| flow.members.iter().cloned().collect());
    let ground = Arc::new(Ground::of(view.store, only.as_ref()));
    Subject::Thread(Box::new(Follow { id, at_once, ground }))
}
