//! [`Source`] on a real endpoint: guarded, metered, and in its dialect.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::source::{Items, Keys, Listed, Listing, Source};
use crate::{
    aws::{Connection, Trouble},
    domain::{FailureKind, ResourceId},
    redrive::{
        message::Message,
        sqs::Sqs,
        why::{cloudwatch::CloudWatch, lines::LogReader},
        wire::{Refusal, Why, Wire},
    },
};

/// Keys of a page, items of a scanned one and of a queried one.
const MOST_KEYS: i32 = 1_000;
const MOST_SCANNED: i32 = 100;
const MOST_FOUND: i32 = 20;

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    aws: Arc<Connection>,
    logs: CloudWatch,
    sqs: Sqs,
}

impl Endpoint {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { logs: CloudWatch::new(Arc::clone(&aws)), sqs: Sqs::new(Arc::clone(&aws)), aws }
    }

    async fn items_of(&self, table: &str, key: &str, id: AttributeValue) -> Result<Items, Trouble> {
        let call = self.aws.dynamodb().query().table_name(table).limit(MOST_FOUND);
        let call = call.key_condition_expression("#k = :id").expression_attribute_names("#k", key);
        let answer = call.expression_attribute_values(":id", id).send().await?;
        Ok(Items { more: answer.last_evaluated_key().is_some(), items: answer.items().iter().map(plain).collect() })
    }
}

fn trouble(refusal: Refusal) -> Trouble {
    let kind = match refusal.why {
        Why::Throttled => FailureKind::Throttled,
        Why::Unanswered => FailureKind::Timeout,
        Why::Denied => FailureKind::Denied,
        Why::Gone => FailureKind::NotFound,
        Why::ReadOnly => FailureKind::Refused,
        _ => FailureKind::Other,
    };
    Trouble { kind, text: refusal.text }
}

#[async_trait]
impl Source for Endpoint {
    fn logs(&self) -> &dyn LogReader {
        &self.logs
    }

    fn filters_logs(&self) -> bool {
        self.aws.is_aws()
    }

    async fn messages(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
        let queue = self.sqs.find(queue.as_str()).await.map_err(trouble)?;
        if let Some(messages) = self.sqs.glimpse(&queue).await {
            return Ok(Some(messages));
        }
        // An empty one has nothing to show.
        let standing = self.sqs.standing(&queue).await.map_err(trouble)?;
        Ok((standing.total() == 0).then(Vec::new))
    }

    async fn query(&self, table: &str, key: &str, id: &str) -> Result<Items, Trouble> {
        let found = self.items_of(table, key, AttributeValue::S(id.to_owned())).await;
        let is_number = id.parse::<f64>().is_ok_and(f64::is_finite);
        match found {
            // The key may be a number, and is told from text only by asking.
            Err(_) if is_number => self.items_of(table, key, AttributeValue::N(id.to_owned())).await,
            found => found,
        }
    }

    async fn scan(&self, table: &str) -> Result<Items, Trouble> {
        let answer = self.aws.dynamodb().scan().table_name(table).limit(MOST_SCANNED).send().await?;
        Ok(Items { more: answer.last_evaluated_key().is_some(), items: answer.items().iter().map(plain).collect() })
    }

    async fn list(&self, listing: Listing<'_>) -> Result<Keys, Trouble> {
        let call = self.aws.s3().list_objects_v2().bucket(listing.bucket).max_keys(MOST_KEYS);
        let call = call
            .set_prefix((!listing.prefix.is_empty()).then(|| listing.prefix.to_owned()))
            .set_delimiter(listing.by_folder.then(|| "/".to_owned()))
            .set_continuation_token(listing.token.map(ToOwned::to_owned));
        let answer = call.send().await?;
        let listed = |object: &aws_sdk_s3::types::Object| {
            Some(Listed {
                key: object.key()?.to_owned(),
                bytes: u64::try_from(object.size().unwrap_or(0)).unwrap_or(0),
                written: object.last_modified().and_then(|at| Timestamp::from_millisecond(at.to_millis().ok()?).ok()),
            })
        };
        Ok(Keys {
            objects: answer.contents().iter().filter_map(listed).collect(),
            folders: answer
                .common_prefixes()
                .iter()
                .filter_map(|folder| folder.prefix().map(ToOwned::to_owned))
                .collect(),
            next: answer.next_continuation_token().map(ToOwned::to_owned),
        })
    }

    async fn get(&self, bucket: &str, key: &str, most_bytes: u64) -> Result<Vec<u8>, Trouble> {
        let range = format!("bytes=0-{}", most_bytes.saturating_sub(1));
        let answer = self.aws.s3().get_object().bucket(bucket).key(key).range(range).send().await?;
        let body = answer.body.collect().await;
        let cut = |error| Trouble { kind: FailureKind::Garbage, text: format!("the object ended early: {error}") };
        Ok(body.map_err(cut)?.into_bytes().to_vec())
    }
}

fn plain(item: &HashMap<String, AttributeValue>) -> Value {
    let mut fields: Vec<_> = item.iter().collect();
    fields.sort_by(|a, b| a.0.cmp(b.0));
    Value::Object(fields.into_iter().map(|(name, value)| (name.clone(), plain_value(value))).collect::<Map<_, _>>())
}

/// Without DynamoDB's types: it is read, not written back.
fn plain_value(value: &AttributeValue) -> Value {
    let texts = |all: &[String]| Value::Array(all.iter().map(|one| one.as_str().into()).collect());
    match value {
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::N(number) => {
            serde_json::from_str(number).ok().filter(Value::is_number).unwrap_or_else(|| number.as_str().into())
        }
        AttributeValue::Bool(truth) => (*truth).into(),
        AttributeValue::Ss(all) | AttributeValue::Ns(all) => texts(all),
        AttributeValue::L(all) => Value::Array(all.iter().map(plain_value).collect()),
        AttributeValue::M(fields) => plain(fields),
        AttributeValue::B(bytes) => format!("{} bytes", bytes.as_ref().len()).into(),
        AttributeValue::Bs(all) => format!("{} binary values", all.len()).into(),
        _ => Value::Null,
    }
}
