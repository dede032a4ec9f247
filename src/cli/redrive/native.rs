//! AWS's own move task, started and followed. It is the queue that moves: edatop may be ended, and has no journal of it.

use tokio::{
    sync::watch,
    time::{Duration, Instant, interval},
};
use tokio_util::sync::CancellationToken;

use super::Arguments;
use crate::{
    app::clock,
    cli::{
        complain,
        desk::{
            CUT_OFF, Desk, LEFT, Outcome,
            agree::{self, Word},
            bar::Bar,
            lines::Lines,
            summary::{Ending, Summary, Sums},
        },
        opening::GivenUp,
    },
    redrive::{
        journal::{Deed, Destination},
        mover::Progress,
        native::{self, Task},
        plan::MOVE_TASK_RATE,
        queue::Queue,
        returns::Returns,
    },
    widgets::text,
};

const REDRAW: Duration = Duration::from_millis(500);

/// Starts it, follows it, and cancels it when the user wants to leave.
///
/// # Errors
/// SQS's: it has no such task, one is running, or the queue is nobody's dead-letter queue.
pub async fn run(
    desk: &Desk,
    arguments: &Arguments,
    (from, to): (Queue, Destination),
    stop: &CancellationToken,
) -> Outcome {
    let rate = rate(arguments.care.rate)?;
    let about = desk.standing(&from).await?.total();
    for line in plan(&from, &to, (about, rate)) {
        eprintln!("{}", text::clean(&line));
    }
    let mut lines = Lines::default();
    let planned = Summary {
        deed: Deed::Redrive,
        from: from.name().to_owned(),
        to: to.name(),
        native: true,
        dry_run: arguments.beginning.agreement.dry_run,
        about,
        sums: Sums::default(),
        elapsed_seconds: 0.0,
        ended: Ending::Planned,
        why: None,
        returns_until: None,
        journal: None,
        journal_file: None,
    };
    if arguments.beginning.agreement.dry_run {
        planned.put(&mut lines)?;
        return Ok(0);
    }
    agree::agreed(arguments.beginning.agreement.yes, Word::Yes, stop).await?;
    let target = match &to {
        Destination::Queue(queue) => Some(&**queue),
        _ => None,
    };
    let started = native::start(&desk.aws, &from, target, rate).await.map_err(|refusal| not_started(desk, &refusal))?;
    let (seen, sight) = watch::channel(Task::default());
    let (mut bar, began) = (Bar::new(about, Deed::Redrive, false), Instant::now());
    let mut redraw = interval(REDRAW);
    let following = native::follow(&desk.aws, &from, &started, &seen, stop);
    tokio::pin!(following);
    let task = loop {
        tokio::select! {
            followed = &mut following => break followed,
            _ = redraw.tick() => {
                let task = sight.borrow().clone();
                bar.show(&Progress { total: task.to_move.unwrap_or(about), moved: task.moved, ..Progress::default() });
            }
        }
    };
    bar.clear();
    let task = task.map_err(|refusal| desk.given_up(&refusal))?;
    let (ended, code) = match task.status.as_str() {
        "COMPLETED" => (Ending::Done, 0),
        "CANCELLED" | "CANCELLING" => (Ending::Cancelled, CUT_OFF),
        _ => (Ending::Stopped, LEFT),
    };
    let returns = Returns::between(&from, to.queues()).filter(|_| task.moved > 0);
    let summary = Summary {
        sums: Sums { moved: task.moved, ..Sums::default() },
        elapsed_seconds: began.elapsed().as_secs_f64(),
        ended,
        why: task.failure.as_deref(),
        returns_until: returns.as_ref().and_then(|returns| returns.until(clock::now())),
        ..planned
    };
    summary.put(&mut lines)?;
    let why = task.failure.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    complain(&format!("the queue's own task: {}, ≈ {} moved{why}", task.status.to_lowercase(), task.moved));
    if let Some(returns) = returns {
        complain(&returns.in_words(clock::now()));
    }
    Ok(code)
}

fn rate(rate: Option<f64>) -> Result<Option<u32>, GivenUp> {
    let Some(rate) = rate else { return Ok(None) };
    if rate.fract() == 0.0 && (1.0..=f64::from(MOVE_TASK_RATE)).contains(&rate) {
        return Ok(Some(rate as u32));
    }
    Err(GivenUp::misused(format!("the queue's own task takes a whole rate from 1 to {MOVE_TASK_RATE}")))
}

fn plan(from: &Queue, to: &Destination, (about, rate): (u64, Option<u32>)) -> Vec<String> {
    let pace = rate.map_or_else(|| format!("at most {MOVE_TASK_RATE} a second"), |rate| format!("at {rate} a second"));
    vec![
        format!("the queue itself moves all of ≈{about} messages from {} to {}, {pace}", from.name(), to.name()),
        "mind: every message gets a new id, a new time of sending and the destination's full retention".to_owned(),
        "mind: there is no choice, no edit, no canary, no breaker, no journal and no undo; cancelled, what was moved stays moved"
            .to_owned(),
    ]
}

fn not_started(desk: &Desk, refusal: &crate::redrive::wire::Refusal) -> GivenUp {
    let given_up = desk.given_up(refusal);
    GivenUp { why: format!("{}; without --native edatop moves them itself", given_up.why), ..given_up }
}
