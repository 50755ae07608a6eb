//! How large an item of state is, and what reading, merging and writing it costs: `cargo bench -p flow-detect`.
//!
//! The items are those of single interfaces under what the internet sends everyone: a few sources, each seen one to
//! three times in 15 panes of five minutes, and three rules that look at them.
#![allow(clippy::unwrap_used, reason = "benchmarks")]

use divan::{Bencher, black_box};
use fastrand::Rng;
use flow_detect::{Delta, Deltas, Mode, RuleSet, StateItem, Watermark, by_state_key};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_record::RecordFormat;
use flow_testkit::Flow;

const START: u64 = 1_699_999_200;
const ITEMS: u64 = 2000;

fn main() {
    println!("bytes of an item as written       median      95 %");
    let median_and_95 = |what: &str, item: &dyn Fn(&mut Rng) -> Vec<u8>| {
        let mut sizes: Vec<usize> = (0..ITEMS).map(|seed| item(&mut Rng::with_seed(seed)).len()).collect();
        sizes.sort_unstable();
        println!("{what:32} {:7} {:9}", sizes[sizes.len() / 2], sizes[sizes.len() * 95 / 100]);
    };
    let rules = rules();
    for groups in [2..=6, 6..=18] {
        let what = format!("{} to {} groups", groups.start(), groups.end());
        median_and_95(&what, &|rng| {
            let groups = rng.usize(groups.clone());
            item(&rules, &background(rng, groups)).encode(&rules)
        });
    }
    median_and_95("a scan of 4000 ports, two sketches", &|rng| {
        let scan = (0..4000).map(|port| {
            let at = START + rng.u64(0..4500);
            Flow::tcp("203.0.113.9", 50_000, "10.0.0.5", port).rejected().at(at).line()
        });
        item(&rules, &scan.collect::<Vec<_>>()).encode(&rules)
    });
    divan::main();
}

/// Three local rules that count in windows of an hour.
fn rules() -> RuleSet {
    let rule = |id: &str, query: &str| {
        format!(
            "id = \"{id}\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
             title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\n\
             advice = {{ en = [], ja = [] }}\nwindow = \"1h\"\nquery = '''{query}'''\n"
        )
    };
    let refused = rule(
        "refused",
        "filter action = \"REJECT\" and protocol != 1
         | stats count(*) as n, count_distinct(dstPort) as ports by interfaceId, srcAddr | filter n > 100",
    );
    let exposed = rule(
        "exposed",
        "filter action = \"ACCEPT\" and dstPort in [22, 3389]
         | stats count(*) as flows, count_distinct(srcAddr) as sources, sum(bytes) as received
           by interfaceId, dstAddr, dstPort | filter flows >= 100",
    );
    let pinged = rule(
        "pinged",
        "filter protocol = 1 and action = \"REJECT\"
         | stats count(*) as n, sum(packets) as packets by interfaceId, srcAddr, dstAddr | filter n > 10",
    );
    RuleSet::only_files([("refused", &*refused), ("exposed", &*exposed), ("pinged", &*pinged)]).unwrap()
}

/// The lines of some groups, each seen one to three times.
fn background(rng: &mut Rng, groups: usize) -> Vec<String> {
    let interface = format!("eni-{:017x}", rng.u64(..) >> 4);
    let own = format!("10.{}.{}.{}", rng.u8(..), rng.u8(..), rng.u8(1..));
    let mut lines = Vec::new();
    for _ in 0..groups {
        let source = format!("{}.{}.{}.{}", rng.u8(11..224), rng.u8(..), rng.u8(..), rng.u8(1..));
        let kind = rng.u8(0..10);
        for _ in 0..rng.u8(1..=3) {
            let source_port = rng.u16(1024..);
            let flow = match kind {
                0 => Flow::icmp(&source, &own).rejected(),
                1 => Flow::tcp(&source, source_port, &own, 22).bytes(rng.u64(1000..90_000)),
                _ => {
                    let port = *rng.choice(&[23, 80, 445, 2222, 5555, 8080, 8728]).unwrap_or(&23);
                    Flow::tcp(&source, source_port, &own, port).rejected().bytes(rng.u64(1..4) * 40)
                }
            };
            lines.push(flow.interface(&interface).at(START + rng.u64(0..4500)).line());
        }
    }
    lines
}

/// What each line, as a batch of its own, adds to the item of its interface.
fn batches(rules: &RuleSet, lines: &[String]) -> Vec<Vec<Delta>> {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Notify);
    let origin = Origin {
        account: Some("123456789012"),
        region: Some("eu-central-1"),
        log_group: Some("/vpc/flow-logs/production"),
        ..Origin::default()
    };
    let mut lines: Vec<_> = lines.iter().map(|line| format.parse(line).unwrap()).collect();
    lines.sort_by_key(|line| line.record().integer(flow_record::Field::Start));
    let of = |line: &flow_record::Line<'_>| {
        let mut deltas = Deltas::default();
        deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
        by_state_key(deltas, rules).into_values().next().unwrap_or_default()
    };
    lines.iter().map(of).filter(|deltas| !deltas.is_empty()).collect()
}

fn item(rules: &RuleSet, lines: &[String]) -> StateItem {
    let mut item = StateItem::default();
    for (number, deltas) in batches(rules, lines).into_iter().enumerate() {
        let fingerprint = u128::from(Rng::with_seed(number as u64).u64(..)) << 64;
        item.merge(rules, deltas, Some(fingerprint), START + 5000);
    }
    item
}

fn one() -> (RuleSet, StateItem, Vec<u8>) {
    let rules = rules();
    let item = item(&rules, &background(&mut Rng::with_seed(1), 4));
    let bytes = item.encode(&rules);
    (rules, item, bytes)
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let (rules, item, _) = one();
    bencher.bench(|| black_box(&item).encode(&rules));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let (rules, _, bytes) = one();
    bencher.bench(|| StateItem::decode(black_box(&bytes), &rules).unwrap());
}

#[divan::bench]
fn decode_merge_judge_encode(bencher: Bencher<'_, '_>) {
    let (rules, _, bytes) = one();
    let lines = background(&mut Rng::with_seed(1), 1);
    let deltas = batches(&rules, &lines).remove(0);
    bencher.with_inputs(|| deltas.clone()).bench_values(|deltas| {
        let mut item = StateItem::decode(black_box(&bytes), &rules).unwrap();
        let touched = item.merge(&rules, deltas, Some(7 << 64), START + 5000).touched;
        let found = item.groups().findings_of(&touched, &rules, Watermark::End).len();
        (found, item.encode(&rules))
    });
}
