//! Who is told of does not depend on cuts and small disorder, and is who `detect` finds.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_detect::{Mode, RuleSet};
use flow_enrich::Tables;
use flow_envelope::Limits;
use flow_generate::{Aggregation, Scenario, Settings, Traffic};
use flow_pipeline::{Definitions, Detection, DetectionSettings};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;

use super::{DAY, file, replay, rule, told};

/// The ids of the findings that a look at everything at once gives.
fn detected(rules: &RuleSet, input: &[u8]) -> BTreeSet<String> {
    let (tables, format) = (Tables::default(), RecordFormat::default());
    let mut detection = Detection::new(DetectionSettings {
        rules,
        quietest: Mode::Notify,
        format: &format,
        tables: &tables,
        limits: Limits::default(),
        max_groups: 100_000,
    });
    detection.read(input).unwrap();
    detection.findings().iter().map(|finding| finding.id.to_string()).collect()
}

#[test]
fn a_replay_of_generated_traffic_tells_what_detect_finds() {
    let format = RecordFormat::default();
    for (aggregation, seed) in [(Aggregation::Minute, 1), (Aggregation::TenMinutes, 2)] {
        let settings = Settings {
            seed,
            interfaces: 4,
            duration: Some(2 * 3600),
            aggregation,
            scenarios: Scenario::ALL.iter().filter(|one| one.fits(&format)).collect(),
            ..Settings::default()
        };
        let lines: Vec<_> =
            Traffic::new(&settings).map(|record| record.display(&format).to_string()).collect();
        let definitions = Definitions {
            rules: Arc::new(RuleSet::defaults().told_up_to(Mode::Off)),
            ..Definitions::default()
        };
        let found = detected(&definitions.rules, &file(&lines));
        assert!(found.len() > 5, "{found:?}");
        assert_eq!(told(&replay(&definitions, &[file(&lines)])), found);
    }
}

#[test]
fn lines_of_no_event_are_not_capped_as_events_are() {
    let query = "filter action = \"REJECT\" | stats count(*) as tries by srcAddr | filter tries > 1";
    let definitions = rule("10m", "6h", query);
    let source =
        |n: u64| Flow::tcp(&format!("198.51.100.{}", n / 2), 40_000, "10.0.0.5", 22).rejected().at(DAY);
    let lines: Vec<_> = (0..400).map(|n| source(n).line()).collect();
    let history = replay(&definitions, &[file(&lines)]);
    assert_eq!((told(&history).len(), history.report.capped_panes), (200, 0));
}

/// Times of refused tries of a few targets over two days, in order.
fn records() -> impl Strategy<Value = Vec<(u64, u8)>> {
    let bursts = prop::collection::vec((0_u64..172_800, 0_u8..4, 1_u64..8), 1..40);
    bursts.prop_map(|bursts| {
        let burst = |(start, target, count)| (0..count).map(move |n| (DAY + start + n * 20, target));
        let mut records: Vec<_> = bursts.into_iter().flat_map(burst).collect();
        records.sort_unstable();
        records
    })
}

fn line((time, target): (u64, u8)) -> String {
    Flow::tcp("198.51.100.7", 40_000, &format!("10.0.0.{target}"), 22).rejected().at(time).line()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The rule waits for a quarter of an hour.
    #[test]
    fn cuts_and_disorder_within_the_lateness_never_show(
        records in records(),
        delays in prop::collection::vec(0_u64..900, 320),
        cuts in prop::collection::vec(1_usize..20, 320),
        is_closing in any::<bool>(),
    ) {
        let closing = if is_closing { "avg(bytes) as tries" } else { "count(*) as tries" };
        let threshold = if is_closing { "tries > 50" } else { "tries > 4" };
        let query = format!(
            "filter action = \"REJECT\" | stats {closing} by interfaceId, dstAddr | filter {threshold}"
        );
        let definitions = rule("10m", "6h", &query);
        let lines: Vec<_> = records.iter().copied().map(line).collect();
        let whole = replay(&definitions, &[file(&lines)]);
        let mut late: Vec<_> = records.iter().zip(delays).map(|(record, delay)| (record.0 + delay, *record)).collect();
        late.sort_unstable();
        let mut rest = late.into_iter().map(|(_, record)| line(record)).peekable();
        let mut inputs = Vec::new();
        for size in cuts {
            let part: Vec<_> = rest.by_ref().take(size).collect();
            inputs.push(file(&part));
        }
        prop_assert!(rest.peek().is_none());
        let cut = replay(&definitions, &inputs);
        prop_assert_eq!(told(&cut), told(&whole));
        prop_assert_eq!(cut.behind, 0);
        prop_assert_eq!(format!("{:?}", cut.rules[0].one_a_day), format!("{:?}", whole.rules[0].one_a_day));
        if !is_closing {
            prop_assert_eq!(told(&whole), detected(&definitions.rules, &file(&lines)));
        }
    }
}
