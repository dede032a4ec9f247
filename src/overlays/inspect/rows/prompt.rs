//! One line of typing at the foot of a reader, with what it is about above it.

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::Input;

use crate::{
    overlays::{
        Press,
        filter::{draw_prompt, insert, request},
    },
    panes::View,
    theme::Role,
    widgets::text,
};

/// Lines above the prompt.
const MOST_ABOVE: usize = 4;

/// A line, as far as it is typed; `B` says what for.
#[derive(Debug)]
pub struct Prompt<B> {
    pub blank: B,
    label: String,
    hint: String,
    input: Input,
    complaint: Option<String>,
}

/// What a key came to.
pub enum Typed {
    /// Still typing.
    On,
    /// Away from it.
    Off,
    /// It is what is meant, unless somebody complains.
    Enter(String),
}

impl<B> Prompt<B> {
    pub fn new(blank: B, label: impl Into<String>, hint: impl Into<String>, text: &str) -> Self {
        Self { blank, label: label.into(), hint: hint.into(), input: Input::new(text.to_owned()), complaint: None }
    }

    pub fn key(&mut self, press: Press) -> Typed {
        match press.event.code {
            KeyCode::Esc => return Typed::Off,
            KeyCode::Enter => return Typed::Enter(self.input.value().trim().to_owned()),
            _ => {
                if let Some(request) = request(press) {
                    self.input.handle(request);
                    self.complaint = None;
                }
            }
        }
        Typed::On
    }

    pub fn insert(&mut self, text: &str) {
        insert(&mut self.input, text);
        self.complaint = None;
    }

    /// What is wrong with what was meant.
    pub fn complain(&mut self, complaint: impl Into<String>) {
        self.complaint = Some(complaint.into());
    }

    /// At the lower end of an area; how many lines it took.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let columns = usize::from(area.width.saturating_sub(2)).max(1);
        let lines = [Some((Role::Dim, &self.hint)), self.complaint.as_ref().map(|complaint| (Role::Warn, complaint))];
        let wrapped = lines.into_iter().flatten().flat_map(|(role, line)| {
            let clean = text::clean(line).into_owned();
            text::wrap(&clean, columns).into_iter().map(|piece| (role, piece.to_owned())).collect::<Vec<_>>()
        });
        let above: Vec<(Role, String)> = wrapped.take(MOST_ABOVE).collect();
        let lines = (above.len() as u16 + 1).min(area.height);
        let at = |y: u16| Rect { y: area.bottom() - lines + y, height: 1, ..area };
        for y in 0..lines {
            text::put(buf, at(y), &" ".repeat(usize::from(area.width)), view.theme.style(Role::Text), "");
        }
        for (y, (role, piece)) in (0..lines.saturating_sub(1)).zip(&above) {
            text::put(buf, at(y), &format!(" {piece}"), view.theme.style(*role), "");
        }
        draw_prompt(&self.label, &self.input, at(lines.saturating_sub(1)), buf, view);
        lines
    }
}
