//! Sums that round nothing: whatever is added in whatever order, the sum is the same to the last bit.
//!
//! Every finite double is a whole number times a power of two, so that a row of digits wide enough holds any sum of them
//! (Kulisch, "Computer Arithmetic and Validity", chapter 8). Only the digits in use are kept.

use crate::value::Number;

/// A number in digits of 32 bits, as two's complement: the last digit's highest bit is the sign.
///
/// There is one form of each number: neither its first digit is zero nor its last one without meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exact {
    /// Which power of 2^32 the first digit counts.
    low: i16,
    /// The least first; none of zero.
    digits: Vec<u32>,
}

/// The bits of a digit.
const BITS: i32 = 32;

/// Bits of a double's mantissa behind its first one.
const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;

/// No power that sums of doubles' squares need is further from 0, and none needs more digits.
const FARTHEST: i16 = 100;

impl Exact {
    /// Adds a number; one that is not finite is none.
    pub(crate) fn add(&mut self, number: Number) {
        match number {
            Number::Integer(whole) => self.add_whole(whole.into()),
            Number::Float(float) => {
                let (mantissa, exponent) = split(float);
                self.add_scaled(mantissa.into(), exponent);
            }
        }
    }

    /// Adds the square of a number.
    pub(crate) fn add_square(&mut self, number: Number) {
        match number {
            Number::Integer(whole) => self.add_whole(i128::from(whole) * i128::from(whole)),
            Number::Float(float) => {
                let (mantissa, exponent) = split(float);
                // 106 bits, and room for a shift by 31 only in halves.
                let square = i128::from(mantissa) * i128::from(mantissa);
                self.add_scaled(square & i128::from(u64::MAX), 2 * exponent);
                self.add_scaled(square >> 64, 2 * exponent + 64);
            }
        }
    }

    pub(crate) fn add_whole(&mut self, whole: i128) {
        self.add_digits(0, &digits_of(whole), whole < 0);
    }

    pub(crate) fn merge(&mut self, other: &Exact) {
        self.add_digits(other.low, &other.digits, other.is_negative());
    }

    /// Adds `whole`, of at most 96 bits, times a power of two.
    fn add_scaled(&mut self, whole: i128, exponent: i32) {
        let shifted = whole << exponent.rem_euclid(BITS);
        let low = i16::try_from(exponent.div_euclid(BITS)).unwrap_or_default();
        self.add_digits(low, &digits_of(shifted), shifted < 0);
    }

    /// Adds a number of these digits, the first at `low`.
    fn add_digits(&mut self, low: i16, more: &[u32], is_negative: bool) {
        if self.digits.is_empty() {
            self.low = low;
        } else if low < self.low {
            let missing = usize::from(self.low.abs_diff(low));
            self.digits.splice(0..0, std::iter::repeat_n(0, missing));
            self.low = low;
        }
        let start = usize::from(low.abs_diff(self.low));
        let sign = sign_digit(self.is_negative());
        // One digit more than either has: the sum fits, and its sign is right.
        let length = (start + more.len()).max(self.digits.len()) + 1;
        self.digits.resize(length, sign);
        let more = more.iter().copied().chain(std::iter::repeat(sign_digit(is_negative)));
        let mut carry = false;
        for (digit, more) in self.digits.iter_mut().skip(start).zip(more) {
            let (sum, one) = digit.overflowing_add(more);
            let (sum, other) = sum.overflowing_add(carry.into());
            (*digit, carry) = (sum, one || other);
        }
        self.trim();
    }

    /// Leaves out what means nothing.
    fn trim(&mut self) {
        while let [.., next, last] = self.digits[..]
            && last == sign_digit(is_negative(next))
        {
            self.digits.pop();
        }
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        let zeros = u16::try_from(zeros).unwrap_or_default();
        self.low = if self.digits.is_empty() { 0 } else { self.low.saturating_add_unsigned(zeros) };
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn is_negative(&self) -> bool {
        self.digits.last().is_some_and(|last| is_negative(*last))
    }

    pub(crate) fn negated(&self) -> Self {
        let mut negated = Exact::default();
        let inverted: Vec<u32> = self.digits.iter().map(|digit| !digit).collect();
        negated.add_digits(self.low, &inverted, !self.is_negative() && !self.is_zero());
        if !self.is_zero() {
            negated.add_digits(self.low, &[1], false);
        }
        negated
    }

    /// The product, exact too.
    pub(crate) fn times(&self, other: &Exact) -> Self {
        let (mine, theirs) = (self.magnitude(), other.magnitude());
        let mut product = Exact::default();
        for (place, digit) in (0_i16..).zip(&mine.digits) {
            for (other_place, other_digit) in (0_i16..).zip(&theirs.digits) {
                let part = i128::from(*digit) * i128::from(*other_digit);
                let low = mine.low + place + theirs.low + other_place;
                product.add_digits(low, &digits_of(part), false);
            }
        }
        if self.is_negative() == other.is_negative() { product } else { product.negated() }
    }

    fn magnitude(&self) -> Self {
        if self.is_negative() { self.negated() } else { self.clone() }
    }

    /// The nearest double.
    pub(crate) fn to_float(&self) -> f64 {
        let (number, exponent) = self.to_scaled();
        // In two steps: neither power overflows where the product does not.
        let half = exponent / 2;
        number * f64::from(half).exp2() * f64::from(exponent - half).exp2()
    }

    /// A double and the power of two that it is to be multiplied by: the nearest number of as many bits.
    pub(crate) fn to_scaled(&self) -> (f64, i32) {
        let magnitude = self.magnitude();
        let split = magnitude.digits.len().saturating_sub(4);
        let (rest, first) = magnitude.digits.split_at(split);
        let bits = first.iter().rev().fold(0, |bits, digit| bits << BITS | u128::from(*digit));
        // What lies below decides between two doubles only if it is not nothing.
        let bits = bits | u128::from(rest.iter().any(|digit| *digit != 0));
        let number = if self.is_negative() { -(bits as f64) } else { bits as f64 };
        let place = i32::from(magnitude.low).saturating_add(i32::try_from(split).unwrap_or_default());
        (number, place * BITS)
    }

    /// The power of 2^32 that the first digit counts, and the digits, the least first: two's complement.
    pub fn digits(&self) -> (i16, &[u32]) {
        (self.low, &self.digits)
    }

    /// The number that [`digits`](Self::digits) told, if it could have.
    pub fn from_digits(low: i16, digits: Vec<u32>) -> Option<Self> {
        let is_near = low.abs() <= FARTHEST && digits.len() <= 2 * usize::from(FARTHEST.unsigned_abs());
        let told = Exact { low, digits };
        let mut trimmed = told.clone();
        trimmed.trim();
        (is_near && trimmed == told).then_some(told)
    }
}

fn is_negative(digit: u32) -> bool {
    digit.cast_signed() < 0
}

/// What stands in all places beyond the last.
fn sign_digit(is_negative: bool) -> u32 {
    if is_negative { u32::MAX } else { 0 }
}

fn digits_of(whole: i128) -> [u32; 4] {
    let bytes = whole.to_le_bytes();
    let (digits, _) = bytes.as_chunks::<4>();
    std::array::from_fn(|place| u32::from_le_bytes(digits[place]))
}

/// A double as a whole number times a power of two.
fn split(float: f64) -> (i64, i32) {
    if !float.is_finite() {
        return (0, 0);
    }
    let bits = float.to_bits();
    let fraction = (bits & ((1 << MANTISSA) - 1)).cast_signed();
    let exponent = i32::try_from(bits >> MANTISSA & 0x7ff).unwrap_or_default();
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << MANTISSA };
    (if float < 0.0 { -mantissa } else { mantissa }, exponent.max(1) - 1075)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &[f64]) -> Exact {
        let mut exact = Exact::default();
        numbers.iter().for_each(|number| exact.add(Number::Float(*number)));
        exact
    }

    fn any_finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |number| number.is_finite()),
            -1e3..1e3,
            (any::<i32>(), -90..90_i32).prop_map(|(whole, power)| f64::from(whole) * f64::from(power).exp2()),
        ]
    }

    #[test]
    fn what_doubles_lose_stays() {
        assert_eq!(of(&[1e300, 1.0, -1e300]).to_float(), 1.0);
        assert_eq!(of(&[0.1, 0.2, -0.3]).to_float(), 2f64.powi(-55));
        assert_eq!(of(&[f64::MIN_POSITIVE / 4.0, 1e308, -1e308]).to_float(), f64::MIN_POSITIVE / 4.0);
        assert_eq!(of(&[f64::MAX, f64::MAX]).to_float(), f64::INFINITY);
        assert_eq!(of(&[f64::NAN, f64::INFINITY, 2.5]), of(&[2.5]));
        assert_eq!(of(&[0.5, -0.5]), Exact::default());
        // Half way between two doubles, and a little more.
        let even = 9_007_199_254_740_992.0;
        assert_eq!(of(&[even, 1.0]).to_float(), even);
        assert_eq!(of(&[even, 1.0, 1e-300]).to_float(), even + 2.0);
    }

    #[test]
    fn one_form_of_each_number() {
        let whole = |number: i128| {
            let mut exact = Exact::default();
            exact.add_whole(number);
            exact
        };
        assert_eq!(whole(-1).digits(), (0, [u32::MAX].as_slice()));
        assert_eq!(whole(1 << 31).digits(), (0, [1 << 31, 0].as_slice()));
        assert_eq!(whole(-(1 << 31)).digits(), (0, [1 << 31].as_slice()));
        assert_eq!(whole(1 << 64).digits(), (2, [1].as_slice()));
        for (low, digits) in [
            (0, vec![0]),
            (0, vec![0, 1]),
            (0, vec![1, 0]),
            (0, vec![u32::MAX, u32::MAX]),
            (101, vec![1]),
            (3, vec![]),
        ] {
            assert_eq!(Exact::from_digits(low, digits.clone()), None, "{low} {digits:?}");
        }
    }

    proptest! {
        /// Whole numbers add up as whole numbers do.
        #[test]
        fn as_whole_numbers(numbers in prop::collection::vec(any::<i64>(), 0..20)) {
            let mut exact = Exact::default();
            numbers.iter().for_each(|number| exact.add(Number::Integer(*number)));
            let sum: i128 = numbers.iter().map(|number| i128::from(*number)).sum();
            let mut expected = Exact::default();
            expected.add_whole(sum);
            prop_assert_eq!(exact.to_float(), sum as f64);
            prop_assert_eq!(&exact, &expected);
            let (low, digits) = exact.digits();
            prop_assert_eq!(Exact::from_digits(low, digits.to_vec()), Some(expected));
        }

        /// Any order, any cut; and what is taken away again leaves nothing.
        #[test]
        fn order_never_shows((all, shuffled) in prop::collection::vec(any_finite(), 0..20)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())), cut in 0..20_usize)
        {
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let mut merged = of(right);
            merged.merge(&of(left));
            prop_assert_eq!(&merged, &of(&all));
            merged.merge(&of(&all).negated());
            prop_assert!(merged.is_zero(), "{:?}", merged);
        }

        #[test]
        fn one_number_is_itself(number in any_finite()) {
            prop_assert_eq!(of(&[number]).to_float(), number);
        }

        /// (a + b)^2 = a^2 + 2ab + b^2, to the last bit.
        #[test]
        fn squares_and_products(a in any_finite(), b in any_finite()) {
            let square = |number| {
                let mut square = Exact::default();
                square.add_square(Number::Float(number));
                square
            };
            let product = of(&[a]).times(&of(&[b]));
            let mut expected = square(a);
            expected.merge(&square(b));
            expected.merge(&product);
            expected.merge(&product);
            prop_assert_eq!(of(&[a, b]).times(&of(&[a, b])), expected);
        }
    }
}
