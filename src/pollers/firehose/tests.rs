//! Descriptions in, links out.

use aws_sdk_firehose::types::{
    BufferingHints, CloudWatchLoggingOptions, DataFormatConversionConfiguration, DeliveryStreamDescription,
    DestinationDescription, ExtendedS3DestinationDescription, HttpEndpointBufferingHints, HttpEndpointDescription,
    HttpEndpointDestinationDescription, HttpEndpointS3BackupMode, KinesisStreamSourceDescription, MskSourceDescription,
    OutputFormatConfiguration, ParquetSerDe, ProcessingConfiguration, Processor, ProcessorParameter,
    ProcessorParameterName, ProcessorType, S3BackupMode, S3DestinationDescription, Serializer, SourceDescription,
};

use super::*;

const ARN: &str = "arn:aws:firehose:eu-west-1:1:deliverystream/d";

/// One link in a line: `d Delivers bucket [label]`.
fn lines(destination: DestinationDescription, source: Option<SourceDescription>) -> (Resource, Vec<String>) {
    let stream = DeliveryStreamDescription::builder()
        .delivery_stream_arn(ARN)
        .delivery_stream_name("d")
        .delivery_stream_status("ACTIVE".into())
        .delivery_stream_type("KinesisStreamAsSource".into())
        .version_id("1")
        .has_more_destinations(false)
        .set_source(source)
        .destinations(destination)
        .build()
        .unwrap();
    let (resource, links) = described(&stream);
    let line =
        |link: &Link| format!("{} {:?} {} [{}]", link.from.short_name(), link.kind, link.to.short_name(), link.label);
    (resource, links.iter().map(line).collect())
}

fn bucket(name: &str) -> S3DestinationDescription {
    S3DestinationDescription::builder()
        .bucket_arn(format!("arn:aws:s3:::{name}"))
        .role_arn("r")
        .prefix("backup/")
        .compression_format("GZIP".into())
        .encryption_configuration(aws_sdk_firehose::types::EncryptionConfiguration::builder().build())
        .build()
        .unwrap()
}

fn transformer(enabled: bool) -> ProcessingConfiguration {
    let arn = ProcessorParameter::builder()
        .parameter_name(ProcessorParameterName::LambdaArn)
        .parameter_value("arn:aws:lambda:eu-west-1:1:function:shape:live")
        .build()
        .unwrap();
    let lambda = Processor::builder().r#type(ProcessorType::Lambda).parameters(arn).build().unwrap();
    ProcessingConfiguration::builder().enabled(enabled).processors(lambda).build()
}

fn destination() -> aws_sdk_firehose::types::builders::DestinationDescriptionBuilder {
    DestinationDescription::builder().destination_id("1")
}

fn to_parquet() -> DataFormatConversionConfiguration {
    let parquet = Serializer::builder().parquet_ser_de(ParquetSerDe::builder().build()).build();
    let output = OutputFormatConfiguration::builder().serializer(parquet).build();
    DataFormatConversionConfiguration::builder().enabled(true).output_format_configuration(output).build()
}

fn extended(mode: S3BackupMode, transforms: bool) -> DestinationDescription {
    let logging = CloudWatchLoggingOptions::builder().enabled(true).log_group_name("/aws/kinesisfirehose/d").build();
    let s3 = ExtendedS3DestinationDescription::builder()
        .bucket_arn("arn:aws:s3:::sales")
        .role_arn("r")
        .prefix("sales_revenue/")
        .error_output_prefix("errors/")
        .compression_format("GZIP".into())
        .encryption_configuration(aws_sdk_firehose::types::EncryptionConfiguration::builder().build())
        .buffering_hints(BufferingHints::builder().interval_in_seconds(60).size_in_mbs(1).build())
        .processing_configuration(transformer(transforms))
        .cloud_watch_logging_options(logging)
        .data_format_conversion_configuration(to_parquet())
        .s3_backup_mode(mode)
        .s3_backup_description(bucket("raw"))
        .build()
        .unwrap();
    // Real answers repeat it in the older form.
    let both = destination().extended_s3_destination_description(s3).s3_destination_description(bucket("sales"));
    both.build().unwrap()
}

#[test]
fn a_stream_to_a_bucket_with_everything() {
    let kinesis = KinesisStreamSourceDescription::builder().kinesis_stream_arn("arn:aws:kinesis:eu-west-1:1:stream/s");
    let source = SourceDescription::builder().kinesis_stream_source_description(kinesis.build()).build();
    let (resource, lines) = lines(extended(S3BackupMode::Enabled, true), Some(source));
    assert_eq!(
        lines,
        [
            "d Transforms shape []",
            "d Logs /aws/kinesisfirehose/d []",
            "d Delivers raw [a copy of all records]",
            "d Delivers sales [sales_revenue/, 60 s or 1 MB]",
            "s Streams d []",
        ]
    );
    for (key, value) in [
        ("IntervalInSeconds", "60"),
        ("SizeInMBs", "1"),
        ("ErrorOutputPrefix", "errors/"),
        ("CompressionFormat", "GZIP"),
        ("OutputFormat", "Parquet"),
    ] {
        assert_eq!(resource.attribute(key), Some(value));
    }
    assert_eq!(resource.attribute("DeliveryStreamStatus"), Some("ACTIVE"));
}

#[test]
fn what_is_switched_off_is_no_link() {
    let (_, lines) = lines(extended(S3BackupMode::Disabled, false), None);
    assert_eq!(lines, ["d Logs /aws/kinesisfirehose/d []", "d Delivers sales [sales_revenue/, 60 s or 1 MB]"]);
}

#[test]
fn an_endpoint_outside_and_where_its_failures_go() {
    let url = HttpEndpointDescription::builder().name("partner").url("https://in.example.com/v1?key=hunter2").build();
    let http = HttpEndpointDestinationDescription::builder()
        .endpoint_configuration(url)
        .buffering_hints(HttpEndpointBufferingHints::builder().interval_in_seconds(30).build())
        .s3_backup_mode(HttpEndpointS3BackupMode::FailedDataOnly)
        .s3_destination_description(bucket("failed"))
        .build();
    let kafka =
        MskSourceDescription::builder().msk_cluster_arn("arn:aws:kafka:eu-west-1:1:cluster/c/u").topic_name("t");
    let source = SourceDescription::builder().msk_source_description(kafka.build()).build();
    let to = destination().http_endpoint_destination_description(http).build().unwrap();
    let (resource, lines) = lines(to, Some(source));
    assert_eq!(
        lines,
        [
            "d DeadLetters failed [failed records]",
            "d Delivers https://in.example.com/…4a46fc [30 s]",
            "u Streams d [t]",
        ]
    );
    assert_eq!(resource.attribute("Destination"), Some("HTTP endpoint"));
    assert!(!format!("{resource:?} {lines:?}").contains("hunter2"));
}

#[test]
fn a_destination_of_a_kind_that_is_not_known_yet_is_no_link() {
    let (resource, lines) = lines(destination().build().unwrap(), None);
    assert_eq!((resource.attribute("Destination"), lines.len()), (None, 0));
}
