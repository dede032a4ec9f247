//! What Lambda itself says of a request: that it began, that it ended, and what it took. As text or as JSON. Pure.

use std::fmt;

use serde_json::Value;

/// What a `REPORT` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub duration_ms: Option<f64>,
    pub memory_mb: Option<u64>,
    pub used_mb: Option<u64>,
    /// It had to be started first, which took so long.
    pub cold_ms: Option<f64>,
    /// Anything but success.
    pub status: Option<String>,
}

impl Report {
    /// What this event reports, if it is one that does.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with("REPORT RequestId:") {
            return Some(Self::of_words(text));
        }
        let is_one = text.starts_with('{') && text.contains("platform.report");
        is_one.then(|| serde_json::from_str::<Value>(text).ok()).flatten().as_ref().and_then(Self::of_json)
    }

    /// `Duration: 12.89 ms`, with tabs between such pairs.
    fn of_words(text: &str) -> Self {
        let pair = |name: &str| {
            text.split(['\t', '\n'])
                .find_map(|part| part.trim().strip_prefix(name)?.trim_start().strip_prefix(':'))
                .map(str::trim)
        };
        let number =
            |name| pair(name)?.split_whitespace().next()?.parse::<f64>().ok().filter(|number| number.is_finite());
        let whole = |name| number(name).map(|number| number as u64);
        Self {
            duration_ms: number("Duration"),
            memory_mb: whole("Memory Size"),
            used_mb: whole("Max Memory Used"),
            cold_ms: number("Init Duration"),
            status: pair("Status").map(ToOwned::to_owned),
        }
    }

    fn of_json(event: &Value) -> Option<Self> {
        if event.get("type").and_then(Value::as_str) != Some("platform.report") {
            return None;
        }
        let record = event.get("record")?;
        let metric = |name: &str| record.get("metrics")?.get(name)?.as_f64();
        let status = record.get("status").and_then(Value::as_str).filter(|status| *status != "success");
        Some(Self {
            duration_ms: metric("durationMs"),
            memory_mb: metric("memorySizeMB").map(|number| number as u64),
            used_mb: metric("maxMemoryUsedMB").map(|number| number as u64),
            cold_ms: metric("initDurationMs"),
            status: status.map(ToOwned::to_owned),
        })
    }
}

impl fmt::Display for Report {
    /// `12.89 ms · 64 of 128 MB · cold start 312 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = match (self.used_mb, self.memory_mb) {
            (Some(used), Some(memory)) => Some(format!("{used} of {memory} MB")),
            (one, other) => one.or(other).map(|memory| format!("{memory} MB")),
        };
        let parts = [
            self.duration_ms.map(|took| format!("{took:.1} ms")),
            memory,
            self.cold_ms.map(|took| format!("cold start {took:.0} ms")),
            self.status.clone(),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }
}

/// Whether the platform says that a request ended, in a line that says nothing else.
pub fn is_end(text: &str) -> bool {
    text.starts_with("END RequestId:") || (text.starts_with('{') && text.contains("\"platform.runtimeDone\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "REPORT RequestId: 6b1e\tDuration: 12.89 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 311.70 ms\t\n",
        "12.9 ms · 64 of 128 MB · cold start 312 ms"
    )]
    #[case(
        "REPORT RequestId: 6b1e\tDuration: 3000.00 ms\tMemory Size: 128 MB\tStatus: timeout",
        "3000.0 ms · 128 MB · timeout"
    )]
    #[case(
        r#"{"time":"t","type":"platform.report","record":{"requestId":"6b1e","status":"error","metrics":{"durationMs":1.5,"memorySizeMB":128,"maxMemoryUsedMB":40}}}"#,
        "1.5 ms · 40 of 128 MB · error"
    )]
    #[case("REPORT RequestId: 6b1e\tDuration: much", "")]
    fn a_report_in_words(#[case] text: &str, #[case] says: &str) {
        assert_eq!(Report::of(text).unwrap().to_string(), says);
    }

    #[test]
    fn other_lines_report_nothing() {
        for text in ["END RequestId: 6b1e", r#"{"message":"platform.report"}"#, "", "{platform.report"] {
            assert_eq!(Report::of(text), None);
        }
        assert!(is_end("END RequestId: 6b1e") && !is_end("the END RequestId:"));
    }
}
