//! The events: generated traffic, the same from the same seed.

use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip};
use flow_generate::{Batch, Batches, Settings, Traffic};
use flow_record::{RecordFormat, VPC_DEFAULT, VPC_V5};

use crate::contender::Flowgauge;

/// Records of a message, and messages of an event where they have room in an answer.
const RECORDS: usize = 1000;
const MESSAGES: usize = 10;

/// One event in one format.
#[derive(Debug)]
pub(crate) struct Scene {
    pub name: &'static str,
    /// The format of its lines.
    pub format: String,
    pub event: String,
    /// How many lines it holds.
    pub records: usize,
}

/// The default format, and all fields of version 5.
pub(crate) fn scenes() -> Vec<Scene> {
    vec![scene("default", VPC_DEFAULT), scene("v5", VPC_V5)]
}

fn scene(name: &'static str, format: &str) -> Scene {
    let mut messages = messages(&format.parse().expect("a known format"));
    let flowgauge = Flowgauge::new(format);
    loop {
        let records: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let event = firehose_event(&records);
        if flowgauge.takes(&event) {
            return Scene { name, format: format.to_owned(), event, records: messages.len() * RECORDS };
        }
        messages.pop().expect("an answer takes one message");
    }
}

/// Full messages only, each of one interface.
fn messages(format: &RecordFormat) -> Vec<Vec<u8>> {
    let traffic = Traffic::new(&Settings { seed: 1, ..Settings::default() });
    let batches = Batches::new(traffic, format.clone(), RECORDS, u64::MAX);
    batches.take(MESSAGES).map(|batch| message(&batch)).collect()
}

fn message(batch: &Batch) -> Vec<u8> {
    let stream = LogStream {
        owner: &batch.interface.account,
        log_group: "/aws/vpc/flowlogs",
        log_stream: &batch.interface.log_stream,
        subscription_filter: "flowgauge",
    };
    gzip(&SubscriptionEncoder::new(stream, EncodeLimits::default()).encode_message(&batch.lines))
}
