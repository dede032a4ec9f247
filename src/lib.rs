//! edatop: `htop` for event-driven architectures.

pub mod domain;
pub mod routing;
pub mod theme;
pub mod widgets;
#[cfg(feature = "demo")]
pub mod demo;
