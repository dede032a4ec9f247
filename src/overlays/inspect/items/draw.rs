//! What stands on the page of items: its header, what the table is, which keys matter.

use super::Items;
use crate::{
    commands::{Command, Row},
    domain::{
        Kind,
        reading::THROTTLES,
        units::{Age, Bytes, Count, PerSecond},
    },
    panes::View,
    theme::Role,
    widgets::status_line::Segment,
};

impl Items {
    pub(super) fn title<'a>(&'a self, view: &View<'a>) -> Vec<Segment<'a>> {
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
        left.extend(self.live());
        if let Some(removed) = picture.live.map(|live| live.removed_elsewhere).filter(|removed| *removed > 0) {
            left.push(Segment::new(Role::Match, format!("{removed} more removed, not listed"), 170));
        }
        if let Some(unplaced) = picture.live.map(|live| live.unplaced).filter(|unplaced| *unplaced > 0) {
            let said = format!("{unplaced} written that the stream does not place: r looks again");
            left.push(Segment::new(Role::Warn, said, 230));
        }
        if let Some(seconds) = picture.watch_seconds {
            left.push(Segment::new(Role::Match, format!("looks again every {seconds} s"), 180));
        }
        left
    }

    /// What is marked, and whether marks come by themselves.
    fn live(&self) -> Option<Segment<'static>> {
        let live = self.picture.live.unwrap_or_default();
        let said = match (live.is_on, self.marks.in_words()) {
            (true, None) => "live: nothing yet".to_owned(),
            (true, Some(words)) => format!("live: {words}"),
            (false, None) => return None,
            (false, Some(words)) => words,
        };
        Some(Segment::new(Role::Match, said, 252))
    }

    /// What the table is, and what to do next.
    pub(super) fn about(&self, view: &View<'_>) -> Vec<(Role, String)> {
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
            lines.push(dim("S  live: follows its stream and marks what is written".to_owned()));
            lines.push(dim("R  the records of its stream".to_owned()));
        }
        lines
    }

    pub(super) fn matters(&self, row: &Row, has_rows: bool) -> u8 {
        let (base, table) = (row.footer.1, self.picture.table.as_ref());
        match row.command {
            Command::FindKey | Command::ScanPage => base,
            Command::MorePage if self.picture.has_more => base + 5,
            Command::MorePage => 0,
            Command::ChooseIndex if table.is_none_or(|table| table.indexes.is_empty()) => 0,
            Command::TableStream | Command::FollowStream if table.is_none_or(|table| table.stream.is_none()) => 0,
            Command::ChooseIndex | Command::TableStream | Command::FollowStream => base,
            _ if has_rows => base,
            _ => 0,
        }
    }
}
