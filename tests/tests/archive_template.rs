//! `templates/archive.yaml` and the code: the Glue table has what flat output writes, of types that hold every value; variables
//! and metrics are those of the function.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use flow_enrich::{EnrichedFlow, Enrichment, EnrichmentKind, Origin, Tables};
use flow_output::{ContextKey, Marks, RecordEncoder, RecordEncoding, Rejection};
use flow_pipeline::TRANSFORMATION_VARIABLES;
use flow_record::{Field, FieldKind, RecordFormat};
use flowgauge_tests::{assert_written, root};
use regex::Regex;
use serde_json::{Map, Value};

/// Everything that may be written of a record, with its type in Athena.
fn of_records() -> Vec<(&'static str, &'static str)> {
    let field = |field: Field| {
        let is_number = matches!(field.kind(), FieldKind::Integer { .. });
        (field.json_key(), if is_number { "bigint" } else { "string" })
    };
    let enrichment = |enrichment: Enrichment| {
        let is_number = enrichment.kind() == EnrichmentKind::Integer;
        (enrichment.json_key(), if is_number { "bigint" } else { "string" })
    };
    let context = |key: ContextKey| match key {
        ContextKey::EventTimestamp | ContextKey::SampleWeight | ContextKey::MergedRecords => {
            (key.json_key(), "bigint")
        }
        _ => (key.json_key(), "string"),
    };
    let fields = Field::ALL.into_iter().map(field).chain(Enrichment::ALL.into_iter().map(enrichment));
    fields.chain(ContextKey::ALL.into_iter().map(context)).collect()
}

/// The columns as they stand in the template: those of records, then those of lines that are none.
fn columns() -> String {
    let mut text = String::new();
    for (name, kind) in of_records().into_iter().chain([("error_kind", "string"), ("error", "string")]) {
        writeln!(text, "            - {{ Name: {name}, Type: {kind} }}").unwrap();
    }
    text
}

fn template() -> String {
    fs::read_to_string(root().join("templates/archive.yaml")).unwrap()
}

const BEGIN: &str = "          Columns:\n";
const END: &str = "          # The end of the columns.\n";

#[test]
fn the_table_has_the_columns_of_flat_output() {
    let text = template();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{}{END}{after}", columns());
    assert_written("templates/archive.yaml", &expected, "flat output has as columns");
}

/// A line in which every field has a value.
fn full_line(format: &RecordFormat) -> String {
    let value = |field: Field| match (field, field.kind()) {
        (Field::Protocol, _) => "6",
        (Field::TcpFlags, _) => "2",
        (_, FieldKind::Integer { .. }) => "1",
        (_, FieldKind::Address) => "192.0.2.7",
        (_, FieldKind::Text) => "OK",
    };
    let values: Vec<_> = format.columns().iter().map(|column| value(column.field().unwrap())).collect();
    values.join(" ")
}

const ORIGIN: Origin<'_> = Origin {
    account: Some("123456789010"),
    region: Some("eu-central-1"),
    log_group: Some("/vpc"),
    log_stream: Some("eni-1-all"),
    event_id: Some("1"),
    timestamp: Some(1_700_000_000_123),
};

/// What the encoder writes is what the table's types can hold, key by key; nothing is written that has no column.
#[test]
fn whatever_flat_output_writes_has_a_column_of_its_type() {
    let columns = columns();
    let types: BTreeMap<&str, &str> = columns
        .lines()
        .map(|line| {
            let column = line.trim().trim_start_matches("- { Name: ").trim_end_matches(" }");
            column.split_once(", Type: ").unwrap()
        })
        .collect();
    let names: Vec<_> = of_records().into_iter().map(|(name, _)| name).collect();
    let format = RecordFormat::of_fields(Field::ALL).unwrap();
    let line = full_line(&format);
    let line = format.parse(&line).unwrap();
    let flow = EnrichedFlow { record: line.record(), origin: &ORIGIN, tables: &Tables::default() };
    let marks = Marks { sample_weight: Some(10), merged: Some(2) };
    let mut out = Vec::new();
    RecordEncoder::new(RecordEncoding::Flat, Some(&names)).unwrap().write(&mut out, &flow, &marks);
    let mut encoder = RecordEncoder::new(RecordEncoding::Flat, None::<&[&str]>).unwrap();
    encoder.write(&mut out, &flow, &marks);
    let rejection = Rejection { line: "x", kind: "columns", error: "expected 14 columns" };
    assert!(encoder.write_rejected(&mut out, &rejection, &ORIGIN, &marks));
    let mut seen = Map::new();
    for object in String::from_utf8(out).unwrap().lines() {
        let object: Map<String, Value> = serde_json::from_str(object).unwrap();
        for (key, value) in &object {
            let expected = if value.is_i64() { "bigint" } else { "string" };
            assert_eq!(types.get(&**key), Some(&expected), "{key}: {value}");
        }
        seen.extend(object);
    }
    let never: Vec<_> =
        Field::ALL.into_iter().map(Field::json_key).filter(|key| !seen.contains_key(*key)).collect();
    assert_eq!(never, [""; 0], "every field was written");
}

#[test]
fn variables_and_metrics_are_those_of_the_function() {
    let template = template();
    let found = |pattern: &str| -> Vec<String> {
        Regex::new(pattern).unwrap().captures_iter(&template).map(|found| found[1].to_owned()).collect()
    };
    let variables = found("(?m)^          ([A-Z_]+): !Ref ");
    assert!(variables.len() > 5, "{variables:?}");
    for variable in variables {
        assert!(TRANSFORMATION_VARIABLES.iter().any(|known| known.name == variable), "{variable}");
    }
    let metrics = found("(?m)^      Namespace: Flowgauge\n      MetricName: (.+)$");
    assert_eq!(metrics.len(), 3, "{metrics:?}");
    for metric in metrics {
        assert!(firehose::telemetry::METRICS.iter().any(|known| known.name == metric), "{metric}");
    }
}
