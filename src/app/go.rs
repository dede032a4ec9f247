//! Going from one resource to another: in a list, on the map, or as a detail. Pure, as [`super::update`].

use jiff::Timestamp;

use super::{App, Effect, update::current};
use crate::{
    domain::{Kind, ResourceId},
    inspect::thread::seen::Seen,
    overlays::{
        desk::{
            Desk,
            cut_off::CutOffRuns,
            model::{Ask, CutOff, Deed, News, Subject, Taker},
        },
        detail::Detail,
        inspect::{self, probe::Setting},
        route::{self, Route},
        which::Which,
    },
    redrive::why::{self, takers},
    routing::Envelope,
    theme::Role,
};

impl App {
    /// Goes from the chosen one to its dead letters.
    pub(super) fn go_to_dead_letters(&mut self, from: Option<&ResourceId>, now: Timestamp) {
        let Some(from) = from else { return };
        let dead_letters = self.view(now).store.topology().dead_letter_target(from).map(|link| link.to.clone());
        match dead_letters {
            Some(queue) => self.show(&queue, now),
            None => {
                self.say(
                    format!("{} has no dead-letter queue that edatop knows of", from.short_name()),
                    Role::Dim,
                    now,
                );
            }
        }
    }

    /// Puts the cursor on a resource: on the map, if that is shown and has it, else in a list.
    pub(super) fn show(&mut self, id: &ResourceId, now: Timestamp) {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        match self.panes.get_mut(self.focus) {
            Some(pane) if pane.follows() && view.store.flow_of(id).is_some() => {
                pane.select(id);
                pane.refresh(&view);
            }
            _ => self.show_in_list(id, now),
        }
    }

    /// Puts the cursor on a resource, in the pane that lists it; one that no pane lists opens as a detail.
    fn show_in_list(&mut self, id: &ResourceId, now: Timestamp) {
        let kind = self.store.get(id).map(|entry| entry.resource.kind);
        let pane = self.panes.iter().position(|pane| kind.is_some_and(|kind| pane.kinds().contains(&kind)));
        if let Some(index) = pane {
            self.focus_on(index, now);
            let view = current(&self.held, &self.store, &self.look, &self.zone, now);
            if let Some(pane) = self.panes.get_mut(index) {
                if pane.select(id) {
                    return;
                }
                pane.set_filter("", &view);
                if pane.select(id) {
                    return;
                }
            }
        }
        self.overlays.push(Box::new(Detail::new(id.clone())));
    }

    /// Whether other resources' dead letters go there.
    pub(super) fn is_dead_letter_queue(&self, id: &ResourceId) -> bool {
        self.store.topology().dead_letter_sources(id).next().is_some()
    }

    /// Lays dead letters on the desk: those of the chosen one, or those of the worst alarm, as long as the user went nowhere yet.
    pub(super) fn open_desk(&mut self, chosen: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let topology = self.store.topology();
        let queue = |id: &ResourceId| {
            if self.is_dead_letter_queue(id) {
                return Some(id.clone());
            }
            let target = topology.dead_letter_target(id).map(|link| link.to.clone());
            target.filter(|id| self.store.kind_of(id) == Kind::Queue)
        };
        let of_alarms = || self.store.alarms().iter().find_map(|alarm| queue(&alarm.id));
        let first = if self.went { None } else { of_alarms() };
        let Some(queue) = first.or_else(|| chosen.and_then(queue)) else {
            let text = chosen.map_or_else(
                || "choose a dead-letter queue, or what has one".to_owned(),
                |chosen| format!("{} has no dead-letter queue that edatop knows of", chosen.short_name()),
            );
            self.say(text, Role::Dim, now);
            return Vec::new();
        };
        self.lay(queue, now)
    }

    /// Opens the desk of this queue.
    fn lay(&mut self, queue: ResourceId, now: Timestamp) -> Vec<Effect> {
        // The desk shows how it is, not how it was.
        if self.held.is_some() {
            self.hold(now);
        }
        self.desk += 1;
        self.on_desk = Some(queue.clone());
        self.overlays.push(Box::new(Desk::new(queue.clone())));
        vec![Effect::Desk(Ask::Open(Box::new(self.subject(queue, now))))]
    }

    /// Runs were cut off: whoever sits here is asked, unless he is at something else already.
    pub(super) fn ask_to_go_on(&mut self, runs: Vec<CutOff>, now: Timestamp) {
        let Some(last) = runs.first() else { return };
        if self.overlays.is_empty() {
            self.dirty = true;
            self.overlays.push(Box::new(CutOffRuns::new(runs)));
        } else {
            let text = format!("a run from {} was cut off, nothing is lost: C on its desk goes on with it", last.from);
            self.say(text, Role::Warn, now);
        }
    }

    /// The plan of going on, on the desk of this queue.
    pub(super) fn go_on(&mut self, queue: ResourceId, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.lay(queue, now);
        effects.push(Effect::Desk(Ask::Plan(Deed::Resume)));
        effects
    }

    /// What is known of a queue that the desk will want to know.
    fn subject(&self, queue: ResourceId, now: Timestamp) -> Subject {
        let topology = self.store.topology();
        let sources: Vec<&ResourceId> = topology.dead_letter_sources(&queue).map(|link| &link.from).collect();
        let routes = sources.iter().map(|source| why::Route::of(&self.store, &queue, Some(source))).collect();
        let takers = self.takers(&queue, now);
        Subject { queue, routes, takers }
    }

    /// Who takes from the sources of a dead-letter queue, and how they do by now.
    pub(super) fn takers(&self, queue: &ResourceId, now: Timestamp) -> Vec<Taker> {
        let sources = self.store.topology().dead_letter_sources(queue).map(|link| &link.from);
        let of_source = |source: &ResourceId| {
            let taker = |consumer| Taker { from: source.clone(), consumer };
            takers::of_store(&self.store, source, now).into_iter().map(taker).collect::<Vec<_>>()
        };
        sources.flat_map(of_source).collect()
    }

    /// Takes in what the desk tells, unless it is one that was left.
    pub(super) fn desk_told(&mut self, number: u64, news: News, now: Timestamp) -> Vec<Effect> {
        if number != self.desk {
            return Vec::new();
        }
        self.dirty = true;
        match news {
            News::Edit(document) => return vec![Effect::Edit(document)],
            News::Said(text, bad) => self.say(text, if bad { Role::Warn } else { Role::Dim }, now),
            news => self.overlays.iter_mut().for_each(|overlay| overlay.told(&news)),
        }
        Vec::new()
    }

    /// Opens the reader of what is in this one: a kind that has a reader is an arm here.
    pub(super) fn look_inside(&mut self, of: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let Some(id) = of else {
            self.say("choose a table, a bucket, a stream or a bus: i shows what is in it".to_owned(), Role::Dim, now);
            return Vec::new();
        };
        let subject = match self.store.kind_of(id) {
            Kind::Table => Some(inspect::Subject::Items(id.clone())),
            Kind::Stream => Some(inspect::Subject::Records(id.clone())),
            Kind::Bucket => inspect::objects::subject(&self.store, id).map(inspect::Subject::Objects),
            Kind::Bus | Kind::Rule | Kind::DeliveryStream => {
                let view = current(&self.held, &self.store, &self.look, &self.zone, now);
                Some(inspect::deliveries::subject(id, &view))
            }
            _ => None,
        };
        let Some(subject) = subject else {
            self.say(format!("there is nothing to look inside of {}", id.short_name()), Role::Dim, now);
            return Vec::new();
        };
        self.inspect(subject, now)
    }

    /// Shows what a probe of this one would be; nothing is sent before it is confirmed there.
    pub(super) fn probe(&mut self, of: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let errand = match of {
            _ if self.session.read_only => Err(inspect::probe::READ_ONLY.to_owned()),
            None => Err("choose a topic, a bus, a queue or an API: a probe starts there".to_owned()),
            Some(id) => {
                let account = id.arn().map_or(self.session.account.clone(), |arn| arn.account.to_owned());
                let envelope = Envelope { account: &account, region: &self.session.region, now };
                inspect::probe::errand(&self.store, id, Setting { envelope, on_aws: self.session.on_aws })
            }
        };
        match errand {
            Ok(errand) => self.inspect(inspect::Subject::Probe(Box::new(errand)), now),
            Err(why) => {
                self.say(why, Role::Warn, now);
                Vec::new()
            }
        }
    }

    /// Opens a reader on top.
    pub(super) fn inspect(&mut self, subject: inspect::Subject, now: Timestamp) -> Vec<Effect> {
        // A reader shows how it is, not how it was.
        if self.held.is_some() {
            self.hold(now);
        }
        self.readers += 1;
        self.overlays.push(inspect::open(self.readers, &subject));
        self.read.extend(subject.resource().map(|id| (self.readers, id.clone())));
        self.dirty = true;
        vec![Effect::Inspect(self.readers, inspect::Ask::Open(Box::new(subject)))]
    }

    /// Whether the reader of this number still lies there.
    pub(super) fn is_reading(&self, number: u64) -> bool {
        self.overlays.iter().any(|overlay| overlay.reader() == Some(number))
    }

    /// Takes in what a reader's task tells, unless the reader was left.
    pub(super) fn learned(&mut self, number: u64, news: inspect::News, now: Timestamp) -> Vec<Effect> {
        if !self.is_reading(number) {
            return Vec::new();
        }
        self.dirty = true;
        match news {
            inspect::News::Said(text, bad) => self.say(text, if bad { Role::Warn } else { Role::Dim }, now),
            inspect::News::Page(text) => return vec![Effect::Page(text)],
            inspect::News::Edit(text) => return vec![Effect::Show(text)],
            inspect::News::Copy { text, said } => {
                self.say(said, Role::Dim, now);
                return vec![Effect::Copy(text)];
            }
            inspect::News::Ids(ids, group) => {
                let is_it = |id: &&ResourceId| inspect::tail::group_of(&self.store, id).as_deref() == Some(&*group);
                let known = self.store.entries().map(|entry| &entry.resource);
                let near = known.filter(|of| of.kind == Kind::Function).map(|of| &of.id).find(is_it).cloned();
                return self.follow_one_of(ids, near, now);
            }
            news => {
                let view = current(&self.held, &self.store, &self.look, &self.zone, now);
                let reader = self.overlays.iter_mut().find(|overlay| overlay.reader() == Some(number));
                if let Some(reader) = reader {
                    reader.learned(news, &view);
                }
            }
        }
        Vec::new()
    }

    /// Follows one of the ids that stand somewhere: which, is asked where there are several.
    pub(super) fn follow_one_of(&mut self, ids: Vec<Seen>, near: Option<ResourceId>, now: Timestamp) -> Vec<Effect> {
        match &ids[..] {
            [] => self.say(
                "nothing in it looks like an id: t in a pane follows one that is typed".to_owned(),
                Role::Dim,
                now,
            ),
            [one] => return self.follow(one.id.clone(), near.as_ref(), now),
            _ => self.overlays.push(Box::new(Which::new(ids, near))),
        }
        Vec::new()
    }

    /// Opens the thread of an id, through the flow of this one.
    pub(super) fn follow(&mut self, id: String, near: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        let subject = inspect::thread::subject(id, true, near, &view);
        self.inspect(subject, now)
    }

    /// Asks for an id to follow, through the flow of what is chosen.
    pub(super) fn follow_from(&mut self, chosen: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        let subject = inspect::thread::subject(String::new(), false, chosen, &view);
        self.inspect(subject, now)
    }

    /// Opens the prompt for the topic or bus that is chosen.
    pub(super) fn ask_where(&mut self, chosen: Option<&ResourceId>, now: Timestamp) {
        let view = current(&self.held, &self.store, &self.look, &self.zone, now);
        match chosen.and_then(|chosen| route::start(chosen, &view)) {
            Some(target) => {
                let prompt = Route::new(target, self.typed.clone(), &view);
                self.overlays.push(Box::new(prompt));
            }
            None => self.say("choose a topic, a bus or a rule: events start there".to_owned(), Role::Dim, now),
        }
    }

    /// Shows a path wherever links are drawn, and goes there; or shows none any more.
    pub(super) fn light(&mut self, lit: Option<crate::panes::Lit>, now: Timestamp) {
        let map = self.panes.iter().position(|pane| pane.title() == "map");
        if let (Some(map), true) = (map, lit.is_some()) {
            self.focus_on(map, now);
        }
        self.panes.iter_mut().for_each(|pane| pane.light(lit.clone()));
    }
}
