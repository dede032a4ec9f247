//! A snapshot held against what the demo's declarations say is there: every resource and link, each known as it must be, and no other
//! link among them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use edatop::{
    config,
    demo::{
        architectures::{
            ALL, Architecture,
            expected::{self, End, ExpectedLink},
        },
        deploy::Skipped,
    },
    domain::{Kind, KnownBy, LinkKind},
    pollers::POLLERS,
};
use serde_json::{Value, json};

use super::hermetic::Home;

/// Writes the configuration that declares what no API tells, if the program reads declarations.
pub fn declare(home: &Home) {
    if reads_declarations() {
        home.write("config/edatop/config.toml", &expected::configuration(&ALL));
    }
}

fn reads_declarations() -> bool {
    config::file::parse(&expected::configuration(&ALL), "config.toml").is_ok()
}

/// Whether any poller tells of things of this kind. What none tells of cannot be in a snapshot.
fn is_told(end: &End) -> bool {
    POLLERS.iter().any(|row| (row.make)().kinds().contains(&end.kind))
}

pub struct Comparison {
    rows: Vec<Row>,
}

/// One architecture on one endpoint.
struct Row {
    architecture: &'static str,
    endpoint: &'static str,
    expected: usize,
    found: usize,
    missing: Vec<String>,
    wrong: Vec<String>,
    /// Resources that are not there.
    absent: Vec<String>,
    /// Links that the endpoint cannot hold.
    ruled_out: usize,
}

/// A link of the document by its ends' ids.
type Key = (String, String, String);

impl Comparison {
    pub fn of(document: &Value, endpoint: &'static str, skipped: &[Skipped]) -> Self {
        let ids = ids(document);
        let rows = ALL.iter().map(|architecture| row(document, &ids, (architecture, endpoint), skipped));
        Self { rows: rows.collect() }
    }

    /// As Markdown.
    pub fn table(&self) -> String {
        let mut table = String::from(
            "| architecture | endpoint | links expected | found | missing | wrong | cannot be held |\n|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let Row { architecture, endpoint, expected, found, missing, wrong, ruled_out, .. } = row;
            let (missing, wrong) = (missing.len(), wrong.len());
            let line =
                format!("| {architecture} | {endpoint} | {expected} | {found} | {missing} | {wrong} | {ruled_out} |");
            writeln!(table, "{line}").unwrap();
        }
        table
    }

    #[track_caller]
    pub fn assert_right(&self) {
        let mut all = Vec::new();
        for row in &self.rows {
            let named = |what: &str, list: &[String]| {
                list.iter()
                    .map(|one| format!("{} on {}: {what}: {one}", row.architecture, row.endpoint))
                    .collect::<Vec<_>>()
            };
            all.extend(named("not there", &row.absent));
            all.extend(named("missing", &row.missing));
            all.extend(named("wrong", &row.wrong));
        }
        assert!(all.is_empty(), "{}\n{}", all.join("\n"), self.table());
    }
}

fn row(
    document: &Value,
    ids: &BTreeMap<End, String>,
    (architecture, endpoint): (&Architecture, &'static str),
    skipped: &[Skipped],
) -> Row {
    let resources = architecture.expected_resources();
    let can_be = |end: &End| !skipped.iter().any(|one| one.rules_out_resource(end)) && is_told(end);
    let absent = resources.iter().filter(|end| can_be(end) && !ids.contains_key(*end)).map(End::to_string).collect();
    let links = architecture.expected_links();
    let holds = |link: &ExpectedLink| {
        !skipped.iter().any(|one| one.rules_out(link))
            && is_told(&link.from)
            && is_told(&link.to)
            && (link.known_by != KnownBy::Declared || reads_declarations())
    };
    let (expected, ruled_out): (Vec<_>, Vec<_>) = links.into_iter().partition(holds);
    let mut there = links_of(document, &resources, ids);
    let (mut found, mut missing, mut wrong) = (0, Vec::new(), Vec::new());
    for link in &expected {
        let id = |end: &End| ids.get(end).cloned().unwrap_or_default();
        match there.remove(&(id(&link.from), word(link.kind), id(&link.to))) {
            None => missing.push(link.to_string()),
            Some(known_by) if known_by != json!(link.known_by) => wrong.push(format!("{link} is known as {known_by}")),
            Some(_) => found += 1,
        }
    }
    wrong.extend(there.into_keys().map(|(from, kind, to)| format!("nobody made {from} {kind} {to}")));
    let (expected, ruled_out) = (expected.len(), ruled_out.len());
    Row { architecture: architecture.name, endpoint, expected, found, missing, wrong, absent, ruled_out }
}

/// The links of a document that begin or end at one of these, with how each is known. A group is no link: nothing flows.
fn links_of(document: &Value, resources: &[End], ids: &BTreeMap<End, String>) -> BTreeMap<Key, Value> {
    let own: BTreeSet<&String> = resources.iter().filter_map(|end| ids.get(end)).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = |link: &Value| (text(&link["from"]), text(&link["kind"]), text(&link["to"]));
    let links = document["links"].as_array().unwrap().iter();
    let links = links.map(|link| (key(link), link["known_by"].clone()));
    links
        .filter(|((from, kind, to), _)| *kind != word(LinkKind::Contains) && (own.contains(from) || own.contains(to)))
        .collect()
}

/// After the teardown: nothing of the demo is left, except what the endpoint could not delete.
#[track_caller]
pub fn assert_gone(document: &Value, endpoint: &str, left: &[Skipped]) {
    let ids = ids(document);
    for end in ALL.iter().flat_map(|architecture| architecture.expected_resources()) {
        let stays = left.iter().any(|one| one.rules_out_resource(&end));
        assert!(stays || !ids.contains_key(&end), "{endpoint}: {end} is still there");
    }
}

/// The id of everything in a document. A name that a kind has twice is nobody's: of the demo there is one each.
fn ids(document: &Value) -> BTreeMap<End, String> {
    let kind =
        |key: &Value| edatop::domain::resource::KINDS.iter().find(|row| json!(row.key) == *key).map(|row| row.kind);
    let entry = |resource: &Value| {
        let kind: Kind = kind(&resource["kind"])?;
        Some((End::new(kind, resource["name"].as_str()?), resource["id"].as_str()?.to_owned()))
    };
    document["resources"].as_array().unwrap().iter().filter_map(entry).collect()
}

fn word(kind: LinkKind) -> String {
    json!(kind).as_str().unwrap_or_default().to_owned()
}
