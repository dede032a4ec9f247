//! The objects of a bucket: its prefixes as a tree, the newest first of what was listed, and what is in the one under the cursor.
//!
//! ```text
//!  bucket ◍ store-revenue-analytics  ● follows the newest  watched every 2 s
//! ── all 2, newest first ────────────────────────────── ── contents ─────────────────────────── JSON lines ──
//!  ▾ sales_revenue/                                    │ 512 B · 21 s old
//!    ▾ 2026/                                           │ s3://store-revenue-analytics/sales_revenue/2026/11/21…
//!      ▾ 11/                                           │ 5 lines
//!        ▾ 21/                                         │
//!          ▾ 09/                                       │ revenue by store_id  total 2310 of 5 lines
//! ●            revenue-1-2026…41c     512 B 09:03:12   │ store-2 ████████████████████ 1210
//!              revenue-1-2026…07a     498 B 09:02:11   │ store-1 ███████               400
//!  enter open  f follow  / begin  w download  tab contents                                           ? more
//! ```
//!
//! It knows a [`Picture`] and answers keys with an [`Ask`]. Here are the column that has the keys, what is
//! being typed, and where things were drawn. Must not: hold the listing.

mod contents;
mod keys;
mod list;
pub mod model;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};
use tui_input::Input;

use self::{
    contents::Page,
    model::{Ask, Picture, Subject},
};
use super::News;
use crate::{
    commands::{COMMANDS, Place},
    domain::{Kind, ResourceId, units::Bytes},
    overlays::{
        Overlay, Press, Wish,
        desk::model::Step,
        filter::{draw_prompt, insert},
        page::blank,
    },
    panes::View,
    store::Store,
    theme::Role,
    widgets::{
        panel::Separator,
        status_line::{Segment, StatusLine},
        text,
    },
};

/// A narrower screen shows one column at a time.
const TWO_FROM: u16 = 72;

/// Where the keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Column {
    #[default]
    List,
    Contents,
}

/// What is being typed.
#[derive(Debug)]
struct Typing {
    what: Blank,
    input: Input,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    /// What keys begin with.
    Begin,
    /// The file of a download.
    File,
}

/// The reader.
#[derive(Debug)]
pub struct Objects {
    number: u64,
    subject: Subject,
    /// None before the first.
    picture: Option<Picture>,
    column: Column,
    typing: Option<Typing>,
    page: Page,
    /// The user was asked whether he means to give the download up.
    asked: bool,
    /// Where the columns were drawn last, and the first row in it.
    list: Rect,
    contents: Rect,
    first: usize,
}

impl Objects {
    pub fn new(number: u64, subject: Subject) -> Self {
        Self {
            number,
            subject,
            picture: None,
            column: Column::default(),
            typing: None,
            page: Page::default(),
            asked: false,
            list: Rect::default(),
            contents: Rect::default(),
            first: 0,
        }
    }

    fn draw_header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let glyph = view.glyph(Kind::Bucket);
        let mut title =
            Segment::new(Role::Footer, " bucket ", 255).then(Role::Title, format!("{glyph} {}", self.subject.bucket));
        let mut left = Vec::new();
        if let Some(picture) = &self.picture {
            if !picture.root.is_empty() {
                title = title.then(Role::Match, format!("/{}", picture.root));
            }
            if let Some(region) = &picture.region {
                left.push(Segment::new(Role::Dim, format!("in {region}"), 120));
            }
            if let Some(download) = &picture.download {
                let done = Bytes(download.done as f64);
                let said = format!("downloading: {done} of {}", Bytes(download.total as f64));
                left.push(Segment::new(Role::Match, said, 250));
            }
            if picture.is_following {
                left.push(Segment::new(Role::Dim, format!("{} follows the newest", view.theme.glyphs.live), 110));
            }
            if !picture.watching.is_empty() {
                left.push(Segment::new(Role::Dim, picture.watching.as_str(), 100));
            }
        }
        left.insert(0, title);
        StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
    }

    fn draw_foot(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        if let Some(typing) = &self.typing {
            let style = view.theme.style(Role::Text);
            text::put(buf, area, &" ".repeat(usize::from(area.width)), style, "");
            let prompt = match typing.what {
                Blank::Begin => " keys that begin with ",
                Blank::File => " write to file ",
            };
            return draw_prompt(prompt, &typing.input, area, buf, view);
        }
        let mut rows: Vec<_> = COMMANDS.iter().filter(|row| row.place == Place::Objects && row.footer.1 > 0).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.footer.1));
        let key =
            |row: &&'static crate::commands::Row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1));
        let mut left: Vec<Segment<'_>> = rows.iter().filter_map(key).collect();
        left.insert(0, Segment::new(Role::Footer, "", 255));
        let right = [Segment::key("?", "more ", 253)];
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
    }

    /// Why there is nothing, over the list.
    fn draw_trouble(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let Some(trouble) = self.picture.as_ref().and_then(|picture| picture.trouble.as_ref()) else { return 0 };
        let clean = text::clean(trouble);
        let pieces = text::wrap(&clean, usize::from(area.width.saturating_sub(2)).max(1));
        let lines = pieces.len().min(usize::from(area.height)).min(4) as u16;
        for (y, piece) in (area.y..area.y + lines).zip(pieces) {
            let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 };
            text::put(buf, place, piece, view.theme.style(Role::Warn), view.theme.glyphs.ellipsis);
        }
        lines
    }

    /// How much of the level is listed, whether more is on its way, and what the contents are.
    fn titles(&self) -> [String; 3] {
        let Some(picture) = &self.picture else { return [String::new(), String::new(), String::new()] };
        let listing = if picture.is_listing { "listing" } else { "" };
        let contents = picture.shown.as_ref().map(|shown| contents::title(shown)).unwrap_or_default();
        [picture.level.clone(), listing.to_owned(), contents]
    }
}

impl Overlay for Objects {
    fn place(&self) -> Place {
        if self.typing.is_none() { Place::Objects } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        self.press(press)
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Objects(picture) = news {
            self.page.show(picture.shown.as_ref());
            self.asked &= picture.download.is_some();
            self.picture = Some(*picture);
        }
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        if self.contents.contains(at) {
            self.page.scroll(lines);
            return Wish::Stay;
        }
        keys::wish(Ask::Go(Step::By(lines)))
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        if self.contents.contains(at) {
            self.column = Column::Contents;
        } else if self.list.contains(at) {
            self.column = Column::List;
            let (row, now) =
                (self.first + usize::from(at.y - self.list.y), self.picture.as_ref().map(|picture| picture.at));
            let is_row = self.picture.as_ref().is_some_and(|picture| row < picture.rows);
            return match (is_row, now == Some(row)) {
                (false, _) => Wish::Stay,
                (true, true) => self.open(),
                (true, false) => keys::wish(Ask::Go(Step::To(row))),
            };
        }
        Wish::Stay
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some(typing) = &mut self.typing {
            insert(&mut typing.input, text);
        }
        Wish::Stay
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.subject.id)
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn ages(&self) -> bool {
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        if area.height < 4 {
            return;
        }
        let line = |y: u16| Rect { y, height: 1, ..area };
        self.draw_header(line(area.y), buf, view);
        self.draw_foot(line(area.bottom() - 1), buf, view);
        let mut body = Rect { y: area.y + 1, height: area.height - 2, ..area };
        let troubled = self.draw_trouble(body, buf, view);
        body = Rect { y: body.y + troubled, height: body.height - troubled, ..body };
        let (list, contents) = match (body.width, self.column) {
            (TWO_FROM.., _) => {
                let width = (body.width * 9 / 20).clamp(36, 90);
                (Rect { width, ..body }, Rect { x: body.x + width, width: body.width - width, ..body })
            }
            (_, Column::List) => (body, Rect { width: 0, ..body }),
            (_, Column::Contents) => (Rect { width: 0, ..body }, body),
        };
        let [level, listing, format] = self.titles();
        let level = if level.is_empty() { "objects" } else { level.as_str() };
        for (part, title, right, column) in
            [(list, level, &listing, Column::List), (contents, "contents", &format, Column::Contents)]
        {
            if part.width > 0 && part.height > 0 {
                let (focused, theme) = (column == self.column, view.theme);
                Separator { title, right, focused, theme }.render(Rect { height: 1, ..part }, buf);
            }
        }
        self.list = list::below(list);
        self.contents = list::between(list::below(contents), list.width > 0, buf, view);
        if let Some(picture) = &self.picture {
            self.first = list::draw(picture, self.first, self.list, buf, view);
            self.page.draw(picture.shown.as_deref(), self.contents, buf, view);
        }
    }
}

/// The reader's subject for a bucket that is known.
pub fn subject(store: &Store, id: &ResourceId) -> Option<model::Subject> {
    let resource = &store.get(id)?.resource;
    let region = resource.attribute("Region").map(str::to_owned);
    Some(model::Subject { id: id.clone(), bucket: resource.name.clone(), region, begin: String::new() })
}
