//! What a Kinesis stream keeps: winterbaume counts the records that it accepts, but drops what is in them, and its iterators have no
//! place, so that each read begins anew. Kept when a put was accepted, put into each answer to a read.
//!
//! An iterator is winterbaume's own with the number of the next record behind it, which is taken off before winterbaume sees it.
//! Bounded: the oldest records go first, as they do in a stream. Must not: know a stream, a shard or a number that winterbaume does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockResponse, auth};

use super::query::target_action;

/// Kept of one shard, at most.
const MOST_RECORDS: usize = 10_000;
const MOST_BYTES: usize = 8 << 20;
/// Records of an answer, where nobody says how many.
const PAGE: usize = 10_000;

/// Of each shard: Region, stream, shard.
type Name = (String, String, String);

/// All records.
#[derive(Default)]
pub(super) struct Shards(Mutex<BTreeMap<Name, Shard>>);

#[derive(Debug, Default)]
struct Shard {
    records: VecDeque<Record>,
    bytes: usize,
    /// The number of the record that came last.
    last: u64,
}

#[derive(Debug)]
struct Record {
    number: u64,
    /// In base64, as it came.
    data: String,
    partition_key: String,
    at_seconds: f64,
}

/// Where a read goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    name: Name,
    next: u64,
}

impl Shards {
    /// Takes the place off the iterator of a read.
    pub(super) fn place(request: &mut MockRequest) -> Option<Place> {
        if target_action(request) != "GetRecords" {
            return None;
        }
        let mut asked: Value = serde_json::from_slice(&request.body).ok()?;
        let (own, next) = asked.get("ShardIterator")?.as_str()?.rsplit_once(':')?;
        let next = next.parse().ok()?;
        let (stream, shard) = own.strip_prefix("iter:")?.split_once(':')?;
        let name = (auth::extract_region_from_uri(&request.uri), stream.to_owned(), shard.to_owned());
        asked["ShardIterator"] = json!(own);
        request.body = asked.to_string().into();
        Some(Place { name, next })
    }

    /// Keeps what was accepted, and puts what is kept into an accepted answer.
    pub(super) fn pass(&self, request: &MockRequest, place: Option<Place>, response: &mut MockResponse) {
        let parse = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap_or_default();
        let (asked, mut answered) = (parse(&request.body), parse(&response.body));
        let region = auth::extract_region_from_uri(&request.uri);
        let stream = stream_of(&asked).unwrap_or_default();
        match (target_action(request), place) {
            ("PutRecord", _) => self.keep(&region, &stream, &asked, &answered),
            ("PutRecords", _) => {
                let list = |value: &Value| value.get("Records").and_then(Value::as_array).cloned().unwrap_or_default();
                for (record, result) in list(&asked).iter().zip(&list(&answered)) {
                    self.keep(&region, &stream, record, result);
                }
            }
            ("GetShardIterator", _) => {
                let shard = asked.get("ShardId").and_then(Value::as_str).unwrap_or_default();
                let next = self.lock().get(&(region, stream, shard.to_owned())).map_or(1, |kept| kept.begin(&asked));
                if let Some(own) = answered.get("ShardIterator").and_then(Value::as_str) {
                    response.body = json!({ "ShardIterator": format!("{own}:{next}") }).to_string().into();
                }
            }
            ("GetRecords", Some(place)) => {
                self.read(&place, &asked, &mut answered);
                response.body = answered.to_string().into();
            }
            ("DeleteStream", _) => {
                self.lock().retain(|(its_region, its_stream, _), _| (its_region, its_stream) != (&region, &stream));
            }
            _ => {}
        }
    }

    /// A record that was refused has an error code in the place of a number.
    fn keep(&self, region: &str, stream: &str, record: &Value, result: &Value) {
        let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        let number = text(result, "SequenceNumber").and_then(|number| number.parse().ok());
        let (Some(number), Some(shard)) = (number, text(result, "ShardId")) else { return };
        let at_seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let data = text(record, "Data").unwrap_or_default();
        let partition_key = text(record, "PartitionKey").unwrap_or_default();
        let mut shards = self.lock();
        let kept = shards.entry((region.to_owned(), stream.to_owned(), shard)).or_default();
        kept.push(Record { number, data, partition_key, at_seconds });
    }

    fn read(&self, place: &Place, asked: &Value, answered: &mut Value) {
        let limit = asked.get("Limit").and_then(Value::as_u64).map_or(PAGE, |limit| limit as usize);
        let shards = self.lock();
        let kept = shards.get(&place.name);
        let rest = kept.into_iter().flat_map(|kept| &kept.records).filter(|record| record.number >= place.next);
        let read: Vec<&Record> = rest.take(limit).collect();
        let next = read.last().map_or(place.next, |last| last.number + 1);
        // How far behind the newest record it is: nothing once that was read.
        let newest = kept.and_then(|kept| kept.records.back()).filter(|newest| newest.number >= next);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let behind = newest.map_or(0, |newest| ((now - newest.at_seconds).max(0.001) * 1e3) as u64);
        let told = |record: &&Record| {
            json!({
                "SequenceNumber": record.number.to_string(),
                "ApproximateArrivalTimestamp": record.at_seconds,
                "Data": record.data,
                "PartitionKey": record.partition_key,
            })
        };
        answered["Records"] = read.iter().map(told).collect();
        answered["MillisBehindLatest"] = json!(behind);
        if let Some(own) = answered.get("NextShardIterator").and_then(Value::as_str) {
            answered["NextShardIterator"] = json!(format!("{own}:{next}"));
        }
    }

    /// A panic elsewhere cannot leave this half-written in a way that matters: take it as it is.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Shard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn push(&mut self, record: Record) {
        // Puts that overlap may be told here in another order than they were numbered in.
        let at = self.records.partition_point(|before| before.number < record.number);
        self.last = self.last.max(record.number);
        self.bytes += record.data.len();
        self.records.insert(at, record);
        while self.records.len() > MOST_RECORDS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= oldest.data.len();
        }
    }

    /// The number of the first record of a read that begins so.
    fn begin(&self, asked: &Value) -> u64 {
        let number = asked.get("StartingSequenceNumber").and_then(Value::as_str).and_then(|number| number.parse().ok());
        let from = asked.get("Timestamp").and_then(Value::as_f64).unwrap_or(0.0);
        let end = self.last + 1;
        match asked.get("ShardIteratorType").and_then(Value::as_str).unwrap_or_default() {
            "TRIM_HORIZON" => 1,
            "AT_SEQUENCE_NUMBER" => number.unwrap_or(1),
            "AFTER_SEQUENCE_NUMBER" => number.unwrap_or(0) + 1,
            "AT_TIMESTAMP" => {
                self.records.iter().find(|record| record.at_seconds >= from).map_or(end, |record| record.number)
            }
            _ => end,
        }
    }
}

/// A stream is asked for by name or ARN.
fn stream_of(asked: &Value) -> Option<String> {
    let text = |member: &str| asked.get(member).and_then(Value::as_str);
    text("StreamName").or_else(|| text("StreamARN")?.rsplit('/').next()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use aws_sdk_kinesis::{
        primitives::Blob,
        types::{PutRecordsRequestEntry, ShardIteratorType},
    };

    use super::*;
    use crate::demo::{Clients, endpoint::Endpoint};

    async fn stream(clients: &Clients, bodies: &[&str]) -> String {
        let kinesis = &clients.kinesis;
        kinesis.create_stream().stream_name("sales").shard_count(1).send().await.unwrap();
        let entry = |body: &&str| {
            let data = Blob::new(body.as_bytes());
            PutRecordsRequestEntry::builder().partition_key("store-1").data(data).build().unwrap()
        };
        let entries: Vec<_> = bodies.iter().map(entry).collect();
        kinesis.put_records().stream_name("sales").set_records(Some(entries)).send().await.unwrap();
        let shards = kinesis.list_shards().stream_name("sales").send().await.unwrap();
        shards.shards()[0].shard_id().to_owned()
    }

    /// What is read of a page from there, the next iterator, and how far behind that is.
    async fn read(clients: &Clients, iterator: &str, limit: i32) -> (Vec<(String, String)>, String, i64) {
        let answer = clients.kinesis.get_records().shard_iterator(iterator).limit(limit).send().await.unwrap();
        let record = |record: &aws_sdk_kinesis::types::Record| {
            let body = String::from_utf8(record.data().as_ref().to_vec()).unwrap();
            (record.partition_key().unwrap_or_default().to_owned(), body)
        };
        let read = answer.records().iter().map(record).collect();
        (read, answer.next_shard_iterator().unwrap().to_owned(), answer.millis_behind_latest().unwrap())
    }

    fn bodies(read: &[(String, String)]) -> Vec<&str> {
        read.iter().map(|(_, body)| body.as_str()).collect()
    }

    #[tokio::test]
    async fn records_come_as_they_were_put_once_each_and_page_by_page() {
        let endpoint = Endpoint::start().await.unwrap();
        let clients = Clients::new(&endpoint.url()).unwrap();
        let shard = stream(&clients, &["1", "2", "3"]).await;
        let iterator = async |kind: ShardIteratorType, number: Option<&str>| {
            let call = clients.kinesis.get_shard_iterator().stream_name("sales").shard_id(&shard);
            let call = call.shard_iterator_type(kind).set_starting_sequence_number(number.map(str::to_owned));
            call.send().await.unwrap().shard_iterator.unwrap()
        };
        let oldest = iterator(ShardIteratorType::TrimHorizon, None).await;
        let latest = iterator(ShardIteratorType::Latest, None).await;
        let (first, next, behind) = read(&clients, &oldest, 2).await;
        assert_eq!((bodies(&first), first[0].0.as_str(), behind > 0), (vec!["1", "2"], "store-1", true));
        let (second, end, behind) = read(&clients, &next, 2).await;
        assert_eq!((bodies(&second), behind), (vec!["3"], 0));
        assert_eq!(read(&clients, &end, 2).await.0, []);
        let after = iterator(ShardIteratorType::AfterSequenceNumber, Some("2")).await;
        assert_eq!(bodies(&read(&clients, &after, 9).await.0), ["3"]);
        let at = iterator(ShardIteratorType::AtSequenceNumber, Some("2")).await;
        assert_eq!(bodies(&read(&clients, &at, 9).await.0), ["2", "3"]);
        let put = clients.kinesis.put_record().stream_name("sales").partition_key("store-1").data(Blob::new("4"));
        put.send().await.unwrap();
        assert_eq!(bodies(&read(&clients, &latest, 9).await.0), ["4"]);
        assert_eq!(bodies(&read(&clients, &end, 9).await.0), ["4"]);
    }

    #[tokio::test]
    async fn a_stream_that_is_made_anew_begins_anew() {
        let endpoint = Endpoint::start().await.unwrap();
        let clients = Clients::new(&endpoint.url()).unwrap();
        stream(&clients, &["old"]).await;
        clients.kinesis.delete_stream().stream_name("sales").send().await.unwrap();
        let shard = stream(&clients, &["new"]).await;
        let call = clients.kinesis.get_shard_iterator().stream_name("sales").shard_id(&shard);
        let oldest = call.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
        assert_eq!(bodies(&read(&clients, oldest.shard_iterator().unwrap(), 9).await.0), ["new"]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_long() {
        let mut shard = Shard::default();
        let record = |number: u64, bytes: usize| Record {
            number,
            data: "x".repeat(bytes),
            partition_key: String::new(),
            at_seconds: number as f64,
        };
        for number in 1..=MOST_RECORDS as u64 + 5 {
            shard.push(record(number, 1));
        }
        assert_eq!((shard.records.len(), shard.records[0].number, shard.bytes), (MOST_RECORDS, 6, MOST_RECORDS));
        shard.push(record(shard.last + 1, MOST_BYTES - 10));
        assert_eq!((shard.records.len(), shard.bytes), (11, MOST_BYTES));
        let from = |seconds: f64| shard.begin(&json!({ "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": seconds }));
        assert_eq!((from(0.0), from(1e12)), (shard.records[0].number, shard.last + 1));
    }
}
