//! What stands between the desk's first line and its columns as long as it is true: what was cut off, what is no longer ours, how old
//! the look is.
//!
//! What the desk's task knows comes with the picture; what the passing of time alone makes true is added here.

use jiff::SignedDuration;
use ratatui::{buffer::Buffer, layout::Rect};

use super::model::{Header, Notice, Picture, Stage};
use crate::{
    domain::units::{Age, Count},
    panes::View,
    theme::Role,
    widgets::text,
};

/// What nobody holds for us is old after so long: others take from the queue, too.
const OLD_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Lines of one notice.
const MOST_LINES: usize = 2;

/// Draws them at the top of an area; how many lines they took.
pub(super) fn draw(picture: &Picture, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let most = usize::from(area.height / 4);
    let room = usize::from(area.width.saturating_sub(4)).max(1);
    let mut y = area.y;
    for Notice { text: said, bad } in all(picture, view) {
        let (mark, role) = if bad { (view.theme.glyphs.warn, Role::Warn) } else { (view.theme.glyphs.dot, Role::Dim) };
        let clean = text::clean(&said);
        for (line, piece) in text::wrap(&clean, room).into_iter().take(MOST_LINES).enumerate() {
            if usize::from(y - area.y) >= most {
                return y - area.y;
            }
            let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
            let lead = if line == 0 { format!("{mark} ") } else { "  ".to_owned() };
            text::put(buf, place, &format!("{lead}{piece}"), view.theme.style(role), view.theme.glyphs.ellipsis);
            y += 1;
        }
    }
    y - area.y
}

/// The worst first.
fn all(picture: &Picture, view: &View<'_>) -> Vec<Notice> {
    if matches!(picture.stage, Stage::Opening | Stage::Failed(_)) {
        return Vec::new();
    }
    let mut notices = picture.notices.clone();
    notices.extend(age(&picture.header, view));
    notices.extend(news(&picture.header, view));
    notices.sort_by_key(|notice| !notice.bad);
    notices
}

/// Whether only a new look would tell how it is.
pub(super) fn is_stale(header: &Header, view: &View<'_>) -> bool {
    header.is_behind || header.came > 0 || age(header, view).is_some()
}

fn age(header: &Header, view: &View<'_>) -> Option<Notice> {
    let at = header.looked_at.filter(|_| header.held > 0 && header.lease_until.is_none() && !header.looking)?;
    (view.now.duration_since(at) > OLD_AFTER).then(|| Notice {
        text: format!(
            "as of {}, {} ago: others may have taken some since; r looks again",
            view.clock(at),
            Age::between(at, view.now)
        ),
        bad: false,
    })
}

fn news(header: &Header, view: &View<'_>) -> Option<Notice> {
    (header.came > 0 && !header.looking).then(|| Notice {
        text: format!(
            "{}{} more came since the look: r brings them",
            view.theme.glyphs.approx,
            Count(header.came as f64)
        ),
        bad: false,
    })
}
