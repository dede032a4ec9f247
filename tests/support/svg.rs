//! A buffer as a small, clean SVG: what the README shows, and how tests look at colour.
//!
//! One `<text>` a run of one style, one `<rect>` a run of one background. Block elements are drawn as shapes, so that sparklines are
//! whole in any font; every run is stretched to its columns, so that a missing font cannot break the picture.

use std::fmt::Write;

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

const CELL: f64 = 8.4;
const LINE: f64 = 18.0;
/// From a line's top to its letters' feet.
const FOOT: f64 = 13.4;
const MARGIN: f64 = 14.0;

/// Around the picture: paper and ink where the theme leaves them to the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    pub background: &'static str,
    pub ink: &'static str,
}

pub const DARK: Paper = Paper { background: "#121216", ink: "#d3d7e0" };
pub const LIGHT: Paper = Paper { background: "#fdfdfb", ink: "#24262b" };

/// What a letter looks like, once reversing is carried out.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    ink: String,
    modifiers: Modifier,
}

struct Stripe {
    x: u16,
    y: u16,
    columns: u16,
    fill: String,
}

struct Run {
    x: u16,
    y: u16,
    columns: u16,
    text: String,
    look: Look,
}

/// Draws a buffer.
pub fn svg(buf: &Buffer, paper: Paper) -> String {
    let (width, height) =
        (f64::from(buf.area.width) * CELL + 2.0 * MARGIN, f64::from(buf.area.height) * LINE + 2.0 * MARGIN);
    let mut classes: Vec<(String, String)> = Vec::new();
    let mut papers = String::new();
    let mut inks = String::new();
    for stripe in stripes(buf, paper) {
        let (x, y) = place(stripe.x, stripe.y);
        let (left, top, wide, fill) = (n(x), n(y), n(f64::from(stripe.columns) * CELL), stripe.fill);
        let _ = writeln!(papers, r#"<rect x="{left}" y="{top}" width="{wide}" height="{LINE}" fill="{fill}"/>"#);
    }
    for run in runs(buf, paper) {
        let (x, y) = place(run.x, run.y);
        let wide = f64::from(run.columns) * CELL;
        let class = class_of(&mut classes, &run.look);
        let _ = match blocks(&run.text, x, y) {
            Some(path) => writeln!(inks, r#"<path class="{class}" d="{path}"/>"#),
            None => {
                let (left, foot, wide, text) = (n(x), n(y + FOOT), n(wide), escape(&run.text));
                writeln!(inks, r#"<text class="{class}" x="{left}" y="{foot}" textLength="{wide}">{text}</text>"#)
            }
        };
    }
    let style: String = classes.iter().map(|(name, css)| format!(".{name}{{{css}}}")).collect();
    let (width, height) = (n(width), n(height));
    let background = paper.background;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<style>text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre}}{style}</style>
<rect width="100%" height="100%" rx="9" fill="{background}"/>
{papers}{inks}</svg>
"#
    )
}

fn place(x: u16, y: u16) -> (f64, f64) {
    (MARGIN + f64::from(x) * CELL, MARGIN + f64::from(y) * LINE)
}

/// Cells of one background next to each other.
fn stripes(buf: &Buffer, paper: Paper) -> Vec<Stripe> {
    let mut stripes: Vec<Stripe> = Vec::new();
    for (x, y) in buf.area.positions().map(Into::into) {
        let Some(fill) = look_of(&buf[(x, y)], paper).1 else { continue };
        match stripes.last_mut() {
            Some(last) if (last.y, last.x + last.columns) == (y, x) && last.fill == fill => last.columns += 1,
            _ => stripes.push(Stripe { x, y, columns: 1, fill }),
        }
    }
    stripes
}

/// Cells of one style next to each other; a gap of two spaces begins a new run, so that columns stay columns.
fn runs(buf: &Buffer, paper: Paper) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for y in buf.area.top()..buf.area.bottom() {
        let first = runs.len();
        let mut x = buf.area.left();
        while x < buf.area.right() {
            let cell = &buf[(x, y)];
            let (symbol, (look, _)) = (cell.symbol(), look_of(cell, paper));
            let columns = symbol.width().max(1) as u16;
            match runs[first..].last_mut() {
                Some(run) if run.look == look && joins(run, symbol) => {
                    run.text.push_str(symbol);
                    run.columns += columns;
                }
                _ => runs.push(Run { x, y, columns, text: symbol.to_owned(), look }),
            }
            x += columns;
        }
    }
    runs.retain(|run| !run.text.trim().is_empty());
    runs.into_iter().map(trimmed).collect()
}

fn joins(run: &Run, symbol: &str) -> bool {
    if symbol == " " {
        return true;
    }
    let is_shape = |symbol: &str| block(symbol).is_some();
    let ran_shapes = run.text.chars().next_back().is_some_and(|last| is_shape(&last.to_string()));
    !run.text.trim().is_empty() && !run.text.ends_with("  ") && is_shape(symbol) == ran_shapes
}

/// Without the blanks after it.
fn trimmed(mut run: Run) -> Run {
    let kept = run.text.trim_end().len();
    run.columns -= (run.text.len() - kept) as u16;
    run.text.truncate(kept);
    run
}

/// How its letter looks, and what is behind it.
fn look_of(cell: &Cell, paper: Paper) -> (Look, Option<String>) {
    let ink = hex(cell.fg).unwrap_or_else(|| paper.ink.to_owned());
    let back = hex(cell.bg);
    let modifiers = cell.modifier;
    if modifiers.contains(Modifier::REVERSED) {
        let under = back.unwrap_or_else(|| paper.background.to_owned());
        return (Look { ink: under, modifiers: modifiers - Modifier::REVERSED }, Some(ink));
    }
    (Look { ink, modifiers }, back)
}

fn hex(color: Color) -> Option<String> {
    match color {
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Reset => None,
        other => panic!("the pictures are made with 24-bit themes, and {other:?} is not of one"),
    }
}

fn class_of(classes: &mut Vec<(String, String)>, look: &Look) -> String {
    let mut css = format!("fill:{}", look.ink);
    for (modifier, declaration) in [
        (Modifier::BOLD, ";font-weight:600"),
        (Modifier::ITALIC, ";font-style:italic"),
        (Modifier::UNDERLINED, ";text-decoration:underline"),
        (Modifier::DIM, ";opacity:.65"),
    ] {
        if look.modifiers.contains(modifier) {
            css.push_str(declaration);
        }
    }
    if let Some((name, _)) = classes.iter().find(|(_, known)| *known == css) {
        return name.clone();
    }
    let name = format!("s{}", classes.len());
    classes.push((name.clone(), css));
    name
}

/// How a block element fills its cell, in eighths of width and height from the lower left.
fn block(symbol: &str) -> Option<(f64, f64)> {
    let code = symbol.chars().next().filter(|_| symbol.chars().count() == 1)? as u32;
    match code {
        0x2581..=0x2588 => Some((8.0, f64::from(code - 0x2580))),
        0x2589..=0x258f => Some((f64::from(0x2590 - code), 8.0)),
        _ => None,
    }
}

/// A path, if the whole run is block elements.
fn blocks(text: &str, x: f64, y: f64) -> Option<String> {
    let mut path = String::new();
    for (index, symbol) in text.chars().enumerate() {
        let (wide, high) = block(&symbol.to_string())?;
        let (width, height) = (wide / 8.0 * CELL, high / 8.0 * (LINE - 5.0));
        let left = n(x + index as f64 * CELL);
        let foot = n(y + LINE - 3.0);
        // A hair apart, as bars are.
        let _ = write!(path, "M{left} {foot}v-{h}h{w}v{h}z", h = n(height), w = n(width - 1.0));
    }
    Some(path)
}

/// At most one decimal, as few characters as it takes.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
