//! Who is told what, and how often: claims that ran out, storms, suppressions, what is over.

use std::sync::Arc;

use flow_detect::RuleSet;
use flow_pipeline::{DEFAULT_ALERT_LIMIT, Definitions, MemoryStore, Pipeline, Suppressions, Topic};
use flow_testkit::Flow;

use super::fakes::{Recorder, now_or_never};
use super::{NOW, START, event, pipeline, settings, tries};

type Deployed = Pipeline<MemoryStore, Recorder>;

/// The built-in rules with `ping-denied` switched on.
fn pings_are_told() -> Definitions {
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

#[test]
fn a_storm_is_some_alerts_and_a_digest_that_accounts_for_all() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    for interface in 0..5 {
        let ping = |n| {
            let flow = Flow::icmp(&format!("198.51.{interface}.{n}"), "10.0.0.5").rejected();
            flow.interface(&format!("eni-{interface}")).at(START).line()
        };
        let lines: Vec<String> = (0..100).map(ping).collect();
        now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), START + 60)).unwrap();
    }
    assert_eq!(pipeline.notifier().count(Topic::Findings), 500);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), DEFAULT_ALERT_LIMIT);
    tick(&pipeline, &definitions, START + 120);
    let [digest] = &bodies(&pipeline, Topic::Alerts, DEFAULT_ALERT_LIMIT)[..] else { panic!("one digest") };
    assert!(digest.contains("500 findings: 20 told one by one, 480 only listed here"), "{digest}");
    tick(&pipeline, &definitions, START + 180);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), DEFAULT_ALERT_LIMIT + 1, "the digest comes once");
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
