//! One line of typing at the foot of the desk: what to find, how to edit, where to, and names that say that it is meant.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::Input;

use super::model::{Adjust, Ask, Find, Picture};
use crate::{
    domain::units::Count,
    overlays::{
        Press,
        filter::{draw_prompt, insert, request},
    },
    panes::View,
    redrive::{edit::Edit, why::decode::Inside},
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
    /// What is wrong with what is typed.
    complaint: Option<String>,
}

/// Lines above the prompt: what it is about, and what is wrong.
const MOST_ABOVE: usize = 4;

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

    /// Whether it is about what to list.
    pub(super) fn finds(&self) -> bool {
        matches!(self.blank, Blank::Text | Blank::Where)
    }

    /// What is wrong with it so far: said while it is typed.
    fn mistake(&self) -> Option<String> {
        let typed = self.input.value().trim();
        match &self.blank {
            Blank::Text => Find::typed(typed)?.mistake(),
            Blank::Where if !typed.is_empty() => Find::Where(typed.to_owned()).mistake(),
            Blank::EditAll if !typed.is_empty() => Edit::jq(typed).err().map(|mistake| mistake.to_string()),
            _ => None,
        }
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
                    self.complaint = self.mistake();
                }
            }
        }
        Typed::On
    }

    pub(super) fn insert(&mut self, text: &str) {
        // A name is typed, or it says nothing.
        if !matches!(self.blank, Blank::Confirm(_) | Blank::Accept(_)) {
            insert(&mut self.input, text);
            self.complaint = self.mistake();
        }
    }

    /// Whether leaving it is leaving the desk: there is nothing else to do.
    pub(super) fn is_door(&self) -> bool {
        matches!(self.blank, Blank::Accept(_))
    }

    fn ask(&self) -> Result<Ask, String> {
        let typed = self.input.value().trim();
        if let Some(mistake) = self.mistake() {
            return Err(mistake);
        }
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

    /// What it is about, and what is wrong with it: the lines above the prompt.
    fn above(&self, picture: &Picture, columns: usize) -> Vec<(Role, String)> {
        let inside = picture.opened.as_ref().and_then(|opened| opened.inside).unwrap_or(Inside::Body);
        let hint = match &self.blank {
            Blank::Text => format!("{} · a text, or /a regex/ · enter lists · esc back", looks_in(picture)),
            Blank::Where => format!("{} · jq such as {} · enter lists · esc back", looks_in(picture), inside.ask()),
            Blank::EditAll => {
                let meant = match picture.chosen {
                    0 => format!("nothing is chosen: edits all {} listed", Count(picture.listed as f64)),
                    chosen => format!("edits the {} chosen", Count(chosen as f64)),
                };
                format!("{meant} · jq such as {} · enter shows the difference · esc back", inside.edit())
            }
            Blank::Rate => "nothing: as fast as it goes · enter · esc back".to_owned(),
            Blank::To => "nothing: where they came from · enter · esc back".to_owned(),
            Blank::File => "nothing: no file · enter · esc back".to_owned(),
            Blank::Confirm(_) => "enter does it · esc back".to_owned(),
            Blank::Accept(_) => "enter looks · esc leaves".to_owned(),
        };
        let lines = [Some((Role::Dim, hint)), self.complaint.clone().map(|complaint| (Role::Warn, complaint))];
        let wrapped = lines.into_iter().flatten().flat_map(|(role, line)| {
            let clean = text::clean(&line).into_owned();
            text::wrap(&clean, columns).into_iter().map(|piece| (role, piece.to_owned())).collect::<Vec<_>>()
        });
        wrapped.take(MOST_ABOVE).collect()
    }

    /// At the lower end of an area; how many lines it took.
    pub(super) fn draw(&self, picture: &Picture, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let prompt = match &self.blank {
            Blank::Text => " /".to_owned(),
            Blank::Where => " = ".to_owned(),
            Blank::EditAll => " edit ".to_owned(),
            Blank::Rate => " messages a second ".to_owned(),
            Blank::To => " to queue ".to_owned(),
            Blank::File => " file ".to_owned(),
            Blank::Confirm(name) => format!(" type {name} if you mean it: "),
            Blank::Accept(name) => format!(" type {name} to look all the same: "),
        };
        let above = self.above(picture, usize::from(area.width.saturating_sub(2)).max(1));
        let lines = (above.len() as u16 + 1).min(area.height);
        let at = |y: u16| Rect { y: area.bottom() - lines + y, height: 1, ..area };
        let style = view.theme.style(Role::Text);
        for y in 0..lines {
            text::put(buf, at(y), &" ".repeat(usize::from(area.width)), style, "");
        }
        for (y, (role, piece)) in (0..lines.saturating_sub(1)).zip(&above) {
            text::put(buf, at(y), &format!(" {piece}"), view.theme.style(*role), "");
        }
        draw_prompt(&prompt, &self.input, at(lines.saturating_sub(1)), buf, view);
        lines
    }
}

/// Which messages a search lists: those of the cluster under the cursor, or all.
fn looks_in(picture: &Picture) -> String {
    let all = Count(picture.header.held as f64);
    match picture.clusters.get(picture.cluster).filter(|_| picture.cluster > 0) {
        Some(cluster) => {
            format!("in the {} of {} · tab looks in all {all}", Count(cluster.count as f64), cluster.title)
        }
        None => format!("in all {all}"),
    }
}
