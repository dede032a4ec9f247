//! What a bus or a delivery stream handed on: its rules and targets, its destinations; beside them what is known of the chosen one, and
//! what it wrote down last.
//!
//! ```text
//!  handed on ⬡ stores  2 rules  looked at 14:03:05, every 5 s
//! ── rules and targets ─────────────────────────── ── what is known of it ─────────────────────
//!  ⌁ orders_routing_to_consumer     12 matched/min │ called   12 in a minute, read 40 s ago (…)
//!    ƒ events_consumer_fn             12 calls/min │ dead letters  no queue: what cannot be …
//!      ▤ events-dlq                  3 dead letters │ ── 14 lines of the last 2 min
//!  ⌁ audit                            none matched │ 14:03:01 {"detail-type":"sales-events",…
//!    ≡ /aws/events/audit               40 lines/min │ 14:02:58 [ERROR] KeyError: 'store_id'
//!  enter go there  l logs  r look again  y copy  J evidence down  esc back                   ? more
//! ```
//!
//! Its places are the store's, so their counts are as fresh as any pane's; what is seen at one of them is in the [`Picture`] that its
//! task sent last. Must not: look by itself.

mod drawing;
pub mod model;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::model::{Ask, Picture, State, Subject};
use super::{News, objects, tail};
use crate::{
    commands::{Command, Place as Where},
    domain::{Kind, ResourceId},
    inspect::deliveries::{Folder, Look, Place, Sight, places},
    overlays::{Overlay, Press, Wish},
    panes::View,
};

/// Where things were drawn last.
#[derive(Debug, Default)]
struct Drawn {
    places: Rect,
    first: usize,
    beside: Rect,
}

/// The reader.
#[derive(Debug)]
pub struct Deliveries {
    number: u64,
    id: ResourceId,
    /// As the store had them last.
    places: Vec<Place>,
    /// The place under the cursor, which stays there while others come and go.
    on: Option<String>,
    at: usize,
    picture: Picture,
    /// Lines that are scrolled past beside it.
    offset: usize,
    drawn: Drawn,
}

impl Deliveries {
    pub fn new(number: u64, subject: &Subject) -> Self {
        Self {
            number,
            id: subject.id.clone(),
            places: Vec::new(),
            on: None,
            at: 0,
            picture: Picture { look: subject.first.clone(), ..Picture::default() },
            offset: 0,
            drawn: Drawn::default(),
        }
    }

    fn refresh(&mut self, view: &View<'_>) {
        self.places = places(view.store, &self.id, view.now);
        let on = self.on.as_ref().and_then(|on| self.places.iter().position(|place| place.key == *on));
        self.at = on.unwrap_or(self.at).min(self.places.len().saturating_sub(1));
        self.on = self.chosen().map(|place| place.key.clone());
    }

    fn chosen(&self) -> Option<&Place> {
        self.places.get(self.at)
    }

    /// What was seen at the chosen place.
    fn sight(&self) -> Option<&Sight> {
        let is_of_it = self.picture.look.as_ref() == self.chosen().map(|place| &place.look);
        match &self.picture.state {
            State::Seen(sight) if is_of_it => Some(sight),
            _ => None,
        }
    }

    fn go(&mut self, to: usize) -> Wish {
        let to = to.min(self.places.len().saturating_sub(1));
        if to == self.at {
            return Wish::Stay;
        }
        (self.at, self.offset) = (to, 0);
        self.on = self.chosen().map(|place| place.key.clone());
        self.ask(Ask::On)
    }

    fn by(&mut self, by: isize) -> Wish {
        self.go(self.at.saturating_add_signed(by))
    }

    fn ask(&self, ask: fn(Look) -> Ask) -> Wish {
        self.chosen().map_or(Wish::Stay, |place| Wish::Read(super::Ask::Deliveries(ask(place.look.clone()))))
    }

    /// Opens what is there, with the reader that it has.
    fn open(&self) -> Wish {
        let Some(place) = self.chosen() else { return Wish::Stay };
        match &place.look {
            Look::Lines(group) => {
                let failed = self.sight().is_some_and(|sight| sight.seen.iter().any(|seen| seen.is_bad));
                let begin = if failed { tail::model::Begin::LastError } else { tail::model::Begin::End };
                let subject = tail::model::Subject { title: place.name.clone(), groups: vec![group.clone()], begin };
                Wish::Inspect(Box::new(super::Subject::Tail(subject)))
            }
            Look::Objects(folder) => Wish::Inspect(Box::new(super::Subject::Objects(self.folder(folder)))),
            Look::Waiting(queue) if place.depth > 1 => Wish::Desk(queue.clone()),
            Look::Waiting(queue) => Wish::Open(queue.clone()),
            Look::Nothing(_) if place.id == self.id => Wish::Stay,
            Look::Nothing(_) => match place.kind {
                Kind::Table | Kind::Stream | Kind::Bucket | Kind::Bus | Kind::DeliveryStream => {
                    Wish::LookInside(place.id.clone())
                }
                _ => Wish::Open(place.id.clone()),
            },
        }
    }

    /// The bucket, where its newest object was seen: the reader of objects follows the newest from there.
    fn folder(&self, folder: &Folder) -> objects::model::Subject {
        let newest = self.sight().and_then(|sight| sight.seen.first()).map(|seen| seen.text.as_str());
        let begin = newest.and_then(|key| Some(&key[..=key.rfind('/')?])).unwrap_or(&folder.prefix);
        objects::model::Subject {
            id: folder.bucket.clone(),
            bucket: folder.name.clone(),
            region: folder.region.clone(),
            begin: begin.to_owned(),
        }
    }

    /// The newest of what is seen; of an object its address.
    fn copied(&self) -> Option<String> {
        let newest = self.sight()?.seen.first()?.text.clone();
        Some(match &self.chosen()?.look {
            Look::Objects(folder) => format!("s3://{}/{newest}", folder.name),
            _ => newest,
        })
    }

    fn press(&mut self, press: Press) -> Wish {
        let page = isize::try_from(self.drawn.places.height.max(1)).unwrap_or(1);
        match press.command {
            Some(Command::Back | Command::Quit) => Wish::Close,
            Some(Command::Up) => self.by(-1),
            Some(Command::Down) => self.by(1),
            Some(Command::PageUp) => self.by(-page),
            Some(Command::PageDown) => self.by(page),
            Some(Command::Top) => self.go(0),
            Some(Command::Bottom) => self.go(usize::MAX),
            Some(Command::Open) => self.open(),
            Some(Command::Logs) => self.chosen().map_or(Wish::Stay, |place| Wish::Logs(place.id.clone())),
            Some(Command::Desk) => self.chosen().map_or(Wish::Stay, |place| Wish::Desk(place.id.clone())),
            Some(Command::LookAgain) => self.ask(Ask::Again),
            Some(Command::CopyShown) => {
                let nothing = || Wish::Say("nothing was seen there that could be copied".to_owned());
                self.copied().map_or_else(nothing, Wish::Copy)
            }
            Some(Command::EvidenceDown) => self.scroll(1),
            Some(Command::EvidenceUp) => self.scroll(-1),
            Some(command @ (Command::Help | Command::ShowUsage | Command::ChooseTheme)) => Wish::Over(command),
            _ => Wish::Stay,
        }
    }

    fn scroll(&mut self, lines: isize) -> Wish {
        self.offset = self.offset.saturating_add_signed(lines);
        Wish::Stay
    }
}

impl Overlay for Deliveries {
    fn place(&self) -> Where {
        Where::Deliveries
    }

    fn fills(&self) -> bool {
        true
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.id)
    }

    fn ages(&self) -> bool {
        true
    }

    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        self.refresh(view);
        self.press(press)
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        if self.drawn.beside.contains(at) { self.scroll(lines) } else { self.by(lines) }
    }

    fn click(&mut self, at: Position, view: &View<'_>) -> Wish {
        self.refresh(view);
        if !self.drawn.places.contains(at) {
            return Wish::Stay;
        }
        let place = self.drawn.first + usize::from(at.y - self.drawn.places.y);
        if place < self.places.len() { self.go(place) } else { Wish::Stay }
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Deliveries(picture) = news {
            self.picture = *picture;
        }
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.refresh(view);
        self.page(area, buf, view);
    }
}

/// The reader's subject: its first place is looked at as it opens.
pub fn subject(id: &ResourceId, view: &View<'_>) -> super::Subject {
    let first = places(view.store, id, view.now).into_iter().next().map(|place| place.look);
    super::Subject::Deliveries(Subject { id: id.clone(), first })
}
