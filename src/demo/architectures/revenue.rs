//! What each store earns a minute: a stream, a tumbling window, a delivery stream, objects for whoever adds them up.
//!
//! ```text
//!                                             ┌─▶ ∑ STORE_REVENUE_PER_MIN ────────┐
//! ƒ revenue_data_producer ⇢ ≋ store_sales_stream ─▶ ∑ STORE_REVENUE_PER_MIN_FLINK ╌┼▶ ⇉ revenue_analytics_stream ──▶ ◍
//!                                             └─▶ ƒ store_revenue_per_min ╌╌╌╌╌╌╌╌┘     └▶ ƒ fh_data_transformer
//! ```
//! One job three times, as in a migration: the SQL application of old, Managed Flink, and a mapping with a tumbling window.
//! Each line of an object says which of them it is from.

use std::collections::BTreeMap;

use aws_sdk_firehose::types::Record as Delivery;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::stand_in::{Invocation, Outcome, Run, client_error, text};
use super::*;

const PRODUCER: &str = "revenue_data_producer";
const STREAM: &str = "store_sales_stream";
const APPLICATION: &str = "STORE_REVENUE_PER_MIN";
const FLINK: &str = "STORE_REVENUE_PER_MIN_FLINK";
const SUMS_UP: &str = "store_revenue_per_min";
const DELIVERY_STREAM: &str = "revenue_analytics_stream";
const TRANSFORMER: &str = "fh_data_transformer";
const BUCKET: &str = "store-revenue-analytics";

const STORES: u32 = 5;
/// Fifty every three seconds: a thousand events a minute.
const SALES_AN_INVOCATION: u32 = 50;
pub(in crate::demo) const WINDOW_SECONDS: u32 = 60;

const SQL: &str = r#"CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" ("store_id" VARCHAR(16), "revenue" DOUBLE);
CREATE OR REPLACE PUMP "REVENUE_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM "store_id", SUM("amount") FROM "SOURCE_SQL_STREAM_001"
GROUP BY "store_id", STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '60' SECOND);"#;

pub(super) static REVENUE: Architecture = Architecture {
    name: "revenue",
    functions: &[
        function(
            PRODUCER,
            Code { python: include_str!("../functions/revenue_data_producer.py"), stand_in: produce },
            &[("STREAM_NAME", Reference::Stream(STREAM))],
        ),
        function(
            SUMS_UP,
            Code { python: include_str!("../functions/store_revenue_per_min.py"), stand_in: sum_up },
            &[("DELIVERY_STREAM_NAME", Reference::DeliveryStream(DELIVERY_STREAM))],
        ),
        function(
            TRANSFORMER,
            Code { python: include_str!("../functions/fh_data_transformer.py"), stand_in: transform },
            &[],
        ),
    ],
    mappings: &[Mapping {
        tumbling_window_seconds: Some(WINDOW_SECONDS),
        ..Mapping::of_stream(Source::Stream(STREAM), SUMS_UP, 500)
    }],
    buckets: &[BUCKET],
    streams: &[Stream { name: STREAM, shards: 1 }],
    delivery_streams: &[DeliveryStream {
        name: DELIVERY_STREAM,
        bucket: BUCKET,
        prefix: "sales_revenue/",
        transformer: TRANSFORMER,
        buffer_seconds: 60,
        buffer_megabytes: 1,
    }],
    applications: &[
        Application { name: APPLICATION, engine: Engine::Sql(SQL), input: STREAM, output: DELIVERY_STREAM },
        Application { name: FLINK, engine: Engine::Flink, input: STREAM, output: DELIVERY_STREAM },
    ],
    traffic: Traffic { messages_per_second: 1.0 / 3.0, message },
    ..Architecture::EMPTY
};

const fn function(name: &'static str, code: Code, environment: &'static [(&'static str, Reference)]) -> Function {
    Function { name, code, environment, timeout_seconds: 10, log_retention_days: 7 }
}

fn message(random: &mut fastrand::Rng, _: u64) -> Message {
    let sale = |random: &mut fastrand::Rng| json!({ "store_id": format!("store-{}", 1 + random.u32(..STORES)), "amount": random.u32(100..9000) });
    let sales: Vec<Value> = (0..SALES_AN_INVOCATION).map(|_| sale(random)).collect();
    Message::Invoke { function: PRODUCER, event: json!({ "sales": sales }) }
}

fn produce(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let sales = invocation.event["sales"].as_array().cloned().unwrap_or_default();
        let entry = |sale: &Value| {
            let entry = PutRecordsRequestEntry::builder().partition_key(text(&sale["store_id"]));
            entry.data(sale.to_string().into_bytes().into()).build().ok()
        };
        let records: Vec<_> = sales.iter().filter_map(entry).collect();
        let count = records.len();
        let request = invocation.clients.kinesis.put_records().stream_name(invocation.variable("STREAM_NAME"));
        match request.set_records(Some(records)).send().await {
            Ok(_) => outcome.lines.push(json!({ "level": "INFO", "put": count }).to_string()),
            Err(error) => {
                outcome.failure = Some(client_error(error, vec![(16, "handler", "kinesis.put_records(…)")]));
            }
        }
        outcome
    })
}

/// A batch adds to the window's state; the last invocation of a window hands its sums on.
fn sum_up(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let mut revenue = sums_of(&invocation.event["state"]);
        let records = invocation.event["Records"].as_array().cloned().unwrap_or_default();
        for sale in records.iter().filter_map(sale) {
            add(&mut revenue, &sale);
        }
        if invocation.event["isFinalInvokeForWindow"] == false {
            outcome.returned = Some(json!({ "state": revenue }));
            return outcome;
        }
        let end = invocation.event.pointer("/window/end").map(text).unwrap_or_default();
        let lines = results(&revenue, &end, SUMS_UP);
        if !lines.is_empty() {
            let records = lines.iter().filter_map(|line| Delivery::builder().data(line.clone().into()).build().ok());
            let request = invocation.clients.firehose.put_record_batch();
            let request = request.delivery_stream_name(invocation.variable("DELIVERY_STREAM_NAME"));
            if let Err(error) = request.set_records(Some(records.collect())).send().await {
                outcome.failure = Some(client_error(error, vec![(24, "handler", "firehose.put_record_batch(…)")]));
                return outcome;
            }
        }
        let line = json!({ "level": "INFO", "window_end": end, "stores": lines.len() });
        outcome.lines.push(line.to_string());
        outcome.returned = Some(json!({}));
        outcome
    })
}

/// Every record on a line of its own, as the objects' readers want it.
fn transform(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let records = invocation.event["records"].as_array().cloned().unwrap_or_default();
        let line = |record: &Value| {
            let data = BASE64_STANDARD.decode(text(&record["data"])).unwrap_or_default();
            let line = format!("{}\n", String::from_utf8_lossy(&data).trim_end());
            json!({ "recordId": record["recordId"], "result": "Ok", "data": BASE64_STANDARD.encode(line) })
        };
        let records: Vec<Value> = records.iter().map(line).collect();
        outcome.lines.push(json!({ "level": "INFO", "transformed": records.len() }).to_string());
        outcome.returned = Some(json!({ "records": records }));
        outcome
    })
}

/// Revenue by store.
pub type Sums = BTreeMap<String, u64>;

/// The sale in a record as Kinesis hands it to a function.
fn sale(record: &Value) -> Option<Value> {
    let data = BASE64_STANDARD.decode(record.pointer("/kinesis/data")?.as_str()?).ok()?;
    serde_json::from_slice(&data).ok()
}

fn sums_of(state: &Value) -> Sums {
    serde_json::from_value(state.clone()).unwrap_or_default()
}

pub fn add(revenue: &mut Sums, sale: &Value) {
    if let (Some(store), Some(amount)) = (sale["store_id"].as_str(), sale["amount"].as_u64()) {
        *revenue.entry(store.to_owned()).or_default() += amount;
    }
}

/// One line a store; amounts are in cents.
pub fn results(revenue: &Sums, window_end: &str, by: &str) -> Vec<Vec<u8>> {
    let line = |(store, revenue): (&String, &u64)| {
        json!({ "store_id": store, "revenue": revenue, "window_end": window_end, "by": by }).to_string().into_bytes()
    };
    revenue.iter().map(line).collect()
}
