//! What one event adds, into the state that is kept: once, whatever happens between tries.

use flow_detect::{
    Delta, Deltas, Finding, Groups, Outcome, REDELIVERED_WITHIN, RuleSet, StateItem, Watermark, by_state_key,
};

use xxhash_rust::xxh3::xxh3_64;

use crate::opening::{self, Opened};
use crate::pause::before_try;
use crate::report::Report;
use crate::spanning::{Buckets, within_cap};
use crate::state_store::{Content, ItemKey, StateStore, StoredItem, Write, Written};
use crate::store_error::StoreError;

/// How often an item is read and written before the event is given back: others write it too.
const TRIES: u32 = 12;

/// What is added together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) deltas: Deltas,
    /// Tells it when it comes again.
    pub(crate) fingerprint: Option<u128>,
    /// Whether it came as one event, which may write only so many items of spanning rules.
    pub(crate) is_event: bool,
}

/// An item with an event's part in it, and what that leads to.
struct Merged<'r> {
    state: StateItem,
    outcome: Outcome,
    findings: Vec<Finding<'r>>,
}

/// Adds a batch to the state in `store`, each item once for a fingerprint, and returns the findings of the groups that
/// they touched; also those of an event that comes again, whose first try may have died before it told them.
///
/// # Errors
/// The store failed, or others were faster every time. Some items may have been written: the same call again adds
/// exactly the rest.
pub(crate) async fn merge<'r, S: StateStore>(
    store: &S,
    rules: &'r RuleSet,
    batch: Batch,
    now: u64,
    report: &mut Report,
) -> Result<Vec<Finding<'r>>, StoreError<S::Error>> {
    let fingerprint = batch.fingerprint;
    let mut waiting = added(store, batch, rules, report).await.map_err(StoreError::Failed)?;
    let mut findings = Vec::new();
    for number in 0..TRIES {
        before_try(number).await;
        let keys: Vec<_> = waiting.keys().cloned().collect();
        let items = store.get(&keys).await.map_err(StoreError::Failed)?;
        let (mut writes, mut merged) = (Vec::new(), Vec::new());
        for (key, item) in keys.into_iter().zip(items) {
            let over = item.as_ref().map(|item| item.version);
            let state = opened(store, &key, item.as_ref(), rules, now, report).await?;
            // What can't be read is begun anew.
            let state = state.readable().unwrap_or_default();
            let one = Merged::new(state, rules, waiting[&key].clone(), fingerprint, now);
            if one.outcome.is_redelivery {
                waiting.remove(&key);
                findings.extend(one.counted(report));
            } else {
                writes.push(state_write(&key, over, &one.state, rules, now));
                merged.push(one);
            }
        }
        for ((write, one), written) in writes.iter().zip(merged).zip(put(store, &writes).await) {
            if written.map_err(StoreError::Failed)? == Written::Done {
                waiting.remove(&write.key);
                findings.extend(one.counted(report));
            }
        }
        if waiting.is_empty() {
            return Ok(findings);
        }
    }
    Err(StoreError::Contended { tries: TRIES })
}

/// Deltas by item, those of spanning rules within their cap.
async fn added<S: StateStore>(
    store: &S,
    batch: Batch,
    rules: &RuleSet,
    report: &mut Report,
) -> Result<Buckets, S::Error> {
    let Batch { deltas, fingerprint, is_event } = batch;
    let (mut local, mut spanning) = (Buckets::new(), Buckets::new());
    for (key, deltas) in by_state_key(deltas, rules) {
        let items = if key.is_spanning() { &mut spanning } else { &mut local };
        items.insert(ItemKey::of_state(&key), deltas);
    }
    if !is_event {
        local.extend(spanning);
        return Ok(local);
    }
    let has_counted = |item: &StoredItem| match (&item.content, fingerprint) {
        (Content::Binary(bytes), Some(fingerprint)) => {
            StateItem::decode(bytes, rules).is_ok_and(|state| state.has_counted(fingerprint))
        }
        _ => false,
    };
    let seed = fingerprint.map_or(0, |fingerprint| xxh3_64(&fingerprint.to_le_bytes()));
    let (spanning, left_out) = within_cap(store, spanning, seed, has_counted).await?;
    report.capped_panes += left_out;
    local.extend(spanning);
    Ok(local)
}

/// The state in an item that was read.
pub(crate) async fn opened<S: StateStore>(
    store: &S,
    key: &ItemKey,
    item: Option<&StoredItem>,
    rules: &RuleSet,
    now: u64,
    report: &mut Report,
) -> Result<Opened<StateItem>, StoreError<S::Error>> {
    let read = |content: &Content| match content {
        Content::Binary(bytes) => StateItem::decode(bytes, rules).map_err(|error| error.to_string()),
        Content::Text(_) => Err("expected bytes, found text".to_owned()),
    };
    opening::opened(store, key, item, now, report, read).await
}

/// An item to be written over the version `over`.
pub(crate) fn state_write(
    key: &ItemKey,
    over: Option<u64>,
    state: &StateItem,
    rules: &RuleSet,
    now: u64,
) -> Write {
    let (expires_at, due_at) = state.deadlines(rules, now);
    Write {
        key: key.clone(),
        content: Content::Binary(state.encode(rules)),
        over,
        // What came hours late has to live until someone has looked at it.
        expires_at: expires_at.max(now + REDELIVERED_WITHIN),
        due_at,
    }
}

/// Writes what was not changed by someone else; what was is his.
pub(crate) async fn put_unchanged<S: StateStore>(
    store: &S,
    writes: &[Write],
) -> Result<(), StoreError<S::Error>> {
    for written in put(store, writes).await {
        written.map_err(StoreError::Failed)?;
    }
    Ok(())
}

/// `put`, which is not called without writes.
pub(crate) async fn put<S: StateStore>(store: &S, writes: &[Write]) -> Vec<Result<Written, S::Error>> {
    if writes.is_empty() { Vec::new() } else { store.put(writes).await }
}

impl<'r> Merged<'r> {
    fn new(
        mut state: StateItem,
        rules: &'r RuleSet,
        deltas: Vec<Delta>,
        fingerprint: Option<u128>,
        now: u64,
    ) -> Self {
        let mut outcome = state.fold(rules, deltas, fingerprint, now);
        // Before room is made: a group that passes now may be the weakest.
        let mut findings = state.findings_of(&outcome.touched, rules, now);
        findings.extend(apart(std::mem::take(&mut outcome.apart), rules));
        state.judge_silent(rules, now);
        state.make_room(&mut outcome);
        Merged { state, outcome, findings }
    }

    /// Counts what became of the deltas; gives the findings.
    fn counted(self, report: &mut Report) -> Vec<Finding<'r>> {
        let Merged { outcome, findings, state: _ } = self;
        report.redelivered_items += u64::from(outcome.is_redelivery);
        report.late_panes += outcome.late_panes;
        report.evicted_groups += outcome.evicted_groups;
        report.evicted_panes += outcome.evicted_panes;
        report.evicted_rules += outcome.evicted_rules;
        report.forgotten_batches += outcome.forgotten_batches;
        findings
    }
}

/// What deltas lead to that are in no group any more, each by what the batch holds of it: lower bounds, which prove
/// something to monotone rules alone. Most of the time it has been told.
fn apart(deltas: Vec<Delta>, rules: &RuleSet) -> Vec<Finding<'_>> {
    let mut groups = Groups::new(usize::MAX);
    deltas.into_iter().filter(|delta| rules.rule(delta.rule).query.is_monotone()).for_each(|delta| {
        groups.merge(delta);
    });
    let mut findings = groups.findings(rules, Watermark::End);
    findings.iter_mut().for_each(|finding| finding.is_delayed = true);
    findings
}
