//! `replay`: history goes in, what would have been sent comes out.

use std::collections::BTreeSet;

use flow_testkit::Flow;
use serde_json::Value;

use crate::program::{Folder, Run, content, flowgauge, root};
use crate::samples::{NOON, event, joined, tries};

/// Traffic of some hours with attacks on it.
fn generated(options: &[&str]) -> String {
    let args = ["generate", "--duration", "3h", "--interfaces", "4", "--seed", "7", "--scenario"];
    let scenarios = ["exposed-database,brute-force-in,lateral-fan-out,skipped-records"];
    flowgauge(args.iter().chain(&scenarios).chain(options)).exits(0).stdout
}

fn replay(input: String, options: &[&str]) -> Run {
    flowgauge(["replay"].iter().chain(options)).input(input).exits(0)
}

fn object(run: &Run) -> Value {
    run.json().remove(0)
}

/// One rule of the answer.
fn rule<'v>(object: &'v Value, id: &str) -> &'v Value {
    object["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == id).unwrap()
}

/// Bursts of tries on two days, the second of them soon after the first.
fn three_bursts() -> String {
    let times = [NOON, NOON + 4 * 3600, NOON + 86_400];
    joined(&times.map(|time| tries(time..time + 120)).concat())
}

#[test]
fn a_table_of_rules_and_what_each_would_have_told() {
    let run = replay(three_bursts(), &[]);
    insta::assert_snapshot!("three_bursts", run.stdout);
    insta::assert_snapshot!("three_bursts_messages", run.stderr);
    let run = replay(generated(&[]), &["--mode", "all", "--top", "2"]);
    insta::assert_snapshot!("generated_traffic", run.stdout);
}

#[test]
fn one_object_of_json() {
    let object = object(&replay(three_bursts(), &["--output", "json"]));
    insta::assert_snapshot!("three_bursts_json", serde_json::to_string_pretty(&object).unwrap());
}

/// In batches of 50, of which each and its neighbours have lost their order.
fn shuffled(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    let header = usize::from(lines.first().is_some_and(|line| line.starts_with("version")));
    for (number, batch) in lines[header..].chunks_mut(150).enumerate() {
        let (count, step) = (batch.len(), 7 + number % 5 * 2);
        batch.sort_by_cached_key(|line| line.bytes().map(usize::from).sum::<usize>() * step % count);
        batch.rotate_left(count / 3);
    }
    joined(&lines)
}

#[test]
fn the_same_findings_whole_and_in_shuffled_batches() {
    for options in [&[][..], &["--format", "v5"]] {
        let input = generated(options);
        let findings = |input: String| {
            let told = object(&replay(input, &["--output", "json", "--top", "1000"]));
            let rules = told["rules"].as_array().unwrap().iter().map(|rule| {
                let top = rule["top"].as_array().unwrap().iter();
                let ids: BTreeSet<_> = top.map(|finding| finding["id"].to_string()).collect();
                (rule["rule"].to_string(), ids)
            });
            rules.collect::<Vec<_>>()
        };
        assert_eq!(findings(shuffled(&input)), findings(input));
    }
}

#[test]
fn the_same_findings_as_detect_has() {
    for options in [&[][..], &["--output", "events"], &["--aggregation", "600"], &["--format", "v5"]] {
        let input = generated(options);
        let found = flowgauge(["detect", "--output", "json"]).input(input.clone()).exits(0).json();
        let found: BTreeSet<_> = found.iter().map(|finding| finding["id"].to_string()).collect();
        assert!(!found.is_empty());
        let told = object(&replay(input, &["--output", "json", "--top", "1000"]));
        let rules = told["rules"].as_array().unwrap().iter();
        let told = rules.flat_map(|rule| rule["top"].as_array().unwrap());
        let told: BTreeSet<_> = told.map(|finding| finding["id"].to_string()).collect();
        assert_eq!(told, found, "{options:?}");
    }
}

#[test]
fn rules_that_are_off_are_tried_as_though_they_told() {
    let ping = joined(&[Flow::icmp("203.0.113.9", "10.0.0.5").rejected().line()]);
    let without = object(&replay(ping.clone(), &["--output", "json"]));
    assert!(without["rules"].as_array().unwrap().iter().all(|rule| rule["rule"] != "ping-denied"));
    let with = object(&replay(ping, &["--output", "json", "--mode", "all"]));
    let ping = rule(&with, "ping-denied");
    assert_eq!((&ping["mode"], &ping["told"]["people"]), (&"off".into(), &1.into()));
}

#[test]
fn a_rule_of_ones_own_takes_the_place_of_a_built_in_one() {
    let text = content(&root().join("rules/admin-port-tries.toml"));
    let folder = Folder::with("rules/a.toml", text.replace("attempts > 100", "attempts > 1000"));
    let run = folder.flowgauge(["replay", "--rules", "rules", "--output", "json"]).input(three_bursts());
    let object = object(&run.exits(0));
    let tries = rule(&object, "admin-port-tries");
    assert_eq!((&tries["threshold"], &tries["episodes"]), (&"attempts > 1000".into(), &0.into()));
}

#[test]
fn suppressions_hold_by_the_records_clock_alone() {
    let entry = "[[suppress]]\nrule = \"admin-port-tries\"\nreason = \"ours\"\nuntil = 2023-11-15\n\
                 [[suppress]]\nrule = \"gone\"\nreason = \"ours\"\nuntil = 9999-12-31\n";
    let folder = Folder::with("quiet.toml", entry);
    let args = ["replay", "--suppressions", "quiet.toml", "--output", "json"];
    let run = folder.flowgauge(args).input(three_bursts()).exits(0);
    assert!(!run.stderr.contains("expired") && !run.stderr.contains("year"), "{}", run.stderr);
    let object = object(&run.says(&["1 suppression with a rule that does not exist: line 5"]));
    let tries = rule(&object, "admin-port-tries");
    assert_eq!((&tries["suppressed"], &tries["told"]["people"]), (&2.into(), &1.into()));
}

#[test]
fn inputs_in_the_wrong_order_are_told() {
    let folder = Folder::with("a.log", joined(&tries([NOON + 86_400]))).and("b.log", joined(&tries([NOON])));
    let run = folder.flowgauge(["replay", "a.log", "b.log"]).exits(0);
    run.says(&["warning: 1 record began long before newer ones", "warning: 1 pane came too late"]);
}

#[test]
fn what_can_not_be_read_fails_and_the_rest_is_replayed() {
    let event = event(&tries(NOON..NOON + 120));
    let input = format!("{event}\n{{\"awslogs\":{{\"data\":\"!\"}}}}\n");
    let run = flowgauge(["replay", "--output", "json"]).input(input).exits(1);
    assert_eq!(rule(&object(&run), "admin-port-tries")["told"]["people"], 1);
    run.says(&["1 unusable event"]);
    let nothing = flowgauge(["replay", "none.log"]).exits(1);
    assert!(nothing.stdout.starts_with("rule "), "{}", nothing.stdout);
    nothing.says(&["error: none.log: "]);
}

#[test]
fn text_of_a_log_deceives_nobody() {
    let evil = "eni-\u{1b}[31m\u{202e}x";
    let lines = tries(NOON..NOON + 120)
        .iter()
        .map(|line| line.replace("eni-0a1b2c3d4e5f60718", evil))
        .collect::<Vec<_>>();
    let text = replay(joined(&lines), &[]).stdout;
    assert!(text.contains("interfaceId eni-\u{fffd}[31m\u{fffd}x, dstAddr 10.0.0.5"), "{text}");
    let run = replay(joined(&lines), &["--output", "json"]);
    assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']));
    assert_eq!(rule(&object(&run), "admin-port-tries")["top"][0]["subject"]["interfaceId"], evil);
}
