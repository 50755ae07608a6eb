//! `detect`: a batch of flow logs goes in, a readable alert comes out.

use std::collections::BTreeSet;

use flow_testkit::Flow;
use serde_json::{Value, json};

use crate::program::{Folder, Run, content, flowgauge, root};
use crate::samples::{NOON, good_line, joined, tries};

const EVENTS: [&str; 3] =
    ["events/open-database.json", "events/refused-tries.json", "events/web-server.json"];

fn detect_events(options: &[&str]) -> Run {
    flowgauge(["detect"].iter().chain(&EVENTS).chain(options)).exits(0)
}

/// The messages, whatever the number of built-in rules: those that run are counted.
fn messages(run: &Run) -> String {
    let list = flowgauge(["rules", "list"]).exits(0).stdout;
    let notify = list.lines().filter(|rule| rule.split_whitespace().nth(2) == Some("notify")).count();
    run.stderr.replace(&format!("by {notify} rules"), "by the rules that notify")
}

#[test]
fn sample_events_give_alerts_in_english() {
    let run = detect_events(&[]);
    insta::assert_snapshot!("alerts_in_english", run.stdout);
    insta::assert_snapshot!("alerts_messages", messages(&run));
}

#[test]
fn sample_events_give_alerts_in_japanese() {
    let run = detect_events(&["--lang", "ja"]);
    insta::assert_snapshot!("alerts_in_japanese", run.stdout);
    insta::assert_snapshot!("alerts_messages", messages(&run));
}

#[test]
fn findings_are_json_of_the_promised_shape() {
    let findings = detect_events(&["--output", "json"]).json();
    let rules: Vec<_> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["admin-port-exposed", "admin-port-tries"]);
    findings.iter().for_each(check_shape);
}

/// That a finding has every field that findings have, each of its type, and no other.
fn check_shape(finding: &Value) {
    let fields: BTreeSet<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
    let always = "first_seen id last_seen links mode query rule samples schema severity status subject technique \
                  threshold title totals type values window";
    let known = "account interface log_group region vpc";
    let always: BTreeSet<_> = always.split(' ').collect();
    assert_eq!(always.difference(&fields).count(), 0, "missing in {fields:?}");
    let optional: BTreeSet<_> = fields.difference(&always).copied().collect();
    assert!(optional.is_subset(&known.split(' ').collect()), "{optional:?}");

    let text = |key: &str| finding[key].as_str().expect(key).to_owned();
    let id = text("id");
    assert!(id.len() == 32 && id.bytes().all(|digit| b"0123456789abcdef".contains(&digit)), "{id}");
    assert!(["informational", "low", "medium", "high", "critical"].contains(&&*text("severity")));
    assert_eq!((&*text("status"), &*text("mode")), ("new", "notify"));
    assert_eq!(text("schema"), "flowgauge.finding/1");
    assert!(text("technique").starts_with('T') && text("type").contains(":VPC/"));
    assert!(!text("threshold").is_empty() && text("account") == "123456789012");
    assert!(text("query").starts_with("fields @timestamp, @message\n| filter "));
    for language in ["en", "ja"] {
        assert!(finding["title"][language].as_str().is_some_and(|title| !title.is_empty()));
    }
    for object in ["subject", "values", "totals", "links"] {
        assert!(finding[object].is_object(), "{object}");
    }
    check_times(finding);
    let samples = finding["samples"].as_array().unwrap();
    assert!((1..=5).contains(&samples.len()) && samples.iter().all(Value::is_string));
}

fn check_times(finding: &Value) {
    let second = |value: &Value| value.as_u64().unwrap();
    let (start, end) = (second(&finding["window"]["start"]), second(&finding["window"]["end"]));
    assert_eq!(end - start, 3600);
    assert!(second(&finding["first_seen"]) <= second(&finding["last_seen"]));
    assert!((start..end).contains(&second(&finding["first_seen"])));
}

#[test]
fn a_finding_says_who_what_and_where() {
    let findings = detect_events(&["--output", "json"]).json();
    let (exposed, tries) = (&findings[0], &findings[1]);
    assert_eq!(tries["subject"]["srcAddr"], "198.51.100.77");
    assert_eq!(tries["values"], json!({ "attempts": 120, "sources": 1, "ports": 2 }));
    assert_eq!(tries["interface"], "eni-07d2f3a4b5c6e7f80");
    assert_eq!(
        exposed["values"],
        json!({ "answers": 3, "requests": 3, "sources": 2, "receivedBytes": 4533 })
    );
    let subject =
        json!({ "interfaceId": "eni-0f9e8d7c6b5a49382", "serverAddr": "10.0.2.30", "serverPort": 5432 });
    assert_eq!(exposed["subject"], subject, "two sources: none of them is the subject");
}

#[test]
fn the_interface_is_named_only_when_there_is_one() {
    let mut lines = tries(NOON..NOON + 60);
    lines.extend(tries(NOON + 60..NOON + 120).iter().map(|line| line.replace("eni-0a1b", "eni-0fff")));
    let by_target = content(&root().join("rules/admin-port-tries.toml"));
    let by_source = by_target.replace("by interfaceId, dstAddr", "by srcAddr");
    let by_source = by_source.replace("{dstAddr}", "{srcAddr}").replace("{interfaceId}", "");
    assert_ne!(by_source, by_target);
    let folder = Folder::with("rules/a.toml", by_source);
    let run =
        folder.flowgauge(["detect", "--rules", "rules", "--output", "json"]).input(joined(&lines)).exits(0);
    let findings = run.json();
    assert_eq!(findings[0]["subject"], json!({ "srcAddr": "198.51.100.7", "dstAddr": "10.0.0.5" }));
    assert_eq!(findings[0].get("interface"), None);
}

#[test]
fn the_order_of_the_inputs_changes_nothing() {
    let expected = detect_events(&["--output", "json"]).stdout;
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let args = ["detect", "--output", "json"].into_iter().chain(order.map(|place| EVENTS[place]));
        assert_eq!(flowgauge(args).exits(0).stdout, expected, "{order:?}");
    }
}

#[test]
fn the_mode_says_which_rules_run() {
    let ping = Flow::icmp("203.0.113.9", "10.0.0.5").rejected().line();
    let backup = Flow::tcp("10.0.0.5", 50000, "10.0.0.6", 873).bytes(2 << 30).line();
    let rules = |mode: &str| {
        let program = flowgauge(["detect", "--output", "json", "--mode", mode]);
        let findings = program.input(joined(&[&ping, &backup])).exits(0).json();
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(rules("notify").is_empty());
    assert_eq!(rules("observe"), ["large-transfer"]);
    assert_eq!(rules("all"), ["ping-denied", "large-transfer"]);
}

#[test]
fn a_rule_that_lacks_its_fields_is_named() {
    let run = flowgauge(["detect", "--format", "srcaddr dstaddr action start"]);
    let run = run.input("198.51.100.7 10.0.0.5 REJECT 1700000000\n").exits(0);
    run.says(&[
        "warning: rule admin-port-tries can't fire on a format without interface-id, dstport\n",
        "0 findings",
    ]);
}

#[test]
fn a_gap_in_the_records_is_told() {
    let gap = "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1700000000 1700000059 - SKIPDATA\n";
    let run = flowgauge(["detect"]).input(gap).exits(0);
    assert!(run.stdout.starts_with("[INFORMATIONAL] Flow records were skipped: eni-0a1b2c3d4e5f60718\n"));
    assert_eq!(run.counts().split(" in ").nth(1), Some("0 flows, 1 SKIPDATA"));
}

#[test]
fn groups_without_room_are_counted() {
    let lines = [Flow::tcp("203.0.113.9", 50000, "10.0.0.5", 22).line(), joined(&tries([NOON, NOON + 1]))];
    let program = flowgauge(["detect", "--max-groups", "1"]);
    program.input(joined(&lines)).exits(0).says(&["warning: no room for 2 groups:", "--max-groups"]);
}

#[test]
fn a_mistake_in_the_networks_file_is_told() {
    let folder = Folder::with("networks", "10.0.0.0/8 office\nnonsense\n").and("a.log", good_line());
    let run = folder.flowgauge(["detect", "--networks", "networks", "a.log"]).exits(1);
    assert!(run.stderr.starts_with("error: networks: ") && run.stderr.contains('2'), "{}", run.stderr);
}

/// Of IPv6 all addresses are public: without `flow-direction` only the user can say which are his.
#[test]
fn ipv6_records_of_unknown_direction_are_told() {
    let line = Flow::tcp("2001:db8:10::5", 50000, "2001:db8:20::9", 443).line();
    let folder =
        Folder::with("networks", "2001:db8:10::/48 own\n").and("a.log", joined(&[&line, &good_line()]));
    let alone = folder.flowgauge(["detect", "a.log"]).exits(0);
    alone.says(&["warning: 1 IPv6 record of unknown direction:", "--networks"]);
    let named = folder.flowgauge(["detect", "--networks", "networks", "a.log"]).exits(0);
    assert!(!named.stderr.contains("unknown direction"), "{}", named.stderr);
}
