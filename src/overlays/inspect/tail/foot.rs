//! The keys, and what stands above them as long as it is true.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::model::{Picture, Sheet};
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    domain::units::{Age, Count},
    panes::View,
    theme::Role,
    widgets::{
        status_line::{Segment, StatusLine},
        text,
    },
};

/// Seconds behind the clock that are no news: readings take turns, and a live session settles for some.
const BEHIND_S: f64 = 10.0;

/// The keys; how many lines they took.
pub(super) fn draw(picture: &Picture, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let mut left = vec![Segment::new(Role::Text, "", 255)];
    match picture.sheet {
        Sheet::None => left.extend(keys(picture)),
        Sheet::Entry(_) => left.extend([Segment::key("esc", "back", 250), Segment::key("y", "copy", 240)]),
        Sheet::Clusters(..) => {
            left.extend([Segment::key("enter", "only these", 250), Segment::key("esc", "back", 240)]);
        }
        Sheet::Groups => left.extend([Segment::key("enter", "show or hide", 250), Segment::key("esc", "back", 240)]),
    }
    StatusLine { left: &left, right: &[Segment::key("?", "more ", 253)], theme: view.theme }.render(area, buf);
    1
}

fn keys(picture: &Picture) -> Vec<Segment<'static>> {
    let mut rows: Vec<&'static Row> = COMMANDS.iter().filter(|row| row.place == Place::Tail).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.footer.1));
    let segment = |row: &&'static Row| {
        let (word, weight) = match row.command {
            Command::StandStill if !picture.follows => ("follow", row.footer.1),
            Command::AroundLine if picture.context => ("back", 100),
            _ => row.footer,
        };
        Some(Segment::key(*row.keys.first()?, word, weight))
    };
    let open = Segment::key("enter", "open", 79);
    std::iter::once(open).chain(rows.iter().filter_map(segment)).collect()
}

/// What is going on, is wrong, or went; how many lines that took, at the lower end of an area.
pub(super) fn notices(picture: &Picture, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let ellipsis = view.theme.glyphs.ellipsis;
    let mut silent = picture.groups.iter().filter(|group| group.trouble.is_some());
    let silent = match silent.clone().count() {
        0 => None,
        1 => silent
            .next_back()
            .and_then(|group| Some(format!("{} cannot be read: {}", group.name, group.trouble.as_ref()?))),
        many => Some(format!("{many} groups cannot be read: s says why")),
    };
    let forgotten = (picture.forgotten > 0).then(|| {
        let count = Count(picture.forgotten as f64);
        format!("the oldest {count} lines went: memory and disk are as full as they may be")
    });
    let lines = [
        silent.map(|said| (Role::Warn, said)),
        behind(picture, view).map(|said| (Role::Warn, said)),
        forgotten.map(|said| (Role::Warn, said)),
        picture.trouble.clone().map(|said| (Role::Warn, said)),
        picture.busy.clone().map(|said| (Role::Dim, format!("{said}{ellipsis}"))),
    ];
    let lines: Vec<_> = lines.into_iter().flatten().take(usize::from(area.height.saturating_sub(2))).collect();
    let count = lines.len() as u16;
    for (y, (role, said)) in (area.bottom() - count..area.bottom()).zip(lines) {
        let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
        text::put(buf, place, &text::clean(&said), view.theme.style(role), ellipsis);
    }
    count
}

/// Lines that stand still look like peace. Whether they are, or nobody has answered for a while, is said.
fn behind(picture: &Picture, view: &View<'_>) -> Option<String> {
    let read_to = picture.read_to.filter(|_| picture.busy.is_none())?;
    let age = Age::between(read_to, view.now);
    // Those that cannot be read say why themselves.
    let is_read = picture.groups.iter().any(|group| group.trouble.is_none());
    let said = || format!("read up to {}, {age} ago: what was said since is not here yet", view.clock(read_to));
    (is_read && age.0 >= BEHIND_S).then(said)
}
