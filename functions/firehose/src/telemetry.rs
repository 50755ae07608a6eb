//! What became of records, as log lines that are metrics too: one when something failed, was put back or is no flow
//! record, and once a minute otherwise. A record's content is never written.

use std::mem;
use std::sync::{Mutex, PoisonError};

use flow_function::embedded_metrics::{Properties, Property, Tally, heading, numbers, text};
use flow_pipeline::{SettingWarning, TransformationReport};

/// A metric: its name and meaning are a contract with alarms and dashboards.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub meaning: &'static str,
    count: fn(&TransformationReport, &Ending) -> u64,
}

const fn metric(
    name: &'static str,
    meaning: &'static str,
    count: fn(&TransformationReport, &Ending) -> u64,
) -> Metric {
    Metric { name, meaning, count }
}

/// All metrics. What is counted of an event that Firehose tries again counts again.
pub const METRICS: [Metric; 22] = [
    metric("Events", "invocations, failed ones too", |_, _| 1),
    metric("Records", "records of the stream", |report, _| report.records),
    metric("RecordsFailed", "records answered ProcessingFailed; by reason in `failed_*`", |report, _| {
        report.failed_total()
    }),
    metric("RecordsDropped", "records of which nothing is to be delivered", |report, _| report.dropped),
    metric(
        "RecordsPutBack",
        "records that had no room in their answer and went to the stream again",
        |report, _| report.put_back,
    ),
    metric("LinesRead", "lines in records that could be read; written even when 0", |report, _| {
        report.events.read
    }),
    metric("LinesWritten", "lines delivered", |report, _| report.events.written),
    metric("LinesFailed", "lines in records that failed, as far as they could be read", |report, _| {
        report.events.failed
    }),
    metric("LinesPutBack", "lines in records that were put back", |report, _| report.events.put_back),
    metric(
        "LinesPutBackTwice",
        "lines put back although their record failed: they arrive twice",
        |report, _| report.events.put_back_twice,
    ),
    metric(
        "RejectedLines",
        "lines delivered as they came, since they are no record; by kind in `rejected_*`",
        |report, _| report.rejected_total(),
    ),
    metric("NoData", "NODATA lines left out: nothing flowed", |report, _| report.events.no_data),
    metric("SkipData", "SKIPDATA lines left out: AWS lost records", |report, _| report.events.skip_data),
    metric("FilteredOut", "records left out by DROP", |report, _| report.events.filtered),
    metric("SampledOut", "accepted flows that are not in the sample", |report, _| report.events.sampled_out),
    metric("Merged", "records added to another of their flow", |report, _| report.events.merged),
    metric("MixedPartitions", "records whose messages belong to several partitions", |report, _| {
        report.mixed_partitions
    }),
    metric("BytesIn", "bytes of records as they came, after base64", |report, _| report.bytes_in),
    metric("BytesUnpacked", "bytes of them once decompressed", |report, _| report.bytes_unpacked),
    metric("BytesOut", "bytes delivered", |report, _| report.bytes_out),
    metric("DefinitionsRefused", "checks that found the networks unreadable or mistaken", |_, ending| {
        ending.definitions_refused.is_some().into()
    }),
    metric("FailedEvents", "events without an answer: Firehose tries them again", |_, ending| {
        ending.failure.is_some().into()
    }),
];

/// The metric that is no count: its name and meaning.
pub const OUT_PERCENT: (&str, &str) =
    ("OutPercent", "BytesOut in percent of BytesUnpacked, over the time since the line before");

/// How one event ended, beside what its report says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// Why newer networks were not taken.
    pub definitions_refused: Option<String>,
    /// Why it has no answer.
    pub failure: Option<String>,
}

/// Counts on their way to a log line, of one execution environment.
#[derive(Debug)]
pub struct Telemetry {
    tally: Mutex<Tally>,
    /// What is to be told of the settings, in the first line.
    warnings: Mutex<Vec<String>>,
}

impl Telemetry {
    /// Nothing counted yet; `function` is the dimension of all metrics, `warnings` are of the settings.
    pub fn new(function: String, warnings: &[SettingWarning]) -> Self {
        let warnings = warnings.iter().map(ToString::to_string).collect();
        Telemetry { tally: Mutex::new(Tally::new(function)), warnings: Mutex::new(warnings) }
    }

    /// Counts one event of the request `request_id`, and returns the lines to write, if any. The first event of an
    /// environment always gives one: it says that the function is alive.
    pub fn lines(
        &self,
        report: &TransformationReport,
        ending: &Ending,
        request_id: &str,
        now: u64,
    ) -> Vec<String> {
        // Counts can't be half written: a poisoned lock is as good as any.
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = METRICS.iter().map(|metric| (metric.name, (metric.count)(report, ending)));
        tally.add(counts.filter(|(name, count)| *count > 0 || *name == "LinesRead"));
        if !is_noteworthy(report, ending) && !tally.is_due(now) {
            return Vec::new();
        }
        if let Some(percent) = (tally.count("BytesOut") * 100).checked_div(tally.count("BytesUnpacked")) {
            tally.add([(OUT_PERCENT.0, percent)]);
        }
        let warnings = mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        vec![tally.line(&details(report, ending, warnings, request_id, now), now)]
    }
}

/// Something failed, was put back, or is no flow record.
fn is_noteworthy(report: &TransformationReport, ending: &Ending) -> bool {
    let counts = [report.failed_total(), report.put_back, report.rejected_total(), report.mixed_partitions];
    *ending != Ending::default() || counts.iter().any(|count| *count > 0)
}

/// What no metric says, of the event that the line is written for.
fn details(
    report: &TransformationReport,
    ending: &Ending,
    warnings: Vec<String>,
    request_id: &str,
    now: u64,
) -> Properties {
    let level = match ending.failure.is_some() || ending.definitions_refused.is_some() {
        true => "ERROR",
        false if report.failed_total() + report.rejected_total() > 0 || !warnings.is_empty() => "WARN",
        false => "INFO",
    };
    let mut details = heading(level, request_id, now);
    details.extend(numbers("failed", &report.failed));
    details.extend(numbers("rejected", &report.rejected));
    if let Some(first) = report.failed_samples.first() {
        details.push(text("first_failed", &format!("record {}: {}", first.number, first.reason)));
    }
    if !warnings.is_empty() {
        details.push(("setting_warnings".into(), Property::Texts(warnings)));
    }
    let texts = [("definitions_refused", &ending.definitions_refused), ("failure", &ending.failure)];
    details.extend(texts.into_iter().filter_map(|(name, value)| Some(text(name, value.as_ref()?))));
    details
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::*;

    fn parse(line: &str) -> Value {
        serde_json::from_str(line).unwrap()
    }

    fn report(unpacked: u64, out: u64) -> TransformationReport {
        let mut report = TransformationReport { records: 1, ok: 1, ..TransformationReport::default() };
        (report.events.read, report.bytes_unpacked, report.bytes_out) = (10, unpacked, out);
        report
    }

    #[test]
    fn quiet_events_are_told_once_a_minute_with_the_ratio_of_all() {
        let telemetry = Telemetry::new("f".to_owned(), &[]);
        let quiet = Ending::default();
        assert_eq!(
            telemetry.lines(&report(100, 50), &quiet, "a", 1000).len(),
            1,
            "the first says that it is alive"
        );
        assert_eq!(telemetry.lines(&report(100, 50), &quiet, "b", 1030), [""; 0]);
        let line = parse(&telemetry.lines(&report(300, 50), &quiet, "c", 1060)[0]);
        assert_eq!(
            (&line["LinesRead"], &line["OutPercent"], &line["level"]),
            (&json!(20), &json!(25), &json!("INFO"))
        );
    }

    #[test]
    fn what_failed_or_was_put_back_is_told_at_once_with_its_reason() {
        let mut failed = report(0, 0);
        failed.failed.insert("not_utf8", 1);
        let mut put_back = report(0, 0);
        put_back.put_back = 1;
        let refused = Ending { definitions_refused: Some("no".to_owned()), ..Ending::default() };
        let quiet = Ending::default();
        for (report, ending, level, metric) in [
            (&failed, &quiet, "WARN", "RecordsFailed"),
            (&put_back, &quiet, "INFO", "RecordsPutBack"),
            (&report(0, 0), &refused, "ERROR", "DefinitionsRefused"),
        ] {
            let telemetry = Telemetry::new("f".to_owned(), &[]);
            telemetry.lines(&TransformationReport::default(), &quiet, "a", 1000);
            let line = parse(&telemetry.lines(report, ending, "b", 1001)[0]);
            assert_eq!((&line["level"], &line[metric]), (&json!(level), &json!(1)), "{line}");
        }
        let line = parse(&Telemetry::new("f".to_owned(), &[]).lines(&failed, &quiet, "a", 1000)[0]);
        assert_eq!(line["failed_not_utf8"], 1);
    }

    /// Rows of a table are easily copied, and not changed.
    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let names: HashSet<&str> = METRICS.iter().map(|metric| metric.name).chain([OUT_PERCENT.0]).collect();
        assert_eq!(names.len(), METRICS.len() + 1);
    }
}
