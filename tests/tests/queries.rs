//! `templates/queries.yaml`, written from the rules: what of each the CloudWatch console can answer, as saved queries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;

use flow_detect::{Rule, RuleSet};
use flow_query::{Program, Query, Settings};
use flowgauge_tests::assert_written;

/// What stands before the queries.
const HEAD: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
# Written from the rules by `make docs`; a test compares the two.
Description: >-
  Flowgauge queries: the built-in rules as saved queries of CloudWatch Logs Insights.

Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - Label: { default: Flow logs }
        Parameters: [LogGroupName]

Parameters:
  LogGroupName:
    Type: String
    AllowedPattern: "[A-Za-z0-9._/#-]{1,512}"
    Description: Log group that flow logs are delivered to. Queries can be run over others as well.

Resources:
"#;

/// Conditions that most records meet: a query with none but these shows nearly everything.
const BROAD: [&str; 5] =
    ["action = \"ACCEPT\"", "action = \"REJECT\"", "protocol = 6", "protocol = 17", "protocol in [6, 17]"];

/// What a query is called, and its text.
struct SavedQuery {
    name: String,
    text: String,
}

/// The rule itself where the console knows all that it asks; else the hosts behind the records that its conditions leave,
/// as far as the console can test these. None where that would be nearly every record.
fn saved_query(rule: &Rule) -> Option<SavedQuery> {
    let logic = &rule.query;
    if rule.pattern.is_none() && logic.detector().is_none() && logic.enrichments().is_empty() {
        return Some(SavedQuery { name: rule.id.clone(), text: rule.query_text.trim().to_owned() });
    }
    let conditions = rule.console_filters();
    let filters: Vec<_> = conditions.iter().map(|condition| format!("filter {condition}")).collect();
    let text = format!(
        "{}\n| stats count(*) as records, sum(packets) as allPackets, sum(bytes) as allBytes\n  by srcAddr, dstAddr, dstPort, \
         protocol, action\n| sort allPackets desc\n| limit 100",
        filters.join("\n| "),
    );
    let is_narrow = conditions.iter().any(|condition| !BROAD.contains(&condition.as_str()));
    is_narrow.then(|| SavedQuery { name: format!("candidates/{}", rule.id), text })
}

/// A logical id: the words of a rule's id, each with a capital.
fn resource_id(rule: &Rule) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    rule.id.split('-').map(capital).collect()
}

fn template() -> String {
    let mut text = HEAD.to_owned();
    for rule in RuleSet::defaults().rules() {
        let Some(SavedQuery { name, text: query }) = saved_query(rule) else { continue };
        let query = query.replace('\n', "\n        ");
        writeln!(
            text,
            "  {}:\n    Type: AWS::Logs::QueryDefinition\n    Properties:\n      Name: !Sub ${{AWS::StackName}}/{name}\n      \
             LogGroupNames: [!Ref LogGroupName]\n      QueryString: |-\n        {query}",
            resource_id(rule),
        )
        .unwrap();
    }
    text
}

#[test]
fn the_saved_queries_are_what_the_rules_say() {
    assert_written("templates/queries.yaml", &template(), "the rules say");
}

/// The console knows every name of them, and takes at most 10,000 characters.
#[test]
fn the_console_runs_every_saved_query() {
    for query in RuleSet::defaults().rules().iter().filter_map(saved_query) {
        let parsed = Query::parse(&query.text).unwrap_or_else(|error| panic!("{}: {error}", query.name));
        let settings = Settings { portable: true, ..Settings::default() };
        let program =
            Program::compile(&parsed, settings).unwrap_or_else(|error| panic!("{}: {error}", query.name));
        assert!(program.warnings().is_empty(), "{}: {:?}", query.name, program.warnings());
        assert!(query.text.len() <= 10_000, "{}", query.name);
    }
}
