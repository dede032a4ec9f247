//! How a file of code looks: its length, its name, its first words, and a reason for every exception that it makes.

use crate::{
    assert_none,
    scan::{code_of, group, line_at, words},
    source::{Source, read, rust_files, shipped},
};

/// Lines of a file before its tests.
const MOST_LINES: usize = 400;
/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"];

fn too_long(source: &Source) -> Option<String> {
    let code = source.text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().count();
    let is_tests = source.shipped.is_empty() && !code.trim().is_empty();
    (lines > MOST_LINES && !is_tests)
        .then(|| format!("{}: {lines} lines before its tests, more than {MOST_LINES}: split it", source.path))
}

fn says_nothing(path: &str) -> Option<String> {
    let mut names = path.split('/').map(|name| name.trim_end_matches(".rs"));
    let empty = names.find(|name| EMPTY_NAMES.iter().any(|empty| name.split('_').any(|part| part == *empty)))?;
    Some(format!("{path}: `{empty}` says nothing of what is inside: name what it is about"))
}

fn undocumented(path: &str, text: &str) -> Option<String> {
    (!text.starts_with("//! ")).then(|| format!("{path}: it does not open with `//!`: what it is, what it must not do"))
}

/// `#[allow(…)]` and `#[expect(…)]` without `reason = `, `#[ignore]` without `= "…"`.
fn without_reason(path: &str, text: &str) -> Vec<String> {
    let code = code_of(text);
    let mut violations = Vec::new();
    for (at, word) in words(&code) {
        let before = code[..at].trim_end();
        let after = code[at + word.len()..].trim_start();
        let is_attribute = before.ends_with("#[") || before.ends_with("#![") || before.ends_with(',');
        let unreasoned = match word {
            "allow" | "expect" if is_attribute && after.starts_with('(') => !group(after).contains("reason"),
            "ignore" if before.ends_with("#[") => !after.starts_with('='),
            _ => false,
        };
        if unreasoned {
            violations.push(format!("{path}:{}: `{word}` gives no reason", line_at(&code, at)));
        }
    }
    violations
}

fn all_rust() -> Vec<String> {
    ["src", "tests"].iter().flat_map(|folder| rust_files(folder)).collect()
}

#[test]
fn files_are_short() {
    assert_none(&shipped().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn a_long_file_is_found_and_long_tests_are_none() {
    let long = "fn f() {}\n".repeat(MOST_LINES + 1);
    assert!(too_long(&Source::pretend("src/a.rs", &long)).is_some());
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert!(too_long(&Source::pretend("src/a.rs", &tested)).is_none());
}

#[test]
fn names_say_what_is_inside() {
    assert_none(&all_rust().iter().filter_map(|path| says_nothing(path)).collect::<Vec<_>>());
}

#[test]
fn an_empty_name_is_found() {
    for path in ["src/utils.rs", "src/panes/helpers.rs", "src/common/mod.rs", "src/aws/queue_manager.rs"] {
        assert!(says_nothing(path).is_some(), "{path}");
    }
    assert!(says_nothing("src/commands/mod.rs").is_none());
}

#[test]
fn modules_say_what_they_are() {
    assert_none(&all_rust().iter().filter_map(|path| undocumented(path, &read(path))).collect::<Vec<_>>());
}

#[test]
fn a_module_without_words_is_found() {
    assert!(undocumented("src/a.rs", "use std::fmt;\n").is_some());
    assert!(undocumented("src/a.rs", "/// A.\nstruct A;\n").is_some());
    assert!(undocumented("src/a.rs", "//! A.\n").is_none());
}

#[test]
fn exceptions_give_their_reason() {
    assert_none(&all_rust().iter().flat_map(|path| without_reason(path, &read(path))).collect::<Vec<_>>());
}

#[test]
fn an_exception_without_a_reason_is_found() {
    for text in ["#[allow(dead_code)]", "#![expect(unused)]", "#[ignore]", "#[cfg_attr(test, allow(unused))]"] {
        assert_eq!(without_reason("src/a.rs", text).len(), 1, "{text}");
    }
    for text in [
        "#[allow(dead_code, reason = \"why\")]",
        "#[ignore = \"why\"]",
        "// #[allow(dead_code)]",
        "answer.expect(name)",
        "guard.allow(operation)",
    ] {
        assert_none(&without_reason("src/a.rs", text));
    }
}
