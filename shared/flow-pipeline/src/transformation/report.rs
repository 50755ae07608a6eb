//! What became of every record and every event of a Firehose event.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::report::{MAX_REJECT_SAMPLES, RejectSample};

/// Why a record is answered `ProcessingFailed`, and what that means: a contract with alarms and dashboards.
pub const FAILURE_REASONS: [(&str, &str); 18] = [
    ("not_base64", "its data are no base64"),
    ("corrupt_gzip", "its data begin as gzip does and can't be decompressed"),
    ("decompressed_too_large", "it decompresses to more than MAX_DECOMPRESSED_BYTES"),
    ("not_utf8", "it is no text"),
    (
        "malformed_json",
        "it begins as JSON does and is none, or none of the shape of a CloudWatch Logs message",
    ),
    ("unknown_json", "it is JSON, but neither a CloudWatch Logs message nor a line"),
    ("unknown_message_type", "its messageType is none that CloudWatch Logs documents"),
    ("too_many_events", "it holds more messages or lines than are read of one record"),
    ("no_flow_record", "it holds lines, and none is a flow record in the format of its log group"),
    ("no_place_for_line", "a line of it is no flow record, for which csv has no place"),
    ("answer_full", "the answer has no room for it, and nothing can be put back"),
    ("record_too_large", "no answer has room for it, and nothing can be put back"),
    ("event_too_large", "one line of it is too large for any answer"),
    (
        "decompressing_stream",
        "the answer has no room for it, and its stream, which decompresses, takes nothing back",
    ),
    ("put_back_too_often", "it was put back 64 times and still has no room"),
    (
        "event_full",
        "the records before it unpack to more than is read of one event, and it can't be put back",
    ),
    ("put_back_failed", "the stream did not take it back"),
    ("not_repacked", "it could be read, but not be packed anew"),
];

/// Events, which are lines, by what became of them. `read` is the sum of all others but `rejected`, which are among
/// those written, and `put_back_twice`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EventCounts {
    /// Found in records that could be read.
    pub read: u64,
    /// Written to the answer; after merging, the records that came out of it.
    pub written: u64,
    /// Written as they came, since they are no flow records.
    pub rejected: u64,
    /// NODATA lines left out.
    pub no_data: u64,
    /// SKIPDATA lines left out.
    pub skip_data: u64,
    /// Left out by the filter.
    pub filtered: u64,
    /// Accepted flows that are not in the sample.
    pub sampled_out: u64,
    /// Added to another record of their flow.
    pub merged: u64,
    /// In records that failed.
    pub failed: u64,
    /// Put back into their stream.
    pub put_back: u64,
    /// Put back although their record failed: they arrive twice.
    pub put_back_twice: u64,
}

impl EventCounts {
    /// Those of a record none of whose events were written.
    pub(crate) fn of_unwritten(read: u64) -> Self {
        EventCounts { read, ..EventCounts::default() }
    }
}

impl AddAssign for EventCounts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.written += other.written;
        self.rejected += other.rejected;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.filtered += other.filtered;
        self.sampled_out += other.sampled_out;
        self.merged += other.merged;
        self.failed += other.failed;
        self.put_back += other.put_back;
        self.put_back_twice += other.put_back_twice;
    }
}

/// Counts of one Firehose event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TransformationReport {
    /// Records in the event.
    pub records: u64,
    /// Records answered `Ok`.
    pub ok: u64,
    /// Records answered `Dropped` because nothing of them is to be delivered.
    pub dropped: u64,
    /// Records answered `Dropped` because all their events were put back.
    pub put_back: u64,
    /// Records answered `ProcessingFailed`, by reason.
    pub failed: BTreeMap<&'static str, u64>,
    /// The first few of them; the number is the record's place in the event.
    pub failed_samples: Vec<RejectSample>,
    /// Control messages.
    pub control_messages: u64,
    /// Records whose messages belong to several partitions: the first message's is taken.
    pub mixed_partitions: u64,
    /// Events by what became of them.
    pub events: EventCounts,
    /// Lines that are no flow records, by kind, in records that were answered `Ok`.
    pub rejected: BTreeMap<&'static str, u64>,
    /// The first few of them; the number is the record's place in the event.
    pub reject_samples: Vec<RejectSample>,
    /// Bytes of all records' data as they came, after base64.
    pub bytes_in: u64,
    /// Bytes of them once decompressed.
    pub bytes_unpacked: u64,
    /// Bytes of the data in the answer, before base64.
    pub bytes_out: u64,
    /// Bytes of the answer.
    pub answer_bytes: u64,
}

impl TransformationReport {
    /// How many records failed.
    pub fn failed_total(&self) -> u64 {
        self.failed.values().sum()
    }

    /// How many lines are no flow records.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Counts a record that failed; the first few keep their reason.
    pub(crate) fn fail(&mut self, number: u64, kind: &'static str, reason: impl FnOnce() -> String) {
        debug_assert!(FAILURE_REASONS.iter().any(|(reason, _)| *reason == kind), "{kind} is documented");
        *self.failed.entry(kind).or_default() += 1;
        if self.failed_samples.len() < MAX_REJECT_SAMPLES {
            self.failed_samples.push(RejectSample { number, reason: reason() });
        }
    }

    /// Counts the lines of a record that are no flow records.
    pub(crate) fn reject(&mut self, number: u64, rejected: Vec<(&'static str, String)>) {
        for (kind, reason) in rejected {
            *self.rejected.entry(kind).or_default() += 1;
            if self.reject_samples.len() < MAX_REJECT_SAMPLES {
                self.reject_samples.push(RejectSample { number, reason });
            }
        }
    }
}
