//! Events that hold nothing readable, kept in S3 for whoever looks into them.

use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;

use crate::access::AwsAccess;
use crate::refusal::Refusal;

/// A bucket that takes undecodable events.
#[derive(Debug)]
pub struct FailureBucket {
    access: AwsAccess,
    bucket: String,
    client: OnceLock<Client>,
}

/// S3 did not take an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("S3 did not take s3://{bucket}/{key}: {code}: {text}")]
pub struct FailureBucketError {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// S3's word for the reason, such as `AccessDenied`; the status, such as `HTTP 503`, of an answer without one;
    /// `NoAnswer` when S3 was not reached.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

impl FailureBucket {
    /// The bucket of this name.
    pub fn new(access: AwsAccess, bucket: String) -> Self {
        FailureBucket { access, bucket, client: OnceLock::new() }
    }

    /// Keeps `bytes`, as they came with the request `request_id` at `now` in Unix seconds, and returns the key. The
    /// same request has the same key: a repetition keeps nothing twice.
    pub async fn keep(
        &self,
        request_id: &str,
        now: u64,
        bytes: Vec<u8>,
    ) -> Result<String, FailureBucketError> {
        let key = key(request_id, now);
        let client = self.client.get_or_init(|| self.access.s3());
        let call = client.put_object().bucket(&self.bucket).key(&key).body(ByteStream::from(bytes));
        match call.content_type("application/json").send().await {
            Ok(_) => Ok(key),
            Err(error) => {
                let Refusal { code, text } = Refusal::from(&error);
                Err(FailureBucketError { bucket: self.bucket.clone(), key, code, text })
            }
        }
    }
}

/// `undecodable/YYYY/MM/DD/<request id>`, the day being that of UTC.
fn key(request_id: &str, now: u64) -> String {
    let time = i64::try_from(now).ok().and_then(|now| Timestamp::from_second(now).ok()).unwrap_or_default();
    format!("undecodable/{}/{request_id}", time.strftime("%Y/%m/%d"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_s3::config::retry::RetryConfig;
    use aws_sdk_s3::config::timeout::TimeoutConfig;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, HttpClient, Region};
    use aws_smithy_http_client::test_util::{NeverClient, infallible_client_fn};

    use super::*;

    /// Why an S3 behind `http` does not keep anything, waits passing at once.
    fn refusal(http: impl HttpClient + 'static) -> FailureBucketError {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "key", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(8)).build())
            .http_client(http);
        let access = AwsAccess::for_tests();
        let client = OnceLock::from(Client::from_conf(config.build()));
        let bucket = FailureBucket { access, bucket: "b".to_owned(), client };
        runtime.block_on(bucket.keep("8e4b", 1_700_000_000, b"{}".to_vec())).unwrap_err()
    }

    #[test]
    fn a_refusal_is_told_in_s3s_own_words() {
        let place = "S3 did not take s3://b/undecodable/2023/11/14/8e4b: ";
        let answers = [
            (
                403,
                "<Error><Code>AccessDenied</Code><Message>not allowed</Message><HostId>h</HostId></Error>",
                "AccessDenied: not allowed",
            ),
            (403, "<Error><Code>AccessDenied</Code></Error>", "AccessDenied: no reason given"),
            (503, "", "HTTP 503: no reason given"),
        ];
        for (status, body, expected) in answers {
            let answer = move |_| http::Response::builder().status(status).body(body).unwrap();
            assert_eq!(refusal(infallible_client_fn(answer)).to_string(), format!("{place}{expected}"));
        }
    }

    #[test]
    fn no_answer_is_told_in_a_sentence() {
        let error = refusal(NeverClient::new());
        assert_eq!(error.code, "NoAnswer");
        assert_eq!(
            error.text,
            "request has timed out: operation timeout (all attempts including retries) occurred after 8s"
        );
    }

    #[test]
    fn keys_are_by_day_and_request() {
        assert_eq!(key("8e4b", 1_700_000_000), "undecodable/2023/11/14/8e4b");
        assert_eq!(key("8e4b", u64::MAX), "undecodable/1970/01/01/8e4b");
    }
}
