//! Windows that pass, joined to episodes.

use flow_query::{Aggregate, Comparison, GroupKey, Value};

use crate::pane::{PaneState, Panes};
use crate::rule::Rule;
use crate::window::{Watermark, Window};

/// A run of passing windows separated by less than two windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The passing window with the largest first value; the earliest of several.
    pub window: Window,
    /// The aggregates of that window, in the order of the rule's query.
    pub values: Vec<Value<'static>>,
    /// The aggregates of the whole episode, where they add up.
    pub totals: Vec<Option<Value<'static>>>,
    /// Everything of the episode's panes together.
    pub state: PaneState,
    /// Sample lines of the window shown.
    pub samples: Vec<String>,
}

/// A window that passes, and the aggregates in it.
struct Passing {
    window: Window,
    aggregates: Box<[Aggregate]>,
}

/// The episodes of one group, in order of time.
///
/// A monotone rule's windows count as soon as they pass; any other rule's only once they are closed.
pub(crate) fn episodes(rule: &Rule, group: &GroupKey, panes: &Panes, watermark: Watermark) -> Vec<Episode> {
    if rule.query.is_monotone() && !can_pass(rule, group, panes) {
        return Vec::new();
    }
    let mut found: Vec<Vec<Passing>> = Vec::new();
    for passing in passing_windows(rule, group, panes, watermark) {
        match found.last_mut() {
            Some(run) if follows(rule, run, &passing) => run.push(passing),
            _ => found.push(vec![passing]),
        }
    }
    found.iter().filter_map(|run| episode(rule, run, panes)).collect()
}

/// Whether all panes together pass: if they don't, no window of a monotone rule does.
fn can_pass(rule: &Rule, group: &GroupKey, panes: &Panes) -> bool {
    merged(panes.iter()).is_some_and(|all| rule.query.passes(group, &all))
}

fn merged<'p>(mut panes: impl Iterator<Item = (u64, &'p PaneState)>) -> Option<Box<[Aggregate]>> {
    let mut aggregates = panes.next()?.1.aggregates.clone();
    for (_, pane) in panes {
        for (sum, more) in aggregates.iter_mut().zip(&pane.aggregates) {
            sum.merge(more);
        }
    }
    Some(aggregates)
}

fn passing_windows(
    rule: &Rule,
    group: &GroupKey,
    panes: &Panes,
    watermark: Watermark,
) -> impl Iterator<Item = Passing> {
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
        if !rule.query.is_monotone() && !windowing.is_closed(window, watermark) {
            return None;
        }
        let aggregates = merged(panes.range(window.start..window.end))?;
        rule.query.passes(group, &aggregates).then_some(Passing { window, aggregates })
    })
}

fn follows(rule: &Rule, run: &[Passing], next: &Passing) -> bool {
    run.last().is_some_and(|last| next.window.start < last.window.end + 2 * rule.windowing.window)
}

fn episode(rule: &Rule, run: &[Passing], panes: &Panes) -> Option<Episode> {
    let peak = run.iter().reduce(|best, other| if first_is_larger(other, best) { other } else { best })?;
    let covered =
        |pane: u64| run.iter().any(|passing| (passing.window.start..passing.window.end).contains(&pane));
    let mut state = PaneState::new(&rule.query);
    let (from, to) = (run.first()?.window.start, run.last()?.window.end);
    for (_, pane) in panes.range(from..to).filter(|(pane, _)| covered(*pane)) {
        state.merge(pane);
    }
    let mut shown = PaneState::new(&rule.query);
    panes.range(peak.window.start..peak.window.end).for_each(|(_, pane)| shown.merge(pane));
    let totals = rule.query.aggregate_functions().zip(&state.aggregates);
    Some(Episode {
        window: peak.window,
        values: peak.aggregates.iter().map(Aggregate::value).collect(),
        totals: totals.map(|(function, total)| function.adds_up().then(|| total.value())).collect(),
        samples: shown.samples().map(str::to_owned).collect(),
        state,
    })
}

fn first_is_larger(left: &Passing, right: &Passing) -> bool {
    match (left.aggregates.first(), right.aggregates.first()) {
        (Some(left), Some(right)) => left.value().holds(Comparison::Greater, &right.value()),
        _ => false,
    }
}
