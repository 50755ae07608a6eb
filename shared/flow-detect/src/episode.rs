//! Windows that pass, joined to episodes.

use std::borrow::Cow;

use flow_query::{Aggregate, Comparison, GroupKey, Value};

use crate::context::Context;
use crate::pane::{PaneState, Panes};
use crate::rule::Rule;
use crate::samples::Samples;
use crate::window::{Look, Watermark, Window};

/// A run of passing windows separated by less than two windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The passing window with the largest first value; the earliest of several.
    pub window: Window,
    /// From the start of its first passing window to the end of its last; that may lie ahead of the clock.
    pub span: Window,
    /// The aggregates of the window shown, in the order of the rule's query.
    pub values: Vec<Value<'static>>,
    /// The aggregates of the whole episode, where they add up.
    pub totals: Vec<Option<Value<'static>>>,
    /// The earliest record time, in Unix seconds.
    pub first_seen: u64,
    /// The latest second that a record says it lasted to.
    pub last_seen: u64,
    /// Sample lines of the window shown.
    pub samples: Vec<String>,
}

/// A window that passes, and the aggregates in it.
struct Passing<'p> {
    window: Window,
    aggregates: Cow<'p, [Aggregate]>,
}

/// The episodes of one group, in order of time, each with what its records have in common.
///
/// A monotone rule's windows count as soon as they pass; any other rule's only once they are
/// closed, those closed before the look's beginning left out.
pub(crate) fn episodes(rule: &Rule, group: &GroupKey, panes: &Panes, look: Look) -> Vec<(Episode, Context)> {
    if !may_pass(rule, group, panes) {
        return Vec::new();
    }
    let mut found: Vec<Vec<Passing<'_>>> = Vec::new();
    for passing in passing_windows(rule, group, panes, look) {
        match found.last_mut() {
            Some(run) if follows(rule, run, &passing) => run.push(passing),
            _ => found.push(vec![passing]),
        }
    }
    found.iter().filter_map(|run| episode(rule, run, panes)).collect()
}

/// When the first window that closes after `after` does which passes as it stands.
pub(crate) fn first_passing(rule: &Rule, group: &GroupKey, panes: &Panes, after: u64) -> Option<u64> {
    if !may_pass(rule, group, panes) {
        return None;
    }
    let look = Look { after, watermark: Watermark::End };
    let first = passing_windows(rule, group, panes, look).next()?;
    Some(rule.windowing.closes_at(first.window))
}

/// If all panes together can't pass, no window does.
fn may_pass(rule: &Rule, group: &GroupKey, panes: &Panes) -> bool {
    merged(panes.iter()).is_some_and(|all| rule.query.may_pass(group, &all))
}

/// The aggregates of panes together.
fn merged<'p>(panes: impl Iterator<Item = (u64, &'p PaneState)>) -> Option<Cow<'p, [Aggregate]>> {
    let all = panes.map(|(_, pane)| Cow::Borrowed(&*pane.aggregates));
    all.reduce(|mut sum, more| {
        sum.to_mut().iter_mut().zip(&*more).for_each(|(sum, more)| sum.merge(more));
        sum
    })
}

fn passing_windows<'p>(
    rule: &'p Rule,
    group: &'p GroupKey,
    panes: &'p Panes,
    look: Look,
) -> impl Iterator<Item = Passing<'p>> {
    let windowing = rule.windowing;
    let mut next = 0;
    // The windows over any pane, each once, in order.
    let ends = panes.iter().flat_map(move |(pane, _)| {
        let from = next;
        next = windowing.windows_over(pane).last().map_or(next, |last| last + 1);
        windowing.windows_over(pane).filter(move |end| *end >= from)
    });
    ends.filter_map(move |end| {
        let window = windowing.window_ending_with(end);
        if !rule.query.is_monotone() && !windowing.is_newly_closed(window, look) {
            return None;
        }
        let aggregates = merged(panes.range(window.start..window.end))?;
        rule.query.passes(group, &aggregates).then_some(Passing { window, aggregates })
    })
}

fn follows(rule: &Rule, run: &[Passing<'_>], next: &Passing<'_>) -> bool {
    run.last().is_some_and(|last| next.window.start < last.window.end + rule.windowing.gap())
}

fn episode(rule: &Rule, run: &[Passing<'_>], panes: &Panes) -> Option<(Episode, Context)> {
    let span = Window { start: run.first()?.window.start, end: run.last()?.window.end };
    let peak = run.iter().reduce(|best, other| if first_is_larger(other, best) { other } else { best })?;
    let mut state = PaneState::new(&rule.query);
    for part in spans(run) {
        panes.range(part.start..part.end).for_each(|(_, pane)| state.merge(pane));
    }
    let mut samples = Samples::default();
    panes.range(peak.window.start..peak.window.end).for_each(|(_, pane)| samples.merge(&pane.samples));
    let totals = rule.query.aggregate_functions().zip(&state.aggregates);
    let episode = Episode {
        window: peak.window,
        span,
        values: peak.aggregates.iter().map(Aggregate::value).collect(),
        totals: totals.map(|(function, total)| function.adds_up().then(|| total.value())).collect(),
        first_seen: state.first_seen,
        last_seen: state.last_seen,
        samples: samples.lines().map(str::to_owned).collect(),
    };
    Some((episode, state.context))
}

/// The time that the windows of a run cover, each second once.
fn spans(run: &[Passing<'_>]) -> Vec<Window> {
    let mut spans: Vec<Window> = Vec::new();
    for Passing { window, .. } in run {
        match spans.last_mut() {
            Some(span) if window.start <= span.end => span.end = window.end,
            _ => spans.push(*window),
        }
    }
    spans
}

fn first_is_larger(left: &Passing<'_>, right: &Passing<'_>) -> bool {
    match (left.aggregates.first(), right.aggregates.first()) {
        (Some(left), Some(right)) => left.value().holds(Comparison::Greater, &right.value()),
        _ => false,
    }
}
