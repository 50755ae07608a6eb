//! Log groups of which no setting says the format: their flow logs are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flow_pipeline::{FlowLogs, FormatsOfGroup, LateEvents};

use super::*;

/// Flow logs that all have one format, and how often they were asked.
#[derive(Debug, Clone, Default)]
struct All {
    format: &'static str,
    asked: Arc<AtomicUsize>,
}

impl FlowLogs for All {
    fn formats_of<'a>(&'a self, _: &'a str, _: u64) -> FormatsOfGroup<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = match self.format {
            "" => Err("not permitted".into()),
            format => Ok([format.to_owned()].into()),
        };
        Box::pin(async move { answer })
    }
}

/// In another order than AWS's own.
const OTHER: &str = "${start} ${action} ${srcaddr} ${dstaddr} ${dstport} ${protocol} ${interface-id}";

fn other_lines() -> String {
    let line = |n: u64| format!("{} REJECT 198.51.100.7 10.0.0.5 22 6 eni-1", START + n);
    event(&(0..120).map(line).collect::<Vec<_>>())
}

fn asking(format: &'static str, settings: PipelineSettings) -> (Pipeline<MemoryStore, Recorder>, All) {
    let all = All { format, ..All::default() };
    (pipeline(settings, MemoryStore::default()).finding_formats(all.clone()), all)
}

#[test]
fn lines_are_read_in_the_format_of_their_flow_logs() {
    let (pipeline, all) = asking(OTHER, settings());
    for _ in 0..3 {
        let report = run(&pipeline, &other_lines()).unwrap();
        assert_eq!((report.lines.flows, report.rejected_total()), (120, 0));
    }
    assert_eq!(all.asked.load(Ordering::Relaxed), 1, "one answer serves the events that follow");
}

#[test]
fn settings_come_first() {
    let formats = Formats::parse(OTHER).unwrap();
    let (pipeline, all) = asking("${version}", PipelineSettings { formats, ..settings() });
    assert_eq!(run(&pipeline, &other_lines()).unwrap().lines.flows, 120);
    assert_eq!(all.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_log_group_that_the_settings_leave_out_is_asked_about() {
    let formats = Formats::parse(r#"{"/another": "${version}"}"#).unwrap();
    let (pipeline, _) = asking(OTHER, PipelineSettings { formats, ..settings() });
    assert_eq!(run(&pipeline, &other_lines()).unwrap().lines.flows, 120);
}

#[test]
fn without_an_answer_all_is_as_if_nobody_had_asked() {
    let (asked, _) = asking("", settings());
    let unasked = pipeline(settings(), MemoryStore::default());
    let lines = event(&tries("198.51.100.7", 120));
    for event in [other_lines(), lines] {
        let mut report = run(&asked, &event).unwrap();
        report.format_notes.clear();
        report.formats_not_found = 0;
        assert_eq!(report, run(&unasked, &event).unwrap());
    }
    assert_eq!(
        run(&asked, &other_lines()).unwrap().formats_not_found,
        0,
        "one refusal is enough for ten seconds"
    );
}

#[test]
fn late_events_are_read_in_it_too() {
    let (pipeline, _) = asking(OTHER, settings());
    let definitions = few_rules();
    let mut late: LateEvents<'_, _, _> = pipeline.late_events(&definitions, NOW);
    assert!(!now_or_never(late.add(other_lines().as_bytes())).unwrap().is_repeated);
    assert_eq!(late.report().lines.flows, 120);
}
