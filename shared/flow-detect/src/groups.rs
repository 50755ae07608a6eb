//! The panes kept of every group, and the findings that their windows lead to.

use std::sync::Arc;

use flow_query::GroupKey;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::deltas::{Delta, hash};
use crate::episode::episodes;
use crate::finding::Finding;
use crate::pane::{PaneState, Panes};
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::scope::Scope;
use crate::snapshot::FindingSnapshot;
use crate::window::Look;

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
        let Delta { rule, scope, pane, group, state, newest: _ } = delta;
        self.add(GroupId { rule, scope, group }, pane, state)
    }

    fn add(&mut self, id: GroupId, pane: u64, state: PaneState) -> Merged {
        let no_room_for_groups = self.table.len() >= self.capacity;
        let no_room_for_panes = self.panes >= self.capacity.saturating_mul(PANES_A_GROUP);
        match self.table.entry(id.stable_hash(), |(known, _)| *known == id, hash_of) {
            Entry::Occupied(known) => {
                let panes = &mut known.into_mut().1;
                let is_new = !panes.has(pane);
                if is_new && no_room_for_panes {
                    return Merged::NoRoom;
                }
                self.panes += usize::from(is_new);
                panes.merge(pane, state);
            }
            Entry::Vacant(_) if no_room_for_groups || no_room_for_panes => return Merged::NoRoom,
            Entry::Vacant(new) => {
                let mut panes = Panes::default();
                panes.merge(pane, state);
                self.panes += 1;
                new.insert((id, panes));
            }
        }
        Merged::Kept
    }

    /// Adds a group that is not known yet with all its panes, within no bounds; says whether it was not.
    pub(crate) fn insert(&mut self, id: GroupId, panes: Panes) -> bool {
        match self.table.entry(id.stable_hash(), |(known, _)| *known == id, hash_of) {
            Entry::Occupied(_) => false,
            Entry::Vacant(new) => {
                self.panes += panes.len();
                new.insert((id, panes));
                true
            }
        }
    }

    /// The panes of one group.
    pub fn get(&self, id: &GroupId) -> Option<&Panes> {
        let (_, panes) = self.table.find(id.stable_hash(), |(known, _)| known == id)?;
        Some(panes)
    }

    /// All groups with their panes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupId, &Panes)> {
        self.table.iter().map(|(id, panes)| (id, panes))
    }

    /// Keeps the panes that are to be kept, each known by its group and its start, and no group without panes.
    pub fn retain(&mut self, is_kept: impl Fn(&GroupId, u64) -> bool) {
        let mut kept = 0;
        self.table.retain(|(id, panes)| {
            panes.retain(|start| is_kept(id, start));
            kept += panes.len();
            !panes.is_empty()
        });
        self.panes = kept;
    }

    /// One finding for every episode of every group, by rule, then scope, then group, then time.
    pub fn findings<'r>(&self, rules: &'r RuleSet, look: impl Into<Look>) -> Vec<Finding<'r>> {
        findings(self.iter(), rules, look.into())
    }

    /// The findings of these groups alone, as far as they are kept.
    pub fn findings_of<'r>(
        &self,
        ids: &[GroupId],
        rules: &'r RuleSet,
        look: impl Into<Look>,
    ) -> Vec<Finding<'r>> {
        findings(ids.iter().filter_map(|id| Some((id, self.get(id)?))), rules, look.into())
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

impl Extend<(GroupId, Panes)> for Groups {
    /// Adds panes as deltas are added, as far as there is room.
    fn extend<T: IntoIterator<Item = (GroupId, Panes)>>(&mut self, groups: T) {
        for (id, panes) in groups {
            for (pane, state) in panes.into_panes() {
                self.add(id.clone(), pane, state);
            }
        }
    }
}

impl IntoIterator for Groups {
    type Item = (GroupId, Panes);
    type IntoIter = hashbrown::hash_table::IntoIter<(GroupId, Panes)>;

    fn into_iter(self) -> Self::IntoIter {
        self.table.into_iter()
    }
}

fn findings<'r, 'p>(
    groups: impl Iterator<Item = (&'p GroupId, &'p Panes)>,
    rules: &'r RuleSet,
    look: Look,
) -> Vec<Finding<'r>> {
    let mut found = Vec::new();
    for (id, panes) in groups {
        let rule = rules.rule(id.rule);
        let episodes = episodes(rule, &id.group, panes, look);
        let finding = |(episode, context)| (id, Finding::new(rule, id, episode, &context));
        found.extend(episodes.into_iter().map(finding));
    }
    // The sort is stable: the episodes of a group stay in order of time.
    found.sort_by_key(|(id, _)| *id);
    let mut joined = Vec::with_capacity(found.len());
    for (id, finding) in found {
        let rule = rules.rule(id.rule);
        if !(rule.joins_groups() && join(rules, rule, &mut joined, &finding)) {
            joined.push(finding);
        }
    }
    joined
}

/// Adds what one group shows to a finding that another group has shown already, if there is one; as a store does that
/// gets to see both.
fn join<'r>(rules: &'r RuleSet, rule: &Rule, known: &mut [Finding<'r>], other: &Finding<'r>) -> bool {
    let is_same = |finding: &&mut Finding<'_>| {
        finding.id == other.id && finding.episode.span.is_within(rule.windowing.gap(), other.episode.span)
    };
    let Some(known) = known.iter_mut().find(is_same) else { return false };
    let mut both = FindingSnapshot::of(known);
    both.merge(&FindingSnapshot::of(other));
    let Some(both) = Finding::restore(&both, rules, known.status) else { return false };
    *known = both;
    true
}

impl GroupId {
    /// A hash that is the same on every machine, as long as the rules are.
    pub(crate) fn stable_hash(&self) -> u64 {
        hash(self.rule, 0, self.group.stable_hash(self.scope.stable_hash()))
    }
}

fn hash_of((id, _): &(GroupId, Panes)) -> u64 {
    id.stable_hash()
}
