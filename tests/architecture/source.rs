//! The checkout as the rules see it: Rust sources with their module path, and every tracked file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::scan;

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// From the checkout's root, with `/`.
    pub path: String,
    pub text: String,
    /// The code that ships: no comments, no literals, no test items; empty for a file that is all tests.
    pub shipped: String,
}

impl Source {
    /// A source that only a test knows.
    pub fn pretend(path: &str, text: &str) -> Self {
        let shipped = scan::without_tests(&scan::code_of(text));
        Self { path: path.to_owned(), text: text.to_owned(), shipped }
    }

    /// `src/panes/list.rs` is `["panes", "list"]`; the roots are `["lib"]` and `["main"]`.
    pub fn modules(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix("/mod.rs").or_else(|| inner.strip_suffix(".rs")).unwrap_or(inner);
        inner.split('/').collect()
    }

    /// The top-level module that it belongs to.
    pub fn top(&self) -> &str {
        self.modules()[0]
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All of `src/`, read once.
pub fn shipped() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let mut sources: Vec<Source> =
            rust_files("src").iter().map(|path| Source::pretend(path, &read(path))).collect();
        let tests: BTreeSet<String> = sources.iter().flat_map(test_files).collect();
        for source in sources.iter_mut().filter(|source| is_under_any(&source.path, &tests)) {
            source.shipped.clear();
        }
        sources
    })
}

/// The files that a source declares as `#[cfg(test)] mod name;`, in the places where the compiler looks for them.
fn test_files(source: &Source) -> Vec<String> {
    let mut files = Vec::new();
    let folder = source
        .path
        .strip_suffix("mod.rs")
        .map_or_else(|| format!("{}/", source.path.trim_end_matches(".rs")), ToOwned::to_owned);
    let beside = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for item in source.text.split("#[cfg(test)]").skip(1) {
        let mut lines = item.trim_start().lines();
        let mut first = lines.next().unwrap_or_default();
        if let Some(path) = first.strip_prefix("#[path = \"").and_then(|path| path.strip_suffix("\"]")) {
            files.push(format!("{beside}/{path}"));
            first = lines.next().unwrap_or_default();
        }
        let declared = first.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        if let Some(name) = declared.strip_prefix("mod ").and_then(|name| name.strip_suffix(';')) {
            files.extend([format!("{folder}{name}.rs"), format!("{folder}{name}/")]);
        }
    }
    files
}

fn is_under_any(path: &str, files: &BTreeSet<String>) -> bool {
    files.iter().any(|file| path == file || (file.ends_with('/') && path.starts_with(file)))
}

/// The Rust files of a folder, sorted.
pub fn rust_files(folder: &str) -> Vec<String> {
    tracked().iter().filter(|path| path.starts_with(&format!("{folder}/")) && path.ends_with(".rs")).cloned().collect()
}

/// Every file of the checkout that git tracks or would track; without git, every file outside of `target`.
pub fn tracked() -> &'static [String] {
    static FILES: OnceLock<Vec<String>> = OnceLock::new();
    FILES.get_or_init(|| {
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output();
        let mut files: Vec<String> = match listed {
            Ok(listed) if listed.status.success() => {
                String::from_utf8_lossy(&listed.stdout).lines().map(ToOwned::to_owned).collect()
            }
            _ => walk(root()),
        };
        files.retain(|path| root().join(path).is_file());
        files.sort();
        assert!(files.iter().any(|path| path == "src/lib.rs"), "no sources found under {}", root().display());
        files
    })
}

fn walk(folder: &Path) -> Vec<String> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !matches!(entry.file_name().to_str(), Some("target" | ".git")) {
                folders.push(path);
            } else if let Some(path) = path.strip_prefix(root()).ok().and_then(Path::to_str) {
                files.push(path.replace('\\', "/"));
            }
        }
    }
    files
}

/// A file of the checkout; what is not UTF-8 reads as replacement characters.
pub fn read(path: &str) -> String {
    let bytes = std::fs::read(root().join(path));
    assert!(bytes.is_ok(), "{path} cannot be read: {bytes:?}");
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

#[test]
fn a_file_of_tests_ships_nothing() {
    let files = test_files(&Source::pretend(
        "src/a/mod.rs",
        "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"b_tests.rs\"]\nmod other;\n#[cfg(test)]\nmod inline {}\n",
    ));
    assert_eq!(files, ["src/a/tests.rs", "src/a/tests/", "src/a/b_tests.rs", "src/a/other.rs", "src/a/other/"]);
    assert_eq!(test_files(&Source::pretend("src/a.rs", "#[cfg(test)]\nmod tests;"))[0], "src/a/tests.rs");
    assert!(shipped().iter().any(|source| source.shipped.is_empty()), "this crate has files of tests");
}

#[test]
fn knows_a_files_modules() {
    assert_eq!(Source::pretend("src/panes/list.rs", "").modules(), ["panes", "list"]);
    assert_eq!(Source::pretend("src/panes/mod.rs", "").modules(), ["panes"]);
    assert_eq!(Source::pretend("src/terminal.rs", "").top(), "terminal");
}
