//! A reader of rows on the screen: what the readers of items and of records do alike. Keys for finding, writing and paging, one line of
//! typing, the page with its header, rows and foot.
//!
//! What is different is behind [`Reads`]. To add a reader of rows: an `impl` of it, with its picture; [`Reader`] is its overlay. Must
//! not: know what the rows are rows of.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};

use super::{
    Ask, Listing, Pressed, Rows,
    draw::{Words, put_lines},
    prompt::{Prompt, Typed},
};
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    domain::units::Count,
    overlays::{
        Overlay, Press, Wish,
        desk::{draw_word, model::Find},
        inspect::{self, News},
        page::blank,
        toast::Toast,
    },
    panes::View,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank<B> {
    Find,
    Where,
    File,
    /// Of this reader alone.
    Own(B),
}

/// What a key came to, or what was typed.
pub enum Answer<B> {
    /// Nothing that this reader alone knows.
    No,
    Wish(Wish),
    /// Something is typed next.
    Type(Prompt<Blank<B>>),
}

/// What a reader of rows has to itself.
pub trait Reads {
    /// What it asks to be typed.
    type Blank;

    /// Whose keys work in it.
    const PLACE: Place;
    /// An expression that could be true of its rows.
    const JQ: &'static str;

    /// An ask about rows, to its own task.
    fn of_rows(ask: Ask) -> inspect::Ask;

    /// Takes its picture in, and gives the rows out of it.
    fn learned(&mut self, news: News) -> Option<Listing>;

    fn press(&mut self, press: Press) -> Answer<Self::Blank>;

    /// What was typed; the line stays if something is wrong with it.
    fn entered(&mut self, blank: &Self::Blank, text: &str) -> Result<Answer<Self::Blank>, String>;

    fn header<'a>(&'a self, view: &View<'a>) -> Vec<Segment<'a>>;

    /// Why it cannot be read at the moment.
    fn trouble(&self) -> Option<&str>;

    /// What stands there instead of rows, of which this many are held.
    fn instead(&mut self, held: usize, view: &View<'_>) -> Option<Vec<(Role, String)>>;

    fn words(&self) -> Words<'_>;

    /// How much a command matters as things are; 0 where there is nothing to do with it.
    fn weight(&self, row: &Row, has_rows: bool) -> u8;
}

/// A reader of rows.
#[derive(Debug)]
pub struct Reader<R: Reads> {
    number: u64,
    of: R,
    rows: Rows,
    prompt: Option<Prompt<Blank<R::Blank>>>,
    word: Option<Toast>,
}

impl<R: Reads> Reader<R> {
    pub fn new(number: u64, of: R) -> Self {
        Self { number, of, rows: Rows::default(), prompt: None, word: None }
    }

    fn ask(ask: Ask) -> Wish {
        Wish::Read(R::of_rows(ask))
    }

    fn answer(&mut self, answer: Answer<R::Blank>) -> Wish {
        match answer {
            Answer::No => Wish::Stay,
            Answer::Wish(wish) => wish,
            Answer::Type(prompt) => {
                self.prompt = Some(prompt);
                Wish::Stay
            }
        }
    }

    fn press(&mut self, press: Press) -> Wish {
        if let Some(mut prompt) = self.prompt.take() {
            match prompt.key(press) {
                Typed::On => self.prompt = Some(prompt),
                Typed::Off => {}
                Typed::Enter(text) => match self.entered(&prompt.blank, &text) {
                    Ok(answer) => return self.answer(answer),
                    Err(complaint) => {
                        prompt.complain(complaint);
                        self.prompt = Some(prompt);
                    }
                },
            }
            return Wish::Stay;
        }
        match self.of.press(press) {
            Answer::No => {}
            answer => return self.answer(answer),
        }
        if let Some(prompt) = self.prompt_for(press.command) {
            self.prompt = Some(prompt);
            return Wish::Stay;
        }
        match self.rows.key(press) {
            Pressed::No => Wish::Stay,
            Pressed::Wish(wish) => wish,
            Pressed::Ask(ask) => Self::ask(ask),
        }
    }

    /// The line of typing that a command begins, with what is looked for at the moment.
    fn prompt_for(&self, command: Option<Command>) -> Option<Prompt<Blank<R::Blank>>> {
        let finding = self.rows.listing.find.as_ref().map(|finding| &finding.find);
        let before = |by_jq| finding.map(|find| find.as_typed(by_jq)).unwrap_or_default();
        Some(match command? {
            Command::FindText => {
                let hint = "a text, or /a regex/ · enter lists · esc back";
                Prompt::new(Blank::Find, " find ", hint, &before(false))
            }
            Command::FindWhere => {
                let hint = format!("jq: lists where it is true, such as {} · enter · esc back", R::JQ);
                Prompt::new(Blank::Where, " = ", hint, &before(true))
            }
            Command::WriteFile => {
                let hint = "all that is listed, as JSON lines, to a file that is not there yet · enter · esc back";
                Prompt::new(Blank::File, " file ", hint, "")
            }
            _ => return None,
        })
    }

    fn entered(&mut self, blank: &Blank<R::Blank>, text: &str) -> Result<Answer<R::Blank>, String> {
        let find = match blank {
            Blank::Own(blank) => return self.of.entered(blank, text),
            Blank::File if text.is_empty() => return Err("type the name of a file; esc writes nothing".to_owned()),
            Blank::File => return Ok(Answer::Wish(Self::ask(Ask::Write(text.into())))),
            Blank::Find => Find::typed(text),
            Blank::Where => Some(text).filter(|jq| !jq.is_empty()).map(|jq| Find::Where(jq.to_owned())),
        };
        match find.as_ref().and_then(Find::mistake) {
            Some(mistake) => Err(mistake),
            None => Ok(Answer::Wish(Self::ask(Ask::Find(find)))),
        }
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut left = self.of.header(view);
        let dropped = self.rows.listing.dropped;
        if dropped > 0 {
            let said = format!("the first {} made room", Count(dropped as f64));
            left.push(Segment::new(Role::Warn, said, 190));
        }
        StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
    }

    fn foot(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let has_rows = self.rows.listing.held > 0;
        let of_place = COMMANDS.iter().filter(|row| row.place == R::PLACE);
        let weighed = of_place.map(|row| (self.of.weight(row, has_rows), row));
        let mut rows: Vec<(u8, &Row)> = weighed.filter(|(weight, _)| *weight > 0).collect();
        rows.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let mut left = vec![Segment::new(Role::Footer, "", 255)];
        let key = |(weight, row): &(u8, &'static Row)| Some(Segment::key(*row.keys.first()?, row.footer.0, *weight));
        left.extend(rows.iter().filter_map(key));
        let right = [Segment::key("?", "more ", 254)];
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
        1
    }
}

impl<R: Reads> Overlay for Reader<R> {
    fn place(&self) -> Place {
        if self.prompt.is_none() { R::PLACE } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        self.press(press)
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let Some(listing) = self.of.learned(news) {
            self.rows.take(listing);
        }
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        self.rows.turn(lines, at).map_or(Wish::Stay, Self::ask)
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        self.rows.click(at).map_or(Wish::Stay, Self::ask)
    }

    fn takes_text(&self) -> bool {
        self.prompt.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some(prompt) = &mut self.prompt {
            prompt.insert(text);
        }
        Wish::Stay
    }

    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1, ..area };
        self.header(line(area.y), buf, view);
        let mut body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let foot = match &self.prompt {
            Some(prompt) => prompt.draw(body, buf, view),
            None => self.foot(line(area.bottom() - 1), buf, view),
        };
        body.height = body.height.saturating_sub(foot);
        if let Some(word) = &self.word {
            body.height -= draw_word(word, body, buf, view).min(body.height);
        }
        if let Some(trouble) = self.of.trouble() {
            let said = [(Role::Warn, format!(" {} {trouble}", view.theme.glyphs.warn))];
            body = put_lines(&said, body, buf, view);
        }
        match self.of.instead(self.rows.listing.held, view) {
            Some(lines) => {
                let inset = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
                put_lines(&lines, inset, buf, view);
            }
            None => self.rows.draw(self.of.words(), body, buf, view),
        }
    }
}
