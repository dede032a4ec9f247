//! The state behind winterbaume's SQS, with four things put right that somebody who watches queues would trip over:
//!
//! - a message that was received and is visible again counts as visible;
//! - a FIFO group waits while one of its messages is in flight;
//! - a message move task moves messages;
//! - a dead letter keeps its receive count.
//!
//! Everything else is winterbaume's own state, called as its own backend calls it.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;

use winterbaume_core::{BackendState, StateViewError};
use winterbaume_sqs::state::{QueueState, SqsError};
use winterbaume_sqs::types::{Message, MessageAttribute, MessageMoveTask, Queue};
use winterbaume_sqs::{SendMessageOutput, SqsBackend, SqsState, SqsStateView};

use super::memory::{Place, Sent, SqsMemory};
use crate::demo::clock::now_ms;

type Answer<T, E = SqsError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

#[derive(Default)]
pub(super) struct Queues {
    state: BackendState<SqsState>,
    memory: Arc<SqsMemory>,
}

impl Queues {
    pub(super) fn new(memory: Arc<SqsMemory>) -> Self {
        Self { state: BackendState::default(), memory }
    }
}

/// A method that does no more than call the state under its lock.
macro_rules! under_lock {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty => |$state:ident| $call:expr;)*) => {$(
        fn $name(&self, account_id: String, region: String $(, $argument: $type)*) -> Answer<$output> {
            let lock = self.state.get(&account_id, &region);
            Box::pin(async move {
                let mut guard = lock.write().await;
                let $state = &mut *guard;
                $call
            })
        }
    )*};
}

impl SqsBackend for Queues {
    fn create_queue(
        &self,
        account_id: String,
        region: String,
        name: String,
        attributes: HashMap<String, String>,
        tags: Option<HashMap<String, String>>,
    ) -> Answer<Queue> {
        let lock = self.state.get(&account_id, &region);
        Box::pin(async move {
            let mut state = lock.write().await;
            state.create_queue(&name, &region, &account_id, &attributes, tags.as_ref()).cloned()
        })
    }

    fn send_message(
        &self,
        account_id: String,
        region: String,
        queue_name: String,
        body: String,
        delay_seconds: Option<u32>,
        attributes: HashMap<String, MessageAttribute>,
        group_id: Option<String>,
        deduplication_id: Option<String>,
    ) -> Answer<SendMessageOutput> {
        let (lock, memory) = (self.state.get(&account_id, &region), self.memory.clone());
        Box::pin(async move {
            let mut state = lock.write().await;
            let (group, deduplication) = (group_id.as_deref(), deduplication_id.as_deref());
            let sent = state.send_message(&queue_name, &body, delay_seconds, attributes, group, deduplication)?;
            // Under the lock still: nobody can receive it before it is remembered.
            let place = Place { region, queue: queue_name };
            memory.remember(&sent.message_id, Sent { place, group_id, deduplication_id });
            Ok(SendMessageOutput { message_id: sent.message_id, body_md5: sent.body_md5 })
        })
    }

    fn receive_messages(
        &self,
        account_id: String,
        region: String,
        queue_name: String,
        max: usize,
        visibility_timeout: Option<u32>,
    ) -> Answer<Vec<Message>> {
        let (lock, memory) = (self.state.get(&account_id, &region), self.memory.clone());
        Box::pin(async move {
            let mut state = lock.write().await;
            let held = state.queues.get_mut(&queue_name).map(|queue| hold_back(queue, &memory)).unwrap_or_default();
            let tries = state.queues.get(&queue_name).map(tries).unwrap_or_default();
            let received = state.receive_message(&queue_name, max, visibility_timeout);
            keep_tries(&mut state, &queue_name, &tries);
            if let Some(queue) = state.queues.get_mut(&queue_name) {
                put_back(queue, held);
            }
            received
        })
    }

    fn start_message_move_task(
        &self,
        account_id: String,
        region: String,
        source_arn: String,
        destination_arn: Option<String>,
        max_per_second: Option<i32>,
    ) -> Answer<String> {
        let (lock, memory) = (self.state.get(&account_id, &region), self.memory.clone());
        Box::pin(async move {
            let mut state = lock.write().await;
            let handle = state.start_message_move_task(&source_arn, destination_arn.as_deref(), max_per_second)?;
            let destination = destination_arn.as_deref().map(queue_name_of);
            let moved = move_messages(&mut state, queue_name_of(&source_arn), destination, (&region, &memory));
            if let Some(task) = state.message_move_tasks.iter_mut().find(|task| task.task_handle == handle) {
                task.status = "COMPLETED".into();
                task.approximate_number_of_messages_moved = moved;
                task.approximate_number_of_messages_to_move = Some(moved);
            }
            Ok(handle)
        })
    }

    under_lock! {
        fn delete_queue(queue: String) -> () => |state| state.delete_queue(&queue);
        fn get_queue_url(queue: String) -> String => |state| state.get_queue_url(&queue).map(String::from);
        fn get_queue_attributes(queue: String) -> HashMap<String, String> => |state| {
            state.queues.get_mut(&queue).into_iter().for_each(end_expired_receives);
            state.get_queue_attributes(&queue)
        };
        fn set_queue_attributes(queue: String, attributes: HashMap<String, String>) -> () =>
            |state| state.set_queue_attributes(&queue, &attributes);
        fn list_queues(prefix: Option<String>) -> Vec<Queue> =>
            |state| Ok(state.list_queues(prefix.as_deref()).into_iter().cloned().collect());
        fn delete_message(queue: String, handle: String) -> () => |state| state.delete_message(&queue, &handle);
        fn purge_queue(queue: String) -> () => |state| state.purge_queue(&queue);
        fn change_message_visibility(queue: String, handle: String, seconds: u32) -> () =>
            |state| state.change_message_visibility(&queue, &handle, seconds);
        fn change_message_visibility_batch(queue: String, entries: Vec<(String, String, u32)>) -> Vec<String> =>
            |state| state.change_message_visibility_batch(&queue, &entries);
        fn list_queue_tags(queue: String) -> HashMap<String, String> => |state| state.list_queue_tags(&queue);
        fn tag_queue(queue: String, tags: HashMap<String, String>) -> () => |state| state.tag_queue(&queue, &tags);
        fn untag_queue(queue: String, keys: Vec<String>) -> () => |state| state.untag_queue(&queue, &keys);
        fn add_permission(queue: String, label: String, accounts: Vec<String>, actions: Vec<String>) -> () =>
            |state| state.add_permission(&queue, &label, accounts, actions);
        fn remove_permission(queue: String, label: String) -> () => |state| state.remove_permission(&queue, &label);
        fn list_dead_letter_source_queues(queue: String) -> Vec<String> =>
            |state| state.list_dead_letter_source_queues(&queue);
        fn cancel_message_move_task(handle: String) -> i64 => |state| state.cancel_message_move_task(&handle);
        fn list_message_move_tasks(source_arn: String) -> Vec<MessageMoveTask> =>
            |state| Ok(state.list_message_move_tasks(&source_arn).into_iter().cloned().collect());
    }

    fn scopes_with_state(&self) -> Vec<(String, String)> {
        self.state.scopes_with_state()
    }

    fn snapshot(&self, account_id: String, region: String) -> Pin<Box<dyn Future<Output = SqsStateView> + Send>> {
        let lock = self.state.get(&account_id, &region);
        Box::pin(async move { SqsStateView::from(&*lock.read().await) })
    }

    fn restore(&self, account_id: String, region: String, view: SqsStateView) -> Answer<(), StateViewError> {
        let lock = self.state.get(&account_id, &region);
        Box::pin(async move {
            *lock.write().await = SqsState::from(view);
            Ok(())
        })
    }

    fn merge(&self, account_id: String, region: String, view: SqsStateView) -> Answer<(), StateViewError> {
        let lock = self.state.get(&account_id, &region);
        Box::pin(async move {
            let added = SqsState::from(view);
            let mut state = lock.write().await;
            state.queues.extend(added.queues);
            state.message_move_tasks.extend(added.message_move_tasks);
            Ok(())
        })
    }
}

fn queue_name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

/// winterbaume counts a message as visible when it has no receipt handle; an expired receive leaves one behind. The handle
/// stays among those the message ever had, so it still deletes.
fn end_expired_receives(queue: &mut QueueState) {
    let now = now_ms();
    queue
        .messages
        .iter_mut()
        .filter(|message| message.visible_at <= now)
        .for_each(|message| message.receipt_handle = None);
}

/// How often each message of a queue was received.
fn tries(queue: &QueueState) -> HashMap<String, u32> {
    let received = queue.messages.iter().filter(|message| message.approximate_receive_count > 0);
    received.map(|message| (message.message_id.clone(), message.approximate_receive_count)).collect()
}

/// A dead letter keeps its receive count; winterbaume starts it over.
fn keep_tries(state: &mut SqsState, source: &str, tries: &HashMap<String, u32>) {
    let target = state.queues.get(source).and_then(|queue| queue.dead_letter_target_arn.clone());
    let Some(dead_letters) = target.and_then(|arn| state.queues.get_mut(queue_name_of(&arn))) else { return };
    for message in &mut dead_letters.messages {
        if let (0, Some(count)) = (message.approximate_receive_count, tries.get(&message.message_id)) {
            message.approximate_receive_count = *count;
        }
    }
}

/// Takes out the messages whose group is waiting for one in flight, each with its place in the order.
fn hold_back(queue: &mut QueueState, memory: &SqsMemory) -> Vec<(Option<String>, Message)> {
    if !queue.queue.fifo_queue {
        return Vec::new();
    }
    let now = now_ms();
    let in_flight = queue.messages.iter().filter(|message| message.visible_at > now);
    let busy: HashSet<String> = in_flight.filter_map(|message| memory.group_id(&message.message_id)).collect();
    let mut held = Vec::new();
    let mut before = None;
    for message in std::mem::take(&mut queue.messages) {
        let waits =
            message.visible_at <= now && memory.group_id(&message.message_id).is_some_and(|id| busy.contains(&id));
        let id = message.message_id.clone();
        if waits {
            held.push((before.take(), message));
        } else {
            queue.messages.push(message);
        }
        before = Some(id);
    }
    held
}

/// Puts each held message back behind the one it came after; at the front when that one has meanwhile died.
fn put_back(queue: &mut QueueState, held: Vec<(Option<String>, Message)>) {
    for (before, message) in held {
        let at = before.and_then(|id| queue.messages.iter().position(|one| one.message_id == id));
        queue.messages.insert(at.map_or(0, |at| at + 1), message);
    }
}

/// Moves what is visible, each message to the destination or else to the queue it was dead-lettered from. As in AWS, the
/// moved message is a new one: new id, new time; one that was sent straight to the source has nowhere to go and stays.
fn move_messages(state: &mut SqsState, source: &str, destination: Option<&str>, from: (&str, &SqsMemory)) -> i64 {
    let (region, memory) = from;
    let now = now_ms();
    let visible: Vec<Message> = match state.queues.get_mut(source) {
        Some(queue) => queue.messages.extract_if(.., |message| message.visible_at <= now).collect(),
        None => return 0,
    };
    let (mut moved, mut left) = (0, Vec::new());
    for message in visible {
        let sent = memory.sent(&message.message_id);
        let origin = sent.as_ref().map(|sent| sent.place.queue.clone()).filter(|origin| origin != source);
        let Some(target) = destination.map(String::from).or(origin).filter(|name| state.queues.contains_key(name))
        else {
            left.push(message);
            continue;
        };
        let group_id = sent.and_then(|sent| sent.group_id);
        // The dead letter's own id is its deduplication id, so that it is not taken for the message it once was.
        let deduplication_id = target.ends_with(".fifo").then(|| message.message_id.clone());
        let (group, deduplication) = (group_id.as_deref(), deduplication_id.as_deref());
        let attributes = message.message_attributes.clone();
        match state.send_message(&target, &message.body, None, attributes, group, deduplication) {
            Ok(new) => {
                let place = Place { region: region.into(), queue: target };
                memory.remember(&new.message_id, Sent { place, group_id, deduplication_id });
                moved += 1;
            }
            Err(_) => left.push(message),
        }
    }
    if let Some(queue) = state.queues.get_mut(source) {
        queue.messages.splice(..0, left);
    }
    moved
}
