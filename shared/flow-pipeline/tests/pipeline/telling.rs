//! Who is told what, and how often: claims that ran out, storms, suppressions, what is over.

use std::sync::Arc;

use flow_detect::RuleSet;
use flow_pipeline::{
    Content, DEFAULT_ALERT_LIMIT, Definitions, ItemKey, MAX_DUE, MemoryStore, Pipeline, Report, StateStore,
    Suppressions, Topic, Write, Written,
};
use flow_testkit::Flow;

use super::fakes::{Recorder, now_or_never};
use super::{NOW, START, event, pipeline, settings, tries};

type Deployed = Pipeline<MemoryStore, Recorder>;

/// The built-in rules with `ping-denied` switched on.
pub(crate) fn pings_are_told() -> Definitions {
    let rule =
        include_str!("../../../../rules/ping-denied.toml").replace("mode = \"off\"", "mode = \"notify\"");
    let rules = RuleSet::with_files([("ping-denied.toml", rule.as_str())]).unwrap();
    Definitions { rules: Arc::new(rules), ..Definitions::default() }
}

fn tick(pipeline: &Deployed, definitions: &Definitions, now: u64) {
    now_or_never(pipeline.tick(definitions, now)).unwrap();
}

/// The texts of messages to a topic, from the `from`th on.
fn bodies(pipeline: &Deployed, topic: Topic, from: usize) -> Vec<String> {
    let sent = pipeline.notifier().sent.lock().unwrap();
    let of_topic = sent.iter().filter(|(to, _)| *to == topic);
    of_topic.skip(from).map(|(_, message)| message.body.clone()).collect()
}

/// `count` sources that ping an interface of their own group at `now`: as many findings.
fn pinged(pipeline: &Deployed, definitions: &Definitions, group: u64, count: u64, now: u64) -> Report {
    let ping = |n| {
        let flow = Flow::icmp(&format!("198.51.{group}.{n}"), "10.0.0.5").rejected();
        flow.interface(&format!("eni-{group}")).at(now - 60).line()
    };
    let lines: Vec<String> = (0..count).map(ping).collect();
    now_or_never(pipeline.run(definitions, event(&lines).as_bytes(), now)).unwrap()
}

#[test]
fn a_storm_is_some_alerts_and_a_digest_that_accounts_for_all() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    for interface in 0..5 {
        pinged(&pipeline, &definitions, interface, 100, START + 60);
    }
    assert_eq!(pipeline.notifier().count(Topic::Findings), 500);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), DEFAULT_ALERT_LIMIT);
    tick(&pipeline, &definitions, START + 120);
    let [digest] = &bodies(&pipeline, Topic::Alerts, DEFAULT_ALERT_LIMIT)[..] else { panic!("one digest") };
    assert!(digest.contains("480 findings listed here, at most 20 more told one by one"), "{digest}");
    tick(&pipeline, &definitions, START + 180);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), DEFAULT_ALERT_LIMIT + 1, "the digest comes once");
}

#[test]
fn no_five_minutes_have_more_alerts_than_the_limit() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    // Fifteen findings each minute for half an hour.
    let minutes: Vec<u64> = (0..30).map(|minute| START + 60 + minute * 60).collect();
    let alerts: Vec<u64> = minutes
        .iter()
        .zip(0..)
        .map(|(now, group)| pinged(&pipeline, &definitions, group, 15, *now).published.get("alerts").copied())
        .map(Option::unwrap_or_default)
        .collect();
    assert!(
        alerts.windows(5).all(|five| five.iter().sum::<u64>() == DEFAULT_ALERT_LIMIT as u64),
        "{alerts:?}"
    );
}

#[test]
fn a_tick_with_older_rules_loses_no_digest() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    pinged(&pipeline, &definitions, 0, 50, START + 60);
    let without = Definitions { rules: Arc::new(RuleSet::only_files([]).unwrap()), ..Definitions::default() };
    tick(&pipeline, &without, START + 130);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), DEFAULT_ALERT_LIMIT);
    tick(&pipeline, &definitions, START + 190);
    let [digest] = &bodies(&pipeline, Topic::Alerts, DEFAULT_ALERT_LIMIT)[..] else { panic!("one digest") };
    assert!(digest.contains("30 findings listed here, at most 20 more told one by one"), "{digest}");
}

#[test]
fn alerts_that_were_not_sent_take_no_room() {
    let notifier = Recorder { failing: Some(Topic::Alerts), ..Recorder::default() };
    let (pipeline, definitions) =
        (Pipeline::new(settings(), MemoryStore::default(), notifier), pings_are_told());
    let lines: Vec<_> = (0..20)
        .map(|n| Flow::icmp(&format!("198.51.100.{n}"), "10.0.0.5").rejected().at(START).line())
        .collect();
    let event = event(&lines);
    now_or_never(pipeline.run(&definitions, event.as_bytes(), START + 60)).unwrap_err();
    pipeline.notifier().mend();
    let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), START + 120)).unwrap();
    assert_eq!((report.published["alerts"], report.alerts_withheld), (20, 0));
}

#[test]
fn records_that_can_not_be_read_keep_no_tick_from_others() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    let bad = |n, text: &str| Write {
        key: ItemKey::read(&format!("episode/{n}")).unwrap(),
        content: Content::Text(text.to_owned()),
        over: None,
        expires_at: START + 86_400,
        due_at: Some(START),
    };
    let writes: Vec<_> = (0..MAX_DUE).map(|n| bad(n, "{\"schema\":\"flowgauge.episode/9\"}")).collect();
    assert!(now_or_never(pipeline.store().put(&writes)).iter().all(|put| *put == Ok(Written::Done)));
    pinged(&pipeline, &definitions, 0, 30, START + 60);
    let report = now_or_never(pipeline.tick(&definitions, START + 120)).unwrap();
    assert_eq!((report.set_aside, report.digested), (MAX_DUE as u64, 0));
    let report = now_or_never(pipeline.tick(&definitions, START + 180)).unwrap();
    assert_eq!((report.set_aside, report.digested), (0, 10));
    // They are still there for whoever can read them, and as copies, whatever else comes to lie in their place.
    let version = now_or_never(pipeline.store().get(&[bad(0, "").key])).unwrap()[0].clone().unwrap().version;
    let again = Write { over: Some(version), ..bad(0, "another") };
    assert_eq!(now_or_never(pipeline.store().put(&[again])), [Ok(Written::Done)]);
    now_or_never(pipeline.tick(&definitions, START + 240)).unwrap();
    let items = pipeline.store().items();
    let of = |kind: &str| items.iter().filter(|(key, ..)| key.as_str().starts_with(kind)).count();
    assert_eq!((of("aside/episode/0/"), of("aside/"), of("episode/")), (2, MAX_DUE + 1, MAX_DUE + 30));
}

#[test]
fn what_is_over_is_told_to_programs_once() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    let line = Flow::icmp("198.51.100.7", "10.0.0.5").rejected().at(START).line();
    now_or_never(pipeline.run(&definitions, event(&[line]).as_bytes(), START + 60)).unwrap();
    for minute in 1..60 {
        tick(&pipeline, &definitions, START + 60 + minute * 60);
    }
    let findings = bodies(&pipeline, Topic::Findings, 0);
    let statuses: Vec<_> =
        ["new", "resolved"].map(|status| format!("\"status\":\"{status}\"")).into_iter().collect();
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings.iter().zip(&statuses).all(|(finding, status)| finding.contains(status)), "{findings:?}");
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1, "people are not told");
}

#[test]
fn what_is_suppressed_is_recorded_and_not_told_until_it_ends() {
    let entry = "[[suppress]]\nrule = \"admin-port-tries\"\nreason = \"our scanner\"\nuntil = 2023-11-14\n";
    let suppressions = Arc::new(Suppressions::parse("s.toml", entry).unwrap());
    let definitions = Definitions { suppressions, ..Definitions::default() };
    let pipeline = pipeline(settings(), MemoryStore::default());
    let event = event(&tries("198.51.100.7", 120));
    let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), NOW)).unwrap();
    assert_eq!((report.findings["admin-port-tries"], report.suppressed), (1, 1));
    assert!(report.published.is_empty(), "{report:?}");
    // That day is over in UTC, and the episode is not.
    let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), NOW + 3000)).unwrap();
    assert_eq!((report.published["findings"], report.published["alerts"]), (1, 1));
}
