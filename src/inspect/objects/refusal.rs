//! Why a bucket or an object was not read, and what to do about it, from S3's own errors.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::{aws::Trouble, domain::FailureKind};

/// What a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The bucket is in this Region.
    Elsewhere(String),
    /// It must be restored first.
    Archived,
    /// It is encrypted, and the key is not ours to use.
    Encrypted,
    Denied,
    /// There is no such bucket, or object any more.
    Gone,
    /// It is not the one that was begun with.
    Changed,
    /// There are no bytes where some were asked for: it ends before.
    Beyond,
    /// Nobody answers.
    Unreached,
    Other,
}

/// Not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refused {
    pub why: Why,
    pub text: String,
}

impl Refused {
    pub fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into() }
    }

    /// Where it was denied: what is needed.
    #[must_use]
    pub fn needing(mut self, permission: &str) -> Self {
        if self.why == Why::Denied {
            self.text = format!("{}: {permission}", self.text);
        }
        self
    }

    /// An object that no read was tried on.
    pub fn archived(class: &str) -> Self {
        let how = if class == "DEEP_ARCHIVE" { "12 to 48 hours" } else { "minutes to hours" };
        let text = format!(
            "archived ({class}): it cannot be read before a copy is restored, which takes {how} and is paid for: aws s3api restore-object"
        );
        Self::new(Why::Archived, text)
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Refused
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let response = error.raw_response();
        let status = response.map_or(0, |response| response.status().as_u16());
        let region = response.and_then(|response| response.headers().get("x-amz-bucket-region")).map(str::to_owned);
        let code = error.code().unwrap_or_default().to_owned();
        let message = error.message().unwrap_or_default().to_owned();
        by_code(status, &code, &message, region).unwrap_or_else(|| {
            let trouble = Trouble::from(error);
            let why = match trouble.kind {
                FailureKind::Denied => Why::Denied,
                FailureKind::NotFound => Why::Gone,
                FailureKind::Unreachable | FailureKind::Timeout => Why::Unreached,
                _ => Why::Other,
            };
            Self { why, text: trouble.text }
        })
    }
}

/// What S3 says in its own way.
fn by_code(status: u16, code: &str, message: &str, region: Option<String>) -> Option<Refused> {
    let lower = message.to_ascii_lowercase();
    let refused = |why, text: String| Some(Refused { why, text });
    if status == 301 || matches!(code, "PermanentRedirect" | "AuthorizationHeaderMalformed") {
        let Some(region) = region else {
            return refused(
                Why::Other,
                "the bucket is in another Region, and the answer does not say in which: aws s3api get-bucket-location does, and --region reads it there".to_owned(),
            );
        };
        let text = format!("the bucket is in {region}: read it with --region {region}");
        return refused(Why::Elsewhere(region), text);
    }
    if status == 416 || code == "InvalidRange" {
        return refused(Why::Beyond, "it ends before that".to_owned());
    }
    match code {
        "InvalidObjectState" => {
            let text =
                "archived: it cannot be read before a copy is restored, which is paid for: aws s3api restore-object";
            refused(Why::Archived, text.to_owned())
        }
        "NoSuchBucket" => refused(Why::Gone, "there is no such bucket, or no longer".to_owned()),
        "NoSuchKey" | "NoSuchVersion" => refused(Why::Gone, "there is no such object, or no longer".to_owned()),
        "PreconditionFailed" => refused(Why::Changed, "it was overwritten while it was read".to_owned()),
        _ if code.contains("AccessDenied") && lower.contains("kms") => refused(
            Why::Encrypted,
            "encrypted with a KMS key that may not be used here: kms:Decrypt is missing, in the key's policy or in yours".to_owned(),
        ),
        _ if code.starts_with("KMS") => refused(Why::Encrypted, format!("its KMS key is of no use: {code}")),
        "InvalidRequest" if lower.contains("server side encryption") || lower.contains("server-side encryption") => {
            refused(
                Why::Encrypted,
                "encrypted with a key of its writer's own (SSE-C), which edatop does not have: who has it reads the object with aws s3api get-object --sse-customer-key"
                    .to_owned(),
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case((301, "PermanentRedirect", "", Some("eu-west-1")), Why::Elsewhere("eu-west-1".into()), "--region eu-west-1")]
    #[case((400, "AuthorizationHeaderMalformed", "", Some("eu-west-1")), Why::Elsewhere("eu-west-1".into()), "eu-west-1")]
    #[case((301, "", "", None), Why::Other, "another Region")]
    #[case((403, "InvalidObjectState", "", None), Why::Archived, "restore")]
    #[case((403, "AccessDenied", "User is not authorized to perform: kms:Decrypt on …", None), Why::Encrypted, "kms:Decrypt")]
    #[case((400, "KMS.DisabledException", "", None), Why::Encrypted, "KMS key")]
    #[case((400, "InvalidRequest", "The object was stored using a form of Server Side Encryption.", None), Why::Encrypted, "SSE-C")]
    #[case((404, "NoSuchKey", "", None), Why::Gone, "no such object")]
    #[case((416, "", "", None), Why::Beyond, "ends")]
    #[case((412, "PreconditionFailed", "", None), Why::Changed, "overwritten")]
    fn what_s3_says(
        #[case] (status, code, message, region): (u16, &str, &str, Option<&str>),
        #[case] why: Why,
        #[case] says: &str,
    ) {
        let refused = by_code(status, code, message, region.map(str::to_owned)).unwrap();
        assert_eq!(refused.why, why);
        assert!(refused.text.contains(says), "{}", refused.text);
    }

    #[test]
    fn what_is_no_case_of_its_own_is_left_to_others() {
        assert_eq!(by_code(403, "AccessDenied", "Access Denied", None), None);
        assert_eq!(by_code(503, "SlowDown", "", None), None);
    }
}
