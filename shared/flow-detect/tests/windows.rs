//! The laws of windows: cuts and orders never show, and what comes out is what a naive count says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use flow_detect::{Deltas, Episode, Groups, Mode, RuleSet, Watermark, Window};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;

/// A window of 12 minutes in panes of one, with this closing filter.
fn rules(stats: &str, closing: &str) -> RuleSet {
    let text = format!(
        "id = \"x\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
         title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\nadvice = {{ en = [], ja = [] }}\n\
         window = \"12m\"\nquery = '''filter action = \"REJECT\" | stats {stats} by srcAddr | filter {closing}'''\n"
    );
    RuleSet::only_files([("x.toml", text.as_str())]).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// The findings of lines given in batches, as readable text.
fn findings(rules: &RuleSet, batches: &[Vec<String>]) -> Vec<String> {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Notify);
    let mut groups = Groups::new(1000);
    for batch in batches {
        let mut deltas = Deltas::default();
        for line in batch {
            let line = format.parse(line).unwrap();
            deltas.observe(
                &active,
                &EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables },
            );
        }
        for delta in deltas {
            groups.merge(delta);
        }
    }
    groups.findings(rules, Watermark::End).iter().map(|finding| format!("{finding:?}")).collect()
}

const START: u64 = 1_699_999_200;

/// Records of three sources over some hours, most of them refused.
fn records() -> impl Strategy<Value = Vec<(u8, u64, u16, bool)>> {
    prop::collection::vec((0_u8..3, 0_u64..14_400, 1_u16..400, prop::bool::weighted(0.8)), 0..80)
}

fn line(&(source, offset, port, refused): &(u8, u64, u16, bool)) -> String {
    let flow = Flow::tcp(&format!("198.51.100.{source}"), 40_000, "10.0.0.5", port).at(START + offset);
    if refused { flow.rejected().line() } else { flow.line() }
}

/// The records shuffled and cut into batches.
fn shuffled_and_cut() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    records().prop_map(|records| records.iter().map(line).collect::<Vec<_>>()).prop_flat_map(|lines| {
        let cuts = prop::collection::vec(1_usize..20, 1..80);
        (Just(lines.clone()), Just(lines).prop_shuffle(), cuts).prop_map(|(lines, mut rest, cuts)| {
            let mut batches = Vec::new();
            for size in cuts {
                let tail = rest.split_off(size.min(rest.len()));
                batches.push(std::mem::replace(&mut rest, tail));
            }
            batches.push(rest);
            (lines, batches)
        })
    })
}

/// An episode: where the window shown starts, its count, and the span.
type Shown = (u64, usize, Window);

/// Source to its episodes, counted the slow way.
fn naive(records: &[(u8, u64, u16, bool)], threshold: usize) -> BTreeMap<u8, Vec<Shown>> {
    let mut all = BTreeMap::new();
    for source in 0..3_u8 {
        let times: Vec<u64> =
            records.iter().filter(|r| r.0 == source && r.3).map(|(_, offset, ..)| START + offset).collect();
        let passing = (START - 720..START + 14_400 + 720).step_by(60).filter_map(|start| {
            let count = times.iter().filter(|time| (start..start + 720).contains(time)).count();
            (count > threshold).then_some((start, count))
        });
        let mut episodes: Vec<Vec<(u64, usize)>> = Vec::new();
        for window in passing {
            match episodes.last_mut() {
                Some(run) if window.0 < run.last().unwrap().0 + 720 + 2 * 720 => run.push(window),
                _ => episodes.push(vec![window]),
            }
        }
        let peak =
            |run: &Vec<(u64, usize)>| *run.iter().max_by_key(|(start, n)| (*n, u64::MAX - start)).unwrap();
        let shown = |run: &Vec<(u64, usize)>| {
            let span = Window { start: run[0].0, end: run.last().unwrap().0 + 720 };
            (peak(run).0, peak(run).1, span)
        };
        all.insert(source, episodes.iter().map(shown).collect());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cuts_and_orders_never_show((lines, batches) in shuffled_and_cut()) {
        let kinds = [
            ("count(*) as n, sum(bytes) as bytes, max(dstPort) as top", "n > 3"),
            ("count_distinct(dstPort) as ports, count(*) as n", "ports > 4 or n >= 6"),
            ("avg(dstPort) as mean, count(*) as n", "mean > 150 and n > 1"),
            ("min(dstPort) as low, count(*) as n", "low < 50"),
        ];
        for (stats, closing) in kinds {
            let rules = rules(stats, closing);
            prop_assert_eq!(findings(&rules, &batches), findings(&rules, std::slice::from_ref(&lines)));
        }
    }

    #[test]
    fn episodes_are_those_of_a_naive_count(records in records(), threshold in 0_usize..6) {
        let rules = rules("count(*) as n", &format!("n > {threshold}"));
        let (format, tables) = (RecordFormat::default(), Tables::default());
        let active = rules.for_format(&format, Mode::Notify);
        let mut deltas = Deltas::default();
        for line in records.iter().map(line) {
            let line = format.parse(&line).unwrap();
            deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables });
        }
        let mut groups = Groups::new(1000);
        for delta in deltas {
            groups.merge(delta);
        }
        let mut found: BTreeMap<u8, Vec<Shown>> = (0..3).map(|source| (source, Vec::new())).collect();
        for finding in groups.findings(&rules, Watermark::End) {
            let source = finding.subject[0].1.to_string().rsplit('.').next().unwrap().parse().unwrap();
            let count = finding.episode.values[0].to_string().parse().unwrap();
            let Episode { window, span, .. } = finding.episode;
            found.entry(source).or_default().push((window.start, count, span));
        }
        prop_assert_eq!(found, naive(&records, threshold));
    }
}

#[test]
fn closing_rules_wait_for_the_watermark() {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let tell = |closing: &str, watermark: u64| {
        let rules = rules("count(*) as n", closing);
        let mut deltas = Deltas::default();
        let line = Flow::tcp("198.51.100.7", 1, "10.0.0.5", 22).rejected().at(START).line();
        let line = format.parse(&line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        deltas.observe(&rules.for_format(&format, Mode::Notify), &flow);
        let mut groups = Groups::new(10);
        for delta in deltas {
            groups.merge(delta);
        }
        groups.findings(&rules, Watermark::At(watermark)).len()
    };
    assert_eq!(tell("n > 0", START), 1, "a monotone rule tells at once");
    assert_eq!(tell("n < 5", START), 0);
    assert_eq!(tell("n < 5", START + 60 + 900 - 1), 0, "the first window over the record is not closed");
    assert_eq!(tell("n < 5", START + 60 + 900), 1);
}

#[test]
fn groups_beyond_the_bound_are_refused_and_known_ones_go_on() {
    let rules = rules("count(*) as n", "n > 1");
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Notify);
    let mut groups = Groups::new(2);
    let mut refused = 0;
    for source in [1, 2, 3, 1, 4, 2] {
        let mut deltas = Deltas::default();
        let line = Flow::tcp(&format!("198.51.100.{source}"), 1, "10.0.0.5", 22).rejected().line();
        let line = format.parse(&line).unwrap();
        deltas.observe(
            &active,
            &EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables },
        );
        refused += deltas
            .into_iter()
            .filter(|delta| groups.merge(delta.clone()) == flow_detect::Merged::NoRoom)
            .count();
    }
    assert_eq!((refused, groups.len(), groups.findings(&rules, Watermark::End).len()), (2, 2, 2));
}
