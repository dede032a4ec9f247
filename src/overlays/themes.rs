//! Choose a theme; the screen follows the cursor, esc takes it back.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Overlay, Press, Wish};
use crate::{
    commands::Command,
    panes::View,
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

#[derive(Debug)]
pub struct Themes {
    names: Vec<String>,
    chosen: usize,
    before: String,
}

impl Themes {
    pub fn new(names: Vec<String>, current: &str) -> Self {
        let chosen = names.iter().position(|name| name == current).unwrap_or(0);
        Self { names, chosen, before: current.to_owned() }
    }

    fn choose(&mut self, chosen: usize) -> Wish {
        self.chosen = chosen.min(self.names.len().saturating_sub(1));
        self.names.get(self.chosen).map_or(Wish::Stay, |name| Wish::TryTheme(name.clone()))
    }
}

impl Overlay for Themes {
    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        match press.command {
            Some(Command::Up | Command::PreviousPane) => self.choose(self.chosen.saturating_sub(1)),
            Some(Command::Down | Command::NextPane) => self.choose(self.chosen + 1),
            Some(Command::Open) => Wish::Close,
            Some(Command::Back | Command::Quit) => Wish::KeepTheme(self.before.clone()),
            _ => Wish::Stay,
        }
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        let height = u16::try_from(self.names.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, 44, height);
        let inner =
            panel::Overlay { title: "theme", hints: "j/k try · enter keep · esc back", theme }.render(place, buf);
        for (y, (index, name)) in (inner.top()..inner.bottom()).zip(self.names.iter().enumerate()) {
            let line = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            text::put(buf, line, name, theme.style(Role::Text), theme.glyphs.ellipsis);
            if index == self.chosen {
                buf.set_style(line, theme.style(Role::Selection));
            }
        }
    }
}
