//! A redrive of some messages, or of edited ones: looked at, held, chosen, changed, and then moved.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Arguments;
use crate::{
    app::clock,
    cli::{
        desk::{
            Desk, LEFT, Outcome,
            agree::Word as Typed,
            gather::{Gathered, Wish, gather},
            intent,
            lines::{Fate, Lines, Word},
            run::{self, Trip},
        },
        journal::shelf,
        opening::GivenUp,
    },
    redrive::{
        again::{self, Change},
        edit::{Edit, diff},
        journal::{Deed, Destination, Origin, Scope},
        message::Message,
        plan::{Plan, Prospect},
        queue::Queue,
        undo::sources_of_brought_back,
    },
};

/// Lines of the example of an edit.
const MOST_DIFF: usize = 30;

/// Looks, chooses, moves.
///
/// # Errors
/// Before anything is moved; nothing is held then.
pub async fn run(
    desk: &Desk,
    arguments: &Arguments,
    (from, to): (Queue, Destination),
    (ascii, stop): (bool, CancellationToken),
) -> Outcome {
    let edit = arguments.edit.as_deref().map(Edit::jq).transpose();
    let edit = edit.map_err(|mistake| GivenUp::misused(format!("--edit: {mistake}")))?;
    let mut gathered =
        gather(desk, from, Wish { choice: &arguments.choice, logs: arguments.choice.cluster.is_some() }, &stop).await?;
    let outcome = with(desk, arguments, &mut gathered, (to, edit), (ascii, &stop)).await;
    gathered.release().await;
    outcome
}

async fn with(
    desk: &Desk,
    arguments: &Arguments,
    gathered: &mut Gathered,
    (to, edit): (Destination, Option<Edit>),
    (ascii, stop): (bool, &CancellationToken),
) -> Outcome {
    by_its_key(arguments, gathered)?;
    let ids = gathered.chosen();
    let change = edit.map(|edit| Change::new(edit, &to));
    let (ids, failed) = match &change {
        None => (ids, Vec::new()),
        Some(change) => tokio::task::block_in_place(|| try_on(change, gathered, ids)),
    };
    let plan = plan(arguments, gathered, (to, &ids), desk).await?;
    let mut notes = Vec::new();
    if let Some((id, why)) = failed.first() {
        notes.push(format!("mind: the edit fails on {} of them, which stay where they are; {id}: {why}", failed.len()));
    }
    if let Some(change) = &change {
        notes.extend(
            ids.first().and_then(|id| gathered.hold.message(id).ok()).map_or_else(Vec::new, |m| example(change, &m)),
        );
    }
    refused(&failed)?;
    if ids.is_empty() {
        let why = if failed.is_empty() { "no message matches: nothing was changed" } else { "nothing is left to move" };
        return Err(GivenUp { code: LEFT, why: why.to_owned() });
    }
    let consent = arguments.beginning.agreement.by(Typed::Yes, failed.len() as u64);
    if !intent::consent(&plan, &notes, consent, stop).await? {
        return Ok(if failed.is_empty() { 0 } else { LEFT });
    }
    let (journal, ledger) = run::begin(desk, &shelf()?, &plan, &ids).await?;
    let supply = Arc::new(gathered.hold.supply(&ids, change.map_or_else(again::as_it_is, Change::wanted)).await);
    let trip = Trip {
        journal,
        ledger,
        supply: Arc::clone(&supply) as _,
        sink: None,
        options: plan.options,
        total: ids.len() as u64,
        chosen: ids,
        refused: failed.len() as u64,
        ascii,
    };
    let outcome = run::attend(desk, trip, stop).await;
    crate::cli::desk::given_back(&supply.close().await);
    outcome
}

/// Numbers are those of one look: what nobody sees before it is moved must be named by what stays the same.
fn by_its_key(arguments: &Arguments, gathered: &Gathered) -> Result<(), GivenUp> {
    let Some((name, cluster)) = arguments.choice.cluster.as_deref().zip(gathered.cluster) else { return Ok(()) };
    let Some(cluster) = gathered.clusters.get(cluster) else { return Ok(()) };
    let is_number = name.trim_start_matches('#').parse() == Ok(cluster.number) && name != cluster.key;
    if is_number && arguments.beginning.agreement.yes && !arguments.beginning.agreement.dry_run {
        let (key, title) = (&cluster.key, &cluster.title);
        let why =
            format!("cluster numbers change from look to look: with --yes give its key, --cluster {key} ({title})");
        return Err(GivenUp::misused(why));
    }
    Ok(())
}

async fn plan(
    arguments: &Arguments,
    gathered: &Gathered,
    (to, ids): (Destination, &[String]),
    desk: &Desk,
) -> Result<Plan, GivenUp> {
    let (count, from) = (ids.len() as u64, Origin::Queue(Box::new(gathered.hold.queue().clone())));
    let split = gathered.split(ids, &to, &sources_of_brought_back(shelf()?.folder(), &from));
    let plan = Plan {
        deed: Deed::Redrive,
        from,
        to,
        scope: Scope::Chosen { count },
        about: count,
        split,
        edited: arguments.edit.clone(),
        options: arguments.care.options(),
        risks: Vec::new(),
    };
    let prospect = Prospect {
        first_loss: gathered.first_loss(clock::now()),
        splits_groups: gathered.hold.queue().is_fifo() && !arguments.choice.is_all(),
        ..desk.prospect(&plan).await
    };
    Ok(plan.with_prospect(&prospect))
}

fn refused(failed: &[(String, String)]) -> Result<(), GivenUp> {
    let mut lines = Lines::default();
    for (id, why) in failed {
        lines.put(&Fate { message_id: id, fate: Word::Refused, new_message_id: None, reason: Some(why) })?;
    }
    Ok(())
}

/// Those that a change works on, and the others with the reason.
fn try_on(change: &Change, gathered: &Gathered, ids: Vec<String>) -> (Vec<String>, Vec<(String, String)>) {
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        let changed = gathered.hold.message(&id).map_err(|refusal| refusal.text);
        match changed.and_then(|message| change.of(&message)) {
            Ok(_) => good.push(id),
            Err(why) => failed.push((id, why)),
        }
    }
    (good, failed)
}

/// What a change does to one of them.
fn example(change: &Change, message: &Message) -> Vec<String> {
    let Ok(changed) = change.of(message) else { return Vec::new() };
    let diff = diff(message, &changed);
    if diff.is_empty() {
        return vec![format!("the edit changes nothing, for example in message {}", message.id)];
    }
    let heading = format!("for example, message {} (lines out: {}, in: {}):", message.id, diff.removed, diff.added);
    let shown = diff.lines.iter().take(MOST_DIFF).map(|line| format!("  {line}"));
    std::iter::once(heading).chain(shown).collect()
}
