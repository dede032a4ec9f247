//! One line of typing at the foot of the screen; the pane follows each letter.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::{Input, InputRequest};

use super::{Overlay, Press, Wish};
use crate::{panes::View, theme::Role, widgets::text};

#[derive(Debug)]
pub struct Filter {
    input: Input,
}

impl Filter {
    pub fn new(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }
}

/// What a key does to a line of text, as in every shell.
pub(super) fn request(press: Press) -> Option<InputRequest> {
    let control = press.event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (press.event.code, control) {
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => InputRequest::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        (KeyCode::Char(c), false) => InputRequest::InsertChar(c),
        (KeyCode::Backspace, _) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, _) => InputRequest::GoToPrevChar,
        (KeyCode::Right, _) => InputRequest::GoToNextChar,
        _ => return None,
    })
}

/// Puts a text where the cursor is.
pub(super) fn insert(input: &mut Input, text: &str) {
    for letter in text.chars() {
        input.handle(InputRequest::InsertChar(letter));
    }
}

/// Draws a prompt with its text and cursor.
pub(super) fn draw_prompt(prompt: &str, input: &Input, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let theme = view.theme;
    let used = text::put(buf, area, prompt, theme.style(Role::Key), "");
    let place = Rect { x: area.x + used, width: area.width.saturating_sub(used), ..area };
    let scroll = input.visual_scroll(usize::from(place.width.saturating_sub(1)));
    let shown: String = input.value().chars().skip(scroll).collect();
    text::put(buf, place, &shown, theme.style(Role::Text), "");
    let cursor = place.x + u16::try_from(input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
    if cursor < area.right() {
        let cell = Rect { x: cursor, width: 1, ..area };
        buf.set_style(cell, theme.style(Role::Accent).add_modifier(ratatui::style::Modifier::REVERSED));
    }
}

impl Overlay for Filter {
    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        match press.event.code {
            KeyCode::Enter => return Wish::Close,
            KeyCode::Esc => return Wish::ClearFilter,
            _ => {}
        }
        if let Some(request) = request(press) {
            self.input.handle(request);
        }
        Wish::Filter(self.input.value().to_owned())
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        insert(&mut self.input, text);
        Wish::Filter(self.input.value().to_owned())
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let line = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
        let style = view.theme.style(Role::Text);
        text::put(buf, line, &" ".repeat(usize::from(line.width)), style, "");
        draw_prompt(" /", &self.input, line, buf, view);
        let hint = "enter keeps · esc clears ";
        text::put_right(buf, line, hint, view.theme.style(Role::Dim), "");
    }
}
