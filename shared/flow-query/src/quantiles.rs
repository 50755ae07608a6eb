//! Quantiles: exact while few, a histogram of known relative error after.

use serde::{Deserialize, Serialize};

use crate::value::{Number, Value};

/// Up to this many values quantiles are exact.
pub const EXACT_VALUES: usize = 256;

/// How many of a double's bits after the exponent choose the bucket: 2^7 buckets for each power of two.
const PRECISION: u32 = 7;

/// The bits below them.
const REST: u32 = f64::MANTISSA_DIGITS - 1 - PRECISION;

/// The bucket of the largest double.
const LAST_BUCKET: i32 = 0x7ff << PRECISION;

/// How large a part of all values lies at or below a quantile: the `n` of `pct(f, n)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Percent(u32);

/// A percentage is kept in millionths.
const MILLION: f64 = 1e6;

impl Percent {
    /// The median.
    pub const MEDIAN: Percent = Percent(50_000_000);

    /// The percentage, if it is from 0 to 100 and has at most six decimal places.
    pub fn new(percent: f64) -> Option<Self> {
        let millionths = (percent * MILLION).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10^8")]
        let kept = Percent(millionths as u32);
        ((0.0..=100.0 * MILLION).contains(&millionths)
            && kept.to_float().to_bits() == percent.abs().to_bits())
        .then_some(kept)
    }

    fn to_float(self) -> f64 {
        f64::from(self.0) / MILLION
    }

    /// Which of `count` values in order, counted from 1: the first at or below which as large a part lies.
    fn rank(self, count: u64) -> u64 {
        let rank = (u128::from(self.0) * u128::from(count)).div_ceil(100_000_000);
        u64::try_from(rank).unwrap_or(count).clamp(1, count.max(1))
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_float().fmt(f)
    }
}

/// Numbers that know their quantiles.
///
/// Up to [`EXACT_VALUES`] are kept as they are. More are counted in buckets, 128 for each power of two, so that a
/// quantile is off by at most one part in 128 of its value. Which buckets there are depends only on the values, so that
/// adding and merging are commutative and associative, bit for bit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantiles(State);

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// In order.
    Exact(Vec<Number>),
    Counted(Buckets),
}

impl Default for State {
    fn default() -> Self {
        State::Exact(Vec::new())
    }
}

/// Values counted by size.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    /// The least value.
    pub least: Number,
    /// The greatest value.
    pub greatest: Number,
    /// Numbers of buckets in ascending order, negative for negative values, and how many values are in each.
    pub counts: Vec<(i32, u64)>,
}

impl Buckets {
    fn add(&mut self, number: Number, count: u64) {
        if number.compare(self.least).is_lt() {
            self.least = number;
        }
        if number.compare(self.greatest).is_gt() {
            self.greatest = number;
        }
        self.count(bucket(number), count);
    }

    fn count(&mut self, bucket: i32, count: u64) {
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => self.counts[place].1 = self.counts[place].1.saturating_add(count),
            Err(place) => self.counts.insert(place, (bucket, count)),
        }
    }

    fn merge(&mut self, other: &Buckets) {
        self.add(other.least, 0);
        self.add(other.greatest, 0);
        other.counts.iter().for_each(|(bucket, count)| self.count(*bucket, *count));
    }

    fn total(&self) -> u64 {
        self.counts.iter().fold(0, |total, (_, count)| total.saturating_add(*count))
    }

    fn at_rank(&self, rank: u64) -> Number {
        let mut seen = 0_u64;
        let reached = self.counts.iter().find(|(_, count)| {
            seen = seen.saturating_add(*count);
            seen >= rank
        });
        let middle = reached.map_or(self.greatest, |(bucket, _)| middle(*bucket));
        if rank <= 1 || middle.compare(self.least).is_lt() {
            self.least
        } else if rank >= self.total() || middle.compare(self.greatest).is_gt() {
            self.greatest
        } else {
            middle
        }
    }
}

impl Quantiles {
    pub(crate) fn add(&mut self, number: Number) {
        match &mut self.0 {
            State::Exact(values) => {
                let place = values.partition_point(|value| value.compare(number).is_lt());
                values.insert(place, number);
                self.spill();
            }
            State::Counted(buckets) => buckets.add(number, 1),
        }
    }

    pub(crate) fn merge(&mut self, other: &Quantiles) {
        match (&mut self.0, &other.0) {
            (State::Exact(values), State::Exact(more)) => {
                values.extend_from_slice(more);
                values.sort_by(|left, right| left.compare(*right));
                self.spill();
            }
            (State::Counted(buckets), State::Exact(more)) => {
                more.iter().for_each(|value| buckets.add(*value, 1));
            }
            (State::Counted(buckets), State::Counted(more)) => buckets.merge(more),
            (State::Exact(values), State::Counted(more)) => {
                let mut buckets = more.clone();
                values.iter().for_each(|value| buckets.add(*value, 1));
                self.0 = State::Counted(buckets);
            }
        }
    }

    fn spill(&mut self) {
        if let State::Exact(values) = &self.0
            && values.len() > EXACT_VALUES
            && let [least, .., greatest] = values[..]
        {
            let mut buckets = Buckets { least, greatest, counts: Vec::new() };
            values.iter().for_each(|value| buckets.add(*value, 1));
            self.0 = State::Counted(buckets);
        }
    }

    /// The quantile at `percent`: the least value at or below which so many of all values lie; absent of nothing.
    pub fn at(&self, percent: Percent) -> Value<'static> {
        let number = match &self.0 {
            State::Exact(values) => {
                let rank = usize::try_from(percent.rank(values.len() as u64)).unwrap_or(usize::MAX);
                values.get(rank - 1).copied()
            }
            State::Counted(buckets) => Some(buckets.at_rank(percent.rank(buckets.total()))),
        };
        number.map_or(Value::Absent, Value::from)
    }

    /// The values in ascending order, while quantiles are exact.
    pub fn values(&self) -> Option<&[Number]> {
        match &self.0 {
            State::Exact(values) => Some(values),
            State::Counted(_) => None,
        }
    }

    /// The buckets, once quantiles are estimated.
    pub fn buckets(&self) -> Option<&Buckets> {
        match &self.0 {
            State::Exact(_) => None,
            State::Counted(buckets) => Some(buckets),
        }
    }

    /// Of these values, if they ascend and are at most [`EXACT_VALUES`].
    pub fn from_values(values: Vec<Number>) -> Option<Self> {
        let ascends = values.is_sorted_by(|left, right| left.compare(*right).is_le());
        (ascends && values.len() <= EXACT_VALUES).then_some(Quantiles(State::Exact(values)))
    }

    /// Of these buckets, if they are what [`buckets`](Self::buckets) could have told.
    pub fn from_buckets(buckets: Buckets) -> Option<Self> {
        let ascends = buckets.counts.is_sorted_by(|(left, _), (right, _)| left < right);
        let ends = [buckets.counts.first(), buckets.counts.last()].map(|end| end.map(|(bucket, _)| *bucket));
        let are_ends = ends == [Some(bucket(buckets.least)), Some(bucket(buckets.greatest))];
        let is_filled = buckets.counts.iter().all(|(_, count)| *count > 0);
        let is_ours = ascends && are_ends && is_filled && buckets.total() > EXACT_VALUES as u64;
        let in_order = buckets.least.compare(buckets.greatest).is_le();
        (is_ours && in_order).then_some(Quantiles(State::Counted(buckets)))
    }
}

/// The bucket of a number: from 1 on by its size, negative for what is negative, 0 for zero.
fn bucket(number: Number) -> i32 {
    let number = number.to_float();
    if number == 0.0 {
        return 0;
    }
    // Positive doubles are in the order of their bits.
    let place = i32::try_from(number.abs().to_bits() >> REST).map_or(LAST_BUCKET, |place| place + 1);
    if number < 0.0 { -place } else { place }
}

/// The middle of a bucket, or the whole number below it when that is in the bucket too.
fn middle(bucket: i32) -> Number {
    let Some(place) = u64::from(bucket.unsigned_abs()).checked_sub(1) else { return Number::Integer(0) };
    let (from, to) = (f64::from_bits(place << REST), f64::from_bits((place + 1) << REST));
    // Beyond the last bucket there is no number.
    let middle = if to.is_finite() { f64::midpoint(from, to) } else { from };
    let middle = if middle.floor() >= from && middle.floor() > 0.0 { middle.floor() } else { middle };
    let middle = if bucket < 0 { -middle } else { middle };
    Value::of_float(middle).number().unwrap_or(Number::Integer(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Quantiles {
        let mut quantiles = Quantiles::default();
        let numbers = values.into_iter().filter_map(|value| Value::of_float(value).number());
        numbers.for_each(|number| quantiles.add(number));
        quantiles
    }

    fn at(quantiles: &Quantiles, percent: f64) -> f64 {
        quantiles.at(Percent::new(percent).unwrap()).number().map_or(f64::NAN, Number::to_float)
    }

    #[test]
    fn small_sets_are_exact() {
        let few = of([4.0, 1.0, 3.5, 2.0]);
        let found = [0.0, 25.0, 25.1, 50.0, 75.0, 99.9, 100.0].map(|percent| at(&few, percent));
        assert_eq!(found.map(|value| value.to_string()), ["1", "1", "2", "2", "3.5", "4", "4"]);
        assert_eq!(Quantiles::default().at(Percent::MEDIAN), Value::Absent);
        let hundred = of((1..=256).rev().map(f64::from));
        assert!(hundred.values().is_some());
        assert_eq!(hundred.at(Percent::new(99.0).unwrap()), Value::Integer(254));
    }

    #[test]
    fn percentages() {
        for (percent, shown) in
            [(0.0, "0"), (50.0, "50"), (99.99, "99.99"), (100.0, "100"), (0.000_001, "0.000001")]
        {
            assert_eq!(Percent::new(percent).unwrap().to_string(), shown);
        }
        for bad in [-1.0, 100.1, 0.000_000_1, f64::NAN, f64::INFINITY] {
            assert_eq!(Percent::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn buckets_hold_their_middle() {
        for place in -LAST_BUCKET..=LAST_BUCKET {
            assert_eq!(bucket(middle(place)), place);
        }
        assert_eq!(bucket(Number::Float(f64::MAX)), LAST_BUCKET);
        for whole in 0..256 {
            assert_eq!(
                middle(bucket(Number::Integer(whole))),
                Number::Integer(whole),
                "small whole numbers stay"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A quantile is within one part in 128 of the value of its rank.
        #[test]
        fn within_the_stated_error(mut values in prop::collection::vec(prop_oneof![
            -1e9..1e9, 0.0..1e3, (0..100_000_u32).prop_map(f64::from), Just(0.0), 1e-300..1e-9, 1e20..1e300], 257..900), percent in 0..=100_u8)
        {
            let quantiles = of(values.iter().copied());
            prop_assert!(quantiles.buckets().is_some());
            values.sort_by(f64::total_cmp);
            let rank = Percent::new(percent.into()).unwrap().rank(values.len() as u64);
            let exact = values[usize::try_from(rank).unwrap() - 1];
            let found = at(&quantiles, percent.into());
            prop_assert!((found - exact).abs() <= exact.abs() / 128.0, "{} for {}", found, exact);
        }

        /// Any cut, any order: the same to the bit; and it is read as it was told.
        #[test]
        fn cuts_do_not_matter((all, shuffled) in prop::collection::vec(-1e4..1e4_f64, 0..700)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())), cut in 0..700_usize)
        {
            let whole = of(all);
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let mut merged = of(left.iter().copied());
            merged.merge(&of(right.iter().copied()));
            prop_assert_eq!(&merged, &whole);
            let told = match (whole.values(), whole.buckets()) {
                (Some(values), _) => Quantiles::from_values(values.to_vec()),
                (None, buckets) => buckets.and_then(|buckets| Quantiles::from_buckets(buckets.clone())),
            };
            prop_assert_eq!(told, Some(whole));
        }
    }
}
