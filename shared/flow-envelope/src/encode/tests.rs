use std::collections::HashSet;

use super::*;
use crate::{DEFAULT_DECOMPRESSED_CAP, SubscriptionEvent, fingerprint, log_batches};

const STREAM: LogStream<'_> = LogStream {
    owner: "123456789010",
    log_group: "/aws/vpc/flowlogs",
    log_stream: "eni-1235b8ca123456789-all",
    subscription_filter: "flowgauge",
};

fn encoder(limits: EncodeLimits) -> SubscriptionEncoder<'static> {
    SubscriptionEncoder::new(STREAM, limits)
}

/// Lines that compress badly, so that the size of an event can be steered.
fn noisy_lines(count: u64) -> Vec<(i64, String)> {
    (0..count)
        .map(|n| {
            let noise = xxhash_rust::xxh3::xxh3_128(&n.to_le_bytes());
            (1_700_000_000_000 + n.cast_signed(), format!("2 123456789010 eni-{noise:032x}"))
        })
        .collect()
}

/// Every (id, timestamp, message) of some events, in order.
fn decode(events: &[String]) -> Vec<(String, i64, String)> {
    let mut unpacked = Vec::new();
    let mut all = Vec::new();
    for event in events {
        let event = SubscriptionEvent::parse(event.as_bytes()).unwrap();
        event.decompress(DEFAULT_DECOMPRESSED_CAP, &mut unpacked).unwrap();
        for batch in log_batches(&unpacked).unwrap() {
            assert_eq!((&*batch.owner, &*batch.log_group), (STREAM.owner, STREAM.log_group));
            assert_eq!(
                (&*batch.log_stream, &*batch.subscription_filters[0]),
                (STREAM.log_stream, "flowgauge")
            );
            all.extend(batch.lines().iter().map(|e| (e.id.to_string(), e.timestamp, e.message.to_string())));
        }
    }
    all
}

#[test]
fn splits_to_fit_every_limit_and_loses_nothing() {
    let lines = noisy_lines(3000);
    let limits = [
        EncodeLimits::default(),
        EncodeLimits { event_bytes: 20_000, ..EncodeLimits::default() },
        EncodeLimits { events: 700, ..EncodeLimits::default() },
        EncodeLimits { message_bytes: 30_000, ..EncodeLimits::default() },
    ];
    let counts = limits.map(|limits| {
        let events = encoder(limits).encode(&lines).unwrap();
        assert!(events.iter().all(|event| event.len() <= limits.event_bytes));
        let decoded = decode(&events);
        assert!(decoded.iter().map(|(_, t, m)| (*t, m)).eq(lines.iter().map(|(t, m)| (*t, m))));
        events.len()
    });
    assert_eq!(counts[0], 1);
    assert!(counts[1] > 4, "{counts:?}");
    assert_eq!(counts[2], 5);
    assert!(counts[3] > 15, "{counts:?}");
}

#[test]
fn ids_are_unique_and_the_same_in_every_run_and_cut() {
    let lines: Vec<_> = (0..500).map(|_| (1_700_000_000_000, "the same line")).collect();
    let whole = encoder(EncodeLimits::default()).encode(&lines).unwrap();
    let ids = |events: &[String]| decode(events).into_iter().map(|(id, ..)| id).collect::<Vec<_>>();
    assert_eq!(ids(&whole).into_iter().collect::<HashSet<_>>().len(), 500);
    assert_eq!(encoder(EncodeLimits::default()).encode(&lines).unwrap(), whole);

    let mut other = encoder(EncodeLimits { events: 7, ..EncodeLimits::default() });
    let parts = [other.encode(&lines[..123]).unwrap(), other.encode(&lines[123..]).unwrap()].concat();
    assert_eq!(ids(&parts), ids(&whole));
}

#[test]
fn different_events_have_different_fingerprints() {
    let limits = EncodeLimits { events: 10, ..EncodeLimits::default() };
    let events = encoder(limits).encode(&noisy_lines(100)).unwrap();
    let prints: HashSet<_> = events
        .iter()
        .map(|event| {
            let mut unpacked = Vec::new();
            SubscriptionEvent::parse(event.as_bytes()).unwrap().decompress(1 << 20, &mut unpacked).unwrap();
            fingerprint(&log_batches(&unpacked).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(prints.len(), 10);
}

#[test]
fn names_the_line_that_is_too_large() {
    let mut lines = noisy_lines(9);
    lines[5].1 = "x".repeat(5000);
    let mut limited = encoder(EncodeLimits { message_bytes: 4000, ..EncodeLimits::default() });
    let error = limited.encode(&lines).unwrap_err();
    assert_eq!(error, EncodeError::LineTooLarge { index: 5, found: 5000, limit: 4000 });
    assert_eq!(error.to_string(), "line 5 alone makes 5000 bytes, at most 4000 fit into one event");
    // The failed call left no gap in the numbering.
    let again = limited.encode(&lines[..5]).unwrap();
    assert_eq!(again, encoder(EncodeLimits::default()).encode(&lines[..5]).unwrap());
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(encoder(EncodeLimits::default()).encode::<&str>(&[]), Ok(Vec::new()));
}

#[test]
fn what_we_write_aws_lambda_events_reads() {
    let lines = noisy_lines(3);
    let events = encoder(EncodeLimits::default()).encode(&lines).unwrap();
    let event: aws_lambda_events::cloudwatch_logs::LogsEvent = serde_json::from_str(&events[0]).unwrap();
    let data = event.aws_logs.data;
    assert_eq!((&*data.message_type, &*data.log_group), ("DATA_MESSAGE", STREAM.log_group));
    assert!(data.log_events.iter().map(|e| (e.timestamp, &e.message)).eq(lines.iter().map(|(t, m)| (*t, m))));
}

#[test]
fn a_message_is_the_same_unsplit() {
    let lines = noisy_lines(3);
    let message = encoder(EncodeLimits::default()).encode_message(&lines);
    let events = encoder(EncodeLimits::default()).encode(&lines).unwrap();
    assert_eq!(subscription_event(&message), events[0]);
}
