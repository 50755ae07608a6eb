//! `event subscription`: what it makes is what `detect` and `parse` read.

use std::fmt::Write;

use serde_json::json;

use crate::program::{Folder, content, files, flowgauge};
use crate::samples::{good_line, joined, noise};

/// The most bytes that Lambda takes as one asynchronous event.
const MOST: usize = 1_048_576;

#[test]
fn the_sample_events_are_made_of_the_sample_lines() {
    let logs = files("events", "log");
    let pairs: Vec<_> = logs.iter().map(|path| path.with_extension("json")).collect();
    assert_eq!(pairs, files("events", "json"), "every sample is a pair");
    for (log, json) in logs.iter().zip(&pairs) {
        let (path, stream) = (log.to_str().unwrap(), log.file_stem().unwrap().to_str().unwrap());
        let run = flowgauge(["event", "subscription", path, "--log-stream", stream]).exits(0);
        assert_eq!(run.stdout.trim_end(), content(json).trim_end(), "{path}");
    }
}

#[test]
fn parse_reads_the_same_lines_from_an_event() {
    for log in files("events", "log") {
        let json = log.with_extension("json");
        let parsed = |path: &str| flowgauge(["parse", "--all", "--output", "text", path]).exits(0);
        let (lines, event) = (parsed(log.to_str().unwrap()), parsed(json.to_str().unwrap()));
        assert_eq!(lines.stdout, event.stdout);
        assert_eq!(lines.stdout.lines().count(), content(&log).lines().count());
    }
}

#[test]
fn the_same_lines_give_the_same_events() {
    let make = |args: &[&str]| {
        flowgauge(["event", "subscription"].iter().chain(args)).input(good_line()).exits(0).stdout
    };
    assert_eq!(make(&[]), make(&["-"]));
    assert_ne!(make(&[]), make(&["--log-group", "another"]));
    assert_ne!(make(&[]), make(&["--log-stream", "another"]));
}

/// Lines that hardly compress, so that the size of an event is reached before its number of lines.
fn bulky_lines(count: usize) -> Vec<String> {
    let line = |text: &[u8]| {
        let mut action = String::new();
        text.iter().for_each(|byte| write!(action, "{byte:02x}").unwrap());
        good_line().replace("ACCEPT", &action)
    };
    noise(1, count * 100).chunks(100).map(line).collect()
}

#[test]
fn many_lines_become_events_that_lambda_takes() {
    let lines = bulky_lines(12_000);
    let folder = Folder::with("a.log", joined(&lines));
    let events = folder.flowgauge(["event", "subscription", "a.log"]).exits(0);
    let sizes: Vec<_> = events.stdout.lines().map(str::len).collect();
    assert!(sizes.len() >= 2 && sizes.iter().all(|size| *size <= MOST), "{sizes:?}");
    assert!(sizes.iter().any(|size| *size > MOST / 4), "none of them is near the limit: {sizes:?}");

    let parse = ["parse", "--output", "text"];
    let (plain, whole) = (folder.flowgauge(parse.iter().chain(&["a.log"])), folder.flowgauge(parse));
    let (plain, whole) = (plain.exits(0), whole.input(events.stdout).exits(0));
    assert_eq!(plain.stdout, whole.stdout);
    assert_eq!(whole.counts(), format!("12,000 flows, {} events", sizes.len()));
}

#[test]
fn lines_that_are_no_records_go_in_too() {
    let lines = joined(&[good_line(), "no record".to_owned(), good_line()]);
    let events = flowgauge(["event", "subscription"]).input(lines).exits(0);
    assert_eq!(events.counts(), "1 event of 2 flows, 1 line rejected (too_few_columns 1)");
    let run = flowgauge(["parse"]).input(events.stdout).exits(0);
    assert_eq!(run.counts(), "2 flows, 1 event, 1 line rejected (too_few_columns 1)");
}

#[test]
fn the_log_group_is_told_in_the_alert() {
    let lines = "2 123456789012 eni-1 203.0.113.9 10.0.0.5 50000 22 6 1 60 1700000000 1700000059 ACCEPT OK\n\
                 2 123456789012 eni-1 10.0.0.5 203.0.113.9 22 50000 6 1 60 1700000000 1700000059 ACCEPT OK\n";
    let args = ["event", "subscription", "--log-group", "edge"];
    let event = flowgauge(args).input(lines).exits(0).stdout;
    let run = flowgauge(["detect"]).input(event).exits(0);
    assert!(run.stdout.contains("account 123456789012, edge, interface eni-1\n"), "{}", run.stdout);
}

/// Events have no header, so whoever reads them must be told their format.
#[test]
fn a_header_is_told_as_a_format() {
    let input = "interface-id srcaddr\neni-1 10.0.0.5\n";
    let run = flowgauge(["event", "subscription"]).input(input).exits(0);
    let run = run.says(&["read them with --format '${interface-id} ${srcaddr}'"]);
    let records = flowgauge(["parse", "--format", "interface-id srcaddr"]).input(run.stdout).exits(0);
    let record = &records.json()[0];
    assert_eq!((&record["interface_id"], &record["srcaddr"]), (&json!("eni-1"), &json!("10.0.0.5")));
    assert!(record["event_id"].is_string(), "for who removes duplicates");
}

#[test]
fn a_line_too_large_for_an_event_is_counted_and_the_others_go_on() {
    let mut seed = 1_u64;
    let noise: String = (0..1_500_000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'0' + u8::try_from(seed >> 58).unwrap())
        })
        .collect();
    let input = format!("first\n{{\"message\":\"{}\"}}\nlast\n", noise.replace(['\\', '"'], "x"));
    let run = flowgauge(["event", "subscription"]).input(input).exits(0);
    let run = run.says(&["standard input:2: makes an event of ", "too_large_for_an_event 1"]);
    assert_eq!(run.stdout.lines().count(), 1);
}
