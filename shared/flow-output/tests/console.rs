//! The query behind a finding's link, over the tests of all built-in rules.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use flow_detect::{Deltas, Finding, Groups, Mode, Rule, RuleSet, RuleTest, Watermark};
use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_output::narrowed_query;
use flow_query::{KeyPart, Program, Query, Settings};
use flow_testkit::Flow;

/// Hands the findings of all rules over the tests of each, and the lines that they come from, to `check`.
fn with_tested(rules: &RuleSet, mut check: impl FnMut(&RuleTest, &[String], &Finding<'_>)) {
    for rule in rules.rules() {
        for test in rule.tests().iter() {
            let lines = test.lines.iter();
            let lines: Vec<_> =
                lines.flat_map(|line| (1..=line.times).map(|n| line.nth(&test.format, n))).collect();
            for finding in findings(rules, test, &lines) {
                check(test, &lines, &finding);
            }
        }
    }
}

fn findings<'r>(rules: &'r RuleSet, test: &RuleTest, lines: &[String]) -> Vec<Finding<'r>> {
    let tables = Tables { networks: Networks::parse(&test.networks).unwrap() };
    let (active, mut deltas) = (rules.for_format(&test.format, Mode::Off), Deltas::default());
    for line in lines.iter().filter_map(|line| test.format.parse(line).ok()) {
        deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin(), tables: &tables });
    }
    let mut groups = Groups::new(usize::MAX);
    deltas.into_iter().for_each(|delta| {
        groups.merge(delta);
    });
    groups.findings(rules, Watermark::End)
}

fn origin() -> Origin<'static> {
    Origin { log_group: Some("flows"), log_stream: Some("stream"), ..Origin::default() }
}

fn portable(query: &str) -> Program {
    let settings = Settings { portable: true, ..Settings::default() };
    Program::compile(&Query::parse(query).unwrap(), settings)
        .unwrap_or_else(|error| panic!("{query}\n{error}"))
}

/// What the query shows of these lines.
fn shown(query: &str, test: &RuleTest, lines: &[String]) -> Vec<String> {
    let (program, tables) = (portable(query), Tables::default());
    let mut evaluation = program.start();
    for line in lines.iter().filter_map(|line| test.format.parse(line).ok()) {
        let flow = EnrichedFlow { record: line.record(), origin: &origin(), tables: &tables };
        evaluation.observe(&flow).unwrap();
    }
    let answer = evaluation.finish().unwrap();
    answer.rows.iter().map(|row| answer.columns[1].show(&row[1]).to_string()).collect()
}

/// The console runs it, and it hides no record of a finding.
#[test]
fn the_query_shows_the_evidence() {
    let rules = RuleSet::defaults();
    let mut seen = BTreeSet::new();
    with_tested(&rules, |test, lines, finding| {
        let query = narrowed_query(finding);
        let shown = shown(&query.replace("limit 1000", "limit 10000"), test, lines);
        let samples = &finding.episode.samples;
        let hidden: Vec<_> = samples.iter().filter(|sample| !shown.contains(sample)).collect();
        assert!(hidden.is_empty(), "{}: {}\n{query}\n{hidden:#?}", finding.rule.id, test.name);
        seen.insert(finding.rule.id.clone());
    });
    assert_eq!(seen.len(), rules.rules().len(), "every rule has a finding");
}

/// What of each rule's filters goes along.
#[test]
fn the_filters_of_every_rule() {
    let rules = RuleSet::defaults();
    let shown = |rule: &Rule| {
        let filters = rule.console_filters().into_iter().map(|filter| format!("\n  {filter}"));
        format!("{}{}", rule.id, filters.collect::<String>())
    };
    insta::assert_snapshot!(rules.rules().iter().map(shown).collect::<Vec<_>>().join("\n"));
}

fn tries() -> Vec<String> {
    let at = |n: u16| Flow::tcp("203.0.113.9", 50_000 + n, "10.0.0.5", 22).rejected().line();
    (0..120).map(at).collect()
}

fn with_tries(check: impl FnOnce(Finding<'_>)) {
    let rules = RuleSet::defaults();
    let test = &rules.find("admin-port-tries").unwrap().tests()[0];
    check(findings(&rules, test, &tries()).remove(0));
}

#[test]
fn the_rule_s_filters_stand_before_the_subject() {
    with_tries(|finding| insta::assert_snapshot!(narrowed_query(&finding)));
}

#[test]
fn what_captured_a_record_is_looked_for_where_it_stands() {
    with_tries(|mut finding| {
        let text = |text: &str| vec![("interfaceId".to_owned(), KeyPart::Text(text.into()))];
        finding.subject = text("eni-1-all");
        assert!(narrowed_query(&finding).contains(" or @logStream = \"eni-1-all\"\n"));
        finding.subject = text("eni-1");
        assert!(narrowed_query(&finding).contains("filter interfaceId = \"eni-1\"\n"));
    });
}

#[test]
fn what_the_subject_says_is_not_said_twice() {
    with_tries(|mut finding| {
        finding.subject.push(("action".to_owned(), KeyPart::Text("REJECT".into())));
        assert_eq!(narrowed_query(&finding).matches("REJECT").count(), 1);
    });
}

#[test]
fn what_does_not_fit_is_left_out_whole() {
    with_tries(|mut finding| {
        let long = "\"\\".repeat(400);
        let text = |name: &str| (name.to_owned(), KeyPart::Text(long.as_str().into()));
        finding.subject = ["subnetId", "instanceId", "vpcId"].map(text).to_vec();
        let query = narrowed_query(&finding);
        assert!(query.len() < 3500, "{}", query.len());
        portable(&query);
        assert!(query.contains("REJECT") && query.contains("subnetId") && !query.contains("vpcId"));
    });
}
