//! edatop: `htop` for event-driven architectures. This page is the map of the code: how facts travel, who may know whom, where the
//! next thing goes. What the program does for its user is in the README.
//!
//! # How facts travel
//!
//! ```text
//!   AWS, or what answers like it          terminal: keys, mouse, size       a tick a second
//!        │  aws::Connection                        │                             │
//!        │  guard · dialect · meter                │                             │
//!        ▼                                         │                             │
//!   pollers: one task a service                    │                             │
//!        │  domain::Report of Facts                │                             │
//!        ▼  bounded: full makes pollers wait       ▼                             ▼
//!   ┌─ app::run ─────────────────────────────────────────────────────────────────────┐
//!   │   update(event, now) ──► Effects: quit, suspend, copy                          │
//!   │     │                                                                          │
//!   │     ├─ store::apply(report)     what is known: resources, links, readings      │
//!   │     ├─ store::assess(now)       flows, health in words, findings                │
//!   │     └─ panes, overlays          what the user looks at                         │
//!   │   draw(now), if something changed, at most thirty times a second               │
//!   └────────────────────────────────────────┬───────────────────────────────────────┘
//!                                            ▼
//!                   domain::Scope: what is on screen, chosen, paused ──► pollers hurry, slow down, rest
//! ```
//!
//! `snapshot` runs the same pollers for one round into the same store and prints it: there is one way to know things.
//!
//! Messages go another way, since they are moved and not only counted: [`redrive`] says which. The desk on the screen drives it from a
//! task of its own ([`app`]), the commands from [`cli`]; the loop above sees its news as events. What somebody asks to read goes a third
//! way, [`inspect`], and has as many tasks as readers are open ([`overlays::inspect`]).
//!
//! # Rules
//!
//! - **One loop owns all state.** Nothing that the screen shows is behind a lock. Pollers speak through a bounded channel and listen to
//!   one watched value, the scope; an endpoint that hangs can never hold up a key.
//! - **Time is passed in.** [`app::clock`] is the only reader of the wall clock. [`store`], [`routing`], [`panes`], [`overlays`] and
//!   [`widgets`] are functions of what they are given, so a test can be at any instant it likes.
//! - **Facts are few.** A poller finds, links, measures, hears, loses and fails ([`domain::Fact`]), and draws no conclusions. Whether
//!   something is bad is decided in [`store::health`], from everything that is known.
//! - **Nothing looks better known than it is.** Each reading carries its source and age. A failing poller leaves its last values,
//!   marked old; what could not be read is [`Unknown`](domain::Health::Unknown), which ranks above `Ok`.
//! - **Things are named by ARN**, never by place in a list: a refresh does not move the cursor.
//! - **Looking costs, and says so.** Each operation is a row in [`aws::operations`]; from it follow what `--read-only` lets pass, what
//!   the header's dollars are, and which permissions the README asks for. A call without a row fails a test.
//! - **Everything is bounded**: channels, series, feeds, pages, concurrent calls. What was left out is said.
//! - **Nothing from outside reaches the terminal as it came**: [`widgets::text::clean`] takes escape, control and direction
//!   characters out.
//! - **No frame without a change**: a screen on which nothing happens draws nothing.
//!
//! # The map
//!
//! A module may import what stands above it in this table, less where its row says so. One crate has no walls inside, so
//! `tests/architecture/layers.rs` holds the exact list against the source.
//!
//! | module | is about | keeps away from |
//! |---|---|---|
//! | [`domain`] | the words: resource, link, reading, fact, health, units | all other modules |
//! | [`store`] | what is known, and what the rules say of it | tasks, clock, terminal, AWS |
//! | [`theme`] | roles, palettes, glyphs; a mistake in a theme is a warning | tasks |
//! | [`commands`] | what a user can do, one table; keys | tasks |
//! | [`routing`] | where a message would go: filter policies, event patterns | AWS, terminal |
//! | [`aws`] | how to call: endpoint, credentials, guard, meter, dialect, errors in words | what a queue is |
//! | [`pollers`] | where facts come from, one file a service, each at its pace | terminal, conclusions |
//! | [`redrive`] | putting it right: looking, knowing why, choosing, moving without losing one | terminal, wall clock |
//! | [`inspect`] | reading what is there, when asked: log lines, items, objects, records, what was handed on, the thread of an id | terminal, wall clock |
//! | [`widgets`] | drawing: tables, sparklines, panels, JSON, text made safe | AWS, the store |
//! | [`panes`] | what a user sees, one file a pane: columns, view state, keys, picture | AWS, tasks, clock |
//! | [`overlays`] | what lies on top: help, palette, filter, detail, the desk, themes | AWS, tasks, clock |
//! | [`terminal`] | taking the terminal over and giving it back, whatever happens | all other modules |
//! | [`app`] | the loop: events in, effects and frames out | |
//! | [`config`] | flags over environment over file over default | the screen |
//! | `demo` | an endpoint inside the process, and architectures with traffic on it | the rest of the program, as it from it |
//! | [`cli`] | the command line, one file a subcommand | |
//!
//! Only [`aws`], [`pollers`], [`redrive`], [`inspect`] and `demo` see the AWS SDK. `main` turns arguments into an exit code and does nothing else.
//!
//! # Where the next thing goes
//!
//! | To add | Touch |
//! |---|---|
//! | a service | a file in [`pollers`], a row in [`pollers::POLLERS`], a client in [`aws::Connection`] |
//! | a call | a row in [`aws::operations::OPERATIONS`] |
//! | a kind of resource | a variant and a row in [`domain::resource`] |
//! | a number | a constant in [`domain::reading`] |
//! | a pane | a file in [`panes`], a row in [`panes::PANES`], its key in [`commands::COMMANDS`] |
//! | a command | a row in [`commands::COMMANDS`], an arm where it acts; footer, help, palette and README follow |
//! | a health rule, a finding | an `impl` and a row in [`store::health`], in [`store::findings`] |
//! | a source of a rate | a line in [`store::rates`] |
//! | a way for messages to come into a run | an `impl` of [`redrive::mover::supply::Supply`] |
//! | an overlay, a subcommand | a file in [`overlays`], in [`cli`] |
//! | a theme | a file in `themes/` |

pub mod app;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod inspect;
pub mod overlays;
pub mod panes;
pub mod pollers;
pub mod redrive;
pub mod routing;
pub mod store;
pub mod terminal;
pub mod theme;
pub mod widgets;
