//! The map: one flow as boxes and lines, live.
//!
//! ```text
//!  event-fork  ✖ 1 of 5 flows                                                             [ ] flow · f near · d dead letters
//!                          ╭─ signup, login · 13/s ──▸│ ▤ stats     ├──▸─ 13/s ──▸│ ƒ stats-fn ≡ ├╌╌▸│ ▦ visits  │
//!  │ ◇ fork     ├──────────┤                          ╰─┬───────────╯
//!  │ 42/s       │          │                            ╰┈▸│ ✖ ▤ stats-dlq  3 dead │
//!  ◇ fork: what matches none of its 3 filters goes nowhere
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`scene`] | which boxes and lines there are; `fold` lets what is alike share one |
//! | [`sketch`] | their places, and what they say now; `words` has the words |
//! | `tree` | the same where there are no columns for boxes |
//! | `notes` | the lines around the picture |
//! | `window` | which part of it is on screen |
//!
//! The cursor walks along links and the view follows it. Laid out anew only when the shape or the width changes; the choice is an id.

mod fold;
mod notes;
pub mod scene;
pub mod sketch;
mod title;
mod tree;
mod window;
mod words;

use std::collections::BTreeSet;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Lit, Pane, View};
use crate::{
    commands::{Command, Place},
    domain::{Kind, ResourceId},
    store::flows::Flow,
    widgets::graph::{Direction, Spot, step},
};

use scene::{Scene, Wishes};
use sketch::{Emphasis, Sketch};

/// A pane narrower than this shows a tree.
const PICTURE_FROM: u16 = 99;
/// Links around the chosen one that make its neighbourhood.
const NEAR: usize = 2;

#[derive(Default)]
pub struct Map {
    /// Where the flow that is shown begins: its name across changes.
    flow: Option<ResourceId>,
    /// What to go to as soon as the store is at hand.
    wanted: Option<ResourceId>,
    chosen: Option<ResourceId>,
    came_from: Option<ResourceId>,
    wishes: Wishes,
    filter: String,
    lit: Option<Lit>,
    sketch: Sketch,
    branches: Vec<tree::Branch>,
    /// What the sketch was made of: shape, flow, wishes and columns.
    made_of: Option<(u64, ResourceId, Wishes, u16)>,
    area: Rect,
    body: Rect,
    from: Spot,
    /// The view is to show the chosen one; not after the wheel moved it.
    follow: bool,
    notes: notes::Notes,
    in_view: Vec<ResourceId>,
}

impl Map {
    /// The flow that is shown: the one that was, else that of the choice, else the worst.
    fn find_flow<'a>(&self, view: &View<'a>) -> Option<&'a Flow> {
        let flows = view.store.flows();
        let kept = self.flow.as_ref().and_then(|entry| flows.iter().find(|flow| flow.entry == *entry));
        kept.or_else(|| view.store.flow_of(self.chosen.as_ref()?)).or_else(|| flows.first())
    }

    fn is_tree(&self) -> bool {
        self.area.width < PICTURE_FROM
    }

    /// Makes the sketch if what it is made of has changed.
    fn make(&mut self, view: &View<'_>) {
        let Some(flow) = self.find_flow(view) else {
            (self.sketch, self.branches, self.made_of, self.chosen) = Default::default();
            return;
        };
        self.flow = Some(flow.entry.clone());
        let made_of = (view.store.shape_revision(), flow.entry.clone(), self.wishes.clone(), self.area.width);
        if self.made_of.as_ref() == Some(&made_of) {
            return;
        }
        let scene = Scene::of(flow, view.store, &self.wishes);
        let same_width = self.made_of.as_ref().is_some_and(|old| old.3 == self.area.width);
        self.made_of = Some(made_of);
        if same_width && scene == self.sketch.scene {
            // Labels may have changed, which are said anew; room for them stays as it is until boxes do.
            return;
        }
        self.branches = tree::branches(&scene);
        self.sketch = if self.is_tree() {
            Sketch::unlaid(scene)
        } else {
            Sketch::new(scene, Some(self.area.width.saturating_sub(2)), view)
        };
        self.follow = true;
    }

    /// Keeps the cursor on something that is there.
    fn settle_choice(&mut self) {
        let scene = &self.sketch.scene;
        if self.chosen.as_ref().is_none_or(|id| scene.find(id).is_none()) {
            self.chosen = self.flow.clone().filter(|id| scene.find(id).is_some());
            self.chosen = self.chosen.take().or_else(|| scene.things.first().map(|thing| thing.id.clone()));
            self.follow = true;
        }
    }

    fn at(&self) -> Option<usize> {
        self.sketch.scene.find(self.chosen.as_ref()?)
    }

    fn say(&mut self, view: &View<'_>) {
        let matching = self.matching();
        let emphasis = Emphasis { chosen: self.at(), lit: self.lit.as_ref().or(matching.as_ref()) };
        if !self.is_tree() {
            self.sketch.say(view, emphasis);
        }
        self.notes = match self.find_flow(view) {
            Some(flow) => notes::Notes::of(flow, &self.sketch.scene, self.at(), view),
            None => notes::Notes::default(),
        };
    }

    /// What the filter lets stand out.
    fn matching(&self) -> Option<Lit> {
        if self.filter.is_empty() {
            return None;
        }
        let needle = self.filter.to_lowercase();
        let members = self.sketch.scene.things.iter().flat_map(|thing| &thing.members);
        let nodes: BTreeSet<ResourceId> =
            members.filter(|id| id.short_name().to_lowercase().contains(&needle)).cloned().collect();
        Some(Lit { nodes, ..Lit::default() })
    }

    fn choose(&mut self, at: usize) {
        if let Some(thing) = self.sketch.scene.things.get(at) {
            self.came_from = self.chosen.replace(thing.id.clone());
            self.follow = true;
        }
    }

    fn walk(&mut self, direction: Direction) {
        let Some(at) = self.at() else { return };
        let next = if self.is_tree() {
            self.branch_beside(at, direction)
        } else {
            let back = self.came_from.as_ref().and_then(|id| self.sketch.scene.find(id));
            step(&self.sketch.picture, at, direction, back)
        };
        if let Some(next) = next {
            self.choose(next);
        }
    }

    /// In the tree: up and down by lines, right to the first branch, left to what leads here.
    fn branch_beside(&self, at: usize, direction: Direction) -> Option<usize> {
        let own = self.branches.iter().position(|branch| branch.thing == at && branch.seen == tree::Seen::First)?;
        let firsts = || self.branches.iter().enumerate().filter(|(_, branch)| branch.seen == tree::Seen::First);
        let found = match direction {
            Direction::Up => firsts().rfind(|(line, _)| *line < own),
            Direction::Down => firsts().find(|(line, _)| *line > own),
            Direction::Right => firsts().find(|(_, branch)| branch.parent == Some(own)),
            Direction::Left => {
                let parent = self.branches.get(own)?.parent?;
                Some((parent, self.branches.get(parent)?))
            }
        };
        found.map(|(_, branch)| branch.thing)
    }

    fn other_flow(&mut self, steps: isize, view: &View<'_>) {
        let flows = view.store.flows();
        let Some(here) = self.find_flow(view).and_then(|flow| flows.iter().position(|other| other.entry == flow.entry))
        else {
            return;
        };
        let count = flows.len() as isize;
        let next = flows.get((here as isize + steps).rem_euclid(count) as usize);
        self.flow = next.map(|flow| flow.entry.clone());
        (self.chosen, self.came_from, self.lit, self.wishes) =
            (None, None, None, Wishes { with_logs: self.wishes.with_logs, ..Wishes::default() });
        self.from = Spot::default();
    }

    /// Unfolds what shares a box. False where there is nothing to unfold.
    fn unfold(&mut self) -> bool {
        let thing = self.at().and_then(|at| self.sketch.scene.things.get(at));
        let Some(first) = thing.filter(|thing| thing.members.len() > 1).map(|thing| thing.id.clone()) else {
            return false;
        };
        self.wishes.unfolded.insert(first)
    }

    /// Takes back the last thing that was asked to be shown otherwise. False if there was none.
    fn back(&mut self) -> bool {
        if self.lit.take().is_some() || self.wishes.around.take().is_some() {
            return true;
        }
        let folded = !self.wishes.unfolded.is_empty();
        self.wishes.unfolded.clear();
        folded && self.filter.is_empty()
    }
}

impl Pane for Map {
    fn title(&self) -> &'static str {
        "map"
    }

    /// What is on it is read fast, whatever that is: see [`Pane::in_view`].
    fn kinds(&self) -> &'static [Kind] {
        &[]
    }

    fn place(&self) -> Place {
        Place::Map
    }

    fn refresh(&mut self, view: &View<'_>) {
        if let Some(id) = self.wanted.take()
            && let Some(flow) = view.store.flow_of(&id)
        {
            if self.flow.as_ref() != Some(&flow.entry) {
                self.wishes = Wishes { with_logs: self.wishes.with_logs, ..Wishes::default() };
            }
            self.flow = Some(flow.entry.clone());
            self.chosen = Some(id);
            self.follow = true;
        }
        self.make(view);
        self.settle_choice();
        self.say(view);
    }

    fn act(&mut self, command: Command, view: &View<'_>) -> bool {
        let page = i32::from(self.body.height.saturating_sub(2).max(1));
        match command {
            Command::Along => self.walk(Direction::Right),
            Command::Against => self.walk(Direction::Left),
            Command::Up => self.walk(Direction::Up),
            Command::Down => self.walk(Direction::Down),
            Command::PageUp => self.scroll(0, -page),
            Command::PageDown => self.scroll(0, page),
            Command::Top => self.choose(self.flow.as_ref().and_then(|id| self.sketch.scene.find(id)).unwrap_or(0)),
            Command::Bottom => self.choose(self.sketch.scene.things.len().saturating_sub(1)),
            Command::NextFlow => self.other_flow(1, view),
            Command::PreviousFlow => self.other_flow(-1, view),
            Command::Near => {
                let around = self.chosen.clone().map(|id| (id, NEAR));
                self.wishes.around = if self.wishes.around.is_some() { None } else { around };
            }
            Command::LogGroups => self.wishes.with_logs = !self.wishes.with_logs,
            Command::Open => {
                if !self.unfold() {
                    return false;
                }
            }
            Command::Back => {
                if !self.back() {
                    return false;
                }
            }
            _ => return false,
        }
        self.refresh(view);
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let resized = self.area.width != area.width;
        self.area = area;
        // What is lit may have changed since.
        if resized || self.made_of.is_none() {
            self.refresh(view);
        }
        self.in_view.clear();
        if self.sketch.scene.things.is_empty() {
            self.body = Rect::default();
            notes::draw_empty(area, buf, view);
            return;
        }
        let notes = self.notes.height().min(area.height.saturating_sub(6));
        self.body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + notes), ..area };
        self.notes.draw_title(Rect { height: 1.min(area.height), ..area }, buf, view);
        self.notes.draw(Rect { y: self.body.bottom(), height: notes, ..area }, buf, view);
        self.settle_view();
        if self.is_tree() { self.draw_tree(buf, view) } else { self.draw_picture(buf, view) }
    }

    fn selected(&self) -> Option<&ResourceId> {
        self.chosen.as_ref()
    }

    fn select(&mut self, id: &ResourceId) -> bool {
        match self.sketch.scene.find(id) {
            Some(at) => {
                self.choose(at);
                // Of several that share a box, or of a log group whose sign is on one, this one was meant.
                self.chosen = Some(id.clone());
                true
            }
            None => {
                self.wanted = Some(id.clone());
                false
            }
        }
    }

    fn follows(&self) -> bool {
        true
    }

    fn in_view(&self) -> &[ResourceId] {
        &self.in_view
    }

    fn click(&mut self, at: Position, view: &View<'_>) -> bool {
        if !self.body.contains(at) {
            return false;
        }
        let spot =
            Spot { x: self.from.x + i32::from(at.x - self.body.x), y: self.from.y + i32::from(at.y - self.body.y) };
        let hit = if self.is_tree() {
            usize::try_from(spot.y).ok().and_then(|line| self.branches.get(line)).map(|branch| branch.thing)
        } else {
            self.sketch.picture.at(spot)
        };
        let Some(hit) = hit else { return false };
        let again = self.at() == Some(hit);
        self.choose(hit);
        self.follow = false;
        self.say(view);
        again
    }

    fn wheel(&mut self, lines: isize) {
        self.scroll(0, i32::try_from(lines).unwrap_or(0));
    }

    fn wheel_sideways(&mut self, columns: isize) {
        self.scroll(i32::try_from(columns).unwrap_or(0), 0);
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, filter: &str, view: &View<'_>) {
        filter.clone_into(&mut self.filter);
        let first = self.matching().and_then(|lit| lit.nodes.into_iter().next());
        if let Some(at) = first.and_then(|id| self.sketch.scene.find(&id)) {
            self.choose(at);
        }
        self.say(view);
    }

    fn light(&mut self, lit: Option<Lit>) {
        self.lit = lit;
        self.made_of = None;
    }

    fn moves(&self) -> bool {
        !self.is_tree() && self.sketch.moves()
    }
}
