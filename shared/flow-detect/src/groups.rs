//! The panes kept of every group, and the findings that their windows lead to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use flow_query::GroupKey;

use crate::deltas::Delta;
use crate::episode::episodes;
use crate::finding::Finding;
use crate::pane::PaneState;
use crate::rule_set::RuleSet;
use crate::scope::Scope;
use crate::window::Watermark;

/// One group of one rule in one scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId {
    /// The rule's place in its [`RuleSet`].
    pub rule: usize,
    /// Where its records belong.
    pub scope: Scope,
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
    groups: BTreeMap<GroupId, BTreeMap<u64, PaneState>>,
    max_groups: usize,
}

impl Groups {
    /// Room for `max_groups` groups, all rules and scopes together.
    pub fn new(max_groups: usize) -> Self {
        Groups { groups: BTreeMap::new(), max_groups }
    }

    /// Adds one delta.
    pub fn merge(&mut self, delta: Delta) -> Merged {
        let is_full = self.groups.len() >= self.max_groups;
        let id = GroupId { rule: delta.rule, scope: delta.scope, group: delta.group };
        let panes = match self.groups.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => return Merged::NoRoom,
            Entry::Vacant(new) => new.insert(BTreeMap::new()),
        };
        match panes.entry(delta.pane) {
            Entry::Occupied(mut pane) => pane.get_mut().merge(&delta.state),
            Entry::Vacant(new) => {
                new.insert(delta.state);
            }
        }
        Merged::Kept
    }

    /// Forgets panes that are late at `watermark`, and groups without panes.
    pub fn expire(&mut self, rules: &RuleSet, watermark: Watermark) {
        self.groups.retain(|id, panes| {
            let windowing = rules.rule(id.rule).windowing;
            panes.retain(|pane, _| !windowing.is_late(*pane, watermark));
            !panes.is_empty()
        });
    }

    /// One finding for every episode of every group, by rule, then scope, then group, then time.
    pub fn findings<'r>(&self, rules: &'r RuleSet, watermark: Watermark) -> Vec<Finding<'r>> {
        let of_group = |(id, panes): (&GroupId, &BTreeMap<u64, PaneState>)| {
            let rule = rules.rule(id.rule);
            let found = episodes(rule, &id.group, panes, watermark);
            found.into_iter().map(|episode| Finding::new(rule, id, episode)).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(of_group).collect()
    }

    /// How many groups are kept.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}
