use super::*;
use crate::LogBatch;
use crate::encode::{
    EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip, kinesis_event, subscription_event,
};

const STREAM: LogStream<'_> =
    LogStream { owner: "1", log_group: "g", log_stream: "s", subscription_filter: "f" };

/// One CloudWatch Logs message with the given lines.
fn message(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| (1, line)).collect();
    let message = SubscriptionEncoder::new(STREAM, EncodeLimits::default()).encode_message(&lines);
    String::from_utf8(message).unwrap()
}

/// One subscription event with the given lines.
fn event(lines: &[&str]) -> String {
    subscription_event(message(lines).as_bytes())
}

/// Shows an entry on one line: `1 text`, `1 [line, line]` for a batch, `1! reason` for a rejected line and
/// `1!! reason` for a rejected envelope.
fn show(entry: &Entry<'_>) -> String {
    match entry {
        Entry::Line { number, timestamp: None, text } => format!("{number} {text}"),
        Entry::Line { number, timestamp: Some(time), text } => format!("{number} {text} at {time}"),
        Entry::Batch { number, batches, .. } => {
            let lines: Vec<_> = batches.iter().flat_map(LogBatch::lines).map(|e| &*e.message).collect();
            format!("{number} [{}]", lines.join(", "))
        }
        Entry::Rejected(entry) => {
            let mark = if entry.is_envelope() { "!!" } else { "!" };
            format!("{}{mark} {}", entry.number, entry.reason)
        }
    }
}

/// Gives out a few bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(self.1);
        self.0.read(&mut into[..length])
    }
}

fn read_with(input: impl Read, limits: &Limits) -> (Vec<String>, Result<Summary, ReadError>) {
    let mut shown = Vec::new();
    let result = read_entries(input, limits, &mut |entry| {
        shown.push(show(&entry));
        ControlFlow::Continue(())
    });
    (shown, result)
}

/// Reads an input whole, byte by byte and compressed, and checks that all agree.
fn read_limited(input: impl AsRef<[u8]>, limits: &Limits) -> (Vec<String>, Summary) {
    let input = input.as_ref();
    let (shown, summary) = read_with(input, limits);
    let summary = summary.unwrap();
    assert_eq!(summary.bytes, input.len() as u64);
    for size in [1, 7] {
        assert_eq!(read_with(Dribble(input, size), limits).0, shown, "in reads of {size}");
    }
    let compressed = gzip(input);
    assert_eq!(read_with(Dribble(&compressed, 3), limits).0, shown, "compressed");
    let rejected = shown.iter().filter(|entry| entry.split(' ').next().unwrap().contains('!')).count() as u64;
    assert_eq!(rejected, summary.rejected_lines + summary.rejected_envelopes);
    assert_eq!(shown.len() as u64 - rejected, summary.lines + summary.batches);
    (shown, summary)
}

fn read(input: impl AsRef<[u8]>) -> Vec<String> {
    read_limited(input, &Limits::default()).0
}

#[test]
fn plain_lines_keep_their_numbers() {
    assert_eq!(read("a b\nc d\n"), ["1 a b", "2 c d"]);
    assert_eq!(read("a b\r\nc d\r"), ["1 a b", "2 c d"]);
    assert_eq!(read("  a\t\nb"), ["1   a\t", "2 b"]);
    let (entries, summary) = read_limited("\n \t\r\na\n\n\nb\n ", &Limits::default());
    assert_eq!(entries, ["3 a", "6 b"]);
    assert_eq!(summary.blank, 5);
    assert_eq!(read(""), [""; 0]);
}

#[test]
fn a_bad_line_is_rejected_alone() {
    assert_eq!(
        read(b"good\nb\xffd\ngr\xc3\xbcn\n\x00\x01\n\xfe"),
        [
            "1 good",
            "2! line is not UTF-8 at byte 1",
            "3 gr\u{fc}n",
            "4 \0\u{1}",
            "5! line is not UTF-8 at byte 0"
        ]
    );
}

#[test]
fn a_long_line_is_rejected_alone() {
    let limits = Limits { line_cap: 10, ..Limits::default() };
    let input = "0123456789\n0123456789\r\n0123456789a\n0123456789ab\r\nshort\n0123456789abc";
    let expected = [
        "1 0123456789",
        "2 0123456789",
        "3! line of 11 bytes, expected at most 10",
        "4! line of 12 bytes, expected at most 10",
        "5 short",
        "6! line of 13 bytes, expected at most 10",
    ];
    assert_eq!(read_limited(input, &limits).0, expected);
}

#[test]
fn every_shape_of_event_is_recognised() {
    let m = message(&["2 a", "2 b"]);
    let e = event(&["2 a", "2 b"]);
    let pretty = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let k = kinesis_event(&[&gzip(m.as_bytes()), &gzip(message(&["2 c"]).as_bytes())]);
    let f = firehose_event(&[b"2 raw\n\n3 raw", br#"{"message":"2 m"}"#, &gzip(m.as_bytes())]);
    assert_eq!(read(&m), ["1 [2 a, 2 b]"]);
    assert_eq!(read(&e), ["1 [2 a, 2 b]"]);
    assert_eq!(read(pretty(&e)), ["1 [2 a, 2 b]"]);
    assert_eq!(read(pretty(&m)), ["1 [2 a, 2 b]"]);
    assert_eq!(read(&k), ["1 [2 a, 2 b, 2 c]"]);
    assert_eq!(read(pretty(&f)), ["1 2 raw", "1 3 raw", "1 2 m", "1 [2 a, 2 b]"]);
    assert_eq!(read(r#"{"message":"2 \"m\"","id":"1","timestamp":5}"#), ["1 2 \"m\" at 5"]);
    assert_eq!(
        read(pretty(&format!("[{e},{m},{{\"message\":\"x\"}}]"))),
        ["1 [2 a, 2 b]", "1 [2 a, 2 b]", "1 x"]
    );
    assert_eq!(read("[]"), [""; 0]);
    assert_eq!(read(m.replace("DATA", "CONTROL")), ["1 []"]);
}

#[test]
fn a_redelivered_event_has_the_same_fingerprint() {
    let mut prints = Vec::new();
    let input = [event(&["a"]), event(&["b"]), event(&["a"])].join("\n");
    read_entries(input.as_bytes(), &Limits::default(), &mut |entry| {
        if let Entry::Batch { fingerprint, .. } = entry {
            prints.push(fingerprint);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(prints[0].is_some() && prints[0] == prints[2] && prints[0] != prints[1]);
}

#[test]
fn documents_and_lines_may_share_a_file_and_a_line() {
    let e = event(&["e"]);
    let input = format!("{e}{e} , {e}\nline\n  {e}\r\n\n{{\n\"message\"\n:\"m\"}} tail\nlast");
    let expected = ["1 [e]", "1 [e]", "1 [e]", "2 line", "3 [e]", "5 m", "7 tail", "8 last"];
    let (entries, summary) = read_limited(input, &Limits::default());
    assert_eq!(entries, expected);
    assert_eq!(summary.blank, 1);
}

#[test]
fn text_in_brackets_is_text() {
    assert_eq!(read("[INFO] x\n[ 1 ]\n[\"a\"]"), ["1 [INFO] x", "2 [ 1 ]", "3 [\"a\"]"]);
    let spaces = " ".repeat(LOOK);
    for (input, entries) in [
        (format!("[{spaces}\n]"), vec![format!("1 [{spaces}"), "2 ]".into()]),
        (format!("[{}\n]", &spaces[1..]), vec![]),
        (format!("{spaces}{{}}"), vec![format!("1 {spaces}{{}}")]),
    ] {
        assert_eq!(read(&input), entries);
    }
}

#[test]
fn a_broken_document_swallows_nothing_behind_it() {
    let e = event(&["e"]);
    assert_eq!(
        read(format!("{{broken\n2 a\n{e}\n{{\n2 b\n{{\"a\": \"x\n2 c\n")),
        [
            "1!! malformed JSON: expected a key or } at byte 1, found b",
            "2 2 a",
            "3 [e]",
            "4!! malformed JSON: expected a key or } at byte 2, found 2",
            "5 2 b",
            "6!! malformed JSON: expected the rest of a string at byte 8, found \\n",
            "7 2 c",
        ]
    );
    let never = "malformed JSON: never closed: the input ends with";
    assert_eq!(read("{\"a\":1,\n"), [format!("1!! {never} 1 open brackets")]);
    // An array cut short still gives its whole elements.
    assert_eq!(
        read(format!("[\n{e},\n{e},\n{}", &e[..30])),
        [
            format!("1!! {never} 3 open brackets"),
            "2 [e]".into(),
            "3 [e]".into(),
            format!("4!! {never} 3 open brackets"),
        ]
    );
}

#[test]
fn documents_are_bounded() {
    let limits = Limits { document_cap: 30, ..Limits::default() };
    let long = format!("{{\"message\":\"{}\"}}", "x".repeat(40));
    let reason = "malformed JSON: document exceeds 30 bytes";
    let input = format!(
        "{{\"message\":\"small\"}}\n{long}\n2 a\n[\n{{\"message\":\"m\"}},\n{{\"message\":\"n\"}}\n]\n"
    );
    let expected =
        ["1 small", &format!("2!! {reason}"), "3 2 a", &format!("4!! {reason}"), "5 m", "6!! x", "7 ]"];
    let (entries, _) = read_limited(input, &limits);
    assert_eq!(entries[..5], expected[..5]);
    // The second element was open when the array became too long.
    assert_eq!(entries[5..], [format!("6!! {reason}"), "7 ]".to_owned()]);
}

#[test]
fn what_holds_no_lines_is_named() {
    let cases = [
        (
            r#"{"Records":[{"eventSource":"aws:s3"}]}"#,
            "an S3 notification names objects, it holds no log lines",
        ),
        (r#"{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}"#, "an SQS event holds messages of a queue"),
        (r#"{"Records":[{"EventSource":"aws:sns"}]}"#, "an SNS event holds notifications"),
        (r#"{"detail-type":"Object Created"}"#, "an EventBridge event tells that something happened"),
        ("{}", "JSON of no known shape"),
        ("[[]]", "JSON of no known shape"),
        (r#"{"a":tru}"#, "unusable JSON: invalid syntax at line 1 column 9"),
        (r#"{"logEvents":5}"#, "unusable JSON: a missing key or a value of another type"),
        (r#"{"messageType":"NEWS","logEvents":[]}"#, "expected messageType DATA_MESSAGE"),
        (r#"{"awslogs":{"data":"eJwAAA=="}}"#, "not gzip: expected 1f 8b, found 78 9c 00 00 (zlib)"),
        (r#"{"awslogs":{"data":"*"}}"#, "data is not base64"),
        (
            r#"{"awslogs":{}}"#,
            "expected a CloudWatch Logs subscription event, found JSON without awslogs.data",
        ),
        (r#"{"records":[{}]}"#, "record 0: expected base64 text as data, found none"),
        (r#"{"Records":[{"kinesis":{}}]}"#, "expected a Kinesis event as JSON: a missing key"),
    ];
    for (input, reason) in cases {
        let entries = read(format!("{input}\nnext"));
        assert!(entries[0].starts_with(&format!("1!! {reason}")), "{input}: {entries:?}");
        assert_eq!(entries[1..], ["2 next"], "{input}");
    }
    assert_eq!(read(b"{\"a\":\"\xff\"}\nnext"), ["1!! not UTF-8 at byte 6", "2 next"]);
}

#[test]
fn a_bad_record_spoils_no_other() {
    let good = gzip(message(&["2 a"]).as_bytes());
    let bomb = gzip(&[b' '; 5000]);
    let records: [&[u8]; 6] = [b"2 raw", &good[..20], br#"{"Hello":"World"}"#, &bomb, b"\xff", &good];
    let limits = Limits { decompressed_cap: 1000, ..Limits::default() };
    for input in [kinesis_event(&records), firehose_event(&records)] {
        assert_eq!(
            read_limited(input, &limits).0,
            [
                "1!! record 1: truncated gzip: the data ends inside a member",
                "1!! record 3: decompressed data exceeds the cap of 1000 bytes",
                "1 2 raw",
                "1!! record 2: expected a CloudWatch Logs message at byte 0, found JSON without logEvents",
                "1!! record 4: not UTF-8 at byte 0",
                "1 [2 a]",
            ]
        );
    }
}

#[test]
fn cut_gzip_is_an_error_after_the_lines_before_it() {
    let lines = (0..50_000).map(|n| format!("2 line {n}\n")).collect::<Vec<_>>().concat();
    let whole = gzip(lines.as_bytes());
    let (entries, result) = read_with(&whole[..whole.len() / 2], &Limits::default());
    let Err(ReadError::Gunzip { line, error: GunzipError::Truncated }) = result else { panic!("{result:?}") };
    assert_eq!(line, entries.len() as u64);
    assert!(line > 10_000, "{line}");
    assert!(lines.lines().zip(&entries).all(|(line, entry)| entry.ends_with(line)));

    let trailing = [whole.as_slice(), b"junk"].concat();
    let (entries, result) = read_with(&trailing[..], &Limits::default());
    assert_eq!(entries.len(), 50_000);
    let text = result.unwrap_err().to_string();
    assert_eq!(
        text,
        "corrupt gzip: expected another member or the end, found 6a 75 6e 6b (after line 50000)"
    );
}

#[test]
fn failing_input_and_foreign_formats_are_errors() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let (entries, result) = read_with(b"a\nb\nc".chain(Failing), &Limits::default());
    assert_eq!(entries, ["1 a", "2 b"]);
    assert!(matches!(result, Err(ReadError::Io { line: 2, .. })), "{result:?}");

    let (_, result) = read_with(&b"PAR1...."[..], &Limits::default());
    assert_eq!(result.unwrap_err().to_string(), "expected text, JSON or gzip of either, found Parquet");
    assert_eq!(read_with(&b"\xef\xbb\xbf2 a\n"[..], &Limits::default()).0, ["1 2 a"]);
}

#[test]
fn the_visitor_can_stop_anywhere() {
    let inputs = ["a\nb\nc\n".to_owned(), format!("[{0},{0},{0}]", event(&["e"])), "\u{1}{\n".repeat(3)];
    for input in inputs {
        let mut seen = 0;
        let summary = read_entries(input.as_bytes(), &Limits::default(), &mut |_| {
            seen += 1;
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert!(summary.stopped && seen == 2, "{input}");
    }
}

#[test]
fn an_excerpt_shows_what_was_rejected() {
    let long = format!("{{{}\nnext", "x".repeat(500));
    for input in ["\u{1}\n{bad} more \r\n", &long] {
        let mut excerpts = Vec::new();
        for size in [1, 1 << 20] {
            read_entries(Dribble(input.as_bytes(), size), &Limits::default(), &mut |entry| {
                if let Entry::Rejected(entry) = entry {
                    excerpts.push(String::from_utf8_lossy(entry.excerpt).into_owned());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        }
        assert_eq!(excerpts[0], excerpts[1]);
        assert!(excerpts[0] == "{bad} more" || excerpts[0] == long[..200], "{excerpts:?}");
    }
}

#[test]
fn a_message_keeps_the_timestamp_beside_it() {
    let input = concat!(
        "{\"message\":\"a\",\"timestamp\":1700000000000}\n",
        "{\"timestamp\":\"2023\",\"message\":\"b\"}\n",
        "{\"message\":\"c\"}\n",
    );
    assert_eq!(read_limited(input, &Limits::default()).0, ["1 a at 1700000000000", "2 b", "3 c"]);
}

#[test]
fn a_message_of_an_unknown_type_is_rejected_alone() {
    let news = message(&["x"]).replace("DATA_MESSAGE", "NEWS");
    let both = subscription_event(format!("{}{news}", message(&["a", "b"])).as_bytes());
    let (entries, _) = read_limited(both, &Limits::default());
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(entries[0].starts_with("1!! ") && entries[0].contains("NEWS"), "{entries:?}");
    assert_eq!(entries[1], "1 [a, b]");
}

#[test]
fn lines_before_damage_in_gzip_are_delivered_however_it_is_read() {
    let text: String =
        (0..3000).map(|n| format!("2 line {n} {}\n", n * 7919 % 10_007)).collect::<Vec<_>>().concat();
    let mut damaged = gzip(text.as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0xff);
    let limits = Limits::default();
    let (whole, error) = read_with(damaged.as_slice(), &limits);
    assert!(matches!(error, Err(ReadError::Gunzip { .. })), "{error:?}");
    assert!(whole.len() > 1000, "only {} of 3000 lines", whole.len());
    let (pieces, _) = read_with(Dribble(&damaged, 1), &limits);
    assert_eq!(whole.len(), pieces.len());
}

#[test]
fn limits_hold_for_each_document_not_for_the_file() {
    let empty = r#"{"logEvents":[]}"#;
    assert_eq!(read(empty.repeat(1001)).len(), 1001);
    let too_many =
        format!(r#"{{"logEvents":[{}]}}"#, vec![r#"{"timestamp":1,"message":""}"#; 100_001].join(","));
    let reason = "1!! more than 100000 log events in one event";
    let flood = subscription_event(empty.repeat(1001).as_bytes());
    assert_eq!(read(format!("{too_many}\nnext")), [reason, "2 next"]);
    assert_eq!(read(subscription_event(too_many.as_bytes())), [reason]);
    assert_eq!(read(format!("{flood}\nnext")), ["1!! more than 1000 messages in one event", "2 next"]);
}
