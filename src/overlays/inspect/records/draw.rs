//! What stands on the page of records: its header, and what reading does.

use super::Records;
use crate::{panes::View, theme::Role, widgets::status_line::Segment};

impl Records {
    /// What is said before the first read.
    pub(super) fn before(&self) -> Vec<(Role, String)> {
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

    pub(super) fn title<'a>(&'a self, view: &View<'a>) -> Vec<Segment<'a>> {
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
        left
    }
}
