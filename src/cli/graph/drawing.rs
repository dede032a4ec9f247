//! Flows as text: the map's own picture, as wide as it likes to be.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use crate::{
    domain::Health,
    panes::{
        View,
        map::{
            scene::Scene,
            sketch::{Emphasis, Sketch},
        },
    },
    store::flows::Flow,
    widgets::{
        graph::{Spot, Window},
        text,
    },
};

/// Rows drawn at a time: a picture of anything is printed in little memory.
const STRIP: i32 = 64;
/// The widest line; nobody scrolls further.
const WIDEST: i32 = 4_000;

/// All flows, each under its name.
pub(super) fn text<'a>(scenes: impl Iterator<Item = (&'a Flow, Scene)>, view: &View<'_>) -> String {
    let mut out = String::new();
    for (flow, scene) in scenes {
        if !out.is_empty() {
            out.push('\n');
        }
        let (mark, _) = view.mark(flow.health);
        let mark = if flow.health == Health::Ok { String::new() } else { format!("{mark} ") };
        push(&mut out, &format!("{mark}{}", text::clean(&flow.name)), view);
        let mut sketch = Sketch::new(scene, None, view);
        sketch.say(view, Emphasis::default());
        draw(&mut out, &sketch, view);
        for line in &flow.unknown {
            push(&mut out, &format!("? {}", text::clean(line)), view);
        }
    }
    if out.is_empty() {
        out.push_str("nothing to draw: nothing here sends to anything, as far as edatop can see\n");
    }
    out
}

fn push(out: &mut String, line: &str, view: &View<'_>) {
    let line = line.trim_end();
    if view.ascii {
        out.extend(line.chars().map(|c| if c.is_ascii() { c } else { '?' }));
    } else {
        out.push_str(line);
    }
    out.push('\n');
}

fn draw(out: &mut String, sketch: &Sketch, view: &View<'_>) {
    let layout = &sketch.picture.layout;
    let width = u16::try_from(layout.width.min(WIDEST)).unwrap_or(u16::MAX);
    let mut y = 0;
    while y < layout.height {
        let height = u16::try_from((layout.height - y).min(STRIP)).unwrap_or(0);
        let mut buf = Buffer::empty(Rect { x: 0, y: 0, width, height });
        let window = Window { area: buf.area, from: Spot { x: 0, y }, beat: 0, theme: view.theme };
        sketch.picture.draw(&window, &sketch.nodes, &sketch.edges, &mut buf);
        text::scrub(&mut buf);
        if view.ascii {
            text::to_ascii(&mut buf);
        }
        for row in buf.content.chunks(usize::from(width.max(1))) {
            let mut line = String::new();
            let mut x = 0;
            while let Some(cell) = row.get(x) {
                line.push_str(cell.symbol());
                x += cell.symbol().width().max(1);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        y += STRIP;
    }
}
