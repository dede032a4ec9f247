//! AWS's own move task: the queue moves its dead letters by itself. Started, followed and cancelled here; no journal, no undo.
//!
//! It moves all of a dead-letter queue of SQS queues, 500 messages a second at most, one task a queue at a time, with new ids.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{queue::Queue, sqs::refusal, wire::Refusal};
use crate::aws::Connection;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks that may fail before it is given up to follow: the task itself goes on.
const MOST_MISSES: u32 = 10;

/// How far a task is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Task {
    pub handle: Option<String>,
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED`, `FAILED`.
    pub status: String,
    pub moved: u64,
    pub to_move: Option<u64>,
    pub failure: Option<String>,
}

impl Task {
    pub fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "RUNNING" | "CANCELLING" | "")
    }
}

/// Starts a task; to where each message came from if no destination is named.
///
/// # Errors
/// SQS's: one is running already, or the queue is nobody's dead-letter queue.
pub async fn start(
    aws: &Arc<Connection>,
    from: &Queue,
    to: Option<&Queue>,
    rate: Option<u32>,
) -> Result<String, Refusal> {
    let call = aws
        .sqs()
        .start_message_move_task()
        .source_arn(from.arn.as_str())
        .set_destination_arn(to.map(|queue| queue.arn.to_string()))
        .set_max_number_of_messages_per_second(rate.and_then(|rate| i32::try_from(rate).ok()));
    let answer = call.send().await.map_err(|error| refusal(&error))?;
    Ok(answer.task_handle.unwrap_or_default())
}

/// The latest task of a queue.
///
/// # Errors
/// SQS's.
pub async fn latest(aws: &Arc<Connection>, from: &Queue) -> Result<Option<Task>, Refusal> {
    let call = aws.sqs().list_message_move_tasks().source_arn(from.arn.as_str()).max_results(1);
    let answer = call.send().await.map_err(|error| refusal(&error))?;
    Ok(answer.results.unwrap_or_default().into_iter().next().map(|task| Task {
        handle: task.task_handle,
        status: task.status.unwrap_or_default(),
        moved: u64::try_from(task.approximate_number_of_messages_moved).unwrap_or(0),
        to_move: task.approximate_number_of_messages_to_move.and_then(|count| u64::try_from(count).ok()),
        failure: task.failure_reason,
    }))
}

/// Follows the latest task until it is over; cancels it when that is wished, and follows it to its end all the same.
///
/// # Errors
/// When it cannot be looked at any more.
pub async fn follow(
    aws: &Arc<Connection>,
    from: &Queue,
    seen: &watch::Sender<Task>,
    cancel: &CancellationToken,
) -> Result<Task, Refusal> {
    let (mut misses, mut is_cancelled) = (0, false);
    loop {
        match latest(aws, from).await {
            Ok(Some(task)) => {
                misses = 0;
                seen.send_replace(task.clone());
                if task.is_over() {
                    return Ok(task);
                }
                if cancel.is_cancelled() && !is_cancelled {
                    is_cancelled = true;
                    cancel_task(aws, &task).await?;
                }
            }
            Ok(None) => return Ok(Task::default()),
            Err(refusal) if refusal.is_passing() && misses < MOST_MISSES => misses += 1,
            Err(refusal) => return Err(refusal),
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = cancel.cancelled(), if !is_cancelled => {}
        }
    }
}

/// What was moved stays moved.
async fn cancel_task(aws: &Arc<Connection>, task: &Task) -> Result<(), Refusal> {
    let Some(handle) = &task.handle else { return Ok(()) };
    aws.sqs().cancel_message_move_task().task_handle(handle).send().await.map_err(|error| refusal(&error))?;
    Ok(())
}
