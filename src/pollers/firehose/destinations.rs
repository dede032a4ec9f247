//! The ten kinds of destination that a delivery stream may have, brought into one form. Pure: descriptions in, links out.
//!
//! Each kind is a type of its own in the API, with the same fields under the same names. To add one: an arm in [`read`].

use aws_sdk_firehose::types::{
    CloudWatchLoggingOptions, DataFormatConversionConfiguration, DestinationDescription, ProcessingConfiguration,
    ProcessorParameterName, ProcessorType, S3DestinationDescription,
};

use crate::{
    domain::{Attributes, Link, LinkKind, ResourceId, unqualified},
    pollers::address::of_host,
};

/// A destination, whatever its kind.
#[derive(Debug)]
pub(super) struct Destination<'a> {
    /// What writes to it is called in the console: `S3`, `OpenSearch`.
    kind: &'static str,
    /// Where records go; `None` where the description does not say.
    to: Option<ResourceId>,
    prefix: Option<&'a str>,
    error_prefix: Option<&'a str>,
    compression: Option<&'a str>,
    /// What records are converted to.
    output: Option<&'static str>,
    buffer: Buffer,
    processing: Option<&'a ProcessingConfiguration>,
    logging: Option<&'a CloudWatchLoggingOptions>,
    backup: Option<Backup<'a>>,
}

/// Records wait until one of the two is reached.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Buffer {
    seconds: Option<i32>,
    megabytes: Option<i32>,
}

/// The bucket beside the destination.
#[derive(Debug)]
struct Backup<'a> {
    s3: &'a S3DestinationDescription,
    /// `FailedDataOnly`, `AllData`, and their like.
    mode: &'a str,
}

/// What nearly all kinds have, under the same names.
macro_rules! destination {
    ($kind:literal, $from:ident, $to:expr) => {{
        let mode = $from.s3_backup_mode().map(|mode| mode.as_str()).unwrap_or_default();
        let hints = $from.buffering_hints();
        Destination {
            kind: $kind,
            to: $to,
            prefix: None,
            error_prefix: None,
            compression: None,
            output: None,
            buffer: hints.map_or_else(Buffer::default, |hints| Buffer {
                seconds: hints.interval_in_seconds(),
                megabytes: hints.size_in_mbs(),
            }),
            processing: $from.processing_configuration(),
            logging: $from.cloud_watch_logging_options(),
            backup: $from.s3_destination_description().map(|s3| Backup { s3, mode }),
        }
    }};
}

/// The one destination that a description holds; `None` for a kind that is newer than this program.
pub(super) fn read(description: &DestinationDescription) -> Option<Destination<'_>> {
    let of = description;
    if let Some(s3) = of.extended_s3_destination_description() {
        let mode = s3.s3_backup_mode().map(|mode| mode.as_str()).unwrap_or_default();
        let backup = s3.s3_backup_description().filter(|_| mode == "Enabled");
        return Some(Destination {
            kind: "S3",
            to: arn(s3.bucket_arn()),
            prefix: filled(s3.prefix()),
            error_prefix: filled(s3.error_output_prefix()),
            compression: filled(Some(s3.compression_format().as_str())),
            output: s3.data_format_conversion_configuration().and_then(output),
            buffer: buffer_of(s3.buffering_hints()),
            processing: s3.processing_configuration(),
            logging: s3.cloud_watch_logging_options(),
            backup: backup.map(|s3| Backup { s3, mode }),
        });
    }
    if let Some(to) = of.redshift_destination_description() {
        return Some(redshift(to));
    }
    if let Some(to) = of.amazonopensearchservice_destination_description() {
        let id = to.domain_arn().map(ResourceId::from).or_else(|| address(to.cluster_endpoint()));
        return Some(destination!("OpenSearch", to, id));
    }
    if let Some(to) = of.amazon_open_search_serverless_destination_description() {
        return Some(destination!("OpenSearch Serverless", to, address(to.collection_endpoint())));
    }
    if let Some(to) = of.elasticsearch_destination_description() {
        let id = to.domain_arn().map(ResourceId::from).or_else(|| address(to.cluster_endpoint()));
        return Some(destination!("Elasticsearch", to, id));
    }
    if let Some(to) = of.splunk_destination_description() {
        return Some(destination!("Splunk", to, address(to.hec_endpoint())));
    }
    if let Some(to) = of.http_endpoint_destination_description() {
        let url = to.endpoint_configuration().and_then(|endpoint| endpoint.url());
        return Some(destination!("HTTP endpoint", to, address(url)));
    }
    if let Some(to) = of.snowflake_destination_description() {
        return Some(destination!("Snowflake", to, address(to.account_url())));
    }
    if let Some(to) = of.iceberg_destination_description() {
        let catalog = to.catalog_configuration().and_then(|catalog| catalog.catalog_arn());
        return Some(destination!("Iceberg", to, catalog.map(ResourceId::from)));
    }
    of.s3_destination_description().map(plain_s3)
}

fn plain_s3(s3: &S3DestinationDescription) -> Destination<'_> {
    Destination {
        kind: "S3",
        to: arn(s3.bucket_arn()),
        prefix: filled(s3.prefix()),
        error_prefix: filled(s3.error_output_prefix()),
        compression: filled(Some(s3.compression_format().as_str())),
        output: None,
        buffer: buffer_of(s3.buffering_hints()),
        processing: None,
        logging: s3.cloud_watch_logging_options(),
        backup: None,
    }
}

/// Redshift loads from a bucket, and the bucket is what waits for a full buffer.
fn redshift(to: &aws_sdk_firehose::types::RedshiftDestinationDescription) -> Destination<'_> {
    let bucket = to.s3_destination_description();
    Destination {
        kind: "Redshift",
        to: address(Some(to.cluster_jdbcurl())),
        prefix: bucket.and_then(|s3| filled(s3.prefix())),
        error_prefix: bucket.and_then(|s3| filled(s3.error_output_prefix())),
        compression: bucket.and_then(|s3| filled(Some(s3.compression_format().as_str()))),
        output: None,
        buffer: bucket.map_or_else(Buffer::default, |s3| buffer_of(s3.buffering_hints())),
        processing: to.processing_configuration(),
        logging: to.cloud_watch_logging_options(),
        backup: bucket.map(|s3| Backup { s3, mode: "COPY" }),
    }
}

impl Destination<'_> {
    /// What the delivery stream says of it.
    pub(super) fn attributes(&self) -> Attributes {
        let mode = self.backup.as_ref().map(|backup| backup.mode.to_owned());
        let values = [
            ("Destination", Some(self.kind.to_owned())),
            ("IntervalInSeconds", self.buffer.seconds.map(|seconds| seconds.to_string())),
            ("SizeInMBs", self.buffer.megabytes.map(|megabytes| megabytes.to_string())),
            ("Prefix", self.prefix.map(ToOwned::to_owned)),
            ("ErrorOutputPrefix", self.error_prefix.map(ToOwned::to_owned)),
            ("CompressionFormat", self.compression.map(ToOwned::to_owned)),
            ("OutputFormat", self.output.map(ToOwned::to_owned)),
            ("S3BackupMode", mode.filter(|mode| !matches!(mode.as_str(), "" | "COPY"))),
        ];
        values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// Delivery stream → destination, → bucket beside it, → the function that changes its records, → log group.
    pub(super) fn links(&self, from: &ResourceId) -> Vec<Link> {
        let mut links = Vec::new();
        if let Some(to) = &self.to {
            let said = self.prefix.map(ToOwned::to_owned).into_iter().chain(self.buffer.in_words());
            let link = Link::configured(from.clone(), LinkKind::Delivers, to.clone())
                .labelled(said.collect::<Vec<_>>().join(", "));
            links.push(Link { attributes: self.attributes(), ..link });
        }
        if let Some(backup) = &self.backup {
            links.extend(backup.link(from));
            links.extend(logs_link(from, backup.s3.cloud_watch_logging_options()));
        }
        links.extend(self.processing.and_then(|processing| transformer_link(from, processing)));
        links.extend(logs_link(from, self.logging));
        links
    }
}

impl Backup<'_> {
    fn link(&self, from: &ResourceId) -> Option<Link> {
        let (kind, label) = match self.mode {
            "COPY" => (LinkKind::Delivers, "on the way to Redshift"),
            mode if mode.starts_with("Failed") => (LinkKind::DeadLetters, "failed records"),
            mode if mode.starts_with("All") || mode == "Enabled" => (LinkKind::Delivers, "a copy of all records"),
            _ => (LinkKind::Delivers, "backup"),
        };
        let link = Link::configured(from.clone(), kind, arn(self.s3.bucket_arn())?).labelled(label);
        Some(link.with("Prefix", filled(self.s3.prefix())))
    }
}

impl Buffer {
    /// `60 s or 1 MB`.
    fn in_words(self) -> Option<String> {
        match (self.seconds, self.megabytes) {
            (Some(seconds), Some(megabytes)) => Some(format!("{seconds} s or {megabytes} MB")),
            (Some(seconds), None) => Some(format!("{seconds} s")),
            (None, Some(megabytes)) => Some(format!("{megabytes} MB")),
            (None, None) => None,
        }
    }
}

fn output(conversion: &DataFormatConversionConfiguration) -> Option<&'static str> {
    let to = conversion.output_format_configuration()?.serializer().filter(|_| conversion.enabled() == Some(true))?;
    to.parquet_ser_de().map(|_| "Parquet").or_else(|| to.orc_ser_de().map(|_| "ORC"))
}

fn buffer_of(hints: Option<&aws_sdk_firehose::types::BufferingHints>) -> Buffer {
    hints.map_or_else(Buffer::default, |hints| Buffer {
        seconds: hints.interval_in_seconds(),
        megabytes: hints.size_in_mbs(),
    })
}

fn transformer_link(from: &ResourceId, processing: &ProcessingConfiguration) -> Option<Link> {
    if processing.enabled() != Some(true) {
        return None;
    }
    let lambda = processing.processors().iter().find(|processor| *processor.r#type() == ProcessorType::Lambda)?;
    let value = |name: ProcessorParameterName| {
        let found = lambda.parameters().iter().find(|parameter| *parameter.parameter_name() == name);
        found.map(|parameter| parameter.parameter_value())
    };
    let function = value(ProcessorParameterName::LambdaArn)?;
    Some(
        Link::configured(from.clone(), LinkKind::Transforms, unqualified(function))
            .with("BufferIntervalInSeconds", value(ProcessorParameterName::BufferIntervalInSeconds))
            .with("BufferSizeInMBs", value(ProcessorParameterName::BufferSizeInMb))
            .with("NumberOfRetries", value(ProcessorParameterName::LambdaNumberOfRetries)),
    )
}

fn logs_link(from: &ResourceId, options: Option<&CloudWatchLoggingOptions>) -> Option<Link> {
    let group = options.filter(|options| options.enabled() == Some(true))?.log_group_name()?;
    let own = from.arn()?;
    let group = format!("arn:{}:logs:{}:{}:log-group:{group}", own.partition, own.region, own.account);
    Some(Link::configured(from.clone(), LinkKind::Logs, group))
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn arn(text: &str) -> Option<ResourceId> {
    filled(Some(text)).map(ResourceId::from)
}

/// An address, where there is one.
fn address(text: Option<&str>) -> Option<ResourceId> {
    of_host(filled(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_in_words() {
        assert_eq!(Buffer { seconds: Some(60), megabytes: Some(1) }.in_words().as_deref(), Some("60 s or 1 MB"));
        assert_eq!(Buffer::default().in_words(), None);
    }
}
