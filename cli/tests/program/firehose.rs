//! `event firehose` and `invoke firehose`: the transformation function, without AWS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::program::{Folder, content, flowgauge};

const SHAPES: [&str; 6] = ["gzip", "members", "messages", "extracted", "direct", "raw"];

/// A folder with generated flows, and a Firehose event made of them.
fn with_event(records: &str, args: &[&str]) -> Folder {
    let lines = flowgauge(["generate", "--seed", "7", "--records", records]).exits(0).stdout;
    let folder = Folder::with("flows.log", lines);
    let event = folder.flowgauge([&["event", "firehose", "flows.log"], args].concat()).exits(0).stdout;
    folder.and("event.json", event)
}

/// The lines in the answers.
fn delivered(answers: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in answers.lines() {
        let answer: Value = serde_json::from_str(answer).unwrap();
        for record in answer["records"].as_array().unwrap() {
            if let Some(data) = record["data"].as_str() {
                let text = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
                lines.extend(text.lines().map(str::to_owned));
            }
        }
    }
    lines
}

#[test]
fn every_shape_gives_the_same_lines() {
    for shape in SHAPES {
        let folder = with_event("300", &["--shape", shape, "--lines", "70"]);
        let expected = folder.flowgauge(["parse", "--output", "text", "flows.log"]).exits(0).stdout;
        let run = folder.flowgauge(["invoke", "firehose", "event.json"]).env("OUTPUT", "text").exits(0);
        assert_eq!(delivered(&run.stdout), expected.lines().collect::<Vec<_>>(), "{shape}");
        run.says(&["\"failed\":{}", "\"put_back\":0"]);
    }
}

#[test]
fn variables_are_those_of_the_function() {
    let folder = with_event("300", &["--kinesis"]);
    let invoke = || folder.flowgauge(["invoke", "firehose", "event.json"]);
    let drop = "filter action = 'REJECT' or dstPort != 443";
    let lines = delivered(&invoke().env("FIELDS", "dstport,bytes").env("DROP", drop).exits(0).stdout);
    let is_chosen = |line: &String| line.starts_with("{\"dstport\":443,\"bytes\":");
    assert!(!lines.is_empty() && lines.iter().all(is_chosen), "{lines:?}");
    let expected = "error: OUTPUT: expected one of flat, ecs, ocsf, text, csv, found \"xml\"";
    invoke().env("OUTPUT", "xml").exits(1).says(&[expected]);
    let expected = "warning: DROP does nothing for any line: its filter never holds";
    invoke().env("DROP", "filter vpcId = 'vpc-1'").exits(0).says(&[expected]);
}

#[test]
fn what_has_no_room_is_put_back_into_a_file_or_fails() {
    let folder = with_event("24000", &["--buffer", "2000000", "--lines", "24000"]);
    folder
        .flowgauge(["invoke", "firehose", "event.json"])
        .exits(0)
        .says(&["\"failed\":{\"record_too_large\":1}"]);
    let put_back = ["invoke", "firehose", "--put-back", "again.jsonl", "event.json"];
    folder.flowgauge(put_back).exits(0).says(&["\"failed\":{}", "\"put_back\":1"]);
    let again = content(&folder.path().join("again.jsonl"));
    assert!(again.lines().count() > 1);
    for line in again.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(STANDARD.decode(line["data"].as_str().unwrap()).unwrap().starts_with(&[0x1f, 0x8b]));
    }
}

/// What is put back makes events again, and so on until nothing is left: every line arrives once.
#[test]
fn what_was_put_back_goes_the_same_way_until_nothing_is_left() {
    let folder = with_event("24000", &["--buffer", "2000000", "--lines", "24000"]);
    let mut expected: Vec<_> = content(&folder.path().join("flows.log")).lines().map(str::to_owned).collect();
    let mut found = Vec::new();
    for round in 1.. {
        assert!(round < 10, "expected an end");
        let put_back = ["invoke", "firehose", "--put-back", "again.jsonl", "event.json"];
        let run = folder
            .flowgauge(put_back)
            .env("OUTPUT", "flat")
            .env("FIELDS", "line")
            .env("KEEP", "NODATA,SKIPDATA");
        found.extend(delivered(&run.exits(0).says(&["\"failed\":{}"]).stdout));
        let again = ["event", "firehose", "--from-records", "again.jsonl"];
        let event = folder.flowgauge(again).exits(0).stdout;
        if event.is_empty() {
            break;
        }
        std::fs::write(folder.path().join("event.json"), event).unwrap();
    }
    let line =
        |object: String| serde_json::from_str::<Value>(&object).unwrap()["line"].as_str().unwrap().to_owned();
    let mut found: Vec<_> = found.into_iter().map(line).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert!(found == expected, "{} lines of {}", found.len(), expected.len());
}

#[test]
fn what_firehose_keeps_makes_events_compressed_or_not() {
    let record = STANDARD
        .encode("2 123456789010 eni-1 10.0.0.5 192.0.2.7 1 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n");
    let kept = format!(r#"{{"attemptsMade":4,"errorCode":"Lambda.FunctionTimedOut","rawData":"{record}"}}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, kept.as_bytes()).unwrap();
    let folder = Folder::with("kept", format!("{kept}\n\n{kept}\n")).and("kept.gz", gzip.finish().unwrap());
    let run = folder.flowgauge(["event", "firehose", "--from-records", "kept", "kept.gz"]).exits(0);
    let run = run.says(&["1 event of 3 records"]);
    let folder = folder.and("event.json", run.stdout);
    assert_eq!(delivered(&folder.flowgauge(["invoke", "firehose", "event.json"]).exits(0).stdout).len(), 3);
    let folder = folder.and("bad", "{}\n");
    let run = folder.flowgauge(["event", "firehose", "--from-records", "bad", "kept"]).exits(1);
    run.says(&["bad: line 1: expected `data` or `rawData`, found neither", "1 event of 2 records"]);
}
