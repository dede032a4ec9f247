//! Any SDK error as one class and one sentence that says what happened and what to do.

use std::error::Error;

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::StatusCode,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{dialect::NotHere, dialect::says_not_implemented, guard::Refusal};
use crate::domain::FailureKind;

/// A failed call, explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Trouble {
    pub kind: FailureKind,
    pub text: String,
}

/// The longest piece of somebody else's message that we repeat, in characters.
const MOST_QUOTED: usize = 200;

impl Trouble {
    fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Whether the whole endpoint is in question, not just this one call.
    pub fn is_total(&self) -> bool {
        matches!(self.kind, FailureKind::Unreachable | FailureKind::Expired)
    }
}

impl<E> From<&SdkError<E, HttpResponse>> for Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: &SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::ConstructionFailure(_) => before_sending(error),
            SdkError::TimeoutError(_) => {
                Self::new(FailureKind::Timeout, "no answer in time; is the endpoint overloaded, or a firewall silent?")
            }
            SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(|e| e.is_timeout()) => {
                Self::new(FailureKind::Timeout, "no answer in time; is the endpoint overloaded, or a firewall silent?")
            }
            SdkError::DispatchFailure(_) => while_sending(error),
            SdkError::ResponseError(_) => garbage(error, error.raw_response()),
            // Success by its status, and yet not readable as the operation's answer.
            SdkError::ServiceError(failure) if failure.raw().status().is_success() => {
                garbage(error, error.raw_response())
            }
            SdkError::ServiceError(failure) => answered(failure.err(), failure.raw()),
            _ => Self::new(FailureKind::Other, chain(error)),
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        Self::from(&error)
    }
}

fn before_sending(error: &(dyn Error + 'static)) -> Trouble {
    if let Some(refusal) = find_source::<Refusal>(error) {
        return Trouble::new(FailureKind::Refused, refusal.to_string());
    }
    if let Some(missing) = find_source::<NotHere>(error) {
        return Trouble::new(FailureKind::NotImplemented, missing.to_string());
    }
    credentials_or(error, |text| Trouble::new(FailureKind::Other, format!("the request could not be built: {text}")))
}

fn while_sending(error: &(dyn Error + 'static)) -> Trouble {
    credentials_or(error, |text| {
        let lower = text.to_ascii_lowercase();
        if lower.contains("certificate")
            || lower.contains("tls")
            || lower.contains("corrupt message")
            || lower.contains("invalidcontenttype")
        {
            let what = "TLS failed; does this port speak https? write http://… for a plain one";
            return Trouble::new(FailureKind::Unreachable, format!("{what} ({})", quote(&text)));
        }
        if lower.contains("dns") || lower.contains("lookup") || lower.contains("resolve") {
            return Trouble::new(
                FailureKind::Unreachable,
                "the host's name does not resolve; check the endpoint and the Region",
            );
        }
        if lower.contains("refused") {
            return Trouble::new(FailureKind::Unreachable, "connection refused; is it running, and is the port right?");
        }
        if lower.contains("invalid http") || lower.contains("parse") || lower.contains("incomplete message") {
            let what = "what answers there does not speak plain HTTP; does this port want https://?";
            return Trouble::new(FailureKind::Unreachable, format!("{what} ({})", quote(&text)));
        }
        Trouble::new(FailureKind::Unreachable, format!("the connection failed: {}", quote(&text)))
    })
}

fn credentials_or(error: &(dyn Error + 'static), otherwise: impl Fn(String) -> Trouble) -> Trouble {
    let text = chain(error);
    let lower = text.to_ascii_lowercase();
    if lower.contains("expired") || (lower.contains("sso") && lower.contains("token")) {
        return Trouble::new(
            FailureKind::Expired,
            "the credentials have expired; log in again (for SSO: `aws sso login`)",
        );
    }
    if lower.contains("credential") || lower.contains("identity") || lower.contains("could not find profile") {
        let what = "no credentials found; set AWS_PROFILE or --profile, or log in (`aws sso login`)";
        return Trouble::new(FailureKind::Denied, format!("{what} ({})", quote(&text)));
    }
    otherwise(text)
}

fn garbage(error: &(dyn Error + 'static), response: Option<&HttpResponse>) -> Trouble {
    let status = response.map_or(0, |response| response.status().as_u16());
    let body = response.and_then(|response| response.body().bytes());
    let start = String::from_utf8_lossy(body.unwrap_or_default());
    let start = start.trim_start();
    let what = if start.starts_with("<!") || start.to_ascii_lowercase().starts_with("<html") {
        "the answer is a web page, not AWS's API; is the endpoint right?".to_owned()
    } else {
        format!("the answer makes no sense ({}); is the endpoint right?", quote(&chain(error)))
    };
    match status {
        401 | 403 => Trouble::new(FailureKind::Denied, format!("refused with HTTP {status}")),
        501 => Trouble::new(FailureKind::NotImplemented, "not implemented by this endpoint"),
        _ => Trouble::new(FailureKind::Garbage, what),
    }
}

fn answered(error: &(impl ProvideErrorMetadata + Error), response: &HttpResponse) -> Trouble {
    let status: StatusCode = response.status();
    let code = error.code().unwrap_or_default();
    let body = response.body().bytes();
    let said = match (code, error.message()) {
        ("", None) => format!("HTTP {}", status.as_u16()),
        (code, None) => code.to_owned(),
        ("", Some(message)) => quote(message),
        (code, Some(message)) => format!("{code}: {}", quote(message)),
    };
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if says_not_implemented(status.as_u16(), body) {
        return Trouble::new(FailureKind::NotImplemented, format!("not implemented by this endpoint ({said})"));
    }
    if has(&["Expired", "RequestExpired"]) {
        return Trouble::new(
            FailureKind::Expired,
            "the credentials have expired; log in again (for SSO: `aws sso login`)",
        );
    }
    if has(&["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"]) || status.as_u16() == 429 {
        return Trouble::new(FailureKind::Throttled, format!("asked too often, slowing down ({said})"));
    }
    if has(&[
        "AccessDenied",
        "Unauthorized",
        "AuthFailure",
        "InvalidClientToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClient",
        "AuthorizationError",
        "InvalidAccessKeyId",
    ]) || matches!(status.as_u16(), 401 | 403)
    {
        return Trouble::new(FailureKind::Denied, format!("permission denied ({said})"));
    }
    if code.is_empty()
        && body.is_some_and(|body| body.trim_ascii_start().starts_with(b"<"))
        && !body.is_some_and(looks_like_aws_xml)
    {
        return Trouble::new(FailureKind::Garbage, "the answer is a web page, not AWS's API; is the endpoint right?");
    }
    if has(&["NotFound", "NonExistent", "NoSuch", "DoesNotExist"]) {
        return Trouble::new(FailureKind::NotFound, format!("not found ({said})"));
    }
    if code.is_empty() && error.message().is_none() {
        return Trouble::new(
            FailureKind::Garbage,
            format!("HTTP {} without AWS's error in it; is the endpoint right?", status.as_u16()),
        );
    }
    Trouble::new(FailureKind::Other, said)
}

fn looks_like_aws_xml(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("<Error>") || text.contains("<ErrorResponse") || text.contains("<Code>")
}

fn find_source<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error and all its sources in one line, each said once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = source.source();
    }
    text
}

fn quote(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(MOST_QUOTED) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}
