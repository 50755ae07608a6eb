//! Items that this program can't read: kept under another name for whoever can, and begun anew.

use crate::report::Report;
use crate::state_store::{ItemKey, StateStore, StoredItem, Write};
use crate::store_error::StoreError;

/// Keeps an item that can't be read as `aside/<key>`, and says so. One that lies there already is the first of its kind:
/// it stays.
pub(crate) async fn set_aside<S: StateStore>(
    store: &S,
    key: &ItemKey,
    item: StoredItem,
    reason: &str,
    report: &mut Report,
) -> Result<(), StoreError<S::Error>> {
    report.set_aside(key, reason);
    let StoredItem { content, expires_at, .. } = item;
    let aside = Write { key: ItemKey::new("aside", key), content, over: None, expires_at, due_at: None };
    for written in store.put(&[aside]).await {
        written.map_err(StoreError::Failed)?;
    }
    Ok(())
}
