//! Checks the parser and the envelopes against public fixtures that nobody here wrote and that are not kept here.
//!
//! `FLOWGAUGE_VECTORS=<folder> cargo test -p flowgauge-tests --test vectors -- --ignored` runs them; the folder
//! is relative to the workspace.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flow_envelope::{Entry, Limits, LogBatch, read_entries};
use flow_record::{Field, Line, RecordFormat, RejectKind, Value};
use flowgauge_tests::root;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Stands for a file of cases, which has a test of its own, or of words: it is no input.
const NO_INPUT: &str = "no input";

// What [`account`] tells of the fixtures without flow logs.
const TWO_OTHER_LINES: &str = "2 too_few_columns";
const TWO_OTHER_EVENTS: &str = "1 event, 2 too_few_columns";
const LINE_AND_OTHER_JSON: &str = "1 too_few_columns, refused: record 1: expected a CloudWatch Logs message at byte 0, found JSON \
                                   without logEvents";
const OTHER_JSON: &str =
    "refused: record 0: expected a CloudWatch Logs message at byte 0, found JSON without logEvents";
const ZLIB: &str = "refused: not gzip: expected 1f 8b, found 78 da 85 8f (zlib)";
const UNKNOWN: &str =
    "refused: JSON of no known shape: expected an event, a CloudWatch Logs message or a message";
const S3: &str = "refused: an S3 notification names objects, it holds no log lines: read the objects";
const SQS: &str = "refused: an SQS event holds messages of a queue, no log lines";
const SNS: &str = "refused: an SNS event holds notifications, no log lines";
const EVENT_BRIDGE: &str =
    "refused: an EventBridge event tells that something happened, it holds no log lines";

/// Every file and what comes out of it.
const TABLE: [(&str, &str); 52] = [
    ("README.md", NO_INPUT),
    ("SumoLogic+sumologic-aws-lambda/cwlfixtures.json", "50 event, 4954 too_many_columns"),
    ("SumoLogic+sumologic-aws-lambda/testevent.json", TWO_OTHER_EVENTS),
    ("amazon-archives+aws-vpc-flow-log-appender/decorator_event.json", "2 flow"),
    ("aws-docs/flow-logs-records-examples.json", NO_INPUT),
    ("aws-powertools+powertools-lambda-python/cloudWatchLogEvent.json", TWO_OTHER_EVENTS),
    ("aws-powertools+powertools-lambda-python/cloudWatchLogEventWithPolicyLevel.json", ZLIB),
    ("aws-powertools+powertools-lambda-python/kinesisFirehoseKinesisEvent.json", LINE_AND_OTHER_JSON),
    ("aws-powertools+powertools-lambda-python/kinesisFirehosePutEvent.json", LINE_AND_OTHER_JSON),
    ("aws-powertools+powertools-lambda-python/kinesisFirehoseSQSEvent.json", OTHER_JSON),
    (
        "aws-powertools+powertools-lambda-python/kinesisStreamCloudWatchLogsEvent.json",
        "1 event, 4 too_few_columns, 2 too_many_columns",
    ),
    ("aws-powertools+powertools-lambda-python/kinesisStreamEvent.json", TWO_OTHER_LINES),
    ("aws-powertools+powertools-lambda-python/kinesisStreamEventOneRecord.json", "1 too_few_columns"),
    ("aws-powertools+powertools-lambda-python/s3Event.json", S3),
    (
        "aws-powertools+powertools-lambda-python/s3EventBridgeNotificationObjectCreatedEvent.json",
        EVENT_BRIDGE,
    ),
    ("aws-powertools+powertools-lambda-python/s3EventDecodedKey.json", S3),
    ("aws-powertools+powertools-lambda-python/s3EventDeleteObject.json", S3),
    ("aws-powertools+powertools-lambda-python/s3SqsEvent.json", SQS),
    ("aws-powertools+powertools-lambda-python/snsSqsEvent.json", SQS),
    ("aws-powertools+powertools-lambda-python/sqsEvent.json", SQS),
    ("awslabs+aws-lambda-rust-runtime/example-cloudwatch_logs-event.json", TWO_OTHER_EVENTS),
    ("awslabs+aws-lambda-rust-runtime/example-firehose-event.json", TWO_OTHER_LINES),
    ("awslabs+aws-lambda-rust-runtime/example-kinesis-event-encrypted.json", TWO_OTHER_LINES),
    ("awslabs+aws-lambda-rust-runtime/example-kinesis-event.json", TWO_OTHER_LINES),
    ("awslabs+aws-lambda-rust-runtime/example-kinesis-firehose-event.json", TWO_OTHER_LINES),
    // An answer to Firehose has the shape of a question to it.
    ("awslabs+aws-lambda-rust-runtime/example-kinesis-firehose-response.json", "3 too_few_columns"),
    ("awslabs+aws-lambda-rust-runtime/example-s3-event-with-decoded.json", S3),
    ("awslabs+aws-lambda-rust-runtime/example-s3-event.json", S3),
    ("awslabs+aws-lambda-rust-runtime/example-sqs-api-event-obj.json", SQS),
    ("awslabs+aws-lambda-rust-runtime/example-sqs-batch-response.json", UNKNOWN),
    ("awslabs+aws-lambda-rust-runtime/example-sqs-event-obj.json", SQS),
    ("awslabs+aws-lambda-rust-runtime/example-sqs-event.json", SQS),
    ("coralogix+coralogix-aws-shipper/vpcflow.log", "2 flow, 1 header"),
    ("coralogix+coralogix-aws-shipper/vpcflow.log.gz", "gzip, 2 flow, 1 header"),
    ("grafana+lambda-promtail/eventbridge-s3-event.json", EVENT_BRIDGE),
    ("grafana+lambda-promtail/events_cloudwatch-logs-event.json", TWO_OTHER_EVENTS),
    ("grafana+lambda-promtail/events_kinesis-event.json", TWO_OTHER_LINES),
    ("grafana+lambda-promtail/events_s3-event-generated-tags.json", S3),
    ("grafana+lambda-promtail/events_s3-event.json", S3),
    ("grafana+lambda-promtail/events_s3-test-event.json", S3),
    ("grafana+lambda-promtail/events_sns-event.json", SNS),
    ("grafana+lambda-promtail/events_sqs-event.json", SQS),
    ("grafana+lambda-promtail/kinesis-event.json", "1 event, 3 too_few_columns"),
    ("grafana+lambda-promtail/vpcflowlog.log", "3 flow, 1 header"),
    ("grafana+lambda-promtail/vpcflowlog.log.gz", "gzip, 3 flow, 1 header"),
    ("newrelic+aws-log-ingestion/entry_vpc_flow_logs.json", "1 event, 1 nodata"),
    ("obsrvbl-oss+flowlogs-reader/cases.json", NO_INPUT),
    ("obsrvbl-oss+flowlogs-reader/v2_records.log", "3 flow, 1 nodata, 1 skipdata"),
    ("obsrvbl-oss+flowlogs-reader/v3_file.log", "2 flow, 1 header"),
    ("obsrvbl-oss+flowlogs-reader/v4_file.log", "2 flow, 1 header"),
    ("obsrvbl-oss+flowlogs-reader/v5_file.log", "2 flow, 1 header, 1 too_few_columns"),
    ("obsrvbl-oss+flowlogs-reader/v6_file.log", "1 flow, 1 header"),
];

/// What was found in one input.
#[derive(Debug, Default)]
struct Found {
    gzip: bool,
    counts: BTreeMap<&'static str, usize>,
    refused: Vec<String>,
}

impl Found {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Reads `line` with `format`, which a header line replaces.
    fn line(&mut self, format: &mut RecordFormat, line: &str) {
        if RecordFormat::is_header(line) {
            *format = line.parse().unwrap();
            return self.count("header");
        }
        let outcome = read_and_print(format, line);
        self.count(outcome.unwrap_or_else(RejectKind::name));
    }
}

/// What a line is to `format`. A record printed must read as the same record.
fn read_and_print(format: &RecordFormat, line: &str) -> Result<&'static str, RejectKind> {
    let parsed = format.parse(line).map_err(|error| error.kind())?;
    let printed = parsed.record().display(format).to_string();
    assert_eq!(format.parse(&printed).as_ref(), Ok(&parsed), "{line:?} printed as {printed:?}");
    Ok(match parsed {
        Line::Flow(_) => "flow",
        Line::NoData(_) => "nodata",
        Line::SkipData(_) => "skipdata",
    })
}

/// Tells in one line what reading `input` as the command line does comes to, beginning with the default format.
fn account(input: &[u8]) -> String {
    let (mut found, mut format) = (Found::default(), RecordFormat::default());
    let summary = read_entries(input, &Limits::default(), &mut |entry| {
        match entry {
            Entry::Line { text, .. } => found.line(&mut format, text),
            Entry::Batch { batches, .. } => {
                found.count("event");
                for event in batches.iter().flat_map(LogBatch::lines) {
                    found.line(&mut format, &event.message);
                }
            }
            Entry::Rejected(rejected) => found.refused.push(format!("refused: {}", rejected.reason)),
        }
        ControlFlow::Continue(())
    });
    match summary {
        Ok(summary) => found.gzip = summary.gzip,
        Err(error) => found.refused.push(format!("stopped: {error}")),
    }
    let gzip = found.gzip.then(|| "gzip".to_owned());
    let counts = found.counts.iter().map(|(what, times)| format!("{times} {what}"));
    gzip.into_iter().chain(counts).chain(found.refused).collect::<Vec<_>>().join(", ")
}

/// The folder of fixtures.
#[expect(
    clippy::disallowed_methods,
    reason = "the fixtures are not part of the workspace: who runs this names them"
)]
fn folder() -> PathBuf {
    let folder = std::env::var("FLOWGAUGE_VECTORS");
    let folder =
        folder.expect("FLOWGAUGE_VECTORS must name the folder of public fixtures, relative to the workspace");
    let folder = root().join(folder);
    assert!(folder.is_dir(), "FLOWGAUGE_VECTORS names {}, which is no folder", folder.display());
    folder
}

/// All files below `start`, as paths with `/`, sorted.
fn paths(start: &Path, below: &str) -> Vec<String> {
    let entries = fs::read_dir(start.join(below)).unwrap().map(|entry| entry.unwrap());
    let files = entries.flat_map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() { paths(start, &path) } else { vec![path] }
    });
    let mut files: Vec<String> = files.collect();
    files.sort();
    files
}

/// Where what was found, (path, account), is not what the table says; every file must be in it and in the folder.
fn differences(table: &[(&str, &str)], found: &[(String, String)]) -> Vec<String> {
    let expected_of =
        |path: &str| table.iter().find(|(known, _)| *known == path).map(|(_, expected)| *expected);
    let wrong = found.iter().filter_map(|(path, account)| match expected_of(path) {
        None => Some(format!("{path}: nobody says what is expected of it; add it to the table")),
        Some(expected) if expected == NO_INPUT || expected == account => None,
        Some(expected) => Some(format!("{path}: expected \"{expected}\", found \"{account}\"")),
    });
    let is_missing = |path: &str| found.iter().all(|(there, _)| there != path);
    let missing = table.iter().filter(|(path, _)| is_missing(path));
    wrong.chain(missing.map(|(path, _)| format!("{path}: expected in the folder, not found"))).collect()
}

fn read(path: &str) -> Vec<u8> {
    let path = folder().join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_json(path: &str) -> Json {
    serde_json::from_slice(&read(path)).unwrap()
}

/// The batches and lines in a file: "group stream: message" and plain lines.
fn texts(path: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let told = read_entries(&*read(path), &Limits::default(), &mut |entry| {
        match entry {
            Entry::Line { text, .. } => texts.push(text.to_owned()),
            Entry::Batch { batches, .. } => batches.iter().for_each(|batch| {
                let origin = format!("{} {}", batch.log_group, batch.log_stream);
                texts.extend(batch.lines().iter().map(|event| format!("{origin}: {}", event.message)));
            }),
            Entry::Rejected(rejected) => texts.push(rejected.reason.to_string()),
        }
        ControlFlow::Continue(())
    });
    told.unwrap();
    texts
}

fn texts_of(json: &Json) -> Vec<&str> {
    json.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Checks one line of the user guide and tells what it is. A trailing comment makes it a column too long.
fn check_documented(format: &RecordFormat, line: &str) -> &'static str {
    let outcome = read_and_print(format, line);
    if let Some((record, _)) = line.split_once(" #") {
        assert_eq!(outcome, Err(RejectKind::TooManyColumns), "{line}");
        assert_eq!(read_and_print(format, record), Ok("flow"), "{line}");
        return "commented";
    }
    let status = match line.rsplit(' ').next() {
        Some("NODATA") => "nodata",
        Some("SKIPDATA") => "skipdata",
        _ => "flow",
    };
    assert_eq!(outcome, Ok(status), "{line}");
    status
}

/// Checks the fields of one line against `want`, whose keys are fields; times are written out, in UTC.
fn check_fields(format: &RecordFormat, line: &str, want: &Json) {
    let parsed = format.parse(line).unwrap();
    for (key, want) in want.as_object().unwrap() {
        let field = Field::from_name(key).unwrap_or_else(|| panic!("{key} is no field: {line}"));
        let want = match want.as_str() {
            Some(text) if field.is_time() => seconds(text).to_string(),
            Some(text) => text.to_owned(),
            None => want.to_string(),
        };
        let found = parsed.record().value(field).as_ref().map(Value::to_string);
        assert_eq!(found, Some(want), "{key} of {line}");
    }
}

fn seconds(time: &str) -> i64 {
    let time: DateTime = time.parse().unwrap();
    time.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn every_file_gives_what_the_table_says() {
    let folder = folder();
    let found: Vec<_> = paths(&folder, "")
        .into_iter()
        .map(|path| {
            let account = account(&fs::read(folder.join(&path)).unwrap());
            (path, account)
        })
        .collect();
    let differences = differences(&TABLE, &found);
    assert!(
        differences.is_empty(),
        "strangers' inputs must read as they always did:\n{}",
        differences.join("\n")
    );
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn the_user_guides_lines_read_in_their_formats() {
    let sections = read_json("aws-docs/flow-logs-records-examples.json");
    let mut counts = BTreeMap::new();
    for section in sections.as_array().unwrap() {
        let format: RecordFormat = section["format"].as_str().unwrap().parse().unwrap();
        assert_eq!(format.unknown_columns().count(), 0, "{format}");
        for line in texts_of(&section["lines"]) {
            *counts.entry(check_documented(&format, line)).or_default() += 1;
        }
    }
    assert_eq!(counts, BTreeMap::from([("commented", 4), ("flow", 27), ("nodata", 1), ("skipdata", 1)]));
    assert_eq!(sections.as_array().unwrap().len(), 6);
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn the_user_guides_double_space_is_one() {
    let sections = read_json("aws-docs/flow-logs-records-examples.json");
    let section = &sections[1];
    let format: RecordFormat = section["format"].as_str().unwrap().parse().unwrap();
    let line = *texts_of(&section["lines"]).last().unwrap();
    assert!(line.contains("  "), "not the line with the double space: {line}");
    let parsed = format.parse(line).unwrap();
    assert_eq!(parsed.record().text(Field::PktSrcAddr), Some("10.0.0.62"));
    assert_eq!(parsed.record().text(Field::LogStatus), Some("OK"));
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn another_readers_values_are_ours() {
    let (cases, format) = (read_json("obsrvbl-oss+flowlogs-reader/cases.json"), RecordFormat::default());
    let parse = cases["parse"].as_array().unwrap();
    for case in parse {
        let line = case["line"].as_str().unwrap();
        check_fields(&format, line, &case["want"]);
        let values = format.parse(line).unwrap().record().values().count();
        assert_eq!(values, case["want"].as_object().unwrap().len(), "values of {line}");
    }
    assert!(parse.len() >= 2, "{} cases", parse.len());

    let milliseconds = &cases["millisecond_timestamps"];
    check_fields(&format, milliseconds["line"].as_str().unwrap(), &milliseconds["want"]);

    for line in texts_of(&cases["skipped"]) {
        assert_eq!(read_and_print(&format, line), Err(RejectKind::TooFewColumns), "{line}");
    }
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn records_are_equal_when_their_lines_are() {
    let (lines, format) = (texts("obsrvbl-oss+flowlogs-reader/v2_records.log"), RecordFormat::default());
    assert_eq!(lines.len(), 5);
    for (a, left) in lines.iter().enumerate() {
        for (b, right) in lines.iter().enumerate() {
            let (one, other) = (format.parse(left).unwrap(), format.parse(right).unwrap());
            assert_eq!(one == other, a == b, "{left}\n{right}");
        }
    }
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn envelopes_hold_the_lines_that_were_put_in() {
    let first_and_second = [
        "testLogGroup testLogStream: [ERROR] First test message",
        "testLogGroup testLogStream: [ERROR] Second test message",
    ];
    let flow = |addresses| {
        format!("2 123456789010 eni-1854f949 {addresses} 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK")
    };
    let raw_flows = ["72.21.196.65 172.31.16.21", "10.3.45.44 172.31.16.21"].map(flow);
    let cases: [(&str, &[&str]); 9] = [
        ("SumoLogic+sumologic-aws-lambda/testevent.json", &first_and_second),
        ("aws-powertools+powertools-lambda-python/cloudWatchLogEvent.json", &first_and_second),
        ("awslabs+aws-lambda-rust-runtime/example-cloudwatch_logs-event.json", &first_and_second),
        ("grafana+lambda-promtail/events_cloudwatch-logs-event.json", &first_and_second),
        ("grafana+lambda-promtail/kinesis-event.json", &["test-logroup test-logstream: some_message"; 3]),
        (
            "aws-powertools+powertools-lambda-python/kinesisStreamEvent.json",
            &["Hello, this is a test.", "This is only a test."],
        ),
        ("aws-powertools+powertools-lambda-python/kinesisStreamEventOneRecord.json", &["test message"]),
        (
            "newrelic+aws-log-ingestion/entry_vpc_flow_logs.json",
            &[
                "/aws/vpc/flow-logs eni-9f825df9-all: 2 463657938898 eni-9f825df9 - - - - - - - 1548934870 1548934929 - NODATA",
            ],
        ),
        ("amazon-archives+aws-vpc-flow-log-appender/decorator_event.json", &[&raw_flows[0], &raw_flows[1]]),
    ];
    for (path, expected) in cases {
        assert_eq!(texts(path), expected, "{path}");
    }
}

#[test]
#[ignore = "needs the public fixtures: set FLOWGAUGE_VECTORS"]
fn gzip_and_plain_text_are_the_same_lines() {
    for path in ["coralogix+coralogix-aws-shipper/vpcflow.log", "grafana+lambda-promtail/vpcflowlog.log"] {
        let plain = texts(path);
        assert_eq!(texts(&format!("{path}.gz")), plain, "{path}");
        assert!(plain.len() >= 3, "{plain:?}");
    }
}

#[test]
fn an_account_tells_what_an_input_holds() {
    let flow = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1418530010 1418530070 ACCEPT OK";
    let nodata = "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA";
    let bad_address = flow.replace("10.0.0.2", "10.0.0");
    assert_eq!(
        account(format!("{flow}\n{nodata}\n{bad_address}\nbogus").as_bytes()),
        "1 flow, 1 nodata, 1 not_an_address, 1 too_few_columns"
    );
    assert_eq!(
        account(b"dstport log-status\n22 OK\n- SKIPDATA\n1 2 3"),
        "1 flow, 1 header, 1 skipdata, 1 too_many_columns"
    );
    assert_eq!(account(b"{}"), UNKNOWN);
    assert_eq!(account(b"PAR1"), "stopped: expected text, JSON or gzip of either, found Parquet");
}

#[test]
fn a_difference_is_told() {
    let table = [("a", "1 flow"), ("b", NO_INPUT), ("c", "2 flow")];
    let found = |files: &[(&str, &str)]| {
        let files: Vec<_> =
            files.iter().map(|(path, told)| ((*path).to_owned(), (*told).to_owned())).collect();
        differences(&table, &files)
    };
    assert_eq!(found(&[("a", "1 flow"), ("b", "anything"), ("c", "2 flow")]), [""; 0]);
    let wrong = found(&[("a", "2 flow"), ("b", ""), ("d", "")]);
    let expected =
        ["a: expected \"1 flow\", found \"2 flow\"", "d: nobody says", "c: expected in the folder"];
    assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
    assert!(wrong.iter().zip(expected).all(|(wrong, expected)| wrong.starts_with(expected)), "{wrong:?}");
}
