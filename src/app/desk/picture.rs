//! What the screen is shown of the desk.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::bench::Bench;
use crate::{
    app::clock,
    domain::ResourceId,
    overlays::desk::model::{BARS, Cluster, Finding, Header, Line, Picture},
    redrive::peek::cost::Verdict,
};

/// Clusters that are shown; those beyond are counted in the last.
const MOST_CLUSTERS: usize = 1_001;

impl Bench {
    pub(super) fn picture(&mut self) -> Picture {
        self.sheet.gone();
        let (from, window) = self.sheet.window();
        let lines = window.iter().map(|row| self.line(*row)).collect();
        let opened = self.opened.as_ref().filter(|(row, _)| Some(*row) == self.sheet.row());
        Picture {
            lines,
            from,
            at: self.sheet.at(),
            listed: self.sheet.listed().len(),
            chosen: self.sheet.chosen(),
            chosen_elsewhere: self.sheet.chosen_elsewhere(),
            edited: self.edits.len() as u64,
            opened: opened.map(|(_, opened)| std::sync::Arc::clone(opened)),
            refused: self.sheet.row().and_then(|row| self.refusals.get(row)).cloned(),
            log: self.sheet.row().and_then(|row| self.logs.get(row)),
            find: self.search.as_ref().map(|search| Finding {
                find: search.find.clone(),
                hits: search.hits(),
                left: (self.rows.len() - search.until.min(self.rows.len())) as u64,
            }),
            header: self.header(),
            cluster: self.sheet.cluster_at(),
            clusters: self.shown_clusters().into(),
            notices: self.notices(),
            cut_off: self.cut_off.len() as u64,
            can_undo: self.last_run.is_some(),
            stage: self.stage.clone(),
        }
    }

    fn line(&self, row: u32) -> Line {
        let Some(known) = self.rows.get(row as usize) else { return Line::default() };
        Line {
            chosen: self.sheet.is_chosen(row),
            edited: self.edits.contains_key(&row),
            lost: self.lost.contains(&row) || self.given_back.contains(&row),
            refused: self.refusals.get(row).is_some(),
            sent_at: known.sent_at,
            receives: Some(known.receive_count),
            preview: known.preview.to_string(),
        }
    }

    fn header(&self) -> Header {
        let name = |id: &ResourceId| id.short_name().to_owned();
        let Some(laid) = &self.laid else {
            return Header { queue: name(&self.subject.queue), ..Header::default() };
        };
        Header {
            queue: laid.queue().name().to_owned(),
            sources: laid.sources.iter().map(|source| name(&source.arn)).collect(),
            held: self.sheet.held(),
            about: self.about(),
            looking: self.look.is_some(),
            lease_until: laid.hold.first_end().map(wall_clock),
            cost: match laid.hold.cost().verdict {
                Verdict::Free => "looking is free here".to_owned(),
                Verdict::Safe => "looking harms nothing: no redrive policy here".to_owned(),
                Verdict::Costs { stop_at } => format!("looking stops at {stop_at} receives"),
                Verdict::Refused { .. } => "looking any further may dead-letter".to_owned(),
            },
            looked_at: self.looked_at,
            came: self.came(),
            is_behind: self.is_behind(),
            unlooked: self.unlooked.clone(),
        }
    }

    /// What the cluster is called that is listed; none if all are.
    pub(super) fn listed_cluster(&mut self) -> Option<String> {
        let number = self.sheet.cluster()?;
        self.clusters.list().iter().find(|cluster| cluster.number == number).map(|cluster| cluster.title.clone())
    }

    /// All of them, then each.
    fn shown_clusters(&mut self) -> Vec<Cluster> {
        let span = self.clusters.span();
        let mut all = Cluster { title: "all of them".to_owned(), ..Cluster::default() };
        (all.first, all.last) = (span.map(|(first, _)| first), span.map(|(_, last)| last));
        let mut shown = vec![Cluster::default()];
        for cluster in self.clusters.list() {
            let mut bars = [0; BARS];
            if let Some((first, last)) = span {
                bars.iter_mut().zip(cluster.sparkline(first, last)).for_each(|(bar, count)| *bar = count);
            }
            all.count += cluster.count;
            all.bars.iter_mut().zip(bars).for_each(|(all, bar)| *all += bar);
            if shown.len() < MOST_CLUSTERS {
                shown.push(Cluster {
                    title: cluster.title.clone(),
                    count: cluster.count,
                    chosen: self.sheet.chosen_in(cluster.number),
                    first: cluster.first,
                    last: cluster.last,
                    bars,
                });
            }
        }
        all.chosen = self.sheet.chosen();
        if let Some(first) = shown.first_mut() {
            *first = all;
        }
        shown
    }
}

/// An instant of the clock that leases are counted by, as the time of day.
fn wall_clock(at: Instant) -> Timestamp {
    let left = SignedDuration::try_from(at.saturating_duration_since(Instant::now())).unwrap_or_default();
    let now = clock::now();
    now.checked_add(left).unwrap_or(now)
}
