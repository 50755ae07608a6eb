//! Any bytes as a file, a Lambda event or a record: bounded, and the same however they are cut, packed or read.
#![no_main]

use std::io::Read;
use std::ops::ControlFlow;

use flow_envelope::encode::{firehose_event, gzip, kinesis_event, subscription_event};
use flow_envelope::gunzip::is_gzip;
use flow_envelope::{
    Entry, EnvelopeError, FirehoseEvent, KinesisEvent, Limits, ReadError, RecordContent, RecordUnpacker,
    SubscriptionEvent, Summary, fingerprint, gunzip_capped, log_batches, read_entries,
};
use flow_fuzz::{Pieces, shows_no_control_characters};
use libfuzzer_sys::fuzz_target;

/// Small, so that short inputs reach them and bombs are cheap.
const LIMITS: Limits = Limits { decompressed_cap: 32 << 10, document_cap: 16 << 10, line_cap: 1 << 10 };

/// Reading ends after this many entries: compressed line ends are cheap for whoever writes them.
const MOST_ENTRIES: usize = 2000;

// The first line says how the rest is cut into reads: one size from each of its bytes.
fuzz_target!(|data: &[u8]| {
    let (cuts, input) = data.iter().position(|byte| *byte == b'\n').map_or((&[][..], data), |newline| {
        let (cuts, rest) = data.split_at(newline);
        (cuts, &rest[1..])
    });
    let sizes: Vec<usize> = cuts.iter().map(|byte| usize::from(byte & 31)).collect();
    as_a_file(input, &sizes);
    as_an_event(input);
    as_a_record(input);
    as_messages(input);
});

/// Everything observable about reading an input.
#[derive(Debug, PartialEq)]
struct Reading {
    entries: Vec<String>,
    /// The counts, without the buffer's size, or the error.
    result: Result<Summary, String>,
}

fn read(input: impl Read) -> Reading {
    let mut entries = Vec::new();
    let result = read_entries(input, &LIMITS, &mut |entry| {
        if let Entry::Rejected(rejected) = &entry {
            assert!(rejected.excerpt.len() <= 200);
            shows_no_control_characters(&rejected.reason);
        }
        entries.push(format!("{entry:?}"));
        if entries.len() < MOST_ENTRIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let result = match result {
        Ok(mut summary) => {
            let rejected = summary.rejected_lines + summary.rejected_envelopes;
            assert_eq!(summary.lines + summary.batches + rejected, entries.len() as u64);
            summary.buffer_capacity = 0;
            if summary.stopped {
                // How far it had read ahead by then depends on the cut.
                summary.bytes = 0;
            }
            Ok(summary)
        }
        Err(error) => Err(check_error(&error)),
    };
    Reading { entries, result }
}

fn check_error(error: &ReadError) -> String {
    assert!(!matches!(error, ReadError::Io { .. }), "memory can be read: {error}");
    shows_no_control_characters(error)
}

/// How an input is cut into reads, or that it is compressed, changes nothing about what is found in it.
fn as_a_file(input: &[u8], sizes: &[usize]) {
    let whole = read(input);
    assert_eq!(read(Pieces::new(input, sizes)), whole);

    let plain = !is_gzip(input) && !input.starts_with(&[0xef, 0xbb, 0xbf]);
    if let (Ok(summary), true) = (&whole.result, plain && !input.starts_with(&[0x1f])) {
        let compressed = read(Pieces::new(&gzip(input), sizes));
        assert_eq!(compressed.entries, whole.entries);
        let mut expected = *summary;
        expected.gzip = true;
        assert_eq!(compressed.result, Ok(expected));

        // A good line behind it survives whatever is broken in it: no JSON document goes on with these bytes.
        let followed = read(&[input, b"\n2 a good line\n"].concat()[..]);
        let survives = followed.entries.last().is_some_and(|entry| entry.contains("\"2 a good line\""));
        assert!(survives || followed.entries.len() == MOST_ENTRIES, "{:?}", followed.entries.last());
    }
}

/// Lambda events are refused or unpacked within their cap.
fn as_an_event(payload: &[u8]) {
    let cap = LIMITS.decompressed_cap;
    let mut unpacked = Vec::new();
    let check = |result: Result<(), EnvelopeError>, unpacked: &[u8], cap: usize| match result {
        Ok(()) => {
            assert!(unpacked.len() <= cap);
            as_messages(unpacked);
            as_content(unpacked);
        }
        Err(error) => drop(shows_no_control_characters(&error)),
    };
    match SubscriptionEvent::parse(payload) {
        Ok(event) => check(event.decompress(cap, &mut unpacked), &unpacked, cap),
        Err(error) => drop(shows_no_control_characters(&error)),
    }
    match KinesisEvent::parse(payload) {
        Ok(event) => event.records.iter().for_each(|record| {
            check(record.unpack(cap, &mut unpacked), &unpacked, cap.max(record.kinesis.data.len()));
        }),
        Err(error) => drop(shows_no_control_characters(&error)),
    }
    match FirehoseEvent::parse(payload) {
        Ok(event) => event.records.iter().for_each(|record| {
            let mut memory = RecordUnpacker::default();
            match memory.unpack(record, cap) {
                Ok(unpacked) => check(Ok(()), unpacked, cap.max(record.data.len())),
                Err(error) => check(Err(error), &[], cap),
            }
        }),
        Err(error) => drop(shows_no_control_characters(&error)),
    }
}

/// Bytes packed as an event's data come out of it again.
fn as_a_record(data: &[u8]) {
    let mut unpacked = Vec::new();
    let event = subscription_event(data);
    let event = SubscriptionEvent::parse(event.as_bytes()).expect("a good event");
    event.decompress(data.len(), &mut unpacked).expect("a good event within its cap");
    assert!(unpacked == data);
    if let Some(less) = data.len().checked_sub(1) {
        assert!(event.decompress(less, &mut unpacked).is_err());
    }

    let expected = if is_gzip(data) {
        gunzip_capped(data, LIMITS.decompressed_cap, &mut unpacked).ok().map(|()| unpacked.clone())
    } else {
        Some(data.to_vec())
    };
    let (kinesis, firehose) = (kinesis_event(&[data]), firehose_event(&[data]));
    let kinesis = KinesisEvent::parse(kinesis.as_bytes()).expect("a good event");
    let result = kinesis.records[0].unpack(LIMITS.decompressed_cap, &mut unpacked);
    assert_eq!(result.ok().map(|()| &unpacked), expected.as_ref());
    let firehose = FirehoseEvent::parse(firehose.as_bytes()).expect("a good event");
    let mut memory = RecordUnpacker::default();
    let result = memory.unpack(&firehose.records[0], LIMITS.decompressed_cap);
    assert_eq!(result.ok(), expected.as_deref());
    expected.as_deref().into_iter().for_each(as_content);
}

fn as_content(unpacked: &[u8]) {
    match RecordContent::read(unpacked) {
        Ok(content) => assert!(content.lines.len() <= unpacked.len()),
        Err(error) => drop(shows_no_control_characters(&error)),
    }
}

/// The quick way through a message gives what the JSON parser gives, which alone accepts white space behind it.
fn as_messages(unpacked: &[u8]) {
    let spaced = [unpacked, b" "].concat();
    match (log_batches(unpacked), log_batches(&spaced)) {
        (Ok(batches), Ok(general)) => {
            assert_eq!(batches, general);
            assert_eq!(fingerprint(&batches), fingerprint(&general));
        }
        (Err(error), Err(_)) => drop(shows_no_control_characters(&error)),
        (quick, general) => panic!("{quick:?} but {general:?}"),
    }
}
