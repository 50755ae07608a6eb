//! What detection costs: no allocation for records that nothing matches, bounded memory for what is kept, and time
//! that grows with the input and not with its square.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flow_detect::{Deltas, Groups, Mode, RuleSet, Watermark};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_record::{RecordBuffer, RecordFormat};
use flow_testkit::Flow;

fn rules(filter: &str, stats: &str, closing: &str) -> RuleSet {
    let text = format!(
        "id = \"x\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
         title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\nadvice = {{ en = [], ja = [] }}\n\
         window = \"1h\"\nquery = '''filter {filter} | stats {stats} | filter {closing}'''\n"
    );
    RuleSet::only_files([("x.toml", text.as_str())]).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// The groups of these lines.
fn groups(rules: &RuleSet, lines: impl IntoIterator<Item = String>, capacity: usize) -> Groups {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Off);
    let mut groups = Groups::new(capacity);
    let mut deltas = Deltas::default();
    for line in lines {
        let line = format.parse(&line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        deltas.observe(&active, &flow);
    }
    for delta in deltas {
        groups.merge(delta);
    }
    groups
}

const AT: u64 = 1_700_000_000;

/// Parsing, enriching and asking a rule, for a record that it does not match.
#[test]
fn records_that_nothing_matches_allocate_nothing() {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let text = Flow::tcp("10.0.0.9", 40_000, "10.0.0.5", 443).at(AT).line();
    for filter in [
        "action = \"REJECT\" and dstPort in [22, 3389]",
        "action in [\"REJECT\", \"DROP\"]",
        "accountId = \"999999999999\"",
        "interfaceId in [\"eni-a\", \"eni-b\"]",
        "srcAddr like \"203.\"",
        "dstPort like /^99/",
        "srcAddr in [\"192.0.2.1\", \"2001:db8::1\"]",
        "isIpInSubnet(srcAddr, \"203.0.113.0/24\") or bytes / packets > 1000000",
        "srcExternal = 1 or dstService = \"ssh\" or initiator = \"dst\"",
        "@message like \"REJECT\"",
    ] {
        let rules = rules(filter, "count(*) as n by srcAddr", "n > 0");
        let active = rules.for_format(&format, Mode::Off);
        let (mut deltas, mut buffer) = (Deltas::default(), RecordBuffer::default());
        let mut observe = || {
            let line = format.parse_into(&text, &mut buffer).unwrap();
            let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
            deltas.observe(&active, &flow)
        };
        // The first use of a regular expression makes its caches.
        observe();
        let counted = allocation_counter::measure(|| {
            observe();
        });
        assert_eq!(counted.count_total, 0, "{filter}");
        assert!(deltas.is_empty(), "{filter} matched");
    }
}

/// A window that passes is told, whatever comes days later: estimated counts may dip when more is added.
#[test]
fn later_records_do_not_take_a_passing_window_back() {
    let rules = rules("dstPort > 0", "count_distinct(dstPort) as ports by srcAddr", "ports >= 384");
    let port = |port| Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", port);
    for more in 0..20 {
        let later = (0..more).map(|n| port(1000 + n).at(AT + 2 * 86_400).line());
        let lines = (1..=384).map(|n| port(n).at(AT).line()).chain(later);
        let found = groups(&rules, lines, 1000).findings(&rules, Watermark::End).len();
        assert_eq!(found, 1, "{more} later ports");
    }
}

#[test]
fn equal_private_addresses_of_two_accounts_are_two_subjects() {
    let tries = include_str!("../../../rules/admin-port-tries.toml");
    let rules = RuleSet::only_files([("admin-port-tries.toml", tries)]).unwrap();
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Notify);
    let mut deltas = Deltas::default();
    let origin = Origin { account: Some("999999999999"), log_group: Some("central"), ..Origin::default() };
    for account in ["111111111111", "222222222222"] {
        for n in 0..60 {
            let line = Flow::tcp("10.0.0.9", 40_000, "10.0.0.5", 22).rejected().at(AT + n).line();
            let line = line.replace("123456789012", account);
            let line = format.parse(&line).unwrap();
            deltas
                .observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
        }
    }
    let mut groups = Groups::new(1000);
    for delta in deltas {
        groups.merge(delta);
    }
    assert_eq!((groups.len(), groups.findings(&rules, Watermark::End).len()), (2, 0));
}

/// Without an interface a record is grouped by what captured it.
#[test]
fn nat_gateways_without_an_interface_stay_apart() {
    let rules = rules("dstPort = 22", "count(*) as n by interfaceId, srcAddr", "n > 0");
    let format: RecordFormat =
        "resource-id interface-id srcaddr dstaddr srcport dstport bytes start action".parse().unwrap();
    let tables = Tables::default();
    let mut deltas = Deltas::default();
    for gateway in ["nat-1", "nat-2"] {
        let line = format!("{gateway} - 198.51.100.7 10.0.0.5 40000 22 100 {AT} ACCEPT");
        let line = format.parse(&line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        deltas.observe(&rules.for_format(&format, Mode::Notify), &flow);
    }
    let subjects: Vec<_> = deltas.into_iter().map(|delta| delta.group.parts()[0].to_string()).collect();
    assert!(subjects.contains(&"nat-1".to_owned()) && subjects.contains(&"nat-2".to_owned()), "{subjects:?}");
}

/// Huge texts leave little behind.
#[test]
fn what_is_kept_of_a_line_is_bounded() {
    let rules = RuleSet::defaults();
    let line = |n: u16| {
        let interface = format!("{}{n}", "x".repeat(60_000));
        Flow::tcp("198.51.100.7", 40_000 + n, "10.0.0.5", 22).interface(&interface).at(AT).line()
    };
    let counted = allocation_counter::measure(|| {
        let groups = groups(&rules, (0..200).map(line), 1000);
        assert!(groups.len() >= 200, "each interface is a group of its own");
        std::mem::forget(groups);
    });
    let kept = counted.bytes_current;
    assert!(kept < 200 * 3 * 8_000, "{kept} bytes kept of {} bytes of lines", 200 * 60_000);
}

#[test]
fn panes_are_bounded_and_known_ones_go_on() {
    let rules = rules("dstPort > 0", "count(*) as n by srcAddr", "n > 0");
    let line = |pane: u64| Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", 22).at(AT + pane * 300).line();
    let kept = groups(&rules, (0..100).chain(0..100).map(line), 2).findings(&rules, Watermark::End);
    let total = kept[0].totals().next().unwrap().1.to_string();
    assert_eq!((kept.len(), total.as_str()), (1, "64"), "32 panes for two groups, each seen twice");
}

/// One group in very many panes, and very many scopes that share a group: both were once quadratic. With a square in it
/// this runs for minutes.
#[test]
fn many_panes_and_many_scopes_stay_linear() {
    let rules = rules("dstPort > 0", "count(*) as n by srcAddr", "n > 0");
    let flow = Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", 22);
    let panes = (0..60_000).map(|n| flow.clone().at(AT + n * 300).line());
    assert_eq!(groups(&rules, panes, 100_000).findings(&rules, Watermark::End).len(), 1);
    let scopes = (0..60_000).map(|n| flow.line().replace("123456789012", &format!("acct-{n}")));
    assert_eq!(groups(&rules, scopes, 100_000).len(), 60_000);
}
