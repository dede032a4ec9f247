//! What the columns of list panes are made of: how a cell looks, what it says, how it sorts.
//!
//! A new kind of column that several panes want goes here; one that a single pane wants, into that pane's file.

use std::cmp::Ordering;

use super::View;
use crate::{
    domain::{Metric, ResourceId, units},
    store::{Entry, Store, series::Series},
    theme::Role,
    widgets::{
        sparkline::Scale,
        table::{self, RowWriter},
    },
};

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

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    pub(super) fn order(&self, other: &Self, descending: bool) -> Ordering {
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
        $crate::panes::column::Column {
            head: $head,
            write: |row, out| {
                out.text($crate::theme::Role::Dim, row.entry.resource.attribute($attribute).unwrap_or("-"));
            },
            key: |row| match row.entry.resource.attribute($attribute) {
                Some(text) => $crate::panes::column::Key::Text(text.to_owned()),
                None => $crate::panes::column::Key::Missing,
            },
        }
    };
}
pub(super) use attribute_column;
