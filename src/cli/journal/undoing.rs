//! Undoing a run: what it moved is brought back as far as it is still to be had, and what is not is said.

use std::{path::Path, sync::Arc};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{shelf, unread};
use crate::{
    app::clock,
    cli::{
        complain,
        desk::{
            self, Desk, LEFT, Outcome,
            agree::{Agreement, Word},
            choice::costs_meant,
            intent, must_write,
            run::{self, Trip},
            unless_stopped,
        },
        opening::GivenUp,
        redrive::{Care, is_here},
    },
    config::Config,
    redrive::{
        journal::{Destination, Ledger, Scope, Shelf, id_of, unreadable},
        listed::Listed,
        peek::hunt::{Hunt, Hunting},
        plan::Plan,
        queue::Queue,
        undo::{self, NotNow, Way, as_before},
    },
};

#[derive(Debug, Args)]
pub struct Undo {
    /// A journal's id, a beginning of it that is no other's, or `last`
    #[arg(value_name = "JOURNAL")]
    pub id: String,
    #[command(flatten)]
    pub care: Care,
    /// Look for them in this queue although that may dead-letter others; its name, so that it is meant. May be given for several
    #[arg(long, value_name = "QUEUE-NAME")]
    pub accept_cost: Vec<String>,
    #[command(flatten)]
    pub agreement: Agreement,
}

/// Brings back what can be.
///
/// # Errors
/// Before anything is moved.
pub async fn run(config: &Config, arguments: &Undo, stop: CancellationToken) -> Outcome {
    if !arguments.agreement.dry_run {
        must_write(config, "an undo sends and deletes messages")?;
    }
    let shelf = shelf()?;
    let path = shelf.find(&arguments.id).map_err(|error| unread(&error))?;
    let ledger = Ledger::read(&path).map_err(|error| unread(&error))?;
    let ways = undo::ways_left(&path, &ledger).map_err(|why| match why {
        NotNow::Unread(error) => unread(&error),
        why => GivenUp::misused(why.to_string()),
    })?;
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    if !is_here(&desk, &ledger) {
        let place = ledger.begun.endpoint.as_deref().unwrap_or("AWS");
        return Err(GivenUp::misused(format!(
            "{} is of {place} in {}: undo it there",
            id_of(&path),
            ledger.begun.region
        )));
    }
    if ways.is_empty() {
        let why = if undo::ways(&ledger).is_empty() { "has moved nothing" } else { "was undone already" };
        return Err(GivenUp { code: LEFT, why: format!("{} {why}: there is nothing to undo", id_of(&path)) });
    }
    if let Some(damage) = unreadable(&id_of(&path), ledger.damaged) {
        complain(&format!("{damage}; what stood there alone is not brought back"));
    }
    let looked_at = ways.iter().filter_map(|way| match way {
        Way::FromQueue { queue, .. } => Some(&**queue),
        Way::FromJournal { .. } => None,
    });
    costs_meant(&arguments.accept_cost, looked_at)?;
    let mut worst = 0;
    for way in &ways {
        let undoing = Undoing { desk: &desk, shelf: &shelf, path: &path, arguments, ascii: config.ascii };
        worst = worst.max(undoing.go(way, &stop).await?);
    }
    Ok(worst)
}

struct Undoing<'a> {
    desk: &'a Desk,
    shelf: &'a Shelf,
    path: &'a Path,
    arguments: &'a Undo,
    ascii: bool,
}

impl Undoing<'_> {
    async fn go(&self, way: &Way, stop: &CancellationToken) -> Outcome {
        let there = way.still_there(&self.desk.wire).await;
        let plan = self.plan(way, there).await;
        let mut notes = Vec::new();
        match there {
            Some(there) if there < way.most() => {
                let gone = way.most() - there;
                notes
                    .push(format!("mind: {gone} of {} are no longer there: their consumer has taken them", way.most()));
            }
            None => notes.push(
                "mind: what a consumer has taken by now is gone; only the run itself finds out how many".to_owned(),
            ),
            Some(_) => {}
        }
        let cost = way.cost(&self.desk.wire, clock::now).await.map_err(|refusal| self.desk.given_up(&refusal))?;
        if let (Way::FromQueue { queue, .. }, Some(cost)) = (way, cost) {
            notes.extend(cost.lines.iter().map(|line| format!("mind: finding them: {line}")));
            let permitted =
                if self.arguments.agreement.dry_run { Ok(()) } else { cost.permits(queue, self.accepted(queue)) };
            permitted.map_err(|why| GivenUp::misused(format!("{why} (--accept-cost {})", queue.name())))?;
        }
        if there == Some(0) {
            complain(&format!("nothing of {} is left to bring back: all was taken by its consumer", id_of(self.path)));
            return Ok(LEFT);
        }
        let consent = self.arguments.agreement.by(Word::Yes, 0);
        if !intent::consent(&plan, &notes, consent, stop).await? {
            return Ok(0);
        }
        self.bring_back(way, &plan, stop).await
    }

    /// The queue's name, if the cost of looking there was accepted.
    fn accepted(&self, queue: &Queue) -> Option<&str> {
        self.arguments.accept_cost.iter().map(String::as_str).find(|name| *name == queue.name())
    }

    async fn plan(&self, way: &Way, there: Option<u64>) -> Plan {
        let about = there.unwrap_or_else(|| way.most());
        let plan = Plan {
            deed: way.deed(),
            from: way.from(&id_of(self.path)),
            to: way.to().clone(),
            scope: Scope::Chosen { count: about },
            about,
            split: None,
            edited: None,
            options: self.arguments.care.options(),
            risks: Vec::new(),
        };
        let prospect = self.desk.prospect(&plan).await;
        plan.with_prospect(&prospect)
    }

    async fn bring_back(&self, way: &Way, plan: &Plan, stop: &CancellationToken) -> Outcome {
        let chosen = way.sought();
        let undoes = Some(id_of(self.path));
        let (journal, ledger) = run::begin_undo(self.desk, self.shelf, (plan, undoes), &chosen).await?;
        let (options, total, ascii) = (plan.options, plan.about, self.ascii);
        match way {
            Way::FromQueue { queue, ids, .. } => {
                let accept_cost = self.accepted(queue).is_some();
                let waiting = self.desk.standing(queue).await?.total();
                let hunting = Hunting { accept_cost, ..Hunting::new(clock::now).among(ids.len() as u64, waiting) };
                let wire = Arc::clone(&self.desk.wire);
                let hunt = Arc::new(Hunt::new(wire, (**queue).clone(), hunting, as_before(way, self.path)));
                let supply = Arc::clone(&hunt) as _;
                let trip = Trip { journal, ledger, supply, sink: None, options, total, chosen, refused: 0, ascii };
                let outcome = run::attend(self.desk, trip, stop).await;
                desk::given_back(&hunt.close().await);
                outcome
            }
            Way::FromJournal { to, ids } => {
                let supply = Arc::new(Listed::new(Box::new(undo::kept(self.path, ids)), is_fifo(to)));
                let trip = Trip { journal, ledger, supply, sink: None, options, total, chosen, refused: 0, ascii };
                run::attend(self.desk, trip, stop).await
            }
        }
    }
}

/// Whether order matters there.
pub fn is_fifo(to: &Destination) -> bool {
    to.queues().iter().any(Queue::is_fifo)
}
