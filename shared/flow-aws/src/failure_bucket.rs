//! Events that hold nothing readable, kept in S3 for whoever looks into them.

use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;

use crate::access::AwsAccess;

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
    /// S3's word for the reason, such as `AccessDenied`; `NoAnswer` when S3 was not reached.
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
            Err(error) => Err(FailureBucketError {
                bucket: self.bucket.clone(),
                key,
                code: error.code().unwrap_or("NoAnswer").to_owned(),
                text: DisplayErrorContext(&error).to_string(),
            }),
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
    use super::*;

    #[test]
    fn keys_are_by_day_and_request() {
        assert_eq!(key("8e4b", 1_700_000_000), "undecodable/2023/11/14/8e4b");
        assert_eq!(key("8e4b", u64::MAX), "undecodable/1970/01/01/8e4b");
    }
}
