//! What the map costs: laying out and drawing a flow of three hundred, opening it among five thousand resources, panning.
//!
//! `cargo bench --bench map`. After divan's table come the percentiles of a thousand frames of panning.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench stops at what is wrong by panicking"
)]

#[path = "../support/example.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod example;
#[path = "../support/screen.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod screen;

use std::time::{Duration, Instant};

use crossterm::event::MouseEventKind;
use divan::Bencher;
use edatop::{
    domain::{Fact, Kind, Link, LinkKind, Report, Resource, ResourceId},
    theme::Theme,
    widgets::graph::{Edge, Graph, Node, Picture, Spot, Window},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use screen::Screen;

const LARGE: usize = 300;
const FLOWS: usize = 200;
const RESOURCES: usize = 5_000;
const FRAMES: i32 = 1_000;
const AREA: Rect = Rect { x: 0, y: 0, width: 160, height: 45 };

fn main() {
    divan::main();
    panning();
}

/// Numbers that look thrown and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Who leads to whom: a tree of forks, and a third as many other lines, some of them back.
fn links(count: usize, dice: &mut Dice) -> Vec<(usize, usize)> {
    let mut links: Vec<(usize, usize)> = (1..count).map(|to| ((to - 1) / 3, to)).collect();
    links.extend((0..count / 3).map(|_| (dice.below(count), dice.below(count))));
    links
}

fn graph(count: usize) -> Graph {
    let edge = |(from, to)| Edge { from, to, hangs: false, label: 12, above: false, class: 0 };
    Graph {
        nodes: vec![Node { width: 24, height: 4 }; count],
        edges: links(count, &mut Dice(7)).into_iter().map(edge).collect(),
    }
}

/// A flow whose boxes are not alike, so that none of them folds.
fn flow(name: &str, count: usize, dice: &mut Dice) -> Vec<Fact> {
    let id = |at: usize| -> ResourceId {
        let name = format!("{name}-{at:03}");
        match at % 3 {
            0 => example::topic(&name),
            1 => example::queue(&name),
            _ => example::function(&name),
        }
    };
    let kinds = [Kind::Topic, Kind::Queue, Kind::Function];
    let found = |at: usize| Fact::Found(Resource::new(id(at), kinds[at % 3], format!("{name}-{at:03}")));
    let kinds = [LinkKind::Subscribes, LinkKind::Invokes, LinkKind::Publishes];
    let link = |(from, to): (usize, usize)| Fact::Linked(Link::configured(id(from), kinds[from % 3], id(to)));
    (0..count).map(found).chain(links(count, dice).into_iter().map(link)).collect()
}

fn screen_with(facts: Vec<Fact>) -> Screen {
    let mut screen = Screen::empty(AREA.width, AREA.height);
    let report = Report { poller: "sqs", at: screen.now, facts, round: None };
    screen.report(vec![report]);
    screen.draw();
    screen
}

#[divan::bench]
fn layout_and_first_draw_of_300(bencher: Bencher<'_, '_>) {
    let (graph, theme) = (graph(LARGE), Theme::default());
    bencher.with_inputs(|| graph.clone()).bench_local_values(|graph| {
        let picture = Picture::new(graph);
        let mut buf = Buffer::empty(AREA);
        let window = Window { area: AREA, from: Spot::default(), beat: 0, theme: &theme };
        picture.draw(&window, &[], &[], &mut buf);
        buf
    });
}

#[divan::bench]
fn opening_a_flow_of_300(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| screen_with(flow("large", LARGE, &mut Dice(7)))).bench_local_values(|mut screen| {
        screen.press("m");
        screen.draw()
    });
}

#[divan::bench]
fn opening_one_of_200_flows_of_5000_resources(bencher: Bencher<'_, '_>) {
    let facts = || {
        let mut dice = Dice(7);
        (0..FLOWS).flat_map(|number| flow(&format!("flow{number:03}"), RESOURCES / FLOWS, &mut dice)).collect()
    };
    bencher.with_inputs(|| screen_with(facts())).bench_local_values(|mut screen| {
        screen.press("m");
        screen.draw()
    });
}

/// The wheel turned all over a large flow, a frame each.
fn panning() {
    let mut screen = screen_with(flow("large", LARGE, &mut Dice(7)));
    screen.press("m");
    screen.draw();
    let mut buf = Buffer::empty(AREA);
    let mut times: Vec<Duration> = (0..FRAMES)
        .map(|frame| {
            let kind = match frame / 50 % 4 {
                0 => MouseEventKind::ScrollDown,
                1 => MouseEventKind::ScrollRight,
                2 => MouseEventKind::ScrollUp,
                _ => MouseEventKind::ScrollLeft,
            };
            buf.reset();
            let start = Instant::now();
            screen.mouse(kind, Position { x: 80, y: 20 });
            screen.app.prepare(screen.now);
            screen.app.draw(AREA, &mut buf, screen.now);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("panning {LARGE} boxes at 160x45: p50 {:.2?}  p99 {:.2?}  max {:.2?}", at(0.5), at(0.99), at(1.0));
}
