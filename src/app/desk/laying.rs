//! Laying a queue on the desk: found, its cost said, looked at, and what comes of it sorted.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::bench::{Bench, Note};
use crate::{
    app::clock,
    aws::Connection,
    domain::ResourceId,
    overlays::desk::model::{Cost, Deed, Stage, Subject},
    redrive::{
        peek::{
            cost::Verdict,
            hold::{Found, Hold, Lost, Options},
            look::{End, Looked},
            looks::Looks,
        },
        queue::Queue,
        why::{Content, Traits, correlate::Timing, decode},
        wire::{Refusal, Wire},
    },
};

/// Sources that are asked for one by one.
const MOST_SOURCES: usize = 16;
/// Characters of a message in the list.
const PREVIEW: usize = 120;

/// A queue on the desk.
pub(super) struct Laid {
    pub(super) hold: Arc<Hold>,
    /// The queues whose dead letters it has.
    pub(super) sources: Vec<Queue>,
    /// The caller's ARN; empty where the endpoint does not say.
    pub(super) who: String,
    /// Why its sources could not be listed: there may be more of them.
    pub(super) unlisted: Option<String>,
}

impl Laid {
    pub(super) fn queue(&self) -> &Queue {
        self.hold.queue()
    }

    /// Where a message comes from that does not say so itself.
    pub(super) fn only_source(&self) -> Option<&ResourceId> {
        match self.sources.as_slice() {
            [only] => Some(&only.arn),
            _ => None,
        }
    }

    /// How a source handed its messages out.
    pub(super) fn timing_of(&self, source: &ResourceId) -> Timing {
        self.sources.iter().find(|queue| queue.arn == *source).map(Timing::of).unwrap_or_default()
    }
}

/// A look under way.
pub(super) struct Look {
    pub(super) cancel: CancellationToken,
    pub(super) task: JoinHandle<()>,
}

async fn lay(
    wire: Arc<dyn Wire>,
    aws: Arc<Connection>,
    subject: Subject,
    options: Options,
) -> Result<Box<Laid>, Refusal> {
    let queue = wire.find(subject.queue.as_str()).await?;
    let ((sources, unlisted), identity) = tokio::join!(sources(wire.as_ref(), &queue, &subject), aws.identity());
    let hold = Arc::new(Hold::open(wire, queue, options).await?);
    // Not every emulator knows.
    let who = identity.map(|identity| identity.arn).unwrap_or_default();
    Ok(Box::new(Laid { hold, sources, who, unlisted }))
}

/// The queues whose dead letters these are. Where the endpoint does not say, those that are known from their redrive policies; and why it
/// does not.
async fn sources(wire: &dyn Wire, queue: &Queue, subject: &Subject) -> (Vec<Queue>, Option<String>) {
    let (mut sources, unlisted) = match wire.sources(queue).await {
        Ok(sources) => (sources, None),
        Err(refusal) => (Vec::new(), Some(refusal.text)),
    };
    if sources.is_empty() {
        let names_us = |source: &Queue| source.redrive_policy.as_ref().is_some_and(|policy| policy.target == queue.arn);
        for source in subject.routes.iter().filter_map(|route| route.source.as_ref()).take(MOST_SOURCES) {
            sources.extend(wire.find(source.as_str()).await.ok().filter(names_us));
        }
    }
    (sources, unlisted)
}

impl Bench {
    pub(super) fn lay(&self) {
        let (wire, aws) = (Arc::clone(&self.wire), Arc::clone(&self.aws));
        let memory = self.state.as_deref().map(Looks::in_folder);
        let options = Options { memory, ..Options::new(clock::now) };
        let subject = self.subject.clone();
        self.start(async move { Note::Laid(lay(wire, aws, subject, options).await) });
    }

    pub(super) fn laid(&mut self, laid: Result<Box<Laid>, Refusal>) {
        let laid = match laid {
            Ok(laid) => Arc::<Laid>::from(laid),
            Err(refusal) => {
                self.stage = Stage::Failed(refusal.text);
                return;
            }
        };
        let cost = laid.hold.cost();
        let name = laid.queue().name().to_owned();
        if let Some(why) = &laid.unlisted {
            self.say(format!("not all queues whose dead letters these are may be known: {why}"), true);
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|hold| hold.strong_count() > 0);
        held.push(Arc::downgrade(&laid.hold));
        drop(held);
        self.laid = Some(laid);
        self.hear_of_losses();
        self.look_for_cut_off();
        self.stage = Stage::Columns;
        if std::mem::take(&mut self.resumes_first) {
            self.unlooked = Some("not looked at yet: r looks".to_owned());
            return self.plan(Deed::Resume);
        }
        if self.aws.is_read_only() && cost.verdict != Verdict::Free {
            return self.leave_unlooked();
        }
        match cost.verdict {
            Verdict::Free | Verdict::Safe => {
                self.cost_line = Some(cost.in_one_line());
                // It is said before the first receive.
                self.show();
                self.look_now();
            }
            Verdict::Costs { .. } => self.stage = Stage::Asking(Cost { lines: cost.lines, name: None }),
            Verdict::Refused { .. } => self.stage = Stage::Asking(Cost { lines: cost.lines, name: Some(name) }),
        }
    }

    /// A look would receive, and that changes something.
    fn leave_unlooked(&mut self) {
        let why = "looking here would receive messages, which raises their receive counts and holds them: --read-only forbids that";
        self.unlooked = Some(why.to_owned());
        self.count();
    }

    /// The user has seen what it costs, and typed the name if that was asked for.
    pub(super) fn accept(&mut self) {
        let (Stage::Asking(cost), Some(laid)) = (&self.stage, &self.laid) else { return };
        if let Some(name) = &cost.name {
            laid.hold.accept(name);
        }
        self.stage = Stage::Columns;
        self.look_now();
    }

    /// What came since the last look.
    pub(super) fn look_again(&mut self) {
        if self.look.is_some() || self.stage != Stage::Columns {
            return;
        }
        let Some(laid) = &self.laid else { return };
        let cost = laid.hold.cost();
        match cost.verdict {
            Verdict::Free => {}
            _ if self.aws.is_read_only() => return self.leave_unlooked(),
            // Nobody was asked yet.
            Verdict::Costs { .. } if self.looked.is_none() => {
                self.stage = Stage::Asking(Cost { lines: cost.lines, name: None });
                return;
            }
            Verdict::Refused { .. } if self.looked.is_none() => {
                let name = Some(laid.queue().name().to_owned());
                self.stage = Stage::Asking(Cost { lines: cost.lines, name });
                return;
            }
            _ => {}
        }
        self.logs.forget_gaps();
        self.look_now();
    }

    fn look_now(&mut self) {
        let Some(laid) = &self.laid else { return };
        self.unlooked = None;
        let cancel = CancellationToken::new();
        let (hold, found, notes) = (Arc::clone(&laid.hold), self.found.clone(), self.notes.clone());
        let until = cancel.clone();
        let task = tokio::spawn(async move {
            let looked = hold.look(None, &found, &until).await;
            let _ = notes.send(Note::Looked(looked)).await;
        });
        self.look = Some(Look { cancel, task });
    }

    /// One listener at a time: each starts the next.
    fn hear_of_losses(&self) {
        if let Some(laid) = &self.laid {
            let hold = Arc::clone(&laid.hold);
            self.start(async move { Note::Lost(hold.lost().await) });
        }
    }

    pub(super) fn lose(&mut self, lost: &[Lost]) {
        self.lost.extend(lost.iter().filter_map(|lost| self.by_id.get(lost.id.as_str())));
        if let Some(last) = lost.last() {
            self.lost_why = Some(last.why.clone());
            self.hear_of_losses();
        }
    }

    /// Messages came.
    pub(super) fn take_in(&mut self, found: Vec<Found>) {
        let Some(laid) = self.laid.clone() else { return };
        for Found { mut row, message } in found {
            let decoded = decode(&message);
            // Envelopes look all alike: what is inside tells one from the other.
            if let (Content::Json(value), [_, _, ..]) = (&decoded.content, decoded.layers.as_slice()) {
                row.preview = value.to_string().chars().take(PREVIEW).collect::<String>().into();
            }
            let traits = Traits::of(&message, &decoded, laid.only_source());
            let cluster = self.clusters.insert(&row.id, row.sent_at, traits);
            let number = self.sheet.push(cluster);
            self.by_id.insert(Arc::clone(&row.id), number);
            self.rows.push(row);
        }
        self.rank();
        self.look_through();
        self.change();
    }

    /// The order of clusters may have changed.
    pub(super) fn rank(&mut self) {
        let ranking = self.clusters.list().iter().map(|cluster| cluster.number).collect();
        self.sheet.rank(ranking);
    }

    pub(super) fn looked(&mut self, looked: Looked) {
        self.look = None;
        self.trouble = match &looked.end {
            End::NothingNew | End::Limit | End::Cancelled => None,
            End::Count(_) | End::Refused(_) | End::Trouble(_) => Some(looked.to_string()),
        };
        self.looked_at = Some(clock::now());
        self.note_fates();
        // Whether it answers again is seen at once.
        self.counter.hurry();
        self.counter.total = Some((looked.about, self.gone()));
        (self.looked, self.gone_before) = (Some(looked), self.gone());
        self.ask_why();
    }

    /// The ids of rows.
    pub(super) fn ids(&self, rows: &[u32]) -> Vec<String> {
        rows.iter().filter_map(|row| self.rows.get(*row as usize)).map(|row| row.id.to_string()).collect()
    }

    /// Rows by their ids.
    pub(super) fn index(&self, rows: &[u32]) -> HashMap<Arc<str>, u32> {
        let id = |row: &u32| Some((Arc::clone(&self.rows.get(*row as usize)?.id), *row));
        rows.iter().filter_map(id).collect()
    }
}
