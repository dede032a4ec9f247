//! Kinesis streams, delivery streams and analytics applications.

use aws_sdk_firehose::types::{
    BufferingHints, DeliveryStreamType, ExtendedS3DestinationConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType,
};
use aws_sdk_kinesisanalytics::types as v1;
use aws_sdk_kinesisanalyticsv2::types as v2;

use super::marks::marks;
use super::skipped::{Ledger, Piece};
use super::{Deployment, MARK};
use crate::demo::DemoError;
use crate::demo::architectures::expected::End;
use crate::demo::architectures::{Application, DeliveryStream, Engine, Stream};
use crate::domain::{FailureKind, Kind};

/// The name of an application's input and output, where they need one.
const INPUT: &str = "SOURCE_SQL_STREAM";
const OUTPUT: &str = "DESTINATION_SQL_STREAM";

impl Deployment<'_> {
    pub(super) async fn stream(&self, stream: &Stream) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).stream(stream.name).await?;
        if !self.missing(mark, "stream", stream.name).await? {
            return Ok(());
        }
        let doing = || format!("create stream '{}'", stream.name);
        let shards = i32::try_from(stream.shards).unwrap_or(i32::MAX);
        let request = self.clients.kinesis.create_stream().stream_name(stream.name).shard_count(shards);
        request.send().await.map_err(DemoError::call(doing()))?;
        let request = self.clients.kinesis.add_tags_to_stream().stream_name(stream.name);
        let request = request.tags(MARK, self.architecture.name);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    pub(super) async fn delivery_stream(&self, stream: &DeliveryStream) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).delivery_stream(stream.name).await?;
        if !self.missing(mark, "delivery stream", stream.name).await? {
            return Ok(());
        }
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let hints = BufferingHints::builder();
        let hints = hints.size_in_mbs(count(stream.buffer_megabytes)).interval_in_seconds(count(stream.buffer_seconds));
        let function = ProcessorParameter::builder()
            .parameter_name(ProcessorParameterName::LambdaArn)
            .parameter_value(self.arns.function(stream.transformer))
            .build()
            .map_err(DemoError::built)?;
        let processor = Processor::builder().r#type(ProcessorType::Lambda).parameters(function).build();
        let processing = ProcessingConfiguration::builder().enabled(true);
        let destination = ExtendedS3DestinationConfiguration::builder()
            .bucket_arn(format!("arn:aws:s3:::{}", stream.bucket))
            .role_arn(self.arns.role())
            .prefix(stream.prefix)
            .error_output_prefix("failed/")
            .buffering_hints(hints.build())
            .processing_configuration(processing.processors(processor.map_err(DemoError::built)?).build())
            .build()
            .map_err(DemoError::built)?;
        let tag = aws_sdk_firehose::types::Tag::builder().key(MARK).value(self.architecture.name).build();
        let request = self.clients.firehose.create_delivery_stream().delivery_stream_name(stream.name);
        let request = request.delivery_stream_type(DeliveryStreamType::DirectPut).tags(tag.map_err(DemoError::built)?);
        let request = request.extended_s3_destination_configuration(destination).send().await;
        request.map(drop).map_err(DemoError::call(format!("create delivery stream '{}'", stream.name)))
    }

    /// Makes the application, and notes what the endpoint then does not tell of it.
    pub(super) async fn application(&self, application: &Application, ledger: &mut Ledger) -> Result<(), DemoError> {
        let end = End::new(Kind::Application, application.name);
        let needs = [End::new(Kind::Stream, application.input), End::new(Kind::DeliveryStream, application.output)];
        let made = match application.engine {
            Engine::Sql(sql) => self.sql_application(application, sql).await,
            Engine::Flink => self.flink_application(application).await,
        };
        ledger.attempt(Piece::Resource(end.clone()), &needs, async { made }).await?;
        if ledger.0.iter().any(|skipped| skipped.rules_out_resource(&end)) {
            return Ok(());
        }
        let why = match self.tells_ends(application).await {
            Ok(true) => return Ok(()),
            Ok(false) => "the endpoint keeps the application and forgets its input and output".to_owned(),
            Err(error @ DemoError::Call { kind: FailureKind::Garbage, .. }) => error.to_string(),
            Err(error) => return Err(error),
        };
        let [input, output] = needs;
        ledger.note(Piece::Link { from: input, to: end.clone() }, why.clone());
        ledger.note(Piece::Link { from: end, to: output }, why);
        Ok(())
    }

    /// By the first API, which SQL was made for; where there is none, by the second one's SQL runtime.
    async fn sql_application(&self, application: &Application, sql: &str) -> Result<(), DemoError> {
        match self.sql_application_v1(application, sql).await {
            Err(error) if error.is_lacking() => {}
            other => return other,
        }
        match self.sql_application_v2(application, sql).await {
            Err(DemoError::Call { doing, reason, kind: FailureKind::Other }) => {
                // An endpoint that has only Flink says so in words of its own.
                Err(DemoError::Call { doing, reason, kind: FailureKind::NotImplemented })
            }
            other => other,
        }
    }

    async fn sql_application_v1(&self, application: &Application, sql: &str) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).application_v1(application.name).await?;
        if !self.missing(mark, "application", application.name).await? {
            return Ok(());
        }
        let (role, stream) = (self.arns.role(), self.arns.stream(application.input));
        let column = |name: &str, kind: &str| {
            let column = v1::RecordColumn::builder().name(name).sql_type(kind);
            column.mapping(format!("$.{name}")).build().map_err(DemoError::built)
        };
        let format = v1::RecordFormat::builder().record_format_type(v1::RecordFormatType::Json);
        let schema = v1::SourceSchema::builder()
            .record_format(format.build().map_err(DemoError::built)?)
            .record_columns(column("store_id", "VARCHAR(16)")?)
            .record_columns(column("amount", "DOUBLE")?)
            .build()
            .map_err(DemoError::built)?;
        let source = v1::KinesisStreamsInput::builder().resource_arn(stream).role_arn(&role).build();
        let input = v1::Input::builder()
            .name_prefix(INPUT)
            .kinesis_streams_input(source.map_err(DemoError::built)?)
            .input_schema(schema);
        let target = self.arns.delivery_stream(application.output);
        let target = v1::KinesisFirehoseOutput::builder().resource_arn(target).role_arn(role).build();
        let schema = v1::DestinationSchema::builder().record_format_type(v1::RecordFormatType::Json);
        let output = v1::Output::builder()
            .name(OUTPUT)
            .kinesis_firehose_output(target.map_err(DemoError::built)?)
            .destination_schema(schema.build().map_err(DemoError::built)?);
        let tag = v1::Tag::builder().key(MARK).value(self.architecture.name).build().map_err(DemoError::built)?;
        let request = self.clients.analytics_v1.create_application().application_name(application.name);
        let request = request
            .inputs(input.build().map_err(DemoError::built)?)
            .outputs(output.build().map_err(DemoError::built)?)
            .application_code(sql)
            .tags(tag);
        request.send().await.map(drop).map_err(DemoError::call(creating(application)))
    }

    async fn sql_application_v2(&self, application: &Application, sql: &str) -> Result<(), DemoError> {
        let column = |name: &str, kind: &str| {
            let column = v2::RecordColumn::builder().name(name).sql_type(kind);
            column.mapping(format!("$.{name}")).build().map_err(DemoError::built)
        };
        let format = v2::RecordFormat::builder().record_format_type(v2::RecordFormatType::Json);
        let schema = v2::SourceSchema::builder()
            .record_format(format.build().map_err(DemoError::built)?)
            .record_columns(column("store_id", "VARCHAR(16)")?)
            .record_columns(column("amount", "DOUBLE")?)
            .build()
            .map_err(DemoError::built)?;
        let source = v2::KinesisStreamsInput::builder().resource_arn(self.arns.stream(application.input)).build();
        let input = v2::Input::builder()
            .name_prefix(INPUT)
            .kinesis_streams_input(source.map_err(DemoError::built)?)
            .input_schema(schema);
        let target = self.arns.delivery_stream(application.output);
        let target = v2::KinesisFirehoseOutput::builder().resource_arn(target).build().map_err(DemoError::built)?;
        let schema = v2::DestinationSchema::builder().record_format_type(v2::RecordFormatType::Json);
        let output = v2::Output::builder()
            .name(OUTPUT)
            .kinesis_firehose_output(target)
            .destination_schema(schema.build().map_err(DemoError::built)?);
        let configuration = v2::SqlApplicationConfiguration::builder()
            .inputs(input.build().map_err(DemoError::built)?)
            .outputs(output.build().map_err(DemoError::built)?);
        let code = v2::CodeContent::builder().text_content(sql).build();
        let code = v2::ApplicationCodeConfiguration::builder()
            .code_content(code)
            .code_content_type(v2::CodeContentType::Plaintext)
            .build()
            .map_err(DemoError::built)?;
        let configuration = v2::ApplicationConfiguration::builder()
            .sql_application_configuration(configuration.build())
            .application_code_configuration(code);
        self.create_v2(application, v2::RuntimeEnvironment::Sql10, configuration.build()).await
    }

    /// What a Flink job reads and writes is in its code; its properties are all that an API can tell.
    async fn flink_application(&self, application: &Application) -> Result<(), DemoError> {
        let group = v2::PropertyGroup::builder()
            .property_group_id("revenue")
            .property_map("input.stream.arn", self.arns.stream(application.input))
            .property_map("output.delivery.stream.arn", self.arns.delivery_stream(application.output))
            .build()
            .map_err(DemoError::built)?;
        let properties = v2::EnvironmentProperties::builder().property_groups(group).build();
        let configuration = v2::ApplicationConfiguration::builder()
            .environment_properties(properties.map_err(DemoError::built)?)
            .flink_application_configuration(v2::FlinkApplicationConfiguration::builder().build());
        self.create_v2(application, v2::RuntimeEnvironment::Flink120, configuration.build()).await
    }

    async fn create_v2(
        &self,
        application: &Application,
        runtime: v2::RuntimeEnvironment,
        configuration: v2::ApplicationConfiguration,
    ) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).application_v2(application.name).await?;
        if !self.missing(mark, "application", application.name).await? {
            return Ok(());
        }
        let tag = v2::Tag::builder().key(MARK).value(self.architecture.name).build().map_err(DemoError::built)?;
        let request = self.clients.analytics_v2.create_application().application_name(application.name);
        let request = request
            .runtime_environment(runtime)
            .service_execution_role(self.arns.role())
            .application_configuration(configuration)
            .tags(tag);
        request.send().await.map_err(DemoError::call(creating(application)))?;
        // One that cannot be started is shown as it is: not running.
        let _ = self.clients.analytics_v2.start_application().application_name(application.name).send().await;
        Ok(())
    }

    /// Whether a description names the stream that the application reads.
    async fn tells_ends(&self, application: &Application) -> Result<bool, DemoError> {
        let doing = || format!("read application '{}' back", application.name);
        if matches!(application.engine, Engine::Sql(_)) {
            let described = self.clients.analytics_v1.describe_application().application_name(application.name).send();
            match described.await.map_err(DemoError::call(doing())) {
                Ok(answer) => {
                    return Ok(answer.application_detail().is_some_and(|one| !one.input_descriptions().is_empty()));
                }
                Err(error) if error.is_lacking() => {}
                Err(error) => return Err(error),
            }
        }
        let described = self.clients.analytics_v2.describe_application().application_name(application.name).send();
        let described = described.await.map_err(DemoError::call(doing()))?;
        let configuration = described.application_detail().and_then(|one| one.application_configuration_description());
        Ok(configuration.is_some_and(|one| {
            one.sql_application_configuration_description().is_some_and(|sql| !sql.input_descriptions().is_empty())
                || one.environment_property_descriptions().is_some()
        }))
    }
}

fn creating(application: &Application) -> String {
    format!("create application '{}'", application.name)
}
