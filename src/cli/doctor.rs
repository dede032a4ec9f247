//! `edatop doctor`: what is wrong with the architecture itself, with evidence, advice and AWS's own page. It only looks.
//!
//! Exit codes: 0 nothing at or above `--fail-on`, 1 something, 2 wrong usage, 3 it could not look at all. What could not be looked at
//! is said, with the rules that are silent for it: no finding is not the same as no fault. A new rule is a row in
//! [`findings::RULES`].

use std::{fmt::Write, process::ExitCode};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    complain, json,
    opening::{self, Seen},
    print,
    snapshot::Format,
};
use crate::{
    app::clock,
    config::Config,
    domain::{Failure, FailureKind, Finding, Ignore, Kind, Severity},
    store::{
        Store,
        findings::{self, Silence},
    },
    widgets::text,
};

/// The version of the JSON.
const SCHEMA: u32 = 1;
/// Findings at or above what was asked for.
const FOUND: u8 = 1;

#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print
    #[arg(long, visible_alias = "output", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// List also what the configuration file lets stay, with its reasons
    #[arg(long)]
    pub all: bool,
    /// Leave with 1 if there is a finding of this severity or a worse one
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Medium)]
    pub fail_on: FailOn,
}

/// From which severity on the exit code says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Info,
    Low,
    Medium,
    High,
    Never,
}

impl FailOn {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Never => None,
        }
    }
}

/// The whole document.
#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    schema: u32,
    taken_at: Timestamp,
    /// `null` when it is AWS itself.
    endpoint: Option<&'a str>,
    dialect: &'a str,
    region: &'a str,
    account: Option<&'a str>,
    resources: usize,
    links: usize,
    /// The worst first; ignored ones only if asked for.
    findings: Vec<&'a Finding>,
    /// How many the configuration file lets stay.
    ignored: usize,
    /// What could not be looked at.
    unknown: Vec<Unknown<'a>>,
    /// What was not asked, or not to the end, because something else failed first.
    not_asked: Vec<NotAsked>,
}

/// An operation that did not fail and did not answer, and the rules that say nothing because of it.
#[derive(Debug, Serialize)]
struct NotAsked {
    operation: &'static str,
    silent: Vec<Silence>,
}

/// A call that failed, and the rules that say nothing because of it.
#[derive(Debug, Serialize)]
struct Unknown<'a> {
    #[serde(flatten)]
    failure: &'a Failure,
    silent: Vec<Silence>,
}

impl Unknown<'_> {
    fn is_lacking(&self) -> bool {
        self.failure.kind == FailureKind::NotImplemented
    }
}

/// Looks once and prints.
///
/// # Errors
/// When stdout is closed.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    for warning in &findings::unknown_rules(&config.ignores) {
        complain(warning);
    }
    let seen = match opening::see(&config).await {
        Ok(seen) => seen,
        Err(given_up) => return Ok(given_up.said()),
    };
    for one in findings::idle(&config.ignores, seen.store.findings(), &findings::silent(seen.store.polls())) {
        let Ignore { rule, resource, reason } = one;
        complain(&format!("[[ignore]] of {rule} on '{resource}' ({reason}) meets no finding: mended, or misspelt?"));
    }
    let diagnosis = diagnosis(&seen, arguments.all);
    let mut document = match arguments.format {
        Format::Json => json::pretty(&diagnosis)?,
        Format::Text => as_text(&diagnosis, &seen.store),
    };
    document.push('\n');
    print(document.as_bytes())?;
    let found = arguments.fail_on.severity().is_some_and(|least| {
        seen.store.findings().iter().any(|finding| finding.ignored.is_none() && finding.severity >= least)
    });
    Ok(if found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

fn diagnosis(seen: &Seen, all: bool) -> Diagnosis<'_> {
    let Seen { aws, store, .. } = seen;
    let silent = findings::silent(store.polls());
    let unknown = store.failures().map(|failure| {
        let silent = silent.get(failure.operation.as_str()).cloned().unwrap_or_default();
        Unknown { failure, silent }
    });
    Diagnosis {
        schema: SCHEMA,
        taken_at: clock::now(),
        endpoint: aws.endpoint().map(crate::aws::Endpoint::url),
        dialect: aws.dialect.flavour().key(),
        region: aws.region(),
        account: seen.account(),
        resources: store.entries().filter(|entry| entry.gone.is_none()).count(),
        links: store.topology().links().count(),
        findings: store.findings().iter().filter(|finding| all || finding.ignored.is_none()).collect(),
        ignored: store.findings().iter().filter(|finding| finding.ignored.is_some()).count(),
        unknown: unknown.collect(),
        not_asked: not_asked(store),
    }
}

/// The rules that are silent without a failure that says so.
fn not_asked(store: &Store) -> Vec<NotAsked> {
    let has_failed = |operation: &str| store.failures().any(|failure| failure.operation == operation);
    let silent = findings::silent(store.polls()).into_iter();
    let rest = silent.filter(|(operation, _)| !has_failed(operation));
    rest.map(|(operation, silent)| NotAsked { operation, silent }).collect()
}

/// By severity, the worst first; then what is not known, then the sum.
fn as_text(diagnosis: &Diagnosis<'_>, store: &Store) -> String {
    let mut out = String::new();
    let place = [diagnosis.endpoint.unwrap_or("AWS"), diagnosis.account.unwrap_or("account unknown"), diagnosis.region];
    let _ = writeln!(out, "{} · {} resources, {} links", place.join(" · "), diagnosis.resources, diagnosis.links);
    for severity in Severity::ALL {
        let mut such = diagnosis.findings.iter().filter(|finding| finding.severity == severity).peekable();
        if such.peek().is_some() {
            let _ = writeln!(out, "\n{}: {}", severity.word().to_uppercase(), meaning(severity));
        }
        for finding in such {
            write_finding(&mut out, finding, store);
        }
    }
    write_unknown(&mut out, diagnosis);
    let _ = write!(out, "\n{}", sum(diagnosis, store));
    out
}

/// What an endpoint does not have is no trouble, and takes a line.
fn write_unknown(out: &mut String, diagnosis: &Diagnosis<'_>) {
    let (lacking, failed): (Vec<_>, Vec<_>) = diagnosis.unknown.iter().partition(|unknown| unknown.is_lacking());
    if !failed.is_empty() {
        let _ = writeln!(out, "\nCOULD NOT BE LOOKED AT");
    }
    for Unknown { failure, silent } in failed {
        let subject = failure.subject.as_ref().map(|id| format!(" of {}", id.short_name())).unwrap_or_default();
        let _ = writeln!(out, "  ? {}{}: {}", failure.operation, text::clean(&subject), text::clean(&failure.error));
        write_silent(out, silent);
    }
    if !diagnosis.not_asked.is_empty() {
        let _ = writeln!(out, "\nNOT ASKED, OR NOT TO THE END");
    }
    for NotAsked { operation, silent } in &diagnosis.not_asked {
        let _ = writeln!(out, "  ? {operation}");
        write_silent(out, silent);
    }
    if !lacking.is_empty() {
        let operations: Vec<&str> = lacking.iter().map(|unknown| unknown.failure.operation.as_str()).collect();
        let _ = writeln!(out, "\nNOT IMPLEMENTED BY THIS ENDPOINT\n  {}", operations.join(", "));
    }
}

fn write_silent(out: &mut String, silent: &[Silence]) {
    let silent: Vec<String> = silent.iter().map(silence).collect();
    if !silent.is_empty() {
        let _ = writeln!(out, "      says nothing therefore: {}", silent.join(", "));
    }
}

fn silence(silence: &Silence) -> String {
    let Silence { rule, about } = silence;
    about.map_or_else(|| (*rule).to_owned(), |kind| format!("{rule} (of a {})", kind.row().one))
}

fn meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "loses messages, or lets strangers in",
        Severity::Medium => "delays, repeats or stops something",
        Severity::Low => "hygiene",
        Severity::Info => "worth knowing",
    }
}

fn write_finding(out: &mut String, finding: &Finding, store: &Store) {
    let known = store.get(&finding.resource).map(|entry| (entry.resource.kind, entry.resource.name.as_str()));
    let (kind, name) = known.unwrap_or((Kind::External, finding.resource.short_name()));
    // Piece by piece: a line break in a name must not begin a line of ours.
    let _ = writeln!(out, "  {} {}  [{}]", kind.row().one, text::clean(name), finding.rule);
    let _ = writeln!(out, "      {}", text::clean(&finding.sentence));
    if let Some(reason) = &finding.ignored {
        let _ = writeln!(out, "      ignored: {}", text::clean(reason));
    }
    let _ = writeln!(out, "      do:  {}", text::clean(&finding.advice));
    let _ = writeln!(out, "      see: {}", finding.page);
}

fn sum(diagnosis: &Diagnosis<'_>, store: &Store) -> String {
    let counts = findings::count(store.findings());
    let counted: Vec<String> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(severity, n)| format!("{n} {}", severity.word())).collect();
    let mut sum = if counted.is_empty() { "nothing found".to_owned() } else { counted.join(", ") };
    if diagnosis.ignored > 0 {
        let _ = write!(sum, " · {} ignored by the configuration file (--all lists them)", diagnosis.ignored);
    }
    let failed = diagnosis.unknown.iter().filter(|unknown| !unknown.is_lacking()).count();
    if failed > 0 {
        let calls = if failed == 1 { "call" } else { "calls" };
        let _ = write!(sum, " · {failed} {calls} failed: what would have been told is not judged");
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fact, Report};

    #[test]
    fn a_rule_that_is_silent_without_a_failure_is_named_too() {
        let mut store = Store::default();
        let operations = |store: &Store| not_asked(store).iter().map(|one| one.operation).collect::<Vec<_>>();
        assert!(operations(&store).contains(&"lambda:ListEventSourceMappings"));
        let failure = Failure {
            poller: "lambda",
            operation: "lambda:ListEventSourceMappings".to_owned(),
            error: "not allowed".to_owned(),
            kind: FailureKind::Denied,
            subject: None,
        };
        store.apply(Report { poller: "lambda", at: clock::now(), facts: vec![Fact::Failed(failure)], round: None });
        assert!(!operations(&store).contains(&"lambda:ListEventSourceMappings"), "its failure says so");
    }
}
