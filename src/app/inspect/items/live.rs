//! Items as the table's stream tells of them: what comes, changes or goes is marked where it stands.
//!
//! The stream is followed because somebody asked for it, from then on. While a page is on its way the stream waits, so that what it
//! tells is never older than the page. Must not: read items, or list what is not among what is read.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Bench, Found, row};
use crate::{
    app::inspect::feed::Heard,
    inspect::{
        items::What,
        records::{
            At, News, Record,
            touched::{Fit, Happened, Read, Touched},
        },
    },
    overlays::inspect::{items::model::Live, rows::Mark},
};

impl Bench {
    /// Follows the table's stream from now on, or no longer.
    pub(super) fn follow(&mut self, is_on: bool) {
        if !is_on {
            return self.feed.stop();
        }
        let Some(table) = &self.table else { return self.say("the table is not described yet", true) };
        let Some(stream) = (self.stream_of)(table) else { return self.say("no stream: r looks again", false) };
        self.live = Some(Live::default());
        let following = self.feed.follow(stream, At::Latest);
        self.rows.start(async move { Found::Ended(following.await) });
        self.say("what is written from now on is marked; what was written before only r finds", false);
    }

    /// How it stands, if it was ever asked for.
    pub(super) fn is_live(&self) -> Option<Live> {
        self.live.map(|live| Live { is_on: self.feed.is_on(), ..live })
    }

    pub(super) fn hear(&mut self, news: News) {
        match self.feed.take(news) {
            Heard::Records(records) => self.touch(records),
            Heard::Said(text) => self.say(text, false),
            Heard::Nothing => {}
        }
    }

    fn touch(&mut self, records: Vec<Record>) {
        let Some(table) = self.table.clone() else { return };
        let (index, what) = (self.index.clone(), self.reading.as_ref().map(|reading| reading.what.clone()));
        let condition = match &what {
            Some(What::Query { condition, .. }) => Some(condition),
            Some(What::Scan) | None => None,
        };
        let read = Read { table: &table, index: index.as_deref(), condition };
        for record in records {
            if let Some(change) = &record.change {
                self.put(&read.touched(change), record.at);
            }
        }
    }

    /// Marks an item where it stands; one that comes to what is read stands at the end.
    fn put(&mut self, touched: &Touched, at: Option<Timestamp>) {
        let Touched { item, is_whole, happened, fit } = touched;
        let is_gone = *happened == Happened::Removed || *fit == Fit::No;
        let before = self.rows.shelf.mark_of(&item.key);
        let mark = match before {
            _ if is_gone => Mark::Removed,
            Some(Mark::New | Mark::Removed) => Mark::New,
            _ if *happened == Happened::Came => Mark::New,
            _ => Mark::Changed,
        };
        let note = note(touched, at);
        let live = self.live.get_or_insert_default();
        match (before, fit) {
            (None, Fit::Yes) if is_gone => live.removed_elsewhere += 1,
            (None, Fit::No) => {}
            (None, Fit::Unknown) => live.unplaced += 1,
            (None, Fit::Yes) => {
                let row = super::Row { mark, notes: vec![note], ..row(item) };
                self.rows.shelf.push([row]);
            }
            (Some(_), _) => self.rows.shelf.edit(&item.key, |row| {
                // What is gone is shown as it was; of what has keys alone the rest is not known.
                if *is_whole && !is_gone {
                    (row.head, row.json) = (Arc::clone(&item.head), Arc::clone(&item.json));
                    row.other = Some(Arc::clone(&item.typed));
                }
                (row.mark, row.notes) = (mark, vec![note]);
            }),
        }
    }
}

/// When it happened, and what is not known of it.
fn note(touched: &Touched, at: Option<Timestamp>) -> String {
    let at = at.map(|at| format!(" at {}", at.strftime("%H:%M:%SZ"))).unwrap_or_default();
    match (touched.happened, touched.fit) {
        (Happened::Removed, _) => format!("removed{at}"),
        (_, Fit::No) => format!("changed{at}: it is no longer among what is read"),
        (happened, _) => {
            let verb = if happened == Happened::Came { "came" } else { "changed" };
            let rest = if touched.is_whole { "" } else { ": the stream has no new image, r looks again for the rest" };
            format!("{verb}{at}{rest}")
        }
    }
}
