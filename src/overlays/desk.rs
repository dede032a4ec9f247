//! The desk: the messages of a dead-letter queue, laid out by why they failed; looked at, chosen, edited, moved.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                      14:03
//!  desk ▤ stats-dlq ◂ ▤ stats   43 of ≈43 held   leases 4 min
//!  ▲ a run was cut off at 14:01, from stats-dlq to stats: 12 moved, nothing is lost · C says what is left
//! ── clusters 2 ───────────────────── messages 40 ─────────────────── message ──────────────────────────────
//!    43 all of them                 │ ☑ {"id":4,"poison":true}      │ 4 min old · 3 receives · expires in 13 d
//!       13:59–14:03  ▁▃▁▁▁▂         │ ☑ {"id":2,"poison":true}      │ why  ValueError: cannot price cart 4
//!  ☑ 40 ValueError: cannot price …  │ ☐ {"id":0,"poison":true}      │ log  certain · /aws/lambda/stats-fn
//!       13:59–14:03  ▁▃▁▁▁▂         │                               │ body {
//!     3 KeyError: 'cart'            │                               │        "id": 4,
//!       14:01–14:02  ▁▁▁▅▁▁         │                               │        "poison": true
//!  3 chosen  C resume  R redrive  w write  E edit by jq  space choose  D delete  e edit  / find    ? more
//! ```
//!
//! It knows a [`Picture`] and answers keys with an [`Ask`]: messages, filters and moves are in a task (`app::desk`). Here are the
//! cursor's column, what is being typed, and where things were drawn. Must not: hold messages, or look through all rows.

pub mod asks;
pub(super) mod columns;
pub mod cut_off;
pub(super) mod foot;
mod keys;
mod message;
pub mod model;
mod notices;
mod sheets;
mod typing;

pub(super) use foot::draw_word;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::{
    message::Page,
    model::{Ask, Choice, News, Picture, Stage, Step},
    typing::Typing,
};
use super::{Overlay, Press, Wish, toast::Toast};
use crate::{commands::Place, domain::ResourceId, panes::View};

/// Where the keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Column {
    #[default]
    Clusters,
    Messages,
    Message,
}

/// Where things were drawn last, for the mouse and for paging.
#[derive(Debug, Default)]
struct Places {
    clusters: Rect,
    messages: Rect,
    message: Rect,
    /// The first cluster and the first message drawn, and how many lines a cluster has.
    first_cluster: usize,
    first_message: usize,
    cluster_height: u16,
}

/// The desk.
#[derive(Debug)]
pub struct Desk {
    queue: ResourceId,
    picture: Picture,
    column: Column,
    typing: Option<Typing>,
    /// Where a range began.
    anchor: Option<usize>,
    page: Page,
    /// Lines scrolled past, in what lies over the columns.
    offset: usize,
    /// The user was asked whether he means it: to stop, or to leave edits behind.
    asked: bool,
    /// What is said in passing.
    word: Option<Toast>,
    places: Places,
}

impl Desk {
    pub fn new(queue: ResourceId) -> Self {
        Self {
            queue,
            picture: Picture::default(),
            column: Column::default(),
            typing: None,
            anchor: None,
            page: Page::default(),
            offset: 0,
            asked: false,
            word: None,
            places: Places::default(),
        }
    }

    /// How it is now. What is being typed stays, unless it belonged to what is over.
    fn take(&mut self, picture: Picture) {
        let is_same = std::mem::discriminant(&self.picture.stage) == std::mem::discriminant(&picture.stage);
        if !is_same {
            (self.offset, self.asked, self.typing) = (0, false, None);
        }
        if self.picture.listed > picture.listed {
            self.anchor = None;
        }
        self.picture = picture;
        if let (false, Stage::Asking(cost)) = (is_same, &self.picture.stage) {
            self.typing = cost.name.clone().map(Typing::accept);
        }
        self.page.show(&self.picture);
    }
}

impl Overlay for Desk {
    fn place(&self) -> Place {
        if self.typing.is_none() && matches!(self.picture.stage, Stage::Columns) { Place::Desk } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        self.press(press, view)
    }

    fn told(&mut self, news: &News) {
        if let News::Picture(picture) = news {
            self.take(picture.as_ref().clone());
        }
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        if !matches!(self.picture.stage, Stage::Columns) {
            self.offset = self.offset.saturating_add_signed(lines);
        } else if self.places.message.contains(at) {
            self.page.scroll(lines);
        } else if self.places.clusters.contains(at) {
            return Wish::Ask(Ask::Cluster(Step::By(lines.signum())));
        } else {
            return Wish::Ask(Ask::Message(Step::By(lines)));
        }
        Wish::Stay
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        if !matches!(self.picture.stage, Stage::Columns) {
            return Wish::Stay;
        }
        let places = &self.places;
        if places.message.contains(at) {
            self.column = Column::Message;
        } else if places.clusters.contains(at) {
            self.column = Column::Clusters;
            let line = usize::from((at.y - places.clusters.y) / places.cluster_height.max(1));
            return self.go_to_cluster(places.first_cluster + line);
        } else if places.messages.contains(at) {
            self.column = Column::Messages;
            let place = places.first_message + usize::from(at.y - places.messages.y);
            // The box is for choosing, the rest of the line for looking.
            let on_box = at.x < places.messages.x + columns::BOX;
            return match (place < self.picture.listed, on_box && place == self.picture.at) {
                (false, _) => Wish::Stay,
                (true, true) => Wish::Ask(Ask::Choose(Choice::Toggle)),
                (true, false) => Wish::Ask(Ask::Message(Step::To(place))),
            };
        }
        Wish::Stay
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some(typing) = &mut self.typing {
            typing.insert(text);
        }
        Wish::Stay
    }

    /// The count of what is chosen stays in sight.
    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.queue)
    }

    /// Leases, ages and rates.
    fn ages(&self) -> bool {
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        super::page::blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1, ..area };
        columns::header(&self.picture, &self.queue, line(area.y), buf, view);
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let foot = match &self.typing {
            Some(typing) => typing.draw(&self.picture, below, buf, view),
            None => foot::draw(&self.picture, self.anchor.is_some(), line(area.bottom() - 1), buf, view),
        };
        let mut body = Rect { height: below.height - foot, ..below };
        let noticed = notices::draw(&self.picture, body, buf, view);
        body = Rect { y: body.y + noticed, height: body.height - noticed, ..body };
        if let Some(word) = &self.word {
            body.height -= foot::draw_word(word, body, buf, view);
        }
        self.draw_columns(body, buf, view);
        sheets::draw(&self.picture, (self.asked, &mut self.offset), body, buf, view);
    }
}
