//! The log formats that `template.yaml` brings, and its filter pattern for each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use flow_detect::RuleSet;
use flow_query::FilterPattern;
use flow_record::RecordFormat;
use flowgauge_tests::root;

/// The folded texts under `key: >-` in the template, each on one line.
fn folded(key: &str) -> Vec<String> {
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    let begins = format!("      {key}: >-\n");
    let text_of = |part: &str| {
        let lines = part.lines().map_while(|line| line.strip_prefix("        "));
        lines.collect::<Vec<_>>().join(" ")
    };
    template.split(&begins).skip(1).map(text_of).collect()
}

fn recommended() -> RecordFormat {
    let [fields] = folded("Fields").try_into().unwrap();
    fields.parse().unwrap()
}

/// A refused or accepted record of a protocol, in the default format and then with `more` columns.
fn line(protocol: u8, action: &str, more: usize) -> String {
    let default = format!(
        "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 0 0 {protocol} 4 336 1700000000 1700000009 {action} OK"
    );
    default + &" -".repeat(more)
}

#[test]
fn the_recommended_format_begins_as_the_default_one() {
    let (recommended, default) = (recommended(), RecordFormat::default());
    assert!(recommended.to_string().starts_with(&default.to_string()), "{recommended}");
}

/// All but the rule about transit gateways, whose flow logs are others.
#[test]
fn every_rule_applies_to_the_recommended_format() {
    let format = recommended();
    for rule in RuleSet::defaults().rules().iter().filter(|rule| rule.id != "transit-loss") {
        let missing = rule.query.missing_fields(&format);
        assert!(rule.query.is_applicable(&format), "{}: {missing:?}", rule.id);
    }
}

#[test]
fn refused_pings_match_the_pattern_of_their_format() {
    let patterns = folded("RefusedPing");
    let columns = recommended().to_string().split(' ').count();
    for (pattern, more) in patterns.iter().zip([0, columns - 14]) {
        let pattern = FilterPattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert!(pattern.matches(&line(1, "REJECT", more)), "{pattern}");
        for (protocol, action) in [(1, "ACCEPT"), (6, "REJECT")] {
            assert!(!pattern.matches(&line(protocol, action, more)), "{pattern}: {protocol} {action}");
        }
    }
    assert_eq!(patterns.len(), 2);
}
