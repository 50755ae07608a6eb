//! Any text is a file of suppressions or not; one that is matches as a scan does, and any interface can be suppressed.
#![no_main]

use std::cmp::Reverse;
use std::sync::LazyLock;

use flow_detect::{DefinitionError, Deltas, Finding, Groups, Mode, RuleSet, Watermark};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::suppression_lines;
use flow_pipeline::Suppressions;
use flow_query::KeyPart;
use flow_record::RecordFormat;
use libfuzzer_sys::fuzz_target;

/// A time before the ends that the dictionary has.
const NOW: u64 = 1_700_000_000;

static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::defaults);

/// An open port and skipped records.
static FINDINGS: LazyLock<Vec<Finding<'static>>> = LazyLock::new(|| {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let rules = RULES.for_format(&format, Mode::Off);
    let mut deltas = Deltas::default();
    for line in [
        "2 123456789012 eni-1 203.0.113.9 10.0.0.5 50000 22 6 1 60 1700000000 1700000059 ACCEPT OK",
        "2 123456789012 eni-1 - - - - - - - 1700000000 1700000059 - SKIPDATA",
    ] {
        let line = format.parse(line).expect("a line of the default format");
        deltas.observe(
            &rules,
            &EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables },
        );
    }
    let mut groups = Groups::new(10);
    deltas.into_iter().for_each(|delta| {
        groups.merge(delta);
    });
    groups.findings(&RULES, Watermark::End)
});

fuzz_target!(|text: &str| {
    match Suppressions::parse("fuzz.toml", text) {
        Ok(suppressions) => FINDINGS.iter().for_each(|finding| matches_as_a_scan(&suppressions, finding)),
        Err(error) => {
            assert!(!error.0.is_empty());
            error.0.iter().for_each(|mistake| points_into(mistake, text));
        }
    }
    // Longer ones are never kept.
    let interface = &text[..text.floor_char_boundary(512)];
    for finding in FINDINGS.iter() {
        let mut finding = finding.clone();
        finding.interface = Some(interface.to_owned());
        for (name, part) in &mut finding.subject {
            if name == "interfaceId" {
                *part = KeyPart::Text(interface.into());
            }
        }
        is_suppressed_by_its_lines(&finding);
    }
});

fn matches_as_a_scan(suppressions: &Suppressions, finding: &Finding<'_>) {
    let covering =
        suppressions.entries().iter().filter(|entry| entry.covers(finding) && !entry.has_expired(NOW));
    let expected = covering.min_by_key(|entry| Reverse(entry.until));
    assert_eq!(suppressions.matching(finding, NOW), expected);
}

fn is_suppressed_by_its_lines(finding: &Finding<'_>) {
    let lines = suppression_lines(finding, NOW);
    assert!(lines.bytes().all(|byte| byte == b'\n' || (0x20..0x7f).contains(&byte)), "{lines}");
    assert!(Suppressions::parse("lines.toml", &lines).is_err(), "without a reason");
    let lines = lines.replace("reason = \"\"", "reason = \"ours\"");
    let suppressions = Suppressions::parse("lines.toml", &lines).expect("the lines are an entry");
    assert!(suppressions.matching(finding, NOW).is_some(), "{lines}");
}

/// The error says where, and the place exists.
fn points_into(error: &DefinitionError, text: &str) {
    assert!(error.to_string().starts_with(&format!("fuzz.toml:{}:{}: ", error.line, error.column)));
    let line = text.split('\n').nth(error.line - 1).expect("the line is in the text");
    assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
    assert!(error.shown.contains('^'), "{}", error.shown);
}
