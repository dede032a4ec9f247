//! The page itself: header, clusters, messages, the message.

use std::fmt::Write;

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{
    Column, Desk,
    model::{Cluster, Header, Line, Picture, Stage},
};
use crate::{
    domain::{
        Kind, ResourceId,
        units::{Age, Count},
    },
    panes::View,
    theme::Role,
    widgets::{
        panel::Separator,
        sparkline::{Scale, Sparkline},
        status_line::{Segment, StatusLine},
        table::ScrollState,
        text,
    },
};

/// Columns of a message's box and what stands before it.
pub(super) const BOX: u16 = 4;
/// Fewer columns show two parts of the desk at once, and still fewer one.
const THREE_FROM: u16 = 100;
const TWO_FROM: u16 = 56;
/// A lower list has one line for a cluster.
const TWO_LINES_FROM: u16 = 12;
/// Age and receives beside a preview.
const NUMBERS: u16 = 14;

pub(super) fn header(picture: &Picture, queue: &ResourceId, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let header = &picture.header;
    let glyph = view.glyph(Kind::Queue);
    let name = if header.queue.is_empty() { queue.short_name() } else { &header.queue };
    let mut title = Segment::new(Role::Footer, " desk ", 255).then(Role::Title, format!("{glyph} {name}"));
    if let [first, others @ ..] = header.sources.as_slice() {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        title = title.then(Role::Dim, format!(" {} {glyph} {first}{more}", view.theme.glyphs.arrow_left));
    }
    let mut left = vec![title];
    if !matches!(picture.stage, Stage::Opening | Stage::Asking(_) | Stage::Failed(_)) {
        left.push(Segment::new(Role::Text, held(header, view), 250));
        if let Some(until) = header.lease_until {
            left.push(Segment::new(Role::Dim, format!("leases {}", Age::between(view.now, until)), 100));
        }
    }
    if !header.cost.is_empty() {
        left.push(Segment::new(Role::Dim, header.cost.as_str(), 60));
    }
    StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
}

/// `40 of ≈43 held, looking`.
fn held(header: &Header, view: &View<'_>) -> String {
    let approx = view.theme.glyphs.approx;
    if header.unlooked.is_some() && header.held == 0 {
        return header
            .about
            .map_or_else(String::new, |about| format!("{approx}{} there, not looked at", Count(about as f64)));
    }
    let of = header.about.map_or_else(String::new, |about| format!(" of {approx}{}", Count(about as f64)));
    let looking = if header.looking { format!(", looking{}", view.theme.glyphs.ellipsis) } else { String::new() };
    let word = if header.lease_until.is_some() { "held" } else { "seen" };
    format!("{}{of} {word}{looking}", Count(header.held as f64))
}

/// How the columns share a width: clusters, messages, message; none for one that has no room.
fn widths(width: u16, column: Column) -> [u16; 3] {
    match width {
        THREE_FROM.. => {
            let clusters = (width * 3 / 10).clamp(34, 60);
            let messages = ((width - clusters) * 9 / 20).clamp(30, 80);
            [clusters, messages, width - clusters - messages]
        }
        TWO_FROM.. if column == Column::Message => [0, width * 2 / 5, width - width * 2 / 5],
        TWO_FROM.. => [width / 2, width - width / 2, 0],
        _ => match column {
            Column::Clusters => [width, 0, 0],
            Column::Messages => [0, width, 0],
            Column::Message => [0, 0, width],
        },
    }
}

impl Desk {
    pub(super) fn draw_columns(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut x = area.x;
        let parts = widths(area.width, self.column).map(|width| {
            let part = Rect { x, width, ..area };
            x += width;
            part
        });
        let [clusters, messages, message] = parts;
        let count = self.picture.clusters.len().saturating_sub(1);
        let titles = [
            (Column::Clusters, format!("clusters {count}")),
            (Column::Messages, self.messages_title()),
            (Column::Message, "message".to_owned()),
        ];
        for (part, (column, title)) in parts.into_iter().zip(titles) {
            if part.width > 0 {
                let focused = column == self.column;
                let line = Rect { height: 1, ..part };
                Separator { title: &title, right: "", focused, theme: view.theme }.render(line, buf);
            }
        }
        self.draw_clusters(below(clusters), buf, view);
        self.draw_messages(between(messages, messages.x > area.x, buf, view), buf, view);
        let place = between(message, message.x > area.x, buf, view);
        self.places.message = place;
        self.page.draw(self.picture.opened.as_deref(), place, buf, view);
    }

    /// How many are listed, of what.
    fn messages_title(&self) -> String {
        let picture = &self.picture;
        let (listed, held) = (Count(picture.listed as f64), Count(picture.header.held as f64));
        let Some(finding) = &picture.find else { return format!("messages {listed} of {held}") };
        let there = picture.clusters.get(picture.cluster).map_or(0, |cluster| cluster.count);
        // The numbers come first: what was typed may be long.
        let mut title = format!("{listed} of {}", Count(there as f64));
        if finding.hits > picture.listed as u64 {
            let _ = write!(title, ", {} in all", Count(finding.hits as f64));
        }
        if finding.left > 0 {
            let _ = write!(title, ", {} to go", Count(finding.left as f64));
        }
        let _ = write!(title, " {}", finding.find);
        title
    }

    fn draw_clusters(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let height = if area.height >= TWO_LINES_FROM { 2 } else { 1 };
        let fit = usize::from(area.height / height);
        let clusters = &self.picture.clusters;
        let mut scroll = ScrollState { offset: self.places.first_cluster, selected: self.picture.cluster };
        scroll.settle(clusters.len(), fit);
        self.places.clusters = area;
        (self.places.first_cluster, self.places.cluster_height) = (scroll.offset, height);
        let busiest = clusters.iter().skip(1).flat_map(|cluster| cluster.bars).max().unwrap_or(0);
        for (row, (index, cluster)) in clusters.iter().enumerate().skip(scroll.offset).take(fit).enumerate() {
            let place = Rect { y: area.y + row as u16 * height, height, ..area };
            draw_cluster((index, cluster), busiest, place, buf, view);
            if index == self.picture.cluster {
                buf.set_style(place, view.theme.style(Role::Selection));
            }
        }
    }

    fn draw_messages(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.places.messages = area;
        let picture = &self.picture;
        if let Some(why) = picture.header.unlooked.as_ref().filter(|_| picture.listed == 0) {
            let count = picture.header.about.map(|about| {
                format!(". By its own counter the queue has {}{}", view.theme.glyphs.approx, Count(about as f64))
            });
            return put_wrapped(&format!("{why}{}", count.unwrap_or_default()), area, buf, view);
        }
        if picture.listed == 0 {
            let said = match (&picture.find, picture.header.looking) {
                (Some(finding), _) if finding.hits > 0 => "none in this cluster: / then tab looks in all",
                (Some(finding), _) if finding.left == 0 => "none of them; esc lists all again",
                (_, true) => "receiving…",
                _ if picture.header.held == 0 && picture.stage == Stage::Columns => "there is none",
                _ => "",
            };
            text::put(buf, Rect { height: 1.min(area.height), ..area }, said, view.theme.style(Role::Dim), "");
            return;
        }
        let height = usize::from(area.height);
        let mut scroll = ScrollState { offset: self.places.first_message, selected: picture.at };
        scroll.settle(picture.listed, height);
        self.places.first_message = scroll.offset;
        let range = self.anchor.map(|anchor| anchor.min(picture.at)..=anchor.max(picture.at));
        for (y, place) in (area.top()..area.bottom()).zip(scroll.offset..picture.listed) {
            let row = Rect { y, height: 1, ..area };
            let line = place.checked_sub(picture.from).and_then(|index| picture.lines.get(index));
            let in_range = range.as_ref().is_some_and(|range| range.contains(&place));
            draw_message(line, in_range, row, buf, view);
            if place == picture.at {
                buf.set_style(row, view.theme.style(Role::Selection));
            }
        }
    }
}

fn put_wrapped(said: &str, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let clean = text::clean(said);
    for (y, piece) in (area.top()..area.bottom()).zip(text::wrap(&clean, usize::from(area.width).max(1))) {
        text::put(buf, Rect { y, height: 1, ..area }, piece, view.theme.style(Role::Text), "");
    }
}

/// Without its title.
fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// The same, with a line to the left if there is something.
fn between(area: Rect, has_left: bool, buf: &mut Buffer, view: &View<'_>) -> Rect {
    let area = below(area);
    if !has_left || area.width < 3 {
        return area;
    }
    for y in area.top()..area.bottom() {
        text::put(
            buf,
            Rect { y, width: 1, height: 1, ..area },
            view.theme.glyphs.vertical,
            view.theme.style(Role::Border),
            "",
        );
    }
    Rect { x: area.x + 2, width: area.width - 2, ..area }
}

/// Its first line says what, its second when.
fn draw_cluster((index, cluster): (usize, &Cluster), busiest: u32, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs);
    let line = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let mark = match cluster.chosen {
        0 => glyphs.unchecked,
        chosen if chosen == cluster.count => glyphs.checked,
        _ => glyphs.dot,
    };
    let mark_role = if cluster.chosen > 0 { Role::Match } else { Role::Dim };
    let mut rest = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..line(0) };
    let mut pen = |piece: &str, role: Role| {
        let used = text::put(buf, rest, piece, theme.style(role), glyphs.ellipsis);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    };
    pen(mark, mark_role);
    pen(&format!(" {:>5}  ", Count(cluster.count as f64).to_string()), Role::Text);
    // What is lost is loud, but all of these are: the words are plain.
    pen(&cluster.title, if index == 0 { Role::Dim } else { Role::Title });
    if area.height < 2 {
        return;
    }
    let when = match (cluster.first, cluster.last) {
        (Some(first), Some(last)) => {
            let (first, last) = (view.clock(first), view.clock(last));
            if first == last { first } else { format!("{first}–{last}") }
        }
        _ => String::new(),
    };
    let second = Rect { x: area.x + 10, width: area.width.saturating_sub(11), ..line(1) };
    let used = text::put(buf, second, &when, theme.style(Role::Dim), glyphs.ellipsis);
    let samples = cluster.bars.map(|count| Some(f64::from(count)));
    let spark = Rect { x: second.x + used + 2, width: second.width.saturating_sub(used + 2).min(12), ..second };
    let scale = if index == 0 { Scale::Own } else { Scale::Max(f64::from(busiest)) };
    if spark.width == 12 {
        Sparkline { samples: &samples, scale, role: Role::Spark, theme }.render(spark, buf);
    }
}

fn draw_message(line: Option<&Line>, in_range: bool, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs);
    let Some(line) = line else {
        text::put(buf, area, glyphs.ellipsis, theme.style(Role::Dim), "");
        return;
    };
    let (mark, role) = match (in_range, line.chosen) {
        (true, _) => (glyphs.checked, Role::Accent),
        (false, true) => (glyphs.checked, Role::Match),
        (false, false) => (glyphs.unchecked, Role::Dim),
    };
    text::put(buf, area, mark, theme.style(role), "");
    let (sign, role) = match line {
        Line { lost: true, .. } => (glyphs.warn, Role::Warn),
        Line { refused: true, .. } => (glyphs.crit, Role::Warn),
        Line { edited: true, .. } => ("e", Role::Match),
        _ => ("", Role::Text),
    };
    text::put(buf, moved(area, 2), sign, theme.style(role), "");
    let mut rest = moved(area, BOX);
    if rest.width > 3 * NUMBERS {
        let receives = line.receives.map_or_else(String::new, |count| format!("{count}{}", glyphs.times));
        let age = line.sent_at.map_or_else(String::new, |at| Age::between(at, view.now).to_string());
        let numbers = text::pad_left(&age, 10).into_owned();
        let numbers = format!("{}{numbers}", text::pad_left(&receives, 4));
        let place = Rect { x: rest.right() - NUMBERS, width: NUMBERS, ..rest };
        text::put_right(buf, place, &numbers, theme.style(Role::Dim), "");
        rest.width -= NUMBERS + 1;
    }
    text::put(buf, rest, &line.preview, theme.style(Role::Text), glyphs.ellipsis);
}

fn moved(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width);
    Rect { x: area.x + by, width: area.width - by, ..area }
}
