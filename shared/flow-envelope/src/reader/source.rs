//! Decides what the bytes of an input are before any line is read: gzip, text, or neither.

use std::io::{self, BufReader, Chain, Cursor, Read};

use super::entry::ForeignFormat;
use crate::gunzip::{Gunzip, is_gzip};

/// The longest signature looked for.
const LONGEST_SIGNATURE: u64 = 4;

/// How UTF-8 text may begin (a byte order mark that says nothing).
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// An input with its first bytes put back.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// The readable form of an input.
pub(super) enum Source<R> {
    Plain(Whole<R>),
    Gzip(Box<Gunzip<BufReader<Whole<R>>>>),
    Foreign(ForeignFormat),
}

impl<R: Read> Source<R> {
    /// Looks at the first bytes of `input`.
    pub(super) fn open(mut input: R) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut input).take(LONGEST_SIGNATURE).read_to_end(&mut start)?;
        if let Some(format) = ForeignFormat::of(&start) {
            return Ok(Self::Foreign(format));
        }
        if is_gzip(&start) {
            let whole = BufReader::with_capacity(64 << 10, Cursor::new(start).chain(input));
            return Ok(Self::Gzip(Box::new(Gunzip::new(whole))));
        }
        if start.starts_with(&BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Self::Plain(Cursor::new(start).chain(input)))
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(into),
            Self::Gzip(input) => input.read(into),
            Self::Foreign(_) => Ok(0),
        }
    }
}
