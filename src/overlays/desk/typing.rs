//! One line of typing at the foot of the desk: what to find, how to edit, where to, and names that say that it is meant.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::Input;

use super::model::{Adjust, Ask, Find};
use crate::{
    overlays::{
        Press,
        filter::{draw_prompt, insert, request},
    },
    panes::View,
    theme::Role,
    widgets::text,
};

/// What a line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blank {
    Text,
    Where,
    EditAll,
    Rate,
    To,
    File,
    /// The queue's name, before the plan is done.
    Confirm(String),
    /// The queue's name, before a look that may do harm.
    Accept(String),
}

/// A line, as far as it is typed.
#[derive(Debug)]
pub(super) struct Typing {
    blank: Blank,
    input: Input,
    /// Why enter did nothing.
    complaint: Option<String>,
}

/// What a key came to.
pub(super) enum Typed {
    /// Still typing.
    On,
    /// Away from it, changing nothing.
    Off,
    Ask(Ask),
}

impl Typing {
    pub(super) fn new(blank: Blank, text: &str) -> Self {
        Self { blank, input: Input::new(text.to_owned()), complaint: None }
    }

    pub(super) fn accept(name: String) -> Self {
        Self::new(Blank::Accept(name), "")
    }

    pub(super) fn key(&mut self, press: Press) -> Typed {
        match press.event.code {
            KeyCode::Esc => return Typed::Off,
            KeyCode::Enter => match self.ask() {
                Ok(ask) => return Typed::Ask(ask),
                Err(complaint) => self.complaint = Some(complaint),
            },
            _ => {
                if let Some(request) = request(press) {
                    self.input.handle(request);
                    self.complaint = None;
                }
            }
        }
        Typed::On
    }

    pub(super) fn insert(&mut self, text: &str) {
        // A name is typed, or it says nothing.
        if !matches!(self.blank, Blank::Confirm(_) | Blank::Accept(_)) {
            insert(&mut self.input, text);
        }
    }

    /// Whether leaving it is leaving the desk: there is nothing else to do.
    pub(super) fn is_door(&self) -> bool {
        matches!(self.blank, Blank::Accept(_))
    }

    fn ask(&self) -> Result<Ask, String> {
        let typed = self.input.value().trim();
        let meant = |name: &str, ask: Ask| {
            if typed == name { Ok(ask) } else { Err(format!("this is not {name}; esc changes nothing")) }
        };
        match &self.blank {
            Blank::Text => Ok(Ask::Find(Find::typed(typed))),
            Blank::Where => Ok(Ask::Find(Some(typed).filter(|jq| !jq.is_empty()).map(|jq| Find::Where(jq.to_owned())))),
            Blank::EditAll if typed.is_empty() => {
                Err("type how, such as .body.price = 0; esc changes nothing".to_owned())
            }
            Blank::EditAll => Ok(Ask::EditAll(typed.to_owned())),
            Blank::To => Ok(Ask::Adjust(Adjust::To(typed.to_owned()))),
            Blank::File => {
                Ok(Ask::Adjust(Adjust::File(Some(typed).filter(|path| !path.is_empty()).map(PathBuf::from))))
            }
            Blank::Rate if typed.is_empty() => Ok(Ask::Adjust(Adjust::Rate(None))),
            Blank::Rate => match typed.parse::<f64>() {
                Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(Ask::Adjust(Adjust::Rate(Some(rate)))),
                _ => Err("type messages a second, such as 50 or 0.5; nothing for as fast as it goes".to_owned()),
            },
            Blank::Confirm(name) => meant(name, Ask::Go),
            Blank::Accept(name) => meant(name, Ask::Accept),
        }
    }

    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (prompt, hint) = match &self.blank {
            Blank::Text => (" /".to_owned(), "a text, or /a regex/ · enter lists · esc back "),
            Blank::Where => {
                (" = ".to_owned(), "jq: .body.id > 3 and .system.ApproximateReceiveCount < 5 · enter · esc ")
            }
            Blank::EditAll => (" edit ".to_owned(), "jq: .body.price = 0 · enter shows the difference · esc "),
            Blank::Rate => (" messages a second ".to_owned(), "nothing: as fast as it goes · enter · esc "),
            Blank::To => (" to queue ".to_owned(), "nothing: where they came from · enter · esc "),
            Blank::File => (" file ".to_owned(), "nothing: no file · enter · esc "),
            Blank::Confirm(name) => (format!(" type {name} if you mean it: "), "enter does it · esc back "),
            Blank::Accept(name) => (format!(" type {name} to look all the same: "), "enter looks · esc leaves "),
        };
        let style = view.theme.style(Role::Text);
        text::put(buf, area, &" ".repeat(usize::from(area.width)), style, "");
        let (right, role) = match &self.complaint {
            Some(complaint) => (complaint.as_str(), Role::Warn),
            None => (hint, Role::Dim),
        };
        // What is typed comes before what helps.
        let needed = text::width(&text::clean(&prompt)) + text::width(self.input.value()) + 2;
        if usize::from(area.width) > needed + text::width(right) {
            text::put_right(buf, area, right, view.theme.style(role), "");
        }
        draw_prompt(&prompt, &self.input, area, buf, view);
    }
}
