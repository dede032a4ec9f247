//! Which rows are shown and which one is chosen. Pure; knows indices only.
//!
//! A pane chooses by id and sets `selected` to where that id is now, so a refresh never moves the cursor under a finger.

/// The first row shown and the chosen row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrollState {
    /// The first row shown.
    pub offset: usize,
    /// The chosen row.
    pub selected: usize,
}

impl ScrollState {
    /// Makes both fit `rows`, and moves the window as little as possible so that the chosen row shows and no line is wasted.
    pub fn settle(&mut self, rows: usize, height: usize) {
        self.selected = self.selected.min(rows.saturating_sub(1));
        if self.selected < self.offset {
            self.offset = self.selected;
        } else if height > 0 && self.selected >= self.offset + height {
            self.offset = self.selected + 1 - height;
        }
        self.offset = self.offset.min(rows.saturating_sub(height));
    }

    /// Chooses a row.
    pub fn select(&mut self, row: usize, rows: usize, height: usize) {
        self.selected = row;
        self.settle(rows, height);
    }

    /// Moves the choice by lines; negative is up. Stops at the ends.
    pub fn move_by(&mut self, lines: isize, rows: usize, height: usize) {
        self.select(self.selected.saturating_add_signed(lines), rows, height);
    }

    /// One screen up, keeping one line in common.
    pub fn page_up(&mut self, rows: usize, height: usize) {
        self.page(rows, height, |row, step| row.saturating_sub(step));
    }

    /// One screen down, keeping one line in common.
    pub fn page_down(&mut self, rows: usize, height: usize) {
        self.page(rows, height, usize::saturating_add);
    }

    fn page(&mut self, rows: usize, height: usize, step: fn(usize, usize) -> usize) {
        let lines = height.saturating_sub(1).max(1);
        self.offset = step(self.offset, lines).min(rows.saturating_sub(height));
        self.select(step(self.selected, lines), rows, height);
    }

    /// The first row.
    pub fn home(&mut self) {
        *self = Self::default();
    }

    /// The last row.
    pub fn end(&mut self, rows: usize, height: usize) {
        self.select(rows.saturating_sub(1), rows, height);
    }

    /// Turns the wheel: moves the window, and the choice only as far as it must to stay in sight.
    pub fn wheel(&mut self, lines: isize, rows: usize, height: usize) {
        let offset = self.offset.saturating_add_signed(lines).min(rows.saturating_sub(height));
        self.scroll_to(offset, rows, height);
    }

    /// Shows `offset` at the top (a dragged scrollbar), and moves the choice only as far as it must.
    pub fn scroll_to(&mut self, offset: usize, rows: usize, height: usize) {
        self.offset = offset.min(rows.saturating_sub(height));
        let last = self.offset.saturating_add(height.saturating_sub(1));
        self.select(self.selected.clamp(self.offset, last), rows, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(offset: usize, selected: usize) -> ScrollState {
        ScrollState { offset, selected }
    }

    #[test]
    fn movements() {
        type Step = fn(&mut ScrollState);
        let table: &[(&str, ScrollState, Step, ScrollState)] = &[
            ("down inside", at(0, 3), |s| s.move_by(1, 100, 10), at(0, 4)),
            ("down past the edge", at(0, 9), |s| s.move_by(1, 100, 10), at(1, 10)),
            ("up past the edge", at(5, 5), |s| s.move_by(-1, 100, 10), at(4, 4)),
            ("up at the top", at(0, 0), |s| s.move_by(-1, 100, 10), at(0, 0)),
            ("down at the end", at(90, 99), |s| s.move_by(1, 100, 10), at(90, 99)),
            ("page down", at(0, 2), |s| s.page_down(100, 10), at(9, 11)),
            ("page down near the end", at(88, 95), |s| s.page_down(100, 10), at(90, 99)),
            ("page up", at(20, 25), |s| s.page_up(100, 10), at(11, 16)),
            ("page up near the top", at(3, 4), |s| s.page_up(100, 10), at(0, 0)),
            ("end", at(0, 0), |s| s.end(100, 10), at(90, 99)),
            ("home", at(90, 99), |s| s.home(), at(0, 0)),
            ("wheel keeps the choice", at(0, 5), |s| s.wheel(3, 100, 10), at(3, 5)),
            ("wheel pulls the choice", at(0, 1), |s| s.wheel(3, 100, 10), at(3, 3)),
            ("wheel up pulls the choice", at(10, 19), |s| s.wheel(-3, 100, 10), at(7, 16)),
            ("wheel stops", at(89, 95), |s| s.wheel(3, 100, 10), at(90, 95)),
            ("rows vanish", at(90, 99), |s| s.settle(20, 10), at(10, 19)),
            ("all rows vanish", at(90, 99), |s| s.settle(0, 10), at(0, 0)),
            ("the window grows", at(90, 99), |s| s.settle(100, 40), at(60, 99)),
            ("no height", at(0, 5), |s| s.settle(100, 0), at(0, 5)),
        ];
        for (name, mut state, step, want) in table.iter().copied() {
            step(&mut state);
            assert_eq!(state, want, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_choice_is_always_in_sight(
            rows in 0_usize..60, height in 1_usize..20, moves in prop::collection::vec((0..6_u8, -70_isize..70), 0..30)
        ) {
            let mut state = ScrollState::default();
            for (kind, by) in moves {
                match kind {
                    0 => state.move_by(by, rows, height),
                    1 => state.wheel(by, rows, height),
                    2 => state.page_up(rows, height),
                    3 => state.page_down(rows, height),
                    4 => state.end(rows, height),
                    _ => state.scroll_to(by.unsigned_abs(), rows, height),
                }
                prop_assert!(state.selected < rows.max(1));
                prop_assert!(state.offset <= state.selected && state.selected < state.offset + height);
                prop_assert!(state.offset + height <= rows.max(height), "a line is wasted");
            }
        }
    }
}
