//! Finds credentials, Region and endpoint as the AWS CLI does, and hands out clients.

use std::{sync::OnceLock, time::Duration};

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig, profile::ProfileSet, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_smithy_types::retry::RetryConfig;
use aws_types::os_shim_internal::{Env, Fs};
use thiserror::Error;

use super::{Dialect, Endpoint, Meter, Trouble, endpoint::EndpointError, guard::Guard, mend::Mend};

/// What the user asked for; every `None` is found as the AWS CLI finds it.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub read_only: bool,
    /// CloudWatch's metrics, which are paid for by the piece, are not asked for.
    pub no_metrics: bool,
    pub timeouts: Timeouts,
}

/// How long one call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// One attempt, from sending to the whole answer.
    pub attempt: Duration,
    /// A call with its retries.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(3_100),
            attempt: Duration::from_secs(8),
            operation: Duration::from_secs(16),
        }
    }
}

/// Why there is no connection to speak of.
#[derive(Debug, Error)]
pub enum ConnectError {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error("no Region: set --region, AWS_REGION, or `region` in the profile")]
    NoRegion,
    #[error("'{0}' is not a Region; write it like eu-west-1")]
    BadRegion(String),
    #[error("profile '{name}' is not in the AWS config or credentials file; `aws configure list-profiles` lists them")]
    NoProfile { name: String },
}

/// Who we are to AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
}

/// Where we are connected to. Cheap to share behind an `Arc`; clients are made when first asked for.
#[derive(Debug)]
pub struct Connection {
    sdk: SdkConfig,
    endpoint: Option<Endpoint>,
    region: String,
    profile: Option<String>,
    guard: Guard,
    asks_metrics: bool,
    pub meter: Meter,
    pub dialect: Dialect,
    clients: Clients,
    account: OnceLock<String>,
}

#[derive(Debug, Default)]
struct Clients {
    sqs: OnceLock<aws_sdk_sqs::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    analytics: OnceLock<aws_sdk_kinesisanalytics::Client>,
    analytics_v2: OnceLock<aws_sdk_kinesisanalyticsv2::Client>,
    api_gateway: OnceLock<aws_sdk_apigateway::Client>,
    api_gateway_v2: OnceLock<aws_sdk_apigatewayv2::Client>,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    firehose: OnceLock<aws_sdk_firehose::Client>,
    kinesis: OnceLock<aws_sdk_kinesis::Client>,
    pipes: OnceLock<aws_sdk_pipes::Client>,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    states: OnceLock<aws_sdk_sfn::Client>,
    table_streams: OnceLock<aws_sdk_dynamodbstreams::Client>,
    tags: OnceLock<aws_sdk_resourcegroupstagging::Client>,
}

/// One accessor a service: a lazy client with the guard, the meter, the dialect and the mending under it.
macro_rules! clients {
    ($($name:ident: $sdk:ident),* $(,)?) => {$(
        pub fn $name(&self) -> &$sdk::Client {
            self.clients.$name.get_or_init(|| {
                let config = $sdk::config::Builder::from(&self.sdk)
                    .interceptor(self.guard)
                    .interceptor(self.dialect.clone())
                    .interceptor(Mend)
                    .interceptor(self.meter.clone());
                $sdk::Client::from_conf(config.build())
            })
        }
    )*};
}

impl Connection {
    /// Reads the configuration; sends nothing.
    ///
    /// # Errors
    /// An endpoint, profile or Region that cannot be one.
    pub async fn open(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let asked = options.endpoint.as_deref().map(str::parse::<Endpoint>).transpose()?;
        if let Some(name) = &options.profile {
            check_profile(name).await?;
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(200)))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(options.timeouts.connect)
                    .operation_attempt_timeout(options.timeouts.attempt)
                    .operation_timeout(options.timeouts.operation)
                    .build(),
            );
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &asked {
            loader = loader.endpoint_url(endpoint.url());
            if !endpoint.is_aws() {
                loader = with_local_defaults(loader, options).await;
            }
        }
        let mut sdk = loader.load().await;
        let endpoint = match asked {
            Some(endpoint) => Some(endpoint),
            None => sdk.endpoint_url().map(str::parse::<Endpoint>).transpose()?,
        };
        if endpoint.as_ref().is_some_and(|endpoint| !endpoint.is_aws()) {
            sdk = with_local_region(sdk);
        }
        let region = sdk.region().map(ToString::to_string).ok_or(ConnectError::NoRegion)?;
        if !is_region_name(&region) {
            return Err(ConnectError::BadRegion(region));
        }
        Ok(Self {
            sdk,
            endpoint,
            region,
            profile: options.profile.clone(),
            guard: Guard { read_only: options.read_only },
            asks_metrics: !options.no_metrics,
            meter: Meter::default(),
            dialect: Dialect::default(),
            clients: Clients::default(),
            account: OnceLock::new(),
        })
    }

    clients! {
        sqs: aws_sdk_sqs,
        sns: aws_sdk_sns,
        lambda: aws_sdk_lambda,
        dynamodb: aws_sdk_dynamodb,
        logs: aws_sdk_cloudwatchlogs,
        events: aws_sdk_eventbridge,
        sts: aws_sdk_sts,
        analytics: aws_sdk_kinesisanalytics,
        analytics_v2: aws_sdk_kinesisanalyticsv2,
        api_gateway: aws_sdk_apigateway,
        api_gateway_v2: aws_sdk_apigatewayv2,
        cloudformation: aws_sdk_cloudformation,
        cloudwatch: aws_sdk_cloudwatch,
        firehose: aws_sdk_firehose,
        kinesis: aws_sdk_kinesis,
        pipes: aws_sdk_pipes,
        scheduler: aws_sdk_scheduler,
        states: aws_sdk_sfn,
        table_streams: aws_sdk_dynamodbstreams,
        tags: aws_sdk_resourcegroupstagging,
    }

    /// S3 as the others, but buckets of a custom endpoint are in the path: `bucket.localhost` need not resolve.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.sdk)
                .force_path_style(self.endpoint.is_some())
                .interceptor(self.guard)
                .interceptor(self.dialect.clone())
                .interceptor(self.meter.clone());
            aws_sdk_s3::Client::from_conf(config.build())
        })
    }

    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Whether the user wants CloudWatch's metrics.
    pub fn asks_metrics(&self) -> bool {
        self.asks_metrics
    }

    pub fn is_read_only(&self) -> bool {
        self.guard.read_only
    }

    /// Whether messages, items and money here are real.
    pub fn is_aws(&self) -> bool {
        self.endpoint.as_ref().is_none_or(Endpoint::is_aws)
    }

    /// The account number, once somebody has asked who we are.
    pub fn known_account(&self) -> Option<&str> {
        self.account.get().map(String::as_str)
    }

    /// Asks who we are.
    ///
    /// # Errors
    /// The call's [`Trouble`].
    pub async fn identity(&self) -> Result<Identity, Trouble> {
        let answer = self.sts().get_caller_identity().send().await?;
        if let Some(account) = answer.account() {
            self.account.get_or_init(|| account.to_owned());
        }
        Ok(Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        })
    }
}

/// The Region that local tools assume.
const LOCAL_REGION: &str = "us-east-1";

/// Where a local endpoint finds no credentials, these do: emulators ask for some and check none.
fn local_credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "edatop-local-default")
}

/// With `--endpoint` at an emulator, the user's own credentials are used if the environment or a profile names any; else the usual
/// local ones, so that the chain does not go on to ask for a cloud instance's metadata.
async fn with_local_defaults(loader: ConfigLoader, options: &ConnectOptions) -> ConfigLoader {
    let named = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let in_environment = options.profile.is_some() || named.iter().any(|name| std::env::var_os(name).is_some());
    if in_environment || default_profile_has_credentials().await {
        return loader;
    }
    loader.credentials_provider(local_credentials())
}

fn with_local_region(sdk: SdkConfig) -> SdkConfig {
    if sdk.region().is_some() {
        return sdk;
    }
    sdk.to_builder().region(Region::from_static(LOCAL_REGION)).build()
}

async fn default_profile_has_credentials() -> bool {
    const KEYS: [&str; 5] = ["aws_access_key_id", "sso_session", "sso_start_url", "role_arn", "credential_process"];
    match profiles().await {
        Some(set) => {
            set.get_profile("default").is_some_and(|profile| KEYS.iter().any(|key| profile.get(key).is_some()))
        }
        None => false,
    }
}

async fn profiles() -> Option<ProfileSet> {
    aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await.ok()
}

async fn check_profile(name: &str) -> Result<(), ConnectError> {
    match profiles().await {
        Some(set) if set.get_profile(name).is_some() => Ok(()),
        _ => Err(ConnectError::NoProfile { name: name.to_owned() }),
    }
}

/// `eu-west-1`, `us-gov-east-1`: letters, a direction, a digit. What is not of this form cannot be a host name either.
fn is_region_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
        && parts.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_region_name;
    use rstest::rstest;

    #[rstest]
    #[case("eu-west-1", true)]
    #[case("us-gov-east-1", true)]
    #[case("ap-southeast-12", true)]
    #[case("mars", false)]
    #[case("eu-west", false)]
    #[case("EU-WEST-1", false)]
    #[case("a.b-c-1", false)]
    fn region_names(#[case] name: &str, #[case] good: bool) {
        assert_eq!(is_region_name(name), good);
    }
}
