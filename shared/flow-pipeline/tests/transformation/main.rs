//! Nothing is lost at any size: what comes in is delivered, left out by a rule, failed with a reason, or put back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod lines;
mod partitions;
mod reduction;

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flow_enrich::Tables;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip};
use flow_envelope::{FirehoseEvent, LogBatch, RecordContent, RecordUnpacker};
use flow_output::RecordEncoding;
use flow_pipeline::{
    Lookup, MAX_RECORD, PutBack, StreamEntry, StreamSource, Transformation, TransformationReport,
    TransformationSettings, now_or_never,
};
use proptest::prelude::*;
use serde_json::Value;

/// A stream that takes what it is given, but for some entries.
#[derive(Debug, Default)]
struct Stream {
    /// Of how many entries one is refused; 0 refuses none.
    refuses: usize,
    taken: Mutex<Vec<StreamEntry>>,
}

#[derive(Debug, thiserror::Error)]
#[error("throttled")]
struct Throttled;

impl PutBack for Stream {
    type Error = Throttled;

    async fn put_back(&self, _: StreamSource<'_>, entries: &[StreamEntry]) -> Vec<Result<(), Throttled>> {
        assert!(!entries.is_empty(), "it is not called without entries");
        let mut taken = self.taken.lock().unwrap();
        let mut take = |(place, entry): (usize, &StreamEntry)| {
            assert!(entry.data.len() <= MAX_RECORD);
            if self.refuses > 0 && (place + 1).is_multiple_of(self.refuses) {
                return Err(Throttled);
            }
            taken.push(entry.clone());
            Ok(())
        };
        entries.iter().enumerate().map(&mut take).collect()
    }
}

/// What was answered for one record.
#[derive(Debug, PartialEq)]
enum Answered {
    Ok(String),
    Dropped,
    Failed,
}

fn transform(
    settings: &TransformationSettings,
    records: &[&[u8]],
    stream: Option<&Stream>,
) -> (Vec<Answered>, TransformationReport) {
    let event = firehose_event(records);
    let transformation = Transformation::new(settings.clone());
    let tables = Tables::default();
    let run = transformation.run(&tables, event.as_bytes(), stream);
    let transformed = now_or_never(run).unwrap();
    assert!(transformed.answer.len() <= settings.answer_limit, "{} bytes", transformed.answer.len());
    assert_eq!(transformed.report.answer_bytes, transformed.answer.len() as u64);
    let answer: Value = serde_json::from_str(&transformed.answer).unwrap();
    let answers = answer["records"].as_array().unwrap();
    let ids: Vec<_> = answers.iter().map(|answer| answer["recordId"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        (0..records.len()).map(|id| id.to_string()).collect::<Vec<_>>(),
        "every id once, in order"
    );
    let answered = answers.iter().map(|answer| match answer["result"].as_str().unwrap() {
        "Ok" => Answered::Ok(
            String::from_utf8(STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()).unwrap(),
        ),
        "Dropped" => Answered::Dropped,
        "ProcessingFailed" => Answered::Failed,
        other => panic!("{other}"),
    });
    (answered.collect(), transformed.report)
}

/// A line that no other is like: its number stands in `bytes`.
fn line(number: usize, kind: usize) -> String {
    let source = number % 200;
    match kind {
        0 => format!("2 123456789010 eni-{number} - - - - - - - 1418530010 1418530070 - NODATA"),
        3 => format!("no flow record {number}"),
        1 => format!(
            "2 123456789010 eni-1 10.0.0.{source} 192.0.2.7 2064 22 6 2 {number} 1418530010 1418530070 REJECT OK"
        ),
        _ => format!(
            "2 123456789010 eni-1 10.0.0.{source} 192.0.2.7 2064 443 6 2 {number} 1418530010 1418530070 ACCEPT OK"
        ),
    }
}

fn message(lines: &[String]) -> Vec<u8> {
    let stream = LogStream {
        owner: "123456789010",
        log_group: "/vpc",
        log_stream: "eni-1-all",
        subscription_filter: "f",
    };
    let lines: Vec<_> = lines.iter().map(|line| (1_418_530_010_000, line)).collect();
    SubscriptionEncoder::new(stream, EncodeLimits::default()).encode_message(&lines)
}

const CONTROL: &str = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;

/// Makes a record that can't be read.
fn spoil(data: &mut Vec<u8>) {
    if data.starts_with(&[0x1f, 0x8b]) { data.truncate(data.len() - 5) } else { data.push(0xff) }
}

/// The lines of a record that can be read.
fn lines_of(data: &[u8]) -> Vec<String> {
    let event = firehose_event(&[data]);
    let event = FirehoseEvent::parse(event.as_bytes()).unwrap();
    let mut unpacker = RecordUnpacker::default();
    let content = RecordContent::read(unpacker.unpack(&event.records[0], 1 << 30).unwrap()).unwrap();
    let of_batches = content.batches.iter().flat_map(LogBatch::lines).map(|event| event.message.to_string());
    of_batches.chain(content.lines.iter().map(ToString::to_string)).collect()
}

/// The data of one record with these lines, in one of the shapes that Firehose brings them.
fn record(shape: usize, lines: &[String]) -> Vec<u8> {
    let objects = || -> String {
        lines.iter().map(|line| serde_json::json!({ "message": line }).to_string() + "\n").collect()
    };
    match shape {
        0 if !lines.is_empty() => gzip(&message(lines)),
        1 if lines.len() > 1 => {
            let (first, second) = lines.split_at(lines.len() / 2);
            [gzip(&message(first)), gzip(CONTROL.as_bytes()), gzip(&message(second))].concat()
        }
        2 => objects().into_bytes(),
        3 => gzip(objects().as_bytes()),
        4 => (lines.join("\n") + "\n").into_bytes(),
        _ => gzip(lines.join("\n").as_bytes()),
    }
}

/// The lines that are left out by a rule, of those that are not: NODATA, and refused flows when they are filtered.
fn is_wanted(line: &str, drops_refused: bool) -> bool {
    !(line.contains("NODATA") || drops_refused && line.contains("REJECT"))
}

fn settings(encoding: RecordEncoding, limit: usize, drops_refused: bool) -> TransformationSettings {
    let find = |name: &str| match name {
        "OUTPUT" => Some(encoding.name().to_owned()),
        "DROP" if drops_refused => Some("filter action = 'REJECT'".to_owned()),
        _ => None,
    };
    TransformationSettings { answer_limit: limit, ..TransformationSettings::read(Lookup(&find)).unwrap() }
}

fn add(to: &mut BTreeMap<String, u64>, lines: impl IntoIterator<Item = impl Into<String>>) {
    for line in lines {
        *to.entry(line.into()).or_default() += 1;
    }
}

/// The sum of what became of events is what was read.
fn assert_balanced(report: &TransformationReport) {
    let events = report.events;
    let left_out = events.no_data + events.skip_data + events.filtered + events.sampled_out + events.merged;
    assert_eq!(events.read, events.written + left_out + events.failed + events.put_back, "{events:?}");
    let failed: u64 = report.failed.values().sum();
    assert_eq!(report.records, report.ok + report.dropped + report.put_back + failed, "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn events_in_are_events_out_left_out_failed_or_put_back(
        records in prop::collection::vec((0..6_usize, prop::collection::vec(0..4_usize, 0..30), 0..12_usize), 0..14),
        limit in 1_500..40_000_usize,
        refuses in 0..4_usize,
        has_stream in prop::bool::weighted(0.8),
        drops_refused in any::<bool>(),
    ) {
        // Text is one line for a line, so that lines can be counted.
        let settings = settings(RecordEncoding::Text, limit, drops_refused);
        let stream = Stream { refuses, ..Stream::default() };
        let mut number = 0;
        let records: Vec<(Vec<String>, Vec<u8>)> = records.into_iter().map(|(shape, kinds, bad)| {
            let lines: Vec<String> = kinds.into_iter().map(|kind| { number += 1; line(number, kind) }).collect();
            let mut data = record(shape, &lines);
            if bad == 0 { spoil(&mut data); }
            (lines, data)
        }).collect();
        let (mut wanted, mut delivered, mut failed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (lines, _) in &records {
            add(&mut wanted, lines.iter().filter(|line| is_wanted(line, drops_refused)).cloned());
        }
        let mut waiting: Vec<Vec<u8>> = records.iter().map(|(_, data)| data.clone()).collect();
        // What was put back comes again until nothing is left.
        let (mut twice, mut rounds) = (0, 0);
        while !waiting.is_empty() {
            rounds += 1;
            prop_assert!(rounds < 100);
            let data: Vec<&[u8]> = waiting.iter().map(Vec::as_slice).collect();
            let (answers, report) = transform(&settings, &data, has_stream.then_some(&stream));
            assert_balanced(&report);
            for (place, answer) in answers.iter().enumerate() {
                match answer {
                    Answered::Ok(text) => add(&mut delivered, text.lines()),
                    Answered::Dropped => {}
                    // Firehose keeps it as it came.
                    Answered::Failed if rounds == 1 => add(&mut failed, records[place].0.clone()),
                    Answered::Failed => add(&mut failed, lines_of(data[place])),
                }
            }
            twice += report.events.put_back_twice;
            waiting = std::mem::take(&mut *stream.taken.lock().unwrap()).into_iter().map(|entry| entry.data).collect();
        }
        let arrived: u64 = delivered.values().sum();
        for line in delivered.keys() {
            prop_assert!(wanted.contains_key(line), "{line}");
        }
        for line in wanted.keys() {
            let is_there = delivered.contains_key(line) || failed.contains_key(line);
            prop_assert!(is_there, "lost: {line}");
        }
        if twice == 0 {
            prop_assert!(delivered.values().all(|count| *count == 1));
            prop_assert!(delivered.keys().all(|line| !failed.contains_key(line)));
        } else {
            prop_assert!(arrived <= wanted.len() as u64 + twice);
        }
    }

    /// Whatever the encoding makes of lines, and whether or not they can be read.
    #[test]
    fn no_encoding_makes_an_answer_too_large(
        encoding in prop::sample::select(RecordEncoding::ALL.to_vec()),
        data in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            prop::collection::vec((0..5_usize).prop_map(|kind| line(kind + 7, kind)), 1..20).prop_map(|lines| gzip(&message(&lines))),
            "[ -~\u{e9}]{0,90}".prop_map(String::into_bytes),
        ], 0..40),
        limit in 4_000..30_000_usize,
    ) {
        let stream = Stream::default();
        let data: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
        let (_, report) = transform(&settings(encoding, limit, false), &data, Some(&stream));
        assert_balanced(&report);
    }
}

/// The size of an answer to one record with this id.
fn answer_size(data: usize) -> usize {
    r#"{"records":[{"recordId":"0","result":"Ok","data":""}]}"#.len() + data.div_ceil(3) * 4
}

#[test]
fn at_the_limit_and_a_byte_beyond_it() {
    let text = line(1, 2) + "\n";
    let limit = (0..2000).find(|limit| {
        let found =
            transform(&settings(RecordEncoding::Text, (*limit).max(100), false), &[text.as_bytes()], None);
        found.0 == [Answered::Ok(text.clone())]
    });
    let limit = limit.unwrap();
    // What is set aside for the longest result is not needed.
    assert!(limit < answer_size(text.len()) + 24, "{limit}");
    let settings = settings(RecordEncoding::Text, limit - 1, false);
    let (answers, report) = transform(&settings, &[text.as_bytes()], Some(&Stream::default()));
    assert_eq!(answers, [Answered::Failed]);
    assert_eq!(report.failed, BTreeMap::from([("event_too_large", 1)]));
}

#[test]
fn a_record_that_fits_alone_is_put_back_whole_and_a_larger_one_in_halves() {
    let lines: Vec<_> = (0..200).map(|number| line(number, 2)).collect();
    let data = gzip(&message(&lines));
    let stream = Stream::default();
    // Room for one and a half.
    let limit = answer_size(lines.iter().map(|line| line.len() + 1).sum::<usize>() * 3 / 2);
    let (answers, report) =
        transform(&settings(RecordEncoding::Text, limit, false), &[&data, &data], Some(&stream));
    assert!(matches!(answers[..], [Answered::Ok(_), Answered::Dropped]), "{answers:?}");
    assert_eq!((report.put_back, report.events.put_back), (1, 200));
    let taken = std::mem::take(&mut *stream.taken.lock().unwrap());
    assert_eq!(taken.iter().map(|entry| lines_of(&entry.data).len()).collect::<Vec<_>>(), [200]);
    // Room for two thirds.
    let (_, report) =
        transform(&settings(RecordEncoding::Text, limit * 4 / 9, false), &[&data], Some(&stream));
    let taken = std::mem::take(&mut *stream.taken.lock().unwrap());
    assert_eq!(taken.iter().map(|entry| lines_of(&entry.data).len()).collect::<Vec<_>>(), [100, 100]);
    assert_eq!((report.put_back, report.events.put_back), (1, 200));
}

#[test]
fn the_mark_bounds_how_often() {
    let lines: Vec<_> = (0..200).map(|number| line(number, 2)).collect();
    let whole = gzip(&message(&lines));
    let settings = settings(RecordEncoding::Text, 30_000, false);
    let stream = Stream::default();
    let mut data = whole.clone();
    for round in 1.. {
        let (answers, report) = transform(&settings, &[&whole, &data], Some(&stream));
        let Some(entry) = stream.taken.lock().unwrap().pop() else {
            assert_eq!((round, &answers[1]), (65, &Answered::Failed));
            assert_eq!(report.failed, BTreeMap::from([("put_back_too_often", 1)]));
            break;
        };
        assert_eq!(answers[1], Answered::Dropped);
        data = entry.data;
    }
}

#[test]
fn what_is_not_acknowledged_fails_and_what_arrives_twice_is_counted() {
    let lines: Vec<_> = (0..200).map(|number| line(number, 2)).collect();
    let data = gzip(&message(&lines));
    let settings = settings(RecordEncoding::Text, 20_000, false);
    let half = Stream { refuses: 2, ..Stream::default() };
    let (answers, report) = transform(&settings, &[&data], Some(&half));
    assert_eq!(answers, [Answered::Failed]);
    assert_eq!(report.failed, BTreeMap::from([("put_back_failed", 1)]));
    assert_eq!(report.failed_samples[0].reason, "throttled");
    assert_eq!((report.events.failed, report.events.put_back, report.events.put_back_twice), (200, 0, 100));
    let none = Stream { refuses: 1, ..Stream::default() };
    let (answers, report) = transform(&settings, &[&data], Some(&none));
    assert_eq!((&answers[..], report.events.put_back_twice), (&[Answered::Failed][..], 0));
}

#[test]
fn where_nothing_can_be_put_back_it_fails_with_its_own_reason() {
    let lines: Vec<_> = (0..200).map(|number| line(number, 2)).collect();
    let plain = message(&lines);
    let packed = gzip(&plain);
    let failed = |limit, records: &[&[u8]], stream| {
        transform(&settings(RecordEncoding::Text, limit, false), records, stream).1.failed
    };
    let stream = Stream::default();
    assert_eq!(failed(20_000, &[&packed], None), BTreeMap::from([("record_too_large", 1)]));
    assert_eq!(failed(40_000, &[&packed, &packed], None), BTreeMap::from([("answer_full", 1)]));
    // A message that comes unpacked comes from a stream that decompresses.
    assert_eq!(failed(20_000, &[&plain], Some(&stream)), BTreeMap::from([("decompressing_stream", 1)]));
    assert!(stream.taken.lock().unwrap().is_empty());
}

#[test]
fn a_megabyte_that_inflates_to_a_gigabyte_and_ten_thousand_empty_records() {
    let bomb = gzip(&vec![b' '; 1 << 30]);
    assert!((1_000_000..=1 << 20).contains(&bomb.len()));
    let mut records: Vec<&[u8]> = vec![&bomb];
    records.extend(std::iter::repeat_n(&b""[..], 10_000));
    records.push(b"2 \xff");
    let settings = settings(RecordEncoding::Flat, 6_000_000, false);
    let (answers, report) = transform(&settings, &records, Some(&Stream::default()));
    assert_eq!(
        (&answers[0], &answers[1], &answers[10_001]),
        (&Answered::Failed, &Answered::Dropped, &Answered::Failed)
    );
    assert_eq!(report.failed, BTreeMap::from([("decompressed_too_large", 1), ("not_utf8", 1)]));
    assert_eq!(report.dropped, 10_000);
}

#[test]
fn what_unpacks_to_too_much_is_looked_at_in_part_and_the_rest_put_back_as_it_came() {
    let lines: Vec<_> = (0..20_000).map(|_| line(7, 2)).collect();
    let data = gzip(&message(&lines));
    let records = vec![&data[..]; 50];
    let settings = settings(RecordEncoding::Text, 6_000_000, false);
    let stream = Stream::default();
    let (answers, report) = transform(&settings, &records, Some(&stream));
    // The answer has room for two.
    assert!(answers.iter().skip(2).all(|answered| *answered == Answered::Dropped), "{report:?}");
    assert!((120_000_000..130_000_000).contains(&report.bytes_unpacked), "{}", report.bytes_unpacked);
    let taken = std::mem::take(&mut *stream.taken.lock().unwrap());
    let untouched = taken.iter().filter(|entry| entry.data == data).count();
    assert!((2..50).contains(&untouched), "{untouched} of {}", taken.len());
    let held = |data: &[u8]| lines_of(data).len() as u64;
    let back: u64 = taken.iter().map(|entry| held(&entry.data)).sum();
    assert_eq!(report.events.written + back, 50 * 20_000);
    let (answers, report) = transform(&settings, &records, None);
    assert!(answers.iter().skip(2).all(|answered| *answered == Answered::Failed), "{report:?}");
    assert_eq!(report.failed.get("event_full"), Some(&(untouched as u64)));
}

/// A full-size event: what one record of nearly a megabyte holds is delivered in the end, every event once.
#[test]
fn the_largest_record_is_delivered_in_parts() {
    let lines: Vec<_> = (0..60_000).map(|number| line(number, 2)).collect();
    let mut waiting = vec![gzip(&message(&lines))];
    let settings = settings(RecordEncoding::Flat, 6_000_000, false);
    let stream = Stream::default();
    let mut delivered = BTreeMap::new();
    let mut invocations = 0;
    while !waiting.is_empty() {
        invocations += 1;
        let data: Vec<&[u8]> = waiting.iter().map(Vec::as_slice).collect();
        let (answers, report) = transform(&settings, &data, Some(&stream));
        assert_eq!(report.failed_total(), 0, "{report:?}");
        for answer in answers {
            if let Answered::Ok(text) = answer {
                for line in text.lines() {
                    let value: Value = serde_json::from_str(line).unwrap();
                    add(&mut delivered, [value["bytes"].to_string()]);
                }
            }
        }
        waiting =
            std::mem::take(&mut *stream.taken.lock().unwrap()).into_iter().map(|entry| entry.data).collect();
    }
    assert_eq!(delivered.len(), 60_000);
    assert!(delivered.values().all(|count| *count == 1));
    assert!(invocations < 12, "{invocations}");
}

/// A few bytes may unpack to any number of lines: what is no flow log is neither read to its end nor sent on its way again.
#[test]
fn what_is_no_flow_log_fails_whatever_its_size() {
    let garbage = gzip("x\n".repeat(100_000).as_bytes());
    assert!(garbage.len() < 1000);
    for (encoding, reason) in
        [(RecordEncoding::Flat, "no_flow_record"), (RecordEncoding::Csv, "no_place_for_line")]
    {
        let stream = Stream::default();
        let (answers, report) = transform(&settings(encoding, 100_000, false), &[&garbage], Some(&stream));
        assert_eq!((answers, report.failed.get(reason)), (vec![Answered::Failed], Some(&1)), "{report:?}");
        assert_eq!((report.events.read, report.events.failed), (100_000, 100_000));
        assert_balanced(&report);
        assert!(stream.taken.lock().unwrap().is_empty());
    }
}
