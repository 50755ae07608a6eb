//! Counting distinct values: exact while few, a HyperLogLog sketch after.

use std::fmt;

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// Up to this many distinct values the count is exact.
pub const EXACT_LIMIT: usize = 256;

/// 2^12 registers: one standard error is 1.04 / sqrt(4096), 1.6 % (Flajolet and others, 2007).
const LG_REGISTERS: u8 = 12;

/// A set of values that knows how many there are.
///
/// Adding and merging are commutative, associative and idempotent, also across the change from exact to estimated:
/// the count depends only on which values were seen.
#[derive(Clone)]
pub struct Distinct(State);

#[derive(Clone)]
enum State {
    /// Sorted hashes; two values share one of 2^64 with a probability that can be left out of account.
    Exact(Vec<u64>),
    Estimated(Box<HllUnion>),
}

impl Default for Distinct {
    fn default() -> Self {
        Distinct(State::Exact(Vec::new()))
    }
}

impl Distinct {
    /// Adds the value with this hash.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            State::Exact(hashes) => {
                if let Err(place) = hashes.binary_search(&hash) {
                    hashes.insert(place, hash);
                    self.spill();
                }
            }
            State::Estimated(union) => union.update_value(hash),
        }
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Distinct) {
        match (&mut self.0, &other.0) {
            (_, State::Exact(hashes)) => hashes.iter().for_each(|hash| self.insert(*hash)),
            (State::Estimated(union), State::Estimated(theirs)) => union.update(&sketch(theirs)),
            (State::Exact(hashes), State::Estimated(theirs)) => {
                let mut union = theirs.clone();
                hashes.iter().for_each(|hash| union.update_value(*hash));
                self.0 = State::Estimated(union);
            }
        }
    }

    /// How many distinct values were seen: exact to [`EXACT_LIMIT`], estimated above.
    pub fn count(&self) -> u64 {
        match &self.0 {
            State::Exact(hashes) => hashes.len() as u64,
            // The composite estimate depends on the registers alone, not on the order they were filled in.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rounded count")]
            State::Estimated(union) => union.composite_estimate().round() as u64,
        }
    }

    /// Whether the count is exact.
    pub fn is_exact(&self) -> bool {
        matches!(self.0, State::Exact(_))
    }

    fn spill(&mut self) {
        if let State::Exact(hashes) = &self.0
            && hashes.len() > EXACT_LIMIT
        {
            let mut union = HllUnion::new(LG_REGISTERS).expect("12 is within the library's 4 to 21");
            hashes.iter().for_each(|hash| union.update_value(*hash));
            self.0 = State::Estimated(Box::new(union));
        }
    }
}

fn sketch(union: &HllUnion) -> HllSketch {
    union.to_sketch(HllType::Hll8)
}

/// Equal when the counts are, and both exact or both estimated.
impl PartialEq for Distinct {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (State::Exact(left), State::Exact(right)) => left == right,
            (State::Estimated(_), State::Estimated(_)) => self.count() == other.count(),
            _ => false,
        }
    }
}

impl fmt::Debug for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Distinct({}{})", if self.is_exact() { "" } else { "about " }, self.count())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    fn of(values: impl IntoIterator<Item = u32>) -> Distinct {
        let mut set = Distinct::default();
        values.into_iter().for_each(|value| set.insert(xxh3_64(&value.to_le_bytes())));
        set
    }

    fn merged(left: &Distinct, right: &Distinct) -> Distinct {
        let mut all = left.clone();
        all.merge(right);
        all
    }

    #[test]
    fn exact_to_the_limit_and_near_above() {
        for count in [0, 1, 255, 256] {
            let set = of(0..count);
            assert!(set.is_exact());
            assert_eq!(set.count(), u64::from(count));
        }
        for count in [257, 400, 1000, 20_000, 1_000_000] {
            let error = (of(0..count).count() as f64 / f64::from(count) - 1.0).abs();
            assert!(error < 0.05, "three standard errors: {count} is off by {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever way a set is cut and merged, the count is the same.
        #[test]
        fn cuts_do_not_matter(size in 0..3000_u32, cut in 0..3000_u32, overlap in 0..500_u32) {
            let cut = cut.min(size);
            let (left, right) = (of(0..cut), of(cut.saturating_sub(overlap)..size));
            let whole = of((0..size).rev());
            prop_assert_eq!(&merged(&left, &right), &whole);
            prop_assert_eq!(&merged(&right, &left), &whole);
            prop_assert_eq!(&merged(&whole, &left), &whole, "idempotent");
        }
    }
}
