//! Finding the flows of 5,000 resources in 200 flows, and how well each is: `cargo bench --bench flows`.

#![allow(clippy::unwrap_used, reason = "a bench stops at what is wrong by panicking")]

use std::time::{Duration, Instant};

use edatop::{
    domain::{Fact, Kind, Link, LinkKind, Report, Resource, ResourceId},
    store::Store,
};
use jiff::Timestamp;

const FLOWS: usize = 200;
const MEMBERS: usize = 25;
const RUNS: usize = 50;

fn main() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let mut again = store(now);
    again.assess(now);
    assert_eq!((again.flows().len(), again.len()), (FLOWS, FLOWS * MEMBERS));
    let unchanged = median(|| {
        let start = Instant::now();
        again.assess(now);
        start.elapsed()
    });
    let mut store = store(now);
    let mut n = 0;
    let changed = median(|| {
        n += 1;
        let link = Link::configured(queue(0, 0), LinkKind::Targets, queue(0, 1)).labelled(n.to_string());
        store.apply(Report { poller: "sqs", at: now, facts: vec![Fact::Linked(link)], round: None });
        let start = Instant::now();
        store.assess(now);
        start.elapsed()
    });
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!("assessing {} resources in {FLOWS} flows, median of {RUNS}:", FLOWS * MEMBERS);
    println!("  nothing changed      {:.2} ms", milliseconds(unchanged));
    println!("  a link changed       {:.2} ms", milliseconds(changed));
    println!("  so finding the flows {:.2} ms", milliseconds(changed.saturating_sub(unchanged)));
}

fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    times.sort_unstable();
    times[RUNS / 2]
}

fn queue(flow: usize, n: usize) -> ResourceId {
    format!("arn:aws:sqs:eu-west-1:000000000001:flow-{flow}-queue-{n}").into()
}

fn store(now: Timestamp) -> Store {
    let mut store = Store::default();
    for flow in 0..FLOWS {
        let found = (0..MEMBERS).map(|n| queue(flow, n)).map(|id| {
            let name = id.short_name().to_owned();
            Fact::Found(Resource::new(id, Kind::Queue, name))
        });
        let linked =
            (1..MEMBERS).map(|n| Fact::Linked(Link::configured(queue(flow, n / 2), LinkKind::Targets, queue(flow, n))));
        store.apply(Report { poller: "sqs", at: now, facts: found.chain(linked).collect(), round: None });
    }
    store
}
