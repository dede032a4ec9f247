//! Health per service, in one line.
//!
//! ```text
//!  ▤ 9 queues ✖1 ▲1   ƒ 4 functions ✔   ≡ 4 log groups ✔   ▦ 1 table ✔   ◍ 1 bucket ✔   ◇ 2 topics ✔   ⌁ 2 rules ?
//! ```

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::View;
use crate::{
    domain::Kind,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

const KINDS: [Kind; 7] =
    [Kind::Queue, Kind::Function, Kind::LogGroup, Kind::Table, Kind::Bucket, Kind::Topic, Kind::Rule];

/// Narrower than this, the words go and the signs stay.
const WORDS_FROM: u16 = 110;

pub fn draw(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let glyphs = view.theme.glyphs;
    let counts = view.store.count_by_health();
    let segments: Vec<Segment<'_>> = KINDS
        .iter()
        .zip((0..KINDS.len()).rev())
        .map(|(kind, priority)| {
            let [ok, unknown, warn, crit] = counts.get(kind).copied().unwrap_or_default();
            let total = ok + unknown + warn + crit;
            let what = if area.width >= WORDS_FROM { kind.counted(total) } else { total.to_string() };
            let role = if total == 0 { Role::Dim } else { Role::Text };
            let mut segment =
                Segment::new(Role::Dim, format!(" {} ", view.glyph(*kind)), priority as u8 + 1).then(role, what);
            for (count, mark, role) in [
                (crit, glyphs.crit, Role::Crit),
                (warn, glyphs.warn, Role::Warn),
                (unknown, glyphs.unknown, Role::Unknown),
            ] {
                if count > 0 {
                    segment = segment.then(role, format!(" {mark}{count}"));
                }
            }
            if total > 0 && total == ok { segment.then(Role::Ok, format!(" {}", glyphs.ok)) } else { segment }
        })
        .collect();
    StatusLine { left: &segments, right: &[], theme: view.theme }.render(area, buf);
}
