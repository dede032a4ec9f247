//! What happens next: one loop owns all state.
//!
//! [`run`] gathers events, [`App::update`] turns each into a new state and a list of [`Effect`]s, [`perform`] makes those come true,
//! [`draw`] shows the state. `update` and `draw` are pure: the instant is passed in.

pub mod clock;
pub mod desk;
pub mod draw;
mod editor;
pub mod effect;
pub mod event;
mod farewell;
mod go;
mod grant;
pub mod inspect;
mod logs;
mod mouse;
mod out;
pub mod perform;
pub mod run;
pub mod update;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    commands::Keymap,
    domain::{Declaration, Ignore, Kind, ResourceId, Scope},
    overlays::{Overlay, route::Typed, toast::Toast, usage::Used},
    panes::{self, PANES, Pane, View, flows::Flows, header::Session, now::Now},
    store::Store,
    theme::{ASCII, ColorDepth, Shelf, Theme},
};

pub use effect::Effect;
pub use event::Event;

/// Rules judge at most this often: what changes faster is seen in the numbers.
const JUDGE_EVERY: SignedDuration = SignedDuration::from_millis(250);
/// Where nothing but the time has changed, once a tick is enough; ticks come a second apart, give or take.
const JUDGE_BY_TIME_EVERY: SignedDuration = SignedDuration::from_millis(900);
/// A picture whose last change is older than this cannot be moving: the sparklines are flat.
const STILL_AFTER: SignedDuration = SignedDuration::from_secs(125);

/// How to draw: what the user chose and the terminal can.
#[derive(Debug, Clone)]
pub struct Look {
    pub theme: Theme,
    pub depth: ColorDepth,
    pub ascii: bool,
    /// All themes, read before the first frame: to choose one touches no file.
    pub shelf: Shelf,
}

impl Look {
    /// Another theme, at this terminal's colours.
    pub fn change(&mut self, name: &str) -> Vec<String> {
        let (theme, warnings) = self.shelf.get(name);
        let theme = theme.at_depth(self.depth);
        self.theme = if self.ascii { theme.with_glyphs(&ASCII) } else { theme };
        warnings.iter().map(ToString::to_string).collect()
    }
}

/// Everything that a frame depends on.
pub struct App {
    store: Store,
    /// The store as it was when the picture was held.
    held: Option<(Box<Store>, Timestamp)>,
    panes: Vec<Box<dyn Pane>>,
    focus: usize,
    now: Now,
    flows: Flows,
    overlays: Vec<Box<dyn Overlay>>,
    toast: Option<Toast>,
    session: Session,
    used: Used,
    look: Look,
    zone: TimeZone,
    keymap: Keymap,
    places: draw::Places,
    /// The event that was last asked about.
    typed: Option<Typed>,
    /// How many desks were opened: news of an earlier one is nobody's.
    desk: u64,
    /// The queue on it.
    on_desk: Option<ResourceId>,
    /// How many readers were opened: each has a number of its own.
    readers: u64,
    /// What those that lie there are about.
    read: BTreeMap<u64, ResourceId>,
    /// The user went somewhere: what is under the cursor is there because he wants it.
    went: bool,
    refreshes: u64,
    suspended: bool,
    /// Why we do not know who we are, as it was said last.
    said_unknown: Option<String>,
    dirty: bool,
    judged: Option<Timestamp>,
    /// What the rules and panes were computed from.
    prepared: u64,
    changed_at: Option<Timestamp>,
    drawn_minute: i64,
    /// Marks move with it; not at all if the user wants none of that.
    beat: u64,
    motion: bool,
}

impl App {
    pub fn new(session: Session, look: Look, zone: TimeZone) -> Self {
        Self {
            store: Store::default(),
            held: None,
            panes: PANES.iter().map(|row| (row.make)()).collect(),
            focus: 0,
            now: Now::default(),
            flows: Flows::default(),
            overlays: Vec::new(),
            toast: None,
            session,
            used: Used::default(),
            look,
            zone,
            keymap: Keymap::default(),
            places: draw::Places::default(),
            typed: None,
            desk: 0,
            on_desk: None,
            readers: 0,
            read: BTreeMap::new(),
            went: false,
            refreshes: 0,
            suspended: false,
            said_unknown: None,
            dirty: true,
            judged: None,
            prepared: u64::MAX,
            changed_at: None,
            drawn_minute: 0,
            beat: 0,
            motion: true,
        }
    }

    /// Without motion a mark that could move stands still.
    #[must_use]
    pub fn with_motion(mut self, motion: bool) -> Self {
        self.motion = motion;
        self
    }

    /// Whether marks are on screen that want to move: a beat is due every now and then.
    pub fn moves(&self) -> bool {
        self.motion
            && self.held.is_none()
            && !self.suspended
            && self.overlays.is_empty()
            && self.panes.get(self.focus).is_some_and(|pane| pane.moves())
    }

    /// Takes over the links that the user declares.
    pub fn declare(&mut self, links: Vec<Declaration>) {
        self.store.declare(links);
    }

    /// Whether a frame would differ from the last one.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Lets findings stay that the user has reasons for.
    pub fn ignore(&mut self, ignores: Vec<Ignore>) {
        self.store.ignore(ignores);
    }

    /// Judges and orders anew what changed since the last frame.
    pub fn prepare(&mut self, now: Timestamp) {
        if self.held.is_some() {
            return;
        }
        let has_news = self.prepared != self.store.revision();
        let every = if has_news { JUDGE_EVERY } else { JUDGE_BY_TIME_EVERY };
        let due = self.judged.is_none_or(|at| now.duration_since(at).abs() >= every);
        if due && (has_news || self.time_matters(now)) {
            self.store.assess(now);
            self.judged = Some(now);
        }
        if self.prepared != self.store.revision() {
            self.prepared = self.store.revision();
            self.refresh_panes(now);
        }
    }

    fn refresh_panes(&mut self, now: Timestamp) {
        let view = view_of(&self.store, &self.look, &self.zone, now);
        self.now.refresh(&view);
        self.flows.refresh(&view);
        if let Some(pane) = self.panes.get_mut(self.focus) {
            pane.refresh(&view);
        }
    }

    /// Whether the passing of time alone changes what a rule says or a pane shows.
    fn time_matters(&self, now: Timestamp) -> bool {
        !self.store.alarms().is_empty()
            || self.store.polls().outage().is_some()
            || self.changed_at.is_some_and(|at| now.duration_since(at) < STILL_AFTER)
    }

    /// What pollers should know of where the user looks.
    pub fn scope(&self) -> Scope {
        let pane = self.panes.get(self.focus);
        let subject = self.overlays.iter().rev().find_map(|overlay| overlay.subject());
        let selected = subject.or_else(|| pane.and_then(|pane| pane.selected())).cloned();
        let mut in_view: std::collections::BTreeSet<ResourceId> =
            pane.map(|pane| pane.in_view().iter().cloned().collect()).unwrap_or_default();
        let mut kinds: std::collections::BTreeSet<Kind> =
            pane.map(|pane| pane.kinds().iter().copied().collect()).unwrap_or_default();
        // A pane of no kind shows what its resources are.
        if kinds.is_empty() {
            kinds.extend(in_view.iter().map(|id| self.store.kind_of(id)));
        }
        // A function is known by its log lines.
        let functions = in_view.iter().chain(&selected).filter_map(|id| self.store.topology().log_group(id).cloned());
        let groups: Vec<ResourceId> = functions.collect();
        if !groups.is_empty() {
            kinds.insert(Kind::LogGroup);
        }
        in_view.extend(groups);
        in_view.extend(selected.iter().cloned());
        Scope { kinds, in_view, selected, paused: self.suspended, refresh: self.refreshes }
    }
}

/// A view of a store; apart from `App`, so that other parts of it can be borrowed meanwhile.
fn view_of<'a>(store: &'a Store, look: &'a Look, zone: &'a TimeZone, now: Timestamp) -> View<'a> {
    panes::View { store, theme: &look.theme, now, zone, ascii: look.ascii, beat: 0, read_only: false }
}
