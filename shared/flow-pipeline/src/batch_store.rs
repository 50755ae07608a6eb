//! The store that keeps nothing: every batch is judged by itself.

use std::convert::Infallible;

use flow_detect::{Groups, Merged, Watermark};

use crate::ports::{BatchDeltas, MergedGroups, StateStore};

/// Keeps nothing from one event to the next: a window holds only what one event brings.
///
/// Redeliveries are not recognised, since nothing was kept that they could change: an event gives the same findings
/// each time. Rules that wait for their window to close fire only when the event itself goes on beyond it.
#[derive(Debug, Clone, Copy)]
pub struct BatchStore {
    max_groups: usize,
}

impl BatchStore {
    /// Room for `max_groups` groups of one event, all rules together.
    pub fn new(max_groups: usize) -> Self {
        BatchStore { max_groups }
    }
}

impl StateStore for BatchStore {
    type Error = Infallible;

    async fn merge(&self, batch: BatchDeltas<'_>) -> Result<MergedGroups, Infallible> {
        let BatchDeltas { rules, deltas, now, .. } = batch;
        let watermark = Watermark::At(deltas.newest().map_or(now, |newest| newest.min(now)));
        let (mut late_panes, mut refused_panes) = (0, 0);
        let mut groups = Groups::new(self.max_groups);
        for delta in deltas {
            if rules.rule(delta.rule).windowing.is_late(delta.pane, watermark) {
                late_panes += 1;
            } else if groups.merge(delta) == Merged::NoRoom {
                refused_panes += 1;
            }
        }
        Ok(MergedGroups { groups, watermark, is_redelivery: false, late_panes, refused_panes })
    }
}
