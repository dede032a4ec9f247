//! Why they failed: one sweep over the log of each consumer when a look is over, asked for every message that is held.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    bench::{Bench, Note},
    laying::Laid,
};
use crate::{
    app::clock,
    aws::Connection,
    domain::ResourceId,
    redrive::why::{
        Cause, Correlate, Route, Sureness,
        cloudwatch::{self, CloudWatch},
        correlate::{Sweep, Timing},
        decode,
        evidence::{Subject, Window},
        lines::Span,
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
    sureness: Sureness,
    lines: Arc<[String]>,
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
            let named = known.source.as_deref().map(ResourceId::from);
            let Some(source) = named.or_else(|| laid.only_source().cloned()) else { continue };
            let Some(sent) = known.sent_at else { continue };
            let queue = laid.sources.iter().find(|queue| queue.arn == source);
            let window = queue.map(Timing::of).unwrap_or_default().window(sent, now);
            wanted.entry(source).or_default().push((row, Arc::clone(&known.id), window));
        }
        for (source, wanted) in wanted.into_iter().take(MOST_SOURCES) {
            let route = self.subject.routes.iter().find(|route| route.source.as_ref() == Some(&source)).cloned();
            let (aws, laid, notes) = (Arc::clone(&self.aws), Arc::clone(&laid), self.notes.clone());
            tokio::spawn(async move {
                let route = match route {
                    Some(route) => Ok(route),
                    None => cloudwatch::route(&aws, &source).await,
                };
                let Ok(route) = route else { return };
                let sweep = Arc::new(sweep(aws, &route, &wanted).await);
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

async fn sweep(aws: Arc<Connection>, route: &Route, wanted: &[Wanted]) -> Sweep {
    let span = wanted.iter().map(|(_, _, window)| window.span).reduce(Span::and);
    let reader = Arc::new(CloudWatch::new(aws));
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
        let at = Timestamp::from_millisecond(found.at_ms).ok();
        let at = at.map(|at| at.to_zoned(TimeZone::system()).strftime(" · %-d %b %H:%M:%S").to_string());
        let lines = vec![found.cause.headline(), format!("{}{}", found.proof.says(), at.unwrap_or_default())];
        Some(Learned { row: *row, cause: found.cause, sureness: found.proof.sureness(), lines: lines.into() })
    };
    wanted.iter().filter_map(learn).collect()
}
