//! What a reader of rows holds: rows by number, bounded by their bytes, which of them are listed, and where the cursor is.
//!
//! A row keeps its number as long as it is held, so the cursor stays where it is while others come and go. What does not fit makes room
//! from the front, and is counted. What is looked for among them is in [`search`].

mod search;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

pub(super) use self::search::Looked;
use self::search::{Search, Stretch};
use crate::{
    overlays::{
        desk::model::{Find, Step},
        inspect::rows::{Line, Listing, MARGIN, Mark, Marks, Opened},
    },
    redrive::jq,
};

/// Characters of a row that a list can show.
const MOST_SHOWN: usize = 400;

/// A row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// When it was written, for rows that have an order in time.
    pub(super) at: Option<Timestamp>,
    /// What tells it from others, for the list.
    pub(super) head: Arc<str>,
    /// The same for the program.
    pub(super) key: Arc<str>,
    /// One line of JSON: what is searched, copied and written.
    pub(super) json: Arc<str>,
    /// Another way to show it; the same if there is none.
    pub(super) other: Option<Arc<str>>,
    /// What stands in the list instead of the JSON, where that begins with what is the same for all.
    pub(super) preview: Option<Arc<str>>,
    /// What is to be said of it.
    pub(super) notes: Vec<String>,
    pub(super) mark: Mark,
}

impl Row {
    fn bytes(&self) -> usize {
        let notes: usize = self.notes.iter().map(String::len).sum();
        let others: usize = [&self.other, &self.preview].into_iter().flatten().map(|other| other.len()).sum();
        self.head.len() + self.key.len() + self.json.len() + others + notes
    }

    /// As it is shown, one way or the other.
    pub(super) fn shown(&self, other: bool) -> &Arc<str> {
        self.other.as_ref().filter(|_| other).unwrap_or(&self.json)
    }
}

/// The rows.
#[derive(Debug)]
pub(super) struct Shelf {
    rows: VecDeque<Row>,
    /// The number of the last row with a key.
    places: HashMap<Arc<str>, u64>,
    marks: Marks,
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
            places: HashMap::new(),
            marks: Marks::default(),
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

    /// How the row with this key is marked, if there is one.
    pub(super) fn mark_of(&self, key: &str) -> Option<Mark> {
        self.get(*self.places.get(key)?).map(|row| row.mark)
    }

    /// How rows looked and were marked, by their keys: for telling what became of them.
    pub(super) fn known(&self) -> HashMap<Arc<str>, (Arc<str>, Mark)> {
        self.rows.iter().map(|row| (Arc::clone(&row.key), (Arc::clone(&row.json), row.mark))).collect()
    }

    /// More of them, at the end.
    pub(super) fn push(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.bytes += row.bytes();
            self.places.insert(Arc::clone(&row.key), self.end());
            self.count(row.mark, true);
            self.rows.push_back(row);
            self.make_room();
        }
        self.settle();
    }

    /// Changes the row with this key where it is.
    pub(super) fn edit(&mut self, key: &str, change: impl FnOnce(&mut Row)) {
        let Some(number) = self.places.get(key).copied() else { return };
        let place = number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let Some(row) = place.and_then(|place| self.rows.get_mut(place)) else { return };
        let (bytes, was) = (row.bytes(), row.mark);
        change(row);
        let (is, now) = (row.mark, row.bytes());
        self.bytes = self.bytes + now - bytes;
        self.count(was, false);
        self.count(is, true);
        if self.opened.as_ref().is_some_and(|(_, opened)| opened.number == number) {
            self.opened = None;
        }
        if let Some(search) = &mut self.search {
            search.changed(number);
        }
        self.make_room();
        self.settle();
    }

    fn count(&mut self, mark: Mark, one_more: bool) {
        if let Some(count) = self.marks.of(mark) {
            *count = if one_more { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// What does not fit goes, from the front.
    fn make_room(&mut self) {
        while self.bytes > self.most_bytes && self.rows.len() > 1 {
            if let Some(gone) = self.rows.pop_front() {
                self.bytes -= gone.bytes();
                self.count(gone.mark, false);
                if self.places.get(&gone.key) == Some(&self.first) {
                    self.places.remove(&gone.key);
                }
            }
            (self.first, self.dropped) = (self.first + 1, self.dropped + 1);
        }
    }

    /// Nothing is held any more; the cursor is where the next one comes.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.rows.clear();
        self.places.clear();
        self.marks = Marks::default();
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
            search.settle(first, end);
        }
        self.at =
            if self.follows { end.saturating_sub(1) } else { self.at.clamp(first, end.saturating_sub(1).max(first)) };
    }

    pub(super) fn listed(&self) -> usize {
        self.search.as_ref().map_or(self.rows.len(), Search::hits)
    }

    /// The number of the row at a place in the list.
    fn number_at(&self, place: usize) -> u64 {
        match &self.search {
            Some(search) => search.at(place).unwrap_or(self.first),
            None => self.first + place as u64,
        }
    }

    /// The place in the list of the cursor's row, or of the next one that is listed.
    fn place(&self) -> usize {
        let place = match &self.search {
            Some(search) => search.place(self.at),
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
        let search = Search::new(find, self.searches + 1, self.first)?;
        self.searches += 1;
        self.search = Some(search);
        Ok(())
    }

    /// What is to be looked through next, if nobody is at it.
    pub(super) fn next_stretch(&mut self) -> Option<Stretch> {
        let (first, end, rows) = (self.first, self.end(), &self.rows);
        let row = |number: u64| rows.get(usize::try_from(number.checked_sub(first)?).ok()?);
        self.search.as_mut()?.next_stretch(end, |number| Some(Arc::clone(&row(number)?.json)))
    }

    /// Takes in what that came to; the first thing that went wrong with this search, once.
    pub(super) fn looked(&mut self, looked: Looked) -> Option<String> {
        let news = self.search.as_mut()?.looked(looked);
        self.settle();
        news
    }

    /// All that is listed and still there.
    pub(super) fn lines(&self) -> Vec<Arc<str>> {
        let rows = (0..self.listed()).filter_map(|place| self.get(self.number_at(place)));
        rows.filter(|row| row.mark != Mark::Removed).map(|row| Arc::clone(&row.json)).collect()
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
            at: row.at,
            head: brief(&row.head),
            text: brief(row.preview.as_ref().unwrap_or_else(|| row.shown(other))),
            mark: row.mark,
        });
        let lines = lines.collect();
        let find = self.search.as_ref().map(|search| search.finding(self.end()));
        let opened = self.open(self.number_at(at), other);
        Listing {
            lines,
            from,
            at,
            listed,
            held: self.rows.len(),
            dropped: self.dropped,
            marks: self.marks,
            find,
            opened,
        }
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
    fn a_row_that_changes_stays_where_it_is_and_is_looked_at_again() {
        let mut shelf = shelf(3);
        shelf.step(Step::To(1));
        shelf.find(Some(Find::Where(".n >= 1".to_owned()))).unwrap();
        look(&mut shelf);
        let change = |shelf: &mut Shelf, number: usize, json: &str, mark| {
            let json: Arc<str> = json.into();
            shelf.edit(&format!("key {number}"), |row| (row.json, row.mark) = (json, mark));
        };
        change(&mut shelf, 1, r#"{"n":10}"#, Mark::Changed);
        change(&mut shelf, 0, r#"{"n":5}"#, Mark::Changed);
        change(&mut shelf, 2, r#"{"n":-1}"#, Mark::Removed);
        change(&mut shelf, 9, "{}", Mark::Changed);
        look(&mut shelf);
        let listing = shelf.listing(false);
        let texts: Vec<&str> = listing.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, [r#"{"n":5}"#, r#"{"n":10}"#]);
        assert_eq!(&*listing.opened.unwrap().json, r#"{"n":10}"#);
        assert_eq!(listing.marks, Marks { new: 0, changed: 2, removed: 1 });
        assert_eq!(shelf.mark_of("key 2"), Some(Mark::Removed));
        shelf.find(None).unwrap();
        assert_eq!(shelf.listing(false).listed, 3);
        assert_eq!(shelf.lines().len(), 2, "what was removed is not written");
    }

    #[test]
    fn a_row_that_changes_while_it_is_looked_at_is_looked_at_again() {
        let mut shelf = shelf(2);
        shelf.find(Some(Find::Where(".n == 1".to_owned()))).unwrap();
        let stretch = shelf.next_stretch().unwrap();
        shelf.edit("key 0", |row| row.json = r#"{"n":1}"#.into());
        shelf.edit("key 1", |row| row.json = r#"{"n":2}"#.into());
        shelf.looked(stretch.look());
        look(&mut shelf);
        let listing = shelf.listing(false);
        assert_eq!((listing.listed, &*listing.opened.unwrap().json), (1, r#"{"n":1}"#));
    }

    #[test]
    fn marks_are_counted_as_long_as_their_rows_are_held() {
        let new = |number| Row { mark: Mark::New, ..row(number) };
        let mut shelf = Shelf::new(row(0).bytes() * 3);
        shelf.push((0..3).map(new));
        assert_eq!(shelf.listing(false).marks.new, 3);
        shelf.push((3..5).map(row));
        assert_eq!(
            (shelf.listing(false).marks.new, shelf.mark_of("key 0"), shelf.mark_of("key 3")),
            (1, None, Some(Mark::Same))
        );
        shelf.edit("key 4", |row| row.json = "x".repeat(1_000).into());
        assert_eq!(shelf.listing(false).held, 1, "one that grows makes room too");
        shelf.clear();
        assert_eq!((shelf.listing(false).marks, shelf.mark_of("key 4")), (Marks::default(), None));
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
