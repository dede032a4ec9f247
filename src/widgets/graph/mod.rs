//! What leads to what, as boxes and lines that fit a terminal.
//!
//! ```text
//!  ╭────────────╮                                     ╭─────────────╮
//!  │ ◇ fork     ├──┬── signup, login · 13/s ─▸──▸──▸──▸│ ▤ stats     │
//!  │ 42/s       │  │                                  │ ≈0   4 s    │
//!  ╰────────────╯  ▾                                  ╰─┬───────────╯
//!                  │                                    ┊ ╭───────────╮
//!                  │                                    ╰▸│ ✖ ▤ dead  │
//!                  ╰── signup · 14/s ──▸ …                ╰───────────╯
//! ```
//!
//! | file | what |
//! |---|---|
//! | `layout` | what goes in and comes out; its steps are `layers`, `order`, `place` and `route` |
//! | `picture` | a layout with its lines broken into cells, found by row |
//! | `draw` | the part of a picture that a window shows |
//! | `walk` | which box lies in which direction |
//!
//! A [`Picture`] is made when the shape changes; what boxes and lines say may change with each frame, and costs no layout. Must not:
//! know AWS, or lay anything out while drawing. Another kind of line is a row in [`Line`] and two glyphs.

mod draw;
mod layers;
pub mod layout;
mod order;
mod picture;
mod place;
mod route;
mod walk;

pub use draw::{EdgeFace, Line, NodeFace, Window, width};
pub use layout::{Edge, Frame, Graph, Layout, Node, Spot, layout};
pub use picture::Picture;
pub use walk::{Direction, step};

#[cfg(test)]
mod tests;
