//! Where the columns and rows of a table are: pure arithmetic, kept by the pane to answer clicks.
//!
//! When the area is narrow the column with the lowest priority goes first (of equals, the rightmost), until the rest has
//! its least width. What is left over is shared among the flexible columns by weight.

use std::ops::Range;

use ratatui::layout::{Position, Rect};

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Always this many columns.
    Fixed(u16),
    /// At least `min`, and a share of what is left over.
    Flex {
        /// Least width.
        min: u16,
        /// Share, relative to the other flexible columns.
        weight: u16,
    },
}

/// Which edge the text of a column keeps to. Numbers keep right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Names and words.
    Left,
    /// Numbers.
    Right,
}

/// One column as declared. All constructors are `const`, so that a pane's columns can be a table at the top of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// What the header says.
    pub title: &'a str,
    /// How wide it is.
    pub width: Width,
    /// Which edge its text keeps to.
    pub align: Align,
    /// Lowest goes first when it gets narrow. The last column standing is never dropped.
    pub priority: u8,
    /// Empty columns between this one and the next.
    pub gap: u16,
}

impl<'a> Column<'a> {
    /// A column of a fixed width: left-aligned, priority 100, two columns from the next.
    pub const fn fixed(title: &'a str, width: u16) -> Self {
        Self { title, width: Width::Fixed(width), align: Align::Left, priority: 100, gap: 2 }
    }

    /// A column that grows: left-aligned, priority 100, two columns from the next.
    pub const fn flex(title: &'a str, min: u16, weight: u16) -> Self {
        Self { title, width: Width::Flex { min, weight }, align: Align::Left, priority: 100, gap: 2 }
    }

    /// Right-aligned, for numbers.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    /// With another priority than 100.
    #[must_use]
    pub const fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// With another distance to the next column than two.
    #[must_use]
    pub const fn gap(self, gap: u16) -> Self {
        Self { gap, ..self }
    }

    const fn least(&self) -> u16 {
        match self.width {
            Width::Fixed(width) => width,
            Width::Flex { min, .. } => min,
        }
    }

    const fn weight(&self) -> u16 {
        match self.width {
            Width::Fixed(_) => 0,
            Width::Flex { weight, .. } => weight,
        }
    }
}

/// A column that made it onto the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Index into the declared columns.
    pub column: usize,
    /// Its left edge.
    pub x: u16,
    /// Its width.
    pub width: u16,
    /// Which edge its text keeps to.
    pub align: Align,
}

/// Where a table was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableLayout {
    /// All of it.
    pub area: Rect,
    /// The rows, without header and scrollbar.
    pub body: Rect,
    /// The columns shown, left to right.
    pub columns: Vec<Placed>,
    /// The first row shown.
    pub offset: usize,
    /// How many rows there are.
    pub rows: usize,
    /// Whether a scrollbar stands at the right edge.
    pub scrollbar: bool,
}

impl TableLayout {
    /// Places the columns in an area; the first of `(offset, rows)` is at the top.
    pub(super) fn new(declared: &[Column<'_>], area: Rect, (offset, rows): (usize, usize), scrollbar: bool) -> Self {
        let bar = if scrollbar { 2 } else { 0 };
        let body = Rect {
            y: area.y.saturating_add(1).min(area.bottom()),
            height: area.height.saturating_sub(1),
            width: area.width.saturating_sub(bar),
            ..area
        };
        Self { area, body, columns: place(declared, body), offset, rows, scrollbar }
    }

    /// The lines of the screen that hold a row, with the row's index.
    pub fn visible_rows(&self) -> impl Iterator<Item = (u16, usize)> + use<> {
        (self.body.top()..self.body.bottom()).zip(self.offset..self.rows)
    }

    /// The row at a place of the screen.
    pub fn row_at(&self, x: u16, y: u16) -> Option<usize> {
        let index = self.offset + usize::from(y.checked_sub(self.body.y)?);
        (self.body.contains(Position { x, y }) && index < self.rows).then_some(index)
    }

    /// The column whose title is at a place of the screen: click to sort. The gap after a title counts as part of it.
    pub fn column_at(&self, x: u16, y: u16) -> Option<usize> {
        if y != self.area.y || !self.area.contains(Position { x, y }) {
            return None;
        }
        self.columns.iter().rev().find(|placed| placed.x <= x).map(|placed| placed.column)
    }

    /// The first row to show when the scrollbar is grabbed at a place of the screen.
    pub fn scrollbar_at(&self, x: u16, y: u16) -> Option<usize> {
        let height = usize::from(self.body.height);
        let line = usize::from(y.checked_sub(self.body.y)?);
        let hit = self.scrollbar && x + 1 == self.area.right() && line < height;
        hit.then(|| (line * self.rows.saturating_sub(height)).div_ceil(height.saturating_sub(1).max(1)))
    }

    /// The lines of the screen the scrollbar's thumb covers.
    pub(super) fn thumb(&self) -> Option<Range<u16>> {
        let height = usize::from(self.body.height);
        if height == 0 || self.rows <= height {
            return None;
        }
        let length = (height * height / self.rows).max(1);
        let start = (height - length) * self.offset / (self.rows - height);
        let top = self.body.y + start.min(height - length) as u16;
        Some(top..top + length as u16)
    }
}

fn place(declared: &[Column<'_>], body: Rect) -> Vec<Placed> {
    let mut kept: Vec<(usize, &Column<'_>)> = declared.iter().enumerate().collect();
    while kept.len() > 1 && needed(&kept) > u32::from(body.width) {
        let lowest = kept.iter().enumerate().rev().min_by_key(|(_, (_, column))| column.priority).map(|(at, _)| at);
        kept.remove(lowest.unwrap_or(0));
    }
    let mut spare = u32::from(body.width).saturating_sub(needed(&kept)) as u16;
    let mut weights: u32 = kept.iter().map(|(_, column)| u32::from(column.weight())).sum();
    let mut x = body.x;
    let mut placed = Vec::with_capacity(kept.len());
    for (index, column) in kept {
        // Sharing what is still left by the weight still left gives every column of the screen away, exactly.
        let weight = u32::from(column.weight());
        let share = (u32::from(spare) * weight).checked_div(weights).unwrap_or(0) as u16;
        spare -= share;
        weights -= weight;
        let width = (column.least() + share).min(body.right().saturating_sub(x));
        placed.push(Placed { column: index, x, width, align: column.align });
        x = x.saturating_add(width).saturating_add(column.gap).min(body.right());
    }
    placed
}

fn needed(kept: &[(usize, &Column<'_>)]) -> u32 {
    let columns: u32 = kept.iter().map(|(_, column)| u32::from(column.least()) + u32::from(column.gap)).sum();
    columns - kept.last().map_or(0, |(_, column)| u32::from(column.gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: &[Column<'static>] = &[
        Column::fixed("", 1).gap(1).priority(255),
        Column::flex("NAME", 10, 1).priority(255),
        Column::fixed("VISIBLE", 8).right().priority(90),
        Column::fixed("DELAYED", 8).right().priority(10),
        Column::flex("LAST", 6, 1).priority(50),
    ];

    fn shown(width: u16) -> Vec<(usize, u16)> {
        place(COLUMNS, Rect::new(0, 0, width, 5)).iter().map(|placed| (placed.column, placed.width)).collect()
    }

    #[test]
    fn the_least_important_columns_go_first() {
        assert_eq!(shown(60), [(0, 1), (1, 20), (2, 8), (3, 8), (4, 16)]);
        assert_eq!(shown(40), [(0, 1), (1, 10), (2, 8), (3, 8), (4, 6)]);
        assert_eq!(shown(39), [(0, 1), (1, 14), (2, 8), (4, 11)]);
        assert_eq!(shown(29), [(0, 1), (1, 17), (2, 8)]);
        assert_eq!(shown(14), [(0, 1), (1, 12)]);
        assert_eq!(shown(5), [(0, 1)]);
        assert_eq!(shown(0), [(0, 0)]);
        assert_eq!(place(&[], Rect::new(0, 0, 9, 9)), []);
    }

    #[test]
    fn clicks_find_rows_and_columns() {
        let layout = TableLayout::new(COLUMNS, Rect::new(2, 3, 43, 6), (10, 50), true);
        assert_eq!(layout.row_at(2, 4), Some(10));
        assert_eq!(layout.row_at(42, 8), Some(14));
        assert_eq!(layout.row_at(43, 8), None, "the gap before the scrollbar is no row");
        for outside in [(2, 3), (1, 4), (2, 9), (0, 0)] {
            assert_eq!(layout.row_at(outside.0, outside.1), None);
        }
        assert_eq!(layout.column_at(2, 3), Some(0));
        assert_eq!(layout.column_at(4, 3), Some(1));
        assert_eq!(layout.column_at(15, 3), Some(1), "the gap belongs to the column before it");
        assert_eq!(layout.column_at(4, 4), None);
        assert_eq!(
            (layout.scrollbar_at(44, 4), layout.scrollbar_at(44, 8), layout.scrollbar_at(43, 4)),
            (Some(0), Some(45), None)
        );
        let short = TableLayout::new(COLUMNS, Rect::new(0, 0, 40, 6), (0, 2), false);
        assert_eq!(short.row_at(0, 3), None, "below the last row there is nothing to hit");
    }

    proptest! {
        #[test]
        fn columns_never_overlap_nor_leave(width in 0_u16..300, x in 0_u16..50) {
            let body = Rect::new(x, 0, width, 5);
            let placed = place(COLUMNS, body);
            for pair in placed.windows(2) {
                prop_assert!(pair[0].x + pair[0].width <= pair[1].x);
            }
            prop_assert!(placed.iter().all(|column| column.x >= x && column.x + column.width <= body.right()));
            if width > 45 {
                let last = placed.last().unwrap();
                prop_assert_eq!(last.x + last.width, body.right(), "nothing is wasted");
            }
        }

        #[test]
        fn the_thumb_is_always_inside_and_reaches_both_ends(rows in 1_usize..5000, height in 2_u16..80, offset in 0_usize..5000) {
            let last = rows.saturating_sub(usize::from(height - 1));
            let offset = offset.min(last);
            let layout = TableLayout::new(COLUMNS, Rect::new(0, 0, 40, height), (offset, rows), true);
            if let Some(thumb) = layout.thumb() {
                prop_assert!(thumb.start >= 1 && thumb.end <= height && !thumb.is_empty());
                prop_assert!(offset != 0 || thumb.start == 1);
                prop_assert!(offset != last || thumb.end == height);
            } else {
                prop_assert!(rows < usize::from(height));
            }
        }
    }
}
