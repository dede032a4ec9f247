//! Going on with what was cut off. The plan was agreed to when it began; what is asked now is whether to go on with it, after it was
//! said what that is: it may be of last week, and of another queue than one has in mind.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::{Arguments, Care};
use crate::{
    app::clock,
    cli::{
        complain,
        desk::{
            self, CUT_OFF, Desk, Outcome,
            agree::{self, Word},
            earlier,
            run::{self, Trip},
        },
        export::unwritten,
        import::source,
        journal::{is_fifo, local, shelf, unread},
        opening::GivenUp,
    },
    domain::units::Age,
    redrive::{
        again,
        export::Existing,
        into_file::IntoFile,
        journal::{
            Destination, Ended, JournalError, Ledger, Origin, Place, Scope, Shelf, id_of, is_in_use, unreadable,
        },
        listed::Listed,
        mover::{self, Sink, supply::Supply},
        plan::Options,
        undo::{self, Way},
        words,
    },
    widgets::text,
};

/// Says what was cut off, asks, and goes on with one, or with all of this endpoint's, the oldest first.
///
/// # Errors
/// When there is no such journal, or it is another endpoint's; when the answer is no.
pub async fn resume(desk: &Desk, arguments: &Arguments, (ascii, stop): (bool, CancellationToken)) -> Outcome {
    let (journal, care) = (arguments.resume.as_deref().unwrap_or_default(), &arguments.care);
    let runs = cut_off(desk, &shelf()?, journal)?;
    if runs.is_empty() {
        complain("nothing was cut off here: there is nothing to go on with");
        return Ok(0);
    }
    for line in runs.iter().flat_map(|(path, ledger)| told(&id_of(path), ledger)) {
        eprintln!("{}", text::clean(&line));
    }
    agree::agreed(arguments.beginning.agreement.yes, Word::Yes, &stop).await?;
    let mut worst = 0;
    for (path, _) in runs {
        if stop.is_cancelled() {
            return Ok(CUT_OFF);
        }
        // What is wrong with one is no reason to leave the others.
        let code = match go_on(desk, &path, care, (ascii, stop.clone())).await {
            Ok(code) => code,
            Err(given_up) => {
                complain(&given_up.why);
                given_up.code
            }
        };
        worst = worst.max(code);
    }
    Ok(worst)
}

/// What was cut off, in lines: which run, from where to where, when, how far it came, and what becomes of the rest.
fn told(id: &str, ledger: &Ledger) -> Vec<String> {
    let (begun, counts) = (&ledger.begun, ledger.counts());
    let ended = match &ledger.ended {
        None => "cut off".to_owned(),
        Some((_, Ended::Done)) => "ended".to_owned(),
        Some((_, Ended::Cancelled)) => "cancelled".to_owned(),
        Some((_, Ended::Stopped { why })) => format!("stopped ({why})"),
    };
    let (from, at) = (begun.from.name(), local(ledger.last));
    let (verb, done) = (words::verb(begun.deed), words::done(begun.deed));
    let ago = Age::between(ledger.last, clock::now());
    let of = ledger.wanted().map(|wanted| format!(" of {wanted}")).unwrap_or_default();
    let mut lines = vec![
        format!("go on with {id}: {verb} {}", words::way(&begun.from, &begun.to)),
        format!("  it was {ended} at {at}, {ago} ago, with {}{of} {done}", words::messages(counts.moved)),
    ];
    if counts.doubtful > 0 {
        let some = words::messages(counts.doubtful);
        let doubles = begun.to.doubles(ledger.last, clock::now());
        let again =
            if doubles { "sent again, and may then be there twice" } else { "sent again, which makes no copies" };
        lines.push(format!(
            "  {some} doubtful: nobody knows whether they were sent; what is still in {from} is {again}"
        ));
    }
    if counts.arrived > 0 {
        let some = words::messages(counts.arrived);
        lines.push(format!("  {some} sent and perhaps not yet deleted in {from}: deleted there, not sent again"));
    }
    if counts.refused > 0 {
        lines.push(format!("  {} refused then: tried again", words::messages(counts.refused)));
    }
    lines.extend(begun.edited.as_ref().map(|edited| format!("  edited before they are sent: {edited}")));
    let damage = unreadable(id, ledger.damaged);
    lines.extend(damage.map(|damage| format!("  mind: {damage}; what was sent then may be sent again")));
    lines
}

fn cut_off(desk: &Desk, shelf: &Shelf, journal: &str) -> Result<Vec<(PathBuf, Ledger)>, GivenUp> {
    if !journal.is_empty() {
        let path = shelf.find(journal).map_err(|error| unread(&error))?;
        if is_in_use(&path) {
            return Err(unread(&JournalError::InUse { path }));
        }
        let ledger = Ledger::read(&path).map_err(|error| unread(&error))?;
        if !is_here(desk, &ledger) {
            let place = ledger.begun.endpoint.unwrap_or_else(|| "AWS".to_owned());
            let (region, who) = (ledger.begun.region, ledger.begun.who);
            let by = if who.is_empty() { String::new() } else { format!(" by {who}") };
            let why = format!("the journal {journal} is of {place} in {region}{by}: go on there");
            return Err(GivenUp::misused(why));
        }
        if !ledger.may_go_on() {
            complain(&format!("{} has come to its end: nothing is open", id_of(&path)));
            return Ok(Vec::new());
        }
        return Ok(vec![(path, ledger)]);
    }
    let unfinished = shelf.unfinished().map_err(|error| unread(&error))?;
    let here = unfinished.into_iter().rev().filter(|(_, ledger)| is_here(desk, ledger));
    Ok(here.map(|(id, ledger)| (shelf.path(&id), ledger)).collect())
}

/// Whether a journal is of the place that we are connected to.
pub fn is_here(desk: &Desk, ledger: &Ledger) -> bool {
    let endpoint = desk.aws.endpoint().map(crate::aws::Endpoint::url);
    ledger.is_of(endpoint, desk.aws.region(), &desk.who)
}

async fn go_on(desk: &Desk, path: &Path, care: &Care, (ascii, stop): (bool, CancellationToken)) -> Outcome {
    let reopened = mover::reopen(&desk.wire, path, &desk.who, clock::now()).await;
    let (journal, ledger) = reopened.map_err(|error| unread(&error))?;
    let begun = &ledger.begun;
    let counts = ledger.counts();
    let sink = match &begun.to {
        Destination::File(file) => {
            let sink = IntoFile::open(file, Existing::Continue).map_err(|error| unwritten(&error))?;
            Some(Arc::new(sink) as Arc<dyn Sink>)
        }
        _ => None,
    };
    let (supply, hunt, total) = match &begun.from {
        Origin::Queue(queue) => {
            let hunt = Arc::new(
                again::hunt(&desk.wire, queue, &ledger, &shelf()?, clock::now).map_err(|error| unread(&error))?,
            );
            let total = ledger.wanted().unwrap_or(counts.moved + desk.standing(queue).await?.total());
            (Arc::clone(&hunt) as Arc<dyn Supply>, Some(hunt), total)
        }
        Origin::File(file) => {
            let total = counts.taken.max(counts.moved);
            (Arc::new(Listed::new(source(file)?, is_fifo(&begun.to))) as _, None, total)
        }
        Origin::Journal(id) => {
            let undone = shelf()?.find(id).map_err(|error| unread(&error))?;
            let kept = kept_in(&undone, &ledger)?;
            let total = kept.len() as u64;
            (Arc::new(Listed::new(Box::new(undo::kept(&undone, &kept)), is_fifo(&begun.to))) as _, None, total)
        }
    };
    let from_queue = begun.from.queue().cloned();
    let options = Options { rate: care.rate.or(begun.rate), ..care.options() };
    let chosen = ledger.still_to_come().into_iter().map(ToOwned::to_owned).collect();
    let trip = Trip { journal, ledger, supply, sink, options, total, chosen, refused: 0, ascii };
    let outcome = run::attend(desk, trip, &stop).await;
    if let Some(hunt) = hunt {
        desk::given_back(&hunt.close().await);
    }
    if let Some(from) = &from_queue {
        earlier::say_in_flight(desk, from).await;
    }
    outcome
}

/// What an undo brings back from a journal: of all that it has what was chosen then, for the rest may have been brought back before.
fn kept_in(undone: &Path, undo: &Ledger) -> Result<Vec<(String, Place)>, GivenUp> {
    let ledger = Ledger::read(undone).map_err(|error| unread(&error))?;
    let chosen: HashSet<&str> = undo.chosen.iter().map(String::as_str).collect();
    let is_meant = |id: &str| !matches!(undo.begun.scope, Scope::Chosen { .. }) || chosen.contains(id);
    let kept = undo::ways(&ledger).into_iter().find_map(|way| match way {
        Way::FromJournal { ids, .. } => Some(ids.into_iter().filter(|(id, _)| is_meant(id)).collect()),
        Way::FromQueue { .. } => None,
    });
    Ok(kept.unwrap_or_default())
}
