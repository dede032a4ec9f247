//! Who receives what a topic was sent: the subscriptions as the endpoint lists them, their filter policies ready to evaluate.

use crate::demo::endpoint::tap::Published;
use crate::demo::{Clients, DemoError};
use crate::routing::{FilterPolicy, MessageAttribute, MessageAttributes, Scope};

/// One subscription of a queue to a topic.
pub(super) struct Route {
    pub(super) topic_arn: String,
    pub(super) queue_arn: String,
    pub(super) subscription_arn: String,
    pub(super) raw: bool,
    pub(super) dead_letter_arn: Option<String>,
    policy: Policy,
}

enum Policy {
    Everything,
    Filter(FilterPolicy),
    /// SNS would not have accepted it; nothing is known to match.
    Unreadable,
}

impl Route {
    pub(super) fn takes(&self, message: &Published) -> bool {
        if self.topic_arn != message.topic_arn {
            return false;
        }
        match &self.policy {
            Policy::Everything => true,
            Policy::Unreadable => false,
            Policy::Filter(policy) => {
                let attributes = message.attributes.iter();
                let attributes: MessageAttributes = attributes
                    .map(|(name, one)| (name.clone(), MessageAttribute::new(&one.data_type, &one.value)))
                    .collect();
                policy.evaluate(&attributes, &message.body).is_match()
            }
        }
    }
}

pub(super) async fn read(clients: &Clients) -> Result<Vec<Route>, DemoError> {
    let mut routes = Vec::new();
    let mut pages = clients.sns.list_subscriptions().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(DemoError::call("list subscriptions"))?;
        for subscription in page.subscriptions().iter().filter(|one| one.protocol() == Some("sqs")) {
            let arn = subscription.subscription_arn().unwrap_or_default();
            let attributes = clients.sns.get_subscription_attributes().subscription_arn(arn).send().await;
            let attributes = attributes.map_err(DemoError::call(format!("read subscription '{arn}'")))?;
            let attribute = |name: &str| attributes.attributes()?.get(name).map(String::as_str);
            let dead_letter = attribute("RedrivePolicy").and_then(|text| serde_json::from_str(text).ok());
            let dead_letter =
                dead_letter.and_then(|one: serde_json::Value| Some(one["deadLetterTargetArn"].as_str()?.into()));
            routes.push(Route {
                topic_arn: subscription.topic_arn().unwrap_or_default().into(),
                queue_arn: subscription.endpoint().unwrap_or_default().into(),
                subscription_arn: arn.into(),
                raw: attribute("RawMessageDelivery") == Some("true"),
                dead_letter_arn: dead_letter,
                policy: policy(attribute("FilterPolicy"), attribute("FilterPolicyScope")),
            });
        }
    }
    Ok(routes)
}

fn policy(text: Option<&str>, scope: Option<&str>) -> Policy {
    match text.map(|text| FilterPolicy::parse(text, Scope::from_attribute(scope))) {
        None => Policy::Everything,
        Some(Ok(policy)) => Policy::Filter(policy),
        Some(Err(_)) => Policy::Unreadable,
    }
}
