//! Descriptions of applications in either version of the API: a resource and its links out. Pure.
//!
//! The code itself is not kept: of it only the length of the window. Values of properties go nowhere but into ids and mentions.

use aws_sdk_kinesisanalytics::types as v1;
use aws_sdk_kinesisanalyticsv2::types as v2;

use super::super::{environment, links::merged, sql_window};
use crate::domain::{Kind, Link, LinkKind, Resource, ResourceId, unqualified};

/// An application in SQL, as the first version of the API describes it.
pub(super) fn of_v1(detail: &v1::ApplicationDetail) -> (Resource, Vec<Link>) {
    let id = ResourceId::from(detail.application_arn());
    let mut links = Vec::new();
    for input in detail.input_descriptions() {
        let kinesis = input.kinesis_streams_input_description().and_then(|from| from.resource_arn());
        let firehose = input.kinesis_firehose_input_description().and_then(|from| from.resource_arn());
        let processing = input.input_processing_configuration_description();
        let lambda = processing.and_then(|config| config.input_lambda_processor_description());
        let input = Input { source: kinesis.or(firehose), lambda: lambda.and_then(|lambda| lambda.resource_arn()) };
        links.extend(input.links(&id));
    }
    for output in detail.output_descriptions() {
        let kinesis = output.kinesis_streams_output_description().and_then(|to| to.resource_arn());
        let firehose = output.kinesis_firehose_output_description().and_then(|to| to.resource_arn());
        let lambda = output.lambda_output_description().and_then(|to| to.resource_arn());
        links.extend(output_link(&id, kinesis.or(firehose).or(lambda), output.name()));
    }
    let logs = detail.cloud_watch_logging_option_descriptions().iter().map(|option| option.log_stream_arn());
    links.extend(logs.filter_map(|arn| logs_link(&id, arn)));
    let resource = Resource::new(id.clone(), Kind::Application, name_of(&id, detail.application_name()))
        .with("ApplicationStatus", Some(detail.application_status().as_str()))
        .with("RuntimeEnvironment", Some("SQL-1_0"))
        .with("ApplicationVersionId", Some(detail.application_version_id()))
        .with("WindowSeconds", detail.application_code().and_then(sql_window::seconds))
        .with("CreateTimestamp", detail.create_timestamp())
        .with("LastUpdateTimestamp", detail.last_update_timestamp());
    (resource, merged(links))
}

/// An application of any kind, as the second version describes it.
pub(super) fn of_v2(detail: &v2::ApplicationDetail) -> (Resource, Vec<Link>) {
    let id = ResourceId::from(detail.application_arn());
    let configuration = detail.application_configuration_description();
    let sql = configuration.and_then(|all| all.sql_application_configuration_description());
    let code = configuration
        .and_then(|all| all.application_code_configuration_description())
        .and_then(|code| code.code_content_description());
    let flink = configuration.and_then(|all| all.flink_application_configuration_description());
    let parallelism = flink.and_then(|flink| flink.parallelism_configuration_description());
    let mut links: Vec<Link> = sql.map(|sql| sql_links(&id, sql)).unwrap_or_default();
    let logs = detail.cloud_watch_logging_option_descriptions().iter().map(|option| option.log_stream_arn());
    links.extend(logs.filter_map(|arn| logs_link(&id, arn)));
    let mut resource = Resource::new(id.clone(), Kind::Application, name_of(&id, detail.application_name()))
        .with("ApplicationStatus", Some(detail.application_status().as_str()))
        .with("RuntimeEnvironment", Some(detail.runtime_environment().as_str()))
        .with("ApplicationMode", detail.application_mode().map(|mode| mode.as_str()))
        .with("ApplicationVersionId", Some(detail.application_version_id()))
        .with("Parallelism", parallelism.and_then(|all| all.parallelism()))
        .with("CurrentParallelism", parallelism.and_then(|all| all.current_parallelism()))
        .with("WindowSeconds", code.and_then(|code| code.text_content()).and_then(sql_window::seconds))
        .with("CreateTimestamp", detail.create_timestamp())
        .with("LastUpdateTimestamp", detail.last_update_timestamp());
    if let Some(properties) = configuration.and_then(|all| all.environment_property_descriptions()) {
        let properties = sorted(properties.property_group_descriptions());
        let said = environment::read_properties(&id, properties.iter().map(|(name, value)| (name.as_str(), *value)));
        links.extend(said.links);
        resource.mentions = said.mentions;
    }
    (resource, merged(links))
}

/// Some emulators leave the name out; it is the end of the ARN.
fn name_of<'a>(id: &'a ResourceId, name: &'a str) -> &'a str {
    if name.is_empty() { id.short_name() } else { name }
}

fn sql_links(id: &ResourceId, sql: &v2::SqlApplicationConfigurationDescription) -> Vec<Link> {
    let mut links = Vec::new();
    for input in sql.input_descriptions() {
        let kinesis = input.kinesis_streams_input_description().map(|from| from.resource_arn());
        let firehose = input.kinesis_firehose_input_description().map(|from| from.resource_arn());
        let processing = input.input_processing_configuration_description();
        let lambda = processing.and_then(|config| config.input_lambda_processor_description());
        let input = Input { source: kinesis.or(firehose), lambda: lambda.map(|lambda| lambda.resource_arn()) };
        links.extend(input.links(id));
    }
    for output in sql.output_descriptions() {
        let kinesis = output.kinesis_streams_output_description().map(|to| to.resource_arn());
        let firehose = output.kinesis_firehose_output_description().map(|to| to.resource_arn());
        let lambda = output.lambda_output_description().map(|to| to.resource_arn());
        links.extend(output_link(id, kinesis.or(firehose).or(lambda), output.name()));
    }
    links
}

/// What an application in SQL reads, and the function that changes it before.
struct Input<'a> {
    source: Option<&'a str>,
    lambda: Option<&'a str>,
}

impl Input<'_> {
    fn links(self, application: &ResourceId) -> Vec<Link> {
        let filled = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        let reads = filled(self.source).map(|from| Link::configured(from, LinkKind::Streams, application.clone()));
        let changes =
            filled(self.lambda).map(|to| Link::configured(application.clone(), LinkKind::Transforms, unqualified(&to)));
        reads.into_iter().chain(changes).collect()
    }
}

/// The stream inside the application whose rows go there is the link's label.
fn output_link(application: &ResourceId, to: Option<&str>, name: Option<&str>) -> Option<Link> {
    let to = unqualified(to.filter(|to| !to.is_empty())?);
    Some(Link::configured(application.clone(), LinkKind::Delivers, to).labelled(name.unwrap_or_default()))
}

/// The group of `arn:…:log-group:GROUP:log-stream:STREAM`.
fn logs_link(application: &ResourceId, log_stream: &str) -> Option<Link> {
    let group = log_stream.split_once(":log-stream:").map_or(log_stream, |(group, _)| group);
    let group = group.strip_suffix(":*").unwrap_or(group);
    (!group.is_empty()).then(|| Link::configured(application.clone(), LinkKind::Logs, group))
}

/// All properties as `GROUP/key` and value, in an order that rounds agree on.
fn sorted(groups: &[v2::PropertyGroup]) -> Vec<(String, &str)> {
    let of = |group: &v2::PropertyGroup, key: &str| format!("{}/{key}", group.property_group_id());
    let all = groups
        .iter()
        .flat_map(|group| group.property_map().iter().map(move |(key, value)| (of(group, key), value.as_str())));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn the_log_group_of_a_log_stream() {
        let application = ResourceId::from("a");
        let group = "arn:aws:logs:eu-west-1:1:log-group:/aws/kinesis-analytics/a";
        for arn in [format!("{group}:log-stream:s"), group.to_owned(), format!("{group}:*")] {
            assert_eq!(logs_link(&application, &arn).unwrap().to.as_str(), group);
        }
        assert_eq!(logs_link(&application, ""), None);
    }

    #[test]
    fn what_a_flink_application_names_is_inferred_and_its_secrets_are_not_looked_at() {
        let group = |id: &str, pairs: &[(&str, &str)]| {
            let map: HashMap<_, _> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            v2::PropertyGroup::builder().property_group_id(id).set_property_map(Some(map)).build().unwrap()
        };
        let properties = v2::EnvironmentPropertyDescriptions::builder()
            .property_group_descriptions(group(
                "InputStream0",
                &[("stream.arn", "arn:aws:kinesis:eu-west-1:1:stream/in")],
            ))
            .property_group_descriptions(group("Sink", &[("bucket", "s3://results/x"), ("secret", "hunter2")]))
            .property_group_descriptions(group("App", &[("table", "orders")]));
        let configuration = v2::ApplicationConfigurationDescription::builder()
            .environment_property_descriptions(properties.build())
            .build();
        let detail = v2::ApplicationDetail::builder()
            .application_arn("arn:aws:kinesisanalytics:eu-west-1:1:application/windows")
            .application_name("windows")
            .runtime_environment("FLINK-1_20".into())
            .application_status("RUNNING".into())
            .application_version_id(1)
            .application_configuration_description(configuration)
            .build()
            .unwrap();
        let (resource, links) = of_v2(&detail);
        let ends: Vec<_> =
            links.iter().map(|l| format!("{} {:?} {}", l.from.short_name(), l.kind, l.to.short_name())).collect();
        assert_eq!(ends, ["in Streams windows", "windows Delivers results"]);
        assert!(links.iter().all(|link| link.known_by == crate::domain::KnownBy::Inferred));
        assert_eq!(resource.mentions.len(), 1);
        assert!(!format!("{resource:?} {links:?}").contains("hunter2"));
    }
}
