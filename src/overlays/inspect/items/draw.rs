//! The page of items: header, what the table is, rows, keys.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::Items;
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    domain::{
        Kind,
        reading::THROTTLES,
        units::{Age, Bytes, Count, PerSecond},
    },
    overlays::{
        desk::draw_word,
        inspect::rows::draw::{Words, blank, put_lines},
    },
    panes::View,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

impl Items {
    pub(super) fn paint(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1, ..area };
        self.header(line(area.y), buf, view);
        let mut body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let foot = match &self.prompt {
            Some(prompt) => prompt.draw(body, buf, view),
            None => self.foot(line(area.bottom() - 1), buf, view),
        };
        body.height = body.height.saturating_sub(foot);
        if let Some(word) = &self.word {
            body.height -= draw_word(word, body, buf, view).min(body.height);
        }
        if let Some(trouble) = &self.picture.trouble {
            let said = [(Role::Warn, format!(" {} {trouble}", view.theme.glyphs.warn))];
            body = put_lines(&said, body, buf, view);
        }
        if self.about || (self.rows.listing.held == 0 && self.picture.reading.is_empty()) {
            let lines = self.about(view);
            self.offset = self.offset.min(lines.len().saturating_sub(1));
            let inset = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
            put_lines(lines.get(self.offset..).unwrap_or_default(), inset, buf, view);
            return;
        }
        let empty = match (self.picture.busy, self.picture.has_more) {
            (true, _) => "reading…",
            (false, true) => "none in this page; m reads the next",
            (false, false) => "there is none",
        };
        self.rows.draw(Words { many: "items", one: "item", empty }, body, buf, view);
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let picture = &self.picture;
        let glyph = view.glyph(Kind::Table);
        let name = picture.table.as_ref().map_or(self.table.short_name(), |table| table.table_name.as_str());
        let mut title = Segment::new(Role::Footer, " items ", 255).then(Role::Title, format!("{glyph} {name}"));
        if let Some(index) = &picture.index {
            title = title.then(Role::Dim, format!(" by {index}"));
        }
        let mut left = vec![title];
        let cost = if picture.cost.is_empty() { "nothing read, nothing spent" } else { &picture.cost };
        left.push(Segment::new(Role::Text, cost, 250));
        if !picture.reading.is_empty() {
            left.push(Segment::new(Role::Dim, picture.reading.as_str(), 200));
        }
        if picture.busy {
            left.push(Segment::new(Role::Dim, format!("reading{}", view.theme.glyphs.ellipsis), 220));
        }
        if let Some(seconds) = picture.watch_seconds {
            left.push(Segment::new(Role::Match, format!("looks again every {seconds} s"), 180));
        }
        if self.rows.listing.dropped > 0 {
            let dropped = format!("the first {} made room", Count(self.rows.listing.dropped as f64));
            left.push(Segment::new(Role::Warn, dropped, 190));
        }
        StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
    }

    /// What the table is, and what to do next.
    fn about(&self, view: &View<'_>) -> Vec<(Role, String)> {
        let Some(table) = &self.picture.table else {
            let said = if self.picture.trouble.is_some() { "" } else { "asking the table what it is…" };
            return vec![(Role::Dim, said.to_owned())];
        };
        let dim = |text: String| (Role::Dim, text);
        let mut lines = vec![
            (Role::Text, String::new()),
            (Role::Title, format!("{}  {}", table.table_name, table.table_status.as_deref().unwrap_or(""))),
        ];
        lines.extend(table.in_words().into_iter().map(|line| (Role::Text, line)));
        if let Some(items) = table.item_count {
            let size = table.size_bytes.map(|bytes| format!(", {}", Bytes(bytes as f64))).unwrap_or_default();
            let old = "by DynamoDB's own count, on AWS up to six hours old";
            lines.push((
                Role::Text,
                format!("items      {}{}{size}, {old}", view.theme.glyphs.approx, Count(items as f64)),
            ));
        }
        if let Some(created) = table.created {
            lines.push((Role::Text, format!("age        {}", Age::between(created, view.now))));
        }
        let throttles = view.store.get(&self.table).and_then(|entry| entry.value(THROTTLES));
        if let Some(throttles) = throttles {
            let role = if throttles > 0.0 { Role::Warn } else { Role::Text };
            lines.push((role, format!("throttled  {}", PerSecond(throttles))));
        }
        lines.push((Role::Text, String::new()));
        lines.push(dim(format!(
            "/  items of one {}, which costs what they weigh",
            table.keys_of(self.picture.index.as_deref()).partition.name
        )));
        lines.push(dim(
            "s  one page of a scan, up to 100 items in no order, and at most 1 MB: 128 read units".to_owned()
        ));
        if !table.indexes.is_empty() {
            lines.push(dim("x  another index".to_owned()));
        }
        if table.stream.is_some() {
            lines.push(dim(
                "S  the records of its stream; more than two readers of a shard slow down the real ones".to_owned()
            ));
        }
        lines
    }

    fn foot(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let mut rows: Vec<(u8, &Row)> = COMMANDS
            .iter()
            .filter(|row| row.place == Place::Items)
            .map(|row| (self.weight(row), row))
            .filter(|(weight, _)| *weight > 0)
            .collect();
        rows.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let mut left = vec![Segment::new(Role::Footer, "", 255)];
        let key = |(weight, row): &(u8, &'static Row)| Some(Segment::key(*row.keys.first()?, row.footer.0, *weight));
        left.extend(rows.iter().filter_map(key));
        let right = [Segment::key("?", "more ", 254)];
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
        1
    }

    /// How much a command matters as things are; 0 where there is nothing to do with it.
    fn weight(&self, row: &Row) -> u8 {
        let table = self.picture.table.as_ref();
        let (base, has_rows) = (row.footer.1, self.rows.listing.held > 0);
        match row.command {
            Command::FindKey | Command::ScanPage => base,
            Command::MorePage if self.picture.has_more => base + 5,
            Command::MorePage => 0,
            Command::ChooseIndex if table.is_none_or(|table| table.indexes.is_empty()) => 0,
            Command::TableStream if table.is_none_or(|table| table.stream.is_none()) => 0,
            Command::ChooseIndex | Command::TableStream => base,
            _ if has_rows => base,
            _ => 0,
        }
    }
}
