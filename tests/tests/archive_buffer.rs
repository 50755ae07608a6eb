//! Firehose's buffer in `templates/archive.yaml` and the size of an answer: measured, told in `docs/firehose.md`, and held to
//! by the template.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::convert::Infallible;
use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use flow_enrich::Tables;
use flow_envelope::MAX_ANSWER;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip};
use flow_generate::{Batch, Batches, Settings, Traffic};
use flow_output::{RecordEncoder, RecordEncoding};
use flow_pipeline::{
    Formats, PutBack, StreamEntry, StreamSource, Transformation, TransformationReport,
    TransformationSettings, now_or_never,
};
use flow_record::{VPC_DEFAULT, VPC_V5};
use flowgauge_tests::{assert_written, root};
use regex::Regex;

/// Nothing can be put back here: what has no room fails.
struct Nowhere;

impl PutBack for Nowhere {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, _: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        Vec::new()
    }
}

fn template() -> String {
    fs::read_to_string(root().join("templates/archive.yaml")).unwrap()
}

/// Megabytes as Firehose counts them, in bytes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few megabytes")]
fn bytes(megabytes: f64) -> usize {
    (megabytes * f64::from(1 << 20)) as usize
}

/// The template's default buffer in megabytes, and all that it allows.
fn buffers() -> (f64, Vec<f64>) {
    let parameter = Regex::new(
        r"(?m)^  BufferMB:\n    Type: Number\n    Default: ([\d.]+)\n    AllowedValues: \[(.+)\]$",
    )
    .unwrap();
    let template = template();
    let found = parameter.captures(&template).unwrap();
    (found[1].parse().unwrap(), found[2].split(", ").map(|value| value.parse().unwrap()).collect())
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
fn transformed(
    encoding: RecordEncoding,
    format: &str,
    lines: usize,
    buffer: usize,
    limit: usize,
) -> TransformationReport {
    let traffic = Traffic::new(&Settings { seed: 1, ..Settings::default() });
    let batches = Batches::new(traffic, format.parse().unwrap(), lines, u64::MAX);
    let (mut messages, mut left) = (Vec::new(), buffer);
    for message in batches.map(|batch| message(&batch)) {
        let Some(rest) = left.checked_sub(message.len()) else { break };
        left = rest;
        messages.push(message);
    }
    assert!(!messages.is_empty(), "{format} {lines}: one message is larger than the buffer");
    let records: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let settings = TransformationSettings {
        formats: Formats::parse(format).unwrap(),
        encoder: RecordEncoder::new(encoding, None::<&[&str]>).unwrap(),
        answer_limit: limit,
        ..TransformationSettings::default()
    };
    let event = firehose_event(&records);
    let transformation = Transformation::new(settings);
    let tables = Tables::default();
    let run = transformation.run(&tables, event.as_bytes(), Some(&Nowhere));
    let report = now_or_never(run).unwrap().report;
    assert_eq!(report.ok, records.len() as u64, "{encoding:?} {format} {lines}: {report:?}");
    report
}

/// Lines of a message, from those of a quiet interface to what CloudWatch Logs sends of a busy one.
const SIZES: [usize; 3] = [100, 1_000, 2_500];

const FORMATS: [(&str, &str); 2] = [("default", VPC_DEFAULT), ("version 5, 29 fields", VPC_V5)];

/// How records grow, by encoding and format.
static GROWTHS: LazyLock<Vec<(RecordEncoding, &str, u64)>> = LazyLock::new(|| {
    let of = |encoding| FORMATS.map(|(name, format)| (encoding, name, growth(encoding, format)));
    RecordEncoding::ALL.into_iter().flat_map(of).collect()
});

/// An answer for a hundred bytes of compressed messages, in bytes: the most over messages of all sizes.
fn growth(encoding: RecordEncoding, format: &str) -> u64 {
    let growth = |lines| {
        let report = transformed(encoding, format, lines, bytes(0.25), 1 << 30);
        (report.answer_bytes * 100).div_ceil(report.bytes_in)
    };
    SIZES.into_iter().map(growth).max().unwrap()
}

/// The buffers among those that the template allows, full of which an answer has room.
fn fitting(growth: u64) -> Vec<f64> {
    let has_room = |buffer: &f64| bytes(*buffer) as u64 * growth / 100 <= MAX_ANSWER as u64;
    buffers().1.into_iter().filter(has_room).collect()
}

/// The table in the documentation.
fn table() -> String {
    let mut table = format!("{HEADER}\n|---|---|---|---|\n");
    for (encoding, name, growth) in &*GROWTHS {
        let buffer = fitting(*growth).last().map_or("none".to_owned(), ToString::to_string);
        let (whole, tenth) = (growth / 100, growth / 10 % 10);
        writeln!(table, "| `{}` | {name} | {whole}.{tenth} | {buffer} |", encoding.name()).unwrap();
    }
    table
}

const HEADER: &str = "| output | format | growth | largest buffer, MB |";

#[test]
fn the_documentation_tells_the_growth_that_is_measured() {
    let text = fs::read_to_string(root().join("docs/firehose.md")).unwrap();
    let (before, rest) = text.split_once(HEADER).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    assert_written("docs/firehose.md", &format!("{before}{}\n{after}", table()), "was measured");
}

/// Putting back costs a second way through the stream: a buffer that is full must have an answer.
#[test]
fn what_the_template_buffers_has_room_in_an_answer() {
    let limit = TransformationSettings::default().answer_limit;
    for (_, format) in FORMATS {
        for lines in SIZES {
            transformed(RecordEncoding::Flat, format, lines, bytes(buffers().0), limit);
        }
    }
}

/// The template refuses a buffer that no answer has room for, by the format that grows most; the smallest it always takes.
#[test]
fn the_template_allows_the_buffers_that_fit() {
    let template = template();
    for (rule, encodings) in [
        ("BufferFitsFlat", &[RecordEncoding::Flat][..]),
        ("BufferFitsSchemas", &[RecordEncoding::Ecs, RecordEncoding::Ocsf]),
        ("BufferFitsLines", &[RecordEncoding::Text, RecordEncoding::Csv]),
    ] {
        let all = GROWTHS.iter().filter(|(encoding, ..)| encodings.contains(encoding));
        let mut expected = fitting(all.map(|(.., growth)| *growth).max().unwrap());
        if expected.is_empty() {
            expected.push(buffers().1[0]);
        }
        let contains = Regex::new(&format!(r"(?s)  {rule}:\n.*?Fn::Contains: \[\[(.*?)\],")).unwrap();
        let found = contains.captures(&template).unwrap_or_else(|| panic!("{rule}: no such rule"))[1]
            .replace('"', "");
        let found: Vec<f64> = found.split(", ").map(|value| value.parse().unwrap()).collect();
        assert_eq!(found, expected, "{rule}");
    }
}

/// A buffer that is needlessly small costs an invocation more often than it must.
#[test]
fn the_template_does_not_buffer_needlessly_little() {
    let limit = TransformationSettings::default().answer_limit;
    let report = transformed(RecordEncoding::Flat, VPC_DEFAULT, 500, bytes(buffers().0), limit);
    assert!(report.answer_bytes > limit as u64 / 3, "{report:?}");
}
