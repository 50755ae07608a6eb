//! The text of one column to an address.

use std::net::IpAddr;

use wide::u8x16;

/// An IPv4 or IPv6 address in any form that the standard library reads.
#[inline(never)]
pub(crate) fn any(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if text.contains(':') { text.parse().ok().map(IpAddr::V6) } else { text.parse().ok().map(IpAddr::V4) }
}

/// More bytes than an IPv4 address has, and as many before it as an octet is looked at with.
const LOOKED_AT: usize = 16;
const BEFORE: usize = 4;

/// By the number of an octet's digits, which of the four bytes that end with it are its own, and the least that they may
/// be, read with the first as the highest: none has a leading zero. No octet has another number of digits.
const OCTETS: [(u32, u32); LOOKED_AT] = {
    let mut octets = [(0, i32::MAX.cast_unsigned()); LOOKED_AT];
    octets[1] = (0xff00_0000, 0);
    octets[2] = (0xffff_0000, 0x00_01_00);
    octets[3] = (0xffff_ff00, 0x01_00_00);
    octets
};

/// The most that they may be: 255.
const MAX_OCTET: u32 = 0x02_05_05;

/// The bits of an IPv4 address: four decimal octets without leading zeros, as the standard library reads them. It takes no
/// branch by the number of their digits, which nobody can predict. None too so near to the beginning or end of a line that
/// it can't be looked at like that.
#[inline]
pub(crate) fn v4(line: &[u8], start: usize, end: usize) -> Option<u32> {
    let window: &[u8; BEFORE + LOOKED_AT] = line.get(start.checked_sub(BEFORE)?..)?.first_chunk()?;
    let text: &[u8; LOOKED_AT] = window.last_chunk()?;
    let length = end - start;
    if length >= LOOKED_AT {
        return None;
    }
    let behind = 1_u32 << length;
    let dots = u8x16::from(*text).simd_eq(u8x16::splat(b'.')).to_bitmask() & (behind - 1);
    // Where octets end, the first in the lowest bit; where the one at hand begins.
    let (mut ends, mut begin) = (dots | behind, 0);
    let (mut bits, mut bytes, mut signs) = (0, 0, 0);
    for place in 0..4 {
        if place == 3 && ends != behind {
            return None;
        }
        let end = ends.trailing_zeros() as usize % LOOKED_AT;
        let (own, least) = OCTETS[end.wrapping_sub(begin) % LOOKED_AT];
        begin = end + 1;
        ends &= ends.wrapping_sub(1);
        let four = [window[end], window[end + 1], window[end + 2], window[end + 3]];
        let digits = (u32::from_le_bytes(four) ^ u32::from_le_bytes([b'0'; 4])) & own;
        bytes |= digits | digits.wrapping_add(u32::from_le_bytes([6; 4]));
        let number = digits.swap_bytes();
        signs |= number.wrapping_sub(least) | MAX_OCTET.wrapping_sub(number);
        // A hundred times the first, ten times the second and the third meet in the highest byte.
        bits = bits << 8 | digits.wrapping_mul(0x00_64_0a_01) >> 24;
    }
    // As in `are_digits`; and no difference was negative.
    let is_plain = bytes & u32::from_le_bytes([0xf0; 4]) == 0 && signs.cast_signed() >= 0;
    is_plain.then_some(bits)
}

/// A window that an IPv6 address ends: its text has 39 characters at most, and a group is looked at with the four bytes
/// before its end.
const V6_WINDOW: usize = 48;
const V6_LONGEST: usize = 39;
const V6_GROUPS: u32 = 8;

/// The bits of an IPv6 address: groups of one to four hexadecimal digits, with `::` at most once, as the standard library
/// reads them. None where the last groups are written as an IPv4 address, or so near to the beginning of a line that it
/// can't be looked at like that.
#[inline]
pub(crate) fn v6(line: &[u8], start: usize, end: usize) -> Option<u128> {
    let window: &[u8; V6_WINDOW] = line.get(..end)?.last_chunk()?;
    let length = end - start;
    if !(2..=V6_LONGEST).contains(&length) {
        return None;
    }
    let begin = V6_WINDOW - length;
    let (digits, colons) = hexadecimal(window, begin)?;
    // Where groups end; those without digits are what `::` leaves.
    let (mut ends, mut from) = (colons | 1 << V6_WINDOW, begin);
    let (mut bits, mut groups, mut empty, mut before_gap) = (0_u128, 0, 0, 0);
    while ends != 0 {
        let end = ends.trailing_zeros() as usize;
        match end - from {
            0 => (empty, before_gap) = (empty + 1, groups),
            1..=4 => (bits, groups) = (bits << 16 | u128::from(group(&digits, from, end)), groups + 1),
            _ => return None,
        }
        from = end + 1;
        ends &= ends - 1;
    }
    let gap = colons & colons << 1;
    if gap == 0 {
        return (empty == 0 && groups == V6_GROUPS).then_some(bits);
    }
    // At the beginning and at the end of the text, `::` leaves one more without digits.
    let at_ends = u32::from(gap >> (begin + 1) & 1 == 1) + u32::from(gap >> (V6_WINDOW - 1) & 1 == 1);
    if !gap.is_power_of_two() || empty != 1 + at_ends || groups >= V6_GROUPS {
        return None;
    }
    let behind_gap = u128::MAX.unbounded_shr(128 - 16 * (groups - before_gap));
    Some((bits & !behind_gap).unbounded_shl(16 * (V6_GROUPS - groups)) | bits & behind_gap)
}

/// The value of each hexadecimal digit of a window from `begin` on, and where colons stand; none if anything else does.
#[inline]
fn hexadecimal(window: &[u8; V6_WINDOW], begin: usize) -> Option<([u8; V6_WINDOW], u64)> {
    let (mut digits, mut colons, mut known) = ([0; V6_WINDOW], 0, 0);
    for (place, (text, digits)) in
        window.as_chunks::<LOOKED_AT>().0.iter().zip(digits.as_chunks_mut::<LOOKED_AT>().0).enumerate()
    {
        let text = u8x16::from(*text);
        let (decimal, letter) = (text - u8x16::splat(b'0'), (text | u8x16::splat(0x20)) - u8x16::splat(b'a'));
        let is_decimal = decimal.simd_eq(decimal.min(u8x16::splat(9)));
        let is_letter = letter.simd_eq(letter.min(u8x16::splat(5)));
        let is_colon = text.simd_eq(u8x16::splat(b':'));
        *digits = (decimal & is_decimal | (letter + u8x16::splat(10)) & is_letter).to_array();
        colons |= u64::from(is_colon.to_bitmask()) << (place * LOOKED_AT);
        known |= u64::from((is_decimal | is_letter | is_colon).to_bitmask()) << (place * LOOKED_AT);
    }
    let own = (1 << V6_WINDOW) - (1 << begin);
    (known & own == own).then_some((digits, colons & own))
}

/// The number that one to four digits stand for.
#[inline]
fn group(digits: &[u8; V6_WINDOW], from: usize, end: usize) -> u16 {
    let four = [digits[end - 4], digits[end - 3], digits[end - 2], digits[end - 1]];
    let own = u32::from_be_bytes(four) & u32::MAX >> (8 * (4 - (end - from)));
    let pairs = (own >> 4 | own) & 0x00ff_00ff;
    #[expect(clippy::cast_possible_truncation, reason = "two bytes are left")]
    let number = (pairs >> 8 | pairs) as u16;
    number
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    /// What [`v6`] reads of `text` behind something.
    fn read_v6(text: &str) -> Option<u128> {
        let line = format!("2 123456789012 eni-1235b8ca123456789 10.0.0.1 0 {text}");
        v6(line.as_bytes(), line.len() - text.len(), line.len())
    }

    #[test]
    fn v6_knows_where_a_gap_may_be() {
        for text in
            ["::", "::1", "1::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6:7:8", "A:b::F"]
        {
            assert_eq!(read_v6(text), Some(text.parse::<Ipv6Addr>().unwrap().to_bits()), "{text}");
        }
        for text in [
            ":",
            ":::",
            "1:",
            ":1",
            "1::2::3",
            ":1::",
            "::1:",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4::5:6:7:8",
            "::1:2:3:4:5:6:7:8",
            "12345::",
            "g::",
            "1 ::2",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(read_v6(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn v6_agrees_with_std(text in "[0-9a-fA-Fg:. ]{0,12}|([0-9a-fA-F]{1,4}:{1,2}){0,8}:?[0-9a-f]{0,4}") {
            let expected = text.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits).filter(|_| !text.contains('.'));
            prop_assert_eq!(read_v6(&text), expected);
        }

        #[test]
        fn v6_reads_every_address(bits: u128, zeros in 0_u32..=128, from in 0_u32..128) {
            // Zeros in a row, so that some are written as `::`.
            let bits = bits & !(u128::MAX.unbounded_shr(zeros) >> from);
            prop_assert_eq!(read_v6(&Ipv6Addr::from_bits(bits).to_string()), Some(bits));
        }

        #[test]
        fn v4_agrees_with_std(text in "[0-9]{1,4}(\\.[0-9]{0,4}){0,4}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            let line = format!("x y {text} z and more that follows");
            let expected = text.parse::<Ipv4Addr>().ok().map(Ipv4Addr::to_bits);
            prop_assert_eq!(v4(line.as_bytes(), 4, 4 + text.len()), expected);
        }

        #[test]
        fn v4_reads_every_address(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let line = format!("eni {address} a b c d e f");
            prop_assert_eq!(v4(line.as_bytes(), 4, line.len() - 12), Some(bits));
        }
    }
}
