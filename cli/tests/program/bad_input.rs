//! Bad input: a clear message, the right exit status, what is good is still read, and memory stays bounded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flow_envelope::encode::{gzip, subscription_event};

use crate::program::{Folder, flowgauge};
use crate::samples::{ZIPPED_ZEROS, event, good_line, joined, noise, tries};

/// `bad` with a good line after it.
fn then_a_good_line(bad: impl AsRef<[u8]>) -> Vec<u8> {
    [bad.as_ref(), b"\n", good_line().as_bytes(), b"\n"].concat()
}

/// An event with this data.
fn event_of(data: &str) -> String {
    format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#)
}

/// That every command, with little memory, exits with `status` and says `text`, and that `parse` finds `flows`.
fn check(input: impl AsRef<[u8]>, status: i32, text: &str, flows: usize) {
    let folder = Folder::with("input", input);
    let run = folder.bounded(["parse", "input"]).exits(status).says(&[text]);
    assert_eq!(run.stdout.lines().count(), flows, "{}", run.stderr);
    folder.bounded(["detect", "input"]).exits(status).says(&[text]);
    folder.bounded(["event", "subscription", "input"]).exits(status).says(&[text]);
}

#[test]
fn good_input_has_memory_enough() {
    let lines = tries(1_700_000_000..1_700_005_000);
    check(gzip(joined(&lines).as_bytes()), 0, "5,000 flows", 5000);
    check(event(&lines), 0, "1 event", 5000);
}

#[test]
fn truncated_gzip() {
    let lines = joined(&tries(1_700_000_000..1_700_020_000));
    let whole = gzip(lines.as_bytes());
    let folder = Folder::with("cut.gz", &whole[..whole.len() / 2]);
    let run = folder.bounded(["parse", "cut.gz"]).exits(1);
    let read = run.stdout.lines().count();
    assert!((1000..20_000).contains(&read), "{read}");
    let text = format!("error: cut.gz: truncated gzip: the data ends inside a member (after line {read})\n");
    assert!(run.stderr.starts_with(&text) && run.counts().ends_with(" flows"), "{}", run.stderr);
    folder.bounded(["detect", "cut.gz"]).exits(1).says(&["truncated gzip", "1 finding by"]);
}

#[test]
fn damaged_gzip() {
    let mut whole = gzip(good_line().as_bytes());
    let checksum = whole.len() - 8;
    whole[checksum] ^= 1;
    let folder = Folder::with("input", whole);
    folder.bounded(["parse", "input"]).exits(1).says(&["error: input: corrupt gzip: expected checksum "]);
}

#[test]
fn a_gibibyte_of_zeros_in_an_event() {
    let bomb = event_of(&STANDARD.encode(&*ZIPPED_ZEROS));
    assert!(bomb.len() < 2_000_000);
    let text = "input:1: decompressed data exceeds the cap of 67108864 bytes";
    check(then_a_good_line(bomb), 1, text, 1);
}

#[test]
fn a_gibibyte_of_zeros_in_a_file() {
    let file = [ZIPPED_ZEROS.clone(), gzip(&then_a_good_line(""))].concat();
    check(file, 0, "input:1: line of 1073741824 bytes, expected at most 1048576", 1);
}

#[test]
fn data_that_is_no_event() {
    let cases = [
        (event_of("***"), "data is not base64"),
        (event_of(&STANDARD.encode("plain")), "not gzip: expected 1f 8b, found 70 6c 61 69"),
        (subscription_event(b"no json"), "expected a CloudWatch Logs message as JSON at byte 0"),
        (subscription_event(b"{}"), "found JSON without logEvents"),
        (subscription_event(b""), "the data is empty"),
        (event_of(&STANDARD.encode(&gzip(b"cut")[..12])), "truncated gzip"),
        (event_of(&STANDARD.encode(noise(2, 999))), "not gzip"),
        (r#"{"awslogs":{}}"#.to_owned(), "found JSON without awslogs.data"),
    ];
    for (bad, text) in cases {
        let folder = Folder::with("input", then_a_good_line(bad));
        let run = folder.bounded(["parse", "input"]).exits(1).says(&["error: input:1: ", text]);
        assert_eq!((run.json().len(), run.counts()), (1, "1 flow, 1 unusable event"));
        folder.bounded(["detect", "input"]).exits(1).says(&[text]);
    }
}

#[test]
fn binary_noise() {
    for seed in 0..8 {
        let noise = noise(seed, 1 << 17);
        let zipped = gzip(&noise);
        for input in [noise, zipped] {
            let folder = Folder::with("input", input);
            let run = folder.bounded(["parse", "input"]).exits(1);
            let run = run.says(&["input:1: line is not UTF-8 at byte ", " unusable event"]);
            assert_eq!(run.stdout, "");
            folder.bounded(["detect", "input"]).exits(1).says(&["lines rejected (line_not_utf8 "]);
        }
    }
}

#[test]
fn lines_too_long() {
    let long = "x".repeat(10 << 20);
    check(then_a_good_line(long), 0, "line of 10485760 bytes, expected at most 1048576", 1);
    let longer = "2 123456789012 ".repeat((64 << 20) / 15);
    check(then_a_good_line(longer), 0, "1 line rejected (line_too_long 1)", 1);
    let columns = "2 ".repeat(30_000);
    check(then_a_good_line(columns), 0, "expected 14 columns, found 30000", 1);
    let wide = "2".repeat(70_000);
    check(then_a_good_line(wide), 0, "expected at most 65535 bytes, found 70000", 1);
}

#[test]
fn documents_that_never_close() {
    let open = format!("{{\"awslogs\":{{\n{0}\n{0}", good_line());
    check(then_a_good_line(open), 1, "input:1: malformed JSON: expected a key or } at byte 13, found 2", 3);
    check("{\"awslogs\": {\n", 1, "input:1: malformed JSON: never closed", 0);
    let text = format!("{{\"a\":\"{}", "x".repeat(80 << 20));
    check(then_a_good_line(text), 1, "malformed JSON: document exceeds 67108864 bytes", 1);
}

#[test]
fn documents_nested_deeply() {
    let text = "input:1: malformed JSON: nested deeper than 127 levels";
    check(then_a_good_line("{\"a\":".repeat(100_000)), 1, text, 1);
    let closed = format!("{}{}", "{\"a\":[".repeat(5000), "]}".repeat(5000));
    check(then_a_good_line(closed), 1, text, 1);
    let inside = format!("{{\"logEvents\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    check(subscription_event(inside.as_bytes()), 1, "expected a CloudWatch Logs message as JSON", 0);
}

#[test]
fn other_events_and_formats() {
    let s3 = r#"{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"a.log.gz"}}}]}"#;
    let text = "an S3 notification names objects, it holds no log lines: read the objects";
    check(then_a_good_line(s3), 1, text, 1);
    check(then_a_good_line(r#"{"Records":[{"eventSource":"aws:sqs"}]}"#), 1, "an SQS event holds", 1);
    check(then_a_good_line("{}"), 1, "JSON of no known shape", 1);
    check("PAR1\x15\x04\x15\x10", 1, "input: expected text, JSON or gzip of either, found Parquet", 0);
    check("PK\x03\x04", 1, "found a zip archive", 0);
}

#[test]
fn a_folder_is_no_input() {
    let folder = Folder::with("logs/a.log", good_line());
    for command in [&["parse"][..], &["detect"], &["event", "subscription"]] {
        let run = folder.bounded(command.iter().chain(&["logs", "logs/a.log"])).exits(1);
        run.says(&["error: logs: ", "directory", "1 flow"]);
    }
}

#[test]
fn formats_that_are_none() {
    let many: Vec<_> = (0..96).map(|number| format!("column-{number}")).collect();
    for (format, text) in [
        ("nope bar", "the format names no known field: found `nope bar`"),
        ("", "the format is empty: expected fields such as `${version}"),
        ("  ", "the format is empty"),
        ("version srcaddr version", "field `version` stands twice, as column 1 and as column 3"),
        ("tcp-flags tcp_flags", "field `tcp-flags` stands twice"),
        ("version ${srcaddr", "column 2: expected `${field-name}` or a bare field name, found `${srcaddr`"),
        (&format!("version {}", many.join(" ")), "expected at most 96 columns, found 97"),
    ] {
        for command in [&["parse"][..], &["detect"], &["event", "subscription"]] {
            let args = command.iter().copied().chain(["--format", format]);
            flowgauge(args).exits(1).says(&["error: invalid value ", "for '--format <FORMAT>'", text]);
        }
    }
}

/// What is shown of one input does not use up what is shown of the next.
#[test]
fn every_bad_input_is_named() {
    let many = "{oops\n".repeat(9) + &"bogus\n".repeat(9);
    let folder = Folder::with("first", many).and("second", "{}\nbogus\n");
    for command in [&["parse"][..], &["detect"], &["event", "subscription"]] {
        let args = [command, &["first", "second"][..]].concat();
        folder.flowgauge(args).exits(1).says(&[
            "first:1: ",
            "second:1: JSON of no known shape",
            "second:2: expected 14",
        ]);
    }
}

#[test]
fn a_missing_file_is_told_without_a_line() {
    let run = Folder::empty().flowgauge(["parse", "nope"]).exits(1);
    assert!(run.stderr.starts_with("error: nope: No such file"), "{}", run.stderr);
}
