//! Region, credentials and endpoints, as the Lambda environment gives them.
//!
//! `aws-config` would find the same through a chain of sources that a function never has (profiles, metadata service,
//! single sign-on), at the price of start-up time and half the program's size.

use std::time::Duration;

use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_types::SdkConfig;

use crate::roots::{CaBundleError, Roots};

/// The variables that [`AwsAccess::read`] looks up, all of them set by Lambda except for the endpoints and the bundle.
pub const VARIABLES: [&str; 12] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_FIREHOSE",
    "AWS_ENDPOINT_URL_KINESIS",
    "AWS_CA_BUNDLE",
];

/// With the tries of the SDK, one call ends after this long, whatever happens.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What every AWS client is made with.
#[derive(Debug, Clone)]
pub struct AwsAccess {
    region: String,
    credentials: Credentials,
    endpoint: Option<String>,
    sns_endpoint: Option<String>,
    s3_endpoint: Option<String>,
    dynamodb_endpoint: Option<String>,
    #[cfg_attr(not(feature = "operate"), expect(dead_code, reason = "functions do not call Lambda"))]
    lambda_endpoint: Option<String>,
    firehose_endpoint: Option<String>,
    kinesis_endpoint: Option<String>,
    roots: Roots,
}

/// Why AWS can't be called.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsAccessError {
    /// A variable is not there.
    #[error("expected {variable} to be set, found nothing")]
    Missing {
        /// Its name.
        variable: &'static str,
    },
    /// `AWS_CA_BUNDLE` names no file of certificates.
    #[error("AWS_CA_BUNDLE: {found:?}: {error}")]
    CaBundle {
        /// What it is.
        found: String,
        /// The mistake.
        #[source]
        error: CaBundleError,
    },
}

impl AwsAccess {
    /// Reads [`VARIABLES`] through `lookup`, and the file that `AWS_CA_BUNDLE` names. An empty one counts as absent.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, AwsAccessError> {
        let optional = |variable: &str| lookup(variable).filter(|value| !value.is_empty());
        let needed = |variable| optional(variable).ok_or(AwsAccessError::Missing { variable });
        let credentials = Credentials::new(
            needed("AWS_ACCESS_KEY_ID")?,
            needed("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let region = needed("AWS_REGION")?;
        let roots = match optional("AWS_CA_BUNDLE") {
            Some(found) => {
                Roots::bundle(&found).map_err(|error| AwsAccessError::CaBundle { found, error })?
            }
            None => Roots::of_region(&region),
        };
        Ok(AwsAccess {
            region,
            credentials,
            endpoint: optional("AWS_ENDPOINT_URL"),
            sns_endpoint: optional("AWS_ENDPOINT_URL_SNS"),
            s3_endpoint: optional("AWS_ENDPOINT_URL_S3"),
            dynamodb_endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
            lambda_endpoint: optional("AWS_ENDPOINT_URL_LAMBDA"),
            firehose_endpoint: optional("AWS_ENDPOINT_URL_FIREHOSE"),
            kinesis_endpoint: optional("AWS_ENDPOINT_URL_KINESIS"),
            roots,
        })
    }

    /// For clients whose HTTP is a fake.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        AwsAccess::read(|name| (name != "AWS_CA_BUNDLE").then(|| "x".to_owned())).expect("all that is needed")
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.sdk_config(self.endpoint_of(self.sns_endpoint.as_ref())))
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let endpoint = self.endpoint_of(self.s3_endpoint.as_ref());
        let config = aws_sdk_s3::config::Builder::from(&self.sdk_config(endpoint));
        // Names of buckets are host names only where AWS serves them.
        aws_sdk_s3::Client::from_conf(config.force_path_style(endpoint.is_some()).build())
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config(self.endpoint_of(self.dynamodb_endpoint.as_ref())))
    }

    pub(crate) fn firehose(&self) -> aws_sdk_firehose::Client {
        aws_sdk_firehose::Client::new(&self.sdk_config(self.endpoint_of(self.firehose_endpoint.as_ref())))
    }

    pub(crate) fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.sdk_config(self.endpoint_of(self.kinesis_endpoint.as_ref())))
    }

    #[cfg(feature = "operate")]
    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.sdk_config(self.endpoint_of(self.lambda_endpoint.as_ref())))
    }

    /// Where a service is, when it is not where the region says.
    fn endpoint_of<'a>(&'a self, own: Option<&'a String>) -> Option<&'a str> {
        own.or(self.endpoint.as_ref()).map(String::as_str)
    }

    fn sdk_config(&self, endpoint: Option<&str>) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(self.http_client(endpoint))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts());
        config.set_endpoint_url(endpoint.map(str::to_owned));
        config.build()
    }

    /// A client without TLS for an emulator's plain endpoint, so that it needs no roots; with TLS for all others.
    fn http_client(&self, endpoint: Option<&str>) -> SharedHttpClient {
        if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
            return Builder::new().build_http();
        }
        let context = TlsContext::builder().with_trust_store(self.roots.trust_store()).build();
        Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.expect("its only part is a trust store, which is checked when it is read"))
            .build_https()
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AwsAccess, AwsAccessError> {
        AwsAccess::read(|name| {
            assert!(VARIABLES.contains(&name), "{name} is not in the list");
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const ALL: [(&str, &str); 5] = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_S3", "https://s3.example.com"),
    ];

    #[test]
    fn reads_what_lambda_sets() {
        let access = read(&ALL).unwrap();
        assert_eq!(access.endpoint_of(access.sns_endpoint.as_ref()), Some("http://127.0.0.1:1"));
        assert_eq!(access.endpoint_of(access.s3_endpoint.as_ref()), Some("https://s3.example.com"));
        assert!(!format!("{access:?}").contains("hidden"), "{access:?}");
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        for missing in 0..3 {
            let mut variables = ALL;
            variables[missing].1 = "";
            let error = read(&variables).unwrap_err().to_string();
            assert_eq!(error, format!("expected {} to be set, found nothing", ALL[missing].0));
        }
    }
}
