//! State in memory: for one machine, and the reference for every other store.

use std::collections::HashSet;

use flow_detect::{Delta, Finding, Groups, Merged, RuleSet, Watermark};

/// How many groups are kept unless said otherwise, all rules together.
pub const DEFAULT_MAX_GROUPS: usize = 200_000;

/// Keeps every pane of every group, up to a number of groups, and remembers which batches it has counted.
#[derive(Debug)]
pub struct KeptPanes {
    groups: Groups,
    counted: HashSet<u128>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It was counted, less the deltas of new groups for which there was no room.
    Counted {
        /// How many those were.
        refused: u64,
    },
    /// It had been counted before: nothing changed.
    Redelivered,
}

impl KeptPanes {
    /// Room for `max_groups` groups.
    pub fn new(max_groups: usize) -> Self {
        KeptPanes { groups: Groups::new(max_groups), counted: HashSet::new() }
    }

    /// Whether a batch with this fingerprint has been counted.
    pub fn has_counted(&self, fingerprint: u128) -> bool {
        self.counted.contains(&fingerprint)
    }

    /// Adds what a batch adds, once: a batch with a fingerprint that is known changes nothing. A batch without one
    /// can't be recognised and always counts.
    pub fn merge(&mut self, deltas: impl IntoIterator<Item = Delta>, fingerprint: Option<u128>) -> Stored {
        if let Some(fingerprint) = fingerprint
            && !self.counted.insert(fingerprint)
        {
            return Stored::Redelivered;
        }
        let refused = deltas.into_iter().filter_map(|delta| match self.groups.merge(delta) {
            Merged::NoRoom => Some(()),
            Merged::Kept => None,
        });
        Stored::Counted { refused: refused.count() as u64 }
    }

    /// The findings of everything kept, as of `watermark`.
    pub fn findings<'r>(&self, rules: &'r RuleSet, watermark: Watermark) -> Vec<Finding<'r>> {
        self.groups.findings(rules, watermark)
    }

    /// How many groups are kept.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
}
