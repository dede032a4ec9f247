//! Sends the one event, once: a send that is in doubt is not tried again.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use aws_sdk_apigateway::types::Resource as Route;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::Value;

use super::plan::Plan;
use crate::{
    aws::{Connection, Trouble},
    domain::{FailureKind, Kind, Resource},
    redrive::{
        message::{AttributeValue, Outgoing, Payload},
        sqs::Sqs,
        wire::Wire,
    },
    routing::MessageAttribute,
};

/// What a probe asks of an endpoint. Tests are another.
#[async_trait]
pub trait Post: fmt::Debug + Send + Sync {
    /// The methods of an API.
    ///
    /// # Errors
    /// The call's.
    async fn methods(&self, api: &str) -> Result<Vec<Api>, Trouble>;

    /// Sends it, and says what the answer calls it.
    ///
    /// # Errors
    /// The call's: then it is not sent, or that is in doubt.
    async fn send(&self, plan: &Plan, api: Option<&Api>) -> Result<Vec<String>, Trouble>;
}

#[async_trait]
impl Post for Arc<Connection> {
    async fn methods(&self, api: &str) -> Result<Vec<Api>, Trouble> {
        Api::all(self, api).await
    }

    async fn send(&self, plan: &Plan, api: Option<&Api>) -> Result<Vec<String>, Trouble> {
        send(self, plan, api).await
    }
}

/// The API whose method is to be found before something can be sent to it; none of what takes it as it is.
///
/// # Errors
/// When there is no way to send to it.
pub fn api_of(target: &Resource) -> Result<Option<&str>, &'static str> {
    match (target.kind, target.attribute("ApiId"), target.attribute("ProtocolType")) {
        (Kind::Topic | Kind::Bus | Kind::Queue, ..) => Ok(None),
        (Kind::Api, Some(id), Some("REST")) => Ok(Some(id)),
        (Kind::Api, ..) => Err(
            "only a REST API has a call that sends through it (TestInvokeMethod): probe the queue or topic behind it",
        ),
        _ => Err("a probe starts at a topic, a bus, a queue or an API"),
    }
}

/// Sends it, and says what the answer calls it.
///
/// # Errors
/// The call's; and where there is no way to send to such a target.
pub async fn send(aws: &Arc<Connection>, plan: &Plan, api: Option<&Api>) -> Result<Vec<String>, Trouble> {
    match plan.kind {
        Kind::Topic => publish(aws, plan).await,
        Kind::Bus => put_event(aws, plan).await,
        Kind::Queue => to_queue(aws, plan).await,
        _ => match api {
            Some(api) => request(aws, plan, api).await,
            None => Err(other("it is none of topic, bus, queue and REST API: nothing can be sent to it")),
        },
    }
}

fn other(text: &str) -> Trouble {
    Trouble { kind: FailureKind::Other, text: text.to_owned() }
}

async fn publish(aws: &Connection, plan: &Plan) -> Result<Vec<String>, Trouble> {
    let is_fifo = plan.target.as_str().ends_with(".fifo");
    let own = || is_fifo.then(|| plan.probe.clone());
    let mut call = aws.sns().publish().topic_arn(plan.target.as_str()).message(&plan.body);
    call = call.set_message_group_id(own()).set_message_deduplication_id(own());
    for (name, value) in &plan.attributes {
        let Some((data_type, text)) = written(value) else { continue };
        let value = MessageAttributeValue::builder().data_type(data_type).string_value(text).build();
        call = call.message_attributes(name, value.map_err(|error| other(&error.to_string()))?);
    }
    Ok(call.send().await?.message_id.into_iter().collect())
}

/// Type and value. Bytes are not written on a command line.
fn written(value: &MessageAttribute) -> Option<(&'static str, &str)> {
    match value {
        MessageAttribute::String(text) => Some(("String", text)),
        MessageAttribute::Number(text) => Some(("Number", text)),
        MessageAttribute::StringArray(text) => Some(("String.Array", text)),
        MessageAttribute::Binary => None,
    }
}

async fn put_event(aws: &Connection, plan: &Plan) -> Result<Vec<String>, Trouble> {
    let event: Value = serde_json::from_str(&plan.body).unwrap_or_default();
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(plan.target.as_str())
        .source(text("source"))
        .detail_type(text("detail-type"))
        .detail(event.get("detail").map(Value::to_string).unwrap_or_default());
    let answer = aws.events().put_events().entries(entry.build()).send().await?;
    let entry = answer.entries().first().ok_or_else(|| other("PutEvents answered nothing"))?;
    match (entry.error_code(), entry.event_id()) {
        (Some(code), _) => Err(other(&format!("{code}: {}", entry.error_message().unwrap_or_default()))),
        (None, id) => Ok(id.into_iter().map(ToOwned::to_owned).collect()),
    }
}

async fn to_queue(aws: &Arc<Connection>, plan: &Plan) -> Result<Vec<String>, Trouble> {
    let sqs = Sqs::new(Arc::clone(aws));
    let refused = |refusal: crate::redrive::wire::Refusal| other(&refusal.text);
    let queue = sqs.find(plan.target.as_str()).await.map_err(refused)?;
    let own = || queue.is_fifo().then(|| plan.probe.clone());
    let attribute = |value| {
        let (data_type, text) = written(value)?;
        Some(AttributeValue { data_type: data_type.to_owned(), payload: Payload::Text(text.to_owned()) })
    };
    let outgoing = Outgoing {
        body: plan.body.clone(),
        attributes: plan
            .attributes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), attribute(value)?)))
            .collect(),
        group: own(),
        deduplication: own(),
        trace: None,
    };
    let answers = sqs.send(&queue, &[&outgoing]).await;
    answers.into_iter().map(|answer| answer.map(|accepted| accepted.id).map_err(refused)).collect()
}

/// A method of a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    pub id: String,
    pub resource: String,
    pub method: String,
    pub path: String,
}

impl Api {
    /// All of an API.
    ///
    /// # Errors
    /// The call's.
    pub async fn all(aws: &Connection, id: &str) -> Result<Vec<Self>, Trouble> {
        let answer = aws.api_gateway().get_resources().rest_api_id(id).embed("methods").limit(500).send().await?;
        Ok(answer.items().iter().flat_map(|route| Self::of(id, route)).collect())
    }

    /// Whether it takes a body.
    pub fn takes_body(&self) -> bool {
        ["POST", "PUT", "PATCH", "ANY"].contains(&self.method.as_str())
    }

    /// The method that is named, `POST /orders`, or the only one that takes a body.
    ///
    /// # Errors
    /// Where it is none or several.
    pub fn choose(all: &[Self], wanted: Option<&str>) -> Result<Self, String> {
        let is_it = |one: &&Self| match wanted {
            Some(wanted) => one.name().eq_ignore_ascii_case(wanted.trim()),
            None => one.takes_body(),
        };
        let found: Vec<&Self> = all.iter().filter(is_it).collect();
        match found[..] {
            [one] => Ok(one.clone()),
            _ => {
                let names: Vec<String> = all.iter().map(Self::name).collect();
                Err(format!("say which of its routes with --route; there are: {}", names.join(", ")))
            }
        }
    }

    fn of(id: &str, route: &Route) -> Vec<Self> {
        let method = |verb: &String| Self {
            id: id.to_owned(),
            resource: route.id().unwrap_or_default().to_owned(),
            method: verb.clone(),
            path: route.path().unwrap_or_default().to_owned(),
        };
        route.resource_methods().into_iter().flatten().map(|(verb, _)| method(verb)).collect()
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

async fn request(aws: &Connection, plan: &Plan, api: &Api) -> Result<Vec<String>, Trouble> {
    let method = if api.method == "ANY" { "POST" } else { &api.method };
    let call = aws.api_gateway().test_invoke_method().rest_api_id(&api.id).resource_id(&api.resource);
    let call = call.http_method(method).path_with_query_string(&api.path).body(&plan.body);
    let answer = call.headers("Content-Type", "application/json").send().await?;
    if !(200..300).contains(&answer.status()) {
        let said: String = answer.body().unwrap_or_default().chars().take(200).collect();
        return Err(other(&format!("{} answered {}: {said}", api.name(), answer.status())));
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn api(method: &str, path: &str) -> Api {
        Api { id: "a1".into(), resource: "r1".into(), method: method.into(), path: path.into() }
    }

    #[rstest]
    #[case::the_one_with_a_body(None, Ok("POST /orders"))]
    #[case::the_named_one(Some(" get /orders "), Ok("GET /orders"))]
    #[case::none_of_that_name(Some("PUT /orders"), Err("there are: GET /orders, POST /orders"))]
    fn a_method_is_chosen_only_if_it_is_clear(#[case] wanted: Option<&str>, #[case] expected: Result<&str, &str>) {
        let found = Api::choose(&[api("GET", "/orders"), api("POST", "/orders")], wanted);
        match (found, expected) {
            (Ok(found), Ok(name)) => assert_eq!(found.name(), name),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn nothing_is_sent_to_what_takes_nothing() {
        let resource = |kind| Resource::new("arn:aws:x:us-east-1:000000000000:y", kind, "y").with("ApiId", Some("a1"));
        assert_eq!(api_of(&resource(Kind::Queue)), Ok(None));
        assert_eq!(api_of(&resource(Kind::Api).with("ProtocolType", Some("REST"))), Ok(Some("a1")));
        assert!(api_of(&resource(Kind::Api).with("ProtocolType", Some("HTTP"))).is_err());
        assert!(api_of(&resource(Kind::Table)).is_err());
    }
}
