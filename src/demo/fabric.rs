//! What AWS does between services, for the embedded endpoint only: topics deliver to queues, rules fire, mappings feed
//! functions, windows close, delivery streams deliver, functions run and log. Plain tasks that act through the SDK like any other client.
//!
//! The fabric believes the APIs, not the declarations: it reads subscriptions, mappings, rules and environments back from
//! the endpoint, so what an operator changes there takes effect here. Only the code of a function or
//! application comes from its declaration.
//!
//! A new kind of delivery is one file below and one `spawn` in `start`.

mod deliver;
mod feed;
mod firehose;
mod invoke;
mod routes;
mod rules;
mod table_feed;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use self::deliver::{Delivery, Onward};
use self::firehose::Deliveries;
use self::invoke::Runner;
use self::rules::Schedules;
use self::table_feed::TableFeed;
use self::windows::Window;
use super::architectures::Architecture;
use super::deploy::Arns;
use super::endpoint::tap::Accepted;
use super::tasks::Tasks;
use super::{Clients, DemoError};

/// How long a change made through the API may take to show, as it may in AWS.
const REFRESH: Duration = Duration::from_secs(1);

/// How many puts may wait for a reader of a stream, or for the delivery streams.
const MAX_PUTS: usize = 1024;

/// Starts every task on `tasks`; all of them end when `stop` is cancelled or the endpoint goes.
///
/// # Errors
/// When the mappings cannot be listed.
pub(super) async fn start(
    clients: &Clients,
    architectures: &'static [&'static Architecture],
    accepted: mpsc::Receiver<Accepted>,
    tasks: &Tasks,
    stop: &CancellationToken,
) -> Result<(), DemoError> {
    let arns = Arns::of(clients).await?;
    let runner = Arc::new(Runner::new(clients.clone(), architectures));
    let (streams, _) = broadcast::channel(MAX_PUTS);
    let (delivery_streams, puts) = mpsc::channel(MAX_PUTS);
    let mappings = clients.lambda.list_event_source_mappings().send().await;
    for mapping in mappings.map_err(DemoError::call("list event source mappings"))?.event_source_mappings() {
        if let Some(feed) = feed::Feed::new(clients, &runner, mapping) {
            tasks.spawn(until(stop.clone(), feed.run()));
        }
        if let Some(feed) = TableFeed::new(clients, &runner, mapping) {
            tasks.spawn(until(stop.clone(), feed.run()));
        }
        if let Some(window) = Window::new(clients, &runner, mapping) {
            tasks.spawn(until(stop.clone(), window.run(streams.subscribe())));
        }
    }
    for job in windows::jobs(clients).await? {
        tasks.spawn(until(stop.clone(), job.run(streams.subscribe())));
    }
    let deliveries = Deliveries::new(clients.clone(), runner.clone());
    tasks.spawn(until(stop.clone(), deliveries.run(puts)));
    let delivery = Delivery::new(clients, &runner, arns, tasks.clone(), Onward { streams, delivery_streams });
    tasks.spawn(until(stop.clone(), delivery.run(accepted)));
    tasks.spawn(until(stop.clone(), Schedules::new(clients.clone(), runner).run()));
    Ok(())
}

async fn until(stop: CancellationToken, task: impl Future<Output = ()>) {
    stop.run_until_cancelled(task).await;
}

#[cfg(test)]
mod tests;
