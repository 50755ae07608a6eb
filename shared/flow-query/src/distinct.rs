//! Counting distinct values: exact while few, a HyperLogLog sketch after.

use std::fmt;

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// Up to this many distinct values the count is exact.
pub const EXACT_LIMIT: usize = 256;

/// 2^12 registers: one standard error is 1.04 / sqrt(4096), 1.6 % (Flajolet and others, 2007).
const LG_REGISTERS: u8 = 12;

/// Places in a sketch's image ("HLL sketch" of Apache DataSketches, `PreambleUtil`): binary logarithm of the registers;
/// the least register, in the form of 4 bits; the mode; the first of a table's coupons.
const LG_K: usize = 3;
const LEAST: usize = 6;
const MODE: usize = 7;
const COUPONS_START: usize = 12;

/// Modes of images in the form of 4 bits: a table of coupons, registers. 0 is a list of coupons.
const COUPONS: u8 = 1;
const REGISTERS: u8 = 2;

/// A register holds at most 63, and 15 more than the least is the most that 4 bits say. The library relies on it.
const MAX_LEAST: u8 = 63 - 15;

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

    /// The hashes in ascending order, while the count is exact.
    pub fn hashes(&self) -> Option<&[u64]> {
        match &self.0 {
            State::Exact(hashes) => Some(hashes),
            State::Estimated(_) => None,
        }
    }

    /// The set of these hashes, if they ascend and are at most [`EXACT_LIMIT`].
    pub fn from_hashes(hashes: Vec<u64>) -> Option<Self> {
        let ascends = hashes.is_sorted_by(|left, right| left < right);
        (ascends && hashes.len() <= EXACT_LIMIT).then_some(Distinct(State::Exact(hashes)))
    }

    /// The image of the sketch as DataSketches lays it out in any language, in its smallest form of 4 bits a register,
    /// once the count is estimated. It depends only on which values were seen.
    pub fn sketch(&self) -> Option<Vec<u8>> {
        let State::Estimated(union) = &self.0 else { return None };
        let mut union = union.clone();
        // Merged with itself it holds the same, and no longer what depends on the order in which values came.
        union.update(&sketch(&union));
        let mut image = union.to_sketch(HllType::Hll4).serialize();
        if image.get(MODE) == Some(&COUPONS) {
            let (coupons, _) = image[COUPONS_START..].as_chunks_mut::<4>();
            coupons.sort_unstable();
        }
        Some(image)
    }

    /// The set whose sketch has this image; none if it is not one that [`sketch`](Self::sketch) could have made.
    pub fn from_sketch(image: &[u8]) -> Option<Self> {
        let is_ours = match *image.get(MODE)? {
            REGISTERS => *image.get(LEAST)? <= MAX_LEAST,
            mode => mode <= COUPONS,
        };
        // A sketch of fewer registers would merge too, and make the set coarser for ever.
        if !is_ours || image.get(LG_K) != Some(&LG_REGISTERS) {
            return None;
        }
        let mut union = new_union();
        union.update(&HllSketch::deserialize(image).ok()?);
        let set = Distinct(State::Estimated(Box::new(union)));
        // Tables may claim coupons that they do not hold; what was made of registers is sound whatever they say.
        let is_sound = image[MODE] == REGISTERS || set.sketch()? == image;
        is_sound.then_some(set)
    }

    fn spill(&mut self) {
        if let State::Exact(hashes) = &self.0
            && hashes.len() > EXACT_LIMIT
        {
            let mut union = new_union();
            hashes.iter().for_each(|hash| union.update_value(*hash));
            self.0 = State::Estimated(Box::new(union));
        }
    }
}

fn new_union() -> HllUnion {
    HllUnion::new(LG_REGISTERS).expect("12 is within the library's 4 to 21")
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

    /// What is written is read, counts the same and goes on merging the same, whatever order filled it.
    #[test]
    fn sketches_are_kept() {
        for count in [257, 384, 400, 5000, 300_000] {
            let (up, down) = (of(0..count), merged(&of((count / 2..count).rev()), &of((0..count / 2).rev())));
            let image = up.sketch().unwrap();
            assert!(image == down.sketch().unwrap(), "{count}: the image tells the order");
            let read = Distinct::from_sketch(&image).unwrap();
            assert_eq!((read.count(), read.is_exact()), (up.count(), false));
            assert!(read.sketch().unwrap() == image, "{count}: written again it differs");
            let more = of(count..2 * count);
            assert_eq!(merged(&read, &more), merged(&up, &more));
            assert_eq!(merged(&more, &read), merged(&up, &more));
            for length in (0..image.len()).step_by(7) {
                assert!(Distinct::from_sketch(&image[..length]).is_none(), "{count} cut to {length}");
            }
        }
        assert_eq!((of(0..256).sketch(), of(0..257).hashes()), (None, None));
    }

    #[test]
    fn only_ascending_hashes_are_a_set() {
        assert_eq!(Distinct::from_hashes(vec![1, 5, 9]).unwrap().count(), 3);
        for bad in [vec![1, 1], vec![2, 1], (0..257).collect()] {
            assert!(Distinct::from_hashes(bad).is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Damaged images are refused or are some other set: they never panic, then or when used.
        #[test]
        fn damaged_sketches_are_safe(size in 257..3000_u32, damage in prop::collection::vec((0..60_usize, any::<u8>()), 1..4)) {
            let mut image = of(0..size).sketch().unwrap();
            damage.iter().for_each(|(place, byte)| image[*place] = *byte);
            if let Some(read) = Distinct::from_sketch(&image) {
                let all = merged(&read, &of(0..3000));
                prop_assert!(all.count() > 0 && merged(&all, &read).sketch().is_some());
            }
        }

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
