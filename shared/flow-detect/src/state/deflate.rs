//! Squeezing an item: its sample lines look alike.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::state::error::StateError;

/// How many bytes one byte of deflate can become at most: 258 bytes take at least two bits (RFC 1951).
const MAX_RATIO: usize = 1032;

/// How hard to look: level 9 looks longer, and items of generated traffic take 0.6 % more bytes at it.
const LEVEL: u32 = 8;

thread_local! {
    // Their memory is many times an item, and what is asked for anew has to be cleared whole.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
    static DECOMPRESS: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// The deflated form of `content`, if it is smaller than `content`.
pub(crate) fn deflate(content: &[u8]) -> Option<Vec<u8>> {
    // What does not fit into as many bytes is not smaller.
    let mut deflated = Vec::with_capacity(content.len());
    let status = COMPRESS.with_borrow_mut(|stream| {
        stream.reset();
        stream.compress_vec(content, &mut deflated, FlushCompress::Finish)
    });
    (status.ok()? == Status::StreamEnd).then_some(deflated)
}

/// The content of `length` bytes whose deflated form this is.
pub(crate) fn inflate(deflated: &[u8], length: usize) -> Result<Vec<u8>, StateError> {
    let damaged = StateError::NotDeflate { expected: length };
    if length > deflated.len().saturating_mul(MAX_RATIO) {
        return Err(damaged);
    }
    // One byte more tells whether there is more.
    let mut content = Vec::with_capacity(length + 1);
    let is_whole = DECOMPRESS.with_borrow_mut(|stream| {
        stream.reset(false);
        let status = stream.decompress_vec(deflated, &mut content, FlushDecompress::Finish);
        matches!(status, Ok(Status::StreamEnd)) && stream.total_in() == deflated.len() as u64
    });
    if is_whole && content.len() == length { Ok(content) } else { Err(damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_squeezed_comes_back_and_nothing_else() {
        let content = b"2 123456789012 eni-1 REJECT OK 2 123456789012 eni-1 REJECT OK".repeat(3);
        let deflated = deflate(&content).unwrap();
        assert!(deflated.len() < content.len());
        assert_eq!(inflate(&deflated, content.len()), Ok(content.clone()));
        assert_eq!(deflate(b"a"), None, "it would grow");
        for (bytes, length) in [
            (&deflated[..deflated.len() - 1], content.len()),
            (&[deflated.clone(), vec![0]].concat(), content.len()),
            (&deflated, content.len() - 1),
            (&deflated, content.len() + 1),
            (&deflated, usize::MAX),
            (b"", 0),
        ] {
            assert_eq!(inflate(bytes, length), Err(StateError::NotDeflate { expected: length }));
        }
    }
}
