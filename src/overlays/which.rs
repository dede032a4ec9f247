//! Which of the ids that stand there is followed: a short list, each with what it is called.
//!
//! ```text
//! ╭─ follow which id? ──────────────────────────────────╮
//! │ 1 RequestId  33e4c44c-c563-4733-8a04-45c280096c35   │
//! │ 2 orderID    order-4                                │
//! ╰────────── 1..9 · j/k choose · enter follow · esc ───╯
//! ```

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Overlay, Press, Wish, choices::Choices};
use crate::{
    commands::Command,
    domain::ResourceId,
    inspect::thread::seen::Seen,
    panes::View,
    widgets::{
        panel::{self, centered},
        text,
    },
};

const WIDTH: u16 = 76;
/// The widest name of an id.
const NAME: usize = 24;

/// The list.
#[derive(Debug)]
pub struct Which {
    ids: Vec<Seen>,
    /// Through whose flow it is followed.
    near: Option<ResourceId>,
    choices: Choices,
}

impl Which {
    pub fn new(ids: Vec<Seen>, near: Option<ResourceId>) -> Self {
        let width = ids.iter().map(|seen| text::width(&text::clean(&seen.name))).max().unwrap_or(0).min(NAME);
        let line = |seen: &Seen| {
            let name = text::fit(&text::clean(&seen.name), width).into_owned();
            format!("{}  {}", text::pad_right(&name, width), seen.id)
        };
        let choices = Choices::new(ids.iter().map(line).collect());
        Self { ids, near, choices }
    }

    fn follow(&self, place: usize) -> Wish {
        self.ids.get(place).map_or(Wish::Stay, |seen| Wish::Follow(seen.id.clone(), self.near.clone()))
    }
}

impl Overlay for Which {
    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        if let Some(place) = self.choices.key(press) {
            return self.follow(place);
        }
        match press.command {
            Some(Command::Back | Command::Quit) => Wish::Close,
            _ => Wish::Stay,
        }
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        self.choices.at(at).map_or(Wish::Stay, |place| self.follow(place))
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let height = u16::try_from(self.choices.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, WIDTH, height);
        let hints = "1..9 · j/k choose · enter follow · esc back";
        let inner = panel::Overlay { title: "follow which id?", hints, theme: view.theme }.render(place, buf);
        self.choices.draw(inner, buf, view);
    }
}
