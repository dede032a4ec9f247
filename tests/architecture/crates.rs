//! Which outside crates, and which doors to the outside world, a module may use; and that each crate asked for is used.

use std::collections::BTreeSet;

use crate::{
    assert_none,
    scan::{code_of, line_at, words},
    source::{Source, read, rust_files, shipped},
};

/// Modules that see AWS's SDK.
const AWS: &[&str] = &["aws", "pollers", "redrive", "inspect", "demo"];
/// Modules without a terminal.
const NO_TERMINAL: &[&str] = &["domain", "store", "routing", "aws", "pollers", "redrive", "inspect", "config", "demo"];
/// Modules without tasks, channels and timers.
const NO_TASKS: &[&str] = &["domain", "store", "routing", "commands", "theme", "widgets", "panes", "overlays"];
/// Modules that compute: what they need is passed in, the instant too.
const PURE: &[&str] = &["domain", "store", "routing", "commands", "widgets", "panes", "overlays"];
/// What a pure module does not call.
const DOORS: &[&str] = &[
    "std::env",
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::process",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
];

fn violations(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let top = source.top();
        let code = source.shipped.as_str();
        let mut report = |at, what: &str| {
            violations.push(format!("{}:{}: `{top}` may not use {what}", source.path, line_at(code, at)));
        };
        for (at, word) in words(code) {
            let is_aws = ["aws_config", "aws_sdk_", "aws_smithy_", "aws_types", "aws_credential_types"]
                .iter()
                .any(|name| word.starts_with(name));
            let banned = (is_aws && !AWS.contains(&top))
                || (matches!(word, "ratatui" | "crossterm") && NO_TERMINAL.contains(&top))
                || (matches!(word, "tokio" | "tokio_util") && NO_TASKS.contains(&top));
            if banned {
                report(at, word);
            }
        }
        for door in DOORS.iter().filter(|_| PURE.contains(&top)) {
            for (at, _) in code.match_indices(door) {
                report(at, door);
            }
        }
    }
    violations
}

#[test]
fn modules_use_only_the_crates_of_their_layer() {
    assert_none(&violations(shipped()));
}

#[test]
fn a_crate_in_the_wrong_layer_is_found() {
    for (path, text) in [
        ("src/panes/queues.rs", "use aws_sdk_sqs::types::QueueAttributeName;"),
        ("src/app/run.rs", "fn f(error: aws_smithy_types::error::ErrorMetadata) {}"),
        ("src/store/mod.rs", "use ratatui::style::Color;"),
        ("src/pollers/sqs.rs", "use crossterm::event::KeyCode;"),
        ("src/panes/now.rs", "tokio::spawn(async {});"),
        ("src/theme/load.rs", "use tokio_util::sync::CancellationToken;"),
        ("src/store/flow.rs", "let now = jiff::Timestamp::now();"),
        ("src/widgets/text.rs", "let home = std::env::var(\"HOME\");"),
    ] {
        assert_eq!(violations(&[Source::pretend(path, text)]).len(), 1, "{path}: {text}");
    }
}

#[test]
fn a_crate_in_its_layer_is_none() {
    for (path, text) in [
        ("src/pollers/sqs.rs", "use aws_sdk_sqs::Client;\nuse tokio::time::Instant;"),
        ("src/panes/now.rs", "use ratatui::buffer::Buffer;\nlet aws_name = 1;"),
        ("src/store/flow.rs", "#[cfg(test)]\nmod tests {\n    use tokio::time;\n}"),
    ] {
        assert_none(&violations(&[Source::pretend(path, text)]));
    }
}

/// The crates of these tables of a manifest whose names stand nowhere in the code.
fn unused(manifest: &str, tables: &[&str], code: &[&str]) -> Vec<String> {
    let Ok(manifest) = toml::from_str::<toml::Table>(manifest) else { return vec!["Cargo.toml is no TOML".to_owned()] };
    let named: BTreeSet<&str> = code.iter().flat_map(|code| words(code)).map(|(_, word)| word).collect();
    let crates = tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flat_map(toml::Table::keys);
    crates
        .filter(|name| !named.contains(name.replace('-', "_").as_str()))
        .map(|name| format!("Cargo.toml: `{name}` is used nowhere"))
        .collect()
}

#[test]
fn every_crate_asked_for_is_used() {
    let manifest = read("Cargo.toml");
    let shipped: Vec<&str> = shipped().iter().map(|source| source.shipped.as_str()).collect();
    assert_none(&unused(&manifest, &["dependencies"], &shipped));
    let all: Vec<String> =
        rust_files("src").iter().chain(&rust_files("tests")).map(|path| code_of(&read(path))).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_none(&unused(&manifest, &["dev-dependencies"], &all));
}

#[test]
fn a_crate_that_nothing_uses_is_found() {
    let manifest = "[dependencies]\nfast-rand = \"1\"\n[dev-dependencies]\nmocks = \"2\"\n";
    let code = ["use fast_rand::Rng;"];
    assert_none(&unused(manifest, &["dependencies"], &code));
    let found = unused(manifest, &["dependencies", "dev-dependencies"], &code);
    assert_eq!(found, ["Cargo.toml: `mocks` is used nowhere"]);
    assert_eq!(unused(manifest, &["dependencies"], &["let rand = 1;"]).len(), 1);
}
