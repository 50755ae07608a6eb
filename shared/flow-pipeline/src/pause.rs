//! Waiting before another try.

use std::time::Duration;

use tokio::time::sleep;

/// The longest wait before the second try; it doubles with each, up to [`MAX`].
const FIRST: Duration = Duration::from_millis(20);

/// The longest wait of all.
const MAX: Duration = Duration::from_millis(800);

/// Waits a random part of a time that grows with each try, so that those who got into each other's way do not meet
/// again. The first try, numbered 0, waits for nothing.
pub(crate) async fn before_try(number: u32) {
    if number > 0 {
        let longest = MAX.min(FIRST.saturating_mul(1 << number.min(16)));
        sleep(longest.mul_f64(fastrand::f64())).await;
    }
}
