//! Reading a table, page by page, and what that costs: as much as somebody asks for, and not one page more.

use std::sync::Arc;

use super::{
    Condition, Description, Tables,
    value::{self, Style, Value},
    wire::{From, Request},
};
use crate::{aws::Trouble, domain::FailureKind};

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Whatever comes, in no order: a sample.
    Scan,
    /// Items of one partition key; backwards for the highest sort keys first.
    Query { condition: Condition, backwards: bool },
}

/// An item as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What tells it from others: its key in the table, as JSON.
    pub key: Arc<str>,
    /// The values of the keys that it was found by, for a list.
    pub head: Arc<str>,
    /// One line of plain JSON, its key first.
    pub json: Arc<str>,
    /// The same as DynamoDB writes it, each value with its type.
    pub typed: Arc<str>,
}

/// Items that came together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    pub items: Vec<Item>,
    /// Read capacity units; none where the endpoint does not say.
    pub units: Option<f64>,
}

/// What reading cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub pages: u64,
    /// As the service said, added up.
    pub units: f64,
    /// Pages of which it said nothing.
    pub unsaid: u64,
}

impl Cost {
    pub fn add(&mut self, page: &Page) {
        self.pages += 1;
        match page.units {
            Some(units) => self.units += units,
            None => self.unsaid += 1,
        }
    }

    /// `12.5 read units in 3 pages`.
    pub fn in_words(&self) -> String {
        let pages = if self.pages == 1 { "1 page".to_owned() } else { format!("{} pages", self.pages) };
        let units = if self.units == 1.0 { "1 read unit".to_owned() } else { format!("{} read units", self.units) };
        match self.unsaid {
            0 => format!("{units} in {pages}"),
            unsaid if unsaid == self.pages => format!("{pages} read; the endpoint does not say what they cost"),
            unsaid => format!("{units} in {pages}, of {unsaid} unsaid"),
        }
    }
}

/// A reading under way.
#[derive(Debug)]
pub struct Reading {
    tables: Arc<dyn Tables>,
    table: Arc<Description>,
    pub index: Option<String>,
    pub what: What,
    from: Option<From>,
    ended: bool,
    /// Pages of this reading.
    pub pages: u64,
}

impl Reading {
    /// Reads nothing yet.
    pub fn new(tables: Arc<dyn Tables>, table: Arc<Description>, index: Option<String>, what: What) -> Self {
        Self { tables, table, index, what, from: None, ended: false, pages: 0 }
    }

    /// Whether everything was read.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The next page, of at most so many items; an empty one after the end. It may be empty before that, too.
    ///
    /// # Errors
    /// The endpoint's. The same page is asked for again the next time.
    pub async fn next(&mut self, limit: usize) -> Result<Page, Trouble> {
        if self.ended {
            return Ok(Page::default());
        }
        let (condition, backwards) = match &self.what {
            What::Scan => (None, false),
            What::Query { condition, backwards } => (Some(condition.clone()), *backwards),
        };
        let answer = self.tables.page(Request {
            table: self.table.table_name.clone(),
            index: self.index.clone(),
            condition,
            backwards,
            limit: i32::try_from(limit.max(1)).unwrap_or(i32::MAX),
            from: self.from.clone(),
        });
        let answer = answer.await?;
        if answer.next.is_some() && answer.next == self.from {
            let text = "the endpoint gives the same page again and again; nothing more can be read".to_owned();
            self.ended = true;
            return Err(Trouble { kind: FailureKind::Garbage, text });
        }
        (self.ended, self.from) = (answer.next.is_none(), answer.next);
        self.pages += 1;
        let names = Names::of(&self.table, self.index.as_deref());
        let items = answer.items.into_iter().map(|item| names.read(&value::attributes(item))).collect();
        Ok(Page { items, units: answer.units })
    }
}

/// The names of the keys of what is read.
#[derive(Debug)]
pub struct Names<'a> {
    of_table: Vec<&'a str>,
    /// Those that items are found by come first.
    first: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub fn of(table: &'a Description, index: Option<&str>) -> Self {
        let of_table = table.keys.names();
        let mut first = table.keys_of(index).names();
        first.extend(of_table.iter().filter(|name| !first.contains(name)).copied().collect::<Vec<_>>());
        Self { of_table, first }
    }

    /// The item of these attributes.
    pub fn read(&self, attributes: &value::Attributes) -> Item {
        let key = |name: &&str| attributes.get(*name).map(|value| value.json(Style::Typed));
        let keys: Vec<String> = self.of_table.iter().filter_map(key).collect();
        let value = |name: &&str| match attributes.get(*name)? {
            Value::Text(text) => Some(text.clone()),
            value => Some(value.json(Style::Plain)),
        };
        let head: Vec<String> = self.first.iter().filter_map(value).collect();
        Item {
            head: head.join(" ").into(),
            key: keys.join(" ").into(),
            json: value::item(attributes, &self.first, Style::Plain).into(),
            typed: value::item(attributes, &self.first, Style::Typed).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::items::pretend::{Pretend, numbered};

    async fn opened(pretend: &Arc<Pretend>, what: What) -> Reading {
        let tables: Arc<dyn Tables> = Arc::clone(pretend) as _;
        let table = Arc::new(tables.describe("orders").await.unwrap());
        Reading::new(tables, table, None, what)
    }

    #[tokio::test]
    async fn a_scan_reads_page_by_page_to_its_end_and_says_what_each_cost() {
        let pretend = Pretend::holding((0..25).map(numbered));
        let mut reading = opened(&pretend, What::Scan).await;
        assert_eq!(pretend.pages(), 0, "to open reads nothing");
        let (mut cost, mut keys) = (Cost::default(), Vec::new());
        while !reading.has_ended() {
            let page = reading.next(10).await.unwrap();
            cost.add(&page);
            keys.extend(page.items.into_iter().map(|item| item.key));
        }
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), cost), (25, Cost { pages: 3, units: 12.5, unsaid: 0 }));
        assert_eq!(pretend.units(), 12.5);
        assert_eq!(cost.in_words(), "12.5 read units in 3 pages");
        assert_eq!(reading.next(10).await.unwrap(), Page::default());
        assert_eq!(pretend.pages(), 3, "after the end nothing is asked");
    }

    #[tokio::test]
    async fn a_query_asks_for_its_condition_alone() {
        let pretend = Pretend::holding((0..25).map(numbered));
        let tables: Arc<dyn Tables> = Arc::clone(&pretend) as _;
        let table = tables.describe("orders").await.unwrap();
        let condition = Condition::parse(&table.keys, "7", None).unwrap();
        let mut reading = opened(&pretend, What::Query { condition, backwards: false }).await;
        let page = reading.next(10).await.unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(&*page.items[0].json, r#"{"id":"7","text":"item 7"}"#);
        assert_eq!(&*page.items[0].typed, r#"{"id":{"S":"7"},"text":{"S":"item 7"}}"#);
        assert!(reading.has_ended());
    }

    #[tokio::test]
    async fn a_page_that_failed_is_asked_for_again() {
        let pretend = Pretend::holding((0..5).map(numbered));
        let mut reading = opened(&pretend, What::Scan).await;
        assert_eq!(reading.next(2).await.unwrap().items.len(), 2);
        pretend.fail_once();
        assert_eq!(reading.next(2).await.unwrap_err().kind, FailureKind::Throttled);
        assert_eq!(reading.next(10).await.unwrap().items.len(), 3);
    }

    #[tokio::test]
    async fn an_endpoint_that_goes_in_circles_is_left() {
        let pretend = Pretend::holding((0..5).map(numbered));
        pretend.go_in_circles();
        let mut reading = opened(&pretend, What::Scan).await;
        reading.next(2).await.unwrap();
        assert_eq!(reading.next(2).await.unwrap_err().kind, FailureKind::Garbage);
        assert!(reading.has_ended());
    }

    #[test]
    fn what_was_not_said_is_said_to_be() {
        let mut cost = Cost::default();
        cost.add(&Page { items: Vec::new(), units: None });
        assert_eq!(cost.in_words(), "1 page read; the endpoint does not say what they cost");
        cost.add(&Page { items: Vec::new(), units: Some(0.5) });
        assert_eq!(cost.in_words(), "0.5 read units in 2 pages, of 1 unsaid");
    }
}
