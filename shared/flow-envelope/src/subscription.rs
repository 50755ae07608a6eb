//! The event with which CloudWatch Logs invokes a Lambda function that subscribes to a log group.
//!
//! These types are our own. `aws_lambda_events::LogsEvent` 1.2 decodes inside `Deserialize`, so a bad
//! payload never reaches the handler; has no cap on the decompressed size; refuses any key beside `data`;
//! reads only the first gzip member; and drops `policyLevel` and `extractedFields`.

use std::borrow::Cow;

use serde::Deserialize;

use crate::log_batch::log_batches_in;
use crate::skeleton;
use crate::text::{Text, utf8};
use crate::unpacker::Unpacker;
use crate::{EnvelopeError, LogBatch, LogEvent};

/// `{"awslogs":{"data":"<base64 of gzip of a CloudWatch Logs message>"}}`, still packed.
///
/// From the CloudWatch Logs user guide, "Subscription filters with AWS Lambda". Unpack it in two steps, so
/// that one [`SubscriptionUnpacker`] serves every invocation:
///
/// ```
/// use flow_envelope::{DEFAULT_DECOMPRESSED_CAP, SubscriptionEvent, SubscriptionUnpacker, room_of};
///
/// # fn main() -> Result<(), flow_envelope::EnvelopeError> {
/// # let payload = flow_envelope::encode::subscription_event(br#"{"messageType":"DATA_MESSAGE","logEvents":[]}"#);
/// # let payload = payload.as_bytes();
/// let mut memory = SubscriptionUnpacker::default();
/// let event = SubscriptionEvent::parse(payload)?;
/// let batches = memory.batches(&event, DEFAULT_DECOMPRESSED_CAP)?;
/// for event in batches.iter().flat_map(|batch| batch.lines()) {
///     println!("{} {}", event.timestamp, event.message);
/// }
/// let room = room_of(batches);
/// memory.keep(room);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionEvent<'a> {
    data: Cow<'a, str>,
}

impl<'a> SubscriptionEvent<'a> {
    /// Finds the data in a Lambda payload. Other keys are ignored at every level, their order is free.
    pub fn parse(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        #[derive(Deserialize)]
        struct Event<'a> {
            #[serde(borrow)]
            awslogs: Option<Logs<'a>>,
        }
        #[derive(Deserialize)]
        struct Logs<'a> {
            #[serde(borrow)]
            data: Option<Text<'a>>,
        }

        const EXPECTED: &str = "a CloudWatch Logs subscription event";
        // One check for the whole payload is cheaper than one for each string.
        let text = utf8(payload).map_err(EnvelopeError::not_utf8)?;
        if let Some(data) = skeleton::subscription_data(text) {
            return Ok(Self { data: Cow::Borrowed(data) });
        }
        let event: Event<'_> = serde_json::from_str(text)
            .map_err(|error| EnvelopeError::NotJson { expected: EXPECTED, error: error.into() })?;
        let missing = |missing| EnvelopeError::NotAnEvent { expected: EXPECTED, missing };
        let logs = event.awslogs.ok_or_else(|| missing("awslogs"))?;
        Ok(Self { data: logs.data.ok_or_else(|| missing("awslogs.data"))?.0 })
    }

    /// The base64 text, as sent.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Unpacks the messages of one event alone into `into`, in place of what it holds; at most `cap` bytes.
    pub fn decompress(&self, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        Unpacker::default().gzip(&self.data, cap, into)
    }
}

/// Unpacks one event after the other with the same memory.
#[derive(Debug, Default)]
pub struct SubscriptionUnpacker {
    unpacker: Unpacker,
    unpacked: Vec<u8>,
    room: Vec<LogEvent<'static>>,
}

impl SubscriptionUnpacker {
    /// The messages in `event`; at most `cap` bytes.
    ///
    /// [`log_batches`](crate::log_batches) reads them.
    pub fn unpack(&mut self, event: &SubscriptionEvent<'_>, cap: usize) -> Result<&[u8], EnvelopeError> {
        self.unpacker.gzip(&event.data, cap, &mut self.unpacked)?;
        Ok(&self.unpacked)
    }

    /// As [`unpack`](Self::unpack), and reads them as [`log_batches`](crate::log_batches) does.
    pub fn batches(
        &mut self,
        event: &SubscriptionEvent<'_>,
        cap: usize,
    ) -> Result<Vec<LogBatch<'_>>, EnvelopeError> {
        let room = std::mem::take(&mut self.room);
        log_batches_in(room, self.unpack(event, cap)?)
    }

    /// Keeps the [room](crate::room_of) of batches that nobody needs any more for those of the next event.
    pub fn keep(&mut self, room: Vec<LogEvent<'static>>) {
        self.room = room;
    }

    /// How many bytes it holds for the next event's messages and their events, which may be many.
    pub fn held(&self) -> usize {
        self.unpacked.capacity() + self.room.capacity() * size_of::<LogEvent<'_>>()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::encode::gzip;
    use crate::{DEFAULT_DECOMPRESSED_CAP, log_batches};

    const MESSAGE: &str = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s",
        "subscriptionFilters":["f"],"logEvents":[{"id":"1","timestamp":2,"message":"x"}]}"#;

    fn packed(message: &[u8]) -> String {
        STANDARD.encode(gzip(message))
    }

    fn unpack(payload: &[u8], cap: usize) -> Result<String, EnvelopeError> {
        let mut memory = SubscriptionUnpacker { unpacked: b"left over".to_vec(), ..Default::default() };
        let unpacked = memory.unpack(&SubscriptionEvent::parse(payload)?, cap)?;
        Ok(String::from_utf8_lossy(unpacked).into_owned())
    }

    fn error(payload: &str) -> String {
        unpack(payload.as_bytes(), 1 << 20).unwrap_err().to_string()
    }

    #[test]
    fn unpacks_with_and_without_padding_with_extra_keys_and_escapes() {
        let mut compressed = gzip(MESSAGE.as_bytes());
        compressed.resize(compressed.len().next_multiple_of(3) + 1, 0);
        let data = STANDARD.encode(compressed);
        assert!(data.ends_with("=="), "{data}");
        let bare = data.trim_end_matches('=');
        let escaped = data.replace('/', "\\/");
        for payload in [
            format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#),
            format!(r#"{{"awslogs":{{"data":"{bare}"}}}}"#),
            format!(r#"{{"awslogs":{{"data":"{escaped}"}}}}"#),
            format!(r#" {{"x":[1],"awslogs":{{"a":null,"data":"{data}","z":{{}}}},"y":"\n"}} "#),
        ] {
            assert_eq!(unpack(payload.as_bytes(), 1 << 20).unwrap(), MESSAGE, "{payload}");
        }
    }

    #[test]
    fn unpacks_several_gzip_members() {
        let data = STANDARD.encode([gzip(MESSAGE.as_bytes()), gzip(MESSAGE.as_bytes())].concat());
        let event = format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#);
        let text = unpack(event.as_bytes(), 1 << 20).unwrap();
        assert_eq!(log_batches(text.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn says_what_is_wrong() {
        let with = |data: &str| error(&format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#));
        assert!(
            error("{")
                .starts_with("expected a CloudWatch Logs subscription event as JSON: unexpected end at line")
        );
        assert!(error(r#"{"awslogs":{"data":5}}"#).contains("another type at line 1 column 20"));
        let found = "expected a CloudWatch Logs subscription event, found JSON without awslogs";
        assert_eq!(error("{}"), found);
        assert_eq!(error(r#"{"awslogs":{}}"#), format!("{found}.data"));
        assert_eq!(with("AAAA*AAA"), "data is not base64: Invalid symbol 42, offset 4.");
        assert_eq!(with("AAAAA"), "data is not base64: Invalid input length: 5");
        assert_eq!(with(""), "not gzip: expected 1f 8b, found nothing");
        assert_eq!(with("eNqF"), "not gzip: expected 1f 8b, found 78 da 85 (zlib)");
        let data = packed(MESSAGE.as_bytes());
        assert_eq!(with(&data[..40]), "truncated gzip: the data ends inside a member");
        assert_eq!(with(&format!("H4sIAAAAAAAA/{}", "/".repeat(23))), "corrupt gzip: invalid deflate data");
        let text = unpack(b"\"\xff\"", 9).unwrap_err().to_string();
        assert_eq!(text, "not UTF-8 at byte 1");
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = STANDARD.encode(gzip(&vec![b' '; 8 << 20]).repeat(128));
        assert!(bomb.len() < 2 << 20, "{}", bomb.len());
        let event = format!(r#"{{"awslogs":{{"data":"{bomb}"}}}}"#);
        let error = unpack(event.as_bytes(), DEFAULT_DECOMPRESSED_CAP).unwrap_err();
        assert_eq!(error.to_string(), "decompressed data exceeds the cap of 67108864 bytes");
    }
}
