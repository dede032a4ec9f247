//! Reading what is there, on request: log lines, items, objects, records, what a bus or a delivery stream
//! handed on, and the thread between them.
//!
//! Pollers look all the time and at little; this looks when somebody asks, and as far as he asks. Headless: the screen's readers
//! (`app::inspect`) and the commands (`cli`) drive it. Every reading is bounded, says what it costs before it costs anything, and says
//! what it did not read. Must not: change anything, but for the probe; draw; read a clock that it was not given.

pub mod deliveries;
pub mod items;
pub mod objects;
pub mod probe;
pub mod records;
pub mod tail;
pub mod thread;
