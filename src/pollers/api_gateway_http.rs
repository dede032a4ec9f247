//! API Gateway's HTTP and WebSocket APIs: which route hands its requests to which resource.
//!
//! Routes name integrations, integrations name functions, addresses, or a service with the parameters of one call. An integration
//! that no route leads to gets nothing, so it is no link. REST APIs are in [`super::api_gateway`].

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigatewayv2::types::{Api, Integration, IntegrationType, Route};

use super::{
    Look, address,
    api_gateway::{IDENTITY, called, joined},
    catalogue::{Ask, Description, Listed, Listing, Untold},
    links::gathered,
    pages::Pages,
    service_call::{Call, resource_of},
};
use crate::{
    aws::Trouble,
    domain::{Arn, Kind, LinkKind, Resource, ResourceId, arn::partition_of},
};

const LIST: &str = "apigatewayv2:GetApis";
const INTEGRATIONS: &str = "apigatewayv2:GetIntegrations";
const ROUTES: &str = "apigatewayv2:GetRoutes";
const STAGES: &str = "apigatewayv2:GetStages";

/// HTTP and WebSocket APIs, for [`super::catalogue::of`].
pub struct HttpApis;

impl Listed for HttpApis {
    const KINDS: &'static [Kind] = &[Kind::Api];
    const LIST: &'static str = LIST;
    const DESCRIBE: &'static [&'static str] = &[INTEGRATIONS, ROUTES, STAGES, IDENTITY];
    /// Of the 10 that the whole account has, for REST APIs too.
    const CALLS_PER_SECOND: u32 = 2;

    async fn list(look: Look<'_>) -> Result<Listing, Trouble> {
        let (mut pages, mut listing) = (Pages::new(), Listing::default());
        loop {
            let page = look.aws.api_gateway_v2().get_apis().set_next_token(pages.token.clone()).send().await?;
            let more = pages.turn(page.items, page.next_token);
            if !listing.take(pages.all.drain(..).filter_map(|api| listed(&api, look.aws.region()))) || !more {
                return Ok(listing);
            }
        }
    }

    async fn describe(ask: Ask<'_>) -> Result<Description, Untold> {
        let look = ask.look;
        let api = ask.listed.attribute("ApiId").unwrap_or_default();
        let integrations = integrations_of(ask, api).await?;
        let routes = routes_of(ask, api).await?;
        let account = look.account().await;
        let home = Arn {
            partition: partition_of(look.aws.region()),
            service: "apigateway",
            region: look.aws.region(),
            account: account.as_deref().unwrap_or_default(),
            resource: "",
        };
        let links = gathered(&ask.listed.id, LinkKind::Integrates, places(home, &integrations, &routes));
        let mut untold = account.as_ref().err().map(|trouble| Untold::at(IDENTITY)(trouble.clone()));
        let stages = match stages_of(ask, api).await {
            Ok(names) => joined(names.iter().map(String::as_str)),
            Err(error) => {
                untold = untold.or(Some(error));
                ask.before.and_then(|before| before.attribute("Stages")).map(ToOwned::to_owned)
            }
        };
        let resource = ask.listed.clone().with("Stages", stages).with("Routes", Some(routes.len()));
        let mut description = Description::new(resource, links);
        description.untold.extend(untold);
        Ok(description)
    }
}

/// An API as the listing has it; `None` without an id.
fn listed(api: &Api, region: &str) -> Option<Description> {
    let id = api.api_id()?;
    let arn = format!("arn:{}:apigateway:{region}::/apis/{id}", partition_of(region));
    let resource = Resource::new(arn, Kind::Api, api.name().unwrap_or(id))
        .with("ApiId", Some(id))
        .with("ProtocolType", api.protocol_type().map(|protocol| protocol.as_str()))
        .with("ApiEndpoint", api.api_endpoint())
        .with("RouteSelectionExpression", api.route_selection_expression())
        .with("Description", api.description().filter(|text| !text.is_empty()))
        .with("CreatedDate", api.created_date());
    Some(Description::new(resource, Vec::new()))
}

async fn integrations_of(ask: Ask<'_>, api: &str) -> Result<Vec<Integration>, Untold> {
    let mut pages = Pages::new();
    loop {
        ask.turn().await;
        let call = ask.look.aws.api_gateway_v2().get_integrations().api_id(api);
        let page = call.set_next_token(pages.token.clone()).send().await.map_err(Untold::at(INTEGRATIONS))?;
        if !pages.turn(page.items, page.next_token) {
            return Ok(pages.all);
        }
    }
}

async fn routes_of(ask: Ask<'_>, api: &str) -> Result<Vec<Route>, Untold> {
    let mut pages = Pages::new();
    loop {
        ask.turn().await;
        let call = ask.look.aws.api_gateway_v2().get_routes().api_id(api);
        let page = call.set_next_token(pages.token.clone()).send().await.map_err(Untold::at(ROUTES))?;
        if !pages.turn(page.items, page.next_token) {
            return Ok(pages.all);
        }
    }
}

async fn stages_of(ask: Ask<'_>, api: &str) -> Result<Vec<String>, Untold> {
    let mut pages = Pages::new();
    loop {
        ask.turn().await;
        let call = ask.look.aws.api_gateway_v2().get_stages().api_id(api);
        let page = call.set_next_token(pages.token.clone()).send().await.map_err(Untold::at(STAGES))?;
        if !pages.turn(page.items, page.next_token) {
            return Ok(pages.all.into_iter().filter_map(|stage| stage.stage_name).collect());
        }
    }
}

/// `POST /orders`, and what is behind it.
fn places(home: Arn<'_>, integrations: &[Integration], routes: &[Route]) -> Vec<(ResourceId, String)> {
    let by_id: BTreeMap<&str, &Integration> =
        integrations.iter().filter_map(|one| Some((one.integration_id()?, one))).collect();
    let mut places = Vec::new();
    for route in routes {
        let id = route.target().and_then(|target| target.strip_prefix("integrations/"));
        let Some(integration) = id.and_then(|id| by_id.get(id)) else { continue };
        let key = route.route_key().unwrap_or_default();
        places.extend(targets(home, integration).into_iter().map(|target| (target, key.to_owned())));
    }
    places
}

fn targets(home: Arn<'_>, integration: &Integration) -> Vec<ResourceId> {
    // `SQS-SendMessage`: a call, with its parameters beside it.
    if let Some((service, action)) = integration.integration_subtype().and_then(|subtype| subtype.split_once('-')) {
        let region = parameter(integration, "Region").unwrap_or(home.region);
        let call = Call { home: Arn { region, ..home }, service, action };
        return call.acts_on(|key| parameter(integration, key).map(ToOwned::to_owned).into_iter().collect());
    }
    let Some(uri) = integration.integration_uri() else { return Vec::new() };
    if integration.integration_type() == Some(&IntegrationType::Mock)
        || uri.contains(['$', '{']) && !uri.contains("://")
    {
        return Vec::new();
    }
    match Arn::parse(uri) {
        // WebSocket APIs write addresses of AWS as REST APIs do.
        Some(Arn { service: "apigateway", .. }) => {
            called(home, uri, |key| parameter(integration, key).map(ToOwned::to_owned).into_iter().collect())
        }
        Some(_) => vec![resource_of(uri)],
        None => address::of_web(uri).into_iter().collect(),
    }
}

fn parameter<'a>(integration: &'a Integration, key: &str) -> Option<&'a str> {
    let parameters: Option<&HashMap<String, String>> = integration.request_parameters();
    let is_it = |(name, _): &(&'a String, &'a String)| {
        name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(key))
    };
    parameters?.iter().find(is_it).map(|(_, value)| value.trim_matches('\''))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HOME: Arn<'_> =
        Arn { partition: "aws", service: "apigateway", region: "eu-west-1", account: "000000000001", resource: "" };

    fn found(integration: &Integration) -> String {
        targets(HOME, integration).iter().map(ResourceId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[rstest]
    #[case(
        "SQS-SendMessage",
        "QueueUrl",
        "https://sqs.eu-west-1.amazonaws.com/000000000001/q",
        "arn:aws:sqs:eu-west-1:000000000001:q"
    )]
    #[case(
        "EventBridge-PutEvents",
        "Detail",
        "$request.body",
        "arn:aws:events:eu-west-1:000000000001:event-bus/default"
    )]
    #[case("EventBridge-PutEvents", "EventBusName", "$request.header.bus", "")]
    #[case("Kinesis-PutRecord", "StreamName", "s", "arn:aws:kinesis:eu-west-1:000000000001:stream/s")]
    #[case(
        "StepFunctions-StartExecution",
        "StateMachineArn",
        "arn:aws:states:r:1:stateMachine:m",
        "arn:aws:states:r:1:stateMachine:m"
    )]
    #[case("AppConfig-GetConfiguration", "Application", "a", "")]
    fn subtypes(#[case] subtype: &str, #[case] key: &str, #[case] value: &str, #[case] expected: &str) {
        let integration = Integration::builder()
            .integration_type(IntegrationType::AwsProxy)
            .integration_subtype(subtype)
            .request_parameters(key, value);
        assert_eq!(found(&integration.build()), expected);
    }

    #[rstest]
    #[case(IntegrationType::AwsProxy, "arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f")]
    #[case(
        IntegrationType::AwsProxy,
        "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f/invocations",
        "arn:aws:lambda:r:1:function:f"
    )]
    #[case(IntegrationType::AwsProxy, "arn:aws:lambda:r:1:function:${stageVariables.f}", "")]
    #[case(IntegrationType::HttpProxy, "https://shop.example/{proxy}", "https://shop.example")]
    #[case(
        IntegrationType::HttpProxy,
        "arn:aws:elasticloadbalancing:r:1:listener/app/a/b/c",
        "arn:aws:elasticloadbalancing:r:1:listener/app/a/b/c"
    )]
    #[case(IntegrationType::Mock, "arn:aws:lambda:r:1:function:f", "")]
    fn addresses(#[case] kind: IntegrationType, #[case] uri: &str, #[case] expected: &str) {
        let integration = Integration::builder().integration_type(kind).integration_uri(uri).build();
        assert_eq!(found(&integration), expected);
    }

    #[test]
    fn only_an_integration_that_a_route_leads_to_is_a_link() {
        let integration = |id: &str| {
            let uri = format!("arn:aws:lambda:r:1:function:{id}");
            Integration::builder().integration_id(id).integration_uri(uri).build()
        };
        let route = |key: &str, id: &str| Route::builder().route_key(key).target(format!("integrations/{id}")).build();
        let routes = [route("POST /a", "a"), route("$default", "a"), route("GET /x", "gone")];
        let places = places(HOME, &[integration("a"), integration("b")], &routes);
        let keys: Vec<&str> = places.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(keys, ["POST /a", "$default"]);
        assert!(places.iter().all(|(target, _)| target.short_name() == "a"));
    }
}
