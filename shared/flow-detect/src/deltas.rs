//! What one batch adds: already folded by rule, scope, pane and group before any state is touched.

use std::hash::Hasher;
use std::sync::Arc;

use flow_enrich::EnrichedFlow;
use flow_query::{GroupKey, KeyValues};
use hashbrown::HashTable;
use xxhash_rust::xxh3::Xxh3Default;

use crate::groups::GroupId;
use crate::pane::PaneState;
use crate::rule::Rule;
use crate::rule_set::ActiveRules;
use crate::scope::{Scope, ScopeParts};

/// What a batch adds to one (rule, scope, pane, group).
#[derive(Debug, Clone, PartialEq)]
pub struct Delta {
    /// The rule's place in its [`RuleSet`](crate::RuleSet).
    pub rule: usize,
    /// Where the records belong.
    pub scope: Arc<Scope>,
    /// The pane, named by its start in Unix seconds.
    pub pane: u64,
    /// What the records are grouped by.
    pub group: GroupKey,
    /// What they add.
    pub state: PaneState,
    /// The latest record time among them, in Unix seconds.
    pub newest: u64,
}

impl Delta {
    /// The group that it belongs to.
    pub fn group_id(&self) -> GroupId {
        GroupId { rule: self.rule, scope: self.scope.clone(), group: self.group.clone() }
    }
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// How many rules it counted for.
    Matched(usize),
    /// It carries no time: neither `start` nor a log event's timestamp.
    Untimed,
}

/// The deltas of one batch. Folding records is commutative: their order never shows.
#[derive(Debug, Default)]
pub struct Deltas {
    table: HashTable<Delta>,
    scopes: HashTable<Arc<Scope>>,
    newest: Option<u64>,
}

impl Deltas {
    /// Counts one record for every rule that it matches.
    ///
    /// Records that no rule matches cost no allocation.
    pub fn observe(&mut self, rules: &ActiveRules<'_>, flow: &EnrichedFlow<'_>) -> Observed {
        let Some(time) = flow.time() else { return Observed::Untimed };
        self.newest = self.newest.max(Some(time));
        let mut matched = 0;
        rules.matching(flow, |place, rule| {
            matched += 1;
            self.count(place, rule, flow, time);
        });
        Observed::Matched(matched)
    }

    /// Apart from what is done for every record: few match.
    #[inline(never)]
    fn count(&mut self, place: usize, rule: &Rule, flow: &EnrichedFlow<'_>, time: u64) {
        let scope = ScopeParts::of(flow, rule.scope);
        let pane = rule.windowing.pane_of(time);
        let key = rule.query.key(flow);
        let delta = self.delta(place, scope, pane, &key, || PaneState::new(&rule.query));
        delta.state.add(&rule.query, &delta.scope, flow, time);
        delta.newest = delta.newest.max(time);
    }

    fn delta(
        &mut self,
        rule: usize,
        scope: ScopeParts<'_>,
        pane: u64,
        key: &KeyValues<'_>,
        state: impl FnOnce() -> PaneState,
    ) -> &mut Delta {
        let is_same = |delta: &Delta| {
            delta.rule == rule && delta.pane == pane && key.is(&delta.group) && scope.is(&delta.scope)
        };
        let hash = hash(rule, pane, key.stable_hash(scope.stable_hash()));
        let scopes = &mut self.scopes;
        self.table
            .entry(hash, is_same, hash_of)
            .or_insert_with(|| Delta {
                rule,
                scope: shared(scopes, scope),
                pane,
                group: key.to_key(),
                state: state(),
                newest: 0,
            })
            .into_mut()
    }

    /// The latest record time, in Unix seconds.
    pub fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// Whether no rule matched anything.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Takes all of them out, in no order; what they were kept in is used for the next batch.
    pub fn drain(&mut self) -> impl Iterator<Item = Delta> {
        self.scopes.clear();
        self.newest = None;
        self.table.drain()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Delta> {
        self.table.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }
}

impl IntoIterator for Deltas {
    type Item = Delta;
    type IntoIter = hashbrown::hash_table::IntoIter<Delta>;

    fn into_iter(self) -> Self::IntoIter {
        self.table.into_iter()
    }
}

/// One copy of each scope for all deltas of a batch.
fn shared(scopes: &mut HashTable<Arc<Scope>>, parts: ScopeParts<'_>) -> Arc<Scope> {
    let known = scopes.entry(parts.stable_hash(), |scope| parts.is(scope), |scope| scope.stable_hash());
    Arc::clone(known.or_insert_with(|| Arc::new(parts.to_scope())).get())
}

/// A hash of what tells deltas apart; `group` is the hash of group and scope.
pub(crate) fn hash(rule: usize, pane: u64, group: u64) -> u64 {
    let mut hasher = Xxh3Default::new();
    hasher.write_usize(rule);
    hasher.write_u64(pane);
    hasher.write_u64(group);
    hasher.finish()
}

fn hash_of(delta: &Delta) -> u64 {
    hash(delta.rule, delta.pane, delta.group.stable_hash(delta.scope.stable_hash()))
}
