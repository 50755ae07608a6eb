//! The cap on what one event may write for rules whose groups span interfaces.
//!
//! Each of their buckets costs a read and a write. An event of many sources would touch hundreds: above the cap those
//! that are known already go first, then the largest, and a part of the cap goes to others in turn, so that slow ones
//! are counted now and then too.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use flow_detect::Delta;
use flow_query::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::state_store::{ItemKey, StateStore};

/// The most buckets that one event writes.
pub const MAX_BUCKETS: usize = 25;

/// How many of them are others than the first by rank.
const IN_TURN: usize = 5;

/// How many are asked for whether they are known: those with the largest counts.
const ASKED: usize = 100;

/// How long the others keep their turn, in seconds.
const TURN: u64 = 60;

/// Buckets and what an event adds to them.
pub(crate) type Buckets = BTreeMap<ItemKey, Vec<Delta>>;

/// The buckets that are written, and how many panes the others would have added.
pub(crate) async fn within_cap<S: StateStore>(
    store: &S,
    buckets: Buckets,
    now: u64,
) -> Result<(Buckets, u64), S::Error> {
    if buckets.len() <= MAX_BUCKETS {
        return Ok((buckets, 0));
    }
    let mut largest: Vec<_> = buckets.iter().map(|(key, deltas)| (Reverse(size(deltas)), key)).collect();
    largest.sort();
    let asked: Vec<_> = largest.into_iter().take(ASKED).map(|(_, key)| key.clone()).collect();
    let items = store.get(&asked).await?;
    let known = asked.into_iter().zip(items).filter(|(_, item)| item.is_some()).map(|(key, _)| key);
    Ok(choose(buckets, &known.collect(), now))
}

fn choose(buckets: Buckets, known: &HashSet<ItemKey>, now: u64) -> (Buckets, u64) {
    let mut ranked: Vec<_> = buckets.into_iter().collect();
    ranked.sort_by_key(|(key, deltas)| (!known.contains(key), Reverse(size(deltas))));
    let mut others = ranked.split_off(MAX_BUCKETS - IN_TURN);
    others.sort_by_key(|(key, _)| xxh3_64_with_seed(key.as_str().as_bytes(), now / TURN));
    let left_out = others.split_off(IN_TURN);
    ranked.extend(others);
    (ranked.into_iter().collect(), left_out.iter().map(|(_, deltas)| deltas.len() as u64).sum())
}

/// The largest first aggregate in a bucket, as far as it is a whole number.
fn size(deltas: &[Delta]) -> i64 {
    let first = |delta: &Delta| match delta.state.aggregates.first()?.value() {
        Value::Integer(number) => Some(number),
        _ => None,
    };
    deltas.iter().filter_map(first).max().unwrap_or_default()
}
