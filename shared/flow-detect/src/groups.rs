//! The panes kept of every group, and the findings that their windows lead to.

use std::sync::Arc;

use flow_query::GroupKey;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::deltas::{Delta, hash};
use crate::episode::episodes;
use crate::finding::Finding;
use crate::pane::Panes;
use crate::rule_set::RuleSet;
use crate::scope::Scope;
use crate::window::Watermark;

/// One group of one rule in one scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId {
    /// The rule's place in its [`RuleSet`].
    pub rule: usize,
    /// Where its records belong.
    pub scope: Arc<Scope>,
    /// What they are grouped by.
    pub group: GroupKey,
}

/// What became of a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It was added.
    Kept,
    /// Its group is new and there is no room for another.
    NoRoom,
}

/// Groups and their panes, in memory.
///
/// Below its bound the content depends only on which deltas were merged, not on their order. At the bound, groups
/// already known go on and new ones are refused; the caller counts those.
#[derive(Debug)]
pub struct Groups {
    table: HashTable<(GroupId, Panes)>,
    max_groups: usize,
}

impl Groups {
    /// Room for `max_groups` groups, all rules and scopes together.
    pub fn new(max_groups: usize) -> Self {
        Groups { table: HashTable::new(), max_groups }
    }

    /// Adds one delta.
    pub fn merge(&mut self, delta: Delta) -> Merged {
        let is_full = self.table.len() >= self.max_groups;
        let is_same = |(id, _): &(GroupId, Panes)| {
            id.rule == delta.rule && id.group == delta.group && id.scope == delta.scope
        };
        let rehash = |(id, _): &(GroupId, Panes)| hash(id.rule, 0, id.group.stable_hash(0));
        match self.table.entry(hash(delta.rule, 0, delta.group.stable_hash(0)), is_same, rehash) {
            Entry::Occupied(known) => known.into_mut().1.merge(delta.pane, delta.state),
            Entry::Vacant(_) if is_full => return Merged::NoRoom,
            Entry::Vacant(new) => {
                let mut panes = Panes::default();
                panes.merge(delta.pane, delta.state);
                new.insert((GroupId { rule: delta.rule, scope: delta.scope, group: delta.group }, panes));
            }
        }
        Merged::Kept
    }

    /// Forgets panes that are late at `watermark`, and groups without panes.
    pub fn expire(&mut self, rules: &RuleSet, watermark: Watermark) {
        self.table.retain(|(id, panes)| {
            let windowing = rules.rule(id.rule).windowing;
            panes.retain(|pane| !windowing.is_late(pane, watermark));
            !panes.is_empty()
        });
    }

    /// One finding for every episode of every group, by rule, then scope, then group, then time.
    pub fn findings<'r>(&self, rules: &'r RuleSet, watermark: Watermark) -> Vec<Finding<'r>> {
        let mut found = Vec::new();
        for (id, panes) in &self.table {
            let rule = rules.rule(id.rule);
            let episodes = episodes(rule, &id.group, panes, watermark);
            found.extend(episodes.into_iter().map(|episode| (id, Finding::new(rule, id, episode))));
        }
        // The sort is stable: the episodes of a group stay in order of time.
        found.sort_by_key(|(id, _)| *id);
        found.into_iter().map(|(_, finding)| finding).collect()
    }

    /// How many groups are kept.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}
