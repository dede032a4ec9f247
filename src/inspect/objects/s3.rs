//! [`Reader`] on S3, through a connection: guarded, metered. A bucket that is in another Region is asked there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::{
    config::{Region, http::HttpResponse},
    error::SdkError,
    operation::get_object::GetObjectOutput,
    presigning::PresigningConfig,
    primitives::DateTime,
    types::EncodingType,
};
use jiff::Timestamp;

use super::{Facts, Got, List, Object, Page, Range, Reader, Refused, SIGNED_FOR, Version, Versions, Why};
use crate::{aws::Connection, domain::url_text::decoded};

/// The most versions of one object that are asked for.
const MOST_VERSIONS: i32 = 100;

/// S3 denies what is not there, too, to whoever may not list.
const READING: &str =
    "s3:GetObject on it is needed; without s3:ListBucket it may also be that there is no such object, or no longer";

/// One bucket.
#[derive(Debug)]
pub struct S3 {
    aws: Arc<Connection>,
    bucket: String,
    /// Where it is, if not where we are.
    region: Mutex<Option<String>>,
}

/// Asks, and asks once more in the bucket's own Region if that is another one.
macro_rules! asked {
    ($self:ident, $call:expr) => {{
        let first = match $self.region() {
            Some(region) => $call.customize().config_override(in_region(region)).send().await,
            None => $call.send().await,
        };
        match first.map_err(Refused::from) {
            Err(Refused { why: Why::Elsewhere(region), .. }) if $self.region().as_ref() != Some(&region) => {
                $self.settle(region.clone());
                $call.customize().config_override(in_region(region)).send().await.map_err(Refused::from)
            }
            answer => answer,
        }
    }};
}

impl S3 {
    /// `region` is where the bucket is known to be.
    pub fn new(aws: Arc<Connection>, bucket: impl Into<String>, region: Option<String>) -> Self {
        let region = region.filter(|region| aws.is_aws() && region != aws.region());
        Self { aws, bucket: bucket.into(), region: Mutex::new(region) }
    }

    fn region(&self) -> Option<String> {
        self.region.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn settle(&self, region: String) {
        *self.region.lock().unwrap_or_else(PoisonError::into_inner) = Some(region);
    }
}

#[async_trait]
impl Reader for S3 {
    async fn list(&self, list: List<'_>) -> Result<Page, Refused> {
        let answer = asked!(
            self,
            self.aws
                .s3()
                .list_objects_v2()
                .bucket(&self.bucket)
                .delimiter("/")
                .prefix(list.prefix)
                // A key may hold what no XML can.
                .encoding_type(EncodingType::Url)
                .set_continuation_token(list.token.map(str::to_owned))
                .set_start_after(list.after.map(str::to_owned))
        )
        .map_err(|refused| refused.needing("s3:ListBucket on the bucket is needed to list it"))?;
        let is_encoded = answer.encoding_type == Some(EncodingType::Url);
        let name = |text: String| if is_encoded { decoded(&text) } else { text };
        let prefixes = answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|one| one.prefix);
        let objects = answer.contents.unwrap_or_default().into_iter().filter_map(|one| {
            Some(Object {
                key: name(one.key?).into(),
                bytes: one.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                at: one.last_modified.as_ref().and_then(instant),
                class: one
                    .storage_class
                    .filter(|class| class.as_str() != "STANDARD")
                    .map(|class| class.as_str().into()),
            })
        });
        Ok(Page {
            prefixes: prefixes.map(|prefix| name(prefix).into()).collect(),
            objects: objects.collect(),
            next: answer.next_continuation_token.filter(|_| answer.is_truncated == Some(true)),
        })
    }

    async fn read(&self, range: Range<'_>) -> Result<Got, Refused> {
        let last = range.from.saturating_add(range.bytes.max(1)) - 1;
        let answer = asked!(
            self,
            self.aws
                .s3()
                .get_object()
                .bucket(&self.bucket)
                .key(range.key)
                .range(format!("bytes={}-{last}", range.from))
                .set_if_match(range.etag.map(str::to_owned))
        );
        let answer = match answer {
            Err(Refused { why: Why::Beyond, .. }) => return Ok(Got::default()),
            Err(refused) => return Err(refused.needing(READING)),
            Ok(answer) => answer,
        };
        received(answer, range).await
    }

    async fn versions(&self, key: &str) -> Result<Versions, Refused> {
        let answer =
            asked!(self, self.aws.s3().list_object_versions().bucket(&self.bucket).prefix(key).max_keys(MOST_VERSIONS))
                .map_err(|refused| refused.needing("s3:ListBucketVersions on the bucket is needed for its versions"))?;
        let versions =
            answer.versions.unwrap_or_default().into_iter().filter(|one| one.key() == Some(key)).map(|one| Version {
                id: one.version_id.clone().unwrap_or_else(|| "null".to_owned()),
                at: one.last_modified.as_ref().and_then(instant),
                bytes: one.size.and_then(|size| u64::try_from(size).ok()),
                is_latest: one.is_latest == Some(true),
                is_delete_marker: false,
            });
        let markers =
            answer.delete_markers.unwrap_or_default().into_iter().filter(|one| one.key() == Some(key)).map(|one| {
                Version {
                    id: one.version_id.clone().unwrap_or_else(|| "null".to_owned()),
                    at: one.last_modified.as_ref().and_then(instant),
                    bytes: None,
                    is_latest: one.is_latest == Some(true),
                    is_delete_marker: true,
                }
            });
        let mut versions: Vec<Version> = versions.chain(markers).collect();
        versions.sort_by_key(|version| (std::cmp::Reverse(version.is_latest), std::cmp::Reverse(version.at)));
        Ok(Versions { versions, are_all: answer.is_truncated != Some(true) })
    }

    async fn tags(&self, key: &str) -> Result<Vec<(String, String)>, Refused> {
        let answer = asked!(self, self.aws.s3().get_object_tagging().bucket(&self.bucket).key(key))
            .map_err(|refused| refused.needing("s3:GetObjectTagging is needed for its tags"))?;
        Ok(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    async fn sign(&self, key: &str) -> Result<String, Refused> {
        let other = |error: &dyn std::fmt::Display| Refused::new(Why::Other, error.to_string());
        let config = PresigningConfig::expires_in(SIGNED_FOR).map_err(|error| other(&error))?;
        let call = self.aws.s3().get_object().bucket(&self.bucket).key(key);
        let signed = match self.region() {
            Some(region) => call.customize().config_override(in_region(region)).presigned(config).await,
            None => call.presigned(config).await,
        };
        Ok(signed.map_err(|error: SdkError<_, HttpResponse>| Refused::from(error))?.uri().to_owned())
    }

    fn moved_to(&self) -> Option<String> {
        self.region()
    }
}

fn in_region(region: String) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::new().region(Region::new(region))
}

/// The bytes that were asked for, and not one more: an endpoint may take no notice of a range.
async fn received(mut answer: GetObjectOutput, range: Range<'_>) -> Result<Got, Refused> {
    let facts = facts(&answer);
    let is_part = answer.content_range.is_some();
    let length = answer.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
    let total =
        answer.content_range.as_deref().and_then(|range| range.rsplit('/').next()?.parse().ok()).unwrap_or(length);
    if !is_part && range.from > 0 {
        return Err(Refused::new(Why::Other, "this endpoint knows no ranges: only the beginning can be read"));
    }
    let most = usize::try_from(range.bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(most.min(usize::try_from(length).unwrap_or(0)));
    while bytes.len() < most {
        match answer.body.next().await {
            Some(Ok(piece)) => bytes.extend(piece.iter().take(most - bytes.len())),
            Some(Err(error)) => {
                return Err(Refused::new(
                    Why::Unreached,
                    format!("the answer broke off after {} bytes: {error}", bytes.len()),
                ));
            }
            None => break,
        }
    }
    Ok(Got { bytes, total, facts })
}

fn facts(answer: &GetObjectOutput) -> Facts {
    let mut listed: Vec<(String, String)> = Vec::new();
    let mut say = |name: &str, value: Option<&str>| {
        listed.extend(value.filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value.to_owned())));
    };
    say("content type", answer.content_type());
    say("content encoding", answer.content_encoding());
    say("storage class", answer.storage_class().map(|class| class.as_str()));
    say("encryption", answer.server_side_encryption().map(|kind| kind.as_str()));
    say("KMS key", answer.ssekms_key_id());
    say("version", answer.version_id());
    say("etag", answer.e_tag());
    say("cache control", answer.cache_control());
    say("expires", answer.expiration());
    say("replication", answer.replication_status().map(|status| status.as_str()));
    let count = answer.tag_count().filter(|count| *count > 0).map(|count| count.to_string());
    say("tags", count.as_deref());
    let mut own: Vec<_> = answer.metadata().into_iter().flatten().collect();
    own.sort();
    listed.extend(own.into_iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.clone())));
    Facts { etag: answer.e_tag.clone(), content_type: answer.content_type.clone(), listed }
}

fn instant(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).unwrap_or(0)).ok()
}

#[cfg(test)]
#[path = "s3/tests.rs"]
mod tests;
