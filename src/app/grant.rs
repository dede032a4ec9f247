//! What an overlay wishes after a key or a click: does it, and puts the overlay back unless it closes. Pure, as [`super::update`].
//!
//! To add a wish: a variant of [`Wish`], and its arm here.

use jiff::Timestamp;

use super::{App, Effect};
use crate::{
    overlays::{
        Overlay, Wish,
        desk::model::{Ask, Find},
        detail::Detail,
        inspect,
    },
    theme::Role,
};

impl App {
    /// Does what an overlay wishes; puts it back unless it closes.
    pub(super) fn grant(&mut self, wish: Wish, overlay: Box<dyn Overlay>, now: Timestamp) -> Vec<Effect> {
        let reader = overlay.reader();
        let mut effects = self.do_wish(wish, overlay, now);
        // A reader that does not lie there any more has nothing to read for.
        if let Some(number) = reader.filter(|number| !self.is_reading(*number)) {
            self.read.remove(&number);
            effects.push(Effect::Inspect(number, inspect::Ask::Close));
        }
        effects
    }

    fn do_wish(&mut self, wish: Wish, overlay: Box<dyn Overlay>, now: Timestamp) -> Vec<Effect> {
        let reader = overlay.reader();
        match wish {
            Wish::Close => {}
            Wish::Read(ask) => {
                self.overlays.push(overlay);
                return reader.map(|number| Effect::Inspect(number, ask)).into_iter().collect();
            }
            Wish::Inspect(subject) => {
                self.overlays.push(overlay);
                return self.inspect(*subject, now);
            }
            Wish::FollowOneOf(ids, near) => {
                self.overlays.push(overlay);
                let near = near.or_else(|| self.read.get(&reader?).cloned());
                return self.follow_one_of(ids, near, now);
            }
            Wish::Follow(id, near) => return self.follow(id, near.as_ref(), now),
            Wish::InspectAt(subject, ask) => {
                self.overlays.push(overlay);
                let mut effects = self.inspect(*subject, now);
                effects.push(Effect::Inspect(self.readers, *ask));
                return effects;
            }
            Wish::DeskAt(id, text) => {
                self.overlays.push(overlay);
                // It is this one that is meant, whatever the worst alarm is.
                self.went = true;
                let mut effects = self.open_desk(Some(&id), now);
                // Without a desk there is nothing to find on it.
                if !effects.is_empty() {
                    effects.push(Effect::Desk(Ask::Find(Find::typed(&text))));
                }
                return effects;
            }
            Wish::Do(command) => return self.command(command, now),
            Wish::Show(id) => self.show(&id, now),
            Wish::ClearFilter => self.filter("", now),
            Wish::KeepTheme(name) => self.change_theme(&name, now),
            Wish::Stay => self.overlays.push(overlay),
            Wish::Open(id) => {
                self.overlays.push(overlay);
                self.overlays.push(Box::new(Detail::new(id)));
            }
            Wish::Light(lit, typed) => {
                self.typed = Some(typed);
                self.light(Some(lit), now);
            }
            Wish::Filter(text) => {
                self.overlays.push(overlay);
                self.filter(&text, now);
            }
            Wish::TryTheme(name) => {
                self.overlays.push(overlay);
                self.change_theme(&name, now);
            }
            Wish::Copy(text) => {
                self.overlays.push(overlay);
                return self.copy(text, now);
            }
            Wish::Desk(id) => {
                self.overlays.push(overlay);
                return self.open_desk(Some(&id), now);
            }
            Wish::LookInside(id) => {
                self.overlays.push(overlay);
                return self.look_inside(Some(&id), now);
            }
            Wish::Probe(id) => {
                self.overlays.push(overlay);
                return self.probe(Some(&id), now);
            }
            Wish::Logs(id) => {
                self.overlays.push(overlay);
                return self.open_logs(Some(&id), true, now);
            }
            Wish::GoOn(queue) => return self.go_on(queue, now),
            Wish::Ask(ask) => {
                self.overlays.push(overlay);
                // A plan is made with what is known by now, not with what was known when the desk was opened.
                let planned = self.on_desk.as_ref().filter(|_| matches!(ask, Ask::Plan(_)));
                let takers = planned.map(|queue| Effect::Desk(Ask::Takers(self.takers(queue, now))));
                return takers.into_iter().chain([Effect::Desk(ask)]).collect();
            }
            Wish::Over(command) => {
                self.overlays.push(overlay);
                return self.command(command, now);
            }
            Wish::LeaveDesk => return vec![Effect::Desk(Ask::Close)],
            Wish::Say(text) => {
                self.overlays.push(overlay);
                self.say(text, Role::Warn, now);
            }
        }
        Vec::new()
    }
}
