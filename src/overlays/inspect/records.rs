//! The records of a stream, as somebody asks for them. Opening it reads nothing: it says first what reading does to others.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                    14:03
//!  records ≋ sales  from the oldest  1 shard, each once a second  reads
//! ── records 200 ────────────────────── record ────────────────────────────────────────────────────────
//!    14:02:07 store-1  {"At":"2026-11-21│ JSON
//!    14:02:08 store-2  {"At":"2026-11-21│ {
//!    14:02:08 store-1  {"At":"2026-11-21│   "Data": {
//!                                      │     "total": 39.27
//!  n from now  o from the oldest  @ from a time  space stop  f find  = jq  y copy  w write         ? more
//! ```
//!
//! The newest stand at the end; who goes there (`G`) follows. What stands in the lines is in [`draw`].

mod draw;
pub mod model;

use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::model::{Ask, Picture};
use super::{
    News,
    rows::{
        self, Pressed, Rows,
        prompt::{Prompt, Typed},
    },
};
use crate::{
    commands::{Command, Place},
    domain::ResourceId,
    inspect::records::At,
    overlays::{Overlay, Press, Wish, desk::model::Find, toast::Toast},
    panes::View,
};

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    Time,
    Find,
    Where,
    File,
}

/// The reader.
#[derive(Debug)]
pub struct Records {
    number: u64,
    stream: ResourceId,
    picture: Picture,
    rows: Rows,
    prompt: Option<Prompt<Blank>>,
    word: Option<Toast>,
}

impl Records {
    pub fn new(number: u64, stream: ResourceId) -> Self {
        Self { number, stream, picture: Picture::default(), rows: Rows::default(), prompt: None, word: None }
    }

    fn wish(ask: Ask) -> Wish {
        Wish::Read(super::Ask::Records(ask))
    }

    fn press(&mut self, press: Press) -> Wish {
        if let Some(mut prompt) = self.prompt.take() {
            match prompt.key(press) {
                Typed::On => self.prompt = Some(prompt),
                Typed::Off => {}
                Typed::Enter(text) => match entered(prompt.blank, &text) {
                    Ok(ask) => return Self::wish(ask),
                    Err(complaint) => {
                        prompt.complain(complaint);
                        self.prompt = Some(prompt);
                    }
                },
            }
            return Wish::Stay;
        }
        match press.command {
            Some(Command::ReadLatest) => Self::wish(Ask::Read(At::Latest)),
            Some(Command::ReadOldest) => Self::wish(Ask::Read(At::Oldest)),
            Some(Command::ReadFrom) => {
                self.type_in(Blank::Time, " from ", "an instant such as 2026-11-21T14:03:00Z · enter reads · esc back")
            }
            Some(Command::StopReading) => Self::wish(Ask::Stop),
            Some(Command::FindText) => {
                self.type_in(Blank::Find, " find ", "a text, or /a regex/ · enter lists · esc back")
            }
            Some(Command::FindWhere) => {
                let hint = "jq: lists where it is true, such as .Data.total > 3 · enter · esc back";
                self.type_in(Blank::Where, " = ", hint)
            }
            Some(Command::WriteFile) => {
                let hint = "all that is listed, as JSON lines, to a file that is not there yet · enter · esc back";
                self.type_in(Blank::File, " file ", hint)
            }
            _ => match self.rows.key(press) {
                Pressed::No => Wish::Stay,
                Pressed::Wish(wish) => wish,
                Pressed::Ask(ask) => Self::wish(Ask::Rows(ask)),
            },
        }
    }

    fn type_in(&mut self, blank: Blank, label: &str, hint: &str) -> Wish {
        let finding = self.rows.listing.find.as_ref().map(|finding| &finding.find);
        let before = match blank {
            Blank::Find | Blank::Where => finding.map(|find| find.as_typed(blank == Blank::Where)).unwrap_or_default(),
            Blank::Time | Blank::File => String::new(),
        };
        self.prompt = Some(Prompt::new(blank, label, hint, &before));
        Wish::Stay
    }
}

fn entered(blank: Blank, text: &str) -> Result<Ask, String> {
    let find = match blank {
        Blank::Time => {
            let at = text
                .parse::<Timestamp>()
                .map_err(|_| format!("'{text}' is no instant such as 2026-11-21T14:03:00Z"))?;
            return Ok(Ask::Read(At::Time(at)));
        }
        Blank::File if text.is_empty() => return Err("type the name of a file; esc writes nothing".to_owned()),
        Blank::File => return Ok(Ask::Rows(rows::Ask::Write(text.into()))),
        Blank::Find => Find::typed(text),
        Blank::Where => Some(text).filter(|jq| !jq.is_empty()).map(|jq| Find::Where(jq.to_owned())),
    };
    match find.as_ref().and_then(Find::mistake) {
        Some(mistake) => Err(mistake),
        None => Ok(Ask::Rows(rows::Ask::Find(find))),
    }
}

impl Overlay for Records {
    fn place(&self) -> Place {
        if self.prompt.is_none() { Place::Records } else { Place::Pane }
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
        if let News::Records(mut picture) = news {
            self.rows.take(std::mem::take(&mut picture.listing));
            self.picture = *picture;
        }
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        self.rows.turn(lines, at).map_or(Wish::Stay, |ask| Self::wish(Ask::Rows(ask)))
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        self.rows.click(at).map_or(Wish::Stay, |ask| Self::wish(Ask::Rows(ask)))
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
        self.paint(area, buf, view);
    }
}
