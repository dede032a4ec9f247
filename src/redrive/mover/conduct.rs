//! Decides how many may set out: all, or a canary first. Watches what becomes of them, and stops the run when too many come back.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Progress, Stage,
    crew::{Crew, Halt},
    listener::Ear,
    witness::{Sight, Witness},
};
use crate::redrive::{peek::own::Ids, plan::Options};

/// Sizes of the stages before all.
const CANARIES: [u64; 2] = [1, 10];
const LOOK_EVERY: Duration = Duration::from_secs(2);
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

/// Opens the gate, in stages if that is wished, and watches until it is dropped.
pub(super) async fn conduct(crew: &Crew, mut eyes: Eyes, options: Options, stop: CancellationToken) {
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
    }
    crew.gate.shut();
}

/// Lets a few go and waits until the consumer has taken them.
async fn canary(crew: &Crew, eyes: &mut Eyes, options: Options, size: u64) -> Result<(), Halt> {
    let settled = |progress: &Progress| progress.moved + progress.refused + progress.arrived;
    let goal = settled(&crew.progress.borrow()) + size;
    crew.progress.send_modify(|progress| progress.stage = Stage::Canary { size, watching: false });
    crew.gate.open_for(size);
    let mut news = crew.progress.subscribe();
    // The run's end ends this too.
    let _ = news.wait_for(|progress| settled(progress) >= goal).await;
    crew.progress.send_modify(|progress| progress.stage = Stage::Canary { size, watching: true });
    let (began, mut quiet) = (Instant::now(), 0);
    loop {
        let sight = look(crew, eyes).await.map_err(|refusal| Halt(format!("nothing can be watched: {refusal}")))?;
        if sight.waiting == 0 {
            // Depths may lag, and a log is written before a message comes back.
            eyes.read(crew);
            eyes.ear.listen_now(&eyes.sent).await;
        }
        if sight.bounced > 0 {
            return Err(Halt(came_back(&crew.progress.borrow(), &eyes.ear)));
        }
        // It may fare better when it is tried again; but nobody waits for more of the same.
        if let (count @ 1.., Some(said)) = (eyes.ear.failed(), eyes.ear.said()) {
            return Err(Halt(format!("the consumer failed on {count} of the first {size}: {said}")));
        }
        quiet = if sight.waiting == 0 && !sight.is_suspect { quiet + 1 } else { 0 };
        if quiet >= sight.believed_after {
            return Ok(());
        }
        if began.elapsed() >= options.canary_patience {
            let patience = options.canary_patience.as_secs();
            let why = match eyes.ear.said() {
                Some(said) => format!("the consumer says: {said}"),
                None => "is the consumer at work?".to_owned(),
            };
            let text =
                format!("after {patience} s {} of the first {size} are still not done with; {why}", sight.waiting);
            return Err(Halt(text));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The breaker.
async fn watch(crew: &Crew, eyes: &mut Eyes, options: Options) {
    loop {
        sleep(LOOK_EVERY).await;
        // What cannot be seen now may be seen later.
        if look(crew, eyes).await.is_err() {
            continue;
        }
        let progress = crew.progress.borrow().clone();
        let is_too_many = |count: u64| count as f64 / progress.moved.max(1) as f64 >= options.bounce_limit;
        if progress.moved < LEAST_JUDGED {
            continue;
        }
        if is_too_many(progress.bounced) {
            return crew.halt(Halt(came_back(&progress, &eyes.ear)));
        }
        if let (count, Some(said)) = (eyes.ear.failed(), eyes.ear.said())
            && is_too_many(count)
        {
            return crew.halt(Halt(format!("the consumer failed on {count} of {}: {said}", progress.moved)));
        }
    }
}

async fn look(crew: &Crew, eyes: &mut Eyes) -> Result<Sight, crate::redrive::wire::Refusal> {
    let gone = eyes.read(crew);
    eyes.ear.listen(&eyes.sent).await;
    if let Some(said) = eyes.ear.said() {
        let trouble = format!("the consumer fails: {said}");
        crew.progress.send_if_modified(|progress| {
            let is_news = progress.trouble.as_ref() != Some(&trouble);
            progress.trouble = Some(trouble);
            is_news
        });
    }
    let sight = eyes.witness.look(&eyes.sent, gone).await?;
    crew.progress.send_modify(|progress| {
        progress.waiting = Some(sight.waiting);
        progress.bounced = progress.bounced.max(sight.bounced);
    });
    Ok(sight)
}

fn came_back(progress: &Progress, ear: &Ear) -> String {
    let said = ear.said().map(|said| format!(": {said}")).unwrap_or_default();
    format!("{} of {} came back: the consumer still fails on them{said}", progress.bounced, progress.moved)
}
