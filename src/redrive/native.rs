//! AWS's own move task: the queue moves its dead letters by itself. Started, followed and cancelled here; no journal, no undo.
//!
//! It moves all of a dead-letter queue of SQS queues, 500 messages a second at most, one task a queue at a time, with new ids.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;
use serde::Serialize;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    plan::MOVE_TASK_RATE,
    queue::Queue,
    sqs::refusal,
    wire::{Refusal, Why},
};
use crate::aws::Connection;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// As many as SQS lists.
const MOST_LISTED: i32 = 10;
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

/// A task that was started here, and how to tell it from those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Started {
    pub handle: String,
    /// When the last task before it was started, by SQS's clock; none if there was none, or SQS did not say.
    before: Option<i64>,
}

/// A task as SQS lists it: the handle only while it runs.
#[derive(Debug, Clone, Default)]
struct Entry {
    task: Task,
    /// In milliseconds since 1970, by SQS's clock.
    started: Option<i64>,
}

impl Started {
    /// The task among these that was started here.
    fn among(&self, entries: Vec<Entry>) -> Option<Task> {
        let is_ours = |entry: &Entry| match (&entry.task.handle, entry.started) {
            (Some(handle), _) if !handle.is_empty() && !self.handle.is_empty() => *handle == self.handle,
            (_, Some(started)) => self.before.is_none_or(|before| started > before),
            // Nothing tells them apart here but that there was none before.
            _ => self.before.is_none(),
        };
        entries.into_iter().find(is_ours).map(|entry| entry.task)
    }
}

impl Task {
    pub fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "RUNNING" | "CANCELLING" | "")
    }
}

/// The rate that a task can have for one that is wished.
pub fn whole_rate(wished: f64) -> u32 {
    wished.clamp(1.0, f64::from(MOVE_TASK_RATE)) as u32
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
) -> Result<Started, Refusal> {
    // Where they cannot be listed, following says so.
    let before = list(aws, from).await.unwrap_or_default().into_iter().filter_map(|entry| entry.started).max();
    let call = aws
        .sqs()
        .start_message_move_task()
        .source_arn(from.arn.as_str())
        .set_destination_arn(to.map(|queue| queue.arn.to_string()))
        .set_max_number_of_messages_per_second(rate.and_then(|rate| i32::try_from(rate).ok()));
    let answer = call.send().await.map_err(|error| refusal(&error))?;
    Ok(Started { handle: answer.task_handle.unwrap_or_default(), before })
}

/// The latest task of a queue.
///
/// # Errors
/// SQS's.
pub async fn latest(aws: &Arc<Connection>, from: &Queue) -> Result<Option<Task>, Refusal> {
    Ok(list(aws, from).await?.into_iter().next().map(|entry| entry.task))
}

/// The tasks of a queue, the latest first.
async fn list(aws: &Arc<Connection>, from: &Queue) -> Result<Vec<Entry>, Refusal> {
    let call = aws.sqs().list_message_move_tasks().source_arn(from.arn.as_str()).max_results(MOST_LISTED);
    let answer = call.send().await.map_err(|error| refusal(&error))?;
    let entry = |listed: ListMessageMoveTasksResultEntry| Entry {
        // What is not said comes as zero.
        started: Some(listed.started_timestamp).filter(|at| *at > 0),
        task: Task {
            handle: listed.task_handle,
            status: listed.status.unwrap_or_default(),
            moved: u64::try_from(listed.approximate_number_of_messages_moved).unwrap_or(0),
            to_move: listed.approximate_number_of_messages_to_move.and_then(|count| u64::try_from(count).ok()),
            failure: listed.failure_reason,
        },
    };
    Ok(answer.results.unwrap_or_default().into_iter().map(entry).collect())
}

/// Follows a task until it is over; cancels it when that is wished, and follows it to its end all the same.
///
/// # Errors
/// When it cannot be looked at any more.
pub async fn follow(
    aws: &Arc<Connection>,
    from: &Queue,
    started: &Started,
    seen: &watch::Sender<Task>,
    cancel: &CancellationToken,
) -> Result<Task, Refusal> {
    let (mut misses, mut is_cancelled) = (0, false);
    loop {
        match list(aws, from).await.map(|entries| started.among(entries)) {
            Ok(Some(task)) => {
                misses = 0;
                seen.send_replace(task.clone());
                if task.is_over() {
                    return Ok(task);
                }
                if cancel.is_cancelled() && !is_cancelled {
                    is_cancelled = true;
                    cancel_task(aws, &started.handle).await?;
                }
            }
            // It may show a little later than it was started.
            Ok(None) if misses < MOST_MISSES => misses += 1,
            Ok(None) => return Err(Refusal::new(Why::Other, true, "the queue does not list the task that it started")),
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
async fn cancel_task(aws: &Arc<Connection>, handle: &str) -> Result<(), Refusal> {
    aws.sqs().cancel_message_move_task().task_handle(handle).send().await.map_err(|error| refusal(&error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn entry(handle: Option<&str>, started: Option<i64>, status: &str) -> Entry {
        let task = Task { handle: handle.map(ToOwned::to_owned), status: status.to_owned(), ..Task::default() };
        Entry { task, started }
    }

    #[rstest]
    #[case::an_older_one_is_not_ours(vec![entry(None, Some(5), "COMPLETED")], None)]
    #[case::over_it_has_no_handle(
        vec![entry(None, Some(9), "FAILED"), entry(None, Some(5), "COMPLETED")], Some("FAILED")
    )]
    #[case::by_its_handle(
        vec![entry(Some("theirs"), Some(9), "CANCELLED"), entry(Some("ours"), Some(8), "RUNNING")], Some("RUNNING")
    )]
    #[case::nothing_is_listed(Vec::new(), None)]
    fn the_task_that_was_started_is_told_from_others(#[case] entries: Vec<Entry>, #[case] expected: Option<&str>) {
        let started = Started { handle: "ours".to_owned(), before: Some(5) };
        assert_eq!(started.among(entries).map(|task| task.status).as_deref(), expected);
    }

    #[test]
    fn where_there_was_none_before_any_that_is_over_is_ours() {
        let started = Started { handle: "ours".to_owned(), before: None };
        assert!(started.among(vec![entry(None, None, "COMPLETED")]).is_some());
    }
}
