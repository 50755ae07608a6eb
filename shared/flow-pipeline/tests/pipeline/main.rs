//! One event through the whole pipeline with fakes at its ends: what is told, what is counted, what is an error.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod closing;
mod fakes;
mod formats;
mod found;
mod hardships;
mod kills;
mod late;
mod retries;
mod telling;

use std::sync::Arc;

use fakes::{FailingStore, Recorder, now_or_never};
use flow_detect::{RuleSet, Severity};
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, subscription_event};
use flow_pipeline::{
    AlertFormat, DEFAULT_ALERT_LIMIT, Definitions, Formats, MemoryStore, Notifier, Pipeline,
    PipelineSettings, Report, RunError, StateStore, Topic,
};
use flow_testkit::Flow;

const START: u64 = 1_700_000_000;
const NOW: u64 = START + 3600;
const RULE: &str = "admin-port-tries";

/// Two of the built-in rules: more would only be in the way.
fn few_rules() -> Definitions {
    let tries = include_str!("../../../../rules/admin-port-tries.toml");
    let skipped = include_str!("../../../../rules/skipdata.toml");
    let rules = RuleSet::only_files([("admin-port-tries.toml", tries), ("skipdata.toml", skipped)]).unwrap();
    Definitions { rules: Arc::new(rules), ..Definitions::default() }
}

fn settings() -> PipelineSettings {
    PipelineSettings::default()
}

fn pipeline<S: StateStore>(settings: PipelineSettings, store: S) -> Pipeline<S, Recorder> {
    Pipeline::new(settings, store, Recorder::default())
}

fn run<S: StateStore>(pipeline: &Pipeline<S, Recorder>, event: &str) -> Result<Report, RunError> {
    now_or_never(pipeline.run(&few_rules(), event.as_bytes(), NOW))
}

/// Ticks at `from` and each minute after it, `times` in all.
fn tick_each_minute<S: StateStore, N: Notifier>(
    pipeline: &Pipeline<S, N>,
    definitions: &Definitions,
    from: u64,
    times: u64,
) {
    for minute in 0..times {
        now_or_never(pipeline.tick(definitions, from + minute * 60)).unwrap();
    }
}

/// A rule of these times that tells people, alone.
fn rule(id: &str, window: &str, repeat: &str, query: &str) -> Definitions {
    let times = format!("window = \"{window}\"\npane = \"1m\"\nrepeat = \"{repeat}\"");
    timed_rule(id, &times, query)
}

/// The same with any keys of a rule's times.
fn timed_rule(id: &str, times: &str, query: &str) -> Definitions {
    let text = format!(
        r#"
id = "{id}"
type = "Recon:VPC/Waiting"
title = {{ en = "Waiting", ja = "待機" }}
severity = "medium"
mode = "notify"
technique = "T1046"
{times}
query = '''
{query}
'''
explain = {{ en = "few", ja = "少数" }}
advice = {{ en = ["a", "b", "c"], ja = ["a", "b", "c"] }}
"#
    );
    let rules = RuleSet::only_files([("x.toml", text.as_str())]).unwrap();
    Definitions { rules: Arc::new(rules), ..Definitions::default() }
}

/// Lines as one event.
fn event(lines: &[String]) -> String {
    event_of("/vpc", lines)
}

fn event_of(log_group: &str, lines: &[String]) -> String {
    let stream =
        LogStream { owner: "123456789012", log_group, log_stream: "eni-1-all", subscription_filter: "f" };
    let lines: Vec<(i64, &String)> = lines.iter().map(|line| (1_700_000_000_000, line)).collect();
    SubscriptionEncoder::new(stream, EncodeLimits::default()).encode(&lines).unwrap().remove(0)
}

/// `count` refused tries of one source on port 22, every two seconds from `start`.
fn tries_at(source: &str, count: u64, start: u64) -> Vec<String> {
    tries_on("10.0.0.5", source, count, start)
}

fn tries_on(target: &str, source: &str, count: u64, start: u64) -> Vec<String> {
    let line = |n| Flow::tcp(source, 40_000, target, 22).rejected().at(start + n * 2).line();
    (0..count).map(line).collect()
}

fn tries(source: &str, count: u64) -> Vec<String> {
    tries_at(source, count, START)
}

#[test]
fn a_finding_goes_to_both_topics() {
    let pipeline = pipeline(settings(), MemoryStore::default());
    let report = run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap();
    assert_eq!(report.findings[RULE], 1);
    assert_eq!((report.published["findings"], report.published["alerts"]), (1, 1));
    assert_eq!((report.lines.flows, report.events, report.observed), (120, 1, 0));
    let sent = pipeline.notifier().sent.lock().unwrap();
    let finding = &sent.iter().find(|(topic, _)| *topic == Topic::Findings).unwrap().1;
    assert!(finding.body.contains("198.51.100.7") && !finding.is_per_protocol, "{}", finding.body);
    assert!(sent.iter().find(|(topic, _)| *topic == Topic::Alerts).unwrap().1.is_per_protocol);
}

#[test]
fn settings_decide_what_people_get() {
    type Change = fn(&mut PipelineSettings);
    let cases: [(Change, usize, &str); 4] = [
        (|_| {}, 1, "198.51.100.7"),
        (|settings| settings.alert_min_severity = Severity::Critical, 0, ""),
        (|settings| settings.alert_format = AlertFormat::Chat, 1, r#""source":"custom""#),
        (|settings| settings.region = Some("eu-west-1".to_owned()), 1, "eu-west-1.console.aws.amazon.com"),
    ];
    for (change, alerts, expected) in cases {
        let mut settings = settings();
        change(&mut settings);
        let pipeline = pipeline(settings, MemoryStore::default());
        run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap();
        assert_eq!(
            (pipeline.notifier().count(Topic::Findings), pipeline.notifier().count(Topic::Alerts)),
            (1, alerts)
        );
        let sent = pipeline.notifier().sent.lock().unwrap();
        assert!(
            sent.iter().filter(|(topic, _)| *topic == Topic::Alerts).all(|(_, m)| m.body.contains(expected))
        );
    }
}

#[test]
fn observed_findings_are_counted_and_not_told() {
    let rule = include_str!("../../../../rules/admin-port-tries.toml");
    let rule = rule.replace("mode = \"notify\"", "mode = \"observe\"");
    let rules = RuleSet::with_files([("observe.toml", rule.as_str())]).unwrap();
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let pipeline = pipeline(settings(), MemoryStore::default());
    let event = event(&tries("198.51.100.7", 120));
    let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), NOW)).unwrap();
    assert_eq!((report.findings[RULE], report.observed), (1, 1));
    assert!(report.published.is_empty());
}

#[test]
fn a_storm_of_alerts_is_cut_and_counted() {
    let target = |n: u32| tries_on(&format!("10.0.0.{n}"), "198.51.100.7", 101, START);
    let lines: Vec<String> = (0..25).flat_map(target).collect();
    let pipeline = pipeline(settings(), MemoryStore::default());
    let report = run(&pipeline, &event(&lines)).unwrap();
    assert_eq!((report.findings[RULE], report.published["findings"]), (25, 25));
    assert_eq!((report.published["alerts"], report.alerts_withheld), (DEFAULT_ALERT_LIMIT as u64, 5));
}

#[test]
fn many_sources_on_one_target_are_one_finding() {
    let pipeline = pipeline(settings(), MemoryStore::default());
    let lines: Vec<String> = (0..250).flat_map(|n| tries(&format!("198.51.100.{n}"), 3)).collect();
    let report = run(&pipeline, &event(&lines)).unwrap();
    assert_eq!((report.findings[RULE], report.published["alerts"]), (1, 1));
    let sent = pipeline.notifier().sent.lock().unwrap();
    let (_, finding) = sent.iter().find(|(topic, _)| *topic == Topic::Findings).unwrap();
    assert!(finding.body.contains(r#""attempts":750,"sources":250"#), "{}", finding.body);
}

#[test]
fn what_adds_nothing_costs_nothing() {
    let control = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",
        "subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE"}]}"#;
    let other = r#"{"messageType":"NEWS","logGroup":"","logStream":"","logEvents":[]}"#;
    let quiet = vec![Flow::tcp("10.0.0.1", 40_000, "10.0.0.2", 443).rejected().at(START).line()];
    let mut settings = settings();
    settings.own_log_group = Some("/own".to_owned());
    // The store always fails: it must not be asked.
    let pipeline = pipeline(settings, FailingStore);
    let report = |event: &str| run(&pipeline, event).unwrap();
    assert_eq!(report(&subscription_event(control.as_bytes())).control_messages, 1);
    assert_eq!(report(&subscription_event(other.as_bytes())).unusable, 1);
    assert_eq!(report(&event(&quiet)).lines.flows, 1);
    let own = report(&event_of("/own", &tries("198.51.100.7", 120)));
    assert_eq!((own.self_log_skipped, own.lines.flows), (120, 0));
}

#[test]
fn lines_that_can_not_count_are_counted_as_such() {
    let lines = [
        vec!["not a record".to_owned()],
        tries_at("198.51.100.7", 1, NOW + 601),
        tries_at("198.51.100.7", 1, NOW + 600),
    ];
    let report = run(&pipeline(settings(), MemoryStore::default()), &event(&lines.concat())).unwrap();
    assert_eq!((report.rejected_total(), report.future, report.lines.flows), (1, 1, 2));
    let first = report.first_rejected.unwrap();
    assert_eq!(
        (&*first.log_group, &*first.log_stream, first.timestamp),
        ("/vpc", "eni-1-all", 1_700_000_000_000)
    );
    assert!(first.fault.starts_with("expected 14 columns, found 3"), "{}", first.fault);
    // A day between records of one event: the earlier pane belongs to no open window.
    let lines = [tries("198.51.100.7", 1), tries_at("198.51.100.7", 1, START - 86_400)].concat();
    let report = run(&pipeline(settings(), MemoryStore::default()), &event(&lines)).unwrap();
    assert_eq!(report.late_panes, 1);
}

#[test]
fn events_that_come_late_are_counted() {
    for (newest, delayed) in [(NOW - 1800, 0), (NOW - 1801, 1), (NOW + 5, 0)] {
        let lines = [tries_at("198.51.100.7", 1, NOW - 7200), tries_at("198.51.100.7", 1, newest)].concat();
        let report = run(&pipeline(settings(), MemoryStore::default()), &event(&lines)).unwrap();
        assert_eq!(report.delayed, delayed, "{newest}");
    }
}

#[test]
fn formats_are_those_of_the_log_group() {
    let mut settings = settings();
    settings.formats = Formats::parse(r#"{"/short": "${action} ${srcaddr}"}"#).unwrap();
    let pipeline = pipeline(settings, MemoryStore::default());
    let report = run(&pipeline, &event_of("/short", &["REJECT 10.0.0.1".to_owned()])).unwrap();
    assert_eq!(report.lines.flows, 1);
    assert!(report.not_applicable.contains_key(RULE), "{report:?}");
    let report = run(&pipeline, &event_of("/other", &["REJECT 10.0.0.1".to_owned()])).unwrap();
    assert_eq!(report.rejected["no_format"], 1);
    assert_eq!(report.first_rejected.unwrap().fault, "no format for this log group");
}

#[test]
fn a_redelivery_changes_nothing_and_is_told_only_where_nobody_was() {
    let pipeline = pipeline(settings(), MemoryStore::default());
    let event = event(&tries("198.51.100.7", 120));
    let first = run(&pipeline, &event).unwrap();
    let kept = pipeline.store().items();
    let again = run(&pipeline, &event).unwrap();
    assert_eq!((first.redelivered, again.redelivered), (0, 1));
    assert_eq!((first.findings[RULE], again.findings.get(RULE)), (1, None));
    assert!(again.published.is_empty(), "{again:?}");
    assert_eq!(pipeline.store().items(), kept);
}

#[test]
fn windows_span_events() {
    let pipeline = pipeline(settings(), MemoryStore::default());
    let lines = tries("198.51.100.7", 120);
    // One encoder, so that every event has log events of its own.
    let stream =
        LogStream { owner: "123456789012", log_group: "/vpc", log_stream: "eni-1", subscription_filter: "f" };
    let mut encoder = SubscriptionEncoder::new(stream, EncodeLimits::default());
    let mut findings = 0;
    for chunk in lines.chunks(40) {
        let lines: Vec<(i64, &String)> = chunk.iter().map(|line| (1_700_000_000_000, line)).collect();
        let report = run(&pipeline, &encoder.encode(&lines).unwrap()[0]).unwrap();
        findings += report.findings.values().sum::<u64>();
    }
    assert_eq!(findings, 1);
}

#[test]
fn errors_say_whether_to_try_again() {
    let event = event(&tries("198.51.100.7", 120));
    for bad in ["", "{}", r#"{"awslogs":{"data":"!"}}"#, r#"{"awslogs":{"data":"QUJD"}}"#] {
        let error = run(&pipeline(settings(), MemoryStore::default()), bad).unwrap_err();
        assert!(matches!(error, RunError::Undecodable(_)), "{bad}: {error}");
    }
    let mut small = settings();
    small.decompressed_cap = 1000;
    let error = run(&pipeline(small, MemoryStore::default()), &event).unwrap_err();
    assert_eq!(error.to_string(), "decompressed data exceeds the cap of 1000 bytes");
    let error = run(&pipeline(settings(), FailingStore), &event).unwrap_err();
    assert_eq!(error.to_string(), "keeping state: broken");
}

#[test]
fn one_topic_that_fails_keeps_nothing_from_the_other() {
    for (failing, other) in [(Topic::Alerts, Topic::Findings), (Topic::Findings, Topic::Alerts)] {
        let notifier = Recorder { failing: Some(failing), ..Recorder::default() };
        let pipeline = Pipeline::new(settings(), MemoryStore::default(), notifier);
        let error = run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap_err();
        assert_eq!(error.to_string(), "1 of 2 messages not published: broken");
        assert_eq!((pipeline.notifier().count(failing), pipeline.notifier().count(other)), (0, 1));
        let RunError::Publish { report, .. } = error else { panic!("{error}") };
        assert_eq!((report.findings[RULE], report.published[other.name()]), (1, 1));
        pipeline.notifier().mend();
        run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap();
        let told = (pipeline.notifier().count(failing), pipeline.notifier().count(other));
        assert_eq!(told, (1, 1), "the retry tells only those who have not heard");
    }
}

#[test]
fn a_topic_that_is_not_there_is_no_failure() {
    let notifier = Recorder { absent: Some(Topic::Alerts), ..Recorder::default() };
    let pipeline = Pipeline::new(settings(), MemoryStore::default(), notifier);
    let report = run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap();
    assert_eq!((report.without_topic["alerts"], report.published.get("alerts")), (1, None));
}
