//! Firehose's buffer in `templates/archive.yaml` and the size of an answer.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::fs;

use flow_enrich::Tables;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip};
use flow_generate::{Batch, Batches, Settings, Traffic};
use flow_pipeline::{
    Formats, PutBack, StreamEntry, StreamSource, Transformation, TransformationReport,
    TransformationSettings, now_or_never,
};
use flow_record::{VPC_DEFAULT, VPC_V5};
use regex::Regex;

/// Nothing can be put back here: what has no room fails.
struct Nowhere;

impl PutBack for Nowhere {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, _: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        Vec::new()
    }
}

/// The template's default buffer in bytes.
fn buffer() -> usize {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/archive.yaml");
    let template = fs::read_to_string(path).unwrap();
    let default = Regex::new(r"(?m)^  BufferMB:\n    Type: Number\n    Default: ([\d.]+)$").unwrap();
    let megabytes: f64 = default.captures(&template).unwrap()[1].parse().unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few megabytes")]
    let bytes = (megabytes * f64::from(1 << 20)) as usize;
    bytes
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

/// What becomes of a buffer full of messages of so many lines each.
fn transformed(format: &str, lines: usize) -> TransformationReport {
    let traffic = Traffic::new(&Settings { seed: 1, ..Settings::default() });
    let batches = Batches::new(traffic, format.parse().unwrap(), lines, u64::MAX);
    let (mut messages, mut left) = (Vec::new(), buffer());
    for message in batches.map(|batch| message(&batch)) {
        let Some(rest) = left.checked_sub(message.len()) else { break };
        left = rest;
        messages.push(message);
    }
    assert!(!messages.is_empty(), "{format} {lines}: one message is larger than the buffer");
    let records: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let formats = Formats::parse(format).unwrap();
    let settings = TransformationSettings { formats, ..TransformationSettings::default() };
    let event = firehose_event(&records);
    let transformation = Transformation::new(settings);
    let tables = Tables::default();
    let run = transformation.run(&tables, event.as_bytes(), Some(&Nowhere));
    let report = now_or_never(run).unwrap().report;
    assert_eq!(report.ok, records.len() as u64, "{format} {lines}: {report:?}");
    report
}

/// Putting back costs a second way through the stream: a buffer that is full must have an answer.
#[test]
fn what_the_template_buffers_has_room_in_an_answer() {
    for format in [VPC_DEFAULT, VPC_V5] {
        for lines in [100, 1_000, 2_500] {
            transformed(format, lines);
        }
    }
}

/// A buffer that is needlessly small costs an invocation more often than it must.
#[test]
fn the_template_does_not_buffer_needlessly_little() {
    let report = transformed(VPC_DEFAULT, 500);
    let limit = TransformationSettings::default().answer_limit as u64;
    assert!(report.answer_bytes > limit / 3, "{report:?}");
}
