//! The built-in rules pass their own tests, and mistakes in a rule file are pointed at.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_detect::{Mode, Rule, RuleSet};
use flow_enrich::{EnrichedFlow, Origin, Tables};

#[test]
fn every_rule_passes_its_tests() {
    let rules = RuleSet::defaults();
    let mut failures = Vec::new();
    for (index, rule) in rules.rules().iter().enumerate() {
        for test in rule.tests().iter() {
            if let Err(failure) = test.run(&rules, index) {
                failures.push(format!("{}: {}: {failure}", rule.id, test.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What each rule must show of itself: at the threshold, just below, its named false positive, IPv6.
#[test]
fn every_rule_has_the_four_kinds_of_tests() {
    for rule in RuleSet::defaults().rules() {
        for kind in ["at the threshold", "just below", "false positive", "IPv6"] {
            let found = rule.tests().iter().any(|test| test.name.contains(kind));
            assert!(found, "{}: no test named \"{kind}\"", rule.id);
        }
    }
}

#[test]
fn ids_and_modes_are_contracts() {
    let row = |rule: &flow_detect::Rule| {
        let (mode, severity) = (rule.mode.name(), rule.severity.name());
        format!("{} {mode} {severity} {} {}", rule.id, rule.windowing.window, rule.finding_type)
    };
    let table: Vec<_> = RuleSet::defaults().rules().iter().map(row).collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn a_test_that_expects_something_else_fails() {
    let failing = GOOD.replace("srcAddr = \"198.51.100.7\"", "srcAddr = \"198.51.100.8\"");
    let rules = RuleSet::only_files([("rules/x.toml", failing.as_str())]).unwrap();
    let failure = rules.rules()[0].tests()[0].run(&rules, 0).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "expected { srcAddr = 198.51.100.8 }, found { srcAddr = 198.51.100.7, dstAddr = 10.0.0.5, \
         interfaceId = eni-0a1b2c3d, attempts = 2 }"
    );
}

const GOOD: &str = r#"id = "x"
type = "Recon:VPC/X"
title = { en = "X", ja = "X" }
severity = "medium"
mode = "notify"
technique = "T1110"
window = "1h"
query = '''
filter action = "REJECT" and dstPort = 22
| stats count(*) as attempts by srcAddr
| filter attempts > 1
'''
explain = { en = "{srcAddr} {attempts}", ja = "{srcAddr}" }
advice = { en = ["look"], ja = ["look"] }

[[test]]
name = "two"
repeat = { line = "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40000 22 6 1 60 1700000000 1700000010 REJECT OK", times = 2, step = "1s" }
expect = [{ srcAddr = "198.51.100.7" }]
"#;

/// The error after one replacement in the good file, without its file name.
fn mistake(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    let error = Rule::parse("rules/x.toml", &text).unwrap_err();
    format!("{error}\n{}", error.shown)
}

#[test]
fn the_good_file_is_good() {
    let rule = Rule::parse("rules/x.toml", GOOD).unwrap();
    assert_eq!((rule.windowing.pane, rule.windowing.lateness, rule.repeat), (300, 900, 6 * 3600));
    assert!(RuleSet::only_files([("rules/x.toml", GOOD)]).is_ok());
}

#[test]
fn mistakes_are_pointed_at() {
    let cases = [
        ("misspelt key", "severity", "severty"),
        ("unknown key", "mode =", "colour = \"red\"\nmode ="),
        ("misspelt word", "\"medium\"", "\"meduim\""),
        ("missing key", "technique = \"T1110\"\n", ""),
        ("wrong type", "window = \"1h\"", "window = 3600"),
        ("wrong duration", "window = \"1h\"", "window = \"2d\""),
        ("pane that does not divide", "window = \"1h\"", "window = \"1h\"\npane = \"7m\""),
        ("wrong type grammar", "Recon:VPC/X", "recon"),
        ("wrong technique", "T1110", "1110"),
        ("misspelt name in query", "dstPort = 22", "dstport = 22"),
        ("misspelt alias in query", "filter attempts > 1", "filter atempts > 1"),
        ("wrong shape of query", "| filter attempts > 1\n", ""),
        ("unknown placeholder", "{srcAddr} {attempts}", "{scrAddr}"),
        ("missing language", "{ en = \"X\", ja = \"X\" }", "{ en = \"X\" }"),
        ("bad test line", "40000 22 6", "40000 ssh 6"),
        ("unknown expectation", "expect = [{ srcAddr", "expect = [{ srcaddr"),
        ("not toml", "severity = ", "severity "),
    ];
    let report: Vec<_> =
        cases.iter().map(|(name, from, to)| format!("# {name}\n{}\n", mistake(from, to))).collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_file_replaces_the_default_of_its_id_and_others_are_added() {
    let replacing = GOOD.replace("id = \"x\"", "id = \"admin-port-tries\"");
    let rules = RuleSet::with_files([("a.toml", replacing.as_str()), ("b.toml", GOOD)]).unwrap();
    assert_eq!(rules.find("admin-port-tries").unwrap().file, "a.toml");
    assert_eq!(rules.find("x").unwrap().file, "b.toml");
    assert_eq!(rules.rules().len(), RuleSet::defaults().rules().len() + 1);
    let errors = RuleSet::with_files([("a.toml", GOOD), ("b.toml", GOOD), ("c.toml", "id = 1")]).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "b.toml:1:1: the id `x` is already taken by a.toml",
            "c.toml:1:6: `id`: expected a text, found the number 1",
        ]
    );
}

/// What is passed over at once would not have matched.
#[test]
fn no_record_is_passed_over_that_a_rule_matches() {
    let rules = RuleSet::defaults();
    let (tables, mut matched) = (Tables::default(), 0);
    for rule in rules.rules() {
        for test in rule.tests().iter() {
            let active = rules.for_format(&test.format, Mode::Off);
            for line in test.lines.iter().map(|line| line.nth(&test.format, 1)) {
                let line = test.format.parse(&line).unwrap();
                let flow =
                    EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
                let slowly: Vec<_> =
                    active.iter().filter(|(_, rule)| rule.matches(&flow)).map(|(place, _)| place).collect();
                let mut quickly = Vec::new();
                active.matching(&flow, |place, _| quickly.push(place));
                assert_eq!(quickly, slowly, "{}: {}", rule.id, test.name);
                matched += slowly.len();
            }
        }
    }
    assert!(matched > 100, "{matched}");
}

/// More rules than one sieve holds: none of them is passed over.
#[test]
fn many_rules_are_all_asked() {
    let files: Vec<_> = (0..150)
        .map(|n| {
            let text = GOOD.replace("id = \"x\"", &format!("id = \"x-{n:03}\""));
            (format!("{n:03}.toml"), text)
        })
        .collect();
    let rules = RuleSet::only_files(files.iter().map(|(name, text)| (&**name, &**text))).unwrap();
    assert_eq!(rules.rules().len(), 150);
    for (place, rule) in rules.rules().iter().enumerate() {
        for test in rule.tests().iter() {
            assert_eq!(test.run(&rules, place), Ok(()), "{}", rule.id);
        }
    }
}
