//! What our looking costs: calls, errors, throttles, latency, and the money AWS would ask for a day of it.
//!
//! Every attempt counts, retries too, because AWS counts them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
                FinalizerInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde::Serialize;

use super::{operations, trouble::says_throttled};

/// The rate is that of the last minute.
const WINDOW: Duration = Duration::from_secs(60);
const SECONDS_A_DAY: f64 = 86_400.0;

/// Counts what passes. Shared by all clients; locked only for an addition.
#[derive(Debug, Clone)]
pub struct Meter {
    inner: Arc<Mutex<Tally>>,
}

#[derive(Debug)]
struct Tally {
    started: Instant,
    by_operation: BTreeMap<(String, String), OperationUse>,
    /// Seconds since `started`, with the calls and dollars of that second. At most [`WINDOW`] entries.
    seconds: VecDeque<(u64, u32, f64)>,
}

/// What one operation was used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct OperationUse {
    pub calls: u64,
    pub errors: u64,
    pub throttles: u64,
    /// Mean time from sending to the answer, in milliseconds.
    pub mean_ms: f64,
    /// The slowest, in milliseconds.
    pub max_ms: f64,
}

/// The totals, as `snapshot` prints them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ApiUse {
    pub calls: u64,
    pub errors: u64,
    pub throttles: u64,
    /// Mean of the last minute, or of the time since the start if that is shorter.
    pub calls_per_second: f64,
    /// What AWS would ask for a day at that rate, without its free tier.
    pub dollars_per_day: f64,
    /// By `service:Operation`.
    pub by_operation: BTreeMap<String, OperationUse>,
}

#[derive(Debug)]
struct SentAt(Instant);

impl Storable for SentAt {
    type Storer = StoreReplace<Self>;
}

/// How many of what the operation is charged by one call is.
#[derive(Debug)]
struct Units(usize);

impl Storable for Units {
    type Storer = StoreReplace<Self>;
}

impl Default for Meter {
    fn default() -> Self {
        let tally = Tally { started: Instant::now(), by_operation: BTreeMap::new(), seconds: VecDeque::new() };
        Self { inner: Arc::new(Mutex::new(tally)) }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Answered,
    Failed,
    Throttled,
}

impl Meter {
    /// Totals and rates as of now.
    pub fn usage(&self) -> ApiUse {
        let mut tally = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = tally.started.elapsed();
        tally.forget_before(elapsed);
        let span = elapsed.min(WINDOW).as_secs_f64().max(1.0);
        let (calls, dollars) =
            tally.seconds.iter().fold((0.0, 0.0), |(calls, dollars), s| (calls + f64::from(s.1), dollars + s.2));
        let mut usage = ApiUse {
            calls_per_second: calls / span,
            dollars_per_day: dollars / span * SECONDS_A_DAY,
            ..ApiUse::default()
        };
        for ((service, operation), used) in &tally.by_operation {
            usage.calls += used.calls;
            usage.errors += used.errors;
            usage.throttles += used.throttles;
            usage.by_operation.insert(format!("{service}:{operation}"), *used);
        }
        usage
    }

    fn sent(&self, service: &str, operation: &str, units: usize) {
        let price = operations::find(service, operation).map_or(0.0, |row| row.dollars_per_million / 1e6);
        let dollars = price * units as f64;
        let mut tally = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = tally.started.elapsed();
        let second = elapsed.as_secs();
        match tally.seconds.back_mut() {
            Some(last) if last.0 == second => (last.1, last.2) = (last.1 + 1, last.2 + dollars),
            _ => tally.seconds.push_back((second, 1, dollars)),
        }
        tally.forget_before(elapsed);
        tally.by_operation.entry((service.to_owned(), operation.to_owned())).or_default().calls += 1;
    }

    fn ended(&self, service: &str, operation: &str, took: Duration, outcome: Outcome) {
        let mut tally = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let used = tally.by_operation.entry((service.to_owned(), operation.to_owned())).or_default();
        let ms = took.as_secs_f64() * 1e3;
        used.max_ms = used.max_ms.max(ms);
        used.mean_ms += (ms - used.mean_ms) / used.calls.max(1) as f64;
        used.errors += u64::from(outcome != Outcome::Answered);
        used.throttles += u64::from(outcome == Outcome::Throttled);
    }
}

impl Tally {
    fn forget_before(&mut self, elapsed: Duration) {
        let oldest = elapsed.saturating_sub(WINDOW).as_secs();
        while self.seconds.front().is_some_and(|second| second.0 < oldest) {
            self.seconds.pop_front();
        }
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "edatop-meter"
    }

    // The input is there before it is serialised, and each attempt after that costs the same.
    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let row = cfg.load::<Metadata>().and_then(|call| operations::find(call.service(), call.name()));
        if let Some(row) = row {
            cfg.interceptor_state().store_put(Units((row.units)(context.input())));
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = cfg.load::<Metadata>() {
            let units = cfg.load::<Units>().map_or(1, |units| units.0);
            self.sent(call.service(), call.name(), units);
        }
        cfg.interceptor_state().store_put(SentAt(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(call), Some(sent)) = (cfg.load::<Metadata>(), cfg.load::<SentAt>()) else { return Ok(()) };
        let failed = !matches!(context.output_or_error(), Some(Ok(_)));
        let outcome = match context.response() {
            Some(response) if failed && is_throttle(response.status().as_u16(), response.body().bytes()) => {
                Outcome::Throttled
            }
            _ if failed => Outcome::Failed,
            _ => Outcome::Answered,
        };
        self.ended(call.service(), call.name(), sent.0.elapsed(), outcome);
        Ok(())
    }
}

/// An attempt is not parsed yet, so its code is somewhere in the body.
fn is_throttle(status: u16, body: Option<&[u8]>) -> bool {
    says_throttled(status, &String::from_utf8_lossy(body.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::{operation::get_metric_data::GetMetricDataInput, types::MetricDataQuery};
    use aws_smithy_runtime_api::client::interceptors::context::Input;

    #[test]
    fn counts_each_attempt_and_prices_it() {
        let meter = Meter::default();
        for _ in 0..10 {
            meter.sent("SQS", "GetQueueAttributes", 1);
            meter.ended("SQS", "GetQueueAttributes", Duration::from_millis(4), Outcome::Answered);
        }
        meter.sent("SQS", "GetQueueAttributes", 1);
        meter.ended("SQS", "GetQueueAttributes", Duration::from_millis(40), Outcome::Throttled);
        let usage = meter.usage();
        assert_eq!((usage.calls, usage.errors, usage.throttles), (11, 1, 1));
        // Eleven calls in the first second: $0.40 a million, as if it went on all day.
        assert!((usage.dollars_per_day - 11.0 * 0.4e-6 * SECONDS_A_DAY).abs() < 1e-9);
        assert_eq!(usage.by_operation["SQS:GetQueueAttributes"].max_ms, 40.0);
    }

    #[test]
    fn a_call_for_metrics_costs_by_the_metric() {
        let queries = vec![MetricDataQuery::builder().id("m0").build(); 500];
        let input = GetMetricDataInput::builder().set_metric_data_queries(Some(queries)).build().unwrap();
        let row = operations::find("CloudWatch", "GetMetricData").unwrap();
        let meter = Meter::default();
        meter.sent("CloudWatch", "GetMetricData", (row.units)(&Input::erase(input)));
        let usage = meter.usage();
        assert_eq!(usage.calls, 1);
        assert!((usage.dollars_per_day - 500.0 * 0.01 / 1e3 * SECONDS_A_DAY).abs() < 1e-9);
    }

    #[test]
    fn knows_a_throttle() {
        assert!(is_throttle(429, None));
        assert!(is_throttle(400, Some(br#"{"__type":"com.amazonaws#ThrottlingException"}"#)));
        assert!(!is_throttle(400, Some(br#"{"__type":"ValidationException"}"#)));
    }
}
