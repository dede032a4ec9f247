//! Removes what `deploy` made, and only that. What hangs on others goes first, so that nothing fires into a gap.

use super::marks::{Mark, Marks, marks};
use super::skipped::{Ledger, Piece};
use super::{Architecture, Arns, Clients, DemoError, End, Kind, Rule, Skipped, api, log_group_name, role};
use crate::demo::architectures::Application;

/// Deletes every marked resource of the architectures, and says what the endpoint cannot delete. What is not there or not marked is
/// left as it is.
///
/// # Errors
/// When the endpoint refuses a call. What was deleted until then stays deleted; calling again goes on.
pub async fn teardown(clients: &Clients, architectures: &[&Architecture]) -> Result<Vec<Skipped>, DemoError> {
    let arns = Arns::of(clients).await?;
    let mut left = Ledger::default();
    for architecture in architectures {
        let removal = Removal { clients, arns: &arns, marks: marks(clients, &arns) };
        removal.run(architecture, &mut left).await?;
    }
    role::delete(clients).await?;
    Ok(left.0)
}

/// What somebody else has deleted meanwhile is as gone as it should be, and what an endpoint cannot have is not there.
fn gone(outcome: Result<(), DemoError>) -> Result<(), DemoError> {
    match outcome {
        Err(error) if error.is_not_found() || error.is_lacking() => Ok(()),
        other => other,
    }
}

struct Removal<'a> {
    clients: &'a Clients,
    arns: &'a Arns,
    marks: Marks<'a>,
}

impl Removal<'_> {
    async fn run(&self, architecture: &Architecture, left: &mut Ledger) -> Result<(), DemoError> {
        for api in architecture.apis {
            gone(self.api(api.name).await)?;
        }
        for rule in architecture.rules {
            gone(self.rule(rule).await)?;
        }
        for application in architecture.applications {
            self.application(application, left).await?;
        }
        for stream in architecture.delivery_streams {
            gone(self.delivery_stream(stream.name).await)?;
        }
        for function in architecture.functions {
            gone(self.function(function.name).await)?;
            gone(self.log_group(&log_group_name(function.name)).await)?;
        }
        for stream in architecture.streams {
            gone(self.stream(stream.name).await)?;
        }
        for topic in architecture.topics {
            gone(self.topic(topic).await)?;
        }
        // Sources before their dead-letter queues, the reverse of how they were made.
        for queue in architecture.queues.iter().rev() {
            gone(self.queue(queue.name).await)?;
        }
        for bus in architecture.buses {
            gone(self.bus(bus).await)?;
        }
        for table in architecture.tables {
            gone(self.table(table.name).await)?;
        }
        for bucket in architecture.buckets {
            gone(self.bucket(bucket).await)?;
        }
        Ok(())
    }

    async fn api(&self, name: &str) -> Result<(), DemoError> {
        let Some(id) = api::find(self.clients, name).await? else { return Ok(()) };
        let request = self.clients.apigateway.delete_rest_api().rest_api_id(id);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete API '{name}'")))
    }

    /// One emulator lists applications and cannot delete them.
    async fn application(&self, application: &Application, left: &mut Ledger) -> Result<(), DemoError> {
        let name = application.name;
        match self.marks.application_v2(name).await {
            Ok(Mark::Ours) => {}
            Ok(Mark::Absent | Mark::Foreign) => return Ok(()),
            Err(error) => return gone(Err(error)),
        }
        if let Err(error) = gone(self.delete_application(name).await) {
            left.note(Piece::Resource(End::new(Kind::Application, name)), error.to_string());
        }
        Ok(())
    }

    async fn delete_application(&self, name: &str) -> Result<(), DemoError> {
        let doing = || format!("delete application '{name}'");
        let client = &self.clients.analytics_v2;
        let described = client.describe_application().application_name(name).send().await;
        let described = described.map_err(DemoError::call(doing()))?;
        let created = described.application_detail().and_then(|detail| detail.create_timestamp()).copied();
        let request = client.delete_application().application_name(name).set_create_timestamp(created);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn delivery_stream(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.delivery_stream(name).await? != Mark::Ours {
            return Ok(());
        }
        let request = self.clients.firehose.delete_delivery_stream().delivery_stream_name(name);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete delivery stream '{name}'")))
    }

    async fn stream(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.stream(name).await? != Mark::Ours {
            return Ok(());
        }
        let request = self.clients.kinesis.delete_stream().stream_name(name);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete stream '{name}'")))
    }

    async fn rule(&self, rule: &Rule) -> Result<(), DemoError> {
        if self.marks.rule(rule).await? != Mark::Ours {
            return Ok(());
        }
        let doing = || format!("delete rule '{}'", rule.name);
        let events = &self.clients.events;
        let request = events.remove_targets().rule(rule.name).event_bus_name(rule.bus).ids(rule.function);
        request.send().await.map_err(DemoError::call(doing()))?;
        let request = events.delete_rule().name(rule.name).event_bus_name(rule.bus);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn function(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.function(name).await? != Mark::Ours {
            return Ok(());
        }
        let doing = || format!("delete function '{name}'");
        let mappings = self.clients.lambda.list_event_source_mappings().function_name(name).send().await;
        let mappings = mappings.map_err(DemoError::call(doing()))?;
        // LocalStack goes on to list a mapping that was disabled and then deleted, and will not delete it again.
        let still = mappings.event_source_mappings().iter().filter(|mapping| mapping.state() != Some("Deleting"));
        for mapping in still {
            let request = self.clients.lambda.delete_event_source_mapping().set_uuid(mapping.uuid().map(String::from));
            request.send().await.map_err(DemoError::call(doing()))?;
        }
        let request = self.clients.lambda.delete_function().function_name(name);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn log_group(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.log_group(name).await? != Mark::Ours {
            return Ok(());
        }
        let request = self.clients.logs.delete_log_group().log_group_name(name);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete log group '{name}'")))
    }

    async fn topic(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.topic(name).await? != Mark::Ours {
            return Ok(());
        }
        let doing = || format!("delete topic '{name}'");
        let arn = self.arns.topic(name);
        // AWS removes a topic's subscriptions with it, later; emulators not always.
        let subscriptions = self.clients.sns.list_subscriptions_by_topic().topic_arn(&arn).send().await;
        for subscription in subscriptions.map_err(DemoError::call(doing()))?.subscriptions() {
            // One that nobody confirmed has no ARN yet, and goes with the topic.
            let Some(arn) = subscription.subscription_arn().filter(|arn| arn.starts_with("arn:")) else { continue };
            let unsubscribed = self.clients.sns.unsubscribe().subscription_arn(arn).send().await;
            gone(unsubscribed.map(drop).map_err(DemoError::call(doing())))?;
        }
        let request = self.clients.sns.delete_topic().topic_arn(arn);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn queue(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.queue(name).await? != Mark::Ours {
            return Ok(());
        }
        let doing = || format!("delete queue '{name}'");
        let url = self.clients.sqs.get_queue_url().queue_name(name).send().await.map_err(DemoError::call(doing()))?;
        let request = self.clients.sqs.delete_queue().set_queue_url(url.queue_url().map(String::from));
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn bus(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.bus(name).await? != Mark::Ours {
            return Ok(());
        }
        let request = self.clients.events.delete_event_bus().name(name);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete event bus '{name}'")))
    }

    async fn table(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.table(name).await? != Mark::Ours {
            return Ok(());
        }
        let request = self.clients.dynamodb.delete_table().table_name(name);
        request.send().await.map(drop).map_err(DemoError::call(format!("delete table '{name}'")))
    }

    async fn bucket(&self, name: &str) -> Result<(), DemoError> {
        if self.marks.bucket(name).await? != Mark::Ours {
            return Ok(());
        }
        let doing = || format!("delete bucket '{name}'");
        let s3 = &self.clients.s3;
        // Deleting empties the listing from the front, so its first page is asked for until there is none.
        loop {
            let page = s3.list_objects_v2().bucket(name).send().await.map_err(DemoError::call(doing()))?;
            if page.contents().is_empty() {
                break;
            }
            for object in page.contents() {
                let request = s3.delete_object().bucket(name).set_key(object.key().map(String::from));
                request.send().await.map_err(DemoError::call(doing()))?;
            }
        }
        s3.delete_bucket().bucket(name).send().await.map(drop).map_err(DemoError::call(doing()))
    }
}
