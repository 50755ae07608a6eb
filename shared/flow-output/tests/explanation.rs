//! Who asked, and what belongs together: the same whatever order records are read in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flow_detect::Language;
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::Explainer;
use flow_record::RecordFormat;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const FORMAT: &str =
    "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags";

/// The paragraphs of lines in a format, in English.
fn explained(format: &str, lines: &[&str]) -> Vec<String> {
    let format: RecordFormat = format.parse().unwrap();
    let (tables, origin) = (Tables::default(), Origin::default());
    let mut explainer = Explainer::new(Language::English, TimeZone::UTC);
    let mut told = Vec::new();
    for line in lines {
        let line = format.parse(line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &origin, tables: &tables };
        told.extend(explainer.add(&line, &flow));
    }
    told.extend(explainer.finish());
    told
}

/// The two ways between two ends.
fn ways([a, b]: [&str; 2], [of_a, of_b]: [u16; 2]) -> [String; 2] {
    [format!("eni-1 {a} {b} {of_a} {of_b}"), format!("eni-1 {b} {a} {of_b} {of_a}")]
}

const ENDS: [&str; 2] = ["172.31.16.139", "203.0.113.12"];

/// Protocol and ports of conversations whose records do not say who asked.
const ROLELESS: [(u8, [u16; 2]); 7] = [
    (1, [0, 0]),
    (58, [0, 0]),
    (50, [0, 0]),
    (17, [4500, 4500]),
    (17, [123, 123]),
    (6, [50051, 45000]),
    (6, [3306, 443]),
];

#[test]
fn the_earlier_asked_and_of_two_at_once_the_accepted_one() {
    for (protocol, ports) in ROLELESS {
        let [out, back] = ways(ENDS, ports);
        // Starts and actions of the way out and the way in; whether the way out asked, and what became of it.
        for (out_start, out_action, back_start, back_action, is_out_first, reason) in [
            (167, "REJECT", 100, "ACCEPT", false, "Why: a network ACL refused the reply."),
            (101, "REJECT", 100, "ACCEPT", false, "Why: a network ACL refused the reply."),
            (100, "REJECT", 100, "ACCEPT", false, "Why: a network ACL refused the reply."),
            (100, "ACCEPT", 100, "REJECT", true, "Why: a network ACL refused the reply."),
            (100, "ACCEPT", 101, "REJECT", true, "Why: a network ACL refused the reply."),
            (100, "ACCEPT", 101, "ACCEPT", true, "let both ways through."),
            (101, "ACCEPT", 100, "ACCEPT", false, "let both ways through."),
            (101, "REJECT", 100, "REJECT", false, "Why: no rule lets it in,"),
            (100, "REJECT", 101, "REJECT", true, "Why: no rule lets it out,"),
            (100, "REJECT", 100, "REJECT", true, "Why: no rule lets it out,"),
        ] {
            let out = format!("{out} {protocol} 4 336 {out_start} 215 {out_action} -");
            let back = format!("{back} {protocol} 4 336 {back_start} 215 {back_action} -");
            let asked = if is_out_first {
                "172.31.16.139 (private) sent"
            } else {
                "203.0.113.12 (documentation) sent"
            };
            for lines in [[&out, &back], [&back, &out]] {
                let told = explained(FORMAT, &lines.map(String::as_str));
                assert!(
                    told.len() == 1 && told[0].contains(asked) && told[0].contains(reason),
                    "{lines:?}: {told:?}"
                );
            }
        }
    }
}

#[test]
fn ports_that_a_nat_gateway_may_pick_say_less_than_the_time() {
    const OUT: &str = "34.201.10.20 (public) sent a TCP port 12345 request";
    const BACK: &str = "10.0.0.9 (private) sent a redshift request";
    let told = |ports, out_start, back_start| {
        let [out, back] = ways(["34.201.10.20", "10.0.0.9"], ports);
        let out = format!("{out} 6 4 336 {out_start} 150 ACCEPT -");
        let back = format!("{back} 6 4 336 {back_start} 150 ACCEPT -");
        let told = explained(FORMAT, &[&out, &back]);
        assert_eq!(explained(FORMAT, &[&back, &out]), told);
        told[0].lines().next().unwrap().to_owned()
    };
    for (ports, out_start, back_start, expected) in [
        ([5439, 12345], 100, 101, OUT),
        ([5439, 12345], 101, 100, BACK),
        // At once it stays a guess.
        ([5439, 12345], 100, 100, BACK),
        // A client's port and a privileged one tell more than a guess, whichever record begins first.
        ([5439, 50000], 100, 101, BACK),
        ([443, 12345], 100, 101, "10.0.0.9 (private) sent an HTTPS request"),
    ] {
        let told = told(ports, out_start, back_start);
        assert!(told.contains(expected), "{ports:?}: {told}");
    }
    // A SYN decides, in whatever record it is.
    let [out, back] = ways(["34.201.10.20", "10.0.0.9"], [5439, 12345]);
    let lines = [
        format!("{out} 6 4 336 100 159 ACCEPT 0"),
        format!("{out} 6 4 336 160 219 ACCEPT 18"),
        format!("{back} 6 4 336 160 219 ACCEPT 2"),
    ];
    let [first, second, third] = lines.each_ref().map(String::as_str);
    for lines in [[first, second, third], [third, second, first], [second, third, first]] {
        let told = explained(FORMAT, &lines);
        assert!(told[0].contains(BACK), "{told:?}");
    }
}

#[test]
fn a_long_gap_begins_another_conversation() {
    // Action and start of a second record an interval of which ended at 160; whether it is told apart.
    for (action, start, is_apart) in [
        ("ACCEPT", 160 + 600 + 350, false),
        ("ACCEPT", 160 + 600 + 351, true),
        // Ports are given to other connections.
        ("ACCEPT", 160 + 21 * 3600, true),
        // What was refused may have been forgotten for longer.
        ("REJECT", 160 + 600 + 7200, false),
        ("REJECT", 160 + 600 + 7201, true),
    ] {
        for way in ways(["10.0.0.5", "10.0.1.9"], [50000, 443]) {
            let first = "eni-1 10.0.0.5 10.0.1.9 50000 443 6 9 999 100 160 ACCEPT -";
            let second = format!("{way} 6 9 999 {start} {} {action} -", start + 60);
            for lines in [[first, &second], [&second, first]] {
                let told = explained(FORMAT, &lines);
                assert_eq!(told.len(), if is_apart { 2 } else { 1 }, "{lines:?}: {told:?}");
            }
        }
    }
    // It is the last record that counts, not the first.
    let lines: Vec<_> = (0..20_u32)
        .map(|n| format!("eni-1 10.0.0.5 10.0.1.9 50000 443 6 9 999 {} {} ACCEPT -", n * 900, n * 900 + 60))
        .collect();
    let told = explained(FORMAT, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(told.len() == 1 && told[0].contains("17160 s"), "{told:?}");
    // What was refused before is no part of what is accepted hours later.
    let refused = "eni-1 10.0.0.5 10.0.1.9 50000 443 6 9 999 100 160 REJECT -";
    let accepted = "eni-1 10.0.0.5 10.0.1.9 50000 443 6 9 999 3700 3760 ACCEPT -";
    assert_eq!(explained(FORMAT, &[refused, accepted]).len(), 2);
    // Without times nothing is apart.
    let told = explained(
        "interface-id srcaddr dstaddr srcport dstport protocol action",
        &["eni-1 10.0.0.5 10.0.1.9 50000 443 6 ACCEPT", "eni-1 10.0.1.9 10.0.0.5 443 50000 6 ACCEPT"],
    );
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn what_is_sent_to_oneself_is_no_reply() {
    let told = explained(FORMAT, &["eni-1 10.0.0.5 10.0.0.5 0 0 1 4 336 100 160 ACCEPT -"]);
    assert!(told[0].contains("10.0.0.5 (private) sent an ICMP request to 10.0.0.5"), "{told:?}");
}

proptest! {
    #[test]
    fn the_order_of_two_records_never_shows(
        (protocol, ports) in prop_oneof![
            proptest::sample::select(ROLELESS.as_slice()),
            proptest::sample::select([(6, [50000, 443]), (6, [5439, 12345]), (17, [50392, 123])].as_slice()),
        ],
        is_same_way in any::<bool>(),
        ends in proptest::sample::select([ENDS, ["10.0.0.5", "10.0.1.9"], ["10.0.0.5", "10.0.0.5"]].as_slice()),
        starts in proptest::array::uniform2(prop_oneof![100_u64..103, 100_u64..20_000]),
        lasted in proptest::array::uniform2(0_u64..600),
        actions in proptest::array::uniform2(proptest::sample::select(["ACCEPT", "REJECT", "-"].as_slice())),
        flags in proptest::array::uniform2(proptest::sample::select(["-", "0", "1", "2", "18", "19", "4"].as_slice())),
    ) {
        let [out, back] = ways(ends, ports);
        let way = |n: usize| if n == 0 || is_same_way { &out } else { &back };
        let [first, second] = [0, 1].map(|n| {
            let (start, end) = (starts[n], starts[n] + lasted[n]);
            format!("{} {protocol} 4 336 {start} {end} {} {}", way(n), actions[n], flags[n])
        });
        let told = explained(FORMAT, &[&first, &second]);
        let mut turned = explained(FORMAT, &[&second, &first]);
        if told.len() == 2 {
            turned.reverse();
        }
        prop_assert_eq!(told, turned);
    }
}
