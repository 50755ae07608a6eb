//! Finds the log lines in whatever carries them: a Lambda event, a gzip file, a text file.
//!
//! - [`SubscriptionEvent`] and [`log_batches`]: what CloudWatch Logs sends to a Lambda function.
//! - [`KinesisEvent`], [`FirehoseEvent`] and [`RecordContent`]: the same and more inside stream records.
//! - [`FirehoseAnswer`] and [`Repacking`]: what a transformation gives back to Firehose, and what it sends there again.
//! - [`read_entries`]: any file or pipe, recognised by its content.
//! - [`encode`]: the way back, for generated traffic and tests.
//! - [`gunzip`]: bounded decompression, the only one in this program.
//!
//! What is absent: any knowledge of what a line says, any clock or runtime, and any way to make memory grow
//! with what a sender claims. Data that cannot be read is a value, never a panic.

mod base64_text;
mod bounds;
pub mod encode;
mod error;
mod firehose;
pub mod gunzip;
mod json_error;
mod kinesis;
mod log_batch;
mod reader;
mod record;
mod repacking;
mod skeleton;
mod subscription;
mod text;
mod unpacker;

pub use error::EnvelopeError;
pub use firehose::{
    FirehoseAnswer, FirehoseEvent, FirehoseRecord, MAX_ANSWER, NoData, PartitionKeys, RecordUnpacker,
    Unsettled,
};
pub use gunzip::{DEFAULT_DECOMPRESSED_CAP, GunzipError, gunzip_capped};
pub use json_error::{JsonError, JsonFaultKind};
pub use kinesis::{KinesisData, KinesisEvent, KinesisRecord};
pub use log_batch::{LogBatch, LogEvent, MessageType, fingerprint, log_batches, room_of};
pub use reader::{
    Entry, ForeignEvent, ForeignFormat, JsonFault, Limits, ReadError, RejectReason, RejectedEntry, Summary,
    read_entries,
};
pub use record::RecordContent;
pub use repacking::Repacking;
pub use subscription::{SubscriptionEvent, SubscriptionUnpacker};
