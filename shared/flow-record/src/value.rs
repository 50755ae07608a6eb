//! Typed values of columns, and the text of one column to a number or an address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Expected;

/// The value of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number; times are Unix seconds.
    Integer(u64),
    /// An address.
    Address(IpAddr),
    /// Text as it stands in the line.
    Text(&'a str),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(number) => number.fmt(f),
            Value::Address(address) => address.fmt(f),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// The digits from `start` to `end` of `line`: no sign, no separators. Leading zeros are
/// allowed.
#[inline]
pub(crate) fn integer(line: &[u8], start: usize, end: usize, max: u64) -> Result<u64, Expected> {
    let number = match end - start {
        1..=8 => eight_digits(line, start, end),
        9..=16 => {
            let (high, low) = (eight_digits(line, start, end - 8), eight_digits(line, end - 8, end));
            high.zip(low).map(|(high, low)| high * 100_000_000 + low)
        }
        _ => return long_integer(&line[start..end], max),
    };
    match number {
        Some(number) if number <= max => Ok(number),
        Some(_) => Err(Expected::AtMost(max)),
        None => Err(Expected::Integer),
    }
}

/// Up to eight digits at once, whatever their number: neighbours are joined to pairs, pairs to fours, fours to the whole.
#[inline]
fn eight_digits(line: &[u8], start: usize, end: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const HIGH: u64 = u64::from_le_bytes([0xf0; 8]);
    let others = 8 * (8 - (end - start));
    let word = u64::from_le_bytes(eight_before(line, end));
    // What stands before the digits becomes zeros.
    let word = word >> others << others | (ZEROS & ((1 << others) - 1));
    // Every byte is 0x30..=0x39: its high half is 3 and stays so when 6 is added.
    if word & HIGH != ZEROS || (word.wrapping_add(u64::from_le_bytes([6; 8]))) & HIGH != ZEROS {
        return None;
    }
    let ones = word - ZEROS;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// The eight bytes before `end`, zeros before the beginning.
#[inline]
fn eight_before(line: &[u8], end: usize) -> [u8; 8] {
    let bytes = end.checked_sub(8).and_then(|from| line.get(from..end)?.first_chunk());
    bytes.copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        let known = &line[..end];
        bytes[8 - known.len()..].copy_from_slice(known);
        bytes
    })
}

#[cold]
fn long_integer(digits: &[u8], max: u64) -> Result<u64, Expected> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Expected::Integer);
    }
    let append = |number: u64, byte: &u8| number.checked_mul(10)?.checked_add(u64::from(byte - b'0'));
    digits.iter().try_fold(0, append).filter(|number| *number <= max).ok_or(Expected::AtMost(max))
}

/// An IPv4 or IPv6 address in any form that the standard library reads.
#[inline]
pub(crate) fn address(text: &[u8]) -> Result<IpAddr, Expected> {
    let ipv6 = || str::from_utf8(text).ok()?.parse::<Ipv6Addr>().ok();
    ipv4(text).map(IpAddr::V4).or_else(|| ipv6().map(IpAddr::V6)).ok_or(Expected::Address)
}

/// Four decimal octets without leading zeros, as [`Ipv4Addr`]'s own parser reads them, only quicker.
#[inline]
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let (first, rest) = octet(text)?;
    let (second, rest) = octet(rest.strip_prefix(b".")?)?;
    let (third, rest) = octet(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = octet(rest.strip_prefix(b".")?)?;
    rest.is_empty().then(|| Ipv4Addr::new(first, second, third, fourth))
}

/// One to three digits up to 255, and what follows them.
#[inline]
fn octet(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9);
    let first = digit(0)?;
    let Some(second) = digit(1) else { return Some((first, &text[1..])) };
    let two = first * 10 + second;
    let Some(third) = digit(2) else { return (first != 0).then_some((two, &text[2..])) };
    let three = u16::from(two) * 10 + u16::from(third);
    u8::try_from(three).ok().filter(|_| first != 0).map(|three| (three, &text[3..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers() {
        let read = |text: &str, max| integer(text.as_bytes(), 0, text.len(), max);
        assert_eq!(read("0", 9), Ok(0));
        assert_eq!(read("0042", 65535), Ok(42));
        assert_eq!(read("65535", 65535), Ok(65535));
        assert_eq!(read("12345678", u64::MAX), Ok(12_345_678));
        assert_eq!(read("1234567890123456789", u64::MAX), Ok(1_234_567_890_123_456_789));
        assert_eq!(read("65536", 65535), Err(Expected::AtMost(65535)));
        assert_eq!(read("99999999999999999999999", 9), Err(Expected::AtMost(9)));
        assert_eq!(read("99999999999999999999999x", 9), Err(Expected::Integer));
        for bad in ["", "+1", "-1", "1.0", "1e3", "0x1", "１", "1234567:", "1234567/", "123456789a"] {
            assert_eq!(read(bad, 9), Err(Expected::Integer), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_std(text in "[0-9]{1,4}(\\.[0-9]{0,4}){0,4}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn integers_agree_with_std(text in "[0-9]{1,25}|[0-9:/ -]{6,10}", before in "[0-9 a-z]{0,9}") {
            let expected = text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
            prop_assert_eq!(integer(text.as_bytes(), 0, text.len(), u64::MAX).ok(), expected);
            let line = format!("{before}{text}9");
            prop_assert_eq!(integer(line.as_bytes(), before.len(), line.len() - 1, u64::MAX).ok(), expected);
        }

        #[test]
        fn ipv4_reads_every_address(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(ipv4(address.to_string().as_bytes()), Some(address));
        }
    }
}
