//! What is kept of one group in one pane.

use flow_enrich::EnrichedFlow;
use flow_query::{Aggregate, ContinuousQuery};
use flow_record::Field;

use crate::context::Context;
use crate::samples::Samples;

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
    pub(crate) samples: Samples,
}

impl PaneState {
    /// The state of no records.
    pub fn new(query: &ContinuousQuery) -> Self {
        PaneState {
            aggregates: query.start(),
            first_seen: u64::MAX,
            last_seen: 0,
            context: Context::default(),
            samples: Samples::default(),
        }
    }

    /// Adds a record that the query matches and that began at `time`.
    pub fn add(&mut self, query: &ContinuousQuery, flow: &EnrichedFlow<'_>, time: u64) {
        query.add(&mut self.aggregates, flow);
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(flow.record.integer(Field::End).unwrap_or(time)).max(time);
        self.context.add(flow);
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

    /// Up to [`MAX_SAMPLES`](crate::MAX_SAMPLES) of its lines, the earliest.
    pub fn samples(&self) -> impl Iterator<Item = &str> {
        self.samples.lines()
    }
}
