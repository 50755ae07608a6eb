//! The cap on what one event may write for rules whose groups span interfaces.
//!
//! Each of their buckets costs a read and a write. An event of many sources would touch hundreds: above the cap those
//! that are known already go first, then the largest, and a part of the cap goes to others by the event's hash, so that
//! slow ones are counted now and then too.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use flow_detect::Delta;
use flow_query::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::state_store::{ItemKey, StateStore, StoredItem};

/// The most buckets that one event writes.
pub const MAX_BUCKETS: usize = 25;

/// How many of them are others than the first by rank.
const IN_TURN: usize = 5;

/// How many are asked for whether they are known: those with the largest counts.
const ASKED: usize = 100;

/// Buckets and what an event adds to them.
pub(crate) type Buckets = BTreeMap<ItemKey, Vec<Delta>>;

/// The buckets that are written, and how many panes the others would have added.
///
/// A try that comes again chooses all that the first one wrote, or what it counted would never be looked at: `seed` is the
/// event's, and `has_counted` knows the items that hold it.
pub(crate) async fn within_cap<S: StateStore>(
    store: &S,
    buckets: Buckets,
    seed: u64,
    has_counted: impl Fn(&StoredItem) -> bool,
) -> Result<(Buckets, u64), S::Error> {
    if buckets.len() <= MAX_BUCKETS {
        return Ok((buckets, 0));
    }
    let mut largest: Vec<_> = buckets.iter().map(|(key, deltas)| (Reverse(size(deltas)), key)).collect();
    largest.sort();
    let asked: Vec<_> = largest.into_iter().take(ASKED).map(|(_, key)| key.clone()).collect();
    let items = store.get(&asked).await?;
    let known: HashMap<_, _> =
        asked.into_iter().zip(items).filter_map(|(key, item)| Some((key, has_counted(&item?)))).collect();
    Ok(choose(buckets, &known, seed))
}

/// `known` says of buckets that exist whether the event is counted in them.
fn choose(buckets: Buckets, known: &HashMap<ItemKey, bool>, seed: u64) -> (Buckets, u64) {
    let mut ranked: Vec<_> = buckets.into_iter().collect();
    // The turn goes by the event alone.
    ranked.sort_by_key(|(key, _)| xxh3_64_with_seed(key.as_str().as_bytes(), seed));
    let mut others = ranked.split_off(IN_TURN);
    others.sort_by_key(|(key, deltas)| {
        let is_counted = known.get(key).copied();
        (is_counted != Some(true), is_counted.is_none(), Reverse(size(deltas)))
    });
    let left_out = others.split_off(MAX_BUCKETS - IN_TURN);
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
