//! A probe: what would be sent and where it would go; then, once that is confirmed, each hop that the one event makes.
//!
//! ```text
//!  probe edatop-probe-18ab64e49a1f2c00  EventFork                                      2 of 3 arrived · 4 s
//! ── where it goes ─────────────────────────────────────── ── this hop ──────────────────────────────────
//!         0 ms  ◆ EventFork                                │ price  handled it as request 8f1e
//!       +12 ms  ✔ ▤ Analytics  queued as message 1f0c2d3e  │ certain: it names edatop-probe-18ab64e49a1f2c00
//!      +340 ms    ✔ ƒ price  handled it as request 8f1e    │ what is sent
//!             ?     ▦ prices  what a function does with it │   {"event":"login"}
//!             ✖ ▤ Mailing  its filter does not let it thro │
//!  enter open  l lines  t thread  y copy id  esc stop watching                                      ? more
//! ```
//!
//! It knows the plan, the [`Picture`] that its task (`app::inspect::probe`) sent last, and its cursor. Must not: send.

mod drawing;
mod keys;
pub mod model;

use std::sync::Arc;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use tui_input::Input;

use self::model::{Errand, Picture, Stage};
use super::News;
use crate::{
    commands::Place,
    domain::ResourceId,
    inspect::probe::{
        Plan, follow,
        plan::{Draft, mark_of},
        send,
    },
    overlays::{Overlay, Press, Wish, choices::Choices, filter::insert, toast::Toast},
    panes::View,
    routing::{Envelope, MessageAttributes},
    store::Store,
};

/// What is said instead of sending.
pub const READ_ONLY: &str =
    "a probe sends an event, and edatop runs with --read-only: nothing was asked and nothing was sent";

/// The overlay.
#[derive(Debug)]
pub struct Probe {
    number: u64,
    errand: Errand,
    picture: Picture,
    typing: Option<(Blank, Input)>,
    /// The routes, where one is to be chosen.
    choices: Option<Choices>,
    /// The cursor's place among the hops.
    at: usize,
    /// Lines beside them that are scrolled past.
    offset: usize,
    word: Option<Toast>,
    /// Where the hops were drawn last, and the first of them; and what stands beside them.
    hops: Rect,
    first: usize,
    beside: Rect,
}

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    /// Another event.
    Event,
    /// The name, so that it is meant.
    Name,
}

impl Probe {
    pub fn new(number: u64, errand: &Errand) -> Self {
        let stage = if errand.api.is_some() { Stage::Finding } else { Stage::Ready };
        Self {
            number,
            errand: errand.clone(),
            picture: Picture { stage, ..Picture::default() },
            typing: None,
            choices: None,
            at: 0,
            offset: 0,
            word: None,
            hops: Rect::default(),
            first: 0,
            beside: Rect::default(),
        }
    }
}

impl Overlay for Probe {
    fn place(&self) -> Place {
        if self.typing.is_none() { Place::Probe } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.errand.plan.target)
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn takes_document(&self) -> bool {
        matches!(self.typing, Some((Blank::Event, _)))
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        // A name is typed, or it says nothing.
        if let Some((Blank::Event, input)) = &mut self.typing {
            insert(input, &text.replace('\n', " "));
        }
        Wish::Stay
    }

    fn ages(&self) -> bool {
        self.picture.stage == Stage::Following
    }

    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        self.press(press, view)
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        if self.beside.contains(at) {
            self.offset = self.offset.saturating_add_signed(lines);
        } else {
            self.go(lines);
        }
        Wish::Stay
    }

    fn click(&mut self, at: Position, view: &View<'_>) -> Wish {
        if !self.hops.contains(at) || (self.choices.is_some() && self.picture.route.is_none()) {
            return Wish::Stay;
        }
        let place = self.first + usize::from(at.y - self.hops.y);
        let was_sent = self.picture.course.is_some();
        // A click may open what is chosen; it never sends.
        if place == self.at && was_sent {
            return self.open(view);
        }
        if place < self.errand.plan.hops.len() {
            (self.at, self.offset) = (place, 0);
        }
        Wish::Stay
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Probe(picture) = news {
            if self.choices.is_none() && !picture.routes.is_empty() {
                self.choices = Some(Choices::new(picture.routes.clone()));
            }
            self.picture = *picture;
        }
    }

    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.page(area, buf, view);
    }
}

/// The same probe with another event.
///
/// # Errors
/// When it is no event that the target would take.
fn rewritten(before: &Plan, event: String, view: &View<'_>) -> Result<Plan, String> {
    let gone = || format!("{} is gone", before.name);
    let target = view.store.get(&before.target).map(|entry| &entry.resource).ok_or_else(gone)?;
    let arn = before.target.arn();
    let (account, region) = arn.map_or(("", ""), |arn| (arn.account, arn.region));
    let draft = Draft {
        store: view.store,
        target,
        probe: before.probe.clone(),
        event: Some(event),
        attributes: before.attributes.clone(),
        envelope: Envelope { account, region, now: view.now },
    };
    draft.plan()
}

/// Where and as whom it would be sent.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub envelope: Envelope<'a>,
    /// Whether what is sent is real.
    pub on_aws: bool,
}

/// What a probe of this one would be.
///
/// # Errors
/// When there is no way to send to it.
pub fn errand(store: &Store, target: &ResourceId, setting: Setting<'_>) -> Result<Errand, String> {
    let known = store.get(target).filter(|entry| entry.gone.is_none());
    let target = known.map(|entry| &entry.resource).ok_or_else(|| format!("{} is gone", target.short_name()))?;
    let api = send::api_of(target)?.map(ToOwned::to_owned);
    let number = u64::try_from(setting.envelope.now.as_nanosecond()).unwrap_or_default();
    let draft = Draft {
        store,
        target,
        probe: mark_of(number),
        event: None,
        attributes: MessageAttributes::new(),
        envelope: setting.envelope,
    };
    let plan = draft.plan()?;
    let ground = Arc::new(follow::ground(&plan, store));
    let name = setting.on_aws.then(|| target.name.clone());
    Ok(Errand { plan: Arc::new(plan), ground, api, name })
}
