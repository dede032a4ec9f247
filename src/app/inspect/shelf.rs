//! What a reader of rows holds: rows by number, bounded by their bytes, which of them are listed, and where the cursor is.
//!
//! A row keeps its number as long as it is held, so the cursor stays where it is while others come and go. What does not fit makes room
//! from the front, and is counted. Searching is done a stretch at a time by whoever owns this, off the runtime's threads.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use crate::{
    overlays::{
        desk::model::{Find, Step},
        inspect::rows::{Finding, Line, Listing, MARGIN, Opened},
    },
    redrive::{choose::Condition, jq},
};

/// Rows looked through before the hits are shown.
const STRETCH: usize = 500;
/// Characters of a row that a list can show.
const MOST_SHOWN: usize = 400;

/// A row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// What tells it from others, for the list.
    pub(super) head: Arc<str>,
    /// The same for the program.
    pub(super) key: Arc<str>,
    /// One line of JSON: what is searched, copied and written.
    pub(super) json: Arc<str>,
    /// Another way to show it; the same if there is none.
    pub(super) other: Option<Arc<str>>,
    /// What is to be said of it.
    pub(super) notes: Vec<String>,
    /// It was not there before.
    pub(super) new: bool,
}

impl Row {
    fn bytes(&self) -> usize {
        let notes: usize = self.notes.iter().map(String::len).sum();
        self.head.len() + self.key.len() + self.json.len() + self.other.as_ref().map_or(0, |other| other.len()) + notes
    }

    fn shown(&self, other: bool) -> &Arc<str> {
        self.other.as_ref().filter(|_| other).unwrap_or(&self.json)
    }
}

/// What is looked for.
#[derive(Debug)]
struct Search {
    find: Find,
    condition: Condition,
    /// Tells this one from the one before.
    number: u64,
    /// The first row that was not looked at.
    until: u64,
    running: bool,
    hits: VecDeque<u64>,
    trouble: Option<String>,
}

/// Rows to look through.
pub(super) struct Stretch {
    search: u64,
    condition: Condition,
    rows: Vec<(u64, Arc<str>)>,
}

/// What that came to.
pub(super) struct Looked {
    search: u64,
    until: u64,
    hits: Vec<u64>,
    trouble: Option<String>,
}

/// The rows.
#[derive(Debug)]
pub(super) struct Shelf {
    rows: VecDeque<Row>,
    /// The number of the first.
    first: u64,
    bytes: usize,
    most_bytes: usize,
    dropped: u64,
    /// The cursor's row.
    at: u64,
    /// The cursor stays on the last row, whatever comes.
    pub(super) follows: bool,
    search: Option<Search>,
    searches: u64,
    opened: Option<(bool, Arc<Opened>)>,
}

impl Shelf {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            first: 0,
            bytes: 0,
            most_bytes,
            dropped: 0,
            at: 0,
            follows: false,
            search: None,
            searches: 0,
            opened: None,
        }
    }

    /// Whether all that came is still here.
    pub(super) fn is_whole(&self) -> bool {
        self.dropped == 0
    }

    fn end(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    fn get(&self, number: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// What tells the rows apart that were here from the beginning: what came since is new as long as it is read.
    pub(super) fn keys(&self) -> HashSet<Arc<str>> {
        self.rows.iter().filter(|row| !row.new).map(|row| Arc::clone(&row.key)).collect()
    }

    /// More of them, at the end.
    pub(super) fn push(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.bytes += row.bytes();
            self.rows.push_back(row);
            while self.bytes > self.most_bytes && self.rows.len() > 1 {
                if let Some(gone) = self.rows.pop_front() {
                    self.bytes -= gone.bytes();
                }
                (self.first, self.dropped) = (self.first + 1, self.dropped + 1);
            }
        }
        self.settle();
    }

    /// Nothing is held any more; the cursor is where the next one comes.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.rows.clear();
        (self.bytes, self.dropped, self.at) = (0, 0, self.first);
        self.settle();
    }

    /// These instead of the others; the cursor stays on the one that it was on, if that is there again.
    pub(super) fn replace(&mut self, rows: Vec<Row>) {
        let key = self.get(self.at).map(|row| Arc::clone(&row.key));
        self.clear();
        self.push(rows);
        let place = key.and_then(|key| self.rows.iter().position(|row| row.key == key));
        if let Some(place) = place {
            self.at = self.first + place as u64;
        }
        self.settle();
    }

    /// Keeps cursor and hits within what is held.
    fn settle(&mut self) {
        let (first, end) = (self.first, self.end());
        if let Some(search) = &mut self.search {
            while search.hits.front().is_some_and(|hit| *hit < first) {
                search.hits.pop_front();
            }
            search.until = search.until.clamp(first, end);
        }
        self.at =
            if self.follows { end.saturating_sub(1) } else { self.at.clamp(first, end.saturating_sub(1).max(first)) };
    }

    pub(super) fn listed(&self) -> usize {
        self.search.as_ref().map_or(self.rows.len(), |search| search.hits.len())
    }

    /// The number of the row at a place in the list.
    fn number_at(&self, place: usize) -> u64 {
        match &self.search {
            Some(search) => search.hits.get(place).copied().unwrap_or(self.first),
            None => self.first + place as u64,
        }
    }

    /// The place in the list of the cursor's row, or of the next one that is listed.
    fn place(&self) -> usize {
        let place = match &self.search {
            Some(search) => search.hits.partition_point(|hit| *hit < self.at),
            None => usize::try_from(self.at.saturating_sub(self.first)).unwrap_or(0),
        };
        place.min(self.listed().saturating_sub(1))
    }

    pub(super) fn step(&mut self, step: Step) {
        let last = self.listed().saturating_sub(1);
        let place = match step {
            Step::By(by) => self.place().saturating_add_signed(by).min(last),
            Step::To(place) => place.min(last),
            Step::Top => 0,
            Step::Bottom => last,
        };
        self.follows = step == Step::Bottom;
        self.at = self.number_at(place);
    }

    /// Lists only what fits; or all again.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn find(&mut self, find: Option<Find>) -> Result<(), String> {
        let Some(find) = find else {
            self.search = None;
            return Ok(());
        };
        let condition = match &find {
            Find::Text(text) => Condition::text(text),
            Find::Regex(regex) => Condition::regex(regex),
            Find::Where(jq) => Condition::jq(jq),
        };
        let condition = condition.map_err(|mistake| mistake.to_string())?;
        self.searches += 1;
        let (number, until) = (self.searches, self.first);
        self.search =
            Some(Search { find, condition, number, until, running: false, hits: VecDeque::new(), trouble: None });
        Ok(())
    }

    /// What is to be looked through next, if nobody is at it.
    pub(super) fn next_stretch(&mut self) -> Option<Stretch> {
        let end = self.end();
        let (until, number, condition) = match &self.search {
            Some(search) if !search.running && search.until < end => {
                (search.until, search.number, search.condition.clone())
            }
            _ => return None,
        };
        let rows = (until..end).take(STRETCH).filter_map(|at| Some((at, Arc::clone(&self.get(at)?.json)))).collect();
        if let Some(search) = &mut self.search {
            search.running = true;
        }
        Some(Stretch { search: number, condition, rows })
    }

    /// Takes in what that came to; the first thing that went wrong with this search, once.
    pub(super) fn looked(&mut self, looked: Looked) -> Option<String> {
        let search = self.search.as_mut().filter(|search| search.number == looked.search)?;
        search.running = false;
        search.until = looked.until;
        search.hits.extend(looked.hits);
        let news = looked.trouble.filter(|_| search.trouble.is_none());
        if news.is_some() {
            search.trouble.clone_from(&news);
        }
        self.settle();
        news
    }

    /// All that is listed.
    pub(super) fn lines(&self) -> Vec<Arc<str>> {
        (0..self.listed()).filter_map(|place| Some(Arc::clone(&self.get(self.number_at(place))?.json))).collect()
    }

    /// The row under the cursor.
    pub(super) fn chosen(&self) -> Option<&Row> {
        (self.listed() > 0).then(|| self.get(self.number_at(self.place())))?
    }

    /// How it looks; `other` for the other way to show rows.
    pub(super) fn listing(&mut self, other: bool) -> Listing {
        let (at, listed) = (self.place(), self.listed());
        let from = at.saturating_sub(MARGIN);
        let places = from..(at + MARGIN).min(listed);
        let lines = places.filter_map(|place| self.get(self.number_at(place))).map(|row| Line {
            head: brief(&row.head),
            text: brief(row.shown(other)),
            new: row.new,
        });
        let lines = lines.collect();
        let end = self.end();
        let find = self.search.as_ref().map(|search| Finding {
            find: search.find.clone(),
            left: usize::try_from(end.saturating_sub(search.until)).unwrap_or(usize::MAX),
        });
        let opened = self.open(self.number_at(at), other);
        Listing { lines, from, at, listed, held: self.rows.len(), dropped: self.dropped, find, opened }
    }

    /// Laid out once, as long as the cursor stays there.
    fn open(&mut self, number: u64, other: bool) -> Option<Arc<Opened>> {
        let row = self.get(number).filter(|_| self.listed() > 0)?;
        if let Some((was, opened)) = &self.opened
            && (*was, opened.number) == (other, number)
        {
            return Some(Arc::clone(opened));
        }
        let shown = row.shown(other);
        let opened = Arc::new(Opened {
            number,
            notes: row.notes.clone(),
            json: Arc::clone(shown),
            lines: jq::pretty(shown).lines().map(ToOwned::to_owned).collect(),
        });
        self.opened = Some((other, Arc::clone(&opened)));
        Some(opened)
    }
}

impl Stretch {
    /// It may take seconds.
    pub(super) fn look(self) -> Looked {
        let (mut hits, mut failed, mut first) = (Vec::new(), 0_u64, None);
        let until = self.rows.last().map_or(0, |(number, _)| number + 1);
        for (number, json) in &self.rows {
            match self.condition.is_true_of(json) {
                Ok(true) => hits.push(*number),
                Ok(false) => {}
                Err(error) => {
                    failed += 1;
                    first.get_or_insert(error);
                }
            }
        }
        let trouble =
            first.map(|error| format!("the expression fails for {failed} of them, which are not listed: {error}"));
        Looked { search: self.search, until, hits, trouble }
    }
}

fn brief(text: &str) -> String {
    let end = text.char_indices().nth(MOST_SHOWN).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize) -> Row {
        let key: Arc<str> = format!("key {number}").into();
        Row { head: Arc::clone(&key), key, json: format!(r#"{{"n":{number}}}"#).into(), ..Row::default() }
    }

    fn shelf(rows: usize) -> Shelf {
        let mut shelf = Shelf::new(1 << 20);
        shelf.push((0..rows).map(row));
        shelf
    }

    fn look(shelf: &mut Shelf) -> Option<String> {
        let mut trouble = None;
        while let Some(stretch) = shelf.next_stretch() {
            trouble = shelf.looked(stretch.look()).or(trouble);
        }
        trouble
    }

    #[test]
    fn the_cursor_stays_within_what_is_listed() {
        let mut shelf = shelf(3);
        shelf.step(Step::By(10));
        assert_eq!(shelf.listing(false).at, 2);
        shelf.step(Step::By(-1));
        shelf.push([row(3)]);
        let listing = shelf.listing(false);
        assert_eq!((listing.at, listing.listed), (1, 4));
        assert_eq!(&*listing.opened.unwrap().json, r#"{"n":1}"#);
        shelf.step(Step::Bottom);
        shelf.push([row(4)]);
        assert_eq!(shelf.listing(false).at, 4, "who is at the end follows");
    }

    #[test]
    fn what_does_not_fit_makes_room_from_the_front_and_is_counted() {
        let mut shelf = Shelf::new(row(0).bytes() * 3);
        shelf.push((0..5).map(row));
        let listing = shelf.listing(false);
        assert_eq!((listing.held, listing.dropped, shelf.is_whole()), (3, 2, false));
        assert_eq!(listing.lines[0].text, r#"{"n":2}"#);
        shelf.push([Row { json: "x".repeat(1_000).into(), ..row(9) }]);
        assert_eq!(shelf.listing(false).held, 1, "one is always held, however large");
    }

    #[test]
    fn a_search_lists_its_hits_alone_and_goes_on_with_what_comes() {
        let mut shelf = shelf(1_200);
        shelf.find(Some(Find::Where(".n % 400 == 0".to_owned()))).unwrap();
        assert_eq!(shelf.listing(false).find.unwrap().left, 1_200);
        assert_eq!(look(&mut shelf), None);
        assert_eq!(shelf.lines().len(), 3);
        shelf.push([row(1_200)]);
        look(&mut shelf);
        shelf.step(Step::Bottom);
        let listing = shelf.listing(false);
        assert_eq!((listing.listed, listing.held, &*listing.opened.unwrap().json), (4, 1_201, r#"{"n":1200}"#));
        shelf.find(None).unwrap();
        assert_eq!(shelf.listing(false).at, 1_200, "the row stays under the cursor");
    }

    #[test]
    fn what_a_search_fails_on_is_said_once() {
        let mut shelf = shelf(600);
        shelf.find(Some(Find::Where(".n + \"x\"".to_owned()))).unwrap();
        assert!(look(&mut shelf).is_some_and(|trouble| trouble.contains("fails for")));
        assert!(shelf.find(Some(Find::Where("(".to_owned()))).is_err());
    }

    #[test]
    fn the_same_rows_again_leave_the_cursor_on_its_row() {
        let mut shelf = shelf(3);
        shelf.step(Step::To(1));
        shelf.replace(vec![row(7), row(0), row(1)]);
        assert_eq!(shelf.listing(false).at, 2);
        assert_eq!(&*shelf.chosen().unwrap().key, "key 1");
    }
}
