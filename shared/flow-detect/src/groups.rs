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
    /// Its group or its pane is new and there is no room for another.
    NoRoom,
}

/// Groups and their panes, in memory.
///
/// Below its bounds the content depends only on which deltas were merged, not on their order. At a bound, what is
/// known goes on and what is new is refused; the caller counts that.
#[derive(Debug)]
pub struct Groups {
    table: HashTable<(GroupId, Panes)>,
    capacity: usize,
    /// Panes kept, of all groups together.
    panes: usize,
}

/// A group may have any number of panes as long as all groups together have no more than this many each.
const PANES_A_GROUP: usize = 16;

impl Groups {
    /// Room for `capacity` groups, all rules and scopes together, and for 16 times as many panes.
    pub fn new(capacity: usize) -> Self {
        Groups { table: HashTable::new(), capacity, panes: 0 }
    }

    /// Adds one delta.
    pub fn merge(&mut self, delta: Delta) -> Merged {
        let no_room_for_groups = self.table.len() >= self.capacity;
        let no_room_for_panes = self.panes >= self.capacity.saturating_mul(PANES_A_GROUP);
        let is_same = |(id, _): &(GroupId, Panes)| {
            id.rule == delta.rule && id.group == delta.group && id.scope == delta.scope
        };
        let key = hash(delta.rule, 0, delta.group.stable_hash(delta.scope.stable_hash()));
        match self.table.entry(key, is_same, hash_of) {
            Entry::Occupied(known) => {
                let panes = &mut known.into_mut().1;
                let is_new = !panes.has(delta.pane);
                if is_new && no_room_for_panes {
                    return Merged::NoRoom;
                }
                self.panes += usize::from(is_new);
                panes.merge(delta.pane, delta.state);
            }
            Entry::Vacant(_) if no_room_for_groups || no_room_for_panes => return Merged::NoRoom,
            Entry::Vacant(new) => {
                let mut panes = Panes::default();
                panes.merge(delta.pane, delta.state);
                self.panes += 1;
                new.insert((GroupId { rule: delta.rule, scope: delta.scope, group: delta.group }, panes));
            }
        }
        Merged::Kept
    }

    /// One finding for every episode of every group, by rule, then scope, then group, then time.
    pub fn findings<'r>(&self, rules: &'r RuleSet, watermark: Watermark) -> Vec<Finding<'r>> {
        let mut found = Vec::new();
        for (id, panes) in &self.table {
            let rule = rules.rule(id.rule);
            let episodes = episodes(rule, &id.group, panes, watermark);
            let finding = |(episode, context)| (id, Finding::new(rule, id, episode, &context));
            found.extend(episodes.into_iter().map(finding));
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

fn hash_of((id, _): &(GroupId, Panes)) -> u64 {
    hash(id.rule, 0, id.group.stable_hash(id.scope.stable_hash()))
}
