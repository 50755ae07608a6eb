//! Rules with a filter pattern: it selects the lines that count, and mistakes in it are pointed at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flow_detect::{Mode, Rule, RuleSet};
use flow_record::RecordFormat;

/// A rule with these lines in place of pattern and query, and a test in which SSH was refused twice and accepted once.
fn rule(pattern_and_query: &str, expect: &str) -> String {
    format!(
        r#"id = "x"
type = "Recon:VPC/X"
title = {{ en = "X", ja = "X" }}
severity = "medium"
mode = "notify"
technique = "T1110"
window = "1h"
{pattern_and_query}
explain = {{ en = "{{srcAddr}} {{tries}}", ja = "{{srcAddr}}" }}
advice = {{ en = ["look"], ja = ["look"] }}

[[test]]
name = "three"
lines = [
    "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40000 22 6 1 60 1700000000 1700000010 REJECT OK",
    "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40001 22 6 1 60 1700000001 1700000010 REJECT OK",
    "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40002 22 6 1 60 1700000002 1700000010 ACCEPT OK",
]
expect = {expect}
"#
    )
}

const STATS: &str = "query = 'stats count(*) as tries by srcAddr | filter tries > 0'";

/// The outcome of the rule's own test.
fn outcome(pattern_and_query: &str, expect: &str) -> String {
    let text = rule(pattern_and_query, expect);
    let rules = RuleSet::only_files([("x.toml", text.as_str())])
        .unwrap_or_else(|errors| panic!("{}\n{}", errors[0], errors[0].shown));
    rules.rule(0).tests()[0].run(&rules, 0).map_or_else(|failure| failure.to_string(), |()| "ok".to_owned())
}

#[test]
fn the_lines_that_the_pattern_selects_count() {
    let documented = "pattern = '''[version, account, eni, source, destination, srcport, destport=\"22\", \
                      protocol=\"6\", packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus]'''";
    for (pattern, tries) in [
        (documented, 2),
        ("pattern = 'REJECT'", 2),
        ("pattern = '-REJECT'", 1),
        ("pattern = '[..., srcport > 40000, b, c, d, e, f, g, h, i]'", 2),
        ("pattern = ''", 3),
        ("pattern = '%4000[01] 22 %'", 2),
    ] {
        let expect = format!("[{{ srcAddr = \"198.51.100.7\", tries = {tries} }}]");
        assert_eq!(outcome(&format!("{pattern}\n{STATS}"), &expect), "ok", "{pattern}");
    }
    for pattern in ["pattern = 'SKIPDATA'", "pattern = '{ $.action = REJECT }'"] {
        assert_eq!(outcome(&format!("{pattern}\n{STATS}"), "[]"), "ok", "{pattern}");
    }
}

#[test]
fn a_filter_beside_the_pattern_must_hold_too() {
    let query = "pattern = 'REJECT'\nquery = 'filter srcPort = 40001 | stats count(*) as tries by srcAddr | filter tries > 0'";
    assert_eq!(outcome(query, "[{ tries = 1 }]"), "ok");
    let both = query.replace("40001", "40002");
    assert_eq!(outcome(&both, "[]"), "ok");
}

/// The mistake in a rule, without the rest of the file.
fn mistake(pattern_and_query: &str) -> String {
    let error = Rule::parse("x.toml", &rule(pattern_and_query, "[]")).unwrap_err();
    format!("{error}\n{}", error.shown)
}

#[test]
fn mistakes_are_pointed_at() {
    assert_eq!(
        mistake(&format!("pattern = '[a, action = REJECT || status = OK]'\n{STATS}")),
        "x.toml:8:35: expected the name of the same item: a condition is about its own item alone, found `status`\n\
         pattern = '[a, action = REJECT || status = OK]'\n                                  ^^^^^^"
    );
    assert_eq!(
        mistake(&format!("pattern = '''\n[a,\n b c]'''\n{STATS}")),
        "x.toml:10:4: expected a comparison, `,` or `]`, found `c`\n b c]'''\n   ^"
    );
    assert!(
        mistake(&format!("pattern = 22\n{STATS}")).starts_with("x.toml:8:11: `pattern`: expected a text")
    );
    assert!(mistake(STATS).contains("expected a `filter` before `stats`, found `stats`"));
    assert!(mistake(&format!("pattren = 'REJECT'\n{STATS}")).contains("expected a `filter` before `stats`"));
}

#[test]
fn the_pattern_makes_other_state() {
    let id =
        |pattern: &str| Rule::parse("x", &rule(&format!("{pattern}\n{STATS}"), "[]")).unwrap().state_id();
    assert_eq!(id("pattern = '[a, b=1]'"), id("pattern = '[ a , b = 1 ]'"));
    assert_ne!(id("pattern = '[a, b=1]'"), id("pattern = '[a, b=2]'"));
}

#[test]
fn a_pattern_that_does_not_fit_the_format_is_a_warning() {
    let text = rule(&format!("pattern = '[a, b, c, action = REJECT]'\n{STATS}"), "[]");
    let rules = RuleSet::with_files([("x.toml", text.as_str())]).unwrap();
    let warnings = |format: &str| {
        let format: RecordFormat = format.parse().unwrap();
        let active = rules.for_format(&format, Mode::Off);
        let warnings = active.pattern_warnings(&format);
        warnings
            .flat_map(|(id, warnings)| warnings.into_iter().map(move |warning| format!("{id}: {warning}")))
            .collect::<Vec<_>>()
    };
    assert_eq!(warnings("srcaddr dstaddr start action"), [""; 0]);
    let few = warnings("srcaddr start action");
    assert_eq!(few, ["x: 4 items, 3 fields: no line of this format matches"]);
    assert!(
        warnings("srcaddr dstaddr start action log-status")[0]
            .starts_with("x: 4 items, 5 fields: the last item")
    );
}
