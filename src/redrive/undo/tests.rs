//! What is left to undo, after none, one or part of it was undone.

use std::path::PathBuf;

use jiff::Timestamp;

use super::*;
use crate::redrive::journal::{
    Begun, Ended, Record, Scope, Taken,
    tests::{Folder, arrived, begun, deleted, queue, sent, taken},
};

fn ended() -> Record {
    Record::Ended { at: Timestamp::UNIX_EPOCH, why: Ended::Done }
}

async fn written(shelf: &Shelf, begun: Begun, records: &[Record]) -> PathBuf {
    let journal = shelf.create(begun).await.unwrap();
    for record in records {
        journal.append(record).await.unwrap();
    }
    journal.path().to_owned()
}

fn left(path: &Path) -> Result<Vec<Vec<String>>, NotNow> {
    let ways = ways_left(path, &Ledger::read(path).unwrap())?;
    let sought = |way: &Way| {
        let mut ids = way.sought();
        ids.sort_unstable();
        ids
    };
    Ok(ways.iter().map(sought).collect())
}

/// Three that were deleted, and an undo that has sent `b` back, does not know of `c`, and says `d` was refused.
#[tokio::test]
async fn what_was_brought_back_from_a_journal_or_may_be_is_not_sent_again() {
    let folder = Folder::new();
    let shelf = folder.shelf();
    let purge = Begun { deed: Deed::Delete, to: Destination::Journal, ..begun("unused") };
    let records = [taken(0, &["a", "b", "c"]), deleted(0, "a", None), deleted(0, "b", None), deleted(0, "c", None)];
    let path = written(&shelf, purge, &[records.as_slice(), &[ended()]].concat()).await;
    assert_eq!(left(&path).unwrap(), [["a", "b", "c"]]);

    let id = id_of(&path);
    let undo = Begun {
        deed: Deed::Undo,
        from: Origin::Journal(id.clone()),
        undoes: Some(id),
        scope: Scope::Chosen { count: 3 },
        ..begun("dlq")
    };
    let records = [taken(0, &["b", "c"]), sent(0, "b", arrived("b")), deleted(0, "b", None)];
    let first = written(&shelf, undo.clone(), &records).await;
    assert!(matches!(left(&path), Err(NotNow::Unfinished(id)) if id == id_of(&first)));
    std::fs::remove_file(&first).unwrap();

    let missing = Record::Missing { at: Timestamp::UNIX_EPOCH, ids: vec!["c".to_owned()] };
    written(&shelf, undo.clone(), &[records.as_slice(), &[missing, ended()]].concat()).await;
    assert_eq!(left(&path).unwrap(), [["a"]]);
    let rest = [taken(0, &["a"]), sent(0, "a", arrived("a")), deleted(0, "a", None), ended()];
    written(&shelf, undo, &rest).await;
    assert_eq!(left(&path).unwrap(), Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn an_undo_of_which_not_all_can_be_read_is_not_built_upon() {
    let folder = Folder::new();
    let shelf = folder.shelf();
    let purge = Begun { deed: Deed::Delete, to: Destination::Journal, ..begun("unused") };
    let path = written(&shelf, purge, &[taken(0, &["a"]), deleted(0, "a", None), ended()]).await;
    let id = id_of(&path);
    let undo = Begun { from: Origin::Journal(id.clone()), undoes: Some(id), ..begun("dlq") };
    let first = written(&shelf, undo, &[taken(0, &["a"]), ended()]).await;
    let text = std::fs::read_to_string(&first).unwrap();
    std::fs::write(&first, text.replacen("body of", "BODY of", 1)).unwrap();
    assert!(matches!(left(&path), Err(NotNow::Damaged { damaged: 1, .. })));
    std::fs::write(&first, text.replacen("begun", "BEGUN", 1)).unwrap();
    assert!(matches!(left(&path), Err(NotNow::Unread(JournalError::NoBeginning { .. }))));
    std::fs::write(&first, "").unwrap();
    assert_eq!(left(&path).unwrap(), [["a"]]);
}

/// Each is looked for in the queue that it went to, and counted there alone.
#[tokio::test]
async fn each_queue_is_asked_for_what_went_to_it() {
    let folder = Folder::new();
    let to = Destination::Sources(vec![queue("one"), queue("two"), queue("none")]);
    let Record::Taken { batch, at, messages } = taken(0, &["a", "b", "c"]) else { unreachable!() };
    let names = ["one", "two", "one"];
    let messages = messages.into_iter().zip(names);
    let messages = messages.map(|(taken, name)| Taken { to: Some(queue(name).url), ..taken }).collect();
    let mut records = vec![Record::Taken { batch, at, messages }];
    for id in ["a", "b", "c"] {
        records.extend([sent(0, id, arrived(id)), deleted(0, id, None)]);
    }
    records.push(ended());
    let path = written(&folder.shelf(), Begun { to, ..begun("unused") }, &records).await;
    assert_eq!(left(&path).unwrap(), [vec!["new-a", "new-c"], vec!["new-b"]]);
}
