//! What our looking costs, operation by operation, and what this endpoint does not have.
//!
//! ```text
//! ╭─ calls ────────────────────────────────────────────────────────────────────╮
//! │ OPERATION                    CALLS  ERRORS  THROTTLES   MEAN ms   MAX ms    │
//! │ SQS:GetQueueAttributes       1,204       0          0         4       31    │
//! │ not offered here: SQS:ListQueues                                            │
//! ╰────────────────────────────── any key closes ──────────────────────────────╯
//! ```

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Overlay, Press, Wish};
use crate::{
    commands::Command,
    domain::units::Count,
    panes::View,
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

/// What was asked of the endpoint so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Used {
    pub operations: Vec<OperationUsed>,
    /// What it answered to have not: `service:Operation`.
    pub missing: Vec<String>,
}

/// One operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OperationUsed {
    /// `service:Operation`.
    pub name: String,
    pub calls: u64,
    pub errors: u64,
    pub throttles: u64,
    pub mean_ms: f64,
    pub max_ms: f64,
}

#[derive(Debug, Default)]
pub struct Usage {
    used: Used,
    offset: usize,
}

/// Columns of the numbers, from the right.
const WIDTHS: [u16; 5] = [9, 9, 11, 10, 9];
const HEADS: [&str; 5] = ["CALLS", "ERRORS", "THROTTLES", "MEAN ms", "MAX ms"];

impl Usage {
    pub fn new(used: Used) -> Self {
        Self { used, offset: 0 }
    }

    fn draw_row(&self, area: Rect, buf: &mut Buffer, view: &View<'_>, (name, cells): (&str, [(Role, String); 5])) {
        let theme = view.theme;
        let numbers: u16 = WIDTHS.iter().sum();
        let name_area = Rect { width: area.width.saturating_sub(numbers), ..area };
        text::put(buf, name_area, name, theme.style(cells[0].0), theme.glyphs.ellipsis);
        let mut x = name_area.right();
        for ((role, cell), width) in cells.iter().zip(WIDTHS) {
            let place = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
            text::put_right(buf, place, cell, theme.style(*role), theme.glyphs.ellipsis);
            x = place.right();
        }
    }
}

/// The numbers of one operation; what went wrong stands out.
fn cells(one: &OperationUsed) -> [(Role, String); 5] {
    let bad = |count: u64| if count > 0 { Role::Warn } else { Role::Dim };
    [
        (Role::Text, Count(one.calls as f64).to_string()),
        (bad(one.errors), Count(one.errors as f64).to_string()),
        (bad(one.throttles), Count(one.throttles as f64).to_string()),
        (Role::Text, format!("{:.0}", one.mean_ms)),
        (Role::Text, format!("{:.0}", one.max_ms)),
    ]
}

impl Overlay for Usage {
    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        match press.command {
            Some(Command::Up) => self.offset = self.offset.saturating_sub(1),
            Some(Command::Down) => self.offset += 1,
            _ => return Wish::Close,
        }
        Wish::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.offset = self.offset.saturating_add_signed(lines);
    }

    fn used(&mut self, used: &Used) {
        self.used.clone_from(used);
    }

    fn ages(&self) -> bool {
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let lines = self.used.operations.len() + self.used.missing.len() + 1;
        let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, 96, height.min(area.height.saturating_sub(2)));
        let inner = panel::Overlay { title: "calls", hints: "any key closes", theme: view.theme }.render(place, buf);
        let room = usize::from(inner.height.saturating_sub(1));
        self.offset = self.offset.min((lines - 1).saturating_sub(room));
        let line = |y: u16| Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
        if inner.height > 0 {
            let heads = HEADS.map(|head| (Role::Header, head.to_owned()));
            self.draw_row(line(inner.y), buf, view, ("OPERATION", heads));
        }
        let operations = self.used.operations.iter().map(Some).chain(self.used.missing.iter().map(|_| None));
        for (y, (index, one)) in (inner.y + 1..inner.bottom()).zip(operations.enumerate().skip(self.offset)) {
            match one {
                Some(one) => self.draw_row(line(y), buf, view, (&one.name, cells(one))),
                None => {
                    let missing = self.used.missing.get(index - self.used.operations.len());
                    let said = format!("not offered here: {}", missing.map_or("", String::as_str));
                    text::put(buf, line(y), &said, view.theme.style(Role::Unknown), view.theme.glyphs.ellipsis);
                }
            }
        }
    }
}
