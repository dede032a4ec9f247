//! edatop: `htop` for event-driven architectures.

#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod routing;
pub mod theme;
pub mod widgets;
