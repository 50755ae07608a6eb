//! Items as they are read: what an item holds, and what becomes of one that this program can't read.

use xxhash_rust::xxh3::xxh3_64;

use crate::merging::put_unchanged;
use crate::report::Report;
use crate::state_store::{Content, ItemKey, StateStore, StoredItem, Write};
use crate::store_error::StoreError;

/// How long what was set aside is kept at least, in seconds: until someone had time to look.
const KEPT_ASIDE: u64 = 7 * 86_400;

/// How long an item that can't be read is left alone by the tick, in seconds: another program may be able to.
const LEFT_ALONE: u64 = 900;

/// What an item holds.
#[derive(Debug)]
pub(crate) enum Opened<T> {
    /// Something that this program can read.
    Readable(T),
    /// Nothing that counts: there is none, or its time has passed.
    Nothing,
    /// Something that it can't read. A copy is kept.
    Unreadable,
}

impl<T> Opened<T> {
    /// What it holds, if that counts and can be read.
    pub(crate) fn readable(self) -> Option<T> {
        match self {
            Opened::Readable(value) => Some(value),
            Opened::Nothing | Opened::Unreadable => None,
        }
    }
}

/// Opens an item with `read`. What can't be read is kept as `aside/<key>/<hash>`, and the report says so.
pub(crate) async fn opened<S: StateStore, T>(
    store: &S,
    key: &ItemKey,
    item: Option<&StoredItem>,
    now: u64,
    report: &mut Report,
    read: impl FnOnce(&Content) -> Result<T, String>,
) -> Result<Opened<T>, StoreError<S::Error>> {
    let Some(item) = item.filter(|item| now < item.expires_at) else { return Ok(Opened::Nothing) };
    let reason = match read(&item.content) {
        Ok(value) => return Ok(Opened::Readable(value)),
        Err(reason) => reason,
    };
    report.set_aside(key, &reason);
    let aside = Write {
        key: ItemKey::new("aside", format_args!("{key}/{:016x}", hash(&item.content))),
        content: item.content.clone(),
        over: None,
        expires_at: item.expires_at.max(now + KEPT_ASIDE),
        due_at: None,
    };
    // A conflict is the same content, kept before.
    put_unchanged(store, &[aside]).await?;
    Ok(Opened::Unreadable)
}

/// The item as it is, so that the tick gets to others: one that can't be read is due again later, one whose time has
/// passed never.
pub(crate) fn put_off(key: &ItemKey, item: StoredItem, now: u64) -> Write {
    let StoredItem { content, version, expires_at } = item;
    let due_at = (now < expires_at).then_some(now + LEFT_ALONE);
    Write { key: key.clone(), content, over: Some(version), expires_at, due_at }
}

fn hash(content: &Content) -> u64 {
    match content {
        Content::Binary(bytes) => xxh3_64(bytes),
        Content::Text(text) => xxh3_64(text.as_bytes()),
    }
}
