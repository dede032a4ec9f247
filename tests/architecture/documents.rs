//! What no tracked file may hold: an address of a package registry, or a path that exists on one developer's machine alone. And what
//! the documents at the root point at: it must be there.

use crate::{
    assert_none,
    source::{read, root, tracked},
};

/// Where package tools find their packages. Dependencies are named by package, never by where they lie.
const REGISTRIES: &[&str] = &[
    "crates.io",
    "pypi.org",
    "pythonhosted.org",
    "npmjs.org",
    "npmjs.com",
    "proxy.golang.org",
    "jfrog.io",
    "artifactory",
];

/// What cargo itself writes into the lock file for its default registry, whatever mirror the packages really came from.
const CARGO_DEFAULT: &str = "\"registry+https://github.com/rust-lang/crates.io-index\"";

fn registry_addresses(path: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if path == "Cargo.lock" {
            let elsewhere = line.strip_prefix("source = ").is_some_and(|source| source != CARGO_DEFAULT);
            violations.extend(elsewhere.then(|| format!("{path}:{}: {line}", index + 1)));
            continue;
        }
        for (at, _) in line.match_indices("://") {
            let address =
                line[at + 3..].split(|c: char| c.is_whitespace() || "\"'`)>".contains(c)).next().unwrap_or_default();
            let host = address.split('/').next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
            if REGISTRIES.iter().any(|registry| host.contains(registry)) {
                violations.push(format!("{path}:{}: the address of a package registry: {address}", index + 1));
            }
        }
    }
    violations
}

/// Absolute paths into somebody's home, and into this very checkout.
fn own_paths(path: &str, text: &str, checkout: &str) -> Vec<String> {
    let homes = ["home", "Users"].map(|folder| format!("/{folder}/"));
    let mut own: Vec<&str> = homes.iter().map(String::as_str).collect();
    // A checkout right below the root could be named like a folder of the program's own.
    own.extend((checkout.matches('/').count() > 1).then_some(checkout));
    let mut violations = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for start in &own {
            for (at, _) in line.match_indices(start) {
                let continues = line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-./~}".contains(c));
                if !continues {
                    violations.push(format!("{path}:{}: a path of one machine: {}", index + 1, line.trim()));
                }
            }
        }
    }
    violations
}

#[test]
fn no_file_names_a_registry() {
    assert_none(&tracked().iter().flat_map(|path| registry_addresses(path, &read(path))).collect::<Vec<_>>());
}

#[test]
fn a_registry_is_found() {
    let address = ["https:", "", "index.crates.io", "x"].join("/");
    assert_eq!(registry_addresses("README.md", &format!("see <{address}>")).len(), 1);
    assert_eq!(registry_addresses("a.toml", &format!("index = \"sparse+{address}\"")).len(), 1);
    assert_eq!(registry_addresses("Cargo.lock", &format!("source = \"registry+{address}\"")).len(), 1);
    assert_none(&registry_addresses("Cargo.lock", &format!("source = {CARGO_DEFAULT}")));
    assert_none(&registry_addresses("README.md", "http://localhost:4566 and https://docs.aws.amazon.com/x"));
}

#[test]
fn no_file_holds_a_path_of_one_machine() {
    let checkout = root().to_string_lossy();
    assert_none(&tracked().iter().flat_map(|path| own_paths(path, &read(path), &checkout)).collect::<Vec<_>>());
}

#[test]
fn a_path_of_one_machine_is_found() {
    let home = ["", "home", "ann", "edatop"].join("/");
    assert_eq!(own_paths("a.md", &format!("in `{home}`"), "/x").len(), 1);
    assert_eq!(own_paths("a.md", "cd /srv/edatop/src", "/srv/edatop").len(), 1);
    assert_none(&own_paths("a.md", "https://host/srv/edatop, src/home/mod.rs, $HOME/.config", "/srv/edatop"));
}

/// The targets of a Markdown text's links and pictures that lie in this checkout and are not there.
fn dead_links(path: &str, text: &str, tracked: &[String]) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let inside = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let dead = inside.filter(|target| !tracked.iter().any(|path| path == target));
    dead.map(|target| format!("{path}: there is no {target}")).collect()
}

#[test]
fn the_documents_point_at_what_is_there() {
    let documents = tracked().iter().filter(|path| path.ends_with(".md") && !path.contains('/'));
    assert_none(&documents.flat_map(|path| dead_links(path, &read(path), tracked())).collect::<Vec<_>>());
}

#[test]
fn a_link_to_nothing_is_found() {
    let tracked = ["LICENSE".to_owned()];
    assert_eq!(
        dead_links("a.md", "![x](gone.svg) [y](LICENSE) [z](https://example.org)", &tracked),
        ["a.md: there is no gone.svg"]
    );
}
