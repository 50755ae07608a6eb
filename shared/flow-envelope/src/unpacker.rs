//! From the base64 text in an event to the bytes that it stands for.

use flate2::Decompress;

use crate::EnvelopeError;
use crate::base64_text;
use crate::gunzip::{gunzip_append, is_gzip};

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

    /// Decodes and decompresses `data` into `into`, which is cleared first; at most `cap` bytes.
    pub(crate) fn gzip(&mut self, data: &str, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        into.clear();
        self.decode(data)?;
        self.gunzip_append(cap, into)
    }

    /// Decodes `data` and, when that is gzip, decompresses it; appends the result to `into`.
    ///
    /// What is appended is at most `cap` bytes, or the data's own size when it is not compressed.
    /// After an error `into` is as it was.
    pub(crate) fn append(&mut self, data: &str, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.decode(data)?;
        if !is_gzip(&self.decoded) {
            into.extend_from_slice(&self.decoded);
            return Ok(());
        }
        let before = into.len();
        self.gunzip_append(cap, into).inspect_err(|_| into.truncate(before))
    }

    fn gunzip_append(&mut self, cap: usize, into: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        Ok(gunzip_append(inflate, &self.decoded, cap, into)?)
    }
}
