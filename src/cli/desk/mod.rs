//! What the commands that look at messages and move them share: the queue found, a plan agreed to, the run watched, each fate a line.
//!
//! stdout has JSON lines and nothing else; plans, questions, warnings and the bar go to stderr. Another thing that several of these
//! commands need is a file here.

pub mod agree;
pub mod aim;
pub mod bar;
pub mod choice;
pub mod earlier;
pub mod failures;
pub mod gather;
pub mod intent;
pub mod interrupt;
pub mod lines;
pub mod run;
pub mod summary;
pub mod whole;

use std::{process::ExitCode, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    MISUSED, complain,
    opening::{self, GivenUp, place},
};
use crate::{
    app::clock,
    aws::Connection,
    config::Config,
    redrive::{
        native,
        peek::lease::Released,
        plan::{Plan, Prospect},
        queue::{Queue, Standing},
        sqs::Sqs,
        why::cloudwatch::{self, CloudWatch},
        wire::{Refusal, Why, Wire},
    },
};

/// Something was left behind, or nothing matched.
pub const LEFT: u8 = 1;
/// Cut off before its end; what was begun is in the journal.
pub const CUT_OFF: u8 = 4;

/// How long a plan waits for what is known of the consumer.
const CONSUMER: Duration = Duration::from_secs(10);

/// A connection, and who uses it.
#[derive(Debug, Clone)]
pub struct Desk {
    pub aws: Arc<Connection>,
    pub wire: Arc<dyn Wire>,
    /// The caller's ARN; empty where the endpoint does not say.
    pub who: String,
}

impl Desk {
    /// Connects, and asks who we are: every journal says it.
    ///
    /// # Errors
    /// As [`opening::connect`].
    pub async fn open(config: &Config) -> Result<Self, GivenUp> {
        let aws = opening::connect(config).await?;
        let identity = aws.identity().await;
        let who = match identity {
            Ok(identity) => identity.arn,
            Err(trouble) if trouble.is_total() => {
                return Err(GivenUp::unreached(format!("{}: {trouble}", place(&aws))));
            }
            // Not every emulator knows.
            Err(_) => String::new(),
        };
        let wire = Arc::new(Sqs::new(Arc::clone(&aws)));
        Ok(Self { aws, wire, who })
    }

    /// The queue of that name, ARN or URL.
    ///
    /// # Errors
    /// When there is none, or it may not be seen.
    pub async fn find(&self, queue: &str) -> Result<Queue, GivenUp> {
        self.wire.find(queue).await.map_err(|refusal| self.given_up(&refusal))
    }

    /// How many messages it has.
    ///
    /// # Errors
    /// The endpoint's.
    pub async fn standing(&self, queue: &Queue) -> Result<Standing, GivenUp> {
        self.wire.standing(queue).await.map_err(|refusal| self.given_up(&refusal))
    }

    /// The queues whose dead letters go to this one.
    ///
    /// # Errors
    /// The endpoint's.
    pub async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, GivenUp> {
        self.wire.sources(of).await.map_err(|refusal| self.given_up(&refusal))
    }

    /// What is known of a plan's ends. It helps to know it, no more: what cannot be asked is left out.
    pub async fn prospect(&self, plan: &Plan) -> Prospect {
        let mut prospect = Prospect::default();
        if let Some(from) = plan.from.queue() {
            prospect.there = self.wire.standing(from).await.ok();
            // Asked for a task that may be none: an endpoint without tasks has no answer to it.
            prospect.has_move_task = native::latest(&self.aws, from).await.is_ok();
        }
        for queue in plan.to.queues() {
            let Ok(standing) = self.wire.standing(queue).await else { continue };
            let so_far = prospect.waiting.get_or_insert_default();
            so_far.visible += standing.visible;
            so_far.in_flight += standing.in_flight;
            so_far.delayed += standing.delayed;
        }
        let reader = CloudWatch::new(Arc::clone(&self.aws));
        let to: Vec<_> = plan.to.queues().iter().map(|queue| queue.arn.clone()).collect();
        let consumer = cloudwatch::consumer(&self.aws, &reader, &to, clock::now());
        prospect.consumer = timeout(CONSUMER, consumer).await.ok().flatten();
        prospect
    }

    /// A refusal as what the command ends with.
    pub fn given_up(&self, refusal: &Refusal) -> GivenUp {
        match refusal.why {
            Why::Gone | Why::Unacceptable | Why::ReadOnly => GivenUp::misused(&refusal.text),
            _ => GivenUp::unreached(format!("{}: {}", place(&self.aws), refusal.text)),
        }
    }
}

/// What a command comes to: an exit code, or why there is nothing.
pub type Outcome = Result<u8, GivenUp>;

/// Runs a command's work. The first ctrl-c lets it come to an orderly end, the second leaves at once.
pub async fn attended(work: impl AsyncFnOnce(CancellationToken) -> Outcome) -> ExitCode {
    let wishes = interrupt::listen();
    tokio::select! {
        outcome = work(wishes.stop.clone()) => match outcome {
            Ok(code) => ExitCode::from(code),
            Err(given_up) => given_up.said(),
        },
        () = wishes.leave.cancelled() => ExitCode::from(CUT_OFF),
    }
}

/// Waits for something that has changed nothing yet, and may be left at any moment.
///
/// # Errors
/// The work's own; or that the user wants to leave.
pub async fn unless_stopped<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, GivenUp>>,
) -> Result<T, GivenUp> {
    tokio::select! {
        done = work => done,
        () = stop.cancelled() => Err(GivenUp { code: CUT_OFF, why: "left; nothing was changed".to_owned() }),
    }
}

/// Refuses under `--read-only`, before anything is asked.
///
/// # Errors
/// Under `--read-only`.
pub fn must_write(config: &Config, what: &str) -> Result<(), GivenUp> {
    if config.connect.read_only {
        let why = format!("{what}, and edatop runs with --read-only: nothing was asked and nothing was sent");
        return Err(GivenUp { code: MISUSED, why });
    }
    Ok(())
}

/// Says what could not be given back, and when it comes back by itself.
pub fn given_back(released: &Released) {
    if released.stuck > 0 {
        complain(&released.to_string());
    }
}
