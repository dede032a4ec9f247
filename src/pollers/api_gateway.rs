//! API Gateway's REST APIs: which route hands its requests to which resource.
//!
//! An integration with AWS names a service and either a path in it or an action of it; what an action acts on is in the
//! integration's parameters and templates (see [`super::service_call`]). An address that a stage variable or the request
//! completes is not guessed. HTTP and WebSocket APIs are in [`super::api_gateway_http`].

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Integration, IntegrationType, Resource as Route, RestApi};

use super::{
    Look, address,
    catalogue::{Ask, Description, Listed, Listing, Untold},
    links::gathered,
    pages::Pages,
    service_call::{Call, resource_of, values_in_text},
};
use crate::{
    aws::Trouble,
    domain::{Arn, FailureKind, Kind, LinkKind, Resource, ResourceId, arn::partition_of},
};

const LIST: &str = "apigateway:GetRestApis";
const RESOURCES: &str = "apigateway:GetResources";
const INTEGRATION: &str = "apigateway:GetIntegration";
const STAGES: &str = "apigateway:GetStages";
/// The account that bare names in integrations belong to.
pub const IDENTITY: &str = "sts:GetCallerIdentity";
/// The most that one page holds.
const PAGE: i32 = 500;

/// REST APIs, for [`super::catalogue::of`].
pub struct RestApis;

impl Listed for RestApis {
    const KINDS: &'static [Kind] = &[Kind::Api];
    const LIST: &'static str = LIST;
    const DESCRIBE: &'static [&'static str] = &[RESOURCES, INTEGRATION, STAGES, IDENTITY];
    /// All accounts have 10 calls a second, and 5 in two seconds of GetResources.
    const CALLS_PER_SECOND: u32 = 1;

    async fn list(look: Look<'_>) -> Result<Listing, Trouble> {
        let mut pages = look.aws.api_gateway().get_rest_apis().limit(PAGE).into_paginator().send();
        let mut listing = Listing::default();
        while let Some(page) = pages.next().await {
            let apis = page?.items.unwrap_or_default();
            if !listing.take(apis.iter().filter_map(|api| listed(api, look.aws.region()))) {
                break;
            }
        }
        Ok(listing)
    }

    async fn describe(ask: Ask<'_>) -> Result<Description, Untold> {
        let look = ask.look;
        let api = ask.listed.attribute("ApiId").unwrap_or_default();
        let methods = methods(ask, api).await?;
        let account = look.account().await;
        let home = Arn {
            partition: partition_of(look.aws.region()),
            service: "apigateway",
            region: look.aws.region(),
            account: account.as_deref().unwrap_or_default(),
            resource: "",
        };
        let places = methods.iter().flat_map(|(route, integration)| {
            targets(home, integration).into_iter().map(move |target| (target, route.clone()))
        });
        let links = gathered(&ask.listed.id, LinkKind::Integrates, places);
        ask.turn().await;
        let stages = look.aws.api_gateway().get_stages().rest_api_id(api).send().await;
        let known = ask.before.and_then(|before| before.attribute("Stages")).map(ToOwned::to_owned);
        let mut untold = account.as_ref().err().map(|trouble| Untold::at(IDENTITY)(trouble.clone()));
        let stages = match stages {
            Ok(answer) => joined(answer.item().iter().filter_map(|stage| stage.stage_name())),
            Err(error) => {
                untold = untold.or(Some(Untold::at(STAGES)(error)));
                known
            }
        };
        let resource = ask.listed.clone().with("Stages", stages).with("Methods", Some(methods.len()));
        let mut description = Description::new(resource, links);
        description.untold.extend(untold);
        Ok(description)
    }
}

/// An API as the listing has it; `None` without an id.
fn listed(api: &RestApi, region: &str) -> Option<Description> {
    let id = api.id()?;
    let arn = format!("arn:{}:apigateway:{region}::/restapis/{id}", partition_of(region));
    let endpoint = api.endpoint_configuration();
    let types = endpoint.and_then(|endpoint| joined(endpoint.types().iter().map(|kind| kind.as_str())));
    let resource = Resource::new(arn, Kind::Api, api.name().unwrap_or(id))
        .with("ApiId", Some(id))
        .with("ProtocolType", Some("REST"))
        .with("EndpointTypes", types)
        .with("Description", api.description().filter(|text| !text.is_empty()))
        .with("CreatedDate", api.created_date());
    Some(Description::new(resource, Vec::new()))
}

/// `POST /orders`, and what is behind it. One call tells all, where the endpoint embeds methods as AWS does.
async fn methods(ask: Ask<'_>, api: &str) -> Result<BTreeMap<String, Integration>, Untold> {
    let client = ask.look.aws.api_gateway();
    let mut pages: Pages<Route> = Pages::new();
    loop {
        ask.turn().await;
        let call = client.get_resources().rest_api_id(api).embed("methods").limit(PAGE);
        let page = call.set_position(pages.token.clone()).send().await.map_err(Untold::at(RESOURCES))?;
        if !pages.turn(page.items, page.position) {
            break;
        }
    }
    let mut methods = BTreeMap::new();
    for route in &pages.all {
        for (verb, method) in route.resource_methods().into_iter().flatten() {
            let integration = match method.method_integration() {
                Some(integration) => Some(integration.clone()),
                // AWS leaves out what there is not.
                None if ask.look.aws.is_aws() => None,
                None => integration_of(ask, api, route, verb).await?,
            };
            methods.extend(integration.map(|one| (format!("{verb} {}", route.path().unwrap_or_default()), one)));
        }
    }
    Ok(methods)
}

async fn integration_of(ask: Ask<'_>, api: &str, route: &Route, verb: &str) -> Result<Option<Integration>, Untold> {
    ask.turn().await;
    let call = ask.look.aws.api_gateway().get_integration().rest_api_id(api);
    match call.set_resource_id(route.id.clone()).http_method(verb).send().await {
        Ok(answer) => Ok(Some(
            Integration::builder()
                .set_type(answer.r#type)
                .set_uri(answer.uri)
                .set_request_parameters(answer.request_parameters)
                .set_request_templates(answer.request_templates)
                .build(),
        )),
        Err(error) => match Trouble::from(error) {
            // A method without an integration.
            trouble if trouble.kind == FailureKind::NotFound => Ok(None),
            trouble => Err(Untold::at(INTEGRATION)(trouble)),
        },
    }
}

/// What an integration hands its requests to. One that answers by itself (`MOCK`) hands on nothing.
fn targets(home: Arn<'_>, integration: &Integration) -> Vec<ResourceId> {
    let Some(uri) = integration.uri() else { return Vec::new() };
    match integration.r#type() {
        Some(IntegrationType::Http | IntegrationType::HttpProxy) => address::of_web(uri).into_iter().collect(),
        Some(IntegrationType::Mock) => Vec::new(),
        _ => called(home, uri, |key| {
            let parameters = integration.request_parameters().into_iter().flatten();
            let fixed = parameters.filter(|(name, _)| name.rsplit('.').next().is_some_and(|last| same(last, key)));
            let fixed = fixed.map(|(_, value)| value.trim_matches('\'').to_owned());
            let templates = integration.request_templates().into_iter().flatten();
            fixed.chain(templates.flat_map(|(_, template)| values_in_text(template, key))).collect()
        }),
    }
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The resources of `arn:aws:apigateway:REGION:SERVICE:path/…` or `…:action/…`, the form of all integrations with AWS.
pub fn called(home: Arn<'_>, uri: &str, values: impl Fn(&str) -> Vec<String>) -> Vec<ResourceId> {
    let Some(Arn { partition, service: "apigateway", region, account: service, resource }) = Arn::parse(uri) else {
        return Vec::new();
    };
    // `BUCKET.s3`: the first part of the host is the bucket.
    let (host, service) = service.rsplit_once('.').unwrap_or(("", service));
    if let Some(action) = resource.strip_prefix("action/") {
        return Call { home: Arn { partition, region, ..home }, service, action }.acts_on(values);
    }
    let path = resource.strip_prefix("path/").unwrap_or(resource).trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let named = match service {
        "lambda" => path
            .split_once("/functions/")
            .map(|(_, rest)| rest.trim_end_matches("/invocations"))
            .filter(|arn| Arn::parse(arn).is_some() && is_complete(arn))
            .map(resource_of),
        "sqs" => path
            .split_once('/')
            .filter(|(account, name)| account.chars().all(|c| c.is_ascii_digit()) && is_complete(name))
            .map(|(account, name)| format!("arn:{partition}:sqs:{region}:{account}:{name}").into()),
        "s3" => Some(if host.is_empty() { first } else { host })
            .filter(|bucket| !bucket.is_empty() && is_complete(bucket))
            .map(|bucket| format!("arn:{partition}:s3:::{bucket}").into()),
        // Others that are called by a path get what they act on in the same parameters.
        _ => {
            return Call { home: Arn { partition, region, ..home }, service, action: first }.acts_on(values);
        }
    };
    named.into_iter().collect()
}

/// Nothing is filled in later: no `${stageVariables.x}`, no `{proxy}`.
fn is_complete(text: &str) -> bool {
    !text.contains(['$', '{', '}'])
}

/// A list as one attribute; none for an empty one.
pub fn joined<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HOME: Arn<'_> =
        Arn { partition: "aws", service: "apigateway", region: "eu-west-1", account: "000000000001", resource: "" };

    fn integration(kind: IntegrationType, uri: &str, parameters: &[(&str, &str)], template: &str) -> Integration {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Integration::builder()
            .r#type(kind)
            .uri(uri)
            .set_request_parameters(Some(parameters))
            .request_templates("application/json", template)
            .build()
    }

    #[rstest]
    #[case("sqs:path/000000000001/orders", "", "arn:aws:sqs:us-east-1:000000000001:orders")]
    #[case("sqs:path//000000000001/orders", "", "arn:aws:sqs:us-east-1:000000000001:orders")]
    #[case("sqs:path/000000000001/${stageVariables.queue}", "", "")]
    #[case(
        "sqs:action/SendMessage",
        "Action=SendMessage&QueueUrl=https://sqs.eu-west-1.amazonaws.com/000000000001/q&MessageBody=$input.body",
        "arn:aws:sqs:eu-west-1:000000000001:q"
    )]
    #[case(
        "lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f:live/invocations",
        "",
        "arn:aws:lambda:us-east-1:1:function:f"
    )]
    #[case(
        "lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:${stageVariables.f}/invocations",
        "",
        ""
    )]
    #[case(
        "states:action/StartExecution",
        r#"{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "arn:aws:states:r:1:stateMachine:m"}"#,
        "arn:aws:states:r:1:stateMachine:m"
    )]
    #[case("sns:action/Publish", "TopicArn=$util.urlEncode('arn:aws:sns:r:1:t')&Message=x", "arn:aws:sns:r:1:t")]
    #[case(
        "kinesis:action/PutRecord",
        r#"{"StreamName": "s", "Data": "$util.base64Encode($input.body)"}"#,
        "arn:aws:kinesis:us-east-1:000000000001:stream/s"
    )]
    #[case(
        "dynamodb:action/PutItem",
        r#"{"TableName": "orders", "Item": {}}"#,
        "arn:aws:dynamodb:us-east-1:000000000001:table/orders"
    )]
    #[case(
        "events:action/PutEvents",
        r#"{"Entries": [{"Source": "shop", "Detail": $input.json('$')}]}"#,
        "arn:aws:events:us-east-1:000000000001:event-bus/default"
    )]
    #[case("s3:path/bucket/{key}", "", "arn:aws:s3:::bucket")]
    #[case("bucket.s3:path/{key}", "", "arn:aws:s3:::bucket")]
    #[case("s3:path/{bucket}/{key}", "", "")]
    fn addresses_of_aws(#[case] service: &str, #[case] template: &str, #[case] expected: &str) {
        let uri = format!("arn:aws:apigateway:us-east-1:{service}");
        let found = targets(HOME, &integration(IntegrationType::Aws, &uri, &[], template));
        assert_eq!(found.iter().map(ResourceId::as_str).collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn fixed_parameters_are_read_before_templates() {
        let uri = "arn:aws:apigateway:us-east-1:sns:action/Publish";
        let parameters = [("integration.request.querystring.TopicArn", "'arn:aws:sns:r:1:t'")];
        let found = targets(HOME, &integration(IntegrationType::Aws, uri, &parameters, ""));
        assert_eq!(found, ["arn:aws:sns:r:1:t".into()]);
    }

    #[rstest]
    #[case(IntegrationType::HttpProxy, "https://shop.example/orders/{proxy}", Some("https://shop.example/…5e96de"))]
    #[case(IntegrationType::Http, "https://${stageVariables.host}/", None)]
    #[case(IntegrationType::Mock, "arn:aws:apigateway:r:sqs:path/1/q", None)]
    #[case(IntegrationType::Aws, "not an address", None)]
    fn others(#[case] kind: IntegrationType, #[case] uri: &str, #[case] expected: Option<&str>) {
        let found = targets(HOME, &integration(kind, uri, &[], ""));
        assert_eq!(found.first().map(ResourceId::as_str), expected);
    }
}
