//! Health per service, in one line.
//!
//! ```text
//!  ▤ 9 queues ✖1 ▲1   ƒ 4 functions ✔   ≡ 4 log groups ✔   ▦ 1 table ✔   ◍ 1 bucket ✔   ◇ 2 topics ✔   ⌁ 2 rules ?
//! ```
//!
//! The services that most have are always there, so that the eye finds them in their places; the others as soon as there is one.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::View;
use crate::{
    domain::Kind,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

/// What is counted together, under the first one's sign.
struct Counted {
    kinds: &'static [Kind],
    /// Shown when there are none, too.
    always: bool,
}

const fn always(kinds: &'static [Kind]) -> Counted {
    Counted { kinds, always: true }
}

const fn if_any(kinds: &'static [Kind]) -> Counted {
    Counted { kinds, always: false }
}

/// From the one that stays longest as the terminal narrows.
const SEGMENTS: [Counted; 9] = [
    always(&[Kind::Queue]),
    always(&[Kind::Function]),
    always(&[Kind::LogGroup]),
    always(&[Kind::Table]),
    always(&[Kind::Bucket]),
    always(&[Kind::Topic]),
    always(&[Kind::Rule]),
    if_any(&[Kind::Stream, Kind::DeliveryStream, Kind::Application]),
    if_any(&[Kind::Api]),
];

/// Where there is no room for the words they go, and the signs stay.
pub fn draw(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (with_words, signs) = (segments(view, true), segments(view, false));
    let line = |left| StatusLine { left, right: &[], theme: view.theme };
    let words = line(&with_words);
    if words.fits(area.width) { words } else { line(&signs) }.render(area, buf);
}

fn segments<'a>(view: &View<'a>, words: bool) -> Vec<Segment<'a>> {
    let glyphs = view.theme.glyphs;
    let counts = view.store.count_by_health();
    SEGMENTS
        .iter()
        .zip((0..SEGMENTS.len()).rev())
        .filter_map(|(row, priority)| {
            let mut sum = [0; 4];
            for of_kind in row.kinds.iter().filter_map(|kind| counts.get(kind)) {
                sum.iter_mut().zip(of_kind).for_each(|(sum, count)| *sum += count);
            }
            let [ok, unknown, warn, crit] = sum;
            let total = ok + unknown + warn + crit;
            let kind = *row.kinds.first().filter(|_| row.always || total > 0)?;
            let what = if words { kind.counted(total) } else { total.to_string() };
            let role = if total == 0 { Role::Dim } else { Role::Text };
            let mut segment =
                Segment::new(Role::Dim, format!(" {} ", view.glyph(kind)), priority as u8 + 1).then(role, what);
            for (count, mark, role) in [
                (crit, glyphs.crit, Role::Crit),
                (warn, glyphs.warn, Role::Warn),
                (unknown, glyphs.unknown, Role::Unknown),
            ] {
                if count > 0 {
                    segment = segment.then(role, format!(" {mark}{count}"));
                }
            }
            Some(if total > 0 && total == ok { segment.then(Role::Ok, format!(" {}", glyphs.ok)) } else { segment })
        })
        .collect()
}
