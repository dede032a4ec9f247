//! Who may import whom. One crate has no walls between its modules: this table is the wall.

use crate::{
    assert_none,
    scan::{group, is_word, leading_word, line_at, words},
    source::{Source, shipped},
};

/// Each top-level module with the ones that it may import. A new module needs a row, placed as low as it can be.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // What we talk about, and pure knowledge of it.
    ("domain", &[]),
    ("store", &["domain"]),
    ("theme", &["domain"]),
    ("commands", &["domain"]),
    ("routing", &["domain"]),
    ("aws", &["domain"]),
    // Facts come in, messages are put right.
    ("pollers", &["domain", "store", "aws", "routing"]),
    ("redrive", &["domain", "store", "aws", "routing"]),
    // What it reads it understands as the redrive desk does.
    ("inspect", &["domain", "store", "aws", "routing", "redrive"]),
    // What a user sees: of the AWS side only what the store knows. Widgets know not even that.
    ("widgets", &["domain", "theme"]),
    ("panes", &["domain", "store", "theme", "commands", "routing", "redrive", "inspect", "widgets"]),
    ("overlays", &["domain", "store", "theme", "commands", "routing", "redrive", "inspect", "widgets", "panes"]),
    // The program.
    ("terminal", &[]),
    (
        "app",
        &[
            "domain", "store", "theme", "commands", "routing", "aws", "pollers", "redrive", "inspect", "widgets",
            "panes", "overlays", "terminal",
        ],
    ),
    ("config", &["domain", "aws", "pollers", "inspect"]),
    // It runs against the same APIs as the user's own architecture, and is known to `cli` alone. Which hosts are AWS's, where it must
    // never deploy, is known in one place: `aws`.
    ("demo", &["domain", "routing", "aws"]),
    (
        "cli",
        &[
            "domain", "store", "theme", "commands", "routing", "aws", "pollers", "redrive", "inspect", "widgets",
            "panes", "overlays", "app", "config", "demo",
        ],
    ),
    ("main", &["cli", "terminal"]),
    ("lib", &[]),
];

fn violations(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let Some((_, may)) = MAY_IMPORT.iter().find(|(name, _)| *name == source.top()) else {
            violations.push(format!("{}: its module has no row in MAY_IMPORT", source.path));
            continue;
        };
        for (at, target) in imports(source) {
            if target != source.top() && !may.contains(&target) {
                let line = line_at(&source.shipped, at);
                violations.push(format!("{}:{line}: `{}` may not import `{target}`", source.path, source.top()));
            }
        }
    }
    violations
}

/// The top-level modules that a source names, through `crate::`, `edatop::` or enough `super::`.
fn imports(source: &Source) -> Vec<(usize, &str)> {
    let code = source.shipped.as_str();
    let mut imports = Vec::new();
    for (at, word) in words(code).filter(|(_, word)| matches!(*word, "crate" | "edatop" | "super")) {
        if code[..at].trim_end().ends_with("::") {
            continue;
        }
        let mut path = code[at + word.len()..].trim_start();
        let mut supers = usize::from(word == "super");
        while let Some(after) = step(path, "super") {
            (supers, path) = (supers + 1, after);
        }
        let is_root = word != "super" || supers >= source.modules().len();
        if let Some(rest) = path.strip_prefix("::").filter(|_| is_root) {
            imports.extend(heads(rest.trim_start()).into_iter().map(|head| (at, head)));
        }
    }
    imports
}

/// What follows `::name`, if that is what comes.
fn step<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let rest = path.strip_prefix("::")?.trim_start();
    (leading_word(rest) == name).then(|| rest[name.len()..].trim_start())
}

/// The first word of a path, or of each path of a group.
fn heads(path: &str) -> Vec<&str> {
    if !path.starts_with('{') {
        let word = leading_word(path);
        return vec![if word.is_empty() { path.get(..1).unwrap_or_default() } else { word }];
    }
    let mut heads = Vec::new();
    let (mut depth, mut fresh) = (0, true);
    let inner = group(path);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && (is_word(c) || c == '*') => {
                fresh = false;
                heads.push(if c == '*' { "*" } else { leading_word(&inner[at..]) });
            }
            _ => {}
        }
    }
    heads.retain(|head| *head != "self");
    heads
}

#[test]
fn modules_import_only_what_lies_below_them() {
    assert_none(&violations(shipped()));
}

#[test]
fn every_row_is_a_module() {
    for (name, _) in MAY_IMPORT {
        assert!(shipped().iter().any(|source| source.top() == *name), "there is no module `{name}`");
    }
}

#[test]
fn an_import_upwards_is_found_however_it_is_written() {
    for text in [
        "use crate::app::App;",
        "use crate::{domain::{Kind, Link}, app::{self, App}};",
        "use crate::{\n    domain::Kind,\n    app,\n};",
        "fn f() -> crate::app::App { todo() }",
        "use super::super::app::App;",
        "use edatop::app;",
        "use crate::*;",
    ] {
        let found = violations(&[Source::pretend("src/store/series.rs", text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
    assert_eq!(violations(&[Source::pretend("src/store/mod.rs", "use super::app;")]).len(), 1);
    assert_eq!(violations(&[Source::pretend("src/novel/mod.rs", "")]).len(), 1, "a module without a row");
}

#[test]
fn an_import_downwards_within_or_in_tests_is_none() {
    for text in [
        "use crate::domain::Kind;",
        "use super::Entry;",
        "use crate::store::Series;",
        "// use crate::app::App;\nconst A: &str = \"crate::app\";",
        "#[cfg(test)]\nmod tests {\n    use crate::app::App;\n}",
        "pub(crate) fn f() {}",
    ] {
        assert_none(&violations(&[Source::pretend("src/store/series.rs", text)]));
    }
}
