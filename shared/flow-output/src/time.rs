//! Times for people.

use jiff::Timestamp;

/// A Unix second as `2023-11-14 22:13:20 UTC`; the number itself when it is outside the years that are written so.
pub fn show_time(seconds: u64) -> String {
    show(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

/// The day of a Unix second in UTC as `2023-11-14`; the second when it is outside the years that are written so.
pub fn show_day(seconds: u64) -> String {
    show(seconds, "%Y-%m-%d")
}

/// Milliseconds since 1970 as `2023-11-14T22:13:20.000Z` (ISO 8601, RFC 3339); none outside the years that are written so.
pub(crate) fn iso_time(millis: i64) -> Option<String> {
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn show(seconds: u64, format: &str) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    match time {
        Some(time) => time.strftime(format).to_string(),
        None => format!("second {seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(show_time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(show_time(1_700_000_000), "2023-11-14 22:13:20 UTC");
        assert_eq!(show_day(1_700_000_000), "2023-11-14");
        assert_eq!(iso_time(1_700_000_000_000).as_deref(), Some("2023-11-14T22:13:20.000Z"));
        assert_eq!(iso_time(i64::MAX), None);
        assert_eq!(show_time(u64::MAX), "second 18446744073709551615");
        assert_eq!(show_day(u64::MAX), show_time(u64::MAX));
    }
}
