//! Lines encoded as subscription events are the same lines in the same order when decoded, by either way in.
#![no_main]

use std::ops::ControlFlow;

use flow_envelope::encode::{EncodeError, EncodeLimits, LogStream, SubscriptionEncoder};
use flow_envelope::{Entry, Limits, LogBatch, SubscriptionEvent, log_batches, read_entries};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// Lines of one log stream and the bounds to encode them under.
#[derive(Debug, Arbitrary)]
struct Case<'a> {
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filter: &'a str,
    event_bytes: u16,
    message_bytes: u16,
    events: u8,
    lines: Vec<(i64, &'a str)>,
}

type Lines = Vec<(i64, String)>;

fuzz_target!(|case: Case<'_>| {
    let Case { owner, log_group, log_stream, subscription_filter, lines, .. } = &case;
    let limits = EncodeLimits {
        event_bytes: case.event_bytes.into(),
        events: case.events.into(),
        message_bytes: case.message_bytes.into(),
    };
    let mut encoder =
        SubscriptionEncoder::new(LogStream { owner, log_group, log_stream, subscription_filter }, limits);
    let mut twin = encoder.clone();
    let encoded = encoder.encode(lines);
    assert_eq!(twin.encode(lines), encoded, "the same lines give the same bytes");
    let events = match encoded {
        Ok(events) => events,
        Err(EncodeError::LineTooLarge { index, found, limit }) => {
            assert!(index < lines.len() && found > limit);
            return;
        }
        Err(other) => panic!("{other}"),
    };
    let mut decoded = Lines::new();
    let mut unpacked = Vec::new();
    for event in &events {
        assert!(event.len() <= limits.event_bytes);
        let parsed = SubscriptionEvent::parse(event.as_bytes()).expect("what is encoded can be read");
        parsed.decompress(limits.message_bytes, &mut unpacked).expect("within its own limit");
        let batches = log_batches(&unpacked).expect("what is encoded can be read");
        for batch in &batches {
            assert_eq!(
                (&*batch.owner, &*batch.log_group, &*batch.log_stream),
                (*owner, *log_group, *log_stream)
            );
            assert_eq!(batch.subscription_filters, [*subscription_filter]);
            assert!(batch.lines().len() <= limits.events.max(1));
        }
        decoded.extend(lines_of(&batches));
    }
    let same = |(left, right): (&(i64, String), &(i64, &str))| left.0 == right.0 && left.1 == right.1;
    assert!(decoded.len() == lines.len() && decoded.iter().zip(lines).all(same), "{decoded:?}");
    assert_eq!(read_as_a_file(&events), decoded);
});

fn lines_of<'b>(batches: &'b [LogBatch<'b>]) -> impl Iterator<Item = (i64, String)> {
    batches.iter().flat_map(|batch| batch.lines()).map(|line| (line.timestamp, line.message.to_string()))
}

/// What the command line's reader finds in the events, one a line.
fn read_as_a_file(events: &[String]) -> Lines {
    let mut lines = Lines::new();
    let read = read_entries(events.join("\n").as_bytes(), &Limits::default(), &mut |entry| {
        match entry {
            Entry::Batch { batches, .. } => lines.extend(lines_of(batches)),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    });
    read.expect("what is encoded can be read");
    lines
}
