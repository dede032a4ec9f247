//! What overlays that fill the screen draw alike: an empty page, two places beside or below each other, text that scrolls.
//!
//! It must know none of them, and keep nothing between two frames.

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{panes::View, theme::Role, widgets::text};

/// From so many columns on, two places stand beside each other.
const BESIDE_FROM: u16 = 100;

/// Takes the whole page.
pub(super) fn blank(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let style = view.theme.style(Role::Text);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// A place of so many twentieths of the columns, and one beside it; where there is no room for both, one of so many lines, and one below.
pub(super) fn apart(body: Rect, twentieths: u16, upper: u16) -> (Rect, Rect) {
    if body.width >= BESIDE_FROM {
        let left = body.width / 20 * twentieths + body.width % 20 * twentieths / 20;
        (Rect { width: left, ..body }, Rect { x: body.x + left + 1, width: body.width - left - 1, ..body })
    } else {
        (Rect { height: upper, ..body }, Rect { y: body.y + upper, height: body.height - upper, ..body })
    }
}

/// Where text stands below a title.
pub(super) fn below_title(area: Rect) -> Rect {
    let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(1));
    Rect { x: area.x + 1, y: area.y + 1, width, height }
}

/// Lines from an offset on, which is never so large that there is more room than text.
pub(super) fn scrolled(lines: &[(Role, String)], offset: &mut usize, room: Rect, buf: &mut Buffer, view: &View<'_>) {
    *offset = (*offset).min(lines.len().saturating_sub(usize::from(room.height)));
    for (y, (role, piece)) in (room.y..room.bottom()).zip(lines.iter().skip(*offset)) {
        put(piece, *role, Rect { y, height: 1, ..room }, buf, view);
    }
}

/// One line of what came from outside; how many columns it took.
pub(super) fn put(piece: &str, role: Role, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    text::put(buf, area, &text::clean(piece), view.theme.style(role), view.theme.glyphs.ellipsis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Nothing is drawn outside of the page, whatever its size.
        #[test]
        fn two_places_stay_on_the_page(width in 0u16..1_000, height in 0u16..200, twentieths in 1u16..20) {
            let body = Rect { x: 3, y: 2, width, height };
            let (first, second) = apart(body, twentieths, height / 2);
            prop_assert!(body.union(first) == body && body.union(second) == body, "{first:?} {second:?}");
            prop_assert!(first.intersection(second).is_empty());
        }
    }
}
