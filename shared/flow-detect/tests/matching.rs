//! Asking all rules at once, and one after the other: the same answers, whatever the record.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use flow_detect::{Mode, RuleSet};
use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_record::RecordFormat;
use proptest::prelude::*;
use proptest::sample::select;

const FORMATS: [&str; 2] = [
    "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status \
     tcp-flags flow-direction pkt-srcaddr pkt-dstaddr pkt-dst-aws-service pkt-src-aws-service",
];

const PORTS: [u32; 24] = [
    0, 22, 25, 53, 80, 123, 443, 445, 853, 1023, 1024, 3306, 3333, 3389, 5432, 5985, 8080, 11211, 27017,
    32767, 32768, 45700, 65534, 65535,
];

fn address() -> impl Strategy<Value = &'static str> {
    select(vec!["10.0.1.5", "10.0.2.9", "198.51.100.7", "8.8.8.8", "2001:db8::7", "fd00::5", "-"])
}

/// The columns of the second format, of which the first has the first thirteen.
fn columns() -> impl Strategy<Value = Vec<String>> {
    let port = || select(PORTS.to_vec()).prop_map(|port| port.to_string());
    let packets = prop_oneof![1_u64..4, Just(10), Just(1000), 0_u64..2000];
    let sizes = (packets, select(vec![28_u64, 40, 44, 52, 60, 80, 110, 1400, 30_000]), 0_u64..3);
    let flags = select(vec!["-", "0", "2", "3", "6", "16", "18", "19", "22", "23"]);
    let direction = select(vec!["-", "ingress", "egress", "sideways"]);
    let status = select(vec!["OK", "OK", "OK", "NODATA", "SKIPDATA", "-"]);
    let action = select(vec!["ACCEPT", "ACCEPT", "REJECT", "-", "ACCEPTED", "REJECTED"]);
    let protocol = select(vec!["6", "6", "6", "17", "17", "1", "58", "132", "99", "-"]);
    let service = || select(vec!["-", "-", "-", "S3", "AMAZON"]);
    let ends = (address(), address(), port(), port(), address(), address());
    let rest = (protocol, sizes, 0_u64..90, action, status, flags, direction, service(), service());
    (ends, rest).prop_map(|(ends, rest)| {
        let (source, destination, from, to, packet_source, packet_destination) = ends;
        let (
            protocol,
            (packets, size, more),
            lasted,
            action,
            status,
            flags,
            direction,
            to_service,
            from_service,
        ) = rest;
        let texts = [
            "123456789012",
            "eni-0a",
            source,
            destination,
            &from,
            &to,
            protocol,
            &packets.to_string(),
            &(packets * size + more).to_string(),
            "1700000000",
            &(1_700_000_000 + lasted).to_string(),
            action,
            status,
            flags,
            direction,
            packet_source,
            packet_destination,
            to_service,
            from_service,
        ];
        texts.map(str::to_owned).into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_at_once_matches_what_each_rule_matches(columns in columns(), networks in any::<bool>()) {
        static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::defaults);
        let mut tables = Tables::default();
        if networks {
            tables.networks = Networks::parse("198.51.100.0/24 threat-list\n10.0.1.0/24 web").unwrap();
        }
        for format in FORMATS {
            let format: RecordFormat = format.parse().unwrap();
            let line = columns[..format.columns().len()].join(" ");
            let line = format.parse(&line).unwrap();
            let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
            let active = RULES.for_format(&format, Mode::Off);
            let one_by_one: Vec<_> =
                active.iter().filter(|(_, rule)| rule.matches(&flow)).map(|(place, _)| place).collect();
            let mut at_once = Vec::new();
            active.matching(&flow, |place, _| at_once.push(place));
            prop_assert_eq!(at_once, one_by_one, "{}", line.record().line());
        }
    }
}
