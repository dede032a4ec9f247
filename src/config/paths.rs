//! Where our files live: the XDG folders on every platform that has them.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};

fn strategy() -> Option<impl AppStrategy> {
    let args = AppStrategyArgs { top_level_domain: "dev".into(), author: "edatop".into(), app_name: "edatop".into() };
    choose_app_strategy(args).ok()
}

/// `~/.config/edatop/config.toml`; `None` without a home.
pub fn config_file() -> Option<PathBuf> {
    Some(strategy()?.config_dir().join("config.toml"))
}

/// `~/.config/edatop/themes`: the user's own themes come before ours.
pub fn themes_folder() -> Option<PathBuf> {
    Some(strategy()?.config_dir().join("themes"))
}

/// `~/.local/state/edatop`: what is remembered from run to run; `None` without a home.
pub fn state_folder() -> Option<PathBuf> {
    strategy()?.state_dir()
}

/// `~/.local/state/edatop/journals`: one file a redrive.
pub fn journals_folder() -> Option<PathBuf> {
    Some(state_folder()?.join("journals"))
}
