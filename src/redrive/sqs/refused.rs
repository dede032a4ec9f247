//! What SQS's errors mean to a redrive: which of them pass, and which leave in doubt whether the thing was done.
//!
//! Must not: decide what to do about it. A new code goes into [`why`].

use aws_sdk_sqs::{
    error::{ProvideErrorMetadata, SdkError},
    types::BatchResultErrorEntry,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{
    aws::Trouble,
    domain::FailureKind,
    redrive::wire::{Refusal, Why},
};

/// What is said of one message of a batch.
pub(super) fn of_entry(failed: &BatchResultErrorEntry) -> Refusal {
    let message = failed.message.as_deref().unwrap_or_default();
    let text = if message.is_empty() { failed.code.clone() } else { format!("{}: {message}", failed.code) };
    match why(&failed.code, message) {
        Some(why) => Refusal::new(why, false, text),
        None if failed.sender_fault => Refusal::new(Why::Unacceptable, false, text),
        None => Refusal::new(Why::Unanswered, true, text),
    }
}

/// The class of an error code, if it is one of those that a redrive knows.
fn why(code: &str, message: &str) -> Option<Why> {
    let code = code.rsplit('.').next().unwrap_or(code).rsplit('#').next().unwrap_or(code);
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    let message = message.to_ascii_lowercase();
    if code.contains("Throttl") || has(&["LimitExceeded", "SlowDown", "TooManyRequests"]) {
        Some(Why::Throttled)
    } else if has(&["NonExistentQueue", "QueueDoesNotExist", "QueueDeletedRecently"]) {
        Some(Why::Gone)
    } else if has(&["OverLimit"]) {
        Some(Why::OverLimit)
    } else if has(&["Kms", "KMS", "AccessDenied", "UnauthorizedOperation"]) {
        Some(Why::Denied)
    } else if has(&["ReceiptHandle", "MessageNotInflight"])
        || (message.contains("receipt handle") || message.contains("not available for visibility timeout change"))
    {
        Some(Why::LeaseOver)
    } else if has(&[
        "InvalidMessageContents",
        "InvalidParameter",
        "MissingParameter",
        "BatchRequestTooLong",
        "InvalidAttribute",
    ]) {
        Some(Why::Unacceptable)
    } else {
        None
    }
}

/// Any SDK error, as far as it matters here.
pub(in crate::redrive) fn refusal<E>(error: &SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let trouble = Trouble::from(error);
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let known = why(code, error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default());
    let why = known.unwrap_or(match trouble.kind {
        FailureKind::Throttled => Why::Throttled,
        FailureKind::Unreachable | FailureKind::Timeout | FailureKind::Garbage => Why::Unanswered,
        FailureKind::Denied | FailureKind::Expired => Why::Denied,
        FailureKind::NotFound => Why::Gone,
        FailureKind::Refused => Why::ReadOnly,
        FailureKind::NotImplemented | FailureKind::Other => Why::Other,
    });
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let (why, in_doubt) = match error {
        SdkError::ConstructionFailure(_) => (why, false),
        // A server's own mistake may come after the deed.
        SdkError::ServiceError(_) if status >= 500 && why != Why::Throttled => (Why::Unanswered, true),
        SdkError::ServiceError(_) => (why, status < 400),
        SdkError::DispatchFailure(_) => (Why::Unanswered, !never_left(error)),
        _ => (Why::Unanswered, true),
    };
    Refusal::new(why, in_doubt, trouble.text)
}

/// Whether there was no connection to send anything on.
fn never_left(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let text = error.to_string().to_ascii_lowercase();
        text.contains("refused") || text.contains("dns error") || text.contains("tcp connect")
    })
}

pub(super) fn unreadable(what: &str) -> Refusal {
    Refusal::new(Why::Other, false, format!("{what}; is the endpoint right?"))
}

pub(super) fn unacceptable(what: &str) -> Refusal {
    Refusal::new(Why::Unacceptable, false, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("AWS.SimpleQueueService.NonExistentQueue", "", Some(Why::Gone))]
    #[case("com.amazonaws.sqs#QueueDoesNotExist", "", Some(Why::Gone))]
    #[case("RequestThrottled", "", Some(Why::Throttled))]
    #[case("KmsThrottled", "", Some(Why::Throttled))]
    #[case("KmsAccessDenied", "", Some(Why::Denied))]
    #[case(
        "InvalidParameterValue",
        "Value r for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
        Some(Why::LeaseOver)
    )]
    #[case("ReceiptHandleIsInvalid", "", Some(Why::LeaseOver))]
    #[case("AWS.SimpleQueueService.MessageNotInflight", "", Some(Why::LeaseOver))]
    #[case("MissingParameter", "The request must contain the parameter MessageGroupId.", Some(Why::Unacceptable))]
    #[case("OverLimit", "", Some(Why::OverLimit))]
    #[case("InternalError", "", None)]
    fn knows_the_codes(#[case] code: &str, #[case] message: &str, #[case] expected: Option<Why>) {
        assert_eq!(why(code, message), expected);
    }
}
