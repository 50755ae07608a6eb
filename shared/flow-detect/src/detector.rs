//! Detectors: what a query can't say about the groups that it finds.
//!
//! A detector is a file in the folder `detectors` and a line in [`DETECTORS`]. A rule names it beside its query. It keeps
//! aggregates of its own in the same panes, which are merged, stored and told like the query's, and a group is a finding
//! only if both agree.

use std::fmt;

use flow_enrich::EnrichedFlow;
use flow_query::{Aggregate, AggregateFunction};

use crate::detectors::sweep::Sweep;

/// All detectors.
pub(crate) const DETECTORS: [&dyn Detector; 1] = [&Sweep];

/// What is asked of each group besides the query's closing filter. Folding records must be commutative, as aggregates are.
pub(crate) trait Detector: fmt::Debug + Sync {
    /// The word in rule files.
    fn name(&self) -> &'static str;

    /// What can be tuned, with defaults.
    fn parameters(&self) -> &'static [Parameter];

    /// What is kept of each group, by name; the first decides which window of an episode is shown. Changing it, or what
    /// [`add`](Self::add) adds, makes other state: then the name changes too.
    fn aggregates(&self) -> &'static [(&'static str, AggregateFunction)];

    /// Adds a record that the query's filters let through.
    fn add(&self, aggregates: &mut [Aggregate], flow: &EnrichedFlow<'_>);

    /// Whether a group with these aggregates is a finding.
    fn passes(&self, aggregates: &[Aggregate], tuned: &Tuned) -> bool;

    /// Whether a group that passes keeps passing whatever else is added.
    fn is_monotone(&self) -> bool;

    /// The condition in words: `hosts >= 25`.
    fn threshold(&self, tuned: &Tuned) -> String;
}

/// Something that a rule may tune.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) default: u64,
    pub(crate) least: u64,
    pub(crate) most: u64,
}

/// The values of a detector's parameters, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tuned(pub(crate) Vec<u64>);

impl Tuned {
    /// The value at this place among the detector's parameters.
    pub(crate) fn value(&self, place: usize) -> u64 {
        self.0.get(place).copied().unwrap_or_default()
    }
}
