//! However the lines arrive (cut, shuffled, delivered twice), the finding is the same.

use flow_envelope::encode::{EncodeLimits, SubscriptionEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::program::{Folder, Run};
use crate::samples::{NOON, joined, stream, tries};

const TRIES: usize = 120;
const EVENTS: usize = 40;

/// Files in a folder, in the order in which they are given.
struct Arrival {
    folder: Folder,
    names: Vec<String>,
}

impl Arrival {
    fn of(contents: impl IntoIterator<Item = String>) -> Self {
        let mut arrival = Arrival { folder: Folder::empty(), names: Vec::new() };
        for (index, content) in contents.into_iter().enumerate() {
            let name = format!("{index}");
            arrival.folder = arrival.folder.and(&name, content);
            arrival.names.push(name);
        }
        arrival
    }

    fn detect(&self) -> Run {
        let options = ["detect", "--output", "json"].map(str::to_owned);
        self.folder.flowgauge(options.iter().chain(&self.names)).exits(0)
    }
}

/// The lines as events of a few lines each.
fn events(lines: &[String]) -> Vec<String> {
    let mut encoder = SubscriptionEncoder::new(stream("/aws/vpc/flowlogs"), EncodeLimits::default());
    let encode = |part: &[String]| {
        let part: Vec<_> = part.iter().map(|line| (1_700_000_000_000, line)).collect();
        encoder.encode(&part).unwrap().join("\n")
    };
    lines.chunks(TRIES / EVENTS).map(encode).collect()
}

/// What must not depend on the scope.
fn told(finding: &Value) -> Value {
    let told = ["rule", "subject", "values", "totals", "window", "first_seen", "last_seen", "samples"];
    told.iter().map(|key| json!([key, finding[key]])).collect()
}

/// The one finding of a run.
fn only(run: &Run) -> Value {
    let findings = run.json();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["values"]["attempts"], TRIES);
    findings[0].clone()
}

/// The lines in files, cut before each of these places.
fn cut(lines: &[String], places: &[usize]) -> Vec<String> {
    let ends = places.iter().copied().chain([lines.len()]);
    let starts = [0].into_iter().chain(places.iter().copied());
    starts.zip(ends).map(|(start, end)| joined(&lines[start..end])).collect()
}

fn seconds_of_an_hour() -> impl Strategy<Value = Vec<u64>> {
    subsequence((0..3600).collect::<Vec<u64>>(), TRIES).prop_shuffle()
}

fn every_event_twice() -> impl Strategy<Value = Vec<usize>> {
    Just((0..EVENTS).chain(0..EVENTS).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_finding_is_the_same(
        seconds in seconds_of_an_hour(),
        order in every_event_twice(),
        mut places in vec(0..=TRIES, 0..8),
        turn in 0..TRIES,
    ) {
        let lines = tries(seconds.iter().map(|second| NOON + second));
        let mut events = Arrival::of(events(&lines));
        events.names = order.iter().map(usize::to_string).collect();
        let run = events.detect();
        prop_assert!(run.counts().ends_with("in 120 flows, 80 events, 40 of them redelivered and not counted again"));
        let from_events = only(&run);
        let from_one_file = only(&Arrival::of([joined(&lines)]).detect());
        prop_assert_eq!(told(&from_events), told(&from_one_file));

        let mut turned = lines;
        turned.rotate_left(turn);
        places.sort_unstable();
        let mut files = Arrival::of(cut(&turned, &places));
        files.names.reverse();
        prop_assert_eq!(only(&files.detect()), from_one_file);
    }
}

#[test]
fn the_log_group_is_part_of_the_identity() {
    let lines = tries(NOON..NOON + 120);
    let (events, file) = (Arrival::of(events(&lines)), Arrival::of([joined(&lines)]));
    let (event, file) = (only(&events.detect()), only(&file.detect()));
    assert_eq!((&event["log_group"], file.get("log_group")), (&json!("/aws/vpc/flowlogs"), None));
    assert_ne!(event["id"], file["id"]);
}

#[test]
fn a_plain_file_given_twice_counts_twice() {
    let mut twice = Arrival::of([joined(&tries(NOON..NOON + 60))]);
    assert_eq!(twice.detect().stdout, "");
    twice.names.push("0".to_owned());
    assert_eq!(only(&twice.detect())["values"]["ports"], 1);
}
