//! The deviation of a sample, from sums that are exact.

use crate::aggregate::Sum;
use crate::value::{Number, Value};

/// How many values, their sum and the sum of their squares, all exact: no cancellation, whatever the values have in
/// common, and no order of adding that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deviation {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Sum,
    /// The sum of their squares.
    pub squares: Squares,
}

impl Deviation {
    pub(crate) fn add(&mut self, number: Number) {
        let mut alone = Sum::default();
        alone.add(number);
        self.count = self.count.saturating_add(1);
        self.sum.add(number);
        self.squares = self.squares.plus(Squares::of(alone.to_fixed().unsigned_abs()));
    }

    pub(crate) fn merge(&mut self, other: &Deviation) {
        self.count = self.count.saturating_add(other.count);
        self.sum.merge(other.sum);
        self.squares = self.squares.plus(other.squares);
    }

    /// The sample deviation, whose divisor is one less than the count; absent below two values.
    pub(crate) fn value(&self) -> Value<'static> {
        if self.count < 2 {
            return Value::Absent;
        }
        // With q and r the whole mean and the rest of the sum, the squared distances from q add up to
        // squares - count q^2 - 2 q r, all of them whole; from the mean itself, to r^2 / count less.
        let sum = self.sum.to_fixed().unsigned_abs();
        let (mean, rest) = (sum / u128::from(self.count), sum % u128::from(self.count));
        let rest = u64::try_from(rest).unwrap_or(u64::MAX);
        let cross = Squares { high: 0, low: mean }.times(rest);
        let distances =
            self.squares.minus(Squares::of(mean).times(self.count)).minus(cross).minus(cross).to_float();
        let rest = rest as f64;
        let distances = (distances - rest * rest / self.count as f64).max(0.0);
        let scale = f64::from(Sum::FRACTION_BITS).exp2();
        Value::of_float((distances / (self.count - 1) as f64).sqrt() / scale)
    }
}

/// A sum of squares in fixed point with 64 fractional bits, 256 bits in all. Stays at the largest when it is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Squares {
    high: u128,
    low: u128,
}

const HALF: u32 = u64::BITS;

impl Squares {
    const FULL: Squares = Squares { high: u128::MAX, low: u128::MAX };

    /// The square of `root`, which is at most 2^127.
    fn of(root: u128) -> Self {
        let (upper, lower) = (root >> HALF, root & u128::from(u64::MAX));
        let cross = upper * lower;
        let (low, carry) = (lower * lower).overflowing_add(cross << (HALF + 1));
        Squares { high: upper * upper + (cross >> (HALF - 1)) + u128::from(carry), low }
    }

    fn plus(self, other: Squares) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high).and_then(|high| high.checked_add(carry.into()));
        high.map_or(Squares::FULL, |high| Squares { high, low })
    }

    /// The difference, at least 0.
    fn minus(self, other: Squares) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        let high = self.high.checked_sub(other.high).and_then(|high| high.checked_sub(borrow.into()));
        high.map_or(Squares::default(), |high| Squares { high, low })
    }

    fn times(self, factor: u64) -> Self {
        let factor = u128::from(factor);
        let digits = [self.low, self.high].map(|part| [part & u128::from(u64::MAX), part >> HALF]);
        let (mut product, mut carry) = ([0_u128; 4], 0);
        for (place, digit) in product.iter_mut().zip(digits.as_flattened()) {
            let next = digit * factor + carry;
            (*place, carry) = (next & u128::from(u64::MAX), next >> HALF);
        }
        let [a, b, c, d] = product;
        if carry > 0 { Squares::FULL } else { Squares { high: d << HALF | c, low: b << HALF | a } }
    }

    fn to_float(self) -> f64 {
        self.high as f64 * f64::from(u128::BITS).exp2() + self.low as f64
    }

    /// The 256 bits, the least first, for keeping.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.low.to_le_bytes());
        bytes[16..].copy_from_slice(&self.high.to_le_bytes());
        bytes
    }

    /// The sum that [`to_bytes`](Self::to_bytes) told.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let (halves, _) = bytes.as_chunks::<16>();
        Squares { low: u128::from_le_bytes(halves[0]), high: u128::from_le_bytes(halves[1]) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn deviation(values: impl IntoIterator<Item = i64>) -> f64 {
        let mut deviation = Deviation::default();
        values.into_iter().for_each(|value| deviation.add(Number::Integer(value)));
        deviation.value().number().map_or(f64::NAN, Number::to_float)
    }

    #[test]
    fn of_a_sample() {
        let known = deviation([2, 4, 4, 4, 5, 5, 7, 9]);
        assert!((known - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15, "{known}");
        assert!(deviation([7]).is_nan() && deviation([]).is_nan());
        assert_eq!(deviation([7, 7, 7]).to_bits(), 0.0_f64.to_bits());
    }

    /// Values that differ by 1 far from zero, where squares of floats have lost everything.
    #[test]
    fn nothing_cancels() {
        for base in [0, 1_700_000_000, i64::MAX - 3, i64::MIN] {
            assert!((deviation([base, base + 1, base + 2]) - 1.0).abs() < 1e-15, "{base}");
        }
        let wide = deviation([i64::MIN, i64::MAX]);
        assert!((wide / 2.0_f64.powf(63.5) - 1.0).abs() < 1e-12, "{wide}");
    }

    #[test]
    fn full_stays_full() {
        assert_eq!(Squares::FULL.plus(Squares::of(1)), Squares::FULL);
        assert_eq!(Squares::FULL.times(2), Squares::FULL);
        assert_eq!(Squares::of(1).minus(Squares::of(2)), Squares::default());
        assert_eq!(Squares::of(1 << 127), Squares { high: 1 << 126, low: 0 });
    }

    proptest! {
        #[test]
        fn squares_are_exact(root in any::<u64>(), factor in any::<u64>(), wide in 0..1_u128 << 127) {
            let square = u128::from(root) * u128::from(root);
            prop_assert_eq!(Squares::of(root.into()), Squares { high: 0, low: square });
            // (2^64 + r)^2 = 2^128 + 2^65 r + r^2
            let (low, carry) = (u128::from(root) << 65).overflowing_add(square);
            let high = 1 + (u128::from(root) >> 63) + u128::from(carry);
            prop_assert_eq!(Squares::of((1 << 64) + u128::from(root)), Squares { high, low });
            prop_assert_eq!(Squares { high: 0, low: root.into() }.times(factor).low, u128::from(root) * u128::from(factor));
            let square = Squares::of(wide);
            prop_assert_eq!(square.times(3), square.plus(square).plus(square));
            prop_assert_eq!(square.times(3).minus(square).minus(square), square);
            prop_assert_eq!(Squares::from_bytes(square.to_bytes()), square);
        }
    }
}
