//! A scene with its picture and what boxes and lines say at the moment.
//!
//! Made anew when the scene or the width changes ([`Sketch::new`]); said anew when the store does ([`Sketch::say`]). Used by the map
//! and by `edatop graph` alike.

use super::{
    scene::{Scene, Strand, Thing},
    title, words,
};
use crate::{
    domain::{Health, Kind},
    panes::{Lit, View},
    theme::Role,
    widgets::{
        graph::{self, Edge, EdgeFace, Graph, Line, Node, NodeFace, Picture},
        text,
    },
};

/// Columns at the most: of a name, of a filter; what lines say of rates; whether what is small says all in one line, and whether a
/// long name takes two.
#[derive(Debug, Clone, Copy)]
struct Room {
    name: usize,
    filter: usize,
    rates: Rates,
    flat: bool,
    breaks: bool,
}

/// Where rates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rates {
    Within,
    /// Above the line, alone: a gap is then little wider than the rate.
    Above,
    Nowhere,
}

impl Rates {
    const fn columns(self) -> usize {
        match self {
            Self::Within => 7,
            Self::Above => 6,
            Self::Nowhere => 0,
        }
    }
}

const fn room(name: usize, filter: usize, rates: Rates, flat: bool) -> Room {
    Room { name, filter, rates, flat, breaks: false }
}

/// With names in two lines where one is not enough.
const fn breaking(room: Room) -> Room {
    Room { breaks: true, ..room }
}

/// From roomy to tight. The first that fits is taken: filters give way to rates, then names do, and only then rates.
const ROOMS: [Room; 15] = [
    room(32, 28, Rates::Within, true),
    room(26, 18, Rates::Within, true),
    room(21, 12, Rates::Within, false),
    room(18, 8, Rates::Within, false),
    room(18, 0, Rates::Within, false),
    room(22, 0, Rates::Above, false),
    room(18, 0, Rates::Above, false),
    breaking(room(16, 0, Rates::Above, false)),
    breaking(room(14, 0, Rates::Above, false)),
    breaking(room(12, 0, Rates::Above, false)),
    breaking(room(10, 0, Rates::Above, false)),
    breaking(room(8, 0, Rates::Above, false)),
    breaking(room(16, 0, Rates::Nowhere, false)),
    breaking(room(13, 0, Rates::Nowhere, false)),
    breaking(room(11, 0, Rates::Nowhere, false)),
];
/// What does not fit however tight is scrolled: then it may as well be readable.
const SCROLLED: usize = 3;

#[derive(Debug, Clone, Default)]
pub struct Sketch {
    pub scene: Scene,
    pub picture: Picture,
    pub nodes: Vec<NodeFace>,
    pub edges: Vec<EdgeFace>,
    room: usize,
}

/// What to show otherwise than usual.
#[derive(Debug, Clone, Copy, Default)]
pub struct Emphasis<'a> {
    pub chosen: Option<usize>,
    pub lit: Option<&'a Lit>,
}

impl Sketch {
    /// Lays a scene out, in so many columns if that is possible; at its natural width without.
    pub fn new(scene: Scene, columns: Option<u16>, view: &View<'_>) -> Self {
        let tries = if columns.is_some() { ROOMS.len() } else { 1 };
        let fits = |picture: &Picture| columns.is_none_or(|columns| picture.layout.width <= i32::from(columns));
        let made = |room: usize| (room, Picture::new(measured(&scene, ROOMS[room], view)));
        let found = (0..tries).map(made).find(|(_, picture)| fits(picture));
        let (room, picture) = found.unwrap_or_else(|| made(if columns.is_some() { SCROLLED } else { 0 }));
        Self { scene, picture, room, ..Self::default() }
    }

    /// A scene without a picture, where something else is drawn of it.
    pub fn unlaid(scene: Scene) -> Self {
        Self { scene, ..Self::default() }
    }

    /// A box in words: sign and name, and its number.
    pub fn caption(thing: &Thing, view: &View<'_>) -> (String, String) {
        let plain = |words: words::Words| words.into_iter().map(|(_, part)| part).collect::<String>();
        let name = format!("{} {}", view.glyph(thing.kind), words::name(thing, view));
        (name, plain(words::telling(thing, view)))
    }

    /// A line in words: what it lets pass, and how much flows.
    pub fn label(strand: &Strand, view: &View<'_>) -> String {
        words::label(strand, (usize::MAX, true), view).into_iter().map(|(_, part)| part).collect()
    }

    pub fn line(strand: &Strand, view: &View<'_>) -> Line {
        words::line(strand, view)
    }

    pub fn health(thing: &Thing, view: &View<'_>) -> Health {
        words::health(thing, view)
    }

    /// Whether something flows that can be seen to.
    pub fn moves(&self) -> bool {
        self.edges.iter().any(|face| face.moves.is_some())
    }

    /// Renews what boxes and lines say.
    pub fn say(&mut self, view: &View<'_>, emphasis: Emphasis<'_>) {
        let lit = |thing: &Thing| emphasis.lit.is_none_or(|lit| thing.members.iter().any(|id| lit.nodes.contains(id)));
        let bright: Vec<bool> = self.scene.things.iter().map(lit).collect();
        self.nodes.clear();
        for (at, thing) in self.scene.things.iter().enumerate() {
            let columns = usize::try_from(self.picture.layout.nodes[at].width).unwrap_or(0).saturating_sub(4);
            let rows = usize::try_from(self.picture.layout.nodes[at].height).unwrap_or(0).saturating_sub(2);
            let mut face = said(thing, (columns, rows), ROOMS[self.room].flat, view);
            if !bright[at] {
                (face.border, face.mark) = (None, None);
                face.lines.iter_mut().flatten().for_each(|(role, _)| *role = Role::Dim);
                let note = emphasis.lit.and_then(|lit| thing.members.iter().find_map(|id| lit.notes.get(id)));
                // A box of one line has no room for it.
                let last = face.lines.iter_mut().skip(1).last();
                if let (Some(note), Some(line)) = (note, last) {
                    *line = vec![(Role::Warn, note.clone())];
                }
            }
            face.chosen = emphasis.chosen == Some(at);
            self.nodes.push(face);
        }
        self.edges.clear();
        for strand in &self.scene.strands {
            let mut face = drawn(strand, ROOMS[self.room], view);
            if emphasis.lit.is_some() {
                let on_way = bright[strand.from] && bright[strand.to];
                face.rank = if on_way { 9 } else { 0 };
                face.role = Some(if on_way { Role::Accent } else { Role::Border });
                face.moves = face.moves.filter(|_| on_way);
            }
            self.edges.push(face);
        }
    }
}

/// The scene as the layout needs it: sizes alone.
fn measured(scene: &Scene, room: Room, view: &View<'_>) -> Graph {
    let node = |thing: &Thing| {
        let sign = if thing.logs.is_empty() { 0 } else { 2 };
        let name = text::width(&words::name(thing, view));
        let two_lines = room.breaks && name > room.name;
        let title = 2 + name.min(room.name) + sign;
        let number = number_columns(thing, view).min(room.name + 4);
        let flat = thing.is_end && room.flat;
        let inner = if flat { title + 2 + number } else { title.max(number) };
        let height = if flat { 3 } else { 4 + u16::from(two_lines) };
        Node { width: u16::try_from(inner + 4).unwrap_or(u16::MAX), height }
    };
    let edge = |strand: &Strand| {
        let line = words::line(strand, view);
        let filter = text::width(&words::filter(strand, view)).min(room.filter);
        let rate = if strand.is_for_dead_letters() { 0 } else { room.rates.columns() };
        let gap = if filter > 0 && rate > 0 { text::width(words::GAP) } else { 0 };
        Edge {
            from: strand.from,
            to: strand.to,
            hangs: line == Line::Dotted && scene.things[strand.to].is_end,
            label: u16::try_from(filter + gap + rate).unwrap_or(0),
            above: room.rates == Rates::Above,
            class: line as u8,
        }
    };
    Graph { nodes: scene.things.iter().map(node).collect(), edges: scene.strands.iter().map(edge).collect() }
}

/// Columns that a box's number needs, also when it grows.
fn number_columns(thing: &Thing, view: &View<'_>) -> usize {
    let now = graph::width(&words::telling(thing, view));
    let usual = match thing.kind {
        _ if thing.is_end => 8,
        Kind::Queue => 12,
        Kind::Function => 11,
        Kind::Bucket => 13,
        Kind::Table => 11,
        _ => 6,
    };
    now.max(usual)
}

/// What a box says.
fn said(thing: &Thing, (columns, rows): (usize, usize), flat: bool, view: &View<'_>) -> NodeFace {
    let number = words::telling(thing, view);
    let border = match words::health(thing, view) {
        Health::Crit => Some(Role::Crit),
        Health::Warn => Some(Role::Warn),
        Health::Unknown | Health::Ok => None,
    };
    let lines = if thing.is_end && flat {
        let mut title = title::of(thing, view, columns.saturating_sub(graph::width(&number) + 2));
        let used = graph::width(&title) + graph::width(&number);
        title.push((Role::Text, " ".repeat(columns.saturating_sub(used))));
        title.extend(number);
        vec![title]
    } else if rows > 2 {
        let [first, second] = title::in_two(thing, view, columns);
        vec![first, second, number]
    } else {
        vec![title::of(thing, view, columns), number]
    };
    NodeFace { border, mark: words::mark(thing, view), lines, chosen: false }
}

/// What a line looks like and says.
fn drawn(strand: &Strand, room: Room, view: &View<'_>) -> EdgeFace {
    let dead = strand.is_for_dead_letters();
    let rate = words::rate(strand, view);
    let flows = rate.is_some_and(|rate| rate.per_second > 0.0);
    let holds_dead = || {
        let held = |id| view.store.get(id).is_some_and(|entry| entry.health() == Health::Crit);
        dead && strand.links.iter().any(|key| held(&key.to))
    };
    let fails = dead && (flows || holds_dead());
    EdgeFace {
        line: words::line(strand, view),
        role: Some(if fails { Role::Warn } else { Role::Link }),
        rank: if fails { 3 } else { 1 + u8::from(flows) },
        label: words::label(strand, (room.filter, room.rates != Rates::Nowhere), view),
        moves: flows.then_some(if dead { Role::Warn } else { Role::Text }),
    }
}
