//! Whose a resource is: not there, the demo's, or somebody else's. Told by the tag alone, never by the name.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{Arns, MARK, Rule};
use crate::demo::{Clients, DemoError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Absent,
    Ours,
    Foreign,
}

pub(super) struct Marks<'a> {
    clients: &'a Clients,
    arns: &'a Arns,
}

pub(super) fn marks<'a>(clients: &'a Clients, arns: &'a Arns) -> Marks<'a> {
    Marks { clients, arns }
}

impl Marks<'_> {
    pub(super) async fn queue(&self, name: &str) -> Result<Mark, DemoError> {
        let url = match self.clients.sqs.get_queue_url().queue_name(name).send().await {
            Ok(answer) => answer.queue_url().unwrap_or_default().to_owned(),
            Err(error) => return absent_or(error, format!("look for queue '{name}'")),
        };
        match self.clients.sqs.list_queue_tags().queue_url(url).send().await {
            Ok(answer) => Ok(ours(answer.tags().is_some_and(|tags| tags.contains_key(MARK)))),
            Err(error) => absent_or(error, format!("read the tags of queue '{name}'")),
        }
    }

    pub(super) async fn topic(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for topic '{name}'");
        let arn = self.arns.topic(name);
        // The tags alone do not tell: one emulator answers for topics that are not there.
        if let Err(error) = self.clients.sns.get_topic_attributes().topic_arn(&arn).send().await {
            return absent_or(error, doing);
        }
        match self.clients.sns.list_tags_for_resource().resource_arn(arn).send().await {
            Ok(answer) => Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK))),
            Err(error) => absent_or(error, doing),
        }
    }

    pub(super) async fn table(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for table '{name}'");
        if let Err(error) = self.clients.dynamodb.describe_table().table_name(name).send().await {
            return absent_or(error, doing);
        }
        match self.clients.dynamodb.list_tags_of_resource().resource_arn(self.arns.table(name)).send().await {
            Ok(answer) => Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK))),
            Err(error) => absent_or(error, doing),
        }
    }

    pub(super) async fn bucket(&self, name: &str) -> Result<Mark, DemoError> {
        if self.clients.s3.head_bucket().bucket(name).send().await.is_err() {
            // HeadBucket has no error code to go by; creating it will say what is wrong, if anything is.
            return Ok(Mark::Absent);
        }
        let tags = self.clients.s3.get_bucket_tagging().bucket(name).send().await;
        // A bucket without tags answers NoSuchTagSet.
        Ok(ours(tags.is_ok_and(|answer| answer.tag_set().iter().any(|tag| tag.key() == MARK))))
    }

    pub(super) async fn function(&self, name: &str) -> Result<Mark, DemoError> {
        match self.clients.lambda.get_function().function_name(name).send().await {
            Ok(answer) => Ok(ours(answer.tags().is_some_and(|tags| tags.contains_key(MARK)))),
            Err(error) => absent_or(error, format!("look for function '{name}'")),
        }
    }

    pub(super) async fn log_group(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for log group '{name}'");
        match self.clients.logs.describe_log_groups().log_group_name_prefix(name).send().await {
            Ok(answer) if answer.log_groups().iter().any(|group| group.log_group_name() == Some(name)) => {}
            Ok(_) => return Ok(Mark::Absent),
            Err(error) => return absent_or(error, doing),
        }
        match self.clients.logs.list_tags_for_resource().resource_arn(self.arns.log_group(name)).send().await {
            Ok(answer) => Ok(ours(answer.tags().is_some_and(|tags| tags.contains_key(MARK)))),
            Err(error) => absent_or(error, doing),
        }
    }

    pub(super) async fn stream(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for stream '{name}'");
        match self.clients.kinesis.list_tags_for_stream().stream_name(name).send().await {
            Ok(answer) => Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK))),
            Err(error) => absent_or(error, doing),
        }
    }

    pub(super) async fn delivery_stream(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for delivery stream '{name}'");
        match self.clients.firehose.list_tags_for_delivery_stream().delivery_stream_name(name).send().await {
            Ok(answer) => Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK))),
            Err(error) => absent_or(error, doing),
        }
    }

    /// By the listing: what no listing names, no poller could find. The listing of either API has the applications of both.
    pub(super) async fn application_v1(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = || format!("look for application '{name}'");
        let listed = self.clients.analytics_v1.list_applications().send().await.map_err(DemoError::call(doing()))?;
        if !listed.application_summaries().iter().any(|one| one.application_name() == name) {
            return Ok(Mark::Absent);
        }
        let request = self.clients.analytics_v1.list_tags_for_resource().resource_arn(self.arns.application(name));
        let answer = request.send().await.map_err(DemoError::call(doing()))?;
        Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK)))
    }

    /// As [`Marks::application_v1`], by the second API.
    pub(super) async fn application_v2(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = || format!("look for application '{name}'");
        let listed = self.clients.analytics_v2.list_applications().send().await.map_err(DemoError::call(doing()))?;
        if !listed.application_summaries().iter().any(|one| one.application_name() == name) {
            return Ok(Mark::Absent);
        }
        let request = self.clients.analytics_v2.list_tags_for_resource().resource_arn(self.arns.application(name));
        let answer = request.send().await.map_err(DemoError::call(doing()))?;
        Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK)))
    }

    pub(super) async fn bus(&self, name: &str) -> Result<Mark, DemoError> {
        let doing = format!("look for event bus '{name}'");
        match self.clients.events.describe_event_bus().name(name).send().await {
            Ok(_) => self.event_resource(self.arns.bus(name), doing).await,
            Err(error) => absent_or(error, doing),
        }
    }

    pub(super) async fn rule(&self, rule: &Rule) -> Result<Mark, DemoError> {
        let doing = format!("look for rule '{}'", rule.name);
        match self.clients.events.describe_rule().name(rule.name).event_bus_name(rule.bus).send().await {
            // Where a rule's bus goes in its ARN is not the same everywhere: ask.
            Ok(answer) => self.event_resource(answer.arn().unwrap_or_default().into(), doing).await,
            Err(error) => absent_or(error, doing),
        }
    }

    async fn event_resource(&self, arn: String, doing: String) -> Result<Mark, DemoError> {
        match self.clients.events.list_tags_for_resource().resource_arn(arn).send().await {
            Ok(answer) => Ok(ours(answer.tags().iter().any(|tag| tag.key() == MARK))),
            Err(error) => absent_or(error, doing),
        }
    }
}

fn ours(marked: bool) -> Mark {
    if marked { Mark::Ours } else { Mark::Foreign }
}

/// Every service has its own word for "not there"; anything else is an error.
fn absent_or<E>(error: SdkError<E, HttpResponse>, doing: String) -> Result<Mark, DemoError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match DemoError::call(doing)(error) {
        error if error.is_not_found() => Ok(Mark::Absent),
        error => Err(error),
    }
}
