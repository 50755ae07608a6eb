//! Why state was not kept.

use std::error::Error;

/// State was not kept, or not all of it. Trying the whole event again is right, and counts nothing twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError<E: Error + Send + Sync + 'static> {
    /// The store failed.
    #[error(transparent)]
    Failed(E),
    /// Others wrote the same items first, each time.
    #[error("others wrote the same items first, {tries} times in a row")]
    Contended {
        /// How many.
        tries: u32,
    },
}
