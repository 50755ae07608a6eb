//! Typed values of columns, and the text of one column to a number or an address.

use std::fmt;
use std::net::IpAddr;

use crate::address;
use crate::error::Expected;
use crate::field::FieldKind;

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

/// The first eight digits of a number of ten, which all times of some minutes share.
#[derive(Debug, Clone)]
pub(crate) struct Leading {
    digits: [u8; 8],
    number: u64,
}

impl Default for Leading {
    fn default() -> Self {
        Leading { digits: [b'0'; 8], number: 0 }
    }
}

impl Leading {
    /// The ten digits that end at `end`.
    #[inline]
    fn ten_digits(&mut self, line: &[u8], end: usize) -> Option<u64> {
        let (first, last) = line.get(..end)?.last_chunk::<10>()?.split_first_chunk()?;
        let digit = |byte: u8| u64::from(byte.wrapping_sub(b'0'));
        let &[tens, ones] = last else { return None };
        let (tens, ones) = (digit(tens), digit(ones));
        if tens.max(ones) > 9 {
            return None;
        }
        if *first != self.digits {
            *self = Leading { digits: *first, number: eight_digits(line, end - 10, end - 2)? };
        }
        Some(self.number * 100 + tens * 10 + ones)
    }
}

/// The digits from `start` to `end` of `line` as a number of at most `max`: no sign, no separators. Leading zeros are
/// allowed.
#[inline]
pub(crate) fn integer(line: &[u8], start: usize, end: usize, max: u64, leading: &mut Leading) -> Option<u64> {
    let number = match end - start {
        1..=8 => eight_digits(line, start, end)?,
        10 => leading.ten_digits(line, end)?,
        9 | 11..=16 => eight_digits(line, start, end - 8)? * 100_000_000 + eight_digits(line, end - 8, end)?,
        _ => long_integer(&line[start..end]).filter(|_| end > start)?,
    };
    (number <= max).then_some(number)
}

/// What `text`, which is not `-`, should have been as a value of this kind; none if it is one.
#[cold]
pub(crate) fn misfit(text: &str, kind: FieldKind) -> Option<Expected> {
    let (line, length) = (text.as_bytes(), text.len());
    match kind {
        FieldKind::Integer { max } => match integer(line, 0, length, u64::MAX, &mut Leading::default()) {
            Some(number) => (number > max).then_some(Expected::AtMost(max)),
            None if length > 0 && line.iter().all(u8::is_ascii_digit) => Some(Expected::AtMost(max)),
            None => Some(Expected::Integer),
        },
        FieldKind::Address => address::any(line).is_none().then_some(Expected::Address),
        FieldKind::Text => None,
    }
}

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// Whether every byte is 0 to 9: its high half is 0 and stays so when 6 is added.
#[inline]
fn are_digits(bytes: u64) -> bool {
    (bytes | bytes.wrapping_add(u64::from_le_bytes([6; 8]))) & u64::from_le_bytes([0xf0; 8]) == 0
}

/// Up to eight digits at once, whatever their number: neighbours are joined to pairs, pairs to fours, fours to the whole.
#[inline]
fn eight_digits(line: &[u8], start: usize, end: usize) -> Option<u64> {
    let others = 8 * (8 - (end - start));
    // What stands before the digits becomes zeros.
    let ones = (u64::from_le_bytes(eight_before(line, end)) ^ ZEROS) >> others << others;
    if !are_digits(ones) {
        return None;
    }
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// The eight bytes before `end`, zeros before the beginning.
#[inline]
fn eight_before(line: &[u8], end: usize) -> [u8; 8] {
    let bytes = end.checked_sub(8).and_then(|from| line.get(from..end)?.first_chunk());
    bytes.copied().unwrap_or_else(|| {
        let word = line[..end].iter().fold(0, |word: u64, byte| word >> 8 | u64::from(*byte) << 56);
        word.to_le_bytes()
    })
}

#[cold]
fn long_integer(digits: &[u8]) -> Option<u64> {
    let append = |number: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number.checked_mul(10)?.checked_add(digit.into())
    };
    digits.iter().try_fold(0, append)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers() {
        let read =
            |text: &str, max| match integer(text.as_bytes(), 0, text.len(), max, &mut Leading::default()) {
                Some(number) => Ok(number),
                None => Err(misfit(text, FieldKind::Integer { max })),
            };
        assert_eq!(read("0", 9), Ok(0));
        assert_eq!(read("0042", 65535), Ok(42));
        assert_eq!(read("65535", 65535), Ok(65535));
        assert_eq!(read("12345678", u64::MAX), Ok(12_345_678));
        assert_eq!(read("1234567890123456789", u64::MAX), Ok(1_234_567_890_123_456_789));
        assert_eq!(read("65536", 65535), Err(Some(Expected::AtMost(65535))));
        assert_eq!(read("99999999999999999999999", 9), Err(Some(Expected::AtMost(9))));
        assert_eq!(read("99999999999999999999999x", 9), Err(Some(Expected::Integer)));
        for bad in ["", "+1", "-1", "1.0", "1e3", "0x1", "１", "1234567:", "1234567/", "123456789a"] {
            assert_eq!(read(bad, 9), Err(Some(Expected::Integer)), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn integers_agree_with_std(text in "[0-9]{1,25}|[0-9:/ -]{6,10}", before in "[0-9 a-z]{0,9}") {
            let expected = text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
            let leading = &mut Leading::default();
            prop_assert_eq!(integer(text.as_bytes(), 0, text.len(), u64::MAX, leading), expected);
            let line = format!("{before}{text}9");
            prop_assert_eq!(integer(line.as_bytes(), before.len(), line.len() - 1, u64::MAX, leading), expected);
        }

        #[test]
        fn times_agree_with_std_whatever_was_before(texts in prop::collection::vec("1[0-9x]{0,1}000000[0-9]{2}|17000000[0-9:/ ]{2}", 1..9)) {
            let leading = &mut Leading::default();
            for text in texts {
                let expected = text.parse::<u64>().ok();
                prop_assert_eq!(integer(text.as_bytes(), 0, text.len(), u64::MAX, leading), expected, "{}", text);
            }
        }
    }
}
