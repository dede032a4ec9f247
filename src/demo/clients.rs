//! Plain SDK clients for one endpoint that is not AWS. The demo makes, changes and deletes resources, so the refusal of an
//! AWS endpoint is here, where no caller can forget it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::DemoError;
use super::plain_http::PlainHttp;
use crate::aws::Endpoint;

/// Emulators take any credentials; these are the ones their documentation uses.
const ACCESS_KEY: &str = "test";
/// Where the demo lives, on every endpoint.
pub const REGION: &str = "us-east-1";

/// Clients of every service the demo touches, all on one connection pool.
#[derive(Debug, Clone)]
pub struct Clients {
    pub endpoint_url: String,
    pub http: PlainHttp,
    /// Kinesis Analytics as it was for SQL.
    pub analytics_v1: aws_sdk_kinesisanalytics::Client,
    pub analytics_v2: aws_sdk_kinesisanalyticsv2::Client,
    pub apigateway: aws_sdk_apigateway::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub dynamodb_streams: aws_sdk_dynamodbstreams::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub firehose: aws_sdk_firehose::Client,
    pub kinesis: aws_sdk_kinesis::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub s3: aws_sdk_s3::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub sts: aws_sdk_sts::Client,
}

impl Clients {
    /// # Errors
    /// When the URL is empty, not a URL, or AWS itself.
    pub fn new(endpoint_url: &str) -> Result<Self, DemoError> {
        let endpoint: Endpoint = endpoint_url.parse().map_err(|_| DemoError::NotAnEndpoint(endpoint_url.into()))?;
        if endpoint.is_aws() {
            return Err(DemoError::RefusesAws(endpoint_url.into()));
        }
        let config = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint.url())
            .region(Region::from_static(REGION))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
                ACCESS_KEY, ACCESS_KEY, None, None, "demo",
            )))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    // A function's first start on an emulator takes seconds.
                    .operation_attempt_timeout(Duration::from_secs(20))
                    .build(),
            )
            .build();
        // Emulators have no DNS for a host name per bucket.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Ok(Self {
            endpoint_url: endpoint.url().to_owned(),
            http: PlainHttp::default(),
            analytics_v1: aws_sdk_kinesisanalytics::Client::new(&config),
            analytics_v2: aws_sdk_kinesisanalyticsv2::Client::new(&config),
            apigateway: aws_sdk_apigateway::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            dynamodb_streams: aws_sdk_dynamodbstreams::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            firehose: aws_sdk_firehose::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://sqs.us-east-1.amazonaws.com")]
    #[case("https://sqs.cn-north-1.amazonaws.com.cn/")]
    #[case("https://SQS.US-EAST-1.AMAZONAWS.COM:443/x")]
    #[case("https://amazonaws.com.")]
    #[case("https://lambda.us-east-1.api.aws")]
    fn aws_is_refused(#[case] url: &str) {
        assert!(matches!(Clients::new(url), Err(DemoError::RefusesAws(_))), "{url}");
    }

    #[rstest]
    #[case("")]
    #[case("ftp://localhost:4566")]
    #[case("https://user@sns.eu-west-1.amazonaws.com")]
    #[case("http://")]
    fn what_is_no_endpoint_is_refused(#[case] url: &str) {
        assert!(matches!(Clients::new(url), Err(DemoError::NotAnEndpoint(_))), "{url}");
    }

    #[rstest]
    #[case("localhost:4566")]
    #[case("http://127.0.0.1:4566")]
    #[case("http://localhost.localstack.cloud:4566/")]
    #[case("http://[::1]:4566")]
    #[case("http://amazonaws.com.example.org")]
    fn emulators_are_accepted(#[case] url: &str) {
        assert!(Clients::new(url).is_ok(), "{url}");
    }
}
