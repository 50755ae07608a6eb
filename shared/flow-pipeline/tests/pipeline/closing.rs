//! Rules that wait for closed windows: whatever comes between a window's closing and the tick, the finding is told.

use flow_pipeline::{Definitions, MemoryStore, Topic};
use flow_testkit::Flow;

use super::fakes::now_or_never;
use super::{START, event, pipeline, rule, settings, tick_each_minute};

/// The start of a pane of a minute.
const PANE: u64 = START / 60 * 60;

/// When the last window over the second pane closes: ten minutes of window, fifteen of lateness.
const CLOSED: u64 = PANE + 60 + 600 + 900;

/// A rule that waits for closed windows: one of accepted flows by interface.
fn waiting_rule(aggregate: &str, condition: &str) -> Definitions {
    let query = format!(
        "filter action = \"ACCEPT\"\n| stats {aggregate} as flows by interfaceId\n| filter flows {condition}"
    );
    rule("waiting", "10m", "48h", &query)
}

/// A rule that fires when an interface accepted few flows.
pub(crate) fn few_flows() -> Definitions {
    waiting_rule("count(*)", "< 3")
}

/// A rule that fires when the flows of an interface are large.
fn large_flows() -> Definitions {
    waiting_rule("avg(bytes)", "> 505")
}

/// Five flows in one minute and two in the next: few in windows that hold only the second.
pub(crate) fn five_then_two() -> String {
    let flow = |at| Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).at(at).line();
    event(&[vec![flow(PANE); 5], vec![flow(PANE + 60); 2]].concat())
}

/// How many alerts there are after ten hours of ticks, when five and two flows arrive at `arrival` and `between` says
/// what else comes when.
fn alerts(arrival: u64, between: &[(u64, String)]) -> usize {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_flows());
    now_or_never(pipeline.run(&definitions, five_then_two().as_bytes(), arrival)).unwrap();
    for minute in 0..600 {
        let now = arrival + 50 + minute * 60;
        for (at, event) in between.iter().filter(|(at, _)| (now - 60..now).contains(at)) {
            now_or_never(pipeline.run(&definitions, event.as_bytes(), *at)).unwrap();
        }
        now_or_never(pipeline.tick(&definitions, now)).unwrap();
    }
    pipeline.notifier().count(Topic::Alerts)
}

#[test]
fn a_closed_window_is_told_by_the_tick() {
    assert_eq!(alerts(PANE + 120, &[]), 1);
}

#[test]
fn an_event_between_closing_and_tick_keeps_nothing_from_being_told() {
    for offset in [0, 1, 10, 49] {
        let accepted = |at| vec![Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).at(at).line(); 9];
        assert_eq!(alerts(PANE + 120, &[(CLOSED + offset, event(&accepted(CLOSED - 700)))]), 1, "{offset}");
    }
}

#[test]
fn what_arrives_after_its_windows_closed_is_told() {
    assert_eq!(alerts(PANE + 2 * 3600, &[]), 1);
}

#[test]
fn event_time_that_jumps_keeps_nothing_from_being_told() {
    let later = vec![Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).at(PANE + 40_000).line(); 9];
    let jump = event(&later);
    assert_eq!(alerts(PANE + 40_060, &[(PANE + 40_070, jump)]), 1);
}

/// Minutes of small and large flows in turn: every window is of both, and no average is large; that of a window whose
/// first minute is gone is.
#[test]
fn no_window_is_judged_by_what_is_left_of_it() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), large_flows());
    for minute in 0..61 {
        let bytes = if minute % 2 == 0 { 100 } else { 900 };
        let flow = Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).bytes(bytes).at(PANE + minute * 60).line();
        let now = PANE + minute * 60 + 70;
        now_or_never(pipeline.run(&definitions, event(&[flow]).as_bytes(), now)).unwrap();
        now_or_never(pipeline.tick(&definitions, now + 10)).unwrap();
    }
    tick_each_minute(&pipeline, &definitions, PANE + 61 * 60, 39);
    assert_eq!(pipeline.notifier().count(Topic::Findings), 0);
}
