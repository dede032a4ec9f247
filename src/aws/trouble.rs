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
    // Certificates expire too, those of the place where credentials come from included.
    if let Some(what) = about_tls(&lower) {
        return Trouble::new(FailureKind::Unreachable, format!("{what} ({})", quote(&text)));
    }
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

/// What went wrong with TLS, if that is what went wrong.
fn about_tls(lower: &str) -> Option<&'static str> {
    if lower.contains("certificate") {
        let timely = lower.contains("expired") || lower.contains("notvalidyet") || lower.contains("not valid yet");
        return Some(if timely {
            "the endpoint's certificate is out of date; renew it, or put this machine's clock right"
        } else {
            "TLS failed: the endpoint's certificate is not trusted here"
        });
    }
    ["tls", "corrupt message", "invalidcontenttype"]
        .iter()
        .any(|word| lower.contains(word))
        .then_some("TLS failed; does this port speak https? write http://… for a plain one")
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
    if is_about_the_clock(code, error.message().unwrap_or_default()) {
        let what = "the request's time is refused; is this machine's clock right?";
        return Trouble::new(FailureKind::Expired, format!("{what} ({said})"));
    }
    if has(&["Expired"]) {
        return Trouble::new(
            FailureKind::Expired,
            "the credentials have expired; log in again (for SSO: `aws sso login`)",
        );
    }
    if says_throttled(status.as_u16(), code) {
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
    // A server that is going down or coming up answers so, and a gateway with nothing behind it: there is nobody to talk to.
    if code.is_empty() && matches!(status.as_u16(), 502..=504) {
        let text = format!("HTTP {}: nobody is behind the address, or not yet", status.as_u16());
        return Trouble::new(FailureKind::Unreachable, text);
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

/// A request is signed with the time; one that is minutes off is refused, and no login mends that.
fn is_about_the_clock(code: &str, message: &str) -> bool {
    ["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"].iter().any(|word| code.contains(word))
        || ["Signature expired", "Signature not yet current"].iter().any(|words| message.contains(words))
}

/// AWS throttles with 429, with 503 SlowDown (S3), or with 400 and one of these in its code.
pub(super) fn says_throttled(status: u16, said: &str) -> bool {
    const CODES: [&str; 6] = [
        "Throttl",
        "TooManyRequests",
        "RequestLimitExceeded",
        "SlowDown",
        "ProvisionedThroughputExceeded",
        "LimitExceededException",
    ];
    status == 429 || CODES.iter().any(|code| said.contains(code))
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};
    use rstest::rstest;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str);

    #[rstest]
    #[case("invalid peer certificate: Expired", FailureKind::Unreachable, "certificate is out of date")]
    #[case("invalid peer certificate: NotValidYet", FailureKind::Unreachable, "certificate is out of date")]
    #[case("invalid peer certificate: UnknownIssuer", FailureKind::Unreachable, "not trusted")]
    #[case(
        "received corrupt message of type InvalidContentType",
        FailureKind::Unreachable,
        "does this port speak https?"
    )]
    #[case("the SSO token has expired", FailureKind::Expired, "aws sso login")]
    #[case("no credentials in the chain", FailureKind::Denied, "no credentials found")]
    #[case("connection refused", FailureKind::Unreachable, "connection refused")]
    fn what_goes_wrong_on_the_way(#[case] said: &'static str, #[case] kind: FailureKind, #[case] text: &str) {
        let trouble = while_sending(&Said(said));
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert!(trouble.text.contains(text), "{trouble}");
    }

    #[rstest]
    #[case("ExpiredToken", "", FailureKind::Expired, "log in again")]
    #[case("ExpiredTokenException", "", FailureKind::Expired, "log in again")]
    #[case("RequestExpired", "", FailureKind::Expired, "clock")]
    #[case("RequestTimeTooSkewed", "", FailureKind::Expired, "clock")]
    #[case("InvalidSignatureException", "Signature expired: 20260101T000000Z", FailureKind::Expired, "clock")]
    #[case("SignatureDoesNotMatch", "check your secret key", FailureKind::Denied, "permission denied")]
    #[case("ProvisionedThroughputExceededException", "", FailureKind::Throttled, "asked too often")]
    #[case("ThrottlingException", "", FailureKind::Throttled, "asked too often")]
    #[case("LimitExceededException", "", FailureKind::Throttled, "asked too often")]
    #[case("ValidationException", "", FailureKind::Other, "ValidationException")]
    fn what_aws_answers(
        #[case] code: &'static str,
        #[case] message: &'static str,
        #[case] kind: FailureKind,
        #[case] text: &str,
    ) {
        let error = ErrorMetadata::builder().code(code).message(message).build();
        let status = StatusCode::try_from(400).unwrap();
        let trouble = answered(&error, &HttpResponse::new(status, SdkBody::from("{}")));
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert!(trouble.text.contains(text), "{trouble}");
    }

    #[rstest]
    #[case(503, "<html>down for now</html>", FailureKind::Unreachable)]
    #[case(502, "", FailureKind::Unreachable)]
    #[case(500, "", FailureKind::Garbage)]
    fn a_server_that_goes_down_is_not_there(
        #[case] status: u16,
        #[case] body: &'static str,
        #[case] kind: FailureKind,
    ) {
        let status = StatusCode::try_from(status).unwrap();
        let answer = HttpResponse::new(status, SdkBody::from(body));
        assert_eq!(answered(&ErrorMetadata::builder().build(), &answer).kind, kind);
    }
}
