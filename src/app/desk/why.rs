//! Why they failed: one sweep over the log of each consumer when a look is over, asked for every message that is held.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    bench::{Bench, Note},
    laying::Laid,
};
use crate::{
    app::clock,
    aws::{Connection, Trouble},
    domain::ResourceId,
    redrive::why::{
        Cause, Correlate, Route, Sureness, cloudwatch,
        correlate::Sweep,
        decode,
        evidence::{Match, Subject, Window},
        lines::{LogReader, Span},
    },
};

/// Sources whose consumers' logs are read.
const MOST_SOURCES: usize = 8;
/// Messages that are told of at once.
const BATCH: usize = 200;

/// What a log said of one message.
pub(super) struct Learned {
    row: u32,
    cause: Arc<Cause>,
    pub(super) sureness: Sureness,
    lines: Arc<[String]>,
}

impl Learned {
    pub(super) fn of(row: u32, found: &Match) -> Self {
        let at = Timestamp::from_millisecond(found.at_ms).ok();
        let at = at.map(|at| at.to_zoned(TimeZone::system()).strftime(" · %-d %b %H:%M:%S").to_string());
        let lines = vec![found.cause.headline(), format!("{}{}", found.proof.says(), at.unwrap_or_default())];
        Self { row, cause: Arc::clone(&found.cause), sureness: found.proof.sureness(), lines: lines.into() }
    }
}

/// A row, its message, and when that may have been received.
type Wanted = (u32, Arc<str>, Window);

impl Bench {
    /// Reads the logs for all that is held and not known yet.
    pub(super) fn ask_why(&mut self) {
        let Some(laid) = self.laid.clone() else { return };
        let mut wanted: BTreeMap<ResourceId, Vec<Wanted>> = BTreeMap::new();
        let now = clock::now();
        for (row, known) in (0_u32..).zip(&self.rows).filter(|(row, _)| !self.causes.contains_key(row)) {
            let Some(source) = self.source_of(row) else { continue };
            let Some(sent) = known.sent_at else { continue };
            let window = laid.timing_of(&source).window(sent, now);
            wanted.entry(source).or_default().push((row, Arc::clone(&known.id), window));
        }
        for (source, wanted) in wanted.into_iter().take(MOST_SOURCES) {
            let (routes, reader) = (self.subject.routes.clone(), self.logs.reader());
            let (aws, laid, notes) = (Arc::clone(&self.aws), Arc::clone(&laid), self.notes.clone());
            tokio::spawn(async move {
                let Ok(route) = route(&aws, &routes, &source).await else { return };
                let sweep = Arc::new(sweep(reader, &route, &wanted).await);
                for batch in wanted.chunks(BATCH) {
                    let (batch, sweep, laid) = (batch.to_vec(), Arc::clone(&sweep), Arc::clone(&laid));
                    let learned = tokio::task::spawn_blocking(move || match_all(&batch, &sweep, &laid)).await;
                    if notes.send(Note::Learned(learned.unwrap_or_default())).await.is_err() {
                        return;
                    }
                }
            });
        }
    }

    /// The queue that gave a message up.
    pub(super) fn source_of(&self, row: u32) -> Option<ResourceId> {
        let named = self.rows.get(row as usize)?.source.as_deref().map(ResourceId::from);
        named.or_else(|| self.laid.as_ref()?.only_source().cloned())
    }

    pub(super) fn learn(&mut self, learned: Vec<Learned>) {
        let open = self.opened.as_ref().map(|(row, _)| *row);
        for Learned { row, cause, sureness, lines } in learned {
            let Some(known) = self.rows.get(row as usize) else { continue };
            if let Some(cluster) = self.clusters.learn(&known.id, &cause, sureness) {
                self.sheet.recluster(row, cluster);
            }
            self.causes.insert(row, lines);
            if open == Some(row) {
                self.opened = None;
            }
        }
        self.sheet.list();
        self.rank();
    }
}

/// The way to the logs of a source's consumers: as it is known, or else as Lambda lists it.
pub(super) async fn route(aws: &Connection, known: &[Route], source: &ResourceId) -> Result<Route, Trouble> {
    match known.iter().find(|route| route.source.as_ref() == Some(source)) {
        Some(route) => Ok(route.clone()),
        None => cloudwatch::route(aws, source).await,
    }
}

async fn sweep(reader: Arc<dyn LogReader>, route: &Route, wanted: &[Wanted]) -> Sweep {
    let span = wanted.iter().map(|(_, _, window)| window.span).reduce(Span::and);
    match span {
        Some(span) => Correlate::new(reader).sweep(route, span).await,
        None => Sweep::default(),
    }
}

fn match_all(wanted: &[Wanted], sweep: &Sweep, laid: &Laid) -> Vec<Learned> {
    let learn = |(row, id, window): &Wanted| {
        let message = laid.hold.message(id).ok()?;
        let decoded = decode(&message);
        let found = sweep.find(&Subject::of(&message, &decoded, Some(*window)))?;
        Some(Learned::of(*row, &found))
    };
    wanted.iter().filter_map(learn).collect()
}
