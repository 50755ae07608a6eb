//! What reading an input yields: entries, reasons, limits and counts.

use std::fmt;
use std::io;

use crate::gunzip::{DEFAULT_DECOMPRESSED_CAP, GunzipError};
use crate::{EnvelopeError, JsonError, LogBatch};

/// Bounds on what is held in memory while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that the data inside one event may decompress to. Default 64 MiB.
    pub decompressed_cap: usize,
    /// The most bytes of one JSON document. Default 64 MiB.
    pub document_cap: usize,
    /// The most bytes of one line. Default 1 MiB, the quota of CloudWatch Logs for one log event.
    pub line_cap: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decompressed_cap: DEFAULT_DECOMPRESSED_CAP, document_cap: 64 << 20, line_cap: 1 << 20 }
    }
}

/// One thing found in an input. `number` is the input's line, from 1, where it begins.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A line without an envelope.
    Line {
        /// The line number; for lines inside a JSON document, the document's first.
        number: u64,
        /// The `timestamp` that stood beside a `message`, in milliseconds since 1970.
        timestamp: Option<i64>,
        /// The line, without its line end.
        text: &'a str,
    },
    /// All log batches of one whole event, in order.
    Batch {
        /// The line number.
        number: u64,
        /// The batches; those of control messages are among them.
        batches: &'a [LogBatch<'a>],
        /// Equal for two deliveries of the same event: see [`fingerprint`](crate::fingerprint).
        fingerprint: Option<u128>,
    },
    /// Something that holds no readable line. Reading goes on after it.
    Rejected(RejectedEntry<'a>),
}

/// Something that was found and could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub struct RejectedEntry<'a> {
    /// The input's line where it begins, from 1.
    pub number: u64,
    /// Why.
    pub reason: RejectReason,
    /// How it begins: at most 200 bytes, trailing white space left out; none when it lies inside an event.
    pub excerpt: &'a [u8],
    /// The whole of it, where it is well-formed JSON and merely no event that holds log lines.
    pub json: Option<&'a str>,
}

impl RejectedEntry<'_> {
    /// Whether a whole event, document or record is lost, rather than one line.
    pub fn is_envelope(&self) -> bool {
        !matches!(self.reason, RejectReason::LineTooLong { .. } | RejectReason::LineNotUtf8 { .. })
    }
}

/// Why something could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// A line longer than [`Limits::line_cap`]. It was stepped over, not held.
    #[error("line of {found} bytes, expected at most {cap}")]
    LineTooLong {
        /// Its length in bytes, line end excluded.
        found: u64,
        /// The limit.
        cap: usize,
    },
    /// A line that is not UTF-8.
    #[error("line is not UTF-8 at byte {position}")]
    LineNotUtf8 {
        /// The first byte that is not part of a character, from 0.
        position: usize,
    },
    /// A JSON document that contradicts the grammar. Reading goes on at the line after its first.
    #[error("malformed JSON: {0}")]
    Malformed(JsonFault),
    /// A JSON document of the right structure with a value that is not JSON, or not UTF-8, or a key of an
    /// unexpected type. Reading goes on after it.
    #[error("unusable JSON: {0}")]
    Unusable(#[source] JsonError),
    /// JSON that is no event of any kind known here.
    #[error("JSON of no known shape: expected an event, a CloudWatch Logs message or a message")]
    UnknownShape,
    /// A well-known event that holds no log lines.
    #[error("{0}")]
    Foreign(ForeignEvent),
    /// An event that cannot be unpacked.
    #[error(transparent)]
    Event(#[from] EnvelopeError),
    /// One record of a Kinesis or Firehose event that cannot be unpacked; the others can.
    #[error("record {index}: {error}")]
    Record {
        /// The record's place in the event, from 0.
        index: usize,
        /// Why.
        #[source]
        error: EnvelopeError,
    },
}

impl RejectReason {
    /// The kind to count this under, in reports and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            RejectReason::LineTooLong { .. } => "line_too_long",
            RejectReason::LineNotUtf8 { .. } => "line_not_utf8",
            RejectReason::Malformed(_) | RejectReason::Unusable(_) => "malformed_json",
            RejectReason::UnknownShape | RejectReason::Foreign(_) => "unknown_json",
            RejectReason::Event(_) => "undecodable_event",
            RejectReason::Record { .. } => "undecodable_record",
        }
    }
}

/// Where and how a text stops being a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// A byte that cannot stand there.
    #[error("expected {expected} at byte {position}, found {}", found.escape_ascii())]
    Unexpected {
        /// Its place in the document, from 0.
        position: usize,
        /// What could have stood there.
        expected: &'static str,
        /// The byte.
        found: u8,
    },
    /// Brackets nested deeper than the limit.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The input ends inside the document.
    #[error("never closed: the input ends with {open} open brackets")]
    NeverClosed {
        /// The brackets that are still open.
        open: usize,
    },
    /// The document is longer than [`Limits::document_cap`].
    #[error("document exceeds {cap} bytes")]
    TooLarge {
        /// The limit.
        cap: usize,
    },
}

/// Events that are not log lines but are easily mistaken for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignEvent {
    /// An S3 event notification (or its test event).
    S3Notification,
    /// An SQS message or event.
    Sqs,
    /// An SNS notification or event.
    Sns,
    /// An EventBridge event.
    EventBridge,
}

impl fmt::Display for ForeignEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S3Notification => {
                "an S3 notification names objects, it holds no log lines: read the objects"
            }
            Self::Sqs => "an SQS event holds messages of a queue, no log lines",
            Self::Sns => "an SNS event holds notifications, no log lines",
            Self::EventBridge => "an EventBridge event tells that something happened, it holds no log lines",
        })
    }
}

/// Why reading an input ended early. Entries before that point have been delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input itself failed.
    #[error("reading failed after line {line}: {error}")]
    Io {
        /// The lines read completely.
        line: u64,
        /// The failure.
        #[source]
        error: io::Error,
    },
    /// The input is gzip that is cut short or damaged.
    #[error("{error} (after line {line})")]
    Gunzip {
        /// The lines read completely.
        line: u64,
        /// What is wrong.
        #[source]
        error: GunzipError,
    },
    /// The input is neither text nor gzip of text.
    #[error("expected text, JSON or gzip of either, found {0}")]
    Foreign(ForeignFormat),
}

/// File formats that begin with a signature of their own and cannot be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignFormat {
    /// Apache Parquet, the other format in which VPC Flow Logs writes to S3.
    Parquet,
    /// A zip archive.
    Zip,
    /// Zstandard.
    Zstandard,
}

impl ForeignFormat {
    /// The format whose signature `start` begins with.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        let signatures: [(&[u8], Self); 3] =
            [(b"PAR1", Self::Parquet), (b"PK\x03\x04", Self::Zip), (b"\x28\xb5\x2f\xfd", Self::Zstandard)];
        signatures.iter().find(|(signature, _)| start.starts_with(signature)).map(|(_, format)| *format)
    }
}

impl fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "Parquet",
            Self::Zip => "a zip archive",
            Self::Zstandard => "Zstandard",
        })
    }
}

/// What reading an input came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// [`Entry::Line`]s delivered.
    pub lines: u64,
    /// [`Entry::Batch`]es delivered.
    pub batches: u64,
    /// Lines of nothing but white space, skipped.
    pub blank: u64,
    /// Rejected lines.
    pub rejected_lines: u64,
    /// Rejected events, documents and records.
    pub rejected_envelopes: u64,
    /// Bytes read, after decompression when the input is gzip.
    pub bytes: u64,
    /// Whether the input is gzip.
    pub gzip: bool,
    /// The capacity of the read buffer at the end, in bytes: it never shrinks.
    pub buffer_capacity: usize,
    /// Whether the visitor ended the reading.
    pub stopped: bool,
}
