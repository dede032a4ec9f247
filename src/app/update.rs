//! Each event makes a new state and perhaps some wishes. Pure: no clock, no network, no terminal.

use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::Timestamp;

use super::{App, Effect, Event, view_of};
use crate::{
    commands::{Command, Key, Place},
    domain::{Fact, ResourceId},
    overlays::{
        Press, detail::Detail, filter::Filter, help::Help, palette::Palette, themes::Themes, toast::Toast, usage::Usage,
    },
    panes::View,
    store::Store,
    theme::Role,
};

/// The most characters of a paste that are taken: no name is longer, and a whole file was never meant.
const MOST_PASTED: usize = 512;
/// The same where a document is typed.
const MOST_PASTED_DOCUMENT: usize = 64 * 1024;

impl App {
    /// Takes one event in.
    pub fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        match event {
            Event::Key(key) => return self.key(key, now),
            Event::Mouse(mouse) => return self.mouse(mouse, now),
            // What is pasted is text: where nothing is being typed it is nothing, and never commands.
            Event::Paste(text) => return self.paste(&text, now),
            Event::Resize => self.dirty = true,
            Event::Report(report) => {
                self.note_change(&report.facts, now);
                self.store.apply(report);
            }
            Event::Tick(cost) => self.tick(cost, now),
            Event::Beat => {
                if self.moves() {
                    self.beat += 1;
                    self.dirty = true;
                }
            }
            Event::Used(used) => {
                if let Some(overlay) = self.overlays.last_mut() {
                    overlay.used(&used);
                }
                self.used = used;
            }
            Event::Identified(answer) => self.identified(answer, now),
            Event::Recognised { flavour, missing } => {
                let place = match self.session.place.split_once(' ') {
                    Some((_, address)) => format!("{flavour} {address}"),
                    None => self.session.place.clone(),
                };
                self.dirty |= (&place, missing) != (&self.session.place, self.session.missing);
                (self.session.place, self.session.missing) = (place, missing);
            }
            Event::Desk(number, news) => return self.desk_told(number, news, now),
            Event::Inspected(number, news) => return self.learned(number, news, now),
            Event::CutOff(runs) => self.ask_to_go_on(runs, now),
            Event::Failed(text) => self.say(text, Role::Warn, now),
            Event::Resumed => (self.suspended, self.dirty) = (false, true),
            Event::Terminate => return vec![Effect::Quit],
            Event::Suspend => return self.suspend(),
        }
        Vec::new()
    }

    /// Tells the user something in passing.
    pub fn say(&mut self, text: String, role: Role, now: Timestamp) {
        self.toast = Some(Toast { text, role, since: now });
        self.dirty = true;
    }

    /// A frame is due only if something that shows has changed.
    fn note_change(&mut self, facts: &[Fact], now: Timestamp) {
        let changed = facts.iter().any(|fact| match fact {
            Fact::Measured { id, metric, reading } => {
                self.store.get(id).and_then(|entry| entry.value(*metric)) != Some(reading.value)
            }
            _ => true,
        });
        if changed {
            self.changed_at = Some(now);
        }
        // The first round of each service, and the one that ends an outage, change the header.
        let settling = self.session.services > self.store.polls().answered() || self.store.polls().outage().is_some();
        self.dirty |= self.held.is_none() && (changed || settling);
    }

    fn tick(&mut self, cost: crate::panes::header::Cost, now: Timestamp) {
        self.dirty |= cost != self.session.cost || now.as_second() / 60 != self.drawn_minute;
        self.session.cost = cost;
        if self.toast.as_ref().is_some_and(|toast| toast.is_over(now)) {
            self.toast = None;
            self.dirty = true;
        }
        self.dirty |=
            self.held.is_none() && (self.time_matters(now) || self.overlays.iter().any(|overlay| overlay.ages()));
    }

    fn identified(&mut self, answer: Result<crate::aws::Identity, crate::aws::Trouble>, now: Timestamp) {
        match answer {
            Ok(identity) => {
                let who = ResourceId::from(&identity.arn);
                // Whom an emulator takes us for is nobody.
                let nobody = !self.session.on_aws || identity.arn.ends_with(":root");
                let who = if nobody { "" } else { who.short_name() };
                who.clone_into(&mut self.session.identity);
                self.session.account = identity.account;
                self.said_unknown = None;
                self.dirty = true;
            }
            Err(trouble) if trouble.is_total() => {}
            // It is asked again and again; who may not ask knows it after the first time.
            Err(trouble) => {
                let text = format!("who we are is unknown: {trouble}");
                if self.said_unknown.as_ref() != Some(&text) {
                    self.said_unknown = Some(text.clone());
                    self.say(text, Role::Unknown, now);
                }
            }
        }
    }

    fn key(&mut self, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.typed(key, now)
    }

    /// Where nothing is being typed it is nothing, and never commands.
    fn paste(&mut self, text: &str, now: Timestamp) -> Vec<Effect> {
        let Some(mut overlay) = self.overlays.pop_if(|overlay| overlay.takes_text()) else { return Vec::new() };
        self.dirty = true;
        let document = overlay.takes_document();
        let most = if document { MOST_PASTED_DOCUMENT } else { MOST_PASTED };
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !c.is_control() || (document && *c == '\n')).take(most).collect();
        let wish = overlay.paste(&text, &self.view(now));
        self.grant(wish, overlay, now)
    }

    fn typed(&mut self, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
        self.dirty = true;
        // What lies on top has the keys of all panes, unless it has its own.
        let place = match (self.overlays.last(), self.panes.get(self.focus)) {
            (Some(overlay), _) => overlay.place(),
            (None, pane) => pane.map_or(Place::Pane, |pane| pane.place()),
        };
        let command = self.keymap.command(Key::from(key), place);
        // These two work whatever lies on top.
        let is_control = key.modifiers.contains(crossterm::event::KeyModifiers::CONTROL);
        match command {
            Some(Command::Quit) if is_control => return vec![Effect::Quit],
            Some(Command::Suspend) => return self.suspend(),
            _ => {}
        }
        if let Some(mut overlay) = self.overlays.pop() {
            let wish = overlay.key(Press { event: key, command }, &self.view(now));
            return self.grant(wish, overlay, now);
        }
        command.map_or_else(Vec::new, |command| self.command(command, now))
    }

    pub(super) fn command(&mut self, command: Command, now: Timestamp) -> Vec<Effect> {
        let selected = self.panes.get(self.focus).and_then(|pane| pane.selected()).cloned();
        let went = self.went;
        self.went |= !matches!(command, Command::Desk | Command::Logs);
        match command {
            Command::Quit => return vec![Effect::Quit],
            Command::Suspend => return self.suspend(),
            Command::ShowUsage => self.overlays.push(Box::new(Usage::new(self.used.clone()))),
            Command::Help => {
                let place = self.overlays.last().map_or(Place::Pane, |overlay| overlay.place());
                self.overlays.push(Box::new(Help::of(place)));
            }
            Command::Palette => self.overlays.push(Box::new(Palette::new(&self.view(now)))),
            Command::ChooseTheme => {
                self.overlays.push(Box::new(Themes::new(self.look.shelf.names(), self.look.theme.name())));
            }
            Command::Filter => {
                let text = self.panes.get(self.focus).map_or("", |pane| pane.filter());
                self.overlays.push(Box::new(Filter::new(text)));
            }
            Command::WhereTo => self.ask_where(selected.as_ref(), now),
            Command::Follow => return self.follow_from(selected.as_ref(), now),
            Command::Back => {
                self.light(None, now);
                if !self.act(command, now) {
                    self.filter("", now);
                }
            }
            Command::Open => {
                if !self.act(command, now)
                    && let Some(id) = selected
                {
                    self.overlays.push(Box::new(Detail::new(id)));
                }
            }
            Command::Desk => return self.open_desk(selected.as_ref(), now),
            Command::LookInside => return self.look_inside(selected.as_ref(), now),
            Command::Probe => return self.probe(selected.as_ref(), now),
            Command::DeadLetters if selected.as_ref().is_some_and(|id| self.is_dead_letter_queue(id)) => {
                return self.open_desk(selected.as_ref(), now);
            }
            Command::DeadLetters => self.go_to_dead_letters(selected.as_ref(), now),
            Command::Logs => return self.open_logs(selected.as_ref(), went, now),
            Command::FlowLogs => return self.open_flow_logs(selected.as_ref(), now),
            Command::CopyId => {
                let own = self.panes.get(self.focus).and_then(|pane| pane.copies());
                let text = own.or_else(|| selected.map(|id| id.to_string()));
                return text.map_or_else(Vec::new, |text| self.copy(text, now));
            }
            Command::NextPane => self.focus_on((self.focus + 1) % self.panes.len(), now),
            Command::PreviousPane => self.focus_on((self.focus + self.panes.len() - 1) % self.panes.len(), now),
            Command::Pane(number) => self.focus_on(usize::from(number).saturating_sub(1), now),
            Command::NextAlarm | Command::PreviousAlarm => match self.now.step(command == Command::NextAlarm) {
                Some(id) => self.show(&id, now),
                None => self.say("all is quiet: there is no alarm to go to".to_owned(), Role::Dim, now),
            },
            Command::Hold => self.hold(now),
            Command::Refresh => {
                self.refreshes += 1;
                self.say("reading everything now".to_owned(), Role::Dim, now);
            }
            _ => {
                self.act(command, now);
            }
        }
        Vec::new()
    }

    /// Lets the pane act; false if it does not know the command.
    fn act(&mut self, command: Command, now: Timestamp) -> bool {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        self.panes.get_mut(self.focus).is_some_and(|pane| pane.act(command, &view))
    }

    pub(super) fn focus_on(&mut self, index: usize, now: Timestamp) {
        if index < self.panes.len() {
            let chosen = self.panes.get(self.focus).and_then(|pane| pane.selected()).cloned();
            let is_new = self.focus != index;
            self.focus = index;
            let view = current(&self.held, &self.store, &self.look, &self.zone, now);
            if let Some(pane) = self.panes.get_mut(index) {
                if let Some(id) = chosen.filter(|_| is_new && pane.follows()) {
                    pane.select(&id);
                }
                pane.refresh(&view);
            }
        }
    }

    pub(super) fn filter(&mut self, text: &str, now: Timestamp) {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        if let Some(pane) = self.panes.get_mut(self.focus) {
            pane.set_filter(text, &view);
        }
    }

    /// Draws with another theme from now on.
    pub(super) fn change_theme(&mut self, name: &str, now: Timestamp) {
        self.dirty = true;
        if let Some(warning) = self.look.change(name).into_iter().next() {
            self.say(warning, Role::Warn, now);
        }
    }

    pub(super) fn hold(&mut self, now: Timestamp) {
        self.held = match self.held.take() {
            Some(_) => None,
            None => Some((Box::new(self.store.clone()), now)),
        };
        self.session.held = self.held.as_ref().map(|(_, since)| *since);
        self.prepared = u64::MAX;
    }

    fn suspend(&mut self) -> Vec<Effect> {
        self.suspended = true;
        vec![Effect::Suspend]
    }

    pub(super) fn copy(&mut self, text: String, now: Timestamp) -> Vec<Effect> {
        self.say(format!("copied {text}"), Role::Dim, now);
        vec![Effect::Copy(text)]
    }

    pub(super) fn view(&self, now: Timestamp) -> View<'_> {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        View { read_only: self.session.read_only, ..view }
    }
}

/// The view of what is on screen: of the held store if the picture is held.
pub(super) fn current<'a>(
    held: &'a Option<(Box<Store>, Timestamp)>,
    store: &'a Store,
    look: &'a super::Look,
    zone: &'a jiff::tz::TimeZone,
    now: Timestamp,
) -> View<'a> {
    match held {
        Some((store, since)) => view_of(store, look, zone, *since),
        None => view_of(store, look, zone, now),
    }
}
