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

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Pane, View,
    column::{Column, Key, Row},
};
use crate::{
    commands::Command,
    domain::{Kind, ResourceId},
    widgets::table::{self, ScrollState, Sort, Table, TableLayout},
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
