//! The handler as Lambda sees it: an event in, an answer and log lines out.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;

use firehose::config::Config;
use firehose::handler::Handler;
use firehose::telemetry::Telemetry;
use flow_envelope::encode::firehose_event;
use flow_pipeline::{
    PutBack, StreamEntry, StreamSource, TRANSFORMATION_VARIABLES, Transformation, now_or_never,
};
use serde_json::Value;

/// A stream that takes everything.
#[derive(Debug)]
struct Stream;

impl PutBack for Stream {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, entries: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        vec![Ok(()); entries.len()]
    }
}

fn handler(variables: &[(&str, &str)]) -> Handler<Stream> {
    let lambda = [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")];
    let find = |name: &str| {
        variables
            .iter()
            .chain(&lambda)
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let config = Config::read(find).unwrap();
    let telemetry = Telemetry::new("f".to_owned(), &config.settings.warnings());
    Handler::new(Transformation::new(config.settings), config.tables, Stream, telemetry)
}

const LINE: &str =
    "2 123456789010 eni-1 10.0.0.5 192.0.2.7 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

#[test]
fn answers_and_logs() {
    let handler = handler(&[("OUTPUT", "text")]);
    let event = firehose_event(&[LINE.as_bytes(), b"\xff"]);
    let (lines, answer) = now_or_never(handler.handle(event.as_bytes(), "r", 1000));
    let answer: Value = serde_json::from_str(answer.unwrap().get()).unwrap();
    let results: Vec<_> =
        answer["records"].as_array().unwrap().iter().map(|record| &record["result"]).collect();
    assert_eq!(results, ["Ok", "ProcessingFailed"]);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&line["failed_not_utf8"], &line["LinesWritten"], &line["level"]),
        (&1.into(), &1.into(), &"WARN".into())
    );
    assert!(!lines[0].contains("10.0.0.5"), "a record's content is never written: {line}");
}

#[test]
fn a_setting_that_does_nothing_is_told_in_the_first_line() {
    let handler = handler(&[("FIELDS", "srcaddr,vpc_id")]);
    let event = firehose_event(&[LINE.as_bytes()]);
    let (lines, _) = now_or_never(handler.handle(event.as_bytes(), "r", 1000));
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    let expected = ["FIELDS: no line has `vpc_id`: LOG_FORMAT lacks what gives it"];
    assert_eq!((&line["setting_warnings"], &line["level"]), (&expected.into(), &"WARN".into()));
    let (lines, _) = now_or_never(handler.handle(event.as_bytes(), "r", 2000));
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["setting_warnings"], &line["level"]), (&Value::Null, &"INFO".into()), "once");
}

#[test]
fn what_is_no_event_is_an_error_with_its_kind() {
    let (lines, answer) = now_or_never(handler(&[]).handle(b"{}", "r", 1000));
    assert_eq!(answer.unwrap_err().kind(), "Undecodable");
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["FailedEvents"], &line["level"]), (&1.into(), &"ERROR".into()));
}

#[test]
fn every_variable_may_be_empty_and_a_mistake_says_where() {
    let empty = TRANSFORMATION_VARIABLES.map(|variable| (variable.name, ""));
    handler(&empty);
    let cases = [
        ("OUTPUT", "xml", "OUTPUT: expected one of flat, ecs, ocsf, text, csv, found \"xml\""),
        ("KEEP", "NODATA, x", "KEEP: expected one of NODATA, SKIPDATA, found \"x\""),
        ("SAMPLE_ACCEPTED", "0", "SAMPLE_ACCEPTED: expected a number from 1 to 1000000, found \"0\""),
        ("MERGE", "yes", "MERGE: expected one of true, false, found \"yes\""),
        (
            "PARTITION_KEYS",
            "day",
            "PARTITION_KEYS: expected one of account, region, log_group, interface, hour, found \"day\"",
        ),
        ("DROP", "filter nothing = 1", "DROP: \"filter nothing = 1\": unknown name `nothing`"),
        ("DROP", "stats count(*)", "DROP: "),
        ("DROP", "| filter bytes > 1", "DROP: \"| filter bytes > 1\": begins with `|`: leave that out"),
    ];
    for (name, value, expected) in cases {
        let lambda = [
            ("AWS_REGION", "r"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
            (name, value),
        ];
        let find = |asked: &str| {
            lambda.iter().find(|(known, _)| *known == asked).map(|(_, value)| (*value).to_owned())
        };
        let error = Config::read(find).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
