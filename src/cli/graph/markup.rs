//! Flows in the languages that others draw: Mermaid for READMEs and incident pages, Graphviz's dot.
//!
//! Names come from outside: ids are made here, and what is shown is escaped.

use std::fmt::Write;

use crate::{
    domain::Health,
    panes::{
        View,
        map::{
            scene::{Scene, Strand, Thing},
            sketch::Sketch,
        },
    },
    store::flows::Flow,
    widgets::graph::Line,
};

/// Mermaid's `flowchart LR`, a subgraph a flow.
pub(super) fn mermaid<'a>(scenes: impl Iterator<Item = (&'a Flow, Scene)>, view: &View<'_>) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, (flow, scene)) in scenes.enumerate() {
        let _ = writeln!(out, "  subgraph f{number}[\"{}\"]", for_mermaid(&flow.name));
        for (at, thing) in scene.things.iter().enumerate() {
            let _ = writeln!(out, "    f{number}n{at}[\"{}\"]", for_mermaid(&caption(thing, view, "\n")));
        }
        for strand in &scene.strands {
            let label = label(strand, view);
            let label = if label.is_empty() { String::new() } else { format!("|\"{}\"|", for_mermaid(&label)) };
            let arrow = if Sketch::line(strand, view) == Line::Solid { "-->" } else { "-.->" };
            let _ = writeln!(out, "    f{number}n{} {arrow}{label} f{number}n{}", strand.from, strand.to);
        }
        out.push_str("  end\n");
        for (health, class) in [(Health::Crit, "crit"), (Health::Warn, "warn"), (Health::Unknown, "unknown")] {
            let sick = scene.things.iter().enumerate().filter(|(_, thing)| Sketch::health(thing, view) == health);
            let ids: Vec<String> = sick.map(|(at, _)| format!("f{number}n{at}")).collect();
            if !ids.is_empty() {
                let _ = writeln!(out, "  class {} {class}", ids.join(","));
            }
        }
    }
    out.push_str("  classDef crit stroke:#d11,stroke-width:3px\n  classDef warn stroke:#c80,stroke-width:2px\n");
    out.push_str("  classDef unknown stroke-dasharray:4\n");
    out
}

/// Graphviz, a cluster a flow.
pub(super) fn dot<'a>(scenes: impl Iterator<Item = (&'a Flow, Scene)>, view: &View<'_>) -> String {
    let mut out = String::from("digraph edatop {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (number, (flow, scene)) in scenes.enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", for_dot(&flow.name));
        for (at, thing) in scene.things.iter().enumerate() {
            let colour = match Sketch::health(thing, view) {
                Health::Crit => ", color=red, penwidth=2",
                Health::Warn => ", color=orange, penwidth=2",
                Health::Unknown => ", color=gray",
                Health::Ok => "",
            };
            let _ = writeln!(out, "    f{number}n{at} [label=\"{}\"{colour}];", for_dot(&caption(thing, view, "\n")));
        }
        for strand in &scene.strands {
            let style = match Sketch::line(strand, view) {
                Line::Solid => "solid",
                Line::Declared | Line::Dashed => "dashed",
                Line::Dotted => "dotted",
            };
            let label = for_dot(&label(strand, view));
            let (from, to) = (strand.from, strand.to);
            let _ = writeln!(out, "    f{number}n{from} -> f{number}n{to} [label=\"{label}\", style={style}];");
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

/// Sign and name of a box, and below them its number.
fn caption(thing: &Thing, view: &View<'_>, line_end: &str) -> String {
    let (name, number) = Sketch::caption(thing, view);
    if number.is_empty() { name } else { format!("{name}{line_end}{number}") }
}

fn label(strand: &Strand, view: &View<'_>) -> String {
    let said = Sketch::label(strand, view);
    if said.is_empty() && strand.is_for_dead_letters() { "dead letters".to_owned() } else { said }
}

/// Letters, digits and plain signs as they are; the rest as Mermaid writes characters that mean something to it.
fn for_mermaid(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("<br/>"),
            ' ' | '-' | '_' | '.' | ',' | ':' | '/' | '+' => safe.push(c),
            c if c.is_alphanumeric() => safe.push(c),
            c if crate::widgets::text::is_unsafe(c) => safe.push('·'),
            c => {
                let _ = write!(safe, "#{};", u32::from(c));
            }
        }
    }
    safe
}

fn for_dot(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '"' | '\\' => safe.extend(['\\', c]),
            c if crate::widgets::text::is_unsafe(c) => safe.push('·'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_a_label() {
        let name = "a\"];\n evil --> b[\u{1b}[31m\\ #";
        assert_eq!(for_mermaid(name), "a#34;#93;#59;<br/> evil --#62; b#91;·#91;31m#92; #35;");
        assert_eq!(for_dot(name), "a\\\"];\\n evil --> b[·[31m\\\\ #");
    }
}
