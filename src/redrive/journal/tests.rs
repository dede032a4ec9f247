//! Journals written, cut, damaged and read again.

use std::{fs, path::PathBuf, time::Duration};

use jiff::Timestamp;

use super::*;
use crate::redrive::{
    message::Message,
    queue::Queue,
    wire::{Refusal, Why},
};

pub(in crate::redrive) fn queue(name: &str) -> Queue {
    Queue {
        url: format!("http://localhost/{name}"),
        arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}").as_str().into(),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(345_600),
        maximum_message_bytes: 1 << 20,
        redrive_policy: None,
        content_based_deduplication: false,
    }
}

pub(in crate::redrive) fn begun(to: &str) -> Begun {
    Begun {
        version: VERSION,
        at: Timestamp::UNIX_EPOCH,
        who: "me".to_owned(),
        endpoint: None,
        region: "us-east-1".to_owned(),
        deed: Deed::Redrive,
        from: Origin::Queue(Box::new(queue("dlq"))),
        to: Destination::Queue(Box::new(queue(to))),
        scope: Scope::All { limit: None },
        edited: None,
        undoes: None,
        rate: None,
    }
}

pub(in crate::redrive) fn taken(batch: u64, ids: &[&str]) -> Record {
    let of = |id: &&str| Taken {
        sent_before: false,
        message: Message { id: (*id).to_owned(), body: format!("body of {id}\n"), ..Message::default() }.into(),
        to: None,
        outgoing: None,
        deduplication: None,
    };
    Record::Taken { batch, at: Timestamp::UNIX_EPOCH, messages: ids.iter().map(of).collect() }
}

pub(in crate::redrive) fn sent(batch: u64, id: &str, outcome: Outcome) -> Record {
    Record::Sent { batch, at: Timestamp::UNIX_EPOCH, results: vec![Sent { id: id.to_owned(), outcome }] }
}

pub(in crate::redrive) fn deleted(batch: u64, id: &str, refusal: Option<Refusal>) -> Record {
    Record::Deleted { batch, results: vec![Deleted { id: id.to_owned(), refusal }] }
}

pub(in crate::redrive) fn arrived(id: &str) -> Outcome {
    Outcome::Arrived { new_id: format!("new-{id}") }
}

fn doubt() -> Refusal {
    Refusal::new(Why::Unanswered, true, "no answer")
}

pub(in crate::redrive) struct Folder(tempfile::TempDir);

impl Folder {
    pub(in crate::redrive) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(in crate::redrive) fn shelf(&self) -> Shelf {
        Shelf::new(self.0.path().join("state/journals"))
    }
}

async fn written(shelf: &Shelf, to: &str, records: &[Record]) -> PathBuf {
    let journal = shelf.create(begun(to)).await.unwrap();
    for record in records {
        journal.append(record).await.unwrap();
    }
    journal.path().to_owned()
}

#[tokio::test]
async fn each_message_is_as_far_as_its_last_record_says() {
    let folder = Folder::new();
    let records = [
        taken(0, &["a", "b", "c", "d", "e"]),
        sent(0, "a", arrived("a")),
        sent(0, "b", arrived("b")),
        sent(0, "c", Outcome::Doubtful(doubt())),
        sent(0, "d", Outcome::Refused(Refusal::new(Why::Denied, false, "no"))),
        deleted(0, "a", None),
        deleted(0, "b", Some(Refusal::new(Why::LeaseOver, false, "late"))),
    ];
    let path = written(&folder.shelf(), "q", &records).await;
    let ledger = Ledger::read(&path).unwrap();
    let fate = |id: &str| ledger.get(id).unwrap().fate.clone();
    assert_eq!(fate("a"), Fate::Moved { new_id: Some("new-a".into()) });
    assert_eq!(fate("b"), Fate::Arrived { new_id: "new-b".into() });
    assert_eq!((fate("c"), fate("d"), fate("e")), (Fate::Doubtful, Fate::Refused("no".into()), Fate::Taken));
    let counts = ledger.counts();
    assert_eq!((counts.moved, counts.arrived, counts.doubtful, counts.refused), (1, 1, 2, 1));
    assert!(ledger.is_unfinished());
    let place = ledger.get("e").unwrap().place;
    assert_eq!(taken_at(&path, place).unwrap()[4].message.body, "body of e\n");
}

#[tokio::test]
async fn what_is_sent_again_in_doubt_may_be_there_twice_except_on_fifo() {
    for (to, twice) in [("q", 1), ("q.fifo", 0)] {
        let folder = Folder::new();
        let records = [
            taken(0, &["a", "b"]),
            sent(0, "a", Outcome::Doubtful(doubt())),
            sent(0, "b", arrived("b")),
            taken(1, &["a", "b"]),
            sent(1, "a", arrived("a")),
        ];
        let ledger = Ledger::read(&written(&folder.shelf(), to, &records).await).unwrap();
        assert_eq!(ledger.counts().maybe_twice, twice, "{to}");
        assert_eq!(ledger.counts().arrived, 2);
    }
}

#[tokio::test]
async fn a_journal_cut_at_any_byte_is_read_as_far_as_it_goes_and_gone_on_with() {
    let folder = Folder::new();
    let records = [taken(0, &["a"]), sent(0, "a", arrived("a")), deleted(0, "a", None)];
    let path = written(&folder.shelf(), "q", &records).await;
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in first..=whole.len() {
        let copy = folder.0.path().join("copy.journal");
        fs::write(&copy, &whole[..cut]).unwrap();
        let before = Ledger::read(&copy).unwrap();
        assert_eq!(before.cut, whole[cut - 1] != b'\n');
        let journal = Journal::reopen(&copy).unwrap();
        journal.append(&Record::Ended { at: Timestamp::UNIX_EPOCH, why: Ended::Cancelled }).await.unwrap();
        let after = Ledger::read(&copy).unwrap();
        assert_eq!((after.damaged, after.cut), (0, false), "cut at {cut}");
        assert_eq!(after.counts(), before.counts());
        assert!(after.ended.is_some());
    }
}

#[tokio::test]
async fn a_damaged_line_in_the_middle_is_counted_and_the_rest_read() {
    let folder = Folder::new();
    let path = written(&folder.shelf(), "q", &[taken(0, &["a"]), sent(0, "a", arrived("a")), taken(1, &["b"])]).await;
    let text = fs::read_to_string(&path).unwrap().replacen("new-a", "new-A", 1);
    fs::write(&path, text).unwrap();
    let ledger = Ledger::read(&path).unwrap();
    assert_eq!((ledger.damaged, ledger.counts().doubtful), (1, 2));
    drop(Journal::reopen(&path).unwrap());
    assert_eq!(Ledger::read(&path).unwrap().counts().doubtful, 2);
}

#[tokio::test]
async fn only_one_writes_and_only_the_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let shelf = folder.shelf();
    let journal = shelf.create(begun("q")).await.unwrap();
    assert!(matches!(Journal::reopen(journal.path()), Err(JournalError::InUse { .. })));
    assert!(is_in_use(journal.path()) && shelf.unfinished().unwrap().is_empty());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(journal.path()), mode(shelf.folder())), (0o600, 0o700));
}

#[tokio::test]
async fn is_found_by_a_beginning_of_its_id() {
    let folder = Folder::new();
    let shelf = folder.shelf();
    assert!(matches!(shelf.find("last"), Err(JournalError::NotFound(_))));
    let (one, _other) = (written(&shelf, "q", &[]).await, written(&shelf, "q", &[]).await);
    assert_eq!(shelf.find(&id_of(&one)).unwrap(), one);
    assert!(matches!(shelf.find("1970"), Err(JournalError::Ambiguous(_))));
    assert!(shelf.find("last").is_ok());
}

#[tokio::test]
async fn many_at_once_are_all_written() {
    let folder = Folder::new();
    let journal = folder.shelf().create(begun("q")).await.unwrap();
    let append = |number: u64| {
        let journal = journal.clone();
        tokio::spawn(async move { journal.append(&taken(number, &[&format!("m{number}")])).await })
    };
    let appends: Vec<_> = (0..1_000).map(append).collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    assert_eq!(Ledger::read(journal.path()).unwrap().counts().taken, 1_000);
}

#[rstest::rstest]
#[case(Scope::All { limit: None }, &[], Some("it bounced"), true)]
#[case(Scope::All { limit: None }, &[], None, false)]
#[case(Scope::Chosen { count: 3 }, &["a", "b", "c"], Some("it bounced"), true)]
#[case(Scope::Chosen { count: 3 }, &["a", "b", "c"], None, false)]
#[case(Scope::Chosen { count: 1 }, &["a"], Some("the disk"), false)]
#[tokio::test]
async fn a_stopped_run_may_go_on_with_what_was_not_reached(
    #[case] scope: Scope,
    #[case] chosen: &[&str],
    #[case] stopped: Option<&str>,
    #[case] may: bool,
) {
    let folder = Folder::new();
    let journal = folder.shelf().create(Begun { scope, ..begun("q") }).await.unwrap();
    let why = stopped.map_or(Ended::Cancelled, |why| Ended::Stopped { why: why.to_owned() });
    let records = [
        Record::Chosen { ids: chosen.iter().map(|id| (*id).to_owned()).collect() },
        taken(0, &["a", "b"]),
        sent(0, "a", arrived("a")),
        sent(0, "b", Outcome::Refused(Refusal::new(Why::Denied, false, "no"))),
        deleted(0, "a", None),
        Record::Ended { at: Timestamp::UNIX_EPOCH, why },
    ];
    for record in &records {
        journal.append(record).await.unwrap();
    }
    let ledger = Ledger::read(journal.path()).unwrap();
    assert_eq!((ledger.is_unfinished(), ledger.may_go_on()), (false, may));
    let expected: &[&str] = if chosen.len() == 3 && stopped.is_some() { &["b", "c"] } else { &[] };
    assert_eq!(ledger.still_to_come(), expected);
}

#[rstest::rstest]
#[case(None, "us-east-1", "arn:aws:iam::000000000000:user/me", true)]
#[case(None, "us-east-1", "", true)]
#[case(None, "us-east-1", "arn:aws:iam::111111111111:user/me", false)]
#[case(None, "eu-west-1", "arn:aws:iam::000000000000:user/me", false)]
#[case(Some("http://localhost:4566"), "us-east-1", "", false)]
#[tokio::test]
async fn a_journal_is_of_one_endpoint_region_and_account(
    #[case] endpoint: Option<&str>,
    #[case] region: &str,
    #[case] who: &str,
    #[case] is_here: bool,
) {
    let folder = Folder::new();
    let ledger = Ledger::read(&written(&folder.shelf(), "q", &[]).await).unwrap();
    assert_eq!(ledger.is_of(endpoint, region, who), is_here);
}

/// As on a full disk: what `Begun` would say cannot be written. Here because a path is no text.
#[tokio::test]
async fn a_journal_that_cannot_begin_leaves_no_file() {
    use std::os::unix::ffi::OsStringExt;
    let folder = Folder::new();
    let path = PathBuf::from(std::ffi::OsString::from_vec(vec![b'f', 0xff]));
    let created = folder.shelf().create(Begun { from: Origin::File(path), ..begun("q") }).await;
    assert!(matches!(created, Err(JournalError::Write { .. })));
    assert_eq!(folder.shelf().ids().unwrap(), [""; 0]);
}
