//! The laws of merging looks at one episode.

use flow_detect::{
    Deltas, EpisodeRecord, Finding, FindingSnapshot, Groups, Mode, RuleSet, Status, Teller, Watermark, Window,
};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_query::{KeyPart, Value};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;

use crate::findings::{finding, findings, rules};

const T: u64 = 1_700_000_000;

fn number() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Absent),
        (0_i64..4).prop_map(Value::Integer),
        prop::sample::select(vec![0.5, 2.5, 1e17]).prop_map(Value::Float),
    ]
}

/// Looks at one episode that differ in everything in which two looks can.
fn look() -> impl Strategy<Value = FindingSnapshot> {
    let times = (0_u64..4, 0_u64..4, 0_u64..4, 0_u64..9, 0_u64..9);
    let values = (number(), number(), number());
    let texts = (prop::collection::vec("[ab]", 0..3), prop::option::of("[ab]"), prop::option::of("[ab]"));
    let texts = (texts, prop::option::of(0_u8..2));
    (times, values, texts, any::<bool>()).prop_map(|(times, values, texts, is_high)| {
        let rules = rules(if is_high { "high" } else { "low" }, "notify");
        let mut finding = finding(&rules, (T, T), 1);
        let (start, end, window, first_seen, last_seen) = times;
        let (first, second, total) = values;
        let ((samples, interface, log_group), destination) = texts;
        finding.episode.span = Window { start: T + start, end: T + 720 + end };
        finding.episode.window = Window { start: T + window, end: T + window + 720 };
        finding.episode.values = vec![first, second];
        finding.episode.totals = vec![Some(total), None];
        (finding.episode.first_seen, finding.episode.last_seen) = (T + first_seen, T + last_seen);
        (finding.episode.samples, finding.interface, finding.log_group) = (samples, interface, log_group);
        finding.subject.truncate(1);
        let address = |last| KeyPart::Address([10, 0, 0, last].into());
        finding.subject.extend(destination.map(|last| ("dstAddr".to_owned(), address(last))));
        FindingSnapshot::of(&finding)
    })
}

fn merged(left: &FindingSnapshot, right: &FindingSnapshot) -> FindingSnapshot {
    let mut merged = left.clone();
    merged.merge(right);
    merged
}

/// Records of one source over two hours.
fn records() -> impl Strategy<Value = Vec<Vec<(u64, u16)>>> {
    prop::collection::vec(prop::collection::vec((0_u64..14_400, 1_u16..400), 1..6), 1..12)
}

fn last_of<'r>(rules: &'r RuleSet, groups: &Groups) -> Option<Finding<'r>> {
    groups.findings(rules, Watermark::End).pop()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn looks_merge_in_any_order(a in look(), b in look(), c in look()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(merged(&merged(&a, &b), &b), merged(&a, &b));
    }

    /// However a source's records come, the record ends as its last episode seen all at once.
    #[test]
    fn a_record_ends_as_the_last_episode(batches in records()) {
        let rules = rules("low", "notify");
        let (format, tables) = (RecordFormat::default(), Tables::default());
        let active = rules.for_format(&format, Mode::Notify);
        let mut groups = Groups::new(10);
        let mut record = None;
        for (batch, now) in batches.iter().zip(T..) {
            let mut deltas = Deltas::default();
            for (offset, port) in batch {
                let line = Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", *port).rejected().at(T + offset).line();
                let line = format.parse(&line).unwrap();
                let origin = Origin::default();
                deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
            }
            deltas.into_iter().for_each(|delta| { groups.merge(delta); });
            for finding in groups.findings(&rules, Watermark::End) {
                let teller = Teller { token: "token", now, lease: 45 };
                record = Some(EpisodeRecord::observe(record, &finding, None, teller).record);
            }
        }
        let (record, last) = (record.unwrap(), last_of(&rules, &groups).unwrap());
        prop_assert_eq!(record.snapshot(), &FindingSnapshot::of(&last));
        let restored = record.finding(&rules, Status::New).unwrap();
        let last = Finding { episodes: restored.episodes, ..last };
        prop_assert_eq!(format!("{restored:?}"), format!("{last:?}"));
    }
}

#[test]
fn the_window_shown_is_the_largest_and_then_the_earliest() {
    let rules = rules("low", "notify");
    let look = |start: u64, n| {
        let mut finding = finding(&rules, (T, T + 2000), n);
        finding.episode.window = Window { start: T + start, end: T + start + 720 };
        finding.episode.samples = vec![start.to_string()];
        FindingSnapshot::of(&finding)
    };
    for (one, other, shown) in [((0, 5), (60, 7), 60), ((0, 5), (60, 5), 0), ((120, 5), (60, 5), 60)] {
        let restored = merged(&look(one.0, one.1), &look(other.0, other.1));
        let finding = Finding::restore(&restored, &rules, Status::New).unwrap();
        assert_eq!(finding.episode.window.start, T + shown);
        assert_eq!(finding.episode.samples, [shown.to_string()], "its samples are its own");
    }
}

#[test]
fn what_is_not_the_only_one_is_left_out() {
    let rules = rules("low", "notify");
    let to = |address: &str| {
        FindingSnapshot::of(
            &findings(&rules, &[Flow::tcp("198.51.100.7", 40_000, address, 22).rejected().line()])[0],
        )
    };
    let subject = |snapshot: &FindingSnapshot| {
        let finding = Finding::restore(snapshot, &rules, Status::New).unwrap();
        finding.subject.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let both = merged(&to("10.0.0.5"), &to("10.0.0.6"));
    assert_eq!(subject(&to("10.0.0.5")), ["srcAddr", "dstAddr", "interfaceId"]);
    assert_eq!(subject(&both), ["srcAddr", "interfaceId"]);
    assert_eq!(subject(&merged(&both, &to("10.0.0.5"))), ["srcAddr", "interfaceId"], "for good");
}
