//! What happened, as log lines that are metrics too.
//!
//! A line for every event would cost more than the work. A line is written when something was found, dropped or
//! failed, and once a minute otherwise; it holds all counts since the line before, so that metrics add up. The quiet
//! counts of an environment's last minute are lost with it. A record's content is never written.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use flow_pipeline::{FormatNote, Report};

use crate::embedded_metrics::{Count, Properties, Property, Tally, heading, numbers, text};

/// A metric: its name and meaning are a contract with alarms and dashboards.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub meaning: &'static str,
    count: fn(&Report, &Ending) -> u64,
}

const fn metric(name: &'static str, meaning: &'static str, count: fn(&Report, &Ending) -> u64) -> Metric {
    Metric { name, meaning, count }
}

/// All metrics by function. What is counted of an event that is tried again counts again.
pub const METRICS: [Metric; 36] = [
    metric("Events", "invocations, failed ones too", |_, _| 1),
    metric("Flows", "flow records read; written even when 0", |report, _| report.lines.flows),
    metric("NoData", "NODATA lines: nothing flowed", |report, _| report.lines.no_data),
    metric("SkipData", "SKIPDATA lines: AWS lost records", |report, _| report.lines.skip_data),
    metric(
        "RejectedLines",
        "lines that are no record; by kind in `rejected_*`, the first one's place and fault in `first_rejected_*`",
        |report, _| report.rejected_total(),
    ),
    metric(
        "MixedFormats",
        "events from a log group to which flow logs of several formats deliver, in `formats`",
        |report, _| report.mixed_formats,
    ),
    metric(
        "FormatsNotFound",
        "questions to EC2 for the format of a log group without an answer, in `formats`",
        |report, _| report.formats_not_found,
    ),
    metric("UndecodableEvents", "events that can't be read at all", |_, ending| {
        ending.undecodable.is_some().into()
    }),
    metric("UnusableMessages", "messages inside an event that can't be read", |report, _| report.unusable),
    metric("ControlMessages", "CloudWatch Logs' own test messages", |report, _| report.control_messages),
    metric("UntimedLines", "records without any time: no window can hold them", |report, _| report.untimed),
    metric("FutureRecords", "records too far ahead of the clock: not counted", |report, _| report.future),
    metric(
        "DelayedEvents",
        "events whose newest record began over 30 minutes before: delivery lags",
        |report, _| report.delayed,
    ),
    metric("LatePanes", "panes that came too late for any open window: not counted", |report, _| {
        report.late_panes
    }),
    metric("RedeliveredEvents", "events recognised as redelivered", |report, _| report.redelivered),
    metric("SelfLogSkipped", "log events of the function's own log group: not read", |report, _| {
        report.self_log_skipped
    }),
    metric("Findings", "findings, those of rules that only observe too", |report, _| {
        report.findings.values().sum()
    }),
    metric("FindingsObserved", "findings of rules that only observe: nobody is told", |report, _| {
        report.observed
    }),
    metric("FindingsPublished", "messages that the findings topic took", |report, _| {
        published(report, "findings")
    }),
    metric("AlertsPublished", "messages that the alerts topic took", |report, _| published(report, "alerts")),
    metric("AlertsWithheld", "alerts over the limit: people get them in a digest", |report, _| {
        report.alerts_withheld
    }),
    metric("FindingsDigested", "findings that people got in a digest", |report, _| report.digested),
    metric(
        "FindingsHeldBack",
        "episodes of a finding that people were told of shortly before",
        |report, _| report.held_back,
    ),
    metric("FindingsSuppressed", "findings that nobody is told of because you said so", |report, _| {
        report.suppressed
    }),
    metric(
        "CappedPanes",
        "panes beyond what one event may write for rules across interfaces: not counted",
        |report, _| report.capped_panes,
    ),
    metric("EvictedGroups", "groups given up for want of room in their item of state", |report, _| {
        report.evicted_groups
    }),
    metric("EvictedPanes", "panes given up with them, or from groups that stay", |report, _| {
        report.evicted_panes
    }),
    metric(
        "EvictedRules",
        "rules that this version does not know, given up with all their groups",
        |report, _| report.evicted_rules,
    ),
    metric(
        "ForgottenBatches",
        "events that would no longer be recognised if they came again",
        |report, _| report.forgotten_batches,
    ),
    metric(
        "Uncounted",
        "all of CappedPanes, EvictedPanes, EvictedRules, ForgottenBatches and LatePanes",
        |report, _| {
            let evicted = report.evicted_panes + report.evicted_rules;
            report.capped_panes + evicted + report.forgotten_batches + report.late_panes
        },
    ),
    metric(
        "ItemsSetAside",
        "items of state that could not be read: kept under `aside/`, begun anew",
        |report, _| report.set_aside,
    ),
    metric("ItemsDue", "items that a tick looked at", |report, _| report.due),
    metric("NotPublished", "messages that SNS did not take", |_, ending| ending.not_published),
    metric(
        "DefinitionsRefused",
        "checks that found rules or networks unreadable or mistaken",
        |_, ending| ending.definitions_refused.len() as u64,
    ),
    metric("FailedEvents", "readable events that Lambda has to try again", |_, ending| {
        (ending.failure.is_some() && ending.undecodable.is_none()).into()
    }),
    metric("PayloadsNotKept", "undecodable events that the failure bucket did not take", |_, ending| {
        (ending.failure.is_some() && ending.undecodable.is_some()).into()
    }),
];

/// The dimension of [`RULE_FINDINGS`] beside the function.
pub const RULE: &str = "rule";

/// The metric that is by rule, on a line of its own; the name and what it counts.
pub const RULE_FINDINGS: (&str, &str) = ("RuleFindings", "findings of one rule");

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
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tally: Tally,
    /// Rules that were told to never fire, and warnings of patterns that were told.
    told: BTreeSet<String>,
}

impl Telemetry {
    /// Nothing counted yet; `function` is the dimension of all metrics.
    pub fn new(function: String) -> Self {
        Telemetry { state: Mutex::new(State { tally: Tally::new(function), told: BTreeSet::new() }) }
    }

    /// Counts one event of the request `request_id`, and returns the lines to write, if any. The first event of an
    /// environment always gives one: it says that the function is alive.
    pub fn lines(&self, report: &Report, ending: &Ending, request_id: &str, now: u64) -> Vec<String> {
        // Counts can't be half written: a poisoned lock is as good as any.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { tally, told } = &mut *state;
        tally.add(counts(report, ending));
        let silent_rules: Vec<String> =
            report.not_applicable.keys().filter(|rule| !told.contains(*rule)).cloned().collect();
        let warnings = report
            .pattern_warnings
            .iter()
            .flat_map(|(rule, warnings)| warnings.iter().map(move |warning| format!("{rule}: {warning}")));
        let warnings: Vec<String> = warnings.filter(|warning| !told.contains(warning)).collect();
        let is_quiet = silent_rules.is_empty() && warnings.is_empty() && !is_noteworthy(report, ending);
        if is_quiet && !tally.is_due(now) {
            return Vec::new();
        }
        let mut properties = details(report, ending, request_id, now);
        if !silent_rules.is_empty() {
            told.extend(silent_rules.iter().cloned());
            properties.push(("rules_never_fire".into(), Property::Texts(silent_rules)));
        }
        if !warnings.is_empty() {
            told.extend(warnings.iter().cloned());
            properties.push(("pattern_warnings".into(), Property::Texts(warnings)));
        }
        let by_rule =
            |(rule, count): (&String, &u64)| tally.line_by((RULE, rule), (RULE_FINDINGS.0, *count), now);
        let rule_lines: Vec<_> = report.findings.iter().map(by_rule).collect();
        [vec![tally.line(&properties, now)], rule_lines].concat()
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
        report.capped_panes,
        report.evicted_groups,
        report.forgotten_batches,
        report.set_aside,
        report.self_log_skipped,
    ];
    let is_told = !report.findings.is_empty() || !report.format_notes.is_empty();
    *ending != Ending::default() || is_told || lost.iter().any(|count| *count > 0)
}

/// All counts of one event. Those that are zero are left out, except for the two that say that it works.
fn counts(report: &Report, ending: &Ending) -> impl Iterator<Item = Count> {
    let counts = METRICS.iter().map(|metric| (metric.name, (metric.count)(report, ending)));
    counts.filter(|(name, count)| *count > 0 || *name == "Flows")
}

fn published(report: &Report, topic: &str) -> u64 {
    report.published.get(topic).copied().unwrap_or_default()
}

/// What no metric says, of the event that the line is written for.
fn details(report: &Report, ending: &Ending, request_id: &str, now: u64) -> Properties {
    let is_failure =
        ending.failure.is_some() || ending.undecodable.is_some() || !ending.definitions_refused.is_empty();
    let level = match is_failure {
        true => "ERROR",
        false if report.rejected_total() + report.unusable > 0 => "WARN",
        false if report.format_notes.iter().any(FormatNote::is_warning) => "WARN",
        false => "INFO",
    };
    let mut details = heading(level, request_id, now);
    details.extend(numbers("rejected", &report.rejected));
    if let Some(first) = &report.first_rejected {
        details.extend([
            text("first_rejected_log_group", &first.log_group),
            text("first_rejected_log_stream", &first.log_stream),
            ("first_rejected_timestamp".into(), Property::Text(first.timestamp.to_string())),
            text("first_rejected_fault", &first.fault),
        ]);
    }
    if !report.format_notes.is_empty() {
        let notes = report.format_notes.iter().map(ToString::to_string).collect();
        details.push(("formats".into(), Property::Texts(notes)));
    }
    details.extend(numbers("without_topic", &report.without_topic));
    if !report.set_aside_samples.is_empty() {
        details.push(("set_aside".into(), Property::Texts(report.set_aside_samples.clone())));
    }
    if !ending.definitions_refused.is_empty() {
        let refused = Property::Texts(ending.definitions_refused.clone());
        details.push(("definitions_refused".into(), refused));
    }
    let texts =
        [("undecodable", &ending.undecodable), ("kept_as", &ending.kept_as), ("failure", &ending.failure)];
    details.extend(texts.into_iter().filter_map(|(name, value)| Some(text(name, value.as_ref()?))));
    details
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use flow_pipeline::RejectOrigin;
    use serde_json::{Value, json};

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
            (&line["function"], &line["level"], &line["request_id"], &line["timestamp"]),
            (&json!("f"), &json!("INFO"), &json!("d"), &json!("1970-01-01T00:17:40Z"))
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
    fn what_is_known_of_formats_is_told_at_once() {
        let group = || "/vpc".to_owned();
        let found = FormatNote::Found { log_group: group(), format: "${version}".to_owned() };
        let formats = vec!["${version}".to_owned(), "${start}".to_owned()];
        let mixed = FormatNote::Mixed { log_group: group(), formats, used: "${version}".to_owned() };
        for (note, level) in [(found, "INFO"), (mixed, "WARN")] {
            let telemetry = Telemetry::new("f".to_owned());
            telemetry.lines(&flows(1), &Ending::default(), "a", 1000);
            let report = Report { format_notes: vec![note.clone()], mixed_formats: 1, ..Report::default() };
            let line = parse(&telemetry.lines(&report, &Ending::default(), "b", 1001)[0]);
            assert_eq!((&line["level"], &line["formats"]), (&json!(level), &json!([note.to_string()])));
            assert_eq!(line["MixedFormats"], 1);
        }
    }

    #[test]
    fn the_first_rejected_line_can_be_found() {
        let mut report = Report::default();
        for _ in 0..33 {
            report.reject("too_many_columns", 1, || "hidden".to_owned());
        }
        report.first_rejected = Some(RejectOrigin {
            log_group: "/vpc".to_owned(),
            log_stream: "eni-1-all".to_owned(),
            timestamp: 1_700_000_000_000,
            fault: "expected 14 columns, found 16".to_owned(),
        });
        let line = parse(&Telemetry::new("f".to_owned()).lines(&report, &Ending::default(), "a", 1000)[0]);
        let expected = [
            ("rejected_too_many_columns", json!(33)),
            ("first_rejected_log_group", json!("/vpc")),
            ("first_rejected_log_stream", json!("eni-1-all")),
            ("first_rejected_timestamp", json!("1700000000000")),
            ("first_rejected_fault", json!("expected 14 columns, found 16")),
        ];
        for (name, value) in expected {
            assert_eq!(line[name], value, "{name}: {line}");
        }
    }

    /// Rows of a table are easily copied, and not changed.
    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let names: HashSet<&str> =
            METRICS.iter().map(|metric| metric.name).chain([RULE_FINDINGS.0]).collect();
        assert_eq!(names.len(), METRICS.len() + 1);
    }

    #[test]
    fn an_unreadable_event_that_is_not_kept_is_no_failed_event() {
        let ending = Ending {
            failure: Some("no".to_owned()),
            undecodable: Some("no".to_owned()),
            ..Ending::default()
        };
        let line = parse(&Telemetry::new("f".to_owned()).lines(&Report::default(), &ending, "a", 1000)[0]);
        let seen = ["UndecodableEvents", "PayloadsNotKept", "FailedEvents"].map(|name| line[name].as_u64());
        assert_eq!(seen, [Some(1), Some(1), None]);
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

    #[test]
    fn warnings_of_patterns_are_told_once() {
        let telemetry = Telemetry::new("f".to_owned());
        telemetry.lines(&flows(1), &Ending::default(), "a", 1000);
        let mut report = flows(1);
        report.pattern_warnings.entry("x".to_owned()).or_default().insert("too short".to_owned());
        let line = parse(&telemetry.lines(&report, &Ending::default(), "a", 1001)[0]);
        assert_eq!(line["pattern_warnings"], json!(["x: too short"]));
        assert_eq!(telemetry.lines(&report, &Ending::default(), "a", 1002), [""; 0]);
        report.pattern_warnings.entry("x".to_owned()).or_default().insert("another".to_owned());
        let line = parse(&telemetry.lines(&report, &Ending::default(), "a", 1003)[0]);
        assert_eq!(line["pattern_warnings"], json!(["x: another"]));
    }
}
