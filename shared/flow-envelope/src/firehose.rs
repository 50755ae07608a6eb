//! The event with which Firehose invokes a transformation function.
//!
//! The type is our own. `aws_lambda_events::KinesisFirehoseEvent` 1.2 is right about what Firehose sends
//! today, but it fails the whole event for one record that is not base64 or for a metadata value of another
//! type (`"subsequenceNumber":""` and ISO timestamps occur in AWS's own samples), and its response cannot
//! express a `Dropped` record without data.

mod answer;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use answer::{FirehoseAnswer, MAX_ANSWER, NoData, PartitionKeys, Unsettled};

use crate::EnvelopeError;
use crate::text::{Text, text_or, text_or_integer, utf8};
use crate::unpacker::{NO_TEXT, Unpacker};

const EXPECTED: &str = "a Firehose event";

/// `{"invocationId":"...","deliveryStreamArn":"...","records":[{"recordId":"...","data":"<base64>"}]}`,
/// still packed.
///
/// From the Firehose developer guide, "Transform source data".
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirehoseEvent<'a> {
    /// The invocation, the same in retries.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub invocation_id: Cow<'a, str>,
    /// The Firehose stream.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub delivery_stream_arn: Cow<'a, str>,
    /// The data stream that the Firehose stream reads, empty when producers put records directly.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub source_kinesis_stream_arn: Cow<'a, str>,
    /// The Region of the Firehose stream.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub region: Cow<'a, str>,
    /// The records, in order. The response must name each of them once.
    #[serde(borrow)]
    pub records: Vec<FirehoseRecord<'a>>,
}

/// One record of a Firehose stream.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirehoseRecord<'a> {
    /// The id that the response must repeat.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub record_id: Cow<'a, str>,
    /// The base64 text, as sent; `(no text)`, which is no base64, where there is none.
    #[serde(borrow, default = "no_text", deserialize_with = "data")]
    pub data: Cow<'a, str>,
    /// What a Kinesis stream said of it, of any shape: AWS's own samples differ.
    #[serde(borrow, default)]
    kinesis_record_metadata: Option<&'a RawValue>,
}

fn no_text<'a>() -> Cow<'a, str> {
    Cow::Borrowed(NO_TEXT)
}

fn data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    text_or(deserializer, NO_TEXT)
}

impl<'a> FirehoseEvent<'a> {
    /// Finds the records in a Lambda payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let text = utf8(payload).map_err(EnvelopeError::not_utf8)?;
        serde_json::from_str(text)
            .map_err(|error| EnvelopeError::NotJson { expected: EXPECTED, error: error.into() })
    }
}

impl FirehoseRecord<'_> {
    /// Whether its data begin as gzip does. Where they hold a CloudWatch Logs message and do not, the stream decompresses
    /// by itself.
    pub fn is_gzip(&self) -> bool {
        // 1f 8b, and the compression method 8, which is the only one.
        self.data.starts_with("H4sI")
    }

    /// The partition key under which a Kinesis stream had it.
    pub fn partition_key(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata<'a> {
            #[serde(borrow)]
            partition_key: Text<'a>,
        }
        let metadata = self.kinesis_record_metadata?.get();
        Some(serde_json::from_str::<Metadata<'_>>(metadata).ok()?.partition_key.0.into_owned())
    }
}

/// Unpacks one record after the other with the same memory.
#[derive(Debug, Default)]
pub struct RecordUnpacker {
    unpacker: Unpacker,
    unpacked: Vec<u8>,
}

impl RecordUnpacker {
    /// The bytes of `record`; at most `cap` when it is compressed.
    ///
    /// [`RecordContent::read`](crate::RecordContent::read) reads what they hold. Each record stands for itself: a bad one
    /// spoils none of its neighbours.
    pub fn unpack(&mut self, record: &FirehoseRecord<'_>, cap: usize) -> Result<&[u8], EnvelopeError> {
        self.unpacker.unpack(&record.data, cap, &mut self.unpacked)?;
        Ok(&self.unpacked)
    }

    /// The data of `record` as they came, without base64.
    pub fn decode(&mut self, record: &FirehoseRecord<'_>) -> Result<&[u8], EnvelopeError> {
        self.unpacker.decode(&record.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordContent;
    use crate::encode::{firehose_event, gzip};

    #[test]
    fn reads_odd_metadata_that_aws_lambda_events_refuses() {
        let text = r#"{"invocationId":"i","deliveryStreamArn":"arn","region":"us-east-2","records":[
            {"data":"MiBh","recordId":"record1","approximateArrivalTimestamp":1510772160000,
             "kinesisRecordMetadata":{"approximateArrivalTimestamp":"2012-04-23T18:25:43.511Z",
             "subsequenceNumber":""}}]}"#;
        let event = FirehoseEvent::parse(text.as_bytes()).unwrap();
        assert_eq!((&*event.records[0].record_id, &*event.region), ("record1", "us-east-2"));
        let mut memory = RecordUnpacker::default();
        let unpacked = memory.unpack(&event.records[0], 99).unwrap();
        assert_eq!(RecordContent::read(unpacked).unwrap().lines, ["2 a"]);
        assert_eq!(event.records[0].partition_key(), None);
        assert!(serde_json::from_str::<aws_lambda_events::firehose::KinesisFirehoseEvent>(text).is_err());
    }

    #[test]
    fn a_bad_record_spoils_no_other() {
        let payload = firehose_event(&[b"2 a", b"\xff", &gzip(b"2 b\n2 c\n")]).replace("/w==", "?");
        let event = FirehoseEvent::parse(payload.as_bytes()).unwrap();
        let mut memory = RecordUnpacker::default();
        let mut lines = |record| Some(RecordContent::read(memory.unpack(record, 99).ok()?).ok()?.lines.len());
        let lines: Vec<_> = event.records.iter().map(&mut lines).collect();
        assert_eq!(lines, [Some(1), None, Some(2)]);
        assert_eq!(
            event.records.iter().map(FirehoseRecord::is_gzip).collect::<Vec<_>>(),
            [false, false, true]
        );
    }

    #[test]
    fn data_that_are_no_text_are_one_record_s_fault() {
        for data in [
            "",
            r#","data":null"#,
            r#","data":7"#,
            r#","data":{"a":"b"}"#,
            r#","data":[1,"x"]"#,
            r#","data":true"#,
            r#","data":-1.5"#,
            r#","kafkaRecordValue":"MiBh""#,
        ] {
            let text = format!(
                r#"{{"invocationId":null,"region":null,"records":[{{"recordId":"1"{data}}},{{"recordId":"2","data":"MiBh"}}]}}"#
            );
            let event = FirehoseEvent::parse(text.as_bytes()).unwrap();
            let mut memory = RecordUnpacker::default();
            assert_eq!(memory.unpack(&event.records[0], 99).unwrap_err().kind(), "not_base64", "{data}");
            assert_eq!(memory.unpack(&event.records[1], 99).unwrap(), b"2 a");
        }
        let escaped = FirehoseEvent::parse(br#"{"records":[{"data":"MiB\u0068"}]}"#).unwrap();
        assert_eq!(escaped.records[0].data, "MiBh");
    }

    #[test]
    fn a_kinesis_stream_says_the_partition_key() {
        let text = r#"{"sourceKinesisStreamArn":"arn","records":[{"recordId":1,"data":"","kinesisRecordMetadata":
            {"partitionKey":"a\"b","subsequenceNumber":""}}]}"#;
        let event = FirehoseEvent::parse(text.as_bytes()).unwrap();
        assert_eq!(event.records[0].partition_key().as_deref(), Some("a\"b"));
    }

    #[test]
    fn what_we_write_aws_lambda_events_reads() {
        let payload = firehose_event(&[b"one"]);
        let event: aws_lambda_events::firehose::KinesisFirehoseEvent =
            serde_json::from_str(&payload).unwrap();
        assert_eq!(event.records[0].data.0, b"one");
        assert_eq!(event.records[0].record_id.as_deref(), Some("0"));
    }

    #[test]
    fn says_what_is_wrong() {
        let error = FirehoseEvent::parse(b"{}").unwrap_err().to_string();
        assert_eq!(
            error,
            "expected a Firehose event as JSON: a missing key or a value of another type at line 1 column 2"
        );
    }
}
