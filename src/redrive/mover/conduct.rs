//! Decides how many may set out: all, or a canary first. Watches what becomes of them, and stops the run when too many come back.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Progress, Stage,
    backlog::Backlog,
    crew::{Crew, Halt},
    listener::Ear,
    witness::{Sight, Witness},
};
use crate::redrive::{peek::own::Ids, plan::Options, queue::Queue, wire::Refusal};

/// Sizes of the stages before all.
const CANARIES: [u64; 2] = [1, 10];
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A run that is over is not kept any longer by a look.
const LAST_LOOK: Duration = Duration::from_secs(2);
/// With fewer, one that comes back says little.
const LEAST_JUDGED: u64 = 5;

/// What tells how the run goes.
pub(super) struct Eyes {
    pub witness: Witness,
    pub ear: Ear,
    /// The ids of what has set out, as far as the book was read.
    sent: Ids,
}

impl Eyes {
    pub fn new(witness: Witness, ear: Ear) -> Self {
        Self { witness, ear, sent: Ids::default() }
    }

    /// Reads on in the book; how many are gone from where they were.
    fn read(&mut self, crew: &Crew) -> u64 {
        let mut book = crew.book();
        self.sent.extend(book.news().iter().map(|id| &**id));
        book.counts().moved
    }
}

/// Opens the gate, in stages if that is wished, and watches until the run is stopped or over.
pub(super) async fn conduct(
    crew: &Crew,
    mut eyes: Eyes,
    options: Options,
    stop: CancellationToken,
    over: CancellationToken,
) -> Eyes {
    let watched = async {
        let gone = crew.book().counts().moved;
        if let Err(refusal) = eyes.witness.begin(gone).await {
            // Blind it can go on, but not with a promise to watch.
            if options.canary {
                return crew.halt(Halt(format!("nothing can be watched: {refusal}")));
            }
        }
        if options.canary {
            for size in CANARIES {
                if let Err(halt) = canary(crew, &mut eyes, options, size).await {
                    return crew.halt(halt);
                }
            }
        }
        crew.progress.send_modify(|progress| progress.stage = Stage::All);
        crew.gate.open();
        watch(crew, &mut eyes, options).await;
    };
    tokio::select! {
        () = watched => {}
        () = stop.cancelled() => {}
        () = over.cancelled() => {}
    }
    crew.gate.shut();
    eyes
}

/// Once all is over: what of it waits at its destination by now. Nothing is said of it if nobody can tell.
pub(super) async fn look_last(crew: &Crew, mut eyes: Eyes) {
    if crew.progress.borrow().moved > 0 && !matches!(timeout(LAST_LOOK, see(crew, &mut eyes)).await, Ok(Ok(_))) {
        crew.progress.send_modify(|progress| progress.waiting = None);
    }
}

/// Lets a few go and waits until the consumer has taken them: what waits at their destination before them comes first, and until then
/// their fate is not known.
async fn canary(crew: &Crew, eyes: &mut Eyes, options: Options, size: u64) -> Result<(), Halt> {
    let unseen = |refusal: Refusal| Halt(format!("nothing can be watched: {refusal}"));
    let settled = |progress: &Progress| progress.moved + progress.refused + progress.arrived;
    let goal = settled(&crew.progress.borrow()) + size;
    crew.progress.send_modify(|progress| progress.stage = Stage::Canary { size, watching: false });
    eyes.witness.set_out().await.map_err(unseen)?;
    crew.gate.open_for(size);
    let mut news = crew.progress.subscribe();
    // The run's end ends this too.
    let _ = news.wait_for(|progress| settled(progress) >= goal).await;
    crew.progress.send_modify(|progress| progress.stage = Stage::Canary { size, watching: true });
    let (mut backlog, mut quiet) = (Backlog::begin(Instant::now()), 0);
    loop {
        let sight = look(crew, eyes).await.map_err(unseen)?;
        if sight.waiting == 0 {
            // Depths may lag, and a log is written before a message comes back.
            eyes.read(crew);
            eyes.ear.listen_now(&eyes.sent).await;
        }
        if sight.bounced > 0 {
            return Err(Halt(came_back(crew, &eyes.ear, sight.is_exact())));
        }
        // It may fare better when it is tried again; but nobody waits for more of the same.
        if let (count @ 1.., Some(said)) = (eyes.ear.failed(), eyes.ear.said()) {
            return Err(Halt(format!("the consumer failed on {count} of the first {size}: {said}")));
        }
        quiet = if sight.is_clear() { quiet + 1 } else { 0 };
        if quiet >= sight.believed_after {
            say(crew, &eyes.ear, None);
            return Ok(());
        }
        backlog.see(if sight.is_clear() { 0 } else { sight.ahead }, Instant::now());
        say(crew, &eyes.ear, backlog.says(options.canary_patience).map(|says| format!("not judged yet: {says}")));
        if backlog.is_over(options.canary_patience, Instant::now()) {
            return Err(Halt(not_judged(&backlog, &eyes.ear, options, (size, sight.waiting))));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Why nothing more is waited for. That is no failure of the canary: nobody has seen what becomes of it.
fn not_judged(backlog: &Backlog, ear: &Ear, options: Options, (size, waiting): (u64, u64)) -> String {
    let patience = options.canary_patience;
    let first = match waiting.min(size) {
        _ if size == 1 => "the first message may still be".to_owned(),
        waiting => format!("{waiting} of the first {size} may still be"),
    };
    let what = match backlog.says(patience) {
        Some(says) => says,
        None => format!("after {} s {first} there", patience.as_secs()),
    };
    let why = match ear.said() {
        Some(said) => format!("the consumer says: {said}"),
        None => "is the consumer at work?".to_owned(),
    };
    format!("the canary is not judged: {what}; {why} Nothing else was sent")
}

/// Says what is waited for, or what the consumer says.
fn say(crew: &Crew, ear: &Ear, waits: Option<String>) {
    let trouble = ear.said().map(|said| format!("the consumer fails: {said}")).or(waits);
    crew.progress.send_if_modified(|progress| {
        let is_news = progress.trouble != trouble;
        progress.trouble = trouble;
        is_news
    });
}

/// The breaker.
async fn watch(crew: &Crew, eyes: &mut Eyes, options: Options) {
    loop {
        sleep(LOOK_EVERY).await;
        // What cannot be seen now may be seen later.
        let Ok(sight) = look(crew, eyes).await else { continue };
        let is_exact = sight.is_exact();
        let progress = crew.progress.borrow().clone();
        let is_too_many = |count: u64| count as f64 / progress.moved.max(1) as f64 >= options.bounce_limit;
        if progress.moved < LEAST_JUDGED {
            continue;
        }
        if is_too_many(progress.bounced) {
            return crew.halt(Halt(came_back(crew, &eyes.ear, is_exact)));
        }
        if let (count, Some(said)) = (eyes.ear.failed(), eyes.ear.said())
            && is_too_many(count)
        {
            return crew.halt(Halt(format!("the consumer failed on {count} of {}: {said}", progress.moved)));
        }
    }
}

async fn look(crew: &Crew, eyes: &mut Eyes) -> Result<Sight, Refusal> {
    eyes.read(crew);
    eyes.ear.listen(&eyes.sent).await;
    if let Some(said) = eyes.ear.said() {
        let trouble = format!("the consumer fails: {said}");
        crew.progress.send_if_modified(|progress| {
            let is_news = progress.trouble.as_ref() != Some(&trouble);
            progress.trouble = Some(trouble);
            is_news
        });
    }
    see(crew, eyes).await
}

async fn see(crew: &Crew, eyes: &mut Eyes) -> Result<Sight, Refusal> {
    let gone = eyes.read(crew);
    let reached = crew.book().reached().clone();
    let sight = eyes.witness.look(&eyes.sent, &reached, gone).await?;
    let can_tell = sight.is_exact() || eyes.witness.has_begun();
    crew.progress.send_modify(|progress| {
        progress.waiting = Some(sight.waiting).filter(|_| can_tell && !crew.router.to.queues().is_empty());
        progress.bounced = progress.bounced.max(sight.bounced);
    });
    Ok(sight)
}

/// What is known by ids is said as it is. A queue that has only become longer may have got others meanwhile.
fn came_back(crew: &Crew, ear: &Ear, is_exact: bool) -> String {
    let said = ear.said().map(|said| format!(": {said}")).unwrap_or_default();
    let by_ids = crew.book().bounced();
    let Progress { bounced, moved, .. } = *crew.progress.borrow();
    if is_exact || by_ids >= bounced {
        return format!("{bounced} of {moved} came back: the consumer still fails on them{said}");
    }
    let name = crew.from().map(Queue::name).unwrap_or_default();
    format!(
        "{name} has {bounced} more than it should: of the {moved} sent some came back, or others fail there too{said}"
    )
}
