//! The map where there are no columns for it: the same scene as an indented list.
//!
//! ```text
//!  ⌁ every-minute  on  rate(1 minute)
//!  ╰─▸ ƒ signup-producer ≡
//!      ╰╌▸ ◇ fork  42/s
//!          ├─▸ ▤ analytics  ≈0                      signup, login · 13/s
//!          │   ├┈▸ ✖ ▤ analytics-dlq  3 dead
//!          │   ╰─▸ ƒ analytics-fn ≡  13/min
//! ```
//!
//! A box is unfolded where it first stands; where it stands again it is said to be above (`↑`), or to lead back (`↺`).

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    notes::put_words,
    scene::Scene,
    title,
    words::{self, Words},
};
use crate::{
    panes::View,
    theme::Role,
    widgets::{
        graph::{self, Line},
        text,
    },
};

/// Deeper than this there are no columns left for a name.
const DEEPEST: usize = 12;
/// Columns of a filter.
const LABEL: usize = 24;

/// One line of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Branch {
    pub thing: usize,
    /// The line that leads here; none for where a flow begins.
    pub strand: Option<usize>,
    pub depth: usize,
    /// The line of the one that leads here.
    pub parent: Option<usize>,
    /// No more branches follow at this depth.
    pub is_last: bool,
    pub seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    First,
    /// What it leads to is shown above.
    Above,
    /// It leads to itself.
    Loop,
}

/// The lines of a scene, each box once with what it leads to.
pub(super) fn branches(scene: &Scene) -> Vec<Branch> {
    let count = scene.things.len();
    let mut next: Vec<Vec<(usize, usize)>> = vec![Vec::new(); count];
    let mut entered = vec![false; count];
    for (number, strand) in scene.strands.iter().enumerate() {
        next[strand.from].push((number, strand.to));
        entered[strand.to] |= strand.from != strand.to;
    }
    // What failed stands right below what it failed in.
    for targets in &mut next {
        targets.sort_by_key(|(number, _)| (!scene.strands[*number].is_for_dead_letters(), *number));
    }
    let mut lines: Vec<Branch> = Vec::new();
    let mut open = vec![false; count];
    let mut done = vec![false; count];
    for start in (0..count).filter(|at| !entered[*at]).chain(0..count) {
        if done[start] {
            continue;
        }
        let root = Branch { thing: start, strand: None, depth: 0, parent: None, is_last: true, seen: Seen::First };
        let mut stack = vec![Step::Enter(root)];
        while let Some(step) = stack.pop() {
            let mut branch = match step {
                Step::Enter(branch) => branch,
                Step::Leave(thing) => {
                    open[thing] = false;
                    continue;
                }
            };
            branch.seen = match (open[branch.thing], done[branch.thing]) {
                (true, _) => Seen::Loop,
                (_, true) if !next[branch.thing].is_empty() => Seen::Above,
                _ => Seen::First,
            };
            let own = lines.len();
            lines.push(branch);
            if branch.seen != Seen::First || branch.depth == DEEPEST {
                continue;
            }
            (open[branch.thing], done[branch.thing]) = (true, true);
            stack.push(Step::Leave(branch.thing));
            for (at, (strand, to)) in next[branch.thing].iter().enumerate().rev() {
                stack.push(Step::Enter(Branch {
                    thing: *to,
                    strand: Some(*strand),
                    depth: branch.depth + 1,
                    parent: Some(own),
                    is_last: at + 1 == next[branch.thing].len(),
                    seen: Seen::First,
                }));
            }
        }
    }
    lines
}

enum Step {
    Enter(Branch),
    Leave(usize),
}

/// For each depth before a line's own, whether an upright goes on there.
pub(super) fn uprights(lines: &[Branch], at: usize) -> Vec<bool> {
    let mut uprights = Vec::new();
    let mut here = lines.get(at).and_then(|branch| branch.parent);
    while let Some(branch) = here.and_then(|parent| lines.get(parent)) {
        if branch.depth > 0 {
            uprights.push(!branch.is_last);
        }
        here = branch.parent;
    }
    uprights.reverse();
    uprights
}

/// A tree about to be drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub lines: &'a [Branch],
    pub scene: &'a Scene,
}

impl Rows<'_> {
    /// Draws one line.
    pub(super) fn draw(&self, at: usize, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(branch) = self.lines.get(at) else { return };
        let (Some(thing), glyphs) = (self.scene.things.get(branch.thing), view.theme.glyphs) else { return };
        let mut words = Words::new();
        for goes_on in uprights(self.lines, at) {
            words.push((Role::Link, format!("{}   ", if goes_on { glyphs.joints[3] } else { " " })));
        }
        let strand = branch.strand.and_then(|strand| self.scene.strands.get(strand));
        let mut label = Words::new();
        if let Some(strand) = strand {
            let level = match words::line(strand, view) {
                Line::Solid => glyphs.horizontal,
                Line::Declared => glyphs.declared[0],
                Line::Dashed => glyphs.dashed[0],
                Line::Dotted => glyphs.dotted[0],
            };
            let joint = glyphs.joints[if branch.is_last { 9 } else { 11 }];
            words.push((Role::Link, format!("{joint}{level}{} ", glyphs.arrow_right)));
            label = words::label(strand, (LABEL, true), view);
        }
        match branch.seen {
            Seen::First => {
                words.extend(words::mark(thing, view).map(|(role, mark)| (role, format!("{mark} "))));
                words.extend(title::of(thing, view, usize::from(area.width) / 2));
                words.push((Role::Text, "  ".to_owned()));
                words.extend(words::telling(thing, view));
            }
            Seen::Above | Seen::Loop => {
                let (sign, ascii) = if branch.seen == Seen::Loop { ("↺", "@") } else { ("↑", "^") };
                let sign = if view.ascii { ascii } else { sign };
                let name = words::name(thing, view);
                let name = text::fit_name_with(&name, usize::from(area.width) / 2, view.theme.glyphs.ellipsis);
                words.push((Role::Dim, format!("{sign} {} {name}", view.glyph(thing.kind))));
            }
        }
        let wanted = graph::width(&label) as u16;
        let used = put_words(&words, area, buf, view);
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        if rest.width > wanted + 2 {
            put_words(&label, Rect { x: rest.right() - wanted - 1, width: wanted, ..rest }, buf, view);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Kind, LinkKey, LinkKind, ResourceId},
        panes::map::scene::{Strand, Thing},
    };

    fn scene(count: usize, strands: &[(usize, usize)]) -> Scene {
        let id = |at: usize| ResourceId::from(format!("{at}"));
        let thing =
            |at| Thing { id: id(at), kind: Kind::Queue, members: vec![id(at)], logs: Vec::new(), is_end: false };
        let strand = |&(from, to): &(usize, usize)| Strand {
            from,
            to,
            links: vec![LinkKey { from: id(from), to: id(to), kind: LinkKind::Targets }],
        };
        Scene { things: (0..count).map(thing).collect(), strands: strands.iter().map(strand).collect(), hidden: 0 }
    }

    #[test]
    fn a_loop_is_told_and_what_is_above_is_not_repeated() {
        let lines = branches(&scene(4, &[(0, 1), (1, 2), (2, 1), (0, 2), (2, 3)]));
        let seen: Vec<(usize, usize, Seen)> = lines.iter().map(|line| (line.thing, line.depth, line.seen)).collect();
        assert_eq!(
            seen,
            [
                (0, 0, Seen::First),
                (1, 1, Seen::First),
                (2, 2, Seen::First),
                (1, 3, Seen::Loop),
                (3, 3, Seen::First),
                (2, 1, Seen::Above),
            ]
        );
        assert_eq!(uprights(&lines, 4), [true, false]);
    }

    #[test]
    fn circles_without_a_beginning_are_shown() {
        let lines = branches(&scene(3, &[(0, 1), (1, 0), (2, 2)]));
        assert_eq!(lines.iter().filter(|line| line.seen == Seen::First).count(), 3);
    }
}
