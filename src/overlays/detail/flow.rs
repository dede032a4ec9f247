//! What the page says of flow: how long a queue's backlog lasts, and how much a mapping carries.
//!
//! All of it is the store's word. Here it only gets its marks: what is approximate, what is at least, and what is several links' together.

use super::{Line, REST, heading};
use crate::{
    domain::{
        Link, LinkKind,
        reading::VISIBLE,
        units::{Age, Count, PerSecond},
    },
    panes::View,
    store::{
        Entry,
        rates::{Bound, Rate},
    },
    theme::Role,
};

/// What waits in a queue, until when, and when the first of it is lost.
pub(super) fn backlog(entry: &Entry, view: &View<'_>) -> Vec<Line> {
    let Some(backlog) = view.store.backlog(&entry.resource.id, view.now) else { return Vec::new() };
    let role = if view.store.is_stale(entry, VISIBLE, view.now) { Role::Stale } else { Role::Text };
    let drains = match backlog.drains_seconds {
        Some(_) if backlog.waiting < 1.0 => Some("empty".to_owned()),
        Some(seconds) if seconds.is_infinite() => Some("never, as it goes now".to_owned()),
        Some(seconds) => Some(format!("in {}", Age(seconds))),
        None => None,
    };
    let line = |name: &str, said: String| Line {
        parts: vec![(Role::Dim, format!("  {name}"), 18), (role, said, REST)],
        neighbour: None,
    };
    let rest = [("drains", drains), ("first loss", backlog.loss.map(|loss| loss.to_string()))];
    [heading("backlog"), line("waiting", format!("≈{}", Count(backlog.waiting)))]
        .into_iter()
        .chain(rest.into_iter().filter_map(|(name, said)| Some(line(name, said?))))
        .collect()
}

/// A neighbour's label; a mapping's with how much it carries, and how much of that comes back to be tried again.
pub(super) fn beside(label: &str, link: &Link, view: &View<'_>) -> String {
    if link.kind != LinkKind::Invokes {
        return label.to_owned();
    }
    let carries = view.store.rate(link, view.now).map(|rate| say(&rate));
    let back = view.store.retries(link, view.now).filter(|back| back.per_second > 0.0);
    let back = back.map(|back| format!("{} tried again", say(&back)));
    let label = Some(label.to_owned()).filter(|label| !label.is_empty());
    [label, carries, back].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn say(rate: &Rate) -> String {
    let bound = match rate.bound {
        Bound::Exact => "",
        Bound::AtLeast => "≥",
        Bound::Shared => "of ",
    };
    format!("{bound}{}/s", PerSecond(rate.per_second))
}
