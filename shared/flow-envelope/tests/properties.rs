//! Laws that hold for any input.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Read};
use std::ops::ControlFlow;

use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, gzip, subscription_event};
use flow_envelope::{
    Entry, FirehoseEvent, KinesisEvent, Limits, ReadError, RecordContent, SubscriptionEvent, Summary,
    fingerprint, gunzip_capped, log_batches, read_entries,
};
use proptest::prelude::*;

const STREAM: LogStream<'_> =
    LogStream { owner: "1", log_group: "g\"\\", log_stream: "s", subscription_filter: "f" };

/// Gives out its bytes in pieces of the given sizes, over and over, and is interrupted at each size 0.
struct Pieces<'a> {
    rest: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl<'a> Pieces<'a> {
    fn new(rest: &'a [u8], sizes: &'a [usize]) -> Self {
        Self { rest, sizes: sizes.iter().cycle() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = *self.sizes.next().unwrap_or(&1);
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = into.len().min(size);
        self.rest.read(&mut into[..length])
    }
}

/// Everything observable about reading an input, but for the fingerprint's own value.
fn read(input: impl Read, limits: &Limits) -> (Vec<String>, Result<Summary, ReadError>) {
    let mut seen = Vec::new();
    let result = read_entries(input, limits, &mut |entry| {
        seen.push(format!("{entry:?}"));
        ControlFlow::Continue(())
    });
    (seen, result)
}

/// Small limits, so that short inputs reach them.
const SMALL: Limits = {
    let mut limits = Limits { decompressed_cap: 0, document_cap: 0, line_cap: 0 };
    limits.decompressed_cap = 300;
    limits.document_cap = 400;
    limits.line_cap = 12;
    limits
};

/// Pieces of text that mean something to the reader, and whole events among them.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let event = subscription_event(br#"{"logEvents":[{"id":"1","timestamp":1,"message":"2 x"}]}"#);
    let texts = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ":",
        ",",
        "\n",
        "\n",
        "\r\n",
        " ",
        "2 123 eni",
        "null",
        "{\"message\":\"m\"}",
        "{\"a\":",
        "[{",
        "{\"a\":\"b\",\n\"c\":[1]}",
        "{\"logEvents\":[]}",
        "{\"records\":[{\"data\":\"MiB4\"}]}",
    ];
    prop_oneof![
        8 => proptest::sample::select(texts.map(|text| text.as_bytes().to_vec()).to_vec()),
        2 => Just(event.into_bytes()),
        2 => proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(fragment(), 0..40).prop_map(|fragments| fragments.concat())
}

proptest! {
    #[test]
    fn how_the_input_is_cut_into_reads_changes_nothing(
        input in document(),
        sizes in proptest::collection::vec(0_usize..30, 0..8),
        small in any::<bool>(),
    ) {
        let sizes = [sizes, vec![1]].concat();
        let limits = if small { SMALL } else { Limits::default() };
        let (whole, summary) = read(&input[..], &limits);
        let (pieces, summary_of_pieces) = read(Pieces::new(&input, &sizes), &limits);
        prop_assert_eq!(&whole, &pieces);
        let compressed = gzip(&input);
        let (unzipped, _) = read(Pieces::new(&compressed, &sizes), &limits);
        if !input.starts_with(&[0xef, 0xbb, 0xbf]) && summary.is_ok() && !input.starts_with(&[0x1f, 0x8b]) {
            prop_assert_eq!(&whole, &unzipped);
            let (mut one, mut other) = (summary.unwrap(), summary_of_pieces.unwrap());
            (one.buffer_capacity, other.buffer_capacity) = (0, 0);
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn good_lines_survive_whatever_is_broken_around_them(before in document(), after in document()) {
        let good = "2 a good line that stands alone";
        let mut input = before;
        // No JSON document can go on with these bytes, in a string or out of it.
        input.extend(format!("\n{good}\n").as_bytes());
        input.extend(after);
        let (seen, result) = read(&input[..], &Limits::default());
        if result.is_ok() && !input.starts_with(&[0x1f, 0x8b]) {
            prop_assert!(seen.iter().any(|entry| entry.contains(good)), "{:?}", seen);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..600), cap in 0_usize..1000) {
        let _ = read(&input[..], &Limits::default());
        let _ = read(&[&[0x1f, 0x8b, 8, 0], &input[..]].concat()[..], &SMALL);
        let mut into = Vec::new();
        let _ = gunzip_capped(&input, cap, &mut into);
        let _ = log_batches(&input);
        let _ = RecordContent::read(&input);
        let _ = KinesisEvent::parse(&input);
        let _ = FirehoseEvent::parse(&input);
        if let Ok(event) = SubscriptionEvent::parse(&input) {
            let _ = event.decompress(cap, &mut into);
        }
    }

    #[test]
    fn a_damaged_event_never_panics_and_never_exceeds_its_cap(
        at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<proptest::sample::Index>(),
        cap in 0_usize..2000,
    ) {
        let message = br#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":"2 x"}]}"#;
        let mut event = subscription_event(&message.repeat(9)).into_bytes();
        let at = at.index(event.len());
        event[at] = byte;
        event.truncate(event.len() - cut.index(event.len()) / 4);
        let mut unpacked = Vec::new();
        if let Ok(parsed) = SubscriptionEvent::parse(&event) && parsed.decompress(cap, &mut unpacked).is_ok() {
            prop_assert!(unpacked.len() <= cap);
            let _ = log_batches(&unpacked);
        }
        let _ = read(&event[..], &SMALL);
    }

    #[test]
    fn gunzip_undoes_gzip_for_any_members_and_any_cap(
        members in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 1..5),
        padding in 0_usize..9, repeat in 1_usize..40, slack in 0_usize..3,
    ) {
        let members: Vec<_> = members.iter().map(|member| member.repeat(repeat)).collect();
        let mut compressed: Vec<u8> = members.iter().flat_map(|member| gzip(member)).collect();
        compressed.extend(vec![0; padding]);
        let content = members.concat();
        let mut into = Vec::new();
        prop_assert_eq!(gunzip_capped(&compressed, content.len() + slack, &mut into), Ok(()));
        prop_assert!(into == content);
        if let Some(less) = content.len().checked_sub(1 + slack) {
            prop_assert!(gunzip_capped(&compressed, less, &mut into).is_err());
        }
    }

    #[test]
    fn decoding_what_was_encoded_gives_the_same_lines(
        lines in proptest::collection::vec((0_i64..4_000_000_000_000, ".{0,80}"), 0..60),
        events in 1_usize..30, event_bytes in 800_usize..3000,
    ) {
        let limits = EncodeLimits { event_bytes, events, ..EncodeLimits::default() };
        let encoded = SubscriptionEncoder::new(STREAM, limits).encode(&lines).unwrap();
        let (mut decoded, mut prints) = (Vec::new(), Vec::new());
        let mut unpacked = Vec::new();
        for event in &encoded {
            prop_assert!(event.len() <= event_bytes);
            SubscriptionEvent::parse(event.as_bytes()).unwrap().decompress(1 << 20, &mut unpacked).unwrap();
            let batches = log_batches(&unpacked).unwrap();
            prints.push(fingerprint(&batches));
            for batch in &batches {
                prop_assert_eq!(&*batch.log_group, STREAM.log_group);
                prop_assert!(batch.lines().len() <= events);
                decoded.extend(batch.lines().iter().map(|line| (line.timestamp, line.message.to_string())));
            }
        }
        prop_assert_eq!(&decoded, &lines);
        // The command line's reader finds the same in the same order.
        let mut read = Vec::new();
        let input = encoded.join("\n");
        read_entries(input.as_bytes(), &Limits::default(), &mut |entry| {
            if let Entry::Batch { fingerprint, .. } = entry {
                read.push(fingerprint);
            }
            ControlFlow::Continue(())
        }).unwrap();
        prop_assert_eq!(read, prints);
    }
}
