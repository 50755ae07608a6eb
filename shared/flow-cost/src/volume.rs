//! How much there is, in the words of whoever asks.

use std::str::FromStr;

use crate::{DAYS, SECONDS, TB};

/// A month's flow logs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Volume {
    /// Bytes of log lines.
    Bytes(f64),
    /// Log lines.
    Lines(f64),
    /// Network interfaces with ordinary traffic.
    Interfaces(f64),
}

/// A text that is no volume.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an amount such as `500GB/month`, `20GB/day`, `1.5TB/month`, `1200records/s` or `80interfaces`, found `{found}`"
)]
pub struct VolumeError {
    /// The text.
    pub found: String,
}

/// More is no estimate any more, but a slip.
const MOST_BYTES: f64 = 1e6 * TB;

impl FromStr for Volume {
    type Err = VolumeError;

    /// Reads a number, a unit (`KB`, `MB`, `GB`, `TB`, `records`, `lines` or `interfaces`, in small letters too) and how long it
    /// takes (`/s`, `/hour`, `/day` or `/month`; a month if nothing is said).
    fn from_str(text: &str) -> Result<Self, VolumeError> {
        read(text).ok_or_else(|| VolumeError { found: text.to_owned() })
    }
}

fn read(text: &str) -> Option<Volume> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let (unit, period) = match rest.split_once('/') {
        Some((unit, period)) => (unit, Some(times_a_month(period)?)),
        None => (rest, None),
    };
    let many = number * period.unwrap_or(1.0);
    let volume = match unit.trim().to_ascii_lowercase().as_str() {
        "kb" => Volume::Bytes(many * 1e3),
        "mb" => Volume::Bytes(many * 1e6),
        "gb" => Volume::Bytes(many * 1e9),
        "tb" => Volume::Bytes(many * TB),
        "record" | "records" | "line" | "lines" => Volume::Lines(many),
        // They are there all the time.
        "interface" | "interfaces" if period.is_none() => Volume::Interfaces(many),
        _ => return None,
    };
    (many > 0.0 && volume.size() <= MOST_BYTES).then_some(volume)
}

fn times_a_month(period: &str) -> Option<f64> {
    Some(match period.trim() {
        "s" | "second" => SECONDS,
        "h" | "hour" => SECONDS / 3600.0,
        "d" | "day" => DAYS,
        "month" => 1.0,
        _ => return None,
    })
}

impl Volume {
    fn size(self) -> f64 {
        match self {
            Volume::Bytes(many) | Volume::Lines(many) | Volume::Interfaces(many) => many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_for_a_month() {
        let cases = [
            ("500GB/month", Volume::Bytes(500e9)),
            ("500 gb", Volume::Bytes(500e9)),
            ("20GB/day", Volume::Bytes(600e9)),
            ("1.5TB / month", Volume::Bytes(1.5e12)),
            ("2MB/s", Volume::Bytes(2e6 * 2_592_000.0)),
            ("1200records/s", Volume::Lines(1200.0 * 2_592_000.0)),
            ("10 lines/hour", Volume::Lines(7200.0)),
            ("80interfaces", Volume::Interfaces(80.0)),
            ("1 interface", Volume::Interfaces(1.0)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            "",
            "GB",
            "500",
            "-5GB",
            "0GB",
            "5GiB",
            "1.2.3GB",
            "5GB/week",
            "5GB/",
            "80interfaces/day",
            "NaNGB",
            "1e9TB",
            "9999999TB",
        ];
        for text in cases {
            assert_eq!(text.parse::<Volume>(), Err(VolumeError { found: text.to_owned() }));
        }
    }
}
