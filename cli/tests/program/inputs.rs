//! Inputs: every kind of file and event that holds flow logs is recognised by its content.

use flow_envelope::encode::{firehose_event, gzip, kinesis_event};
use flow_testkit::Flow;
use serde_json::json;

use crate::program::{Folder, flowgauge};
use crate::samples::{event, good_line, joined, message, tries};

/// Records as their lines: those of events have ids in JSON.
const PARSE: [&str; 3] = ["parse", "--output", "text"];

/// The records of three lines, as `parse` prints them.
fn three() -> (Vec<String>, String) {
    let lines = tries(1_700_000_000..1_700_000_003);
    let records = flowgauge(PARSE).input(joined(&lines)).exits(0).stdout;
    (lines, records)
}

/// That `parse` finds the three records in `input`, and `detect` the three flows.
fn holds_three(input: impl AsRef<[u8]>) {
    let folder = Folder::with("input", input);
    assert_eq!(folder.flowgauge(PARSE.iter().chain(&["input"])).exits(0).stdout, three().1);
    folder.flowgauge(["detect", "input"]).exits(0).says(&[" in 3 flows"]);
}

#[test]
fn plain_lines() {
    let (lines, _) = three();
    holds_three(joined(&lines));
    holds_three(lines.join("\n"));
    holds_three(format!("{}\r\n", lines.join("\r\n")));
    holds_three(format!("\u{feff}\n{}\n\n", lines.join("\n \n")));
}

#[test]
fn gzip_whatever_the_name_and_of_any_number_of_members() {
    let (lines, _) = three();
    holds_three(gzip(joined(&lines).as_bytes()));
    holds_three(lines.iter().flat_map(|line| gzip(format!("{line}\n").as_bytes())).collect::<Vec<_>>());
    let (start, end) = lines[0].split_at(20);
    let rest = joined(&[end, &lines[1], &lines[2]]);
    holds_three([gzip(start.as_bytes()), gzip(rest.as_bytes())].concat());
}

#[test]
fn events_and_messages() {
    let (lines, _) = three();
    holds_three(event(&lines));
    holds_three(message(&lines));
    holds_three(gzip(event(&lines).as_bytes()));
    holds_three(lines.iter().map(|line| event(&[line])).collect::<Vec<_>>().join("\n"));
    let pretty: serde_json::Value = serde_json::from_str(&event(&lines)).unwrap();
    holds_three(format!("[{pretty:#}]\n"));
}

#[test]
fn kinesis_and_firehose_events() {
    let (lines, _) = three();
    let [first, rest] = [&lines[..1], &lines[1..]].map(|lines| gzip(&message(lines)));
    holds_three(kinesis_event(&[&first, &rest]));
    holds_three(firehose_event(&[&first, &rest]));
    holds_three(firehose_event(&[joined(&lines[..2]).as_bytes(), lines[2].as_bytes()]));
}

#[test]
fn objects_with_a_message() {
    let (lines, _) = three();
    let object = |line: &String| json!({ "message": line, "id": "1" }).to_string();
    holds_three(joined(&lines.iter().map(object).collect::<Vec<_>>()));
    let mixed = format!("{}\n{}\n{}\n", lines[0], object(&lines[1]), lines[2]);
    holds_three(mixed);
}

#[test]
fn a_control_message_holds_nothing() {
    let text = String::from_utf8(message(&["CWL CONTROL MESSAGE: Checking health of destination"])).unwrap();
    let control = text.replace("DATA_MESSAGE", "CONTROL_MESSAGE");
    let run = flowgauge(["parse"]).input(control).exits(0);
    assert_eq!((&*run.stdout, run.counts()), ("", "0 flows, 1 event, 1 control message"));
}

#[test]
fn a_header_is_believed_before_any_format() {
    let file = gzip(b"account-id srcaddr start\n123456789012 10.0.0.5 1700000000\n");
    let expected = json!({ "account_id": "123456789012", "srcaddr": "10.0.0.5", "start": 1_700_000_000 });
    let folder = Folder::with("object.log.gz", file).and("plain.log", good_line());
    for options in [&[][..], &["--format", "version bytes end"]] {
        let run = folder.flowgauge(["parse", "object.log.gz"].iter().chain(options)).exits(0);
        let flows = run.json();
        assert_eq!((flows.len(), &flows[0]), (1, &expected));
    }
    let run = folder.flowgauge(["parse", "object.log.gz", "plain.log"]).exits(0);
    assert_eq!(run.json()[1]["action"], "ACCEPT", "a header counts for its own input only");
}

#[test]
fn standard_input_by_name_and_by_default() {
    let folder = Folder::with("a.log", good_line());
    let other = Flow::udp("10.0.0.5", 50000, "10.0.0.2", 53).line();
    let protocols = |args: &[&str]| {
        let flows = folder.flowgauge(args).input(other.as_str()).exits(0).json();
        flows.iter().map(|flow| flow["protocol"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(protocols(&["parse"]), [17]);
    assert_eq!(protocols(&["parse", "-"]), [17]);
    assert_eq!(protocols(&["parse", "a.log", "-"]), [6, 17]);
    assert_eq!(protocols(&["parse", "-", "a.log"]), [17, 6]);
}

#[test]
fn a_missing_input_stops_no_other() {
    let folder = Folder::with("a.log", good_line()).and("c.log", good_line());
    for command in [&["parse"][..], &["detect"], &["event", "subscription"]] {
        let run = folder.flowgauge(command.iter().chain(&["a.log", "b.log", "c.log"])).exits(1);
        run.says(&["error: b.log: ", "No such file", "2 flows"]);
    }
}

#[test]
fn an_empty_input_is_none() {
    let folder = Folder::with("empty", "").and("blank", "\n \r\n\n").and("zipped", gzip(b""));
    for name in ["empty", "blank", "zipped"] {
        let run = folder.flowgauge(["parse", name]).exits(0);
        assert_eq!((&*run.stdout, &*run.stderr), ("", "0 flows\n"), "{name}");
        folder.flowgauge(["detect", name]).exits(0).says(&["0 findings"]);
        assert_eq!(
            folder.flowgauge(["event", "subscription", name]).exits(0).counts(),
            "0 events of 0 flows"
        );
    }
}
