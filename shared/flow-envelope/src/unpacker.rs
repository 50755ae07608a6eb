//! From the base64 text in an event to the bytes that it stands for.

use flate2::Decompress;

use crate::EnvelopeError;
use crate::base64_text;
use crate::gunzip::{gunzip_behind, is_gzip};

/// Stands for data that are missing or no text, and is no base64: that record fails, and none of its neighbours.
pub(crate) const NO_TEXT: &str = "(no text)";

/// Unpacks one text after the other with the same memory: what is allocated for each would cost more than a small one, and
/// leave gaps of no use where what is kept takes part of them.
#[derive(Debug, Default)]
pub(crate) struct Unpacker {
    /// Made when there is something to decompress: it is large.
    inflate: Option<Decompress>,
    decoded: Vec<u8>,
}

impl Unpacker {
    /// Decodes `data`.
    pub(crate) fn decode(&mut self, data: &str) -> Result<&[u8], EnvelopeError> {
        if data == NO_TEXT {
            return Err(EnvelopeError::NoData);
        }
        base64_text::decode(data, &mut self.decoded).map_err(|error| EnvelopeError::NotBase64 { error })?;
        Ok(&self.decoded)
    }

    /// Decodes and decompresses `data` into `into`, in place of what it holds; at most `cap` bytes.
    pub(crate) fn gzip(&mut self, data: &str, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.decode(data)?;
        self.gunzip_behind(0, cap, into)
    }

    /// Decodes `data` and, when that is gzip, decompresses it; puts the result into `into`, in place of what it holds.
    ///
    /// What is put there is at most `cap` bytes, or the data's own size when it is not compressed.
    pub(crate) fn unpack(&mut self, data: &str, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.unpack_behind(0, data, cap, into)
    }

    /// As [`unpack`](Self::unpack), behind what `into` holds. After an error `into` is as it was.
    pub(crate) fn append(&mut self, data: &str, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let before = into.len();
        self.unpack_behind(before, data, cap, into).inspect_err(|_| into.truncate(before))
    }

    fn unpack_behind(
        &mut self,
        start: usize,
        data: &str,
        cap: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), EnvelopeError> {
        self.decode(data)?;
        if is_gzip(&self.decoded) {
            return self.gunzip_behind(start, cap, into);
        }
        into.truncate(start);
        into.extend_from_slice(&self.decoded);
        Ok(())
    }

    fn gunzip_behind(&mut self, start: usize, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        Ok(gunzip_behind(start, inflate, &self.decoded, cap, into)?)
    }
}
