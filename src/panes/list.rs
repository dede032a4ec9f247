//! The engine of every pane that is a list: which rows, in which order, which one is chosen.
//!
//! ```text
//!    NAME              ≈VISIBLE↓ IN FLIGHT   …         a Spec gives title, kinds and columns
//!  ✖ stats-dlq                3          0             the worst first, until the user sorts
//!  · stats                    0          1
//! ```
//!
//! The choice is an id: a refresh that moves rows never moves the cursor off what it was on. Rows are computed when the store
//! changes; drawing only writes the visible ones.

use std::cmp::Ordering;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Pane, View};
use crate::{
    commands::Command,
    domain::{Kind, Metric, ResourceId, units},
    store::{Entry, Store, series::Series},
    theme::Role,
    widgets::{
        sparkline::Scale,
        table::{self, RowWriter, ScrollState, Sort, Table, TableLayout},
    },
};

/// What makes one list pane different from another.
#[derive(Debug)]
pub struct Spec {
    pub title: &'static str,
    pub kinds: &'static [Kind],
    pub columns: &'static [Column],
    /// Said when there is nothing to list.
    pub empty: &'static str,
}

/// One column: how it looks, what it says, how it sorts.
#[derive(Debug)]
pub struct Column {
    pub head: table::Column<'static>,
    pub write: fn(&Row<'_>, &mut RowWriter<'_>),
    pub key: fn(&Row<'_>) -> Key,
}

/// One row, as a column sees it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub entry: &'a Entry,
    pub view: View<'a>,
    /// All that is said of it is from before something failed.
    pub stale: bool,
}

/// What a column sorts by. Numbers sort from large to small first.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Text(String),
    Number(f64),
    /// Unknown: last in any order.
    Missing,
}

/// Spans of the sparklines that panes show.
pub const SPARK_SECONDS: f64 = 120.0;

impl Key {
    pub fn of(value: Option<f64>) -> Self {
        value.filter(|value| !value.is_nan()).map_or(Self::Missing, Self::Number)
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    fn order(&self, other: &Self, descending: bool) -> Ordering {
        let plain = match (self, other) {
            (Self::Missing, Self::Missing) => return Ordering::Equal,
            (Self::Missing, _) => return Ordering::Greater,
            (_, Self::Missing) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        };
        if descending { plain.reverse() } else { plain }
    }
}

impl<'a> Row<'a> {
    pub fn store(&self) -> &'a Store {
        self.view.store
    }

    pub fn id(&self) -> &'a ResourceId {
        &self.entry.resource.id
    }

    /// The role of an ordinary value: old ones are greyed, zeros are quiet.
    pub fn role(&self, value: f64) -> Role {
        if self.stale {
            Role::Stale
        } else if value == 0.0 {
            Role::Dim
        } else {
            Role::Text
        }
    }

    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.entry.value(metric)
    }

    /// Writes a number, or a dim dash where there is none.
    pub fn write_number<D: std::fmt::Display>(&self, row: &mut RowWriter<'_>, value: Option<f64>, show: fn(f64) -> D) {
        match value {
            Some(value) => row.value(self.role(value), format_args!("{}", show(value))),
            None => row.text(Role::Dim, "-"),
        };
    }

    /// This row, as old as one number of somebody's is.
    pub fn aged_as(&self, entry: &Entry, metric: Metric) -> Self {
        Self { stale: self.stale || self.store().is_stale(entry, metric, self.view.now), ..*self }
    }

    /// Writes a measured number, grey once its own reading is old.
    pub fn write_metric<D: std::fmt::Display>(&self, row: &mut RowWriter<'_>, metric: Metric, show: fn(f64) -> D) {
        self.aged_as(self.entry, metric).write_number(row, self.value(metric), show);
    }

    /// Writes how long ago the instant that a metric names was, or a dim dash.
    pub fn write_ago(&self, row: &mut RowWriter<'_>, metric: Metric) {
        match self.value(metric) {
            Some(then) => {
                let age = (self.view.now.as_millisecond() as f64 / 1e3 - then).max(0.0);
                let role = if self.aged_as(self.entry, metric).stale { Role::Stale } else { Role::Text };
                row.value(role, format_args!("{}", units::Age(age)))
            }
            None => row.text(Role::Dim, "-"),
        };
    }

    /// Writes the last two minutes of a metric.
    pub fn write_spark(&self, row: &mut RowWriter<'_>, metric: Metric, cells: usize) {
        self.aged_as(self.entry, metric).write_series(row, self.entry.series(metric), cells);
    }

    /// Writes the last two minutes of somebody's numbers.
    pub fn write_series(&self, row: &mut RowWriter<'_>, series: Option<&Series>, cells: usize) {
        match series {
            Some(series) => {
                let role = if self.stale { Role::Stale } else { Role::Spark };
                let mut cells = series.cells(self.view.now, SPARK_SECONDS, cells);
                // Before the first reading there is nothing to draw.
                let known = cells.iter().position(Option::is_some).unwrap_or(cells.len());
                row.spark(role, Scale::Own, cells.drain(known..).collect::<Vec<_>>().into_iter())
            }
            None => row.skip(),
        };
    }
}

/// The mark column that every list begins with.
pub const HEALTH: Column = Column {
    head: table::Column::fixed("", 1).priority(255).gap(1),
    write: |row, out| {
        let (mark, role) = row.view.mark(row.entry.health());
        out.text(role, mark);
    },
    key: |row| Key::Number(f64::from(row.entry.health() as u8)),
};

/// The name column.
pub const fn name(min: u16) -> Column {
    Column {
        head: table::Column::flex("NAME", min, 3).priority(254),
        write: |row, out| {
            let role = if row.entry.gone.is_some() { Role::Stale } else { Role::Text };
            out.name(role, &row.entry.resource.name);
        },
        key: |row| Key::Text(row.entry.resource.name.to_lowercase()),
    }
}

/// A column that says an attribute as AWS writes it, quietly.
macro_rules! attribute_column {
    ($head:expr, $attribute:literal) => {
        $crate::panes::list::Column {
            head: $head,
            write: |row, out| {
                out.text($crate::theme::Role::Dim, row.entry.resource.attribute($attribute).unwrap_or("-"));
            },
            key: |row| match row.entry.resource.attribute($attribute) {
                Some(text) => $crate::panes::list::Key::Text(text.to_owned()),
                None => $crate::panes::list::Key::Missing,
            },
        }
    };
}
pub(super) use attribute_column;

/// A list pane.
pub struct List {
    spec: &'static Spec,
    heads: Vec<table::Column<'static>>,
    rows: Vec<ResourceId>,
    chosen: Option<ResourceId>,
    scroll: ScrollState,
    sort: Option<Sort>,
    filter: String,
    layout: Option<TableLayout>,
    in_view: Vec<ResourceId>,
}

impl List {
    pub fn new(spec: &'static Spec) -> Self {
        Self {
            spec,
            heads: spec.columns.iter().map(|column| column.head).collect(),
            rows: Vec::new(),
            chosen: None,
            scroll: ScrollState::default(),
            sort: None,
            filter: String::new(),
            layout: None,
            in_view: Vec::new(),
        }
    }

    fn height(&self) -> usize {
        self.layout.as_ref().map_or(1, |layout| usize::from(layout.body.height))
    }

    fn choose_here(&mut self) {
        self.chosen = self.rows.get(self.scroll.selected).cloned();
    }

    fn ordered(&self, view: &View<'_>) -> Vec<ResourceId> {
        let needle = self.filter.to_lowercase();
        let mut rows: Vec<(Key, Row<'_>)> = view
            .store
            .entries()
            .filter(|entry| self.spec.kinds.contains(&entry.resource.kind))
            .filter(|entry| needle.is_empty() || entry.resource.name.to_lowercase().contains(&needle))
            .map(|entry| {
                let row = Row { entry, view: *view, stale: false };
                let key = self.sort.and_then(|sort| self.spec.columns.get(sort.column));
                (key.map_or(Key::Missing, |column| (column.key)(&row)), row)
            })
            .collect();
        let descending = self.sort.is_some_and(|sort| sort.descending);
        rows.sort_by(|(a, x), (b, y)| {
            let worst_first = || y.entry.health().cmp(&x.entry.health());
            let by_name = || x.entry.resource.name.cmp(&y.entry.resource.name).then_with(|| x.id().cmp(y.id()));
            a.order(b, descending).then_with(worst_first).then_with(by_name)
        });
        rows.into_iter().map(|(_, row)| row.id().clone()).collect()
    }

    fn sort_by(&mut self, column: usize, view: &View<'_>) {
        let Some(chosen) = self.spec.columns.get(column) else {
            self.sort = None;
            return self.refresh(view);
        };
        let numeric = view
            .store
            .entries()
            .filter(|entry| self.spec.kinds.contains(&entry.resource.kind))
            .any(|entry| (chosen.key)(&Row { entry, view: *view, stale: false }).is_number());
        self.sort = Some(Sort { column, descending: numeric });
        self.refresh(view);
    }

    /// The next column that is on screen; past the last one, none.
    fn next_shown(&self, column: usize) -> usize {
        let shown = |column: &usize| {
            self.layout.as_ref().is_none_or(|layout| layout.columns.iter().any(|placed| placed.column == *column))
        };
        (column + 1..self.spec.columns.len()).find(shown).unwrap_or(self.spec.columns.len())
    }

    fn reverse(&mut self, view: &View<'_>) {
        self.sort = Some(match self.sort {
            Some(sort) => Sort { descending: !sort.descending, ..sort },
            None => Sort { column: 0, descending: false },
        });
        self.refresh(view);
    }
}

impl Pane for List {
    fn title(&self) -> &'static str {
        self.spec.title
    }

    fn kinds(&self) -> &'static [Kind] {
        self.spec.kinds
    }

    fn refresh(&mut self, view: &View<'_>) {
        self.rows = self.ordered(view);
        let found = self.chosen.as_ref().and_then(|id| self.rows.iter().position(|row| row == id));
        match found {
            Some(position) => self.scroll.selected = position,
            None => {
                self.scroll.selected = self.scroll.selected.min(self.rows.len().saturating_sub(1));
                // Nothing was chosen by hand yet: stay at the top, where the worst are.
                if self.chosen.is_some() {
                    self.choose_here();
                }
            }
        }
    }

    fn act(&mut self, command: Command, view: &View<'_>) -> bool {
        let (rows, height) = (self.rows.len(), self.height());
        match command {
            Command::Up => self.scroll.move_by(-1, rows, height),
            Command::Down => self.scroll.move_by(1, rows, height),
            Command::PageUp => self.scroll.page_up(rows, height),
            Command::PageDown => self.scroll.page_down(rows, height),
            Command::Top => self.scroll.home(),
            Command::Bottom => self.scroll.end(rows, height),
            Command::Sort => {
                self.sort_by(self.next_shown(self.sort.map_or(0, |sort| sort.column)), view);
                return true;
            }
            Command::ReverseSort => {
                self.reverse(view);
                return true;
            }
            _ => return false,
        }
        self.choose_here();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let empty =
            if self.filter.is_empty() { self.spec.empty } else { "no name holds this text: esc clears the filter" };
        let table = Table { columns: &self.heads, rows: self.rows.len(), sort: self.sort, empty, theme: view.theme };
        let (rows, columns) = (&self.rows, self.spec.columns);
        let in_view = &mut self.in_view;
        in_view.clear();
        let layout = table.render(area, buf, &mut self.scroll, |index, out| {
            let Some(entry) = rows.get(index).and_then(|id| view.store.get(id)) else { return };
            in_view.push(entry.resource.id.clone());
            let row = Row { entry, view: *view, stale: view.store.is_in_doubt(entry) };
            for column in columns {
                (column.write)(&row, out);
            }
        });
        self.layout = Some(layout);
    }

    fn selected(&self) -> Option<&ResourceId> {
        self.rows.get(self.scroll.selected)
    }

    fn select(&mut self, id: &ResourceId) -> bool {
        let Some(position) = self.rows.iter().position(|row| row == id) else { return false };
        self.scroll.select(position, self.rows.len(), self.height());
        self.choose_here();
        true
    }

    fn in_view(&self) -> &[ResourceId] {
        &self.in_view
    }

    fn click(&mut self, at: Position, view: &View<'_>) -> bool {
        let Some(layout) = &self.layout else { return false };
        if let Some(column) = layout.column_at(at.x, at.y) {
            let is_sorted = self.sort.is_some_and(|sort| sort.column == column);
            if is_sorted {
                self.reverse(view)
            } else {
                self.sort_by(column, view)
            }
            return false;
        }
        let Some(row) = layout.row_at(at.x, at.y) else { return false };
        let again = self.chosen.is_some() && row == self.scroll.selected;
        self.scroll.select(row, self.rows.len(), self.height());
        self.choose_here();
        again
    }

    fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.rows.len(), self.height());
        self.choose_here();
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, filter: &str, view: &View<'_>) {
        filter.clone_into(&mut self.filter);
        self.refresh(view);
    }
}
