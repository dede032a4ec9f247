//! Putting it right: looking at dead letters without harm, and moving them without losing one.
//!
//! The promise: no message is ever lost, whatever is killed, cut off or cancelled; a message is in the source, in the destination or in
//! the journal at every instant.
//!
//! # The way of a message
//!
//! ```text
//!   queue ──[wire]──► peek ── what it costs, the lease, the body on disk ──► why ── decoded, its cluster, its failure's log lines
//!                      │                                                      │
//!                      │        choose: text, regex, jq ◄─────────────────────┘
//!                      │        edit: jq, $EDITOR, the diff        plan: what is about to be done, in words
//!                      ▼
//!        a Supply ──► mover ──► journal (fsync) ──► send ──► journal ──► delete ──► journal
//!     peek::hunt         │                           │
//!     listed             └─ canary, breaker, rate    └─ a queue, each message's own source, or a file (into_file)
//!     undo, again
//! ```
//!
//! | to read | is about |
//! |---|---|
//! | [`message`], [`queue`], [`wire`], [`sqs`] | what is moved, between what, by which seven calls |
//! | [`peek`] | looking, and what it costs; a hunt feeds a run |
//! | [`why`] | what a message holds, which others died of the same, and what its consumer said of it |
//! | [`choose`], [`edit`], [`jq`] | which are meant, and what is to become of them |
//! | [`plan`], [`words`] | what is said before a deed, and what each is called |
//! | [`mover`], [`journal`] | the deed, and its record on the disk |
//! | [`moment`], [`returns`] | when a lease ends though the machine sleeps; until when messages may come back |
//! | [`undo`], [`again`] | taking it back; going on after being cut off |
//! | [`export`], [`import`], [`into_file`], [`listed`] | files as source and destination |
//! | [`native`] | AWS's own move task |
//!
//! Nothing here draws or reads keys: the desk on the screen and the commands are two hands on the same tools. A new source of messages
//! is a [`Supply`](mover::supply::Supply); a new way of failing is a [`Why`](wire::Why).

pub mod again;
pub mod choose;
pub mod edit;
pub mod export;
pub mod import;
pub mod into_file;
pub mod journal;
pub mod jq;
pub mod listed;
pub mod message;
pub mod moment;
pub mod mover;
pub mod native;
pub mod peek;
pub mod plan;
pub mod queue;
pub mod returns;
pub mod sqs;
pub mod undo;
pub mod why;
pub mod wire;
pub mod words;
