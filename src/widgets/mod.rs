//! Drawing that knows nothing of AWS: the pieces panes and overlays are put together from.
//!
//! | file | what |
//! |---|---|
//! | `text` | making outside text safe, fitting it, writing it; [`text::scrub`], the last pass over every frame |
//! | `table` | a table that asks only for the rows it shows; scrolling; what a mouse click hit |
//! | `sparkline` | the recent past in one line, newest at the right |
//! | `status_line` | segments left and right; the least important go first when it gets narrow |
//! | `panel` | titled separators, tab strips, rounded overlays |
//! | `text_area` | a few lines that are typed, with a cursor |
//! | `graph` | boxes and lines: a layered picture of what leads to what |
//! | `json_view` | a JSON value as scrollable lines |
//! | `too_small` | the message when the terminal is |
//!
//! Every widget takes a `&Theme`, names roles and never colours, and clips to the buffer. Text is cleaned on its way in by
//! [`text::put`], and [`text::scrub`] guarantees the result whatever a pane did.
//!
//! Must not: read the clock, allocate per cell, or know a service. To add a widget: one file here, one row above.

pub mod graph;
pub mod json_view;
pub mod panel;
pub mod sparkline;
pub mod status_line;
pub mod table;
pub mod text;
pub mod text_area;
pub mod too_small;

#[cfg(test)]
pub(crate) mod testing;
