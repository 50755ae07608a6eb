//! Everything that is random, drawn from one seed.
//!
//! Only what IEEE 754 gives exactly is computed with floats (no `ln`, no `powf`), so that a seed means the same traffic
//! on every machine.

use std::ops::RangeInclusive;

use fastrand::Rng;

/// The first port that Linux gives to clients, and the last (`net.ipv4.ip_local_port_range`).
const CLIENT_PORTS: RangeInclusive<u16> = 32768..=60999;

/// The ports of NAT gateways, as AWS documents them; of clients whose range is widened this far, and of home routers.
const WIDE_PORTS: RangeInclusive<u16> = 1024..=65535;

/// Draws from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Rng);

impl Dice {
    /// Of `seed`, for one `purpose`: what is drawn for one changes nothing for another.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a: few short words that have to differ.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let purpose = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        Dice(Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose))
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// True this often.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A number of the range, each as likely.
    pub(crate) fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    /// How many things happen that happen `mean` times on average: 0 to twice as many, so that traffic comes in bursts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 0, and far below 2^64"
    )]
    pub(crate) fn arrivals(&mut self, mean: f64) -> u64 {
        let number = 2.0 * mean * self.unit();
        number as u64 + u64::from(self.chance(number % 1.0))
    }

    /// A size between `least` and `most` with a heavy tail: a Pareto distribution of shape 1, as flow
    /// sizes nearly have: half are below twice the least, and a few carry most of the whole.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between `least` and `most`")]
    pub(crate) fn heavy(&mut self, least: u64, most: u64) -> u64 {
        let unit = 1.0 - self.unit();
        let size = least as f64 / unit;
        (size as u64).clamp(least, most)
    }

    /// One of the first `number` whole numbers, the low ones much more often: a few sites have most visits.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `number`")]
    pub(crate) fn popular(&mut self, number: u64) -> u64 {
        let unit = self.unit();
        (unit * unit * unit * number as f64) as u64
    }

    /// One of these by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> Option<T> {
        let total = choices.iter().map(|(weight, _)| weight).sum::<u32>();
        let mut left = self.0.u32(..total.max(1));
        for (weight, choice) in choices {
            if left < *weight {
                return Some(*choice);
            }
            left -= weight;
        }
        None
    }

    /// One of these; none of none.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        self.0.choice(choices).copied()
    }

    /// A port that a client gets from its operating system.
    pub(crate) fn client_port(&mut self) -> u16 {
        self.0.u16(CLIENT_PORTS)
    }

    /// A port that a NAT gateway gives to a connection: many a server's port among them.
    pub(crate) fn wide_port(&mut self) -> u16 {
        self.0.u16(WIDE_PORTS)
    }

    /// Any port.
    pub(crate) fn port(&mut self) -> u16 {
        self.0.u16(1..)
    }

    /// `digits` hexadecimal digits, 16 at most.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.0.u64(..));
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_bounds() {
        let mut dice = Dice::new(1, "test");
        for mean in [0.05, 1.0, 30.0] {
            let total: u64 = (0..40_000).map(|_| dice.arrivals(mean)).sum();
            let found = total as f64 / 40_000.0;
            assert!((found / mean - 1.0).abs() < 0.06, "{mean}: {found}");
        }
        let mut sizes: Vec<_> = (0..40_000).map(|_| dice.heavy(100, 1_000_000)).collect();
        sizes.sort_unstable();
        assert!((190..=210).contains(&sizes[20_000]), "{}", sizes[20_000]);
        let largest: u64 = sizes[39_600..].iter().sum();
        assert!(largest * 2 > sizes.iter().sum::<u64>(), "the largest 1 % are half of all");
        assert!((0..1000).all(|_| dice.popular(10) < 10));
        assert!((0..1000).all(|_| dice.weighted(&[(0, 1), (3, 2)]) == Some(2)));
    }

    #[test]
    fn purposes_are_apart() {
        let draw = |purpose| Dice::new(7, purpose).hex(16);
        assert_ne!(draw("a"), draw("b"));
        assert_eq!(draw("a"), draw("a"));
    }
}
