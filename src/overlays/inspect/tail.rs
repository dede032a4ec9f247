//! The log reader: the lines of any number of groups, merged by time, as they come.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                      14:03
//!  logs ≡ consumers of stats   2 groups   12 shown, 1.2k hidden                        ● follows the end
//! ── with cart · errors ─────────────────────────────────────────────────────────────── since 13:03 ──
//!  14:03:19.002 sf   · request 8f1e0000 · 3.1 ms · 64 of 128 MB · cold start 312 ms
//!  14:03:19.003 sf   ✖ [ERROR] ValueError: cannot price cart 1                                      +4
//!  14:03:20.410 of   ▲ a gap of 2.5 s, lines may be missing: throttled
//!  14:03:21.120 of   · {"level":"info","order_id":7}
//!  space pause  n next error  / find  c context  * clusters  v level  = jq  s groups  w write      ? more
//! ```
//!
//! It knows a [`Picture`] and answers keys with an [`Ask`]: lines, filters and files are in a task (`app::inspect::tail`). Here are what
//! is typed, what lies over the lines, and where the cursor is on the screen. Must not: hold lines beyond the picture.

mod foot;
mod keys;
mod lines;
pub mod model;
mod page;
mod sheets;
mod typing;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::{
    model::{Ask, Picture, Sheet, Subject},
    page::Page,
    typing::Typing,
};
use super::{Ask as Any, News};
use crate::{
    commands::Place,
    domain::{Kind, ResourceId},
    overlays::{Overlay, Press, Wish, desk::foot::draw_word, page::blank, toast::Toast},
    panes::View,
    redrive::why::route::Consumer,
    store::Store,
};

/// The name of the group of a function, or of the group itself.
pub fn group_of(store: &Store, id: &ResourceId) -> Option<Arc<str>> {
    let group = store.topology().log_group(id).map(|group| store.name_of(group).into());
    match store.kind_of(id) {
        Kind::LogGroup => Some(store.name_of(id).into()),
        Kind::Function => group.or_else(|| Some(Consumer::named(id.clone()).log_group.into())),
        _ => group,
    }
}

/// The lines of a function or group around an instant.
pub fn at_instant(store: &Store, id: &ResourceId, at: Timestamp) -> Option<Subject> {
    let title = store.name_of(id).to_owned();
    Some(Subject { title, groups: vec![group_of(store, id)?], begin: model::Begin::At(at) })
}

/// The log reader.
#[derive(Debug)]
pub struct Tail {
    number: u64,
    picture: Picture,
    typing: Option<Typing>,
    page: Page,
    /// The cursor in what lies over the lines.
    listed: usize,
    /// The line of the screen, from the first of the list, on which the cursor is.
    line: usize,
    /// Where the list was drawn last, and the place of the first row drawn.
    list: Rect,
    first: usize,
    word: Option<Toast>,
}

impl Tail {
    pub fn new(number: u64, subject: &Subject) -> Self {
        let picture = Picture { title: subject.title.clone(), follows: true, ..Picture::default() };
        Self {
            number,
            picture,
            typing: None,
            page: Page::default(),
            listed: 0,
            line: usize::MAX,
            list: Rect::default(),
            first: 0,
            word: None,
        }
    }

    /// How it is now. The cursor moves on the screen as far as it moved among the lines.
    fn take(&mut self, picture: Picture) {
        let moved = || {
            let before = self.picture.chosen()?.key;
            let was = picture.rows.iter().position(|row| row.key == before)?;
            Some(picture.at as isize - was as isize)
        };
        self.line = match moved() {
            _ if picture.follows => usize::MAX,
            Some(moved) => self.line.min(self.height()).saturating_add_signed(moved),
            // From far away: what is around it is shown on both sides.
            None => self.height() / 3,
        };
        if std::mem::discriminant(&self.picture.sheet) != std::mem::discriminant(&picture.sheet) {
            self.listed = 0;
        }
        self.picture = picture;
        self.page.show(&self.picture.sheet);
    }

    fn height(&self) -> usize {
        usize::from(self.list.height).saturating_sub(1)
    }

    fn read(ask: Ask) -> Wish {
        Wish::Read(Any::Tail(ask))
    }
}

impl Overlay for Tail {
    fn place(&self) -> Place {
        if self.typing.is_none() { Place::Tail } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        self.press(press, view)
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Tail(picture) = news {
            self.take(*picture);
        }
    }

    fn turn(&mut self, lines: isize, _at: Position) -> Wish {
        match &self.picture.sheet {
            Sheet::None => return Self::read(Ask::By(lines)),
            Sheet::Entry(_) => self.page.scroll(lines),
            Sheet::Clusters(..) | Sheet::Groups => self.list_by(lines),
        }
        Wish::Stay
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        if self.picture.sheet != Sheet::None || !self.list.contains(at) {
            return Wish::Stay;
        }
        let place = self.first + usize::from(at.y - self.list.y);
        match self.picture.rows.get(place) {
            Some(_) if place == self.picture.at => Self::read(Ask::Open),
            Some(row) => Self::read(Ask::Line(row.key)),
            None => Wish::Stay,
        }
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn ages(&self) -> bool {
        self.picture.read_to.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some(typing) = &mut self.typing {
            typing.insert(text);
        }
        Wish::Stay
    }

    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        if area.height < 4 {
            return;
        }
        let line = |y: u16| Rect { y, height: 1, ..area };
        lines::header(&self.picture, line(area.y), buf, view);
        let foot = match &self.typing {
            Some(typing) => typing.draw(area, buf, view),
            None => foot::draw(&self.picture, line(area.bottom() - 1), buf, view),
        };
        let mut body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
        if let Some(word) = &self.word {
            body.height -= draw_word(word, body, buf, view);
        }
        body.height -= foot::notices(&self.picture, body, buf, view);
        match &self.picture.sheet {
            Sheet::None => self.draw_lines(body, buf, view),
            Sheet::Entry(opened) => self.page.draw(opened, body, buf, view),
            Sheet::Clusters(clusters, is_done) => {
                sheets::clusters((clusters, *is_done), &mut self.listed, body, buf, view);
            }
            Sheet::Groups => sheets::groups(&self.picture.groups, &mut self.listed, body, buf, view),
        }
    }
}
