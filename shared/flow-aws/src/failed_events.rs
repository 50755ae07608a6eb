//! Events whose every try failed, as they lie in the failure bucket.
//!
//! Lambda keeps an asynchronous event whose tries ran out as an invocation record, and the subscription function keeps
//! what it can't decode as it came:
//!
//! | key | content |
//! |---|---|
//! | `aws/lambda/async/<function>/YYYY/MM/DD/<time>-<uuid>` | a JSON object with the event as `requestPayload` |
//! | `undecodable/YYYY/MM/DD/<request id>` | the event |
//!
//! Source: "Capturing records of Lambda asynchronous invocations" in the AWS Lambda developer guide.

use std::error::Error;
use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::access::AwsAccess;
use crate::refusal::Refusal;

/// The most bytes of one object: an event has a megabyte at most, and its record says little more.
const MAX_BYTES: i64 = 16 << 20;

/// Where events go once they are done: the bucket's lifecycle deletes them.
const DONE: &str = "redriven/";

/// Where the function keeps what it can't decode.
pub(crate) const UNDECODABLE: &str = "undecodable/";

/// What a key in a copy's source can't hold as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The failure bucket of one function, to be emptied.
#[derive(Debug)]
pub struct FailedEvents {
    access: AwsAccess,
    bucket: String,
    function: String,
    client: OnceLock<Client>,
}

/// One event in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedEvent {
    /// The object's key.
    pub key: String,
    /// When it was put there, in Unix seconds.
    pub kept_at: u64,
}

/// Why the bucket gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailedEventsError {
    /// S3 refused, or was not reached.
    #[error("s3://{bucket}/{key}: {code}: {text}")]
    Refused {
        /// The bucket.
        bucket: String,
        /// The object's key, or the prefix that could not be listed.
        key: String,
        /// S3's word for the reason, such as `AccessDenied`; `NoAnswer` when S3 was not reached.
        code: String,
        /// The reason in a sentence.
        text: String,
    },
    /// An object is larger than any event.
    #[error("s3://{bucket}/{key}: expected at most {MAX_BYTES} bytes, found {found}")]
    TooLarge {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// Its bytes.
        found: i64,
    },
    /// An object is no invocation record.
    #[error("s3://{bucket}/{key}: expected an invocation record with `requestPayload`, found {found}")]
    NoRecord {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// What is wrong with it.
        found: String,
    },
}

/// The part of an invocation record that is wanted.
#[derive(Deserialize)]
struct InvocationRecord {
    #[serde(rename = "requestPayload")]
    request_payload: Box<RawValue>,
}

impl FailedEvents {
    /// The events of `function` in `bucket`; both are names.
    pub fn new(access: AwsAccess, bucket: String, function: String) -> Self {
        FailedEvents { access, bucket, function, client: OnceLock::new() }
    }

    /// Up to `limit` events, those of one kind in order of time.
    pub async fn list(&self, limit: usize) -> Result<Vec<FailedEvent>, FailedEventsError> {
        let mut listed = Vec::new();
        for prefix in [format!("aws/lambda/async/{}/", self.function), UNDECODABLE.to_owned()] {
            let mut next = None;
            while listed.len() < limit {
                let call = self.client().list_objects_v2().bucket(&self.bucket).prefix(&prefix);
                let page = call.set_continuation_token(next.take()).send().await;
                let page = page.map_err(|error| self.refused(&prefix, &error))?;
                listed.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| {
                    let kept_at = object.last_modified.map_or(0, |time| time.secs());
                    Some(FailedEvent { key: object.key?, kept_at: kept_at.try_into().unwrap_or(0) })
                }));
                next = page.next_continuation_token;
                if next.is_none() {
                    break;
                }
            }
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// The event as the function got it.
    pub async fn payload(&self, event: &FailedEvent) -> Result<Vec<u8>, FailedEventsError> {
        let (bucket, key) = (self.bucket.clone(), event.key.clone());
        let object = self.client().get_object().bucket(&bucket).key(&key).send().await;
        let object = object.map_err(|error| self.refused(&key, &error))?;
        let found = object.content_length.unwrap_or_default();
        if found > MAX_BYTES {
            return Err(FailedEventsError::TooLarge { bucket, key, found });
        }
        let bytes = match object.body.collect().await {
            Ok(body) => body.to_vec(),
            Err(error) => {
                let (code, text) = ("NoAnswer".to_owned(), error.to_string());
                return Err(FailedEventsError::Refused { bucket, key, code, text });
            }
        };
        if key.starts_with(UNDECODABLE) {
            return Ok(bytes);
        }
        match serde_json::from_slice::<InvocationRecord>(&bytes) {
            Ok(record) => Ok(record.request_payload.get().as_bytes().to_vec()),
            Err(error) => Err(FailedEventsError::NoRecord { bucket, key, found: error.to_string() }),
        }
    }

    /// Moves an event that is done to `redriven/`, where nothing looks for it.
    pub async fn done(&self, event: &FailedEvent) -> Result<(), FailedEventsError> {
        let (bucket, key) = (&self.bucket, &event.key);
        let source = format!("{bucket}/{}", utf8_percent_encode(key, ESCAPED));
        let copy = self.client().copy_object().bucket(bucket).key(format!("{DONE}{key}")).copy_source(source);
        copy.send().await.map_err(|error| self.refused(key, &error))?;
        let delete = self.client().delete_object().bucket(bucket).key(key);
        delete.send().await.map_err(|error| self.refused(key, &error))?;
        Ok(())
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.access.s3())
    }

    fn refused<E>(&self, key: &str, error: &SdkError<E>) -> FailedEventsError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let Refusal { code, text } = Refusal::from(error);
        FailedEventsError::Refused { bucket: self.bucket.clone(), key: key.to_owned(), code, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped_for_a_copy() {
        let key = "aws/lambda/async/f-1_x/2026/11/26/2026-11-26T05.00.12+é";
        assert_eq!(
            utf8_percent_encode(key, ESCAPED).to_string(),
            "aws/lambda/async/f-1_x/2026/11/26/2026-11-26T05.00.12%2B%C3%A9"
        );
    }

    #[test]
    fn a_record_gives_the_event_as_it_was() {
        let record = r#"{"version":"1.0","requestContext":{"condition":"RetriesExhausted"},
            "requestPayload":{"awslogs":{ "data":"H4sI"}},"responsePayload":null}"#;
        let record: InvocationRecord = serde_json::from_str(record).expect("a record");
        assert_eq!(record.request_payload.get(), r#"{"awslogs":{ "data":"H4sI"}}"#);
    }
}
