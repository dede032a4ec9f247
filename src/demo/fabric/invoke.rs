//! Running a function: its stand-in, its environment as the endpoint has it, its timeout, and the lines Lambda logs around it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::demo::architectures::stand_in::{Invocation, Outcome};
use crate::demo::architectures::{Architecture, Function};
use crate::demo::clock::{iso, now_ms};
use crate::demo::deploy::log_group_name;
use crate::demo::{Clients, DemoError};

pub(super) struct Runner {
    clients: Clients,
    functions: HashMap<&'static str, &'static Function>,
    /// The log stream of this run: one per function, as one warm sandbox would have.
    stream: String,
}

/// How an invocation ended, as its mapping sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Success,
    /// These messages failed, the others did not.
    Partly(Vec<String>),
    Failure,
}

impl Runner {
    pub(super) fn new(clients: Clients, architectures: &[&'static Architecture]) -> Self {
        let functions = architectures.iter().flat_map(|architecture| architecture.functions);
        let functions = functions.map(|function| (function.name, function)).collect();
        let day: String = iso(now_ms()).chars().take(10).map(|one| if one == '-' { '/' } else { one }).collect();
        let stream = format!("{day}/[$LATEST]{:032x}", fastrand::u128(..));
        Self { clients, functions, stream }
    }

    /// Runs a function to its end for what it returns; `None` when it failed.
    pub(super) async fn call(&self, name: &str, event: Value) -> Option<Value> {
        match self.run(name, event).await {
            Ok((Ended::Success | Ended::Partly(_), returned)) => Some(returned.unwrap_or_default()),
            Ok((Ended::Failure, _)) => None,
            Err(error) => {
                tracing::warn!(%error, function = name, "not invoked");
                None
            }
        }
    }

    /// Runs a function to its end. A function that is not declared, or that cannot be read back, has failed.
    pub(super) async fn invoke(&self, name: &str, event: Value) -> Ended {
        match self.run(name, event).await {
            Ok((ended, _)) => ended,
            Err(error) => {
                tracing::warn!(%error, function = name, "not invoked");
                Ended::Failure
            }
        }
    }

    async fn run(&self, name: &str, event: Value) -> Result<(Ended, Option<Value>), DemoError> {
        let missing = || DemoError::other(format!("run '{name}'"), "no such stand-in");
        let function = self.functions.get(name).copied().ok_or_else(missing)?;
        let configuration = self.clients.lambda.get_function_configuration().function_name(name).send().await;
        let configuration = configuration.map_err(DemoError::call(format!("read function '{name}'")))?;
        let environment = configuration.environment().and_then(|one| one.variables()).cloned().unwrap_or_default();
        let allowed = Duration::from_secs(configuration.timeout().and_then(|s| s.try_into().ok()).unwrap_or(3));
        let (started_ms, started) = (now_ms(), Instant::now());
        let request_id = request_id();
        let invocation = Invocation {
            event,
            request_id: request_id.clone(),
            started_ms,
            environment,
            clients: self.clients.clone(),
        };
        let outcome = timeout(allowed, (function.code.stand_in)(invocation)).await.ok();
        let ended = match &outcome {
            Some(Outcome { failure: None, failed_message_ids, .. }) if failed_message_ids.is_empty() => Ended::Success,
            Some(Outcome { failure: None, failed_message_ids, .. }) => Ended::Partly(failed_message_ids.clone()),
            _ => Ended::Failure,
        };
        let returned = outcome.as_ref().and_then(|outcome| outcome.returned.clone());
        let log = Log { request_id, started_ms, elapsed: started.elapsed(), allowed, outcome };
        self.write(name, log).await?;
        Ok((ended, returned))
    }

    async fn write(&self, function: &str, log: Log) -> Result<(), DemoError> {
        let group = log_group_name(function);
        let doing = || format!("write to log group '{group}'");
        // Made anew each time: cheaper than knowing whether somebody deleted the group meanwhile.
        let _ = self.clients.logs.create_log_stream().log_group_name(&group).log_stream_name(&self.stream).send().await;
        let event = |(timestamp, message): (i64, String)| {
            InputLogEvent::builder().timestamp(timestamp).message(message).build()
        };
        let events: Result<Vec<_>, _> = log.events().into_iter().map(event).collect();
        let request = self.clients.logs.put_log_events().log_group_name(&group).log_stream_name(&self.stream);
        let request = request.set_log_events(Some(events.map_err(DemoError::built)?));
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }
}

/// One invocation as Lambda logs it.
struct Log {
    request_id: String,
    started_ms: i64,
    elapsed: Duration,
    allowed: Duration,
    /// `None` when time ran out.
    outcome: Option<Outcome>,
}

impl Log {
    fn events(self) -> Vec<(i64, String)> {
        let id = self.request_id;
        let duration_ms = self.elapsed.as_secs_f64() * 1000.0;
        let ended_ms = self.started_ms + i64::try_from(self.elapsed.as_millis()).unwrap_or_default();
        let mut events = vec![(self.started_ms, format!("START RequestId: {id} Version: $LATEST\n"))];
        match self.outcome {
            Some(outcome) => {
                events.extend(outcome.lines.into_iter().map(|line| (ended_ms, format!("{line}\n"))));
                events.extend(outcome.failure.map(|failure| (ended_ms, failure.log_event())));
            }
            None => {
                let seconds = self.allowed.as_secs_f64();
                events.push((ended_ms, format!("{} {id} Task timed out after {seconds:.2} seconds\n", iso(ended_ms))));
            }
        }
        events.push((ended_ms, format!("END RequestId: {id}\n")));
        let billed = duration_ms.ceil();
        events.push((
            ended_ms,
            format!("REPORT RequestId: {id}\tDuration: {duration_ms:.2} ms\tBilled Duration: {billed} ms\tMemory Size: 128 MB\t\n"),
        ));
        events
    }
}

/// A version 4 UUID.
fn request_id() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76 | 0x3 << 62) | (0x4 << 76 | 0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::architectures::stand_in::Failure;

    #[test]
    fn request_ids_are_version_4_uuids() {
        let id = request_id();
        assert!(
            regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
                .unwrap()
                .is_match(&id),
            "{id}"
        );
    }

    fn texts(outcome: Option<Outcome>) -> Vec<String> {
        let elapsed = Duration::from_millis(1500);
        let log = Log { request_id: "r".into(), started_ms: 1_000, elapsed, allowed: Duration::from_secs(3), outcome };
        log.events().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_failed_invocation_logs_its_trace_between_start_and_end() {
        let failure = Failure { kind: "ValueError", message: "bad".into(), frames: vec![] };
        let texts = texts(Some(Outcome { lines: vec!["seen".into()], failure: Some(failure), ..Outcome::default() }));
        assert_eq!(texts[..2], ["START RequestId: r Version: $LATEST\n", "seen\n"]);
        assert!(texts[2].starts_with("[ERROR] ValueError: bad\nTraceback"));
        assert_eq!(texts[3], "END RequestId: r\n");
        assert!(texts[4].starts_with("REPORT RequestId: r\tDuration: 1500.00 ms\tBilled Duration: 1500 ms"));
    }

    #[test]
    fn a_timeout_is_said_as_lambda_says_it() {
        assert_eq!(texts(None)[1], "1970-01-01T00:00:02.500Z r Task timed out after 3.00 seconds\n");
    }
}
