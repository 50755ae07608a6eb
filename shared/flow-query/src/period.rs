//! Periods of `bin`, `datefloor` and `dateceil`: `5m`, `1h`, `2weeks`.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A length of time as written: a number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// How many units, at least 1.
    pub amount: u32,
    /// The unit.
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// `ms`
    Millisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`, from Monday on.
    Week,
    /// `mo`
    Month,
    /// `q`
    Quarter,
    /// `y`
    Year,
}

const UNITS: [(TimeUnit, &[&str]); 9] = [
    (TimeUnit::Millisecond, &["ms", "millisecond", "msec"]),
    (TimeUnit::Second, &["s", "second", "sec"]),
    (TimeUnit::Minute, &["m", "minute", "min"]),
    (TimeUnit::Hour, &["h", "hour", "hr"]),
    (TimeUnit::Day, &["d", "day"]),
    (TimeUnit::Week, &["w", "week"]),
    (TimeUnit::Month, &["mo", "month", "mon"]),
    (TimeUnit::Quarter, &["q", "quarter", "qtr"]),
    (TimeUnit::Year, &["y", "year", "yr"]),
];

impl TimeUnit {
    /// The unit with this name, in any case; names of several letters may have an `s` at their end.
    pub fn from_name(name: &str) -> Option<Self> {
        let is = |unit: &&str| {
            unit.eq_ignore_ascii_case(name)
                || unit.len() > 1
                    && name.strip_suffix(['s', 'S']).is_some_and(|name| unit.eq_ignore_ascii_case(name))
        };
        UNITS.iter().find(|(_, names)| names.iter().any(is)).map(|(unit, _)| *unit)
    }

    fn name(self) -> &'static str {
        UNITS.iter().find(|(unit, _)| *unit == self).map_or("", |(_, names)| names[0])
    }

    /// The most that CloudWatch takes of this unit ("Datetime functions" in its user guide).
    fn cap(self) -> u32 {
        match self {
            TimeUnit::Millisecond => 1000,
            TimeUnit::Second | TimeUnit::Minute => 60,
            TimeUnit::Hour => 24,
            _ => u32::MAX,
        }
    }

    /// Milliseconds, of units that always have as many.
    fn millis(self) -> Option<i64> {
        Some(match self {
            TimeUnit::Millisecond => 1,
            TimeUnit::Second => 1000,
            TimeUnit::Minute => 60_000,
            TimeUnit::Hour => 3_600_000,
            TimeUnit::Day => DAY,
            TimeUnit::Week => 7 * DAY,
            TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => return None,
        })
    }

    fn months(self) -> i64 {
        match self {
            TimeUnit::Month => 1,
            TimeUnit::Quarter => 3,
            _ => 12,
        }
    }
}

const DAY: i64 = 86_400_000;

/// The Monday before 1970, which was a Thursday.
const MONDAY: i64 = -3 * DAY;

impl Period {
    /// The period that CloudWatch makes of this one: `300s` acts as `60s`.
    #[must_use]
    pub fn capped(self) -> Self {
        Period { amount: self.amount.min(self.unit.cap()), unit: self.unit }
    }

    /// What was probably meant by more than the cap: the same length in a larger unit, if there is one.
    pub(crate) fn in_larger_unit(self) -> Option<Self> {
        let length = i64::from(self.amount) * self.unit.millis()?;
        let larger = [TimeUnit::Day, TimeUnit::Hour, TimeUnit::Minute, TimeUnit::Second];
        larger.into_iter().find_map(|unit| {
            let amount = u32::try_from(length / unit.millis()?).ok()?;
            let is_same = length % unit.millis()? == 0 && (1..=unit.cap()).contains(&amount);
            is_same.then_some(Period { amount, unit })
        })
    }

    /// `millis` rounded down to a multiple of this period since 1970 (weeks begin on Mondays), in UTC; none outside the
    /// years that have dates.
    pub fn floor(self, millis: i64) -> Option<i64> {
        match self.unit.millis() {
            Some(unit) => {
                let origin = if self.unit == TimeUnit::Week { MONDAY } else { 0 };
                let length = i64::from(self.amount).checked_mul(unit)?;
                millis.checked_sub(origin)?.div_euclid(length).checked_mul(length)?.checked_add(origin)
            }
            None => month_start(self.month_floor(millis)?),
        }
    }

    /// `millis` rounded up, where it is no multiple.
    pub fn ceil(self, millis: i64) -> Option<i64> {
        let floor = self.floor(millis)?;
        if floor == millis {
            return Some(floor);
        }
        match self.unit.millis() {
            Some(unit) => floor.checked_add(i64::from(self.amount).checked_mul(unit)?),
            None => month_start(self.month_floor(millis)?.checked_add(self.months()?)?),
        }
    }

    fn months(self) -> Option<i64> {
        i64::from(self.amount).checked_mul(self.unit.months())
    }

    /// The month that this period of several begins with.
    fn month_floor(self, millis: i64) -> Option<i64> {
        let date = Timestamp::from_millisecond(millis).ok()?.to_zoned(TimeZone::UTC).date();
        let month = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
        Some(month.div_euclid(self.months()?) * self.months()?)
    }
}

/// The first millisecond of a month, counted from that of 1970.
fn month_start(month: i64) -> Option<i64> {
    let year = i16::try_from(1970 + month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    let start = Date::new(year, month, 1).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(start.timestamp().as_millisecond())
}

/// As in a query: `5m`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn period(text: &str) -> Period {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap();
        Period {
            amount: text[..digits].parse().unwrap(),
            unit: TimeUnit::from_name(&text[digits..]).unwrap(),
        }
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn floors_and_ceilings() {
        let time = at("2025-11-19T14:23:45.678Z");
        for (text, floor, ceil) in [
            ("1ms", "2025-11-19 14:23:45.678", "2025-11-19 14:23:45.678"),
            ("500ms", "2025-11-19 14:23:45.500", "2025-11-19 14:23:46.000"),
            ("10sec", "2025-11-19 14:23:40.000", "2025-11-19 14:23:50.000"),
            ("5m", "2025-11-19 14:20:00.000", "2025-11-19 14:25:00.000"),
            ("1Hour", "2025-11-19 14:00:00.000", "2025-11-19 15:00:00.000"),
            ("1day", "2025-11-19 00:00:00.000", "2025-11-20 00:00:00.000"),
            ("1w", "2025-11-17 00:00:00.000", "2025-11-24 00:00:00.000"),
            ("1months", "2025-11-01 00:00:00.000", "2025-12-01 00:00:00.000"),
            ("1q", "2025-10-01 00:00:00.000", "2026-01-01 00:00:00.000"),
            ("2y", "2024-01-01 00:00:00.000", "2026-01-01 00:00:00.000"),
        ] {
            let period = period(text);
            assert_eq!(Time(period.floor(time).unwrap()).to_string(), floor, "{text}");
            assert_eq!(Time(period.ceil(time).unwrap()).to_string(), ceil, "{text}");
        }
        assert_eq!(period("1mo").ceil(at("2025-11-01T00:00:00Z")), Some(at("2025-11-01T00:00:00Z")));
        assert_eq!(period("5m").floor(-1), Some(-300_000), "before 1970");
        assert_eq!(period("1mo").floor(i64::MAX), None);
        assert_eq!(period("4294967295y").ceil(at("2025-11-01T00:00:00Z")), None);
    }

    #[test]
    fn caps() {
        for (text, capped, meant) in [
            ("300s", "60s", Some("5m")),
            ("60s", "60s", Some("1m")),
            ("90m", "60m", None),
            ("120m", "60m", Some("2h")),
            ("48h", "24h", Some("2d")),
            ("5000ms", "1000ms", Some("5s")),
            ("30d", "30d", Some("30d")),
        ] {
            assert_eq!(period(text).capped().to_string(), capped, "{text}");
            assert_eq!(
                period(text).in_larger_unit().map(|meant| meant.to_string()).as_deref(),
                meant,
                "{text}"
            );
        }
    }

    #[test]
    fn units_have_many_names() {
        for name in ["m", "min", "mins", "Minutes", "MINUTE"] {
            assert_eq!(TimeUnit::from_name(name), Some(TimeUnit::Minute), "{name}");
        }
        for name in ["", "ss", "ds", "x", "fortnight"] {
            assert_eq!(TimeUnit::from_name(name), None, "{name}");
        }
        assert_eq!(TimeUnit::from_name("ms"), Some(TimeUnit::Millisecond));
    }
}
