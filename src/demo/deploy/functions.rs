//! Functions, with their code and environment, and what feeds them.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, EventSourcePosition, FunctionCode, FunctionResponseType, Runtime};

use super::marks::marks;
use super::{Deployment, MARK, package, role};
use crate::demo::DemoError;
use crate::demo::architectures::{Function, Mapping, Reference, Source};

impl Deployment<'_> {
    pub(super) async fn function(&self, function: &Function) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).function(function.name).await?;
        if !self.missing(mark, "function", function.name).await? {
            return Ok(());
        }
        let mut environment = Environment::builder().variables("AWS_ENDPOINT_URL", &self.clients.endpoint_url);
        for (variable, reference) in function.environment {
            environment = environment.variables(*variable, self.resolve(reference));
        }
        let zip = package::zip(function)?;
        let request = self.clients.lambda.create_function().function_name(function.name).runtime(Runtime::Python312);
        let request = request
            .handler("app.handler")
            .role(self.arns.role())
            .timeout(i32::try_from(function.timeout_seconds).unwrap_or(i32::MAX))
            .environment(environment.build())
            .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
            .tags(MARK, self.architecture.name);
        let doing = || format!("create function '{}'", function.name);
        match request.clone().send().await.map_err(DemoError::call(doing())) {
            Err(DemoError::Call { reason, .. }) if reason.contains("role") => role::create(self.clients).await?,
            other => return other.map(drop),
        }
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    fn resolve(&self, reference: &Reference) -> String {
        match reference {
            Reference::Topic(name) => self.arns.topic(name),
            Reference::Table(name)
            | Reference::Bucket(name)
            | Reference::Bus(name)
            | Reference::Stream(name)
            | Reference::DeliveryStream(name) => (*name).into(),
        }
    }

    pub(super) async fn mapping(&self, mapping: &Mapping) -> Result<(), DemoError> {
        let source = self.source_arn(mapping.source).await?;
        let doing = || format!("map {} to function '{}'", mapping.source.end(), mapping.function);
        let existing = self.clients.lambda.list_event_source_mappings().function_name(mapping.function).send().await;
        let existing = existing.map_err(DemoError::call(doing()))?;
        if existing.event_source_mappings().iter().any(|one| one.event_source_arn() == Some(&source)) {
            return Ok(());
        }
        let request = self.clients.lambda.create_event_source_mapping().function_name(mapping.function);
        let mut request = request.event_source_arn(source).batch_size(i32::try_from(mapping.batch_size).unwrap_or(10));
        if mapping.reports_failed_items {
            request = request.function_response_types(FunctionResponseType::ReportBatchItemFailures);
        }
        if !matches!(mapping.source, Source::Queue(_)) {
            request = request.starting_position(EventSourcePosition::TrimHorizon);
        }
        if let Some(seconds) = mapping.tumbling_window_seconds {
            request = request.tumbling_window_in_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        }
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn source_arn(&self, source: Source) -> Result<String, DemoError> {
        let table = match source {
            Source::Queue(name) => return Ok(self.arns.queue(name)),
            Source::Stream(name) => return Ok(self.arns.stream(name)),
            Source::Table(name) => name,
        };
        let described = self.clients.dynamodb.describe_table().table_name(table).send().await;
        let described = described.map_err(DemoError::call(format!("find the stream of table '{table}'")))?;
        let stream = described.table().and_then(|table| table.latest_stream_arn()).map(String::from);
        stream.ok_or_else(|| DemoError::other(format!("find the stream of table '{table}'"), "it has none"))
    }
}
