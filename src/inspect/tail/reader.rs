//! How far one group was read: from when on the next reading goes, what of it was seen before, and what was given up. Pure.
//!
//! A reading goes from a little before the one before it began to the end of the log, page by page. Most go back a few seconds, some
//! further: so long may an event be on its way and still be found. Must not: know other groups, or wait.

use std::sync::Arc;

use super::{
    event::{Event, Note},
    source::Page,
};
use crate::domain::log_seen::{Alike, LogSeen};

/// How late an event may come, by its own clock, and be found by the next reading, in milliseconds.
pub const SHORT_MS: i64 = 4_000;
/// And by one of the readings that look further back.
pub const LONG_MS: i64 = 120_000;
/// How often one of those is due.
const SWEEP_MS: i64 = 15_000;
/// So far may our clock be ahead of the writers': AWS refuses calls whose clock is further off.
const SKEW_MS: i64 = 300_000;
/// A reading that takes longer, and is further behind than this, will not catch up: the rest of it is given up.
const BEHIND_MS: i64 = 60_000;
/// Once a reading has brought so many pages, it has ended as soon as it is past its own beginning: a busy log has no end.
const MOST_PAGES: u32 = 20;
/// As many events as a page holds at most: some endpoints give no more of them and no token either.
const FULL_PAGE: usize = 10_000;
/// How often a reading may be told that its token is no good before the rest of it is given up.
const MOST_REFUSALS: u32 = 3;
/// Events of one group that are remembered so that they come once.
const MOST_SEEN: usize = 200_000;

/// One group's reader.
#[derive(Debug)]
pub struct Reader {
    group: Arc<str>,
    by_id: bool,
    since_ms: i64,
    until_ms: Option<i64>,
    seen: LogSeen<MOST_SEEN>,
    alike: Alike,
    live_alike: Alike,
    newest_ms: Option<i64>,
    /// When the last whole reading began.
    whole_ms: Option<i64>,
    swept_ms: Option<i64>,
    /// What is older was given up.
    skipped_to_ms: Option<i64>,
    crowded_ms: Option<i64>,
    reading: Option<Reading>,
}

/// A reading under way.
#[derive(Debug, Clone)]
struct Reading {
    from_ms: i64,
    began_ms: i64,
    token: Option<String>,
    newest_ms: Option<i64>,
    pages: u32,
    refusals: u32,
}

/// What a page came to.
#[derive(Debug, Default)]
pub struct Taken {
    /// Those that were not seen before.
    pub events: Vec<Event>,
    pub gap: Option<Note>,
    /// The reading is at its end.
    pub is_whole: bool,
}

impl Reader {
    pub fn new(group: Arc<str>, by_id: bool, since_ms: i64, until_ms: Option<i64>) -> Self {
        Self {
            group,
            by_id,
            since_ms,
            until_ms,
            seen: LogSeen::default(),
            alike: Alike::default(),
            live_alike: Alike::default(),
            newest_ms: None,
            whole_ms: None,
            swept_ms: None,
            skipped_to_ms: None,
            crowded_ms: None,
            reading: None,
        }
    }

    /// From when to read, and with which token: the reading under way goes on, or another begins.
    pub fn ask(&mut self, now_ms: i64) -> (i64, Option<String>) {
        if self.reading.is_none() {
            let from_ms = self.begins_at(now_ms);
            self.alike.clear();
            // Nothing older is read again.
            self.seen.forget_before(from_ms.min(now_ms - LONG_MS - SKEW_MS));
            self.reading =
                Some(Reading { from_ms, began_ms: now_ms, token: None, newest_ms: None, pages: 0, refusals: 0 });
        }
        self.reading.as_ref().map_or((self.since_ms, None), |reading| (reading.from_ms, reading.token.clone()))
    }

    fn begins_at(&mut self, now_ms: i64) -> i64 {
        let floor = self.since_ms.max(self.skipped_to_ms.unwrap_or(i64::MIN));
        let wished = match self.whole_ms {
            None => floor,
            Some(whole_ms) => {
                let is_sweep = self.swept_ms.is_none_or(|swept| !(0..SWEEP_MS).contains(&(now_ms - swept)));
                if is_sweep {
                    self.swept_ms = Some(now_ms);
                }
                // The writers' clocks count, if they are behind ours.
                let newest_ms = self.newest_ms.unwrap_or(floor).clamp(whole_ms - SKEW_MS, whole_ms);
                (newest_ms - if is_sweep { LONG_MS } else { SHORT_MS }).max(floor)
            }
        };
        // What was seen and is forgotten would come twice.
        wished.max(self.seen.forgotten_to_ms().unwrap_or(i64::MIN))
    }

    /// Takes a page in.
    pub fn took(&mut self, page: Page, now_ms: i64) -> Taken {
        let Some(mut reading) = self.reading.take() else { return Taken::default() };
        reading.pages += 1;
        let mut taken = Taken::default();
        let is_full = page.events.len() >= FULL_PAGE;
        for event in page.events {
            // An endpoint may take the span less seriously.
            if event.at_ms < reading.from_ms || self.until_ms.is_some_and(|until| event.at_ms > until) {
                continue;
            }
            reading.newest_ms = reading.newest_ms.max(Some(event.at_ms));
            self.newest_ms = self.newest_ms.max(Some(event.at_ms));
            if self.is_new(&event) {
                taken.events.push(event);
            }
        }
        // A token that does not move is the end all the same.
        let next = page.next.filter(|next| !next.is_empty() && Some(next) != reading.token.as_ref());
        if is_full && next.is_none() {
            taken.gap = self.goes_on_from_its_newest(&mut reading);
            self.reading = Some(reading);
            return taken;
        }
        let is_past_itself = reading.pages >= MOST_PAGES && reading.newest_ms >= Some(reading.began_ms);
        taken.is_whole = next.is_none() || is_past_itself;
        reading.token = next;
        if taken.is_whole {
            self.whole_ms = self.whole_ms.max(Some(reading.began_ms));
            taken.gap = self.is_crowded(&reading, now_ms);
        } else if self.is_hopeless(&reading, now_ms) {
            taken.is_whole = true;
            taken.gap =
                Some(self.give_up(&reading, now_ms, "more comes than can be read: what is newer is read first"));
        } else {
            self.reading = Some(reading);
        }
        taken
    }

    /// Takes in what a live session brought: the new ones of it.
    pub fn heard(&mut self, events: Vec<Event>, now_ms: i64) -> Vec<Event> {
        let Self { seen, live_alike, .. } = self;
        live_alike.forget_before(now_ms - LONG_MS - SKEW_MS);
        let is_new = |event: &Event| seen.is_new(live_alike, &event.stream, event.at_ms, &event.text);
        events.into_iter().filter(is_new).filter(|event| event.at_ms >= self.since_ms).collect()
    }

    /// A session has brought all up to here: the next reading need not go back further.
    pub fn is_heard_to(&mut self, at_ms: i64) {
        self.whole_ms = self.whole_ms.max(Some(at_ms));
        self.newest_ms = self.newest_ms.max(Some(at_ms));
    }

    /// The endpoint would not go on with the token that it gave: the reading begins anew, or what is left of it is given up.
    /// None if there was no token to blame.
    pub fn was_refused(&mut self, now_ms: i64) -> Option<Option<Note>> {
        let mut reading = self.reading.take()?;
        if reading.token.take().is_none() {
            self.reading = Some(reading);
            return None;
        }
        reading.refusals += 1;
        if reading.refusals >= MOST_REFUSALS {
            let why = "the endpoint does not go on with its own pages: what is newer is read first";
            return Some(Some(self.give_up(&reading, now_ms, why)));
        }
        self.alike.clear();
        reading.from_ms = reading.from_ms.max(self.seen.forgotten_to_ms().unwrap_or(i64::MIN));
        reading.pages = 0;
        self.reading = Some(reading);
        Some(None)
    }

    /// All that was there was read up to here, if the endpoint gives it in order.
    pub fn read_to_ms(&self) -> i64 {
        let first = self.reading.as_ref().and_then(|reading| reading.newest_ms).map(|newest| newest - 1);
        // Later readings begin before what is known already.
        self.whole_ms.or(first).unwrap_or(self.since_ms - 1)
    }

    /// When the last whole reading began.
    pub fn whole_ms(&self) -> Option<i64> {
        self.whole_ms
    }

    /// Pages are left of the reading under way.
    pub fn has_more(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.pages > 0)
    }

    fn is_new(&mut self, event: &Event) -> bool {
        match event.id.as_deref().filter(|_| self.by_id) {
            Some(id) => self.seen.is_new_id(event.at_ms, id),
            None => self.seen.is_new(&mut self.alike, &event.stream, event.at_ms, &event.text),
        }
    }

    /// It goes on for too long and stays behind. The first reading may: it was asked to go that far back.
    fn is_hopeless(&self, reading: &Reading, now_ms: i64) -> bool {
        let is_behind = reading.newest_ms.is_some_and(|newest| now_ms - newest > BEHIND_MS);
        self.whole_ms.is_some() && is_behind && now_ms - reading.began_ms > BEHIND_MS
    }

    /// A page that is full and has no token may not be the last: what comes after its newest instant is asked for anew.
    fn goes_on_from_its_newest(&mut self, reading: &mut Reading) -> Option<Note> {
        self.alike.clear();
        reading.token = None;
        let newest_ms = reading.newest_ms.unwrap_or(reading.from_ms);
        if newest_ms > reading.from_ms {
            reading.from_ms = newest_ms;
            return None;
        }
        reading.from_ms = newest_ms.saturating_add(1);
        let why = format!("the endpoint gives no more than {FULL_PAGE} lines of one instant");
        Some(Note::Gap { group: Arc::clone(&self.group), from_ms: newest_ms, to_ms: newest_ms, why })
    }

    fn give_up(&mut self, reading: &Reading, now_ms: i64, why: &str) -> Note {
        let from_ms = reading.newest_ms.unwrap_or(reading.from_ms);
        let to_ms = (now_ms - SHORT_MS).max(from_ms);
        self.skipped_to_ms = Some(to_ms);
        self.whole_ms = self.whole_ms.max(Some(reading.began_ms));
        Note::Gap { group: Arc::clone(&self.group), from_ms, to_ms, why: why.to_owned() }
    }

    /// So much came that what the next reading is to go back over is forgotten: a late one would not be found. Said once a while.
    fn is_crowded(&mut self, reading: &Reading, now_ms: i64) -> Option<Note> {
        let from_ms = reading.began_ms - SHORT_MS;
        let to_ms = self.seen.forgotten_to_ms().filter(|to| *to > from_ms && self.newest_ms > Some(from_ms))?;
        if self.crowded_ms.is_some_and(|said| (0..BEHIND_MS).contains(&(now_ms - said))) {
            return None;
        }
        self.crowded_ms = Some(now_ms);
        let why = "so many lines that one that came late would not be found".to_owned();
        Some(Note::Gap { group: Arc::clone(&self.group), from_ms, to_ms: to_ms.min(now_ms), why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn event(at_ms: i64, text: &str) -> Event {
        let group: Arc<str> = "g".into();
        Event { stream: "s".into(), id: None, at_ms, ingested_ms: None, text: text.into(), group }
    }

    fn page(events: &[(i64, &str)], next: Option<&str>) -> Page {
        let events = events.iter().map(|(at, text)| event(*at, text)).collect();
        Page { events, next: next.map(ToOwned::to_owned) }
    }

    fn reader() -> Reader {
        Reader::new("g".into(), false, NOW - 3_600_000, None)
    }

    fn texts(taken: &Taken) -> Vec<&str> {
        taken.events.iter().map(|event| &*event.text).collect()
    }

    #[test]
    fn the_first_reading_begins_where_it_was_told_and_the_next_a_little_before_it_ended() {
        let mut reader = reader();
        assert_eq!(reader.ask(NOW), (NOW - 3_600_000, None));
        assert_eq!(reader.read_to_ms(), NOW - 3_600_001);
        assert!(!reader.took(page(&[(NOW - 9000, "a")], Some("t")), NOW).is_whole);
        assert_eq!((reader.read_to_ms(), reader.has_more()), (NOW - 9001, true));
        assert_eq!(reader.ask(NOW + 50), (NOW - 3_600_000, Some("t".into())));
        let taken = reader.took(page(&[(NOW - 100, "b"), (NOW - 100, "b")], None), NOW + 99);
        assert_eq!((texts(&taken), taken.is_whole, reader.read_to_ms()), (vec!["b", "b"], true, NOW));
        // The first after it goes far back, the next ones do not.
        assert_eq!(reader.ask(NOW + 500).0, NOW - 100 - LONG_MS);
        assert_eq!(
            texts(&reader.took(page(&[(NOW - 9000, "a"), (NOW - 100, "b"), (NOW, "c")], None), NOW + 500)),
            ["c"]
        );
        assert_eq!(reader.ask(NOW + 1000).0, NOW - SHORT_MS);
        assert_eq!(reader.read_to_ms(), NOW + 500, "what is under way takes nothing back");
    }

    #[test]
    fn clocks_that_differ_lose_nothing() {
        let mut reader = reader();
        reader.ask(NOW);
        // Two hours ahead of us: what is said now comes all the same.
        reader.took(page(&[(NOW + 7_200_000, "ahead")], None), NOW);
        assert!(reader.ask(NOW + 1).0 <= NOW - SHORT_MS);
        let mut late = Reader::new("g".into(), false, NOW - 200_000, None);
        late.ask(NOW);
        late.took(page(&[(NOW - 100_000, "behind")], None), NOW);
        late.ask(NOW + 500);
        late.took(page(&[], None), NOW + 500);
        assert_eq!(late.ask(NOW + 1000).0, NOW - 100_000 - SHORT_MS);
        // An endpoint's log that is silent for hours is not read from its last line on for ever.
        let far = NOW + 3_600_000;
        late.took(page(&[], None), far);
        late.ask(far);
        late.took(page(&[], None), far);
        assert_eq!(late.ask(far + 1).0, far - SKEW_MS - SHORT_MS);
    }

    #[test]
    fn what_is_out_of_the_span_is_left_out() {
        let mut reader = Reader::new("g".into(), false, NOW, Some(NOW + 10));
        reader.ask(NOW);
        let taken =
            reader.took(page(&[(NOW - 1, "before"), (NOW, "a"), (NOW + 10, "b"), (NOW + 11, "after")], None), NOW);
        assert_eq!(texts(&taken), ["a", "b"]);
    }

    #[test]
    fn a_token_that_is_refused_costs_nothing_until_it_is_hopeless() {
        let mut reader = reader();
        reader.ask(NOW);
        assert!(reader.was_refused(NOW).is_none(), "there was none");
        for refusal in 0..2 {
            let taken = reader.took(page(&[(NOW - 9000, "a"), (NOW - 9000, "a")], Some("bad")), NOW);
            assert_eq!(taken.events.len(), if refusal == 0 { 2 } else { 0 });
            assert_eq!(reader.was_refused(NOW), Some(None));
            assert_eq!(reader.ask(NOW).1, None, "from the beginning");
        }
        reader.took(page(&[(NOW - 9000, "a")], Some("bad")), NOW);
        let Some(Some(Note::Gap { from_ms, to_ms, .. })) = reader.was_refused(NOW + 60_000) else { panic!("no gap") };
        assert_eq!((from_ms, to_ms), (NOW - 9000, NOW + 60_000 - SHORT_MS));
        assert_eq!(reader.ask(NOW + 60_000).0, NOW + 60_000 - SHORT_MS);
    }

    #[test]
    fn who_cannot_keep_up_skips_and_says_so() {
        let mut reader = reader();
        reader.ask(NOW);
        assert!(
            reader.took(page(&[(NOW - 3_000_000, "a")], Some("1")), NOW + 500_000).gap.is_none(),
            "it was asked to"
        );
        reader.took(page(&[], None), NOW + 500_000);
        reader.ask(NOW + 500_000);
        let taken = reader.took(page(&[(NOW + 400_000, "b")], Some("2")), NOW + 550_000);
        assert!(taken.gap.is_none() && !taken.is_whole);
        let taken = reader.took(page(&[(NOW + 410_000, "c")], Some("3")), NOW + 570_000);
        let Some(Note::Gap { from_ms, to_ms, .. }) = taken.gap else { panic!("no gap") };
        assert_eq!(
            (from_ms, to_ms, texts(&Taken { gap: None, ..taken })),
            (NOW + 410_000, NOW + 570_000 - SHORT_MS, vec!["c"])
        );
        assert_eq!(reader.ask(NOW + 570_000), (NOW + 570_000 - SHORT_MS, None));
    }

    #[test]
    fn a_log_without_an_end_is_read_on() {
        let mut reader = reader();
        reader.ask(NOW);
        for number in 0..MOST_PAGES {
            let taken = reader.took(page(&[(NOW + i64::from(number), "x")], Some(&number.to_string())), NOW);
            assert_eq!(taken.is_whole, number + 1 == MOST_PAGES);
        }
    }

    #[test]
    fn a_full_page_without_a_token_is_not_the_end() {
        let mut reader = reader();
        reader.ask(NOW);
        let full = |at: &dyn Fn(i64) -> i64| Page {
            events: (0..FULL_PAGE as i64).map(|number| event(at(number), &number.to_string())).collect(),
            next: None,
        };
        let taken = reader.took(full(&|number| NOW - 20_000 + number), NOW);
        assert_eq!((taken.events.len(), taken.is_whole, taken.gap), (FULL_PAGE, false, None));
        assert_eq!(reader.ask(NOW), (NOW - 10_001, None));
        assert_eq!(texts(&reader.took(page(&[(NOW - 10_001, "9999"), (NOW - 10_001, "new")], None), NOW)), ["new"]);
        // All of one instant: there is no way past it but to leave some out.
        reader.ask(NOW);
        reader.took(full(&|_| NOW - 1), NOW);
        assert_eq!(reader.ask(NOW).0, NOW - 1);
        let taken = reader.took(full(&|_| NOW - 1), NOW);
        assert!(matches!(taken.gap, Some(Note::Gap { from_ms, .. }) if from_ms == NOW - 1), "{:?}", taken.gap);
        assert_eq!((taken.events.len(), reader.ask(NOW).0), (0, NOW));
    }

    #[test]
    fn a_crowd_is_said_and_does_not_come_twice() {
        let mut reader = reader();
        reader.ask(NOW);
        let crowd: Vec<String> = (0..=MOST_SEEN).map(|number| number.to_string()).collect();
        let events = crowd.iter().map(|text| event(NOW - 10, text)).collect();
        assert_eq!(reader.took(Page { events, next: Some("t".into()) }, NOW).events.len(), MOST_SEEN + 1);
        let taken = reader.took(page(&[], None), NOW);
        assert!(
            matches!(taken.gap, Some(Note::Gap { from_ms, to_ms, .. }) if (from_ms, to_ms) == (NOW - SHORT_MS, NOW - 9))
        );
        assert_eq!(reader.ask(NOW + 1).0, NOW - 9);
        assert!(reader.took(page(&[(NOW, "x")], None), NOW + 1).gap.is_none(), "said once");
    }

    #[test]
    fn ids_tell_alike_apart_where_they_are_good() {
        let mut reader = Reader::new("g".into(), true, 0, None);
        let with = |id: &str| Event { id: Some(id.into()), ..event(NOW, "tick") };
        reader.ask(NOW);
        assert_eq!(reader.took(Page { events: vec![with("1"), with("2")], next: None }, NOW).events.len(), 2);
        reader.ask(NOW + 1);
        assert_eq!(
            reader.took(Page { events: vec![with("2"), with("3"), with("1")], next: None }, NOW).events.len(),
            1
        );
    }

    #[test]
    fn what_a_session_brought_a_reading_does_not_bring_again() {
        let mut reader = reader();
        assert_eq!(
            reader.heard(vec![event(NOW, "tick"), event(NOW, "tick"), event(NOW - 9_000_000, "old")], NOW).len(),
            2
        );
        assert_eq!(reader.heard(vec![event(NOW, "tick")], NOW).len(), 1, "a third one");
        reader.ask(NOW);
        let taken = reader.took(page(&[(NOW, "tick"), (NOW, "tick"), (NOW, "tick"), (NOW, "tock")], None), NOW);
        assert_eq!(texts(&taken), ["tock"]);
    }
}
