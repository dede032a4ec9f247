//! The tail at work: who is read next, and what goes out when.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    event::{Batch, Note},
    following::{Following, Paces},
    live::Session,
    member::Member,
    merge::Merge,
    reader::Reader,
    source::{Ask, Found, Live, Page},
    wanted::{MOST_GROUPS, MOST_LISTED, Wanted},
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, glob},
};

/// Events of one batch.
const MOST_IN_BATCH: usize = 5_000;
/// So often are the groups looked for before it goes on without.
const MOST_LIST_TRIES: usize = 3;
/// A batch without events is sent when so much more was read.
const TELLS_MS: i64 = 1_000;

/// Follows until all was read, nobody listens any more, or it is stopped.
pub async fn follow(following: Following, out: mpsc::Sender<Batch>, stop: CancellationToken) {
    let mut tail = Tail::new(following);
    tokio::select! {
        () = tail.run(&out) => {}
        () = stop.cancelled() => {}
        () = out.closed() => {}
    }
}

/// What a call came to.
enum Answer {
    Page(Arc<str>, Result<Page, Trouble>),
    Groups(Arc<str>, Result<(Vec<Found>, bool), Trouble>),
    LiveEnded(Result<(), Trouble>),
}

struct Tail {
    following: Following,
    wanted: Wanted,
    members: BTreeMap<Arc<str>, Member>,
    merge: Merge,
    calls: JoinSet<Answer>,
    pages_under_way: usize,
    lists_under_way: usize,
    list_due: Instant,
    list_tries: usize,
    was_listed: bool,
    /// What was said of a pattern and still holds.
    said: BTreeMap<Arc<str>, Note>,
    notes: Vec<Note>,
    /// The groups that the service names, for a session.
    found: BTreeMap<Arc<str>, Found>,
    session: Option<Session>,
    /// When a session may begin; never where none is wanted.
    live_due: Option<Instant>,
    told_ms: Option<i64>,
    /// From here on a whole reading has all that there is until the end.
    settled_ms: Option<i64>,
}

impl Tail {
    fn new(following: Following) -> Self {
        let wanted = Wanted::of(&following.groups);
        let (now, now_ms) = (Instant::now(), (following.clock)().as_millisecond());
        let hold_ms = i64::try_from(following.paces.hold.as_millis()).unwrap_or_default();
        let settled_ms = following.until_ms.map(|until| if until > now_ms { until + hold_ms } else { until });
        let mut tail = Self {
            wanted,
            members: BTreeMap::new(),
            merge: Merge::new(following.paces.hold),
            calls: JoinSet::new(),
            pages_under_way: 0,
            lists_under_way: 0,
            list_due: now,
            list_tries: 0,
            was_listed: false,
            said: BTreeMap::new(),
            notes: Vec::new(),
            found: BTreeMap::new(),
            session: None,
            live_due: following.live.then_some(now),
            told_ms: None,
            settled_ms,
            following,
        };
        for name in tail.wanted.names.clone() {
            tail.join(name);
        }
        tail
    }

    async fn run(&mut self, out: &mpsc::Sender<Batch>) {
        loop {
            let wake = self.start_calls();
            let is_over = self.is_over();
            for batch in self.due_batches(is_over) {
                if out.send(batch).await.is_err() {
                    return;
                }
            }
            if is_over {
                return;
            }
            let heard = async {
                match self.session.as_mut() {
                    Some(session) => session.hear().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(answer) = self.calls.join_next() => self.take(answer),
                live = heard => self.hear(live),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Begins the calls that are due and affordable; says when to look again at the latest.
    fn start_calls(&mut self) -> Instant {
        let (now, now_ms) = self.now();
        let mut wake = now + self.following.paces.look;
        if self.lists() && self.lists_under_way == 0 {
            if self.list_due <= now {
                self.list(now);
            } else {
                wake = wake.min(self.list_due);
            }
        }
        if self.session.is_none() && self.was_listed && self.live_due.is_some_and(|due| due <= now) {
            self.begin_session();
        }
        let mut due: Vec<_> = self.members.iter().filter(|(_, member)| member.is_due(now)).collect();
        due.sort_by_key(|(_, member)| std::cmp::Reverse(member.urgency(now_ms)));
        let due: Vec<_> = due.into_iter().map(|(name, _)| Arc::clone(name)).collect();
        for name in due {
            if self.pages_under_way >= self.following.paces.at_once {
                break;
            }
            match self.following.budget.take(now) {
                Ok(()) => self.read(name, now_ms),
                Err(wait) => {
                    wake = wake.min(now + wait);
                    break;
                }
            }
        }
        let waits = self.members.values().filter(|member| !member.is_read && !member.has_ended && member.due > now);
        let next_due = waits.map(|member| member.due).min();
        let next_out = self.merge.next().filter(|_| !self.is_patient());
        [next_due, next_out].into_iter().flatten().fold(wake, Instant::min)
    }

    fn read(&mut self, name: Arc<str>, now_ms: i64) {
        let Some(member) = self.members.get_mut(&name) else { return };
        member.is_read = true;
        self.pages_under_way += 1;
        let (from_ms, token) = member.reader.ask(now_ms);
        let Following { until_ms, pattern, source, .. } = &self.following;
        let (source, pattern) = (Arc::clone(source), pattern.clone());
        let ask = Ask { group: name, from_ms, until_ms: *until_ms, pattern, token };
        self.calls.spawn(async move {
            let page = source.page(&ask).await;
            Answer::Page(ask.group, page)
        });
    }

    /// Groups are looked for: by a pattern, or for their ARNs.
    fn lists(&self) -> bool {
        !self.wanted.patterns.is_empty() || self.following.live
    }

    fn list(&mut self, now: Instant) {
        self.list_due = now + self.following.paces.list;
        let names: &[Arc<str>] = if self.following.live { &self.wanted.names } else { &[] };
        for pattern in self.wanted.patterns.iter().chain(names).cloned().collect::<Vec<_>>() {
            self.lists_under_way += 1;
            let source = Arc::clone(&self.following.source);
            self.calls.spawn(async move {
                let found = source.groups(Wanted::prefix(&pattern), MOST_LISTED).await;
                Answer::Groups(pattern, found)
            });
        }
    }

    fn take(&mut self, answer: Result<Answer, JoinError>) {
        match answer {
            Ok(Answer::Page(name, page)) => {
                self.pages_under_way -= 1;
                self.take_page(&name, page);
            }
            Ok(Answer::Groups(pattern, found)) => {
                self.lists_under_way -= 1;
                self.take_groups(&pattern, found);
            }
            Ok(Answer::LiveEnded(outcome)) => self.end_session(outcome),
            // A call that broke down: all of them are begun anew.
            Err(error) => {
                tracing::error!(%error, "a call of the tail broke down");
                self.calls.detach_all();
                (self.pages_under_way, self.lists_under_way) = (0, 0);
                for member in self.members.values_mut() {
                    member.is_read = false;
                }
            }
        }
    }

    fn take_page(&mut self, name: &Arc<str>, page: Result<Page, Trouble>) {
        let (now, now_ms) = self.now();
        let Paces { look, retry, .. } = self.following.paces;
        let Some(member) = self.members.get_mut(name) else { return };
        match page {
            Ok(page) => {
                self.following.budget.was_answered();
                let taken = member.took(page, (now, now_ms), look, &mut self.notes);
                self.merge.put(taken.events, now, now_ms);
            }
            Err(trouble) => {
                if trouble.kind == FailureKind::Throttled {
                    self.following.budget.was_throttled(now);
                }
                member.failed(&trouble, (now, now_ms), (look, retry), &mut self.notes);
            }
        }
        if let Some((settled_ms, until_ms)) = self.settled_ms.zip(self.following.until_ms) {
            member.ends(settled_ms, until_ms, &mut self.notes);
        }
    }

    fn take_groups(&mut self, pattern: &Arc<str>, found: Result<(Vec<Found>, bool), Trouble>) {
        self.list_tries = if found.is_ok() { 0 } else { self.list_tries + 1 };
        let note = match found {
            Ok((found, has_more)) => {
                let matching: Vec<_> = found.into_iter().filter(|group| glob::matches(pattern, &group.name)).collect();
                if self.following.live {
                    self.found.extend(matching.iter().map(|group| (Arc::clone(&group.name), group.clone())));
                }
                // One that was asked for by name says so itself.
                let is_nobody = matching.is_empty() && self.wanted.patterns.contains(pattern);
                let left_out = matching.into_iter().filter(|group| !self.join(Arc::clone(&group.name))).count();
                self.said_of(pattern, is_nobody, left_out, has_more)
            }
            Err(trouble) => Some(Note::Trouble { group: Arc::clone(pattern), text: trouble.text }),
        };
        if self.list_tries > 0 && !self.was_listed {
            self.list_due = Instant::now() + self.following.paces.look;
        }
        self.was_listed |= self.lists_under_way == 0 && (self.list_tries == 0 || self.list_tries >= MOST_LIST_TRIES);
        match note {
            Some(note) if self.said.get(pattern) != Some(&note) => {
                self.said.insert(Arc::clone(pattern), note.clone());
                self.notes.push(note);
            }
            None if self.said.remove(pattern).is_some() => {
                self.notes.push(Note::Recovered { group: Arc::clone(pattern) });
            }
            _ => {}
        }
    }

    /// What there is to say of what a pattern matches.
    fn said_of(&self, pattern: &Arc<str>, is_nobody: bool, left_out: usize, has_more: bool) -> Option<Note> {
        let group = Arc::clone(pattern);
        let read = self.members.len();
        if has_more {
            let text = format!("more than {MOST_LISTED} groups begin so, and {read} are read: narrow it down");
            return Some(Note::Trouble { group, text });
        }
        if left_out > 0 {
            let text = format!("{left_out} more groups match, and {read} are read at once: narrow it down");
            return Some(Note::Trouble { group, text });
        }
        is_nobody.then_some(Note::Gone { group })
    }

    /// Follows one more; false if there is no room.
    fn join(&mut self, name: Arc<str>) -> bool {
        if self.members.contains_key(&name) {
            return true;
        }
        if self.members.len() >= MOST_GROUPS {
            return false;
        }
        let Following { source, since_ms, until_ms, live, .. } = &self.following;
        let by_id = source.ids_are_stable() && !live;
        let reader = Reader::new(Arc::clone(&name), by_id, *since_ms, *until_ms);
        let member = Member::new(Arc::clone(&name), reader, Instant::now(), !self.was_listed);
        self.members.insert(name, member);
        true
    }

    /// Some that are waited for have not been read to their end once: what is old is put in order before it goes out.
    fn is_patient(&self) -> bool {
        let is_new = |member: &Member| member.is_waited_for && member.counts() && member.reader.whole_ms().is_none();
        (!self.was_listed && !self.wanted.patterns.is_empty()) || self.members.values().any(is_new)
    }

    fn is_over(&self) -> bool {
        let is_listed = self.was_listed || self.wanted.patterns.is_empty();
        self.following.until_ms.is_some() && is_listed && self.members.values().all(|member| member.has_ended)
    }

    /// All groups that answer were read up to here.
    fn read_to_ms(&self) -> Option<i64> {
        let answering = self.members.values().filter(|member| member.failing.is_none());
        let read_to = answering.map(|member| member.has_answered.then(|| member.reader.read_to_ms()));
        read_to.min().flatten()
    }

    fn due_batches(&mut self, is_over: bool) -> Vec<Batch> {
        let (now, _) = self.now();
        let (read_to_ms, is_patient) = (self.read_to_ms(), self.is_patient());
        let events = if is_over {
            self.merge.flush()
        } else {
            // What was only just said may still be followed by what was said before it.
            let hold_ms = i64::try_from(self.following.paces.hold.as_millis()).unwrap_or_default();
            let sure = |member: &Member| member.reader.read_to_ms() - member.reader.whole_ms().map_or(0, |_| hold_ms);
            let up_to = self.members.values().filter(|member| member.counts()).map(sure).min();
            self.merge.release(up_to, is_patient, now)
        };
        let tells = read_to_ms.is_some_and(|read| self.told_ms.is_none_or(|told| read - told >= TELLS_MS));
        if events.is_empty() && self.notes.is_empty() && !tells {
            return Vec::new();
        }
        self.told_ms = read_to_ms;
        let mut batches = Vec::new();
        let mut events = events.into_iter();
        loop {
            let some: Vec<_> = events.by_ref().take(MOST_IN_BATCH).collect();
            let is_last = events.len() == 0;
            let notes = std::mem::take(&mut self.notes);
            batches.push(Batch { events: some, notes, read_to_ms: read_to_ms.filter(|_| is_last) });
            if is_last {
                return batches;
            }
        }
    }

    fn begin_session(&mut self) {
        let found: Vec<_> = self.members.keys().filter_map(|name| self.found.get(name)).cloned().collect();
        let (session, groups, out) = Session::begin(found, self.members.len(), &mut self.notes);
        let Some(out) = out else {
            self.live_due = Some(Instant::now() + self.following.paces.list);
            return;
        };
        self.session = Some(session);
        let source = Arc::clone(&self.following.source);
        self.calls.spawn(async move { Answer::LiveEnded(source.live(&groups, out).await) });
    }

    fn hear(&mut self, live: Live) {
        let (now, now_ms) = self.now();
        let Some(session) = &mut self.session else { return };
        for (name, events) in session.take(live, now_ms, &mut self.notes) {
            let Some(member) = self.members.get_mut(&name) else { continue };
            member.live_since_ms = session.began_ms;
            let events = member.heard(events, now_ms);
            self.merge.put(events, now, now_ms);
        }
    }

    /// All are read in turns again, at once: nothing is missing between two sessions.
    fn end_session(&mut self, outcome: Result<(), Trouble>) {
        let (now, now_ms) = self.now();
        let Some(session) = self.session.take() else { return };
        for member in self.members.values_mut() {
            member.live_since_ms = None;
            member.due = member.due.min(now);
        }
        self.live_due = session.ended(outcome, now_ms, &mut self.notes).map(|wait| now + wait);
    }

    fn now(&self) -> (Instant, i64) {
        (Instant::now(), (self.following.clock)().as_millisecond())
    }
}
