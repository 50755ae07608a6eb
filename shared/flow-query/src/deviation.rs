//! The deviation of a sample, from sums that are exact.

use crate::exact::Exact;
use crate::value::{Number, Value};

/// How many values, their sum and the sum of their squares, all exact: no cancellation, whatever the values have in
/// common, and no order of adding that shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deviation {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Exact,
    /// The sum of their squares.
    pub squares: Exact,
}

impl Deviation {
    pub(crate) fn add(&mut self, number: Number) {
        self.count = self.count.saturating_add(1);
        self.sum.add(number);
        self.squares.add_square(number);
    }

    pub(crate) fn merge(&mut self, other: &Deviation) {
        self.count = self.count.saturating_add(other.count);
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// The sample deviation, whose divisor is one less than the count; absent below two values.
    pub(crate) fn value(&self) -> Value<'static> {
        if self.count < 2 {
            return Value::Absent;
        }
        // The squared distances from the mean add up to (count * squares - sum^2) / count.
        let mut count = Exact::default();
        count.add_whole(self.count.into());
        let mut distances = self.squares.times(&count);
        distances.merge(&self.sum.times(&self.sum).negated());
        let (distances, exponent) = distances.to_scaled();
        let variance = distances / (self.count as f64) / ((self.count - 1) as f64);
        // The exponent is a multiple of 32: half of it is whole.
        Value::of_float(variance.sqrt() * f64::from(exponent / 2).exp2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(values: impl IntoIterator<Item = Number>) -> f64 {
        let mut deviation = Deviation::default();
        values.into_iter().for_each(|value| deviation.add(value));
        deviation.value().number().map_or(f64::NAN, Number::to_float)
    }

    fn of_whole<const N: usize>(values: [i64; N]) -> f64 {
        deviation(values.map(Number::Integer))
    }

    #[test]
    fn of_a_sample() {
        let known = of_whole([2, 4, 4, 4, 5, 5, 7, 9]);
        assert!((known - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15, "{known}");
        assert!(of_whole([7]).is_nan() && of_whole([]).is_nan());
        assert_eq!(of_whole([7, 7, 7]).to_bits(), 0.0_f64.to_bits());
    }

    /// Values that differ by 1 far from zero, where squares of floats have lost everything.
    #[test]
    fn nothing_cancels() {
        for base in [0, 1_700_000_000, i64::MAX - 3, i64::MIN] {
            assert!((of_whole([base, base + 1, base + 2]) - 1.0).abs() < 1e-15, "{base}");
        }
        let wide = of_whole([i64::MIN, i64::MAX]);
        assert!((wide / 2.0_f64.powf(63.5) - 1.0).abs() < 1e-12, "{wide}");
    }

    /// Of any size: the squares of these have no double.
    #[test]
    fn sizes_do_not_matter() {
        for scale in [1e-300, 1e-9, 1e30, 1e300] {
            let found = deviation([1.0, 2.0, 3.0].map(|value| Number::Float(value * scale)));
            assert!((found / scale - 1.0).abs() < 1e-12, "{found}");
            assert_eq!(deviation([Number::Float(scale); 3]).to_bits(), 0.0_f64.to_bits());
        }
    }
}
