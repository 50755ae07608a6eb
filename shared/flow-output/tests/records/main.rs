//! Records in every encoding: typed, escaped, whole, and valid by the schemas that others read them with.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod csv_and_text;
mod ecs;
mod examples;
mod fields;
mod flat;
mod lines;
mod ocsf;
mod schema;

use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::{Marks, RecordEncoder, RecordEncoding, Rejection};
use flow_record::RecordFormat;
use serde_json::Value;

/// Where the records of tests come from.
const ORIGIN: Origin<'_> = Origin {
    account: Some("210987654321"),
    region: Some("eu-central-1"),
    log_group: Some("/aws/vpc/flowlogs"),
    log_stream: Some("eni-1-all"),
    event_id: Some("37199773595581154154810589279545129148442997997644353536"),
    timestamp: Some(1_700_000_000_123),
};

/// An encoder without a choice of fields.
fn encoder(encoding: RecordEncoding) -> RecordEncoder {
    RecordEncoder::new(encoding, None::<&[&str]>).unwrap()
}

/// An encoder of chosen fields.
fn encoder_of(encoding: RecordEncoding, fields: &[&str]) -> RecordEncoder {
    RecordEncoder::new(encoding, Some(fields)).unwrap()
}

/// What the encoder writes of a line from [`ORIGIN`]: one line.
fn written(encoder: &mut RecordEncoder, format: &RecordFormat, line: &str, marks: &Marks) -> String {
    written_from(encoder, format, line, &ORIGIN, &Tables::default(), marks)
}

fn written_from(
    encoder: &mut RecordEncoder,
    format: &RecordFormat,
    line: &str,
    origin: &Origin<'_>,
    tables: &Tables,
    marks: &Marks,
) -> String {
    let line = format.parse(line).unwrap();
    let mut out = b"what is there stays\n".to_vec();
    encoder.write(&mut out, &EnrichedFlow { record: line.record(), origin, tables }, marks);
    one_line(out)
}

/// What the encoder writes of a line that can't be read; none if it has no place for it.
fn rejected(encoder: &mut RecordEncoder, line: &str, marks: &Marks) -> Option<String> {
    let rejection =
        Rejection { line, kind: "too_few_columns", error: "expected 14 columns, found 1\u{202e}" };
    let mut out = b"what is there stays\n".to_vec();
    encoder.write_rejected(&mut out, &rejection, &ORIGIN, marks).then(|| one_line(out))
}

fn one_line(out: Vec<u8>) -> String {
    let text = String::from_utf8(out).unwrap();
    let line = text.strip_prefix("what is there stays\n").unwrap().strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `path = value` for each value, in the order written.
fn paths(json: &Value) -> String {
    let mut lines = Vec::new();
    schema::leaves(json, "", &mut |path, value| lines.push(format!("{path} = {value}\n")));
    lines.concat()
}
