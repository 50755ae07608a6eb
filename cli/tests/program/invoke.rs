//! `invoke subscription`: the messages and the report of the function, without AWS.

use serde_json::Value;

use crate::program::{Folder, flowgauge, root};

/// The messages that the function would publish, and the reports of its events.
fn invoke(args: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let run = flowgauge(["invoke", "subscription"].iter().chain(args)).exits(0);
    let read = |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (read(&run.stdout), read(&run.stderr))
}

const TRIES: &str = "events/refused-tries.json";

#[test]
fn a_sample_event_gives_a_message_for_each_topic() {
    let (messages, reports) = invoke(&[TRIES]);
    let topics: Vec<_> = messages.iter().map(|message| message["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["alerts", "findings"]);
    assert_eq!(messages[0]["message_structure"], "json");
    assert_eq!(messages[1]["attributes"]["rule"], "admin-port-tries");
    let finding: Value = serde_json::from_str(messages[1]["body"].as_str().unwrap()).unwrap();
    assert_eq!(finding["subject"]["srcAddr"], "198.51.100.77");
    assert_eq!((&reports[0]["findings"]["admin-port-tries"], reports.len()), (&1.into(), 1));
}

#[test]
fn settings_are_those_of_the_function() {
    let alert = |args: &[&str]| invoke(&[&[TRIES], args].concat()).0.remove(0);
    assert!(alert(&["--lang", "ja"])["body"].as_str().unwrap().contains("管理用ポート"));
    assert_eq!(alert(&["--alert-min-severity", "high"])["topic"], "findings", "no alert");
    let chat = alert(&["--alert-format", "chat"]);
    assert_eq!(chat["message_structure"], Value::Null);
    assert!(chat["body"].as_str().unwrap().contains(r#""source":"custom""#));
    let (messages, reports) = invoke(&[TRIES, "--format", r#"{"/other": "${version}"}"#]);
    assert_eq!((messages.len(), &reports[0]["rejected"]["no_format"]), (0, &120.into()));
}

#[test]
fn every_event_of_a_file_is_an_invocation() {
    let event = std::fs::read_to_string(root().join(TRIES)).unwrap();
    let folder = Folder::with("two.json", event.repeat(2));
    let run = folder.flowgauge(["invoke", "subscription", "two.json"]).exits(0);
    // The first tells people and programs; the second is a redelivery, and finds that the episode is long over.
    assert_eq!((run.stdout.lines().count(), run.stderr.lines().count()), (3, 2));
    assert!(run.stdout.lines().last().unwrap().contains("resolved"), "{}", run.stdout);
}

#[test]
fn what_the_function_could_not_read_is_a_failure() {
    let run = Folder::with("bad.json", "{}").flowgauge(["invoke", "subscription", "bad.json"]).exits(1);
    assert!(run.stderr.contains("bad.json: expected a CloudWatch Logs subscription event"), "{}", run.stderr);
}

/// Records of version 5 carry a VPC, which stands in the scope instead of the log group.
#[test]
fn an_alert_about_records_with_a_vpc_has_the_link() {
    const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                          ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} ${flow-direction}";
    let lines = std::fs::read_to_string(root().join("events/refused-tries.log")).unwrap();
    let lines: Vec<_> = lines.lines().map(|line| format!("5{} vpc-0abc ingress", &line[1..])).collect();
    let folder = Folder::with("lines.log", lines.join("\n"));
    let event = folder.flowgauge(["event", "subscription", "lines.log"]).exits(0).stdout;
    let folder = folder.and("event.json", event);
    let args = ["invoke", "subscription", "--region", "us-east-1", "--format", FORMAT, "event.json"];
    let run = folder.flowgauge(args).exits(0);
    let alert: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    let body = alert["body"].as_str().unwrap();
    assert!(body.contains("Logs Insights  https://us-east-1.console.aws.amazon.com/"), "{body}");
}
