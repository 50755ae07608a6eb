//! State in memory: for one process, for tests, and the reference for every other store.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::state_store::{Due, ItemKey, StateStore, StoredItem, Write, Written};

/// Keeps every item until the process ends, or it is told to forget those whose time has passed.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Items>);

#[derive(Debug, Default)]
struct Items {
    by_key: BTreeMap<ItemKey, Kept>,
    /// Those that are due some time, the earliest first.
    by_due: BTreeSet<(u64, ItemKey)>,
}

#[derive(Debug)]
struct Kept {
    item: StoredItem,
    due_at: Option<u64>,
}

impl MemoryStore {
    /// All items with the time from which they are due, by key.
    pub fn items(&self) -> Vec<(ItemKey, StoredItem, Option<u64>)> {
        let all = self.lock();
        all.by_key.iter().map(|(key, kept)| (key.clone(), kept.item.clone(), kept.due_at)).collect()
    }

    /// The Unix second from which some item is due; none when nothing ever is.
    pub fn next_due(&self) -> Option<u64> {
        self.lock().by_due.first().map(|(at, _)| *at)
    }

    /// Drops the items that count for nothing any more at this Unix second.
    pub fn forget_expired(&self, now: u64) {
        let Items { by_key, by_due } = &mut *self.lock();
        by_key.retain(|key, kept| {
            let counts = now < kept.item.expires_at;
            if let Some(due) = kept.due_at.filter(|_| !counts) {
                by_due.remove(&(due, key.clone()));
            }
            counts
        });
    }

    /// Every change is made whole under the lock: a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Items> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Items {
    fn put(&mut self, write: &Write) -> Written {
        let known = self.by_key.get(&write.key);
        if known.map(|kept| kept.item.version) != write.over {
            return Written::Conflict;
        }
        if let Some(due) = known.and_then(|kept| kept.due_at) {
            self.by_due.remove(&(due, write.key.clone()));
        }
        self.by_due.extend(write.due_at.map(|due| (due, write.key.clone())));
        let item = StoredItem {
            content: write.content.clone(),
            version: write.version(),
            expires_at: write.expires_at,
        };
        self.by_key.insert(write.key.clone(), Kept { item, due_at: write.due_at });
        Written::Done
    }
}

impl StateStore for MemoryStore {
    type Error = Infallible;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Infallible> {
        let all = self.lock();
        Ok(keys.iter().map(|key| all.by_key.get(key).map(|kept| kept.item.clone())).collect())
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Infallible>> {
        let mut all = self.lock();
        writes.iter().map(|write| Ok(all.put(write))).collect()
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Infallible> {
        let all = self.lock();
        let due = all.by_due.iter().take_while(|(at, _)| *at <= now).map(|(_, key)| key);
        Ok(due.filter(|key| Due::of(key) == what).take(limit).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at_once::now_or_never;
    use crate::state_store::Content;

    fn write(name: &str, over: Option<u64>, expires_at: u64, due_at: Option<u64>) -> Write {
        let content = Content::Text(name.to_owned());
        Write { key: ItemKey::new("a", name), content, over, expires_at, due_at }
    }

    fn put(store: &MemoryStore, writes: &[Write]) {
        let written = now_or_never(store.put(writes));
        assert!(written.iter().all(|outcome| *outcome == Ok(Written::Done)), "{written:?}");
    }

    #[test]
    fn what_is_due_follows_every_write() {
        let store = MemoryStore::default();
        let first = write("x", None, 100, Some(9));
        put(&store, &[first.clone(), write("y", None, 50, Some(7)), write("z", None, 50, None)]);
        assert_eq!(store.next_due(), Some(7));
        let due = |now| now_or_never(store.due(Due::Panes, now, 10)).unwrap().len();
        assert_eq!((due(6), due(7), due(9)), (0, 1, 2));
        put(&store, &[write("x", Some(first.version()), 100, Some(5))]);
        assert_eq!((store.next_due(), due(6), due(9)), (Some(5), 1, 2));
        store.forget_expired(50);
        assert_eq!((store.items().len(), due(9)), (1, 1));
        store.forget_expired(100);
        assert_eq!((store.items().len(), store.next_due()), (0, None));
    }
}
