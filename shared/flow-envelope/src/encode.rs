//! The other direction: log lines to the events that would deliver them.
//!
//! For generated traffic, samples and tests. The same lines give the same bytes: ids are derived, not drawn,
//! and gzip carries no time.

mod event_id;
mod firehose;
mod record_line;

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde::Serialize;
use serde_json::json;

use event_id::event_id;
pub use firehose::{FirehoseEncoder, RecordBuffer, RecordShape, firehose_event, kinesis_firehose_event};
pub use record_line::{RecordLineError, data_line, record_of_line};

/// Bounds on what the encoder writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeLimits {
    /// The most bytes of one Lambda event. Default 1,048,576: the Lambda quota for asynchronous invocations,
    /// which is how CloudWatch Logs invokes.
    pub event_bytes: usize,
    /// The most log events of one message. Default 10,000, the quota of `PutLogEvents` for one batch.
    pub events: usize,
    /// The most bytes of one message before compression. Default 16 MiB.
    pub message_bytes: usize,
}

impl Default for EncodeLimits {
    fn default() -> Self {
        Self { event_bytes: 1 << 20, events: 10_000, message_bytes: 16 << 20 }
    }
}

/// Why lines could not be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// One line alone exceeds a limit; it cannot be split.
    #[error("line {index} alone makes {found} bytes, at most {limit} fit into one event")]
    LineTooLarge {
        /// The line's place among those given, from 0.
        index: usize,
        /// The bytes that the event or message would have.
        found: usize,
        /// The limit that it exceeds.
        limit: usize,
    },
}

/// Where encoded log events claim to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStream<'a> {
    /// The account id of the log group's owner.
    pub owner: &'a str,
    /// The log group's name.
    pub log_group: &'a str,
    /// The log stream's name.
    pub log_stream: &'a str,
    /// The subscription filter's name.
    pub subscription_filter: &'a str,
}

/// A message as CloudWatch Logs writes it, keys in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(rename = "messageType")]
    kind: &'static str,
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: [&'a str; 1],
    log_events: &'a [Event<'a>],
}

#[derive(Serialize)]
struct Event<'a> {
    id: String,
    timestamp: i64,
    message: &'a str,
}

/// Turns the lines of one log stream into subscription events.
///
/// Keep one encoder per log stream for a whole run: it numbers the lines, so that equal lines get different
/// ids, and the same lines in the same order get the same ids in every run.
#[derive(Debug, Clone)]
pub struct SubscriptionEncoder<'a> {
    stream: LogStream<'a>,
    limits: EncodeLimits,
    ordinal: u64,
}

impl<'a> SubscriptionEncoder<'a> {
    /// An encoder for one log stream.
    pub fn new(stream: LogStream<'a>, limits: EncodeLimits) -> Self {
        Self { stream, limits, ordinal: 0 }
    }

    /// Encodes lines, each with its timestamp in milliseconds since the epoch, as Lambda events in order.
    ///
    /// What exceeds a limit is split in halves. When one line alone does, nothing is encoded.
    pub fn encode<L: AsRef<str>>(&mut self, lines: &[(i64, L)]) -> Result<Vec<String>, EncodeError> {
        let mut encoded = Vec::new();
        let first = self.ordinal;
        let mut index = 0;
        for part in lines.chunks(self.limits.events.max(1)) {
            let events: Vec<_> =
                part.iter().map(|(timestamp, line)| self.event(*timestamp, line.as_ref())).collect();
            if let Err(error) = self.encode_part(&events, index, &mut encoded) {
                self.ordinal = first;
                return Err(error);
            }
            index += part.len();
        }
        Ok(encoded)
    }

    fn event<'l>(&mut self, timestamp: i64, message: &'l str) -> Event<'l> {
        let mut identity = Vec::with_capacity(message.len() + 128);
        for text in [self.stream.log_group, self.stream.log_stream] {
            identity.extend((text.len() as u64).to_le_bytes());
            identity.extend(text.as_bytes());
        }
        identity.extend(self.ordinal.to_le_bytes());
        identity.extend(message.as_bytes());
        self.ordinal += 1;
        Event { id: event_id(timestamp, &identity), timestamp, message }
    }

    /// Encodes `events`, the first of which is line `index`, as one event if that fits, else in halves.
    fn encode_part(
        &self,
        events: &[Event<'_>],
        index: usize,
        into: &mut Vec<String>,
    ) -> Result<(), EncodeError> {
        let (found, limit) = match self.encode_whole(events) {
            Ok(event) => {
                into.push(event);
                return Ok(());
            }
            Err(excess) => excess,
        };
        if events.len() < 2 {
            return Err(EncodeError::LineTooLarge { index, found, limit });
        }
        let (left, right) = events.split_at(events.len() / 2);
        self.encode_part(left, index, into)?;
        self.encode_part(right, index + left.len(), into)
    }

    /// One event of `events`, or its size and the limit that it exceeds.
    fn encode_whole(&self, events: &[Event<'_>]) -> Result<String, (usize, usize)> {
        let limit = self.limits.message_bytes;
        // Messages alone may be over the limit already; then nothing needs to be written to know it.
        let least = events.iter().map(|event| event.message.len()).sum();
        if least > limit {
            return Err((least, limit));
        }
        let message = self.message(events);
        if message.len() > limit {
            return Err((message.len(), limit));
        }
        let event = subscription_event(&message);
        if event.len() > self.limits.event_bytes {
            return Err((event.len(), self.limits.event_bytes));
        }
        Ok(event)
    }

    fn message(&self, events: &[Event<'_>]) -> Vec<u8> {
        let LogStream { owner, log_group, log_stream, subscription_filter } = self.stream;
        let message = Message {
            kind: "DATA_MESSAGE",
            owner,
            log_group,
            log_stream,
            subscription_filters: [subscription_filter],
            log_events: events,
        };
        serde_json::to_vec(&message).expect("plain structs of text and numbers always serialise")
    }

    /// Encodes all lines as one CloudWatch Logs message, neither compressed nor split: what
    /// [`gzip`] makes the data of a Kinesis or Firehose record.
    pub fn encode_message<L: AsRef<str>>(&mut self, lines: &[(i64, L)]) -> Vec<u8> {
        let events: Vec<_> =
            lines.iter().map(|(timestamp, line)| self.event(*timestamp, line.as_ref())).collect();
        self.message(&events)
    }
}

/// Compresses as CloudWatch Logs does: one gzip member of level 6; without a time, so that equal input gives
/// equal bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let mut encoder = GzBuilder::new().mtime(0).read(bytes, Compression::new(6));
    // A slice can always be read and a vector always be written to, so there is no failure to report.
    let _ = encoder.read_to_end(&mut compressed);
    compressed
}

/// The Lambda event for one CloudWatch Logs message: `{"awslogs":{"data":"<base64 of gzip>"}}`.
pub fn subscription_event(message: &[u8]) -> String {
    // Base64 needs no escaping, so the JSON around it can be written as it stands.
    format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD.encode(gzip(message)))
}

/// The Lambda event for records of a Kinesis data stream; `records` are their data before base64. Sequence
/// numbers count from 0.
pub fn kinesis_event(records: &[&[u8]]) -> String {
    let arn = "arn:aws:kinesis:us-east-1:123456789012:stream/flow-logs";
    let records: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(index, data)| {
            json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "1",
                    "sequenceNumber": index.to_string(),
                    "data": STANDARD.encode(data),
                    "approximateArrivalTimestamp": 1_545_084_650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("shardId-000000000000:{index}"),
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/flow-logs",
                "awsRegion": "us-east-1",
                "eventSourceARN": arn,
            })
        })
        .collect();
    json!({ "Records": records }).to_string()
}

#[cfg(test)]
mod tests;
