//! What holds of rates whatever is linked and read.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 12] = ["q-a", "q-b", "dlq-a", "t-a", "f-a", "f-b", "g-a", "r-a", "bus-a", "s-a", "table-a", "b-a"];
const METRICS: [Metric; 8] = [SENT, RECEIVED, DELETED, PUBLISHED, CALLS, INVOCATIONS, MATCHED, RECORDS_IN];
const KINDS: [LinkKind; 8] = [
    LinkKind::Subscribes,
    LinkKind::Routes,
    LinkKind::Targets,
    LinkKind::Invokes,
    LinkKind::DeadLetters,
    LinkKind::Publishes,
    LinkKind::Logs,
    LinkKind::Delivers,
];

proptest! {
    /// Whatever is linked to whatever: a rate is a number that can be drawn, and one of several senders is never all of the sum.
    #[test]
    fn any_graph_has_sane_rates(
        ends in prop::collection::vec((0..NAMES.len(), 0..KINDS.len(), 0..NAMES.len(), 1..11_u32), 1..30),
        readings in prop::collection::vec((0..NAMES.len(), 0..METRICS.len(), 0.0..1e6), 0..40),
    ) {
        let links: Vec<Link> = ends
            .iter()
            .map(|(from, kind, to, batch)| link(NAMES[*from], KINDS[*kind], NAMES[*to]).with("BatchSize", Some(batch)))
            .collect();
        let mut store = store(&links);
        for (name, read, value) in readings {
            metric(&mut store, NAMES[name], METRICS[read], value);
        }
        for link in store.topology().links() {
            if let Some(rate) = store.rate(link, at(NOW)) {
                prop_assert!(rate.per_second.is_finite() && rate.per_second >= 0.0, "{link:?} {rate:?}");
                prop_assert!(rate.at <= at(NOW));
            }
            if let Some(back) = store.retries(link, at(NOW)) {
                prop_assert!(back.per_second >= 0.0);
            }
        }
    }
}
