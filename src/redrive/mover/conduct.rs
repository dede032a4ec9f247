//! Decides how many may set out: all, or a canary first. Watches what becomes of them, and stops the run when too many come back.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Progress, Stage,
    crew::{Crew, Halt},
    witness::{Sight, Witness},
};
use crate::redrive::plan::Options;

/// Sizes of the stages before all.
const CANARIES: [u64; 2] = [1, 10];
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// With fewer, one that comes back says little.
const LEAST_JUDGED: u64 = 5;

/// Opens the gate, in stages if that is wished, and watches until it is dropped.
pub(super) async fn conduct(crew: &Crew, mut witness: Witness, options: Options, stop: CancellationToken) {
    let watched = async {
        let gone = crew.book().counts().moved;
        if let Err(refusal) = witness.begin(gone).await {
            // Blind it can go on, but not with a promise to watch.
            if options.canary {
                return crew.halt(Halt(format!("nothing can be watched: {refusal}")));
            }
        }
        if options.canary {
            for size in CANARIES {
                if let Err(halt) = canary(crew, &mut witness, options, size).await {
                    return crew.halt(halt);
                }
            }
        }
        crew.progress.send_modify(|progress| progress.stage = Stage::All);
        crew.gate.open();
        watch(crew, &mut witness, options).await;
    };
    tokio::select! {
        () = watched => {}
        () = stop.cancelled() => {}
    }
    crew.gate.shut();
}

/// Lets a few go and waits until the consumer has taken them.
async fn canary(crew: &Crew, witness: &mut Witness, options: Options, size: u64) -> Result<(), Halt> {
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
        let sight = look(crew, witness).await.map_err(|refusal| Halt(format!("nothing can be watched: {refusal}")))?;
        if sight.bounced > 0 {
            return Err(Halt(came_back(&crew.progress.borrow())));
        }
        quiet = if sight.waiting == 0 && !sight.is_suspect { quiet + 1 } else { 0 };
        if quiet >= sight.believed_after {
            return Ok(());
        }
        if began.elapsed() >= options.canary_patience {
            let patience = options.canary_patience.as_secs();
            let text = format!(
                "after {patience} s {} of the first {size} are still not done with; is the consumer at work?",
                sight.waiting
            );
            return Err(Halt(text));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The breaker.
async fn watch(crew: &Crew, witness: &mut Witness, options: Options) {
    loop {
        sleep(LOOK_EVERY).await;
        // What cannot be seen now may be seen later.
        if look(crew, witness).await.is_err() {
            continue;
        }
        let progress = crew.progress.borrow().clone();
        let share = progress.bounced as f64 / progress.moved.max(1) as f64;
        if progress.moved >= LEAST_JUDGED && share >= options.bounce_limit {
            return crew.halt(Halt(came_back(&progress)));
        }
    }
}

async fn look(crew: &Crew, witness: &mut Witness) -> Result<Sight, crate::redrive::wire::Refusal> {
    let (sent, gone) = {
        let book = crew.book();
        (book.new_ids().clone(), book.counts().moved)
    };
    let sight = witness.look(&sent, gone).await?;
    crew.progress.send_modify(|progress| {
        progress.waiting = Some(sight.waiting);
        progress.bounced = progress.bounced.max(sight.bounced);
    });
    Ok(sight)
}

fn came_back(progress: &Progress) -> String {
    format!("{} of {} came back: the consumer still fails on them", progress.bounced, progress.moved)
}
