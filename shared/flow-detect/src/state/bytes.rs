//! The smallest units of a state item: whole numbers, texts and runs of bytes.

use crate::state::error::StateError;

/// The latest time that is read: above every time that a log can tell, and far enough below the end of 64 bits that adding
/// windows to it can't overflow.
const MAX_TIME: u64 = 1 << 62;

/// Collects bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// LEB128: seven bits a byte, the least first, the highest bit set on all but the last.
    pub(crate) fn number(&mut self, number: impl Into<u128>) {
        let mut rest = number.into();
        while rest >= 0x80 {
            self.0.push(low_byte(rest) | 0x80);
            rest >>= 7;
        }
        self.0.push(low_byte(rest));
    }

    /// A count or a length.
    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3.
    pub(crate) fn signed(&mut self, number: i128) {
        self.number((number << 1 ^ number >> 127).cast_unsigned());
    }

    /// Eight bytes, the least first.
    pub(crate) fn fixed(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    /// A length and that many bytes.
    pub(crate) fn sized(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The low eight bits.
fn low_byte(number: u128) -> u8 {
    number.to_le_bytes()[0]
}

/// Reads what a [`Writer`] wrote. Nothing is allocated for what the bytes only claim to hold.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

pub(crate) type Read<T> = Result<T, StateError>;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// A reader of the next `length` bytes, whose errors tell places in the whole.
    pub(crate) fn part(&mut self, length: usize, expected: &'static str) -> Read<Reader<'a>> {
        let at = self.at;
        self.take(length, expected)?;
        Ok(Reader { bytes: &self.bytes[..self.at], at })
    }

    /// The error that something else was expected here.
    pub(crate) fn error(&self, expected: &'static str) -> StateError {
        StateError::Damaged { offset: self.at, expected }
    }

    /// `value`, unless there is none.
    pub(crate) fn some<T>(&self, value: Option<T>, expected: &'static str) -> Read<T> {
        value.ok_or_else(|| self.error(expected))
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, length: usize, expected: &'static str) -> Read<&'a [u8]> {
        let bytes = &self.bytes[self.at..];
        let taken = self.some(bytes.get(..length), expected)?;
        self.at += length;
        Ok(taken)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self, expected: &'static str) -> Read<u8> {
        Ok(self.take(1, expected)?[0])
    }

    fn wide(&mut self, expected: &'static str) -> Read<u128> {
        let mut number = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte(expected)?;
            let bits = u128::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.error(expected))
    }

    /// What [`Writer::number`] wrote, if the type can hold it.
    pub(crate) fn number<T: TryFrom<u128>>(&mut self, expected: &'static str) -> Read<T> {
        let number = self.wide(expected)?;
        self.some(T::try_from(number).ok(), expected)
    }

    /// What [`Writer::signed`] wrote, if the type can hold it.
    pub(crate) fn signed<T: TryFrom<i128>>(&mut self, expected: &'static str) -> Read<T> {
        let number = self.wide(expected)?;
        let number = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        self.some(T::try_from(number).ok(), expected)
    }

    /// A count of things that take at least `size` bytes each, so that it is bounded by what there is.
    pub(crate) fn count(&mut self, size: usize, expected: &'static str) -> Read<usize> {
        let count = self.number(expected)?;
        self.some(Some(count).filter(|count| *count <= self.rest() / size), expected)
    }

    /// A second that is `distance` after `from`.
    pub(crate) fn time_after(&mut self, from: u64, expected: &'static str) -> Read<u64> {
        let distance: u64 = self.number(expected)?;
        self.time(from.checked_add(distance), expected)
    }

    /// `time`, if it is one that records can have.
    pub(crate) fn time(&self, time: Option<u64>, expected: &'static str) -> Read<u64> {
        self.some(time.filter(|time| *time <= MAX_TIME), expected)
    }

    pub(crate) fn fixed(&mut self, expected: &'static str) -> Read<u64> {
        let (bytes, _) = self.take(8, expected)?.as_chunks();
        let number = bytes.first().copied().map(u64::from_le_bytes);
        self.some(number, expected)
    }

    /// Everything that follows.
    pub(crate) fn remaining(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// What [`Writer::sized`] wrote.
    pub(crate) fn sized(&mut self, expected: &'static str) -> Read<&'a [u8]> {
        let length = self.count(1, expected)?;
        self.take(length, expected)
    }

    pub(crate) fn text(&mut self, expected: &'static str) -> Read<&'a str> {
        let bytes = self.sized(expected)?;
        self.some(str::from_utf8(bytes).ok(), expected)
    }

    /// Nothing follows.
    pub(crate) fn end(&self) -> Read<()> {
        if self.rest() == 0 { Ok(()) } else { Err(self.error("the end")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_bytes() {
        for (number, bytes) in [
            (0_u64, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0x80, 1]),
            (1_700_000_000, vec![0x80, 0xe2, 0xcf, 0xaa, 6]),
        ] {
            let mut writer = Writer::default();
            writer.number(number);
            assert_eq!(writer.into_bytes(), bytes, "{number}");
        }
    }

    #[test]
    fn what_is_too_large_or_cut_is_an_error() {
        let too_large = [0xff; 19];
        assert!(Reader::new(&too_large).number::<u128>("a").is_err());
        assert!(Reader::new(&[0x80, 2]).number::<u8>("a").is_err());
        let cut = Reader::new(&[5, 1, 2]).sized("five bytes").unwrap_err();
        assert_eq!(cut, StateError::Damaged { offset: 1, expected: "five bytes" });
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_written(number in any::<u128>(), signed in any::<i128>()) {
            let mut writer = Writer::default();
            writer.number(number);
            writer.signed(signed);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.number("a"), Ok(number));
            prop_assert_eq!(reader.signed("b"), Ok(signed));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }
}
