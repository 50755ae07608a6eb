//! What happened, as log lines that are metrics too: CloudWatch's embedded metric format.
//!
//! A line for every event would cost more than the work. A line is written when something was found, dropped or
//! failed, and once a minute otherwise; it holds all counts since the line before, so that metrics add up. The quiet
//! counts of an environment's last minute are lost with it. A record's content is never written.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use flow_pipeline::Report;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Flowgauge";

/// The time between two lines when all is quiet, in seconds.
const QUIET: u64 = 60;

/// How one event ended, beside what its report says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// Why it could not be read; it is not tried again.
    pub undecodable: Option<String>,
    /// Where its bytes were kept, if they were.
    pub kept_as: Option<String>,
    /// Why newer rules or networks were not taken.
    pub definitions_refused: Vec<String>,
    /// Why it has to be tried again.
    pub failure: Option<String>,
    /// How many of its messages were not published.
    pub not_published: u64,
}

/// Counts on their way to a log line, of one execution environment.
#[derive(Debug)]
pub struct Telemetry {
    function: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    last_line: u64,
    /// Rules that were told to never fire.
    told: BTreeSet<String>,
}

/// Metrics by name, in a fixed order.
type Counts = Vec<(&'static str, u64)>;

impl Telemetry {
    /// Nothing counted yet; `function` is the dimension of all metrics.
    pub fn new(function: String) -> Self {
        Telemetry { function, state: Mutex::default() }
    }

    /// Counts one event of the request `request_id`, and returns the lines to write, if any. The first event of an
    /// environment always gives one: it says that the function is alive.
    pub fn lines(&self, report: &Report, ending: &Ending, request_id: &str, now: u64) -> Vec<String> {
        // Counts can't be half written: a poisoned lock is as good as any.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut state.counts, &counts(report, ending));
        let silent_rules: Vec<&String> =
            report.not_applicable.keys().filter(|rule| !state.told.contains(*rule)).collect();
        let is_due = now >= state.last_line.saturating_add(QUIET);
        if !is_due && !is_noteworthy(report, ending) && silent_rules.is_empty() {
            return Vec::new();
        }
        let mut line = self.metrics(&std::mem::take(&mut state.counts), now);
        line.extend(details(report, ending, request_id));
        if !silent_rules.is_empty() {
            line.insert("rules_never_fire".to_owned(), json!(silent_rules));
        }
        state.told.extend(silent_rules.into_iter().cloned());
        state.last_line = now;
        let mut lines = vec![Value::Object(line).to_string()];
        lines.extend(report.findings.iter().map(|(rule, count)| self.rule_line(rule, *count, now)));
        lines
    }

    /// One line's metrics with their values.
    fn metrics(&self, counts: &[(&'static str, u64)], now: u64) -> Map<String, Value> {
        let metrics: Vec<_> =
            counts.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
        let mut line = self.head(&["function"], &json!(metrics), now);
        line.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))));
        line
    }

    /// Findings of one rule: a line of its own, since a line has one value for each dimension.
    fn rule_line(&self, rule: &str, count: u64, now: u64) -> String {
        let metrics = json!([{ "Name": "RuleFindings", "Unit": "Count" }]);
        let mut line = self.head(&["function", "rule"], &metrics, now);
        line.insert("rule".to_owned(), json!(rule));
        line.insert("RuleFindings".to_owned(), json!(count));
        Value::Object(line).to_string()
    }

    /// What CloudWatch reads metrics by, from "Specification: Embedded metric format" of its user guide.
    fn head(&self, dimensions: &[&str], metrics: &Value, now: u64) -> Map<String, Value> {
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics });
        let aws = json!({ "Timestamp": now.saturating_mul(1000), "CloudWatchMetrics": [directive] });
        Map::from_iter([("_aws".to_owned(), aws), ("function".to_owned(), json!(self.function))])
    }
}

/// Something was found, dropped or failed.
fn is_noteworthy(report: &Report, ending: &Ending) -> bool {
    let lost = [
        report.rejected_total(),
        report.unusable,
        report.untimed,
        report.future,
        report.late_panes,
        report.refused_panes,
        report.self_log_skipped,
    ];
    *ending != Ending::default() || !report.findings.is_empty() || lost.iter().any(|count| *count > 0)
}

/// All counts of one event. Those that are zero are left out, except for the two that say that it works.
fn counts(report: &Report, ending: &Ending) -> Counts {
    let failed = ending.failure.is_some() && ending.undecodable.is_none();
    let published = |topic| report.published.get(topic).copied().unwrap_or_default();
    let all = [
        ("Events", 1),
        ("Flows", report.lines.flows),
        ("NoData", report.lines.no_data),
        ("SkipData", report.lines.skip_data),
        ("RejectedLines", report.rejected_total()),
        ("UndecodableEvents", u64::from(ending.undecodable.is_some())),
        ("UnusableMessages", report.unusable),
        ("ControlMessages", report.control_messages),
        ("UntimedLines", report.untimed),
        ("FutureRecords", report.future),
        ("LatePanes", report.late_panes),
        ("RefusedPanes", report.refused_panes),
        ("RedeliveredEvents", report.redelivered),
        ("SelfLogSkipped", report.self_log_skipped),
        ("Findings", report.findings.values().sum()),
        ("FindingsObserved", report.observed),
        ("FindingsPublished", published("findings")),
        ("AlertsPublished", published("alerts")),
        ("AlertsWithheld", report.alerts_withheld),
        ("NotPublished", ending.not_published),
        ("DefinitionsRefused", ending.definitions_refused.len() as u64),
        ("FailedEvents", u64::from(failed)),
        ("PayloadsNotKept", u64::from(ending.failure.is_some() && ending.undecodable.is_some())),
    ];
    all.into_iter().filter(|(name, count)| *count > 0 || *name == "Flows").collect()
}

fn add(counts: &mut Counts, more: &[(&'static str, u64)]) {
    for (name, count) in more {
        match counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += count,
            None => counts.push((name, *count)),
        }
    }
}

/// What no metric says, of the event that the line is written for.
fn details(report: &Report, ending: &Ending, request_id: &str) -> Map<String, Value> {
    let is_failure =
        ending.failure.is_some() || ending.undecodable.is_some() || !ending.definitions_refused.is_empty();
    let level = match is_failure {
        true => "ERROR",
        false if report.rejected_total() + report.unusable > 0 => "WARN",
        false => "INFO",
    };
    let mut details =
        Map::from_iter([("level".to_owned(), json!(level)), ("request_id".to_owned(), json!(request_id))]);
    if !report.rejected.is_empty() {
        details.insert("rejected".to_owned(), json!(report.rejected));
    }
    if !report.without_topic.is_empty() {
        details.insert("without_topic".to_owned(), json!(report.without_topic));
    }
    if !ending.definitions_refused.is_empty() {
        let texts: Vec<_> = ending.definitions_refused.iter().map(|text| cut(text)).collect();
        details.insert("definitions_refused".to_owned(), json!(texts));
    }
    let texts =
        [("undecodable", &ending.undecodable), ("kept_as", &ending.kept_as), ("failure", &ending.failure)];
    for (name, text) in texts {
        if let Some(text) = text {
            details.insert(name.to_owned(), json!(cut(text)));
        }
    }
    details
}

/// As much of a text as a log line holds.
fn cut(text: &str) -> String {
    text.chars().take(1000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(flows: u64) -> Report {
        let mut report = Report::default();
        report.lines.flows = flows;
        report
    }

    fn parse(line: &str) -> Value {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn quiet_events_are_told_once_a_minute_and_none_is_lost() {
        let telemetry = Telemetry::new("f".to_owned());
        let quiet = Ending::default();
        assert_eq!(telemetry.lines(&flows(1), &quiet, "a", 1000).len(), 1, "the first says that it is alive");
        assert_eq!(telemetry.lines(&flows(2), &quiet, "b", 1030), [""; 0]);
        assert_eq!(telemetry.lines(&flows(3), &quiet, "c", 1059), [""; 0]);
        let lines = telemetry.lines(&flows(4), &quiet, "d", 1060);
        let line = parse(&lines[0]);
        assert_eq!((&line["Flows"], &line["Events"]), (&json!(9), &json!(3)));
        assert_eq!(
            (&line["function"], &line["level"], &line["request_id"]),
            (&json!("f"), &json!("INFO"), &json!("d"))
        );
    }

    #[test]
    fn what_was_found_dropped_or_failed_is_told_at_once() {
        let quiet = Ending::default();
        let failed = Ending { failure: Some("no".to_owned()), not_published: 2, ..Ending::default() };
        let bad = Ending { undecodable: Some("no".to_owned()), ..Ending::default() };
        let mut rejected = Report::default();
        rejected.reject("too_few_columns", 1, || "hidden 10.0.0.1".to_owned());
        let mut found = Report::default();
        found.findings.insert("fan-out".to_owned(), 3);
        let cases = [
            (&rejected, &quiet, 1, "WARN", "RejectedLines"),
            (&found, &quiet, 2, "INFO", "Findings"),
            (&Report::default(), &failed, 1, "ERROR", "NotPublished"),
            (&Report::default(), &bad, 1, "ERROR", "UndecodableEvents"),
        ];
        for (report, ending, expected, level, metric) in cases {
            let telemetry = Telemetry::new("f".to_owned());
            telemetry.lines(&flows(1), &quiet, "a", 1000);
            let lines = telemetry.lines(report, ending, "b", 1001);
            assert_eq!(lines.len(), expected, "{lines:?}");
            let line = parse(&lines[0]);
            assert_eq!(line["level"], level);
            assert!(line[metric].as_u64().unwrap() > 0, "{line}");
            assert!(!lines[0].contains("10.0.0.1"), "a record's content is never written: {line}");
        }
    }

    #[test]
    fn every_metric_is_declared_with_the_function_as_its_dimension() {
        let mut report = flows(1);
        report.findings.insert("fan-out".to_owned(), 3);
        let lines = Telemetry::new("f".to_owned()).lines(&report, &Ending::default(), "a", 1000);
        let lines: Vec<Value> = lines.iter().map(|line| parse(line)).collect();
        for (line, dimensions) in lines.iter().zip([json!([["function"]]), json!([["function", "rule"]])]) {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(
                (&directive["Namespace"], &directive["Dimensions"]),
                (&json!("Flowgauge"), &dimensions)
            );
            assert_eq!(line["_aws"]["Timestamp"], 1_000_000);
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric} of {line}");
            }
        }
        assert_eq!((&lines[1]["rule"], &lines[1]["RuleFindings"]), (&json!("fan-out"), &json!(3)));
    }

    #[test]
    fn rules_that_never_fire_are_told_once() {
        let telemetry = Telemetry::new("f".to_owned());
        let mut report = flows(1);
        report.not_applicable.insert("skipdata".to_owned(), vec!["log-status"]);
        let line = parse(&telemetry.lines(&report, &Ending::default(), "a", 1000)[0]);
        assert_eq!(line["rules_never_fire"], json!(["skipdata"]));
        assert_eq!(telemetry.lines(&report, &Ending::default(), "a", 1001), [""; 0]);
    }
}
