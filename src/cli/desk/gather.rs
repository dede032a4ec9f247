//! A look at a queue from the command line: its cost first, then each message once, grouped by what it died of, and those that are meant.
//!
//! What was received stays ours until [`Gathered::release`]; every way out leads there.

use std::{
    collections::{HashMap, HashSet},
    io::IsTerminal,
    sync::Arc,
    time::Duration,
};

use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{CUT_OFF, Desk, choice::Choice, earlier, failures::Failures, given_back, unless_stopped};
use crate::{
    app::clock,
    cli::{complain, opening::GivenUp},
    config::paths,
    redrive::{
        choose::{Condition, Tally},
        journal::Destination,
        peek::{
            hold::{Found, Hold, Options},
            look::{End, Looked},
            looks::Looks,
        },
        plan::Split,
        queue::Queue,
        why::{Clusters, Traits, clusters::Number, decode},
    },
};

/// Batches of messages between the look and us.
const BATCHES: usize = 16;

/// What to look for, and how.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub choice: &'a Choice,
    /// Ask the consumers' logs for causes.
    pub logs: bool,
}

/// What was looked at.
#[derive(Debug)]
pub struct Gathered {
    pub hold: Arc<Hold>,
    pub looked: Looked,
    pub clusters: Clusters,
    /// The queues whose dead letters come here, as far as they are known.
    pub sources: Vec<Queue>,
    /// The cluster that was asked for.
    pub cluster: Option<Number>,
    /// What the condition came to.
    tally: Tally,
    kept: Vec<Kept>,
    limit: Option<u64>,
}

/// A message that the condition lets through.
#[derive(Debug)]
struct Kept {
    id: Arc<str>,
    sent_at: Option<Timestamp>,
    source: Option<Arc<str>>,
}

impl Gathered {
    /// The ids of those that are meant, the oldest first.
    pub fn chosen(&self) -> Vec<String> {
        let is_in = |kept: &&Kept| self.cluster.is_none_or(|number| self.clusters.of(&kept.id) == Some(number));
        let mut chosen: Vec<&Kept> = self.kept.iter().filter(is_in).collect();
        chosen.sort_by_key(|kept| kept.sent_at);
        let most = self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        chosen.into_iter().take(most).map(|kept| kept.id.to_string()).collect()
    }

    /// How these go to their sources, if that is where they go. Of what an undo has brought back the journals say where it came from.
    pub fn split(&self, ids: &[String], to: &Destination, brought_back: &HashMap<String, String>) -> Option<Split> {
        let Destination::Sources(queues) = to else { return None };
        let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let meant = self.kept.iter().filter(|kept| ids.contains(&*kept.id));
        let sources = meant.map(|kept| match &kept.source {
            Some(source) => Some(&**source),
            None => brought_back.get(&*kept.id).map(String::as_str),
        });
        Some(Split::of(sources, queues))
    }

    /// When the first of these is lost where it is.
    pub fn first_loss(&self, now: Timestamp) -> Option<Duration> {
        let oldest = self.kept.iter().filter_map(|kept| kept.sent_at).min()?;
        let age = Duration::try_from(now.duration_since(oldest)).unwrap_or_default();
        Some(self.hold.queue().retention.saturating_sub(age))
    }

    /// Gives all back that is held.
    pub async fn release(&self) {
        given_back(&self.hold.release().await);
    }
}

/// Looks at a queue.
///
/// # Errors
/// When a look is refused or may not be; when it is cancelled; when there is no such cluster. Nothing is held then.
pub async fn gather(desk: &Desk, queue: Queue, wish: Wish<'_>, stop: &CancellationToken) -> Result<Gathered, GivenUp> {
    let condition = wish.choice.condition.as_deref().map(Condition::jq).transpose();
    let condition = condition.map_err(|mistake| GivenUp::misused(format!("--where: {mistake}")))?;
    earlier::say_cut_off(desk, &queue);
    let hold = unless_stopped(stop, open(desk, queue, wish.choice)).await?;
    let mut gathered = Gathered {
        hold: Arc::new(hold),
        looked: Looked { known: 0, about: 0, is_fifo: false, end: End::NothingNew },
        clusters: Clusters::default(),
        sources: Vec::new(),
        cluster: None,
        tally: Tally::default(),
        kept: Vec::new(),
        limit: wish.choice.limit,
    };
    let done = gathered.fill(desk, condition.as_ref(), wish, stop).await;
    match done {
        Ok(()) => Ok(gathered),
        Err(given_up) => {
            gathered.release().await;
            Err(given_up)
        }
    }
}

/// Says what the look costs, and asks nobody: what would harm is refused.
async fn open(desk: &Desk, queue: Queue, choice: &Choice) -> Result<Hold, GivenUp> {
    let accepted = choice.accept_cost.clone();
    let memory = paths::state_folder().map(|folder| Looks::in_folder(&folder));
    let options = Options { memory, accepted: accepted.clone(), ..Options::new(clock::now) };
    let hold = Hold::open(Arc::clone(&desk.wire), queue, options).await.map_err(|refusal| desk.given_up(&refusal))?;
    let cost = hold.cost();
    if desk.aws.is_read_only() && !hold.is_free() {
        let why = "a look here receives messages, which changes their receive counts, and edatop runs with --read-only";
        return Err(GivenUp::misused(why));
    }
    for line in &cost.lines {
        complain(&format!("this look: {line}"));
    }
    match cost.permits(hold.queue(), accepted.as_deref()) {
        Ok(()) => Ok(hold),
        Err(why) => Err(GivenUp::misused(format!("{why} (--accept-cost {})", hold.queue().name()))),
    }
}

impl Gathered {
    async fn fill(
        &mut self,
        desk: &Desk,
        condition: Option<&Condition>,
        wish: Wish<'_>,
        stop: &CancellationToken,
    ) -> Result<(), GivenUp> {
        let sources = match unless_stopped(stop, desk.sources(self.hold.queue())).await {
            Ok(sources) => sources,
            Err(given_up) if given_up.code == CUT_OFF => return Err(given_up),
            // It helps to know them, no more.
            Err(_) => Vec::new(),
        };
        let mut failures = Failures::new(sources.clone());
        self.sources = sources;
        let is_narrow = condition.is_some() || wish.choice.cluster.is_some();
        let most = wish.choice.limit.filter(|_| !is_narrow);
        let (found, mut came) = mpsc::channel::<Vec<Found>>(BATCHES);
        let hold = Arc::clone(&self.hold);
        let looking = async move { hold.look(most, &found, stop).await };
        let bar = spinner(self.hold.standing().total());
        let taking = async {
            while let Some(batch) = came.recv().await {
                // A condition may take its time: other tasks go on elsewhere meanwhile.
                tokio::task::block_in_place(|| {
                    batch.iter().for_each(|found| self.take(found, condition, &mut failures))
                });
                bar.set_position(self.hold.len() as u64);
            }
        };
        let (looked, ()) = tokio::join!(looking, taking);
        bar.finish_and_clear();
        complain(&format!("this look: {looked}"));
        match &looked.end {
            End::Cancelled => return Err(GivenUp { code: CUT_OFF, why: "left; nothing was changed".to_owned() }),
            End::Refused(why) => return Err(GivenUp::misused(why)),
            End::Trouble(refusal) if self.hold.is_empty() => return Err(desk.given_up(refusal)),
            _ => {}
        }
        self.looked = looked;
        if let Some(trouble) = self.tally.trouble() {
            complain(&trouble);
        }
        if wish.logs && !self.hold.is_empty() {
            let learning = async { Ok(failures.learn(desk, &mut self.clusters).await) };
            for note in unless_stopped(stop, learning).await? {
                complain(&format!("not known from logs: {note}"));
            }
        }
        self.cluster = wish.choice.cluster.as_deref().map(|name| self.named(name)).transpose()?;
        Ok(())
    }

    fn take(&mut self, found: &Found, condition: Option<&Condition>, failures: &mut Failures) {
        let Found { row, message } = found;
        let decoded = decode(message);
        self.clusters.insert(&row.id, row.sent_at, Traits::of(message, &decoded, failures.only_source()));
        failures.expect(message, &decoded);
        if condition.is_none_or(|condition| self.tally.ask(condition, message)) {
            self.kept.push(Kept { id: Arc::clone(&row.id), sent_at: row.sent_at, source: row.source.clone() });
        }
    }

    fn named(&mut self, name: &str) -> Result<Number, GivenUp> {
        if let Some(cluster) = self.clusters.find(name) {
            return Ok(cluster.number);
        }
        let there: Vec<String> =
            self.clusters.list().iter().take(5).map(|c| format!("{} ({})", c.key, c.title)).collect();
        let there = if there.is_empty() { "there is none".to_owned() } else { there.join(", ") };
        Err(GivenUp { code: super::LEFT, why: format!("no cluster is called '{name}': {there}") })
    }
}

fn spinner(about: u64) -> ProgressBar {
    if std::io::stderr().is_terminal() {
        ProgressBar::new(about).with_message("looked at")
    } else {
        ProgressBar::hidden()
    }
}
