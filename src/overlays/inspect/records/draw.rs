//! The page of records: header, what reading does, rows, keys.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::Records;
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    domain::units::Count,
    overlays::{
        desk::draw_word,
        inspect::rows::draw::{Words, blank, put_lines},
    },
    panes::View,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

impl Records {
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
        if self.picture.from.is_empty() {
            let inset = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
            put_lines(&self.before(), inset, buf, view);
            return;
        }
        let empty = match (self.picture.reads, self.picture.caught_up) {
            (true, true) => "there was none yet; what comes is shown as it comes",
            (true, false) => "reading…",
            (false, _) => "there is none",
        };
        self.rows.draw(Words { many: "records", one: "record", empty }, body, buf, view);
    }

    /// What is said before the first read.
    fn before(&self) -> Vec<(Role, String)> {
        let picture = &self.picture;
        if picture.name.is_empty() {
            let said = if picture.trouble.is_some() { "" } else { "asking what it is…" };
            return vec![(Role::Dim, said.to_owned())];
        }
        let dim = |text: &str| (Role::Dim, text.to_owned());
        vec![
            (Role::Text, String::new()),
            (Role::Title, "nothing is read yet".to_owned()),
            (Role::Warn, picture.warning.clone()),
            (Role::Text, String::new()),
            dim("n  what comes from now on"),
            dim("o  from the oldest record that is kept"),
            dim("@  from an instant"),
        ]
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let picture = &self.picture;
        let glyph = view.glyph(view.store.kind_of(&self.stream));
        let name = if picture.name.is_empty() { self.stream.short_name() } else { &picture.name };
        let mut left = vec![Segment::new(Role::Footer, " records ", 255).then(Role::Title, format!("{glyph} {name}"))];
        if picture.from.is_empty() {
            left.push(Segment::new(Role::Text, "nothing read", 250));
        } else {
            left.push(Segment::new(Role::Dim, picture.from.as_str(), 220));
            let state = match (picture.reads, picture.caught_up) {
                (true, true) => "up to now",
                (true, false) => "catching up",
                (false, _) => "stopped",
            };
            left.push(Segment::new(Role::Text, state, 250));
            let shards = if picture.shards == 1 { "1 shard".to_owned() } else { format!("{} shards", picture.shards) };
            left.push(Segment::new(Role::Dim, format!("{shards}, each once a second"), 200));
        }
        if self.rows.listing.dropped > 0 {
            let dropped = format!("the first {} made room", Count(self.rows.listing.dropped as f64));
            left.push(Segment::new(Role::Warn, dropped, 190));
        }
        StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
    }

    fn foot(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let weight = |row: &Row| match row.command {
            Command::ReadLatest | Command::ReadOldest | Command::ReadFrom => row.footer.1,
            Command::StopReading if self.picture.reads => row.footer.1,
            Command::StopReading => 0,
            _ if self.rows.listing.held > 0 => row.footer.1,
            _ => 0,
        };
        let of_records = COMMANDS.iter().filter(|row| row.place == Place::Records);
        let mut rows: Vec<(u8, &Row)> =
            of_records.map(|row| (weight(row), row)).filter(|(weight, _)| *weight > 0).collect();
        rows.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let mut left = vec![Segment::new(Role::Footer, "", 255)];
        let key = |(weight, row): &(u8, &'static Row)| Some(Segment::key(*row.keys.first()?, row.footer.0, *weight));
        left.extend(rows.iter().filter_map(key));
        let right = [Segment::key("?", "more ", 254)];
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
        1
    }
}
