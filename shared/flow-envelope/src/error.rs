//! Why an event could not be unpacked.

use crate::JsonError;
use crate::gunzip::GunzipError;

/// Why a Lambda event, or one record of it, holds no log lines that can be read.
///
/// None of these passes when tried again: the same bytes give the same error. None shows a log line: of the data
/// they quote a type's name or a few bytes at most.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The event is not JSON, or a key that the event must have has a value of another type.
    #[error("expected {expected} as JSON: {error}")]
    NotJson {
        /// The event that was expected.
        expected: &'static str,
        /// What is wrong, and where.
        #[source]
        error: JsonError,
    },
    /// The event is JSON, but not this event.
    #[error("expected {expected}, found JSON without {missing}")]
    NotAnEvent {
        /// The event that was expected.
        expected: &'static str,
        /// The key that tells it apart.
        missing: &'static str,
    },
    /// The data is not base64.
    #[error("data is not base64: {error}")]
    NotBase64 {
        /// What is wrong, with its position in the data.
        #[source]
        error: base64::DecodeError,
    },
    /// A record has no data, or data that are no text. A stream that reads Amazon MSK has its own key for them.
    #[error("expected base64 text as data, found none")]
    NoData,
    /// The data cannot be decompressed.
    #[error(transparent)]
    Gunzip(#[from] GunzipError),
    /// The event or its unpacked data is not UTF-8.
    #[error("not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The first byte that is not part of a character, from 0.
        position: usize,
    },
    /// The unpacked data should be a CloudWatch Logs message and is not JSON, or not of its shape.
    #[error("expected a CloudWatch Logs message as JSON at byte {position}: {error}")]
    MessageNotJson {
        /// Where the message begins in the unpacked data, from 0.
        position: usize,
        /// What is wrong, and where.
        #[source]
        error: JsonError,
    },
    /// The unpacked data is JSON, but no CloudWatch Logs message (nor a line, where one may stand).
    #[error("expected a CloudWatch Logs message at byte {position}, found JSON without logEvents")]
    NotAMessage {
        /// Where the JSON begins in the unpacked data, from 0.
        position: usize,
    },
    /// The message is of a type that CloudWatch Logs does not document.
    #[error("expected messageType DATA_MESSAGE or CONTROL_MESSAGE, found {found:?}")]
    UnknownMessageType {
        /// The type, cut to 64 characters.
        found: String,
    },
    /// The unpacked data holds more messages than CloudWatch Logs would send at once.
    #[error("more than {limit} messages in one event")]
    TooManyMessages {
        /// The most that are read.
        limit: usize,
    },
    /// The unpacked data holds more log events, or lines, than an event could bring.
    #[error("more than {limit} log events in one event")]
    TooManyLogEvents {
        /// The most that are read.
        limit: usize,
    },
    /// The unpacked data holds nothing at all.
    #[error("the data is empty")]
    Empty,
}

impl EnvelopeError {
    /// The kind to count this under, in reports and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotJson { .. } | Self::MessageNotJson { .. } => "malformed_json",
            Self::NotAnEvent { .. } | Self::NotAMessage { .. } => "unknown_json",
            Self::NotBase64 { .. } | Self::NoData => "not_base64",
            Self::Gunzip(GunzipError::TooLarge { .. }) => "decompressed_too_large",
            Self::Gunzip(_) => "corrupt_gzip",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::UnknownMessageType { .. } => "unknown_message_type",
            Self::TooManyMessages { .. } | Self::TooManyLogEvents { .. } => "too_many_events",
            Self::Empty => "empty",
        }
    }

    /// The error for text that stops being UTF-8.
    pub(crate) fn not_utf8(error: std::str::Utf8Error) -> Self {
        Self::NotUtf8 { position: error.valid_up_to() }
    }
}
