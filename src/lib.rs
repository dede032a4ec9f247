//! edatop: `htop` for event-driven architectures.

pub mod app;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod overlays;
pub mod panes;
pub mod pollers;
pub mod routing;
pub mod store;
pub mod terminal;
pub mod theme;
pub mod widgets;
