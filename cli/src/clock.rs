//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a command runs now; everything below gets the time as a value"
)]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
