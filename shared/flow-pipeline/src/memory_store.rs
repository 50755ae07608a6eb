//! State in memory: for one process, for tests, and the reference for every other store.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::state_store::{Due, ItemKey, StateStore, StoredItem, Write, Written};

/// Keeps every item until the process ends.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<ItemKey, Kept>>);

#[derive(Debug)]
struct Kept {
    item: StoredItem,
    due_at: Option<u64>,
}

impl MemoryStore {
    /// All items with the time from which they are due, by key.
    pub fn items(&self) -> Vec<(ItemKey, StoredItem, Option<u64>)> {
        let all = self.lock();
        all.iter().map(|(key, kept)| (key.clone(), kept.item.clone(), kept.due_at)).collect()
    }

    /// Every change is made whole under the lock: a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ItemKey, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for MemoryStore {
    type Error = Infallible;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Infallible> {
        let all = self.lock();
        Ok(keys.iter().map(|key| all.get(key).map(|kept| kept.item.clone())).collect())
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Infallible>> {
        let mut all = self.lock();
        let mut put = |write: &Write| {
            if all.get(&write.key).map(|kept| kept.item.version) != write.over {
                return Ok(Written::Conflict);
            }
            let item = StoredItem {
                content: write.content.clone(),
                version: write.version(),
                expires_at: write.expires_at,
            };
            all.insert(write.key.clone(), Kept { item, due_at: write.due_at });
            Ok(Written::Done)
        };
        writes.iter().map(&mut put).collect()
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Infallible> {
        let all = self.lock();
        let mut due: Vec<_> =
            all.iter().filter_map(|(key, kept)| Some((kept.due_at.filter(|at| *at <= now)?, key))).collect();
        due.retain(|(_, key)| Due::of(key) == what);
        due.sort();
        Ok(due.into_iter().take(limit).map(|(_, key)| key.clone()).collect())
    }
}
