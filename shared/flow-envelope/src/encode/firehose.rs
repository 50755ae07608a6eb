//! Firehose events in every shape in which their records come.

use serde_json::{Value, json};

use super::{EncodeLimits, LogStream, STANDARD, SubscriptionEncoder, gzip};
use base64::Engine;

/// What the records of a Firehose stream hold, by how they got there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordShape {
    /// A subscription filter: one CloudWatch Logs message, compressed.
    Gzip,
    /// Messages that were joined on their way: several gzip members.
    Members,
    /// A stream that decompresses: messages as JSON, back to back.
    Messages,
    /// A stream that decompresses and extracts: lines.
    Extracted,
    /// VPC Flow Logs delivered to Firehose: one `{"message":"..."}` a record.
    Direct,
    /// Any producer: one line a record.
    Raw,
}

impl RecordShape {
    /// All of them.
    pub const ALL: [RecordShape; 6] = [
        RecordShape::Gzip,
        RecordShape::Members,
        RecordShape::Messages,
        RecordShape::Extracted,
        RecordShape::Direct,
        RecordShape::Raw,
    ];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            RecordShape::Gzip => "gzip",
            RecordShape::Members => "members",
            RecordShape::Messages => "messages",
            RecordShape::Extracted => "extracted",
            RecordShape::Direct => "direct",
            RecordShape::Raw => "raw",
        }
    }

    /// The shape with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        RecordShape::ALL.into_iter().find(|shape| shape.name() == name)
    }

    fn is_of_one_line(self) -> bool {
        matches!(self, RecordShape::Direct | RecordShape::Raw)
    }
}

/// Turns the lines of one log stream into Firehose events.
#[derive(Debug, Clone)]
pub struct FirehoseEncoder<'a> {
    /// What its records hold.
    pub shape: RecordShape,
    /// The most lines of a record, where it may hold more than one.
    pub lines: usize,
    /// The most bytes of an event's records: the stream's buffer. One record may be more.
    pub buffer: usize,
    /// The Firehose stream reads a Kinesis stream.
    pub from_kinesis: bool,
    messages: SubscriptionEncoder<'a>,
}

impl<'a> FirehoseEncoder<'a> {
    /// An encoder of such records, at most 1,000 lines each and 1 MB of them an event, as Firehose buffers by default.
    pub fn new(stream: LogStream<'a>, shape: RecordShape) -> Self {
        let messages = SubscriptionEncoder::new(stream, EncodeLimits::default());
        FirehoseEncoder { shape, lines: 1000, buffer: 1_000_000, from_kinesis: false, messages }
    }

    /// Encodes lines, each with its timestamp in milliseconds since the epoch, as Lambda events in order.
    pub fn encode<L: AsRef<str>>(&mut self, lines: &[(i64, L)]) -> Vec<String> {
        let size = if self.shape.is_of_one_line() { 1 } else { self.lines.max(1) };
        let mut buffer = RecordBuffer::new(self.buffer, self.from_kinesis);
        let mut events: Vec<_> =
            lines.chunks(size).filter_map(|lines| buffer.add(self.record(lines))).collect();
        events.extend(buffer.finish());
        events
    }

    fn record<L: AsRef<str>>(&mut self, lines: &[(i64, L)]) -> Vec<u8> {
        let texts = || lines.iter().map(|(_, line)| line.as_ref());
        match self.shape {
            RecordShape::Gzip => gzip(&self.messages.encode_message(lines)),
            RecordShape::Members => {
                halves(lines).flat_map(|half| gzip(&self.messages.encode_message(half))).collect()
            }
            RecordShape::Messages => {
                halves(lines).flat_map(|half| self.messages.encode_message(half)).collect()
            }
            RecordShape::Direct => {
                texts().map(|line| json!({ "message": line }).to_string() + "\n").collect::<String>().into()
            }
            RecordShape::Extracted | RecordShape::Raw => {
                texts().flat_map(|line| [line, "\n"]).collect::<String>().into()
            }
        }
    }
}

/// What a stream buffers: records on their way into events.
#[derive(Debug, Clone)]
pub struct RecordBuffer {
    size: usize,
    from_kinesis: bool,
    records: Vec<Vec<u8>>,
    bytes: usize,
}

impl RecordBuffer {
    /// An empty one of so many bytes, though one record may be more; `from_kinesis` is of a stream that reads a Kinesis
    /// stream.
    pub fn new(size: usize, from_kinesis: bool) -> Self {
        RecordBuffer { size, from_kinesis, records: Vec::new(), bytes: 0 }
    }

    /// Adds a record; gives those before it as an event when there is no room for it beside them.
    pub fn add(&mut self, record: Vec<u8>) -> Option<String> {
        let full = if self.bytes + record.len() > self.size { self.finish() } else { None };
        self.bytes += record.len();
        self.records.push(record);
        full
    }

    /// What is in it, if anything, as an event; it is empty then.
    pub fn finish(&mut self) -> Option<String> {
        self.bytes = 0;
        let records = std::mem::take(&mut self.records);
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let event = if self.from_kinesis { kinesis_firehose_event } else { firehose_event };
        (!records.is_empty()).then(|| event(&records))
    }
}

/// Two messages' lines, or one's.
fn halves<T>(lines: &[T]) -> impl Iterator<Item = &[T]> {
    let (first, second) = lines.split_at(lines.len() / 2);
    [first, second].into_iter().filter(|half| !half.is_empty())
}

const ARRIVAL: i64 = 1_684_864_917_398;

/// The Lambda event for records of a Firehose stream; `records` are their data before base64. Record ids
/// count from 0.
pub fn firehose_event(records: &[&[u8]]) -> String {
    event(records, |_| {}, |_, _| {})
}

/// The same where the Firehose stream reads a Kinesis data stream. Sequence numbers and partition keys count from 0.
pub fn kinesis_firehose_event(records: &[&[u8]]) -> String {
    let source = |event: &mut Value| {
        event["sourceKinesisStreamArn"] = "arn:aws:kinesis:us-east-1:123456789012:stream/flow-logs".into();
    };
    let metadata = |index: usize, record: &mut Value| {
        record["kinesisRecordMetadata"] = json!({
            "shardId": "shardId-000000000000",
            "partitionKey": index.to_string(),
            "approximateArrivalTimestamp": ARRIVAL,
            "sequenceNumber": index.to_string(),
            "subsequenceNumber": 0,
        });
    };
    event(records, source, metadata)
}

fn event(
    records: &[&[u8]],
    complete: impl Fn(&mut Value),
    complete_record: impl Fn(usize, &mut Value),
) -> String {
    let record = |(index, data): (usize, &&[u8])| {
        let mut record = json!({
            "recordId": index.to_string(),
            "approximateArrivalTimestamp": ARRIVAL,
            "data": STANDARD.encode(data),
        });
        complete_record(index, &mut record);
        record
    };
    let mut event = json!({
        "invocationId": "00000000-0000-0000-0000-000000000000",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/flow-logs",
        "region": "us-east-1",
        "records": records.iter().enumerate().map(record).collect::<Vec<_>>(),
    });
    complete(&mut event);
    event.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FirehoseEvent, RecordContent, RecordUnpacker};

    #[test]
    fn every_shape_holds_every_line() {
        let stream =
            LogStream { owner: "123456789012", log_group: "g", log_stream: "s", subscription_filter: "f" };
        let lines: Vec<_> = (0..25).map(|number| (1, format!("2 {number}"))).collect();
        for shape in RecordShape::ALL {
            let mut encoder = FirehoseEncoder::new(stream, shape);
            (encoder.lines, encoder.buffer, encoder.from_kinesis) = (10, 60, shape == RecordShape::Raw);
            let events = encoder.encode(&lines);
            let (mut found, mut memory) = (Vec::new(), RecordUnpacker::default());
            for event in &events {
                let event = FirehoseEvent::parse(event.as_bytes()).unwrap();
                for record in &event.records {
                    assert_eq!(record.partition_key().is_some(), encoder.from_kinesis);
                    let content = RecordContent::read(memory.unpack(record, 1 << 20).unwrap()).unwrap();
                    let of_batches = content.batches.iter().flat_map(|batch| batch.lines());
                    found.extend(of_batches.map(|event| event.message.to_string()));
                    found.extend(content.lines.iter().map(ToString::to_string));
                }
            }
            assert_eq!(found, lines.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(), "{shape:?}");
            assert!(events.len() > 1, "{shape:?}");
        }
    }
}
