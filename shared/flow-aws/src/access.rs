//! Region, credentials and endpoints, as the Lambda environment gives them.
//!
//! `aws-config` would find the same through a chain of sources that a function never has (profiles, metadata service,
//! single sign-on), at the price of start-up time and half the program's size.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;

use crate::partition::service_url;
use crate::roots::{CaBundleError, Roots};

/// The variables that [`AwsAccess::read`] looks up, all of them set by Lambda except for the endpoints, the bundle and the
/// choice of FIPS endpoints.
pub const VARIABLES: [&str; 19] = [
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
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_SERVICE_QUOTAS",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
];

/// How the variables of endpoints begin; what follows is a service's id.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// With the tries of the SDK, one call ends after this long, whatever happens.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// What every AWS client is made with.
#[derive(Debug, Clone)]
pub struct AwsAccess {
    region: String,
    credentials: Credentials,
    /// By their variables.
    endpoints: BTreeMap<&'static str, String>,
    uses_fips: bool,
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
        let endpoints = VARIABLES.into_iter().filter(|variable| variable.starts_with(ENDPOINT));
        Ok(AwsAccess {
            region,
            credentials,
            endpoints: endpoints.filter_map(|variable| Some((variable, optional(variable)?))).collect(),
            uses_fips: optional("AWS_USE_FIPS_ENDPOINT")
                .is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
            roots,
        })
    }

    /// For clients whose HTTP is a fake.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        AwsAccess::read(|name| match name {
            "AWS_CA_BUNDLE" => None,
            name if name.starts_with(ENDPOINT) => Some("http://x".to_owned()),
            _ => Some("x".to_owned()),
        })
        .expect("all that is needed")
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.sdk_config(self.endpoint("SNS")))
    }

    #[cfg(feature = "operate")]
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let endpoint = self.endpoint("S3");
        let config = aws_sdk_s3::config::Builder::from(&self.sdk_config(endpoint));
        // Names of buckets are host names only where AWS serves them.
        aws_sdk_s3::Client::from_conf(config.force_path_style(endpoint.is_some()).build())
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config(self.endpoint("DYNAMODB")))
    }

    pub(crate) fn firehose(&self) -> aws_sdk_firehose::Client {
        aws_sdk_firehose::Client::new(&self.sdk_config(self.endpoint("FIREHOSE")))
    }

    pub(crate) fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.sdk_config(self.endpoint("KINESIS")))
    }

    #[cfg(feature = "operate")]
    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.sdk_config(self.endpoint("LAMBDA")))
    }

    /// Where the service of this id is, when it is not where the region says.
    fn endpoint(&self, id: &str) -> Option<&str> {
        let own = self.endpoints.get(format!("{ENDPOINT}_{id}").as_str());
        own.or_else(|| self.endpoints.get(ENDPOINT)).map(String::as_str)
    }

    /// The URL of an object of S3, or of a bucket if `path` is empty; `path` is escaped.
    pub(crate) fn s3_url(&self, bucket: &str, path: &str) -> String {
        let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let url = self.url("S3", "s3");
        match url.strip_prefix("https://") {
            // Names of buckets are host names only where AWS serves them, and its certificates know no dot in one.
            Some(host) if self.endpoint("S3").is_none() && bucket.bytes().all(is_label) => {
                format!("https://{bucket}.{host}/{path}")
            }
            _ => format!("{}/{bucket}/{path}", url.trim_end_matches('/')),
        }
    }

    /// The URL of a service whose host begins with `prefix`, by the rules of its endpoints.
    pub(crate) fn url(&self, id: &str, prefix: &str) -> String {
        match self.endpoint(id) {
            Some(endpoint) => endpoint.to_owned(),
            None => service_url(prefix, &self.region, self.uses_fips),
        }
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
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
        config.set_use_fips(self.uses_fips.then_some(true));
        config.build()
    }

    /// A client without TLS for an emulator's plain endpoint, so that it needs no roots; with TLS for all others.
    fn http_client(&self, endpoint: Option<&str>) -> SharedHttpClient {
        if endpoint.is_some_and(is_plain) {
            return Builder::new().build_http();
        }
        Builder::new().tls_provider(TLS).tls_context(self.tls_context()).build_https()
    }

    /// The same for requests to `url` that are made without the SDK.
    pub(crate) fn connector(&self, url: &str) -> SharedHttpConnector {
        if is_plain(url) {
            return SharedHttpConnector::new(Connector::builder().build_http());
        }
        let connector = Connector::builder().tls_provider(TLS).tls_context(self.tls_context());
        SharedHttpConnector::new(connector.build())
    }

    fn tls_context(&self) -> TlsContext {
        let context = TlsContext::builder().with_trust_store(self.roots.trust_store()).build();
        context.expect("its only part is a trust store, which is checked when it is read")
    }
}

fn is_plain(url: &str) -> bool {
    url.starts_with("http://")
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
        assert_eq!(access.endpoint("SNS"), Some("http://127.0.0.1:1"));
        assert_eq!(access.endpoint("S3"), Some("https://s3.example.com"));
        assert_eq!(access.url("EC2", "ec2"), "http://127.0.0.1:1");
        assert!(!format!("{access:?}").contains("hidden"), "{access:?}");
    }

    #[test]
    fn without_an_endpoint_the_region_says_where() {
        let of_region = [ALL[0], ALL[1], ALL[2], ("AWS_USE_FIPS_ENDPOINT", "true")];
        assert_eq!(read(&of_region[..3]).unwrap().url("EC2", "ec2"), "https://ec2.eu-west-1.amazonaws.com");
        assert_eq!(read(&of_region).unwrap().url("EC2", "ec2"), "https://ec2-fips.eu-west-1.amazonaws.com");
    }

    #[test]
    fn buckets_are_hosts_where_aws_serves_them() {
        let url = |variables: &[_], bucket| read(variables).unwrap().s3_url(bucket, "a/b");
        assert_eq!(url(&ALL[..3], "my-1"), "https://my-1.s3.eu-west-1.amazonaws.com/a/b");
        assert_eq!(url(&ALL[..3], "my.dots"), "https://s3.eu-west-1.amazonaws.com/my.dots/a/b");
        assert_eq!(url(&ALL[..3], "Old_1"), "https://s3.eu-west-1.amazonaws.com/Old_1/a/b");
        assert_eq!(url(&ALL, "my-1"), "https://s3.example.com/my-1/a/b");
        let fips = [ALL[0], ALL[1], ALL[2], ("AWS_USE_FIPS_ENDPOINT", "true")];
        assert_eq!(url(&fips, "my-1"), "https://my-1.s3-fips.eu-west-1.amazonaws.com/a/b");
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
