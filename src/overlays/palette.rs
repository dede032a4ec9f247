//! Everything by name: commands and resources, found by any letters in their order.

use crossterm::event::KeyCode;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::Input;

use super::{
    Overlay, Press, Wish,
    filter::{draw_prompt, insert, request},
    inspect,
};
use crate::{
    commands::{COMMANDS, Command},
    domain::ResourceId,
    panes::View,
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

const MOST_SHOWN: usize = 200;

#[derive(Debug, Clone)]
enum Target {
    Command(Command),
    Resource(ResourceId),
    /// What was typed is an id that is followed.
    Follow(String),
}

#[derive(Debug)]
struct Hit {
    score: u32,
    name: String,
    hint: String,
    target: Target,
}

pub struct Palette {
    input: Input,
    hits: Vec<Hit>,
    chosen: usize,
    matcher: Matcher,
}

impl Palette {
    pub fn new(view: &View<'_>) -> Self {
        let mut palette =
            Self { input: Input::default(), hits: Vec::new(), chosen: 0, matcher: Matcher::new(Config::DEFAULT) };
        palette.search(view);
        palette
    }

    fn search(&mut self, view: &View<'_>) {
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Smart, Normalization::Smart);
        let mut letters = Vec::new();
        let mut score = |matcher: &mut Matcher, name: &str| pattern.score(Utf32Str::new(name, &mut letters), matcher);
        self.hits.clear();
        // What is done on the desk or in a reader is done there.
        for row in COMMANDS.iter().filter(|row| row.command != Command::Palette && !row.place.fills()) {
            if let Some(score) = score(&mut self.matcher, row.name) {
                let hint = format!("{} · {}", row.keys.first().unwrap_or(&""), row.does);
                // Among equals, commands stand before resources.
                self.hits.push(Hit {
                    score: score.saturating_add(1),
                    name: row.name.to_owned(),
                    hint,
                    target: Target::Command(row.command),
                });
            }
        }
        if !self.input.value().is_empty() {
            for entry in view.store.entries() {
                let resource = &entry.resource;
                if let Some(score) = score(&mut self.matcher, &resource.name) {
                    let hint = format!("{} {}", view.glyph(resource.kind), resource.kind.row().one);
                    self.hits.push(Hit {
                        score,
                        name: resource.name.clone(),
                        hint,
                        target: Target::Resource(resource.id.clone()),
                    });
                }
            }
            self.hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.name.len().cmp(&b.name.len())));
        }
        self.hits.truncate(MOST_SHOWN);
        // It names nothing here: then it may be an id that something here names.
        let typed = self.input.value().trim();
        if self.hits.is_empty() && !typed.is_empty() {
            self.hits.push(Hit {
                score: 0,
                name: format!("follow {typed}"),
                hint: "everything that names it, as one thread".to_owned(),
                target: Target::Follow(typed.to_owned()),
            });
        }
        self.chosen = 0;
    }
}

impl Overlay for Palette {
    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        match press.event.code {
            KeyCode::Esc => return Wish::Close,
            KeyCode::Enter => {
                return match self.hits.get(self.chosen).map(|hit| hit.target.clone()) {
                    Some(Target::Command(command)) => Wish::Do(command),
                    Some(Target::Resource(id)) => Wish::Show(id),
                    Some(Target::Follow(id)) => Wish::Inspect(Box::new(inspect::thread::subject(id, true, None, view))),
                    None => Wish::Close,
                };
            }
            KeyCode::Up | KeyCode::BackTab => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.chosen = (self.chosen + 1).min(self.hits.len().saturating_sub(1)),
            _ => {
                if let Some(request) = request(press)
                    && self.input.handle(request).is_some_and(|change| change.value)
                {
                    self.search(view);
                }
            }
        }
        Wish::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.chosen = self.chosen.saturating_add_signed(lines).min(self.hits.len().saturating_sub(1));
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn paste(&mut self, text: &str, view: &View<'_>) -> Wish {
        insert(&mut self.input, text);
        self.search(view);
        Wish::Stay
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        let place = centered(area, 76, 20);
        let inner =
            panel::Overlay { title: "command or resource", hints: "↑↓ choose · enter go · esc close", theme }
                .render(place, buf);
        draw_prompt(" :", &self.input, Rect { height: 1.min(inner.height), ..inner }, buf, view);
        let room = usize::from(inner.height.saturating_sub(2));
        let first = (self.chosen + 1).saturating_sub(room);
        for (y, (index, hit)) in (inner.y + 2..inner.bottom()).zip(self.hits.iter().enumerate().skip(first)) {
            let line = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            let left = Rect { width: line.width / 2, ..line };
            let right = Rect { x: line.x + left.width + 1, width: line.width.saturating_sub(left.width + 1), ..line };
            text::put(buf, left, &hit.name, theme.style(Role::Text), theme.glyphs.ellipsis);
            text::put(buf, right, &hit.hint, theme.style(Role::Dim), theme.glyphs.ellipsis);
            if index == self.chosen {
                buf.set_style(line, theme.style(Role::Selection));
            }
        }
    }
}
