//! A reader that gives out its bytes in pieces of chosen sizes.

use std::io::{self, Read};
use std::iter::Cycle;
use std::slice::Iter;

/// Gives out its bytes in pieces of the given sizes, over and over, and is interrupted at each size 0.
pub struct Pieces<'a> {
    rest: &'a [u8],
    sizes: Cycle<Iter<'a, usize>>,
}

impl<'a> Pieces<'a> {
    /// A reader of `bytes`; unless one of `sizes` is above 0 it reads byte by byte.
    pub fn new(bytes: &'a [u8], sizes: &'a [usize]) -> Self {
        let sizes = if sizes.iter().any(|size| *size > 0) { sizes } else { &[1] };
        Self { rest: bytes, sizes: sizes.iter().cycle() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = *self.sizes.next().unwrap_or(&1);
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = into.len().min(size);
        self.rest.read(&mut into[..length])
    }
}
