//! Times as the console prints them.

use std::fmt;

use jiff::Timestamp;

/// A time in milliseconds since 1970, printed as `YYYY-MM-DD HH:MM:SS.mmm` in UTC; the number itself when it is outside
/// the years that are written so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{}", time.strftime("%Y-%m-%d %H:%M:%S%.3f")),
            Err(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(Time(0).to_string(), "1970-01-01 00:00:00.000");
        assert_eq!(Time(1_700_000_000_123).to_string(), "2023-11-14 22:13:20.123");
        assert_eq!(Time(-1).to_string(), "1969-12-31 23:59:59.999");
        assert_eq!(Time(i64::MAX).to_string(), "9223372036854775807");
    }
}
