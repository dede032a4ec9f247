//! Removes what `deploy` made, and only that. What hangs on others goes first, so that nothing fires into a gap.

use super::marks::{Mark, Marks, marks};
use super::{Architecture, Arns, Clients, DemoError, Rule, log_group_name};

/// Deletes every marked resource of the architectures. What is not there or not marked is left as it is.
///
/// # Errors
/// When the endpoint refuses a call. What was deleted until then stays deleted; calling again goes on.
pub async fn teardown(clients: &Clients, architectures: &[&Architecture]) -> Result<(), DemoError> {
    let arns = Arns::of(clients).await?;
    for architecture in architectures {
        let removal = Removal { clients, arns: &arns, marks: marks(clients, &arns) };
        removal.run(architecture).await?;
    }
    Ok(())
}

struct Removal<'a> {
    clients: &'a Clients,
    arns: &'a Arns,
    marks: Marks<'a>,
}

impl Removal<'_> {
    async fn run(&self, architecture: &Architecture) -> Result<(), DemoError> {
        for rule in architecture.rules {
            self.rule(rule).await?;
        }
        for function in architecture.functions {
            self.function(function.name).await?;
            self.log_group(&log_group_name(function.name)).await?;
        }
        for topic in architecture.topics {
            self.topic(topic).await?;
        }
        // Sources before their dead-letter queues, the reverse of how they were made.
        for queue in architecture.queues.iter().rev() {
            self.queue(queue.name).await?;
        }
        for bus in architecture.buses {
            self.bus(bus).await?;
        }
        for table in architecture.tables {
            self.table(table.name).await?;
        }
        for bucket in architecture.buckets {
            self.bucket(bucket).await?;
        }
        Ok(())
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
            let request = self.clients.sns.unsubscribe();
            let request = request.set_subscription_arn(subscription.subscription_arn().map(String::from));
            request.send().await.map_err(DemoError::call(doing()))?;
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
