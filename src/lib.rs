//! edatop: `htop` for event-driven architectures.

pub mod aws;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod pollers;
pub mod routing;
pub mod store;
pub mod theme;
pub mod widgets;
