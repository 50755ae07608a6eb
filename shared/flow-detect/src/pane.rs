//! What is kept of one group: its panes, and what each of them holds.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use flow_enrich::EnrichedFlow;
use flow_query::Aggregate;
use flow_record::Field;

use crate::context::Context;
use crate::logic::Logic;
use crate::samples::Samples;
use crate::scope::Scope;

/// The aggregates of one group in one pane, with what an alert wants to show beside them. Merging is commutative and
/// associative.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneState {
    /// In the order of the rule's query.
    pub aggregates: Box<[Aggregate]>,
    /// The earliest record time, in Unix seconds.
    pub first_seen: u64,
    /// The latest second that a record says it lasted to.
    pub last_seen: u64,
    /// What the records have in common.
    pub context: Context,
    /// Up to [`MAX_SAMPLES`](crate::MAX_SAMPLES) of its lines, the earliest.
    pub(crate) samples: Samples,
}

impl PaneState {
    /// The state of no records.
    pub fn new(query: &Logic) -> Self {
        PaneState {
            aggregates: query.start(),
            first_seen: u64::MAX,
            last_seen: 0,
            context: Context::default(),
            samples: Samples::default(),
        }
    }

    /// Adds a record of `scope` that the query matches and that began at `time`.
    pub fn add(&mut self, query: &Logic, scope: &Scope, flow: &EnrichedFlow<'_>, time: u64) {
        query.add(&mut self.aggregates, flow);
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(flow.record.integer(Field::End).unwrap_or(time)).max(time);
        self.context.add(scope, flow);
        self.samples.add(time, flow.record.line());
    }

    /// Adds everything that `other`, of the same query, holds.
    pub fn merge(&mut self, other: &PaneState) {
        for (mine, theirs) in self.aggregates.iter_mut().zip(&other.aggregates) {
            mine.merge(theirs);
        }
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.context.merge(&other.context);
        self.samples.merge(&other.samples);
    }
}

/// The panes of one group, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Panes(BTreeMap<u64, Box<PaneState>>);

impl Panes {
    /// Whether there is a pane that starts at `start`.
    pub fn has(&self, start: u64) -> bool {
        self.0.contains_key(&start)
    }

    /// Adds `state` to the pane that starts at `start`.
    pub fn merge(&mut self, start: u64, state: PaneState) {
        match self.0.entry(start) {
            Entry::Occupied(pane) => pane.into_mut().merge(&state),
            Entry::Vacant(new) => {
                new.insert(Box::new(state));
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The start of the newest.
    pub fn newest(&self) -> Option<u64> {
        self.0.keys().next_back().copied()
    }

    /// Keeps those whose starts are to be kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u64) -> bool) {
        self.0.retain(|start, _| is_kept(*start));
    }

    /// All panes with their starts, in order of time, owned.
    pub(crate) fn into_panes(self) -> impl Iterator<Item = (u64, PaneState)> {
        self.0.into_iter().map(|(start, state)| (start, *state))
    }

    /// All panes with their starts, in order of time.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &PaneState)> {
        self.0.iter().map(|(start, state)| (*start, &**state))
    }

    /// The panes that start within `range`.
    pub fn range(&self, range: Range<u64>) -> impl Iterator<Item = (u64, &PaneState)> {
        self.0.range(range).map(|(start, state)| (*start, &**state))
    }
}
