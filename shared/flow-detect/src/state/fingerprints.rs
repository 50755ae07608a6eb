//! Which batches were counted: as long as their panes count, they must not count again.

use crate::state::bytes::{Read, Reader, Writer};

/// The most fingerprints kept of one item.
pub(crate) const MAX_FINGERPRINTS: usize = 2048;

/// Fingerprints of batches, each with the last second of event time at which one of the batch's panes counts, in order
/// of that second.
///
/// 64 of a fingerprint's 128 bits are kept: that a new batch is taken for one of the 2048 kept at most has a chance of
/// 2048 in 2^64, one in 9 * 10^15.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fingerprints(Vec<(u64, u64)>);

/// What is kept of a fingerprint.
fn kept(fingerprint: u128) -> u64 {
    (fingerprint >> 64) as u64
}

impl Fingerprints {
    pub(crate) fn has(&self, fingerprint: u128) -> bool {
        self.0.iter().any(|(_, known)| *known == kept(fingerprint))
    }

    /// Remembers a batch until its panes have passed.
    pub(crate) fn insert(&mut self, fingerprint: u128, until: u64) {
        let new = (until, kept(fingerprint));
        let place = self.0.partition_point(|known| *known < new);
        self.0.insert(place, new);
    }

    /// Forgets batches all of whose panes are late at `watermark`, and for want of room the next to pass; returns how
    /// many those were.
    pub(crate) fn expire(&mut self, watermark: u64) -> usize {
        let passed = self.0.partition_point(|(until, _)| *until < watermark);
        self.0.drain(..passed);
        let excess = self.0.len().saturating_sub(MAX_FINGERPRINTS);
        self.0.drain(..excess);
        excess
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Until when the last of them is needed.
    pub(crate) fn until(&self) -> Option<u64> {
        self.0.last().map(|(until, _)| *until)
    }

    /// Their number, then of each the seconds since the one before, the first's since `watermark`, and eight bytes.
    pub(crate) fn write(&self, watermark: u64, to: &mut Writer) {
        to.count(self.0.len());
        let mut last = watermark;
        for (until, fingerprint) in &self.0 {
            to.number(until - last);
            to.fixed(*fingerprint);
            last = *until;
        }
    }

    pub(crate) fn read(watermark: u64, from: &mut Reader<'_>) -> Read<Self> {
        let count = from.count(9, "the number of batches counted")?;
        let mut fingerprints = Vec::with_capacity(count);
        let mut last = watermark;
        for _ in 0..count {
            last = from.time_after(last, "until when a batch is remembered")?;
            fingerprints.push((last, from.fixed("a batch's fingerprint")?));
        }
        let ascend = fingerprints.is_sorted_by(|left, right| left < right);
        from.some(ascend.then_some(Fingerprints(fingerprints)), "fingerprints in order, each once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_as_long_as_needed() {
        let mut batches = Fingerprints::default();
        batches.insert(1 << 64, 200);
        batches.insert(2 << 64, 100);
        batches.expire(100);
        assert!(batches.has(1 << 64) && batches.has(2 << 64), "100 is not past 100");
        batches.expire(101);
        assert!(batches.has(1 << 64) && !batches.has(2 << 64));
        assert_eq!(batches.until(), Some(200));
    }

    #[test]
    fn the_first_to_pass_makes_room() {
        let mut batches = Fingerprints::default();
        (0..2050_u64).for_each(|n| batches.insert(u128::from(n) << 64, 5000 - n));
        assert_eq!((batches.expire(1), batches.len()), (2, MAX_FINGERPRINTS));
        assert!(batches.has(0) && !batches.has(2049 << 64) && batches.has(2047 << 64));
    }
}
