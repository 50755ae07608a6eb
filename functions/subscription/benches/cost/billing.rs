//! A store in memory that counts what `DynamoDB` would ask money for.
//!
//! From "Read and write capacity" and "`DynamoDB` item sizes and formats" in the `DynamoDB` developer guide:
//! - A strongly consistent read of an item costs a unit for each 4 KB begun; one of a missing item costs one.
//! - A write costs a unit for each KB begun of the larger of the item before and after.
//! - An index that has keys only is written when one of its keys changes: a unit to delete the old entry, one to put the
//!   new one.
//! - An item's size is that of its attributes' names and values. A number takes a byte, and one for every two digits.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flow_pipeline::{Due, ItemKey, MemoryStore, StateStore, StoredItem, Write, Written};

/// The most keys that `BatchGetItem` takes.
const MAX_KEYS: usize = 100;

/// What items are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Panes of rules that group by interface.
    Local,
    /// Panes of the others.
    Spanning,
    /// What was found and told.
    Telling,
}

impl Kind {
    fn of(key: &ItemKey) -> Self {
        match key.parts().0 {
            "local" => Kind::Local,
            "spanning" => Kind::Spanning,
            _ => Kind::Telling,
        }
    }
}

/// What was asked of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bill {
    /// Items asked for, and the read units.
    pub(crate) reads: u64,
    pub(crate) read_units: u64,
    /// Items written, the write units, those of the index among them, and the bytes of the items.
    pub(crate) writes: u64,
    pub(crate) write_units: u64,
    pub(crate) written: u64,
}

impl Bill {
    pub(crate) fn add(&mut self, other: Bill) {
        self.reads += other.reads;
        self.read_units += other.read_units;
        self.writes += other.writes;
        self.write_units += other.write_units;
        self.written += other.written;
    }
}

/// Bills by what items are for.
pub(crate) type Bills = BTreeMap<Kind, Bill>;

/// How often a store or a notifier was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Answers that were waited for, one after the other: what is asked at once is waited for once.
    pub(crate) waits: u64,
    /// Calls.
    pub(crate) calls: u64,
}

impl Asked {
    /// So many calls at once.
    pub(crate) fn at_once(&mut self, calls: usize) {
        self.waits += u64::from(calls > 0);
        self.calls += calls as u64;
    }
}

/// Keeps items in memory, and counts.
#[derive(Debug, Default)]
pub(crate) struct BilledStore {
    items: MemoryStore,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    bills: Bills,
    asked: Asked,
    /// When an item is due, as far as it is in the index.
    due: BTreeMap<ItemKey, u64>,
}

impl BilledStore {
    /// What has been counted since this was last asked.
    pub(crate) fn bill(&self) -> Bills {
        std::mem::take(&mut self.ledger().bills)
    }

    /// How often it was asked since this was last asked.
    pub(crate) fn asked(&self) -> Asked {
        std::mem::take(&mut self.ledger().asked)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for BilledStore {
    type Error = Infallible;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Infallible> {
        let items = self.items.get(keys).await?;
        let mut ledger = self.ledger();
        ledger.asked.at_once(keys.len().div_ceil(MAX_KEYS));
        for (key, item) in keys.iter().zip(&items) {
            let bytes = item.as_ref().map_or(0, |item| item_bytes(key, item, ledger.due.get(key).copied()));
            let bill = ledger.bills.entry(Kind::of(key)).or_default();
            bill.reads += 1;
            bill.read_units += bytes.div_ceil(4096).max(1);
        }
        Ok(items)
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Infallible>> {
        self.ledger().asked.at_once(writes.len());
        for write in writes {
            let Ok(before) = self.items.get(std::slice::from_ref(&write.key)).await;
            self.ledger().put(write, before.into_iter().next().flatten().as_ref());
        }
        self.items.put(writes).await
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Infallible> {
        self.items.due(what, now, limit).await
    }
}

impl Ledger {
    fn put(&mut self, write: &Write, before: Option<&StoredItem>) {
        let due_before = self.due.get(&write.key).copied();
        let after = StoredItem {
            content: write.content.clone(),
            version: write.version(),
            expires_at: write.expires_at,
        };
        let bytes = item_bytes(&write.key, &after, write.due_at);
        let bytes_before = before.map_or(0, |item| item_bytes(&write.key, item, due_before));
        let bill = self.bills.entry(Kind::of(&write.key)).or_default();
        bill.writes += 1;
        bill.written += bytes;
        bill.write_units += bytes.max(bytes_before).div_ceil(1024);
        if due_before != write.due_at {
            bill.write_units += u64::from(due_before.is_some()) + u64::from(write.due_at.is_some());
        }
        match write.due_at {
            Some(at) => self.due.insert(write.key.clone(), at),
            None => self.due.remove(&write.key),
        };
    }
}

/// The size of an item with the attributes that `flow_aws::DynamoStore` gives it.
fn item_bytes(key: &ItemKey, item: &StoredItem, due_at: Option<u64>) -> u64 {
    let number = |name: &str, value: u64| name.len() as u64 + number_bytes(value);
    let text = |name: &str, length: usize| (name.len() + length) as u64;
    text("key", key.as_str().len())
        + text("state", item.content.len())
        + number("version", item.version)
        + number("expires_at", item.expires_at)
        // Parts of the index are numbered with one digit.
        + due_at.map_or(0, |at| number("due_at", at) + number("due_shard", 1))
}

fn number_bytes(value: u64) -> u64 {
    let digits = value.to_string();
    1 + (digits.trim_end_matches('0').len() as u64).div_ceil(2)
}
