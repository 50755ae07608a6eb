//! The port to the stream that a transformation's records came from.

use std::error::Error;

/// Where records came from, and go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamSource<'a> {
    /// The ARN of a Firehose stream into which producers put records directly.
    Firehose(&'a str),
    /// The ARN of the Kinesis data stream that a Firehose stream reads.
    Kinesis(&'a str),
}

/// One record for a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its data, before base64.
    pub data: Vec<u8>,
    /// The key under which a Kinesis stream had it.
    pub partition_key: Option<String>,
}

/// The most bytes of a record's data: Firehose takes 1,000 KiB before base64, Kinesis as much and its partition key.
pub const MAX_RECORD: usize = 1_000 * 1_024;

/// Puts records back into the stream that they came from.
///
/// # Contract
///
/// - The answer has one outcome for each entry, in their order.
/// - `Ok` means that the stream has acknowledged the entry. An error means that it has not, as far as is known.
/// - Entries that fail by themselves are tried again; tries and time are bounded.
/// - It is not called without entries.
pub trait PutBack: Send + Sync {
    /// Why an entry was not put back.
    type Error: Error + Send + Sync + 'static;

    /// Puts `entries` into `source`.
    fn put_back(
        &self,
        source: StreamSource<'_>,
        entries: &[StreamEntry],
    ) -> impl Future<Output = Vec<Result<(), Self::Error>>> + Send;
}
