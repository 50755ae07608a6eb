//! Times on the command line.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds from which on a number of them is taken for one of milliseconds, and refused: the year 5138.
const MOST_SECONDS: i64 = 100_000_000_000;

/// A time on the command line: RFC 3339, a date with or without a time of day in UTC, or Unix seconds. In milliseconds
/// since 1970.
///
/// # Errors
/// When it is none of these.
pub(super) fn parse_time(text: &str) -> Result<i64, TimeError> {
    let of_seconds = |seconds: i64| seconds.checked_mul(1000);
    let utc = |time: DateTime| Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let parsed = if let Ok(seconds) = text.parse::<i64>() {
        // Milliseconds, as the console and its links have them, are five thousand years ahead in seconds.
        if seconds.abs() < MOST_SECONDS { of_seconds(seconds) } else { None }
    } else if let Ok(time) = text.parse::<Timestamp>() {
        Some(time.as_millisecond())
    } else {
        text.parse().ok().and_then(utc).map(Timestamp::as_millisecond)
    };
    parsed.ok_or_else(|| TimeError { found: text.to_owned() })
}

/// A text is no time.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "expected a time such as 2026-11-26T05:00:00Z, 2026-11-26 (UTC) or 1795669200 (seconds), found {found:?}"
)]
pub(super) struct TimeError {
    found: String,
}
