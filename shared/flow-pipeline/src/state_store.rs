//! The port to where state is kept between invocations: items by key, written only over the version that was read.

use std::error::Error;
use std::fmt;

use flow_detect::StateKey;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The name of an item: printable ASCII, at most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(String);

impl ItemKey {
    /// An item of one kind; `name` tells it from others of the kind.
    pub(crate) fn new(kind: &str, name: impl fmt::Display) -> Self {
        ItemKey(format!("{kind}/{name}"))
    }

    /// Where the panes of `key` are kept.
    pub(crate) fn of_state(key: &StateKey) -> Self {
        ItemKey(key.as_str().to_owned())
    }

    /// The name as a store has it.
    ///
    /// # Errors
    /// It is longer than any item's, or holds what none does.
    pub fn read(text: &str) -> Result<Self, ItemKeyError> {
        if text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(ItemKey(text.to_owned()));
        }
        Err(ItemKeyError { found: text.chars().take(200).collect() })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of item it names, and which one.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text names no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the key of an item, printable ASCII of at most 200 bytes, found {found:?}")]
pub struct ItemKeyError {
    /// Its beginning.
    pub found: String,
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Panes, in a binary form of their own.
    Binary(Vec<u8>),
    /// Everything that a person may want to look at, as JSON.
    Text(String),
}

impl Content {
    /// Its size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Content::Binary(bytes) => bytes.len(),
            Content::Text(text) => text.len(),
        }
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An item as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredItem {
    /// What it holds.
    pub content: Content,
    /// Changes with every write; 0 for an item that no store wrote.
    pub version: u64,
    /// From this Unix second on it counts for nothing, whether it has been deleted or not.
    pub expires_at: u64,
}

/// An item to be written over what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its name.
    pub key: ItemKey,
    /// What it will hold.
    pub content: Content,
    /// The version that was read; none when there was no item.
    pub over: Option<u64>,
    /// From this Unix second on it counts for nothing.
    pub expires_at: u64,
    /// The Unix second from which [`StateStore::due`] tells of it; none for never.
    pub due_at: Option<u64>,
}

impl Write {
    /// The version that the item has once this is written: one more than before, and never 0. The first is a hash, so that
    /// whoever read an item that was deleted and made anew since does not write over it.
    pub fn version(&self) -> u64 {
        let first = || match &self.content {
            Content::Binary(bytes) => xxh3_64_with_seed(bytes, self.expires_at),
            Content::Text(text) => xxh3_64_with_seed(text.as_bytes(), self.expires_at),
        };
        self.over.map_or_else(|| first() >> 16, |version| version.wrapping_add(1)).max(1)
    }
}

/// What is due: neither keeps the other waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Records of findings: something has to be told, or noted.
    Records,
    /// Items of panes: windows have closed.
    Panes,
}

impl Due {
    /// What it is for an item of this name.
    pub fn of(key: &ItemKey) -> Self {
        if key.parts().0 == RECORD_KIND { Due::Records } else { Due::Panes }
    }
}

/// The kind of a record's key.
pub(crate) const RECORD_KIND: &str = "episode";

/// What became of a write that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// The item is not as it was read: read it again. An earlier try of the same write may be why.
    Conflict,
}

/// Keeps items, so that windows can be longer than one event and every finding is told once.
///
/// # Contract
///
/// - `get` answers for each key in order, and sees every write that was done before it began.
/// - A write is done only if the item has the version it is written over, or does not exist where none was read.
///   Of several writes over the same version exactly one is done; the others are conflicts.
/// - A write that fails may have been done or not; it is never done in part, or later.
/// - `put` tries all writes, and answers for each in order; one that fails or conflicts keeps no other from being done.
/// - `due` may be late: what it tells of may have changed, and what was just written may be missing.
/// - An item past its time may be there or not; the reader ignores it, and writes over its version.
/// - Tries and time are bounded: a call ends well before the function's own timeout.
/// - An item that no store wrote, as someone may have made by hand, is given as a text that says so: it keeps nobody from
///   other items.
/// - No call is made without keys or writes.
pub trait StateStore: Send + Sync {
    /// Why a call failed. Trying the whole event again is right.
    type Error: Error + Send + Sync + 'static;

    /// Reads items.
    fn get(
        &self,
        keys: &[ItemKey],
    ) -> impl Future<Output = Result<Vec<Option<StoredItem>>, Self::Error>> + Send;

    /// Writes items, each for itself.
    fn put(&self, writes: &[Write]) -> impl Future<Output = Vec<Result<Written, Self::Error>>> + Send;

    /// Up to `limit` items of a kind that are due at `now`, in Unix seconds, the longest due first as far as the store
    /// knows.
    fn due(
        &self,
        what: Due,
        now: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ItemKey>, Self::Error>> + Send;
}
