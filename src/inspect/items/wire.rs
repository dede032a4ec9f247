//! The calls: one page at a time, each with the read capacity that it cost.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};

use super::{Condition, Description};
use crate::{
    aws::{Connection, Trouble},
    domain::FailureKind,
};

/// Where to go on reading.
pub type From = HashMap<String, AttributeValue>;

/// One page, asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub table: String,
    pub index: Option<String>,
    /// None scans.
    pub condition: Option<Condition>,
    /// The newest first, where a sort key says which those are.
    pub backwards: bool,
    pub limit: i32,
    pub from: Option<From>,
}

/// One page, answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub items: Vec<HashMap<String, AttributeValue>>,
    pub next: Option<From>,
    /// Read capacity units; none where the endpoint does not say.
    pub units: Option<f64>,
}

/// What a reader asks of an endpoint.
#[async_trait]
pub trait Tables: Debug + Send + Sync {
    async fn describe(&self, table: &str) -> Result<Description, Trouble>;

    async fn page(&self, request: Request) -> Result<Answer, Trouble>;
}

/// An endpoint.
#[derive(Debug)]
pub struct Dynamo {
    aws: Arc<Connection>,
}

impl Dynamo {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { aws }
    }
}

#[async_trait]
impl Tables for Dynamo {
    async fn describe(&self, table: &str) -> Result<Description, Trouble> {
        let answer = self.aws.dynamodb().describe_table().table_name(table).send().await?;
        let description = answer.table().map(Description::of);
        let described = description.filter(|description| !description.keys.partition.name.is_empty());
        described.ok_or_else(|| Trouble {
            kind: FailureKind::Garbage,
            text: "the answer describes no table; is the endpoint right?".to_owned(),
        })
    }

    async fn page(&self, request: Request) -> Result<Answer, Trouble> {
        let client = self.aws.dynamodb();
        let Some(condition) = request.condition else {
            let call = client.scan().table_name(request.table).set_index_name(request.index).limit(request.limit);
            let call = call.set_exclusive_start_key(request.from);
            let page = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
            let units = units(page.consumed_capacity());
            return Ok(Answer {
                items: page.items.unwrap_or_default(),
                next: going_on(page.last_evaluated_key),
                units,
            });
        };
        let call = client.query().table_name(request.table).set_index_name(request.index).limit(request.limit);
        let call = call.scan_index_forward(!request.backwards).set_exclusive_start_key(request.from);
        let call = call.set_expression_attribute_names(Some(condition.names));
        let call = call.set_expression_attribute_values(Some(condition.values));
        let call = call.key_condition_expression(condition.expression);
        let page = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
        let units = units(page.consumed_capacity());
        Ok(Answer { items: page.items.unwrap_or_default(), next: going_on(page.last_evaluated_key), units })
    }
}

fn units(consumed: Option<&ConsumedCapacity>) -> Option<f64> {
    consumed.and_then(ConsumedCapacity::capacity_units)
}

/// Some endpoints say with an empty key that there is no more.
fn going_on(from: Option<From>) -> Option<From> {
    from.filter(|key| !key.is_empty())
}
