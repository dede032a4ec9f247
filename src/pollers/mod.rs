//! Where facts come from: one poller a service, one task a poller.
//!
//! A poller asks one service and says what it learnt as [facts](crate::domain::Fact). It keeps going when one item fails, pages to the end,
//! bounds what it has under way, and never draws conclusions: those are the store's. `run` paces it, backs off and stops it; [`once`] runs a
//! single round for the headless commands. To add a service: one file here, one row in [`POLLERS`].

pub mod address;
pub mod analytics;
pub mod api_gateway;
pub mod api_gateway_http;
pub mod catalogue;
pub mod cloudwatch;
pub mod cloudwatch_metrics;
pub mod destinations;
pub mod dynamodb;
pub mod environment;
pub mod events;
pub mod firehose;
pub mod inventory;
pub mod kinesis;
pub mod lambda;
pub mod links;
pub mod listing;
pub mod log_tail;
pub mod logs;
pub mod notifications;
pub mod outbox;
pub mod pace;
pub mod pages;
pub mod pipes;
pub mod queue_age;
pub mod s3;
pub mod scheduler;
pub mod service_call;
pub mod sns;
pub mod sql_window;
pub mod sqs;
pub mod stacks;
pub mod states;
pub mod states_definition;
pub mod table_streams;
pub mod tags;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt, future::join_all};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    aws::{Connection, Trouble},
    domain::{FailureKind, Kind, Report, Scope},
};

pub use inventory::Inventory;
pub use links::Links;
pub use outbox::Outbox;
pub use pace::{Due, Paces, Spacing, Tier};

/// Reads the clock. Passed in, so that tests and replays bring their own.
pub type Clock = fn() -> Timestamp;

/// What a poller may look at while it polls.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    pub aws: &'a Connection,
    pub scope: &'a Scope,
    pub paces: &'a Paces,
}

impl Look<'_> {
    /// How often to read what changes only when somebody deploys. AWS shares its quotas with the deployments: there, slowly.
    pub fn structure(&self) -> Duration {
        if self.aws.is_aws() {
            self.paces.background
        } else {
            self.paces.background.min(self.paces.visible.saturating_mul(3))
        }
    }

    /// How often to read what costs a call for each single item and hardly ever changes.
    pub fn rarely(&self) -> Duration {
        self.paces.background.saturating_mul(if self.aws.is_aws() { 40 } else { 2 })
    }

    /// How often to read what costs a call for each single item: rarely on AWS. Emulators have no quotas, and their users deploy
    /// all day.
    pub fn sparingly(&self) -> Duration {
        if self.aws.is_aws() { self.rarely() } else { self.structure() }
    }

    /// The account that is looked at: some ARNs leave it out. Asked for only until it is known.
    ///
    /// # Errors
    /// The call's [`Trouble`].
    pub async fn account(&self) -> Result<String, Trouble> {
        match self.aws.known_account() {
            Some(account) => Ok(account.to_owned()),
            None => Ok(self.aws.identity().await?.account),
        }
    }

    /// A quota of AWS, as one poller may use it; no emulator has one.
    pub fn quota(&self, calls_per_second: u32) -> Option<u32> {
        self.aws.is_aws().then_some(calls_per_second)
    }
}

/// Reads one service.
#[async_trait]
pub trait Poller: Send + Sync {
    /// One round: as much as is due now. What fails is said through [`Outbox::failed`], never returned.
    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox);

    /// How eagerly to look, given what the user looks at.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope)
    }

    /// The kinds of resource that it finds.
    fn kinds(&self) -> &'static [Kind];
}

/// One row a poller.
#[derive(Debug)]
pub struct Row {
    /// Its name in failures and in the header.
    pub name: &'static str,
    pub make: fn() -> Box<dyn Poller>,
}

/// All pollers. Dispatch, the header's poll state and `snapshot` follow from this table.
pub const POLLERS: &[Row] = &[
    Row { name: "sqs", make: || Box::<sqs::Sqs>::default() },
    Row { name: "lambda", make: || Box::<lambda::Lambda>::default() },
    Row { name: "sns", make: || Box::<sns::Sns>::default() },
    Row { name: "logs", make: || Box::<logs::Logs>::default() },
    Row { name: "dynamodb", make: || Box::<dynamodb::DynamoDb>::default() },
    Row { name: "s3", make: || Box::<s3::S3>::default() },
    Row { name: "events", make: || Box::<events::Events>::default() },
    Row { name: "kinesis", make: || Box::<kinesis::Kinesis>::default() },
    Row { name: "firehose", make: || Box::<firehose::Firehose>::default() },
    Row { name: "kinesisanalytics", make: || Box::<analytics::Analytics>::default() },
    Row { name: "apigateway", make: catalogue::of::<api_gateway::RestApis> },
    Row { name: "apigatewayv2", make: catalogue::of::<api_gateway_http::HttpApis> },
    Row { name: "states", make: catalogue::of::<states::StateMachines> },
    Row { name: "pipes", make: catalogue::of::<pipes::Pipes> },
    Row { name: "scheduler", make: catalogue::of::<scheduler::Schedules> },
    Row { name: "cloudformation", make: || Box::<stacks::Stacks>::default() },
    Row { name: "tag", make: || Box::<tags::Tags>::default() },
    Row { name: "cloudwatch", make: || Box::<cloudwatch::CloudWatch>::default() },
];

/// What all pollers share.
#[derive(Debug, Clone)]
pub struct Shared {
    pub aws: Arc<Connection>,
    pub paces: Paces,
    pub clock: Clock,
    pub out: mpsc::Sender<Report>,
}

/// A poller that panicked is begun anew after so long: what it stumbled over may have gone.
const RESTART_AFTER: Duration = Duration::from_secs(60);

/// How a poller came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Nobody listens any more, or it had but one round to make.
    Done,
    Panicked,
}

/// Starts every poller as a task; they end when `cancel` is cancelled or nobody listens any more.
pub fn spawn_all(shared: &Shared, scope: &watch::Receiver<Scope>, cancel: &CancellationToken) {
    for row in POLLERS {
        let (shared, scope, cancel) = (shared.clone(), scope.clone(), cancel.clone());
        let task = async move {
            let again = || run(row.name, (row.make)(), shared.clone(), scope.clone());
            while let Ended::Panicked = watched(row.name, &shared, Some(RESTART_AFTER), again()).await {
                tokio::time::sleep(RESTART_AFTER).await;
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = task => {}
            }
        });
    }
}

/// One round of every poller, side by side.
pub async fn once(shared: &Shared, scope: &Scope) {
    join_all(POLLERS.iter().map(async |row| {
        let round = async {
            let mut poller = (row.make)();
            let mut out = Outbox::new(row.name, shared.clock, shared.out.clone());
            poller.poll(Look { aws: &shared.aws, scope, paces: &shared.paces }, &mut out).await;
            out.end(None).await;
        };
        watched(row.name, shared, None, round).await;
    }))
    .await;
}

/// Goes with a poller to its end; `restart` is after how long it is begun anew, should it panic. One that panics says so as any other failure is said: its service becomes unknown instead of
/// standing still, and the others go on.
async fn watched(
    name: &'static str,
    shared: &Shared,
    restart: Option<Duration>,
    polling: impl Future<Output = ()>,
) -> Ended {
    // Nothing of a poller is used again after its panic.
    let Err(panic) = AssertUnwindSafe(polling).catch_unwind().await else { return Ended::Done };
    let text = format!("edatop's own mistake: {}; please report it", said(panic.as_ref()));
    tracing::error!(poller = name, "{text}");
    let mut out = Outbox::new(name, shared.clock, shared.out.clone());
    out.failed(name, Trouble { kind: FailureKind::Other, text }, None).await;
    let restart = restart.and_then(|wait| jiff::SignedDuration::try_from(wait).ok());
    out.end(restart.and_then(|wait| (shared.clock)().checked_add(wait).ok())).await;
    Ended::Panicked
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it did not say which")
}

/// Polls, waits, polls again; never two rounds at once.
async fn run(name: &'static str, mut poller: Box<dyn Poller>, shared: Shared, mut scope: watch::Receiver<Scope>) {
    let mut out = Outbox::new(name, shared.clock, shared.out.clone());
    let mut backoff = pace::Backoff::new(shared.aws.endpoint().is_some_and(crate::aws::Endpoint::is_loopback));
    loop {
        if scope.wait_for(|scope| !scope.paused).await.is_err() {
            return;
        }
        let seen = scope.borrow_and_update().clone();
        poller.poll(Look { aws: &shared.aws, scope: &seen, paces: &shared.paces }, &mut out).await;
        if backoff.was_down() && out.worst().is_none() {
            shared.aws.dialect.detect(shared.aws.endpoint()).await;
        }
        let wait = backoff.after(out.worst(), shared.paces.of(poller.tier(&seen)));
        let next = (shared.clock)().checked_add(jiff::SignedDuration::try_from(wait.length).unwrap_or_default()).ok();
        if !out.end(next).await {
            return;
        }
        if !pace::rest(wait, &mut scope, &seen, |scope| shared.paces.of(poller.tier(scope))).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::ConnectOptions,
        domain::{Fact, Failure},
        store::Store,
    };

    struct Broken;

    #[async_trait]
    impl Poller for Broken {
        async fn poll(&mut self, _look: Look<'_>, _out: &mut Outbox) {
            panic!("the table has {} legs", 3)
        }

        fn kinds(&self) -> &'static [Kind] {
            &[Kind::Queue]
        }
    }

    #[tokio::test]
    async fn a_poller_that_panics_says_so_and_its_service_is_in_doubt() {
        let options = ConnectOptions { endpoint: Some("127.0.0.1:1".to_owned()), ..ConnectOptions::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let (out, mut reports) = mpsc::channel(8);
        let shared = Shared { aws, paces: Paces::default(), clock: crate::app::clock::now, out };
        let (_scopes, scope) = watch::channel(Scope::default());
        let ended =
            watched("sqs", &shared, Some(RESTART_AFTER), run("sqs", Box::new(Broken), shared.clone(), scope)).await;
        assert_eq!(ended, Ended::Panicked, "it is to be begun anew");
        drop(shared);
        let mut store = Store::default();
        let mut failures = Vec::new();
        while let Some(report) = reports.recv().await {
            failures.extend(report.facts.iter().filter_map(|fact| match fact {
                Fact::Failed(failure) => Some(failure.clone()),
                _ => None,
            }));
            store.apply(report);
        }
        let [Failure { kind: FailureKind::Other, subject: None, error, .. }] = &failures[..] else {
            panic!("{failures:?}")
        };
        assert_eq!(error, "edatop's own mistake: the table has 3 legs; please report it");
        assert!(store.polls().is_failing("sqs"));
    }
}
