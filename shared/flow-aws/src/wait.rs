//! How long to wait before trying again.

use std::time::Duration;

/// The longest wait before the second round; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A random wait of up to twice as long as before the round before: functions that failed together must not come
/// back together. Rounds are counted from 0, and before the first there is none.
pub(crate) fn wait_before(round: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << (round - 1)).mul_f64(fastrand::f64())
}
