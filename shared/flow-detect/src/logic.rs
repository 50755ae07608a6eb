//! What a rule does with records: its query, and the detector beside it if it names one.

use flow_enrich::{EnrichedFlow, Enrichment};
use flow_query::{Aggregate, AggregateFunction, ContinuousQuery, Floor, GroupKey, KeyValues, Number, Source};
use flow_record::{Field, RecordFormat};

use crate::detector::{Detector, Tuned};

/// Which records count, what is kept of them for each group, and when a group is a finding.
///
/// The detector's aggregates come first, then the query's.
#[derive(Debug)]
pub struct Logic {
    query: ContinuousQuery,
    detector: Option<(&'static dyn Detector, Tuned)>,
}

impl Logic {
    pub(crate) fn new(query: ContinuousQuery, detector: Option<(&'static dyn Detector, Tuned)>) -> Self {
        Logic { query, detector }
    }

    /// The query alone.
    pub(crate) fn query(&self) -> &ContinuousQuery {
        &self.query
    }

    /// The name of the detector beside the query.
    pub fn detector(&self) -> Option<&'static str> {
        self.detector.as_ref().map(|(detector, _)| detector.name())
    }

    /// The values of that detector's parameters.
    pub(crate) fn tuned(&self) -> &[u64] {
        self.detector.as_ref().map_or(&[], |(_, tuned)| &tuned.0)
    }

    /// Whether `flow` counts.
    #[inline]
    pub fn matches(&self, flow: &EnrichedFlow<'_>) -> bool {
        self.query.matches(flow)
    }

    /// What `flow` is grouped by.
    pub fn key<'r>(&'r self, flow: &'r EnrichedFlow<'_>) -> KeyValues<'r> {
        self.query.key(flow)
    }

    /// The accumulators of no records.
    pub fn start(&self) -> Box<[Aggregate]> {
        let own = self.own().iter().map(|(_, function)| function.start());
        own.chain(self.query.start()).collect()
    }

    /// Adds `flow` to accumulators that [`start`](Self::start) made.
    pub fn add(&self, aggregates: &mut [Aggregate], flow: &EnrichedFlow<'_>) {
        let (own, queried) = aggregates.split_at_mut(self.own().len());
        if let Some((detector, _)) = &self.detector {
            detector.add(own, flow);
        }
        self.query.add(queried, flow);
    }

    /// Whether a group with these accumulators is a finding.
    pub fn passes(&self, key: &GroupKey, aggregates: &[Aggregate]) -> bool {
        let (own, queried) = aggregates.split_at(self.own().len());
        self.query.passes(key, queried)
            && self.detector.as_ref().is_none_or(|(detector, tuned)| detector.passes(own, tuned))
    }

    /// Whether some part of what these accumulators hold may be a finding; false only where none can.
    pub fn may_pass(&self, key: &GroupKey, aggregates: &[Aggregate]) -> bool {
        let (own, queried) = aggregates.split_at(self.own().len());
        let detector_may = |(detector, tuned): &(&dyn Detector, Tuned)| {
            !detector.is_monotone() || own.iter().any(Aggregate::is_estimated) || detector.passes(own, tuned)
        };
        self.query.may_pass(key, queried) && self.detector.as_ref().is_none_or(detector_may)
    }

    /// The number that the closing filter asks for, if it is one that could be moved; a detector decides by more than one.
    pub fn floor(&self) -> Option<Floor> {
        self.query.floor().filter(|_| self.detector.is_none())
    }

    /// What a group with these accumulators compares with `floor`; none when something else keeps it from passing.
    pub fn floored(&self, floor: &Floor, key: &GroupKey, aggregates: &[Aggregate]) -> Option<Number> {
        let (_, queried) = aggregates.split_at(self.own().len());
        self.query.floored(floor, key, queried)
    }

    /// The names of what it groups by.
    pub fn group_names(&self) -> &[String] {
        self.query.group_names()
    }

    /// The names of its aggregates.
    pub fn aggregate_names(&self) -> impl Iterator<Item = &str> {
        self.own().iter().map(|(name, _)| *name).chain(self.query.aggregate_names())
    }

    /// The functions of its aggregates, in the same order.
    pub fn aggregate_functions(&self) -> impl Iterator<Item = AggregateFunction> {
        self.own().iter().map(|(_, function)| *function).chain(self.query.aggregate_functions())
    }

    /// When the detector, if there is one, lets a group be a finding, as text.
    pub(crate) fn own_threshold(&self) -> Option<String> {
        self.detector.as_ref().map(|(detector, tuned)| detector.threshold(tuned))
    }

    /// Whether a group that passes keeps passing whatever else is added, so that it may be told at once.
    pub fn is_monotone(&self) -> bool {
        self.query.is_monotone() && self.detector.as_ref().is_none_or(|(detector, _)| detector.is_monotone())
    }

    /// Whether all records of a group come from one network interface.
    pub fn is_local(&self) -> bool {
        self.query.is_local()
    }

    /// The part of the group key that is `source`, if it groups by it.
    pub fn group_place(&self, source: Source) -> Option<usize> {
        self.query.group_place(source)
    }

    /// Whether records of `format` can ever count.
    pub fn is_applicable(&self, format: &RecordFormat) -> bool {
        self.query.is_applicable(format)
    }

    /// The fields that it reads and `format` lacks, enrichments' included.
    pub fn missing_fields(&self, format: &RecordFormat) -> Vec<Field> {
        self.query.missing_fields(format)
    }

    /// The enrichments that it asks for, which the CloudWatch console does not know.
    pub fn enrichments(&self) -> Vec<Enrichment> {
        self.query.enrichments()
    }

    fn own(&self) -> &'static [(&'static str, AggregateFunction)] {
        self.detector.as_ref().map_or(&[], |(detector, _)| detector.aggregates())
    }
}
