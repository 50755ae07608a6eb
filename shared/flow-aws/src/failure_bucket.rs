//! Events that hold nothing readable, kept in S3 for whoever looks into them.

use jiff::Timestamp;

use crate::access::AwsAccess;
use crate::refusal::Refusal;
use crate::s3_calls::S3Calls;

/// A bucket that takes undecodable events.
#[derive(Debug)]
pub struct FailureBucket {
    s3: S3Calls,
    bucket: String,
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
        FailureBucket { s3: S3Calls::new(access), bucket }
    }

    /// Keeps `bytes`, as they came with the request `request_id` at `now` in Unix seconds, and returns the key. The
    /// same request has the same key: a repetition keeps nothing twice.
    pub async fn keep(&self, request_id: &str, now: u64, bytes: &[u8]) -> Result<String, FailureBucketError> {
        let key = key(request_id, now);
        match self.s3.put(&self.bucket, &key, "application/json", bytes, now).await {
            Ok(()) => Ok(key),
            Err(Refusal { code, text }) => {
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
    use aws_smithy_http_client::test_util::NeverClient;
    use aws_smithy_runtime_api::client::http::HttpConnector;

    use crate::fake_http::made_beforehand;

    use super::*;

    /// Why an S3 behind `http` does not keep anything, waits passing at once.
    fn refusal(http: impl HttpConnector + 'static) -> FailureBucketError {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let bucket = FailureBucket { s3: S3Calls::over(http), bucket: "b".to_owned() };
        runtime.block_on(bucket.keep("8e4b", 1_700_000_000, b"{}")).unwrap_err()
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
            let http = made_beforehand(&[(status, body); 3]);
            assert_eq!(refusal(http).to_string(), format!("{place}{expected}"));
        }
    }

    #[test]
    fn no_answer_is_told_in_a_sentence() {
        let error = refusal(NeverClient::new());
        assert_eq!((error.code.as_str(), error.text.as_str()), ("NoAnswer", "nothing within 8 s"));
    }

    #[test]
    fn keys_are_by_day_and_request() {
        assert_eq!(key("8e4b", 1_700_000_000), "undecodable/2023/11/14/8e4b");
        assert_eq!(key("8e4b", u64::MAX), "undecodable/1970/01/01/8e4b");
    }
}
