//! What holds for any file and any finding.

use std::net::IpAddr;

use flow_detect::Finding;
use flow_output::suppression_lines;
use flow_pipeline::Suppressions;
use flow_query::KeyPart;
use proptest::prelude::*;

use crate::findings::{FINDINGS, NOON};

/// What an alert prints, without the indentation.
#[test]
fn the_lines_are_as_narrow_as_what_the_rule_groups_by() {
    let lines: Vec<_> = FINDINGS
        .iter()
        .map(|finding| {
            let subject: Vec<_> =
                finding.subject.iter().map(|(name, part)| format!("{name}={part}")).collect();
            format!("# {}\n{}", subject.join(" "), suppression_lines(finding, NOON))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    // Few distinct bits, so that networks nest and addresses hit them.
    let four = (0..4_u32).prop_map(|bits| IpAddr::from((bits << 26 | bits).to_be_bytes()));
    let six = (0..4_u128).prop_map(|bits| IpAddr::from((bits << 120 | bits).to_be_bytes()));
    let mapped = (0..4_u128).prop_map(|bits| IpAddr::from((0xffff_0000_0000 | bits << 26).to_be_bytes()));
    prop_oneof![4 => four, 2 => six, 1 => mapped, 1 => any::<IpAddr>()]
}

fn any_text() -> impl Strategy<Value = String> {
    let hostile = "[\"\\\\'`\\]#=\n\r\t\u{1b}\u{202e}\u{0}\u{85}<&a]{0,12}";
    prop_oneof![
        Just("eni-1".to_owned()),
        Just("eni-2".to_owned()),
        hostile,
        prop::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
    ]
}

fn any_part() -> impl Strategy<Value = KeyPart> {
    prop_oneof![
        Just(KeyPart::Absent),
        prop_oneof![0..4_i64, any::<i64>()].prop_map(KeyPart::Integer),
        any::<u64>().prop_map(KeyPart::Float),
        any_address().prop_map(KeyPart::Address),
        any_text().prop_map(|text| KeyPart::Text(text.into())),
    ]
}

prop_compose! {
    /// A finding with any values in its subject, of a type or another, and any interface.
    fn any_finding()(
        place in any::<prop::sample::Index>(),
        parts in prop::collection::vec(any_part(), 8),
        fitting in prop::collection::vec(any::<bool>(), 8),
        addresses in prop::collection::vec(any_address(), 8),
        interface in prop::option::of(any_text()),
    ) -> Finding<'static> {
        let mut finding = FINDINGS[place.index(FINDINGS.len())].clone();
        let values = parts.into_iter().zip(fitting).zip(addresses);
        for ((_, part), ((value, is_fitting), address)) in finding.subject.iter_mut().zip(values) {
            let is_address = matches!(part, KeyPart::Address(_));
            *part = if is_address && is_fitting { KeyPart::Address(address) } else { value };
        }
        finding.interface = interface;
        finding
    }
}

prop_compose! {
    /// The lines of an entry that names something.
    fn any_entry()(
        rule in prop::option::of(prop::sample::select(vec!["admin-port-tries", "by-dstport", "skipdata", "none"])),
        network in prop::option::of((any_address(), any::<prop::sample::Index>())),
        interface in prop::option::of(prop::sample::select(vec!["eni-1", "eni-2"])),
        port in prop::option::of(0..4_u16),
        end in 0..4_u32,
    ) -> String {
        let mut entry = String::from("[[suppress]]\n");
        let network = network.map(|(address, length)| {
            let all = if address.is_ipv4() { 32 } else { 128 };
            let network = ipnet::IpNet::new(address, u8::try_from(length.index(all + 1)).unwrap()).unwrap();
            format!("cidr = \"{}\"", network.trunc())
        });
        let names_nothing = rule.is_none() && network.is_none() && interface.is_none();
        let port = port.or(names_nothing.then_some(0));
        let lines = [
            rule.map(|rule| format!("rule = \"{rule}\"")),
            network,
            interface.map(|interface| format!("interface = \"{interface}\"")),
            port.map(|port| format!("port = {port}")),
            Some(format!("reason = \"any\"\nuntil = 2023-11-1{}", 3 + end)),
        ];
        lines.into_iter().flatten().for_each(|line| entry.extend([line.as_str(), "\n"]));
        entry
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a log holds: with a reason the lines are a file that covers the very finding, without one they are
    /// refused, and nothing but visible ASCII is in them.
    #[test]
    fn the_lines_of_a_finding_suppress_it(finding in any_finding(), now in 0..250_000_000_000_u64) {
        let lines = suppression_lines(&finding, now);
        prop_assert!(lines.bytes().all(|byte| byte == b'\n' || (0x20..0x7f).contains(&byte)), "{lines}");
        let refused = Suppressions::parse("quiet.toml", &lines).unwrap_err().to_string();
        prop_assert!(refused.contains("say why nobody needs to be told"), "{refused}");
        let indented = lines.replace("reason = \"\"", "reason = \"ours\"").replace('\n', "\n    ");
        let suppressions = Suppressions::parse("quiet.toml", &indented).unwrap();
        prop_assert_eq!(suppressions.entries().len(), 1);
        let entry = suppressions.matching(&finding, now);
        prop_assert!(entry.is_some(), "{lines}");
        prop_assert!((29..=31).contains(&((entry.unwrap().until - now) / 86_400)));
    }

    /// The index finds what a look at every entry finds.
    #[test]
    fn agrees_with_a_scan(
        entries in prop::collection::vec(any_entry(), 0..30),
        findings in prop::collection::vec(any_finding(), 1..4),
        days in 0..5_u64,
    ) {
        let suppressions = Suppressions::parse("quiet.toml", &entries.concat()).unwrap();
        let now = NOON / 86_400 * 86_400 - 86_400 + days * 86_400;
        for finding in &findings {
            let active = |entry: &&flow_pipeline::Suppression| entry.covers(finding) && !entry.has_expired(now);
            let mut covering: Vec<_> = suppressions.entries().iter().filter(active).collect();
            covering.sort_by_key(|entry| (std::cmp::Reverse(entry.until), entry.line));
            prop_assert_eq!(suppressions.matching(finding, now), covering.first().copied());
        }
    }

    /// No text does more than be read or refused, with a place in it.
    #[test]
    fn any_text_is_read_or_refused(text in "(\\[\\[suppress\\]\\]\n|(rule|cidr|port|reason|until|x) = |\"[a-z0-9./:]*\"|2027-02-1[0-9]|[0-9]{1,6}|\\PC|\n){0,40}") {
        if let Err(error) = Suppressions::parse("quiet.toml", &text) {
            prop_assert!((1..=20).contains(&error.0.len()));
            for mistake in &error.0 {
                let line = text.split('\n').nth(mistake.line - 1).unwrap();
                prop_assert!((1..=line.chars().count() + 1).contains(&mistake.column), "{mistake}");
            }
        }
    }
}
