//! The event with which Lambda hands over records of a Kinesis data stream.
//!
//! The type is our own. `aws_lambda_events::KinesisEvent` 1.2 is right about what Lambda sends, and its
//! response types are the ones to answer with; but one record whose data is not base64 fails its whole
//! event, it needs `Records` (a tumbling window's last invocation may have none), and it copies every string.

use std::borrow::Cow;

use serde::Deserialize;

use crate::EnvelopeError;
use crate::text::{text_or_integer, utf8};
use crate::unpacker::Unpacker;

const EXPECTED: &str = "a Kinesis event";

/// `{"Records":[{"kinesis":{"data":"<base64>",...},...}]}`, still packed.
///
/// From the Lambda developer guide, "Using Lambda to process records from Amazon Kinesis Data Streams".
/// The data of a record that CloudWatch Logs wrote is gzip of one message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KinesisEvent<'a> {
    /// The records, in shard order; none in a window event without records.
    #[serde(borrow, default, rename = "Records")]
    pub records: Vec<KinesisRecord<'a>>,
}

/// One record of a data stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KinesisRecord<'a> {
    /// The stream's part of the record.
    #[serde(borrow)]
    pub kinesis: KinesisData<'a>,
    /// The stream that the record comes from.
    #[serde(borrow, default, rename = "eventSourceARN")]
    pub event_source_arn: Cow<'a, str>,
}

/// What the data stream knows of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KinesisData<'a> {
    /// The number that `batchItemFailures` answers with.
    #[serde(borrow, default, rename = "sequenceNumber", deserialize_with = "text_or_integer")]
    pub sequence_number: Cow<'a, str>,
    /// The key that chose the shard.
    #[serde(borrow, default, rename = "partitionKey", deserialize_with = "text_or_integer")]
    pub partition_key: Cow<'a, str>,
    /// The base64 text, as sent.
    #[serde(borrow)]
    pub data: Cow<'a, str>,
}

impl<'a> KinesisEvent<'a> {
    /// Finds the records in a Lambda payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let text = utf8(payload).map_err(EnvelopeError::not_utf8)?;
        serde_json::from_str(text)
            .map_err(|error| EnvelopeError::NotJson { expected: EXPECTED, error: error.into() })
    }
}

impl KinesisRecord<'_> {
    /// Unpacks the record into `into`, which is cleared first; at most `cap` bytes when it is compressed.
    ///
    /// [`RecordContent::read`](crate::RecordContent::read) reads what it then holds. Each record stands for
    /// itself: a bad one spoils none of its neighbours.
    pub fn unpack(&self, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        into.clear();
        Unpacker::default().append(&self.kinesis.data, cap, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordContent;
    use crate::encode::{gzip, kinesis_event};

    #[test]
    fn a_bad_record_spoils_no_other() {
        let message = br#"{"logGroup":"g","logEvents":[{"timestamp":1,"message":"a"}]}"#;
        let truncated = &gzip(message)[..30];
        let payload = kinesis_event(&[&gzip(message), truncated, b"plain line"]);
        let event = KinesisEvent::parse(payload.as_bytes()).unwrap();
        let mut unpacked = Vec::new();
        let results: Vec<_> = event
            .records
            .iter()
            .map(|record| {
                record.unpack(1 << 20, &mut unpacked)?;
                let content = RecordContent::read(&unpacked)?;
                Ok((content.batches.len(), content.lines.len()))
            })
            .map(|result: Result<_, EnvelopeError>| result.map_err(|error| error.to_string()))
            .collect();
        let error = "truncated gzip: the data ends inside a member".to_owned();
        assert_eq!(results, [Ok((1, 0)), Err(error), Ok((0, 1))]);
        assert_eq!(event.records[1].kinesis.sequence_number, "1");
    }

    #[test]
    fn reads_window_events_and_what_aws_lambda_events_refuses() {
        let window = r#"{"window":{"start":"a","end":"b"},"state":{"1":2},"isFinalInvokeForWindow":true}"#;
        assert_eq!(KinesisEvent::parse(window.as_bytes()).unwrap().records, []);
        assert!(serde_json::from_str::<aws_lambda_events::kinesis::KinesisEvent>(window).is_err());

        let bad = kinesis_event(&[b"good"]).replace("Z29vZA==", "*");
        assert_eq!(KinesisEvent::parse(bad.as_bytes()).unwrap().records.len(), 1);
        assert!(serde_json::from_str::<aws_lambda_events::kinesis::KinesisEvent>(&bad).is_err());
    }

    #[test]
    fn what_we_write_aws_lambda_events_reads() {
        let payload = kinesis_event(&[b"one", b"two"]);
        let event: aws_lambda_events::kinesis::KinesisEvent = serde_json::from_str(&payload).unwrap();
        let data: Vec<_> = event.records.iter().map(|record| record.kinesis.data.0.as_slice()).collect();
        assert_eq!(data, [b"one", b"two"]);
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| KinesisEvent::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error("[").starts_with("expected a Kinesis event as JSON: unexpected end"));
        assert!(error(r#"{"Records":[{}]}"#).contains("a missing key"));
    }
}
