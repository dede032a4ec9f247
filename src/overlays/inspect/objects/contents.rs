//! What is in the object under the cursor: what it is, what its lines add up to, its contents, and what is said of it.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::model::{Asked, Inside, Shown};
use crate::{
    domain::units::{Age, Bytes, Count},
    inspect::objects::{
        Versions,
        preview::{Body, Preview},
        sums::Chart,
    },
    panes::View,
    theme::{Glyphs, Role},
    widgets::{
        json_view::{JsonDocument, Limits},
        text,
    },
};

type Parts = Vec<(Role, String)>;

/// Bars of a chart; the rest is one bar.
const MOST_BARS: usize = 16;
/// Columns of a bar's name, and of a bar.
const MOST_NAME: usize = 24;
const MOST_BAR: usize = 40;
/// Columns of a table's cell.
const MOST_CELL: usize = 32;

/// What is shown of it, laid out once for a width.
#[derive(Debug, Default)]
pub(super) struct Page {
    of: Option<Arc<Shown>>,
    /// Which of the sums.
    sums: usize,
    laid: Vec<Parts>,
    width: u16,
    offset: usize,
    height: usize,
}

impl Page {
    /// Another object, or the same with more known of it.
    pub(super) fn show(&mut self, shown: Option<&Arc<Shown>>) {
        if self.of.as_ref() == shown {
            return;
        }
        if self.of.as_ref().map(|shown| &shown.key) != shown.map(|shown| &shown.key) {
            self.offset = 0;
        }
        self.of = shown.cloned();
        self.width = 0;
    }

    pub(super) fn next_sums(&mut self) {
        self.sums += 1;
        (self.width, self.offset) = (0, 0);
    }

    pub(super) fn scroll(&mut self, lines: isize) {
        let most = (self.laid.len() + 1).saturating_sub(self.height);
        self.offset = self.offset.saturating_add_signed(lines).min(most);
    }

    pub(super) fn draw(&mut self, shown: Option<&Shown>, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(shown) = shown.filter(|_| !area.is_empty()) else { return };
        if self.width != area.width {
            self.laid = self.lay(shown, area.width, view);
            self.width = area.width;
        }
        self.height = usize::from(area.height);
        self.scroll(0);
        // Ages go on: this line is written anew each time.
        let standing = vec![(Role::Dim, standing(shown, view))];
        let lines = std::iter::once(&standing).chain(&self.laid);
        for (y, parts) in (area.top()..area.bottom()).zip(lines.skip(self.offset)) {
            let mut rest = Rect { y, height: 1, ..area };
            for (role, piece) in parts {
                let used = text::put(buf, rest, piece, view.theme.style(*role), view.theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }

    fn lay(&self, shown: &Shown, width: u16, view: &View<'_>) -> Vec<Parts> {
        let mut lines = Vec::new();
        let width = usize::from(width).max(1);
        put_wrapped(&mut lines, &shown.uri, Role::Dim, width);
        lay_tags(&mut lines, shown.tags.as_ref());
        lay_versions(&mut lines, shown.versions.as_ref(), view);
        match &shown.inside {
            Inside::Said(said) => put_wrapped(&mut lines, said, Role::Dim, width),
            Inside::Reading => {
                let reading = shown.modified.map_or_else(String::new, |(_, bytes)| {
                    if bytes == 0 { "empty".to_owned() } else { format!("reading{}", view.theme.glyphs.ellipsis) }
                });
                lines.push(vec![(Role::Dim, reading)]);
            }
            Inside::Refused(why) => {
                lines.push(Vec::new());
                put_wrapped(&mut lines, &format!("not read: {why}"), Role::Warn, width);
            }
            Inside::Read(preview) => self.lay_preview(&mut lines, preview, width, view),
        }
        if !shown.facts.listed.is_empty() {
            lines.push(Vec::new());
            lines.push(vec![(Role::Title, "object".to_owned())]);
            lines.extend(shown.facts.listed.iter().map(named));
        }
        lines
    }

    fn lay_preview(&self, lines: &mut Vec<Parts>, preview: &Preview, width: usize, view: &View<'_>) {
        for note in &preview.notes {
            put_wrapped(lines, note, Role::Dim, width);
        }
        if let Some(chart) = preview.charts.get(self.sums % preview.charts.len().max(1)) {
            lay_chart(lines, chart, preview, width, view.theme.glyphs);
            if preview.charts.len() > 1 {
                let number = self.sums % preview.charts.len() + 1;
                lines.push(vec![(Role::Dim, format!("{number} of {} sums: c shows the next", preview.charts.len()))]);
            }
        }
        lines.push(Vec::new());
        match &preview.body {
            Body::Nothing => {}
            Body::Json(value) => {
                let columns = u16::try_from(width).unwrap_or(u16::MAX);
                lines.extend(JsonDocument::new(value, Limits::default()).wrapped(columns).rows());
            }
            Body::Table { columns, rows } => lay_table(lines, columns, rows),
            Body::Lines(text) => text.iter().for_each(|line| put_wrapped(lines, line, Role::Text, width)),
        }
    }
}

/// What it is, over the column.
pub(super) fn title(shown: &Shown) -> String {
    match &shown.inside {
        Inside::Read(preview) => preview.format.clone(),
        Inside::Said(_) | Inside::Reading | Inside::Refused(_) => String::new(),
    }
}

/// `512 B · 21 s old · GLACIER`.
fn standing(shown: &Shown, view: &View<'_>) -> String {
    let dot = format!(" {} ", view.theme.glyphs.dot);
    let size = shown.modified.map(|(_, bytes)| Bytes(bytes as f64).to_string());
    let age = shown.modified.map(|(at, _)| format!("{} old", Age::between(at, view.now)));
    [size, age, shown.class.clone()].into_iter().flatten().collect::<Vec<_>>().join(&dot)
}

fn lay_tags(lines: &mut Vec<Parts>, tags: Option<&Asked<Vec<(String, String)>>>) {
    let Some(tags) = tags else { return };
    lines.push(Vec::new());
    match tags {
        Asked::Reading => lines.push(vec![(Role::Dim, "tags: being read".to_owned())]),
        Asked::Refused(why) => lines.push(vec![(Role::Warn, format!("tags: {why}"))]),
        Asked::Read(tags) if tags.is_empty() => lines.push(vec![(Role::Dim, "it has no tags".to_owned())]),
        Asked::Read(tags) => {
            lines.push(vec![(Role::Title, "tags".to_owned())]);
            lines.extend(tags.iter().map(named));
        }
    }
}

fn lay_versions(lines: &mut Vec<Parts>, versions: Option<&Asked<Versions>>, view: &View<'_>) {
    let Some(versions) = versions else { return };
    lines.push(Vec::new());
    let versions = match versions {
        Asked::Reading => return lines.push(vec![(Role::Dim, "versions: being read".to_owned())]),
        Asked::Refused(why) => return lines.push(vec![(Role::Warn, format!("versions: {why}"))]),
        Asked::Read(versions) => versions,
    };
    let count = versions.versions.len();
    let said = match (count, versions.are_all) {
        (0, _) => "no version of it is kept".to_owned(),
        (1, true) => "one version".to_owned(),
        (count, true) => format!("{count} versions"),
        (count, false) => format!("the first {count} versions; there are more"),
    };
    lines.push(vec![(Role::Title, said)]);
    for version in &versions.versions {
        let when = version.at.map_or_else(String::new, |at| format!("{} ago", Age::between(at, view.now)));
        let size = match version.is_delete_marker {
            true => "deleted".to_owned(),
            false => version.bytes.map_or_else(String::new, |bytes| Bytes(bytes as f64).to_string()),
        };
        let latest = if version.is_latest { " latest" } else { "" };
        let id = text::clean(&version.id).into_owned();
        lines.push(vec![(Role::Dim, format!("{when:>14} {size:>10}{latest}  ")), (Role::Text, id)]);
    }
}

fn lay_chart(lines: &mut Vec<Parts>, chart: &Chart, preview: &Preview, width: usize, glyphs: &Glyphs) {
    lines.push(Vec::new());
    let title = text::clean(&format!("{} by {}", chart.of, chart.by)).into_owned();
    let of = format!("  total {} of {} lines", chart.total, Count(chart.lines as f64));
    lines.push(vec![(Role::Title, title), (Role::Text, of)]);
    if preview.is_cut() {
        lines.push(vec![(Role::Warn, "of the part that was read alone: m reads more".to_owned())]);
    }
    if chart.without > 0 {
        lines.push(vec![(Role::Warn, format!("{} lines lack one of the two and are left out", chart.without))]);
    }
    let shown = chart.bars.iter().take(MOST_BARS);
    let named: Vec<(String, String, f64)> =
        shown.map(|(name, sum)| (text::clean(name).into_owned(), sum.to_string(), sum.as_f64())).collect();
    let names = named.iter().map(|(name, ..)| text::width(name)).max().unwrap_or(0).min(MOST_NAME);
    let values = named.iter().map(|(_, value, _)| value.len()).max().unwrap_or(0);
    let room = width.saturating_sub(names + values + 2).min(MOST_BAR);
    let most = named.iter().map(|(.., value)| *value).fold(0.0, f64::max);
    let full = glyphs.spark.last().copied().unwrap_or("#");
    for (name, value, sum) in &named {
        let share = if most > 0.0 { (sum / most).clamp(0.0, 1.0) } else { 0.0 };
        // What is something is seen to be.
        let long = ((share * room as f64).round() as usize).max(usize::from(*sum > 0.0)).min(room);
        let name = text::fit_middle_with(name, names, glyphs.ellipsis).into_owned();
        lines.push(vec![
            (Role::Text, format!("{} ", text::pad_right(&name, names))),
            (Role::Spark, full.repeat(long)),
            (Role::Text, format!("{} {value:>values$}", " ".repeat(room - long))),
        ]);
    }
    if chart.bars.len() > MOST_BARS {
        lines.push(vec![(Role::Dim, format!("and {} smaller ones, in the total too", chart.bars.len() - MOST_BARS))]);
    }
}

fn lay_table(lines: &mut Vec<Parts>, columns: &[String], rows: &[Vec<String>]) {
    let clean = |cell: &String| text::fit(&text::clean(cell), MOST_CELL).into_owned();
    let head: Vec<String> = columns.iter().map(clean).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
        cells.map(|cell| text::width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let written = |row: &[String]| {
        row.iter().zip(&widths).map(|(cell, width)| format!("{} ", text::pad_right(cell, *width))).collect::<String>()
    };
    lines.push(vec![(Role::Header, written(&head))]);
    lines.extend(rows.iter().map(|row| vec![(Role::Text, written(row))]));
}

fn named((name, value): &(String, String)) -> Parts {
    vec![(Role::Dim, format!("  {}  ", text::clean(name))), (Role::Text, text::clean(value).into_owned())]
}

fn put_wrapped(lines: &mut Vec<Parts>, line: &str, role: Role, width: usize) {
    let clean = text::clean(line);
    lines.extend(text::wrap(&clean, width).into_iter().map(|piece| vec![(role, piece.to_owned())]));
}
