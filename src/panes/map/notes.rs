//! The lines around the picture: which flow it is, what matches nobody, what could not be known.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    scene::{Scene, Thing},
    words::{self, Words},
};
use crate::{
    domain::{Health, Kind, LinkKind, reading::PUBLISHED, units::PerSecond},
    panes::View,
    store::{
        flows::{Flow, NamedBy},
        rates::Bound,
    },
    theme::Role,
    widgets::text,
};

/// Lines below the picture.
const MOST: usize = 3;
/// A share of messages smaller than this may be the difference of two clocks.
const LEAST_SHARE: f64 = 0.05;

#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    title: Words,
    right: String,
    lines: Vec<Words>,
}

impl Notes {
    pub(super) fn of(flow: &Flow, scene: &Scene, chosen: Option<usize>, view: &View<'_>) -> Self {
        let flows = view.store.flows();
        let place = flows.iter().position(|other| other.entry == flow.entry).map_or(0, |place| place + 1);
        let mut title = Words::new();
        if flow.health != Health::Ok {
            let (mark, role) = view.mark(flow.health);
            title.push((role, format!("{mark} ")));
        }
        title.push((Role::Title, flow.name.clone()));
        let named = match flow.named_by {
            NamedBy::Stack => " stack",
            NamedBy::Tag => " tag",
            NamedBy::Entry => "",
        };
        title.push((Role::Dim, format!("{named}  {} resources", flow.members.len())));
        if scene.hidden > 0 {
            title.push((Role::Accent, format!("  {} shown, esc shows all", flow.members.len() - scene.hidden)));
        }
        let right = if flows.len() > 1 { format!("flow {place} of {}", flows.len()) } else { String::new() };
        let mut lines: Vec<Words> =
            scene.things.iter().filter_map(|thing| nobody(thing, view)).map(|line| vec![(Role::Dim, line)]).collect();
        let unknown =
            flow.unknown.iter().map(|line| vec![(Role::Unknown, format!("{} {line}", view.theme.glyphs.unknown))]);
        lines.splice(0..0, unknown);
        if lines.len() > MOST {
            let more = lines.len() + 1 - MOST;
            lines.truncate(MOST - 1);
            lines.push(vec![(Role::Dim, format!("and {more} more"))]);
        }
        lines.extend(chosen.map(|chosen| around(chosen, scene, view)));
        Self { title, right, lines }
    }

    pub(super) fn height(&self) -> u16 {
        self.lines.len() as u16
    }

    pub(super) fn draw_title(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let right = text::width(&self.right) as u16;
        let room = area.width.saturating_sub(right + 3);
        put_words(&self.title, Rect { width: room, ..area }, buf, view);
        let right = Rect { x: area.x + area.width.saturating_sub(right + 1), width: right.min(area.width), ..area };
        text::put(buf, right, &self.right, view.theme.style(Role::Dim), "");
    }

    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        for (y, line) in (area.top()..area.bottom()).zip(&self.lines) {
            put_words(line, Rect { y, height: 1, ..area }, buf, view);
        }
    }
}

/// Writes words one after another; returns the columns used.
pub(super) fn put_words(words: &[(Role, String)], area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let theme = view.theme;
    let mut rest = area;
    for (role, part) in words {
        let used = text::put(buf, rest, part, theme.style(*role), theme.glyphs.ellipsis);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    }
    area.width - rest.width
}

/// What comes to the chosen one and goes from it, with all that its lines may have had no room to say.
fn around(chosen: usize, scene: &Scene, view: &View<'_>) -> Words {
    let glyphs = view.theme.glyphs;
    let Some(thing) = scene.things.get(chosen) else { return Words::new() };
    let mut words = vec![(Role::Dim, format!("{} ", view.glyph(thing.kind))), (Role::Text, words::name(thing, view))];
    let mut tell = |arrow: &str, other: usize, strand| {
        let Some(other) = scene.things.get(other) else { return };
        words.push((Role::Link, format!("   {arrow} ")));
        words.push((Role::Text, format!("{} ", words::name(other, view))));
        words.extend(words::label(strand, (usize::MAX, true), view));
    };
    for strand in scene.strands.iter().filter(|strand| strand.to == chosen) {
        tell(glyphs.arrow_left, strand.from, strand);
    }
    for strand in scene.strands.iter().filter(|strand| strand.from == chosen) {
        tell(glyphs.arrow_right, strand.to, strand);
    }
    words
}

/// What of a topic's messages no subscription wants: that it can be so, and where it is counted, how much at the least.
fn nobody(thing: &Thing, view: &View<'_>) -> Option<String> {
    let store = view.store;
    if thing.kind != Kind::Topic || thing.members.len() != 1 {
        return None;
    }
    let subscriptions: Vec<_> =
        store.topology().from(&thing.id).filter(|link| link.kind == LinkKind::Subscribes).collect();
    let all_filter = subscriptions.iter().all(|link| link.attribute("FilterPolicy").is_some());
    if subscriptions.is_empty() || !all_filter {
        return None;
    }
    let name = format!("{} {}", view.glyph(Kind::Topic), words::name(thing, view));
    let filters = match subscriptions.len() {
        1 => "its one filter".to_owned(),
        count => format!("any of its {count} filters"),
    };
    let goes = format!("{name}: what does not match {filters} goes nowhere");
    let published = store.get(&thing.id)?.reading(PUBLISHED).filter(|published| published.value > 0.0);
    let delivered: Option<f64> = subscriptions
        .iter()
        .map(|link| store.rate(link, view.now).filter(|rate| rate.bound == Bound::Exact).map(|rate| rate.per_second))
        .sum();
    // Each message that matched was delivered once or more: what is missing matched nobody, and there may be more of it.
    let lost = published.zip(delivered).map(|(published, delivered)| (published.value - delivered, published.value));
    match lost.filter(|(lost, all)| lost / all > LEAST_SHARE) {
        Some((lost, all)) => {
            Some(format!("{goes}: ≥{:.0} % now, {}/s of {}/s", lost / all * 100.0, PerSecond(lost), PerSecond(all)))
        }
        None => Some(goes),
    }
}

/// Says why there is nothing to draw.
pub(super) fn draw_empty(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let waiting: Vec<&str> =
        view.store.polls().iter().filter(|(_, poll)| poll.last_good.is_none()).map(|(name, _)| name).collect();
    let line = if view.store.is_empty() {
        "nothing to draw yet: no resource was found so far".to_owned()
    } else {
        format!("nothing to draw: none of {} resources sends to another, as far as edatop can see", view.store.len())
    };
    let mut lines = vec![(Role::Text, line)];
    if !waiting.is_empty() {
        lines.push((Role::Unknown, format!("not read: {}", waiting.join(", "))));
    }
    for (y, (role, line)) in (area.top() + 1..area.bottom()).zip(lines) {
        let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
        text::put(buf, place, &line, view.theme.style(role), view.theme.glyphs.ellipsis);
    }
}
