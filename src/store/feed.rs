//! The last things that were said, bounded: the oldest fall out.

use std::collections::VecDeque;

use crate::domain::{Heard, ResourceId};

const MOST_LINES: usize = 2_000;

/// Newest last.
#[derive(Debug, Default, Clone)]
pub struct Feed {
    lines: VecDeque<Heard>,
}

impl Feed {
    pub fn push(&mut self, heard: Heard) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(heard);
    }

    /// What one resource said, newest first.
    pub fn of<'a>(&'a self, id: &'a ResourceId) -> impl Iterator<Item = &'a Heard> {
        self.lines.iter().rev().filter(move |heard| heard.id == *id)
    }
}
