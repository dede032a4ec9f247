//! Lists that lie over the lines: failures by kind, and the groups.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{
    lines::{clock, moved, voice},
    model::{Cluster, Group},
};
use crate::{
    domain::units::Count,
    panes::View,
    theme::Role,
    widgets::{
        panel::Separator,
        sparkline::{Scale, Sparkline},
        table::ScrollState,
        text,
    },
};

/// Columns of a sparkline, and of a count.
const SPARK: u16 = 12;
const COUNT: usize = 6;

/// The part of a list that is drawn, with the line of each; the cursor is kept within.
fn visible(len: usize, at: &mut usize, area: Rect) -> impl Iterator<Item = (usize, Rect)> + use<> {
    *at = (*at).min(len.saturating_sub(1));
    let mut scroll = ScrollState { offset: 0, selected: *at };
    scroll.settle(len, usize::from(area.height));
    (scroll.offset..len).zip(area.top()..area.bottom()).map(move |(place, y)| (place, Rect { y, height: 1, ..area }))
}

fn below(title: &str, right: &str, area: Rect, buf: &mut Buffer, view: &View<'_>) -> Rect {
    let line = Rect { height: 1, ..area };
    Separator { title, right, focused: true, theme: view.theme }.render(line, buf);
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// Failures by kind, the most frequent first.
pub(super) fn clusters(
    (clusters, is_done): (&[Cluster], bool),
    at: &mut usize,
    area: Rect,
    buf: &mut Buffer,
    view: &View<'_>,
) {
    let theme = view.theme;
    let title = format!("errors by kind {}", clusters.len());
    let right = if is_done { "" } else { "looking" };
    let list = below(&title, right, area, buf, view);
    if clusters.is_empty() && is_done {
        text::put(
            buf,
            moved(Rect { height: 1, ..list }, 1, None),
            "no error among the lines that are shown",
            theme.style(Role::Dim),
            "",
        );
    }
    let busiest = clusters.iter().flat_map(|cluster| cluster.bars).max().unwrap_or(0);
    for (place, line) in visible(clusters.len(), at, list) {
        let Some(cluster) = clusters.get(place) else { continue };
        let count = Count(cluster.count as f64).to_string();
        text::put(buf, moved(line, 1, None), &text::pad_left(&count, COUNT), theme.style(Role::Text), "");
        let samples = cluster.bars.map(|bar| Some(f64::from(bar)));
        let spark = moved(line, COUNT as u16 + 3, Some(SPARK));
        if spark.width == SPARK {
            Sparkline { samples: &samples, scale: Scale::Max(f64::from(busiest)), role: Role::Spark, theme }
                .render(spark, buf);
        }
        let when = clock(cluster.last_ms, view);
        let groups = if cluster.groups > 1 { format!("{} groups  ", cluster.groups) } else { String::new() };
        let last = format!("{groups}last {when} ");
        let mut rest = moved(line, COUNT as u16 + 3 + SPARK + 2, None);
        if usize::from(rest.width) > text::width(&last) + 20 {
            text::put_right(buf, rest, &last, theme.style(Role::Dim), "");
            rest.width -= text::width(&last) as u16 + 1;
        }
        text::put(buf, rest, &text::clean(&cluster.title), theme.style(Role::Title), theme.glyphs.ellipsis);
        if place == *at {
            buf.set_style(line, theme.style(Role::Selection));
        }
    }
}

/// The groups: how much each says, and what is wrong with its reading.
pub(super) fn groups(groups: &[Group], at: &mut usize, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs);
    let list = below(&format!("groups {}", groups.len()), "lines · lines/s ", area, buf, view);
    for (place, line) in visible(groups.len(), at, list) {
        let Some(group) = groups.get(place) else { continue };
        let mark = if group.hidden { glyphs.unchecked } else { glyphs.checked };
        text::put(
            buf,
            moved(line, 1, Some(1)),
            mark,
            theme.style(if group.hidden { Role::Dim } else { Role::Match }),
            "",
        );
        text::put(buf, moved(line, 3, Some(6)), &text::clean(&group.tag), theme.style(voice(place)), "");
        let numbers = format!("{} · {:.1} ", Count(group.lines as f64), group.per_second);
        text::put_right(buf, line, &numbers, theme.style(Role::Text), "");
        let mut rest = moved(line, 10, None);
        rest.width = rest.width.saturating_sub(text::width(&numbers) as u16 + 1);
        let used = text::put(buf, rest, &text::clean(&group.name), theme.style(Role::Text), glyphs.ellipsis);
        let gaps = (group.gaps > 0).then(|| format!("{} gaps", group.gaps));
        let wrong = [gaps, group.trouble.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        if !wrong.is_empty() {
            let place = moved(rest, used + 2, None);
            text::put(
                buf,
                place,
                &format!("{} {}", glyphs.warn, text::clean(&wrong)),
                theme.style(Role::Warn),
                glyphs.ellipsis,
            );
        }
        if place == *at {
            buf.set_style(line, theme.style(Role::Selection));
        }
    }
}
