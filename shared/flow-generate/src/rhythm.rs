//! How busy people are, by hour and day.

/// Of a busiest hour's work, in percent, for each hour of a working day in UTC.
const WORKING_DAY: [u8; 24] =
    [3, 2, 2, 2, 3, 6, 15, 40, 80, 100, 98, 92, 70, 85, 98, 95, 85, 60, 35, 20, 14, 10, 7, 4];

/// The same for visitors of web sites, who also come in the evening and at weekends.
const VISITORS: [u8; 24] =
    [30, 22, 17, 15, 16, 20, 32, 48, 62, 72, 78, 80, 82, 80, 78, 78, 80, 85, 92, 98, 100, 90, 68, 45];

/// What is left of work at a weekend.
const WEEKEND: f64 = 0.08;

const DAY: u64 = 24 * 3600;

/// The share of a busiest hour's work at a Unix second.
pub(crate) fn work(time: u64) -> f64 {
    curve(&WORKING_DAY, time) * if is_weekend(time) { WEEKEND } else { 1.0 }
}

/// The share of a busiest hour's visitors at a Unix second.
pub(crate) fn visits(time: u64) -> f64 {
    curve(&VISITORS, time)
}

/// The second of the day, in UTC.
pub(crate) fn second_of_day(time: u64) -> u64 {
    time % DAY
}

fn is_weekend(time: u64) -> bool {
    // The epoch was a Thursday.
    matches!((time / DAY + 4) % 7, 0 | 6)
}

/// A curve through the middles of the hours.
fn curve(hours: &[u8; 24], time: u64) -> f64 {
    let shifted = second_of_day(time + DAY - 1800);
    let hour = usize::try_from(shifted / 3600).unwrap_or_default();
    let (this, next) = (f64::from(hours[hour % 24]), f64::from(hours[(hour + 1) % 24]));
    let part = (shifted % 3600) as f64 / 3600.0;
    (this + (next - this) * part) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05 was a Monday.
    const MONDAY: u64 = 1_767_571_200;

    #[test]
    fn day_night_and_weekend() {
        let noon = |day: u64| work(MONDAY + day * DAY + 12 * 3600);
        assert!(noon(0) > 0.7 && noon(4) > 0.7);
        assert!(noon(5) < 0.1 && noon(6) < 0.1 && noon(7) > 0.7);
        assert!(work(MONDAY + 3 * 3600) < 0.05);
        assert!(visits(MONDAY + 5 * DAY + 20 * 3600 + 1800) > 0.99);
        assert!((0..DAY).all(|second| (0.0..=1.0).contains(&visits(MONDAY + second))));
    }
}
