//! What Firehose buffers, as clean records for whoever it delivers to.
//!
//! Every record of the event is answered once: `Ok` with what is to be delivered of it, `Dropped` when that is nothing,
//! `ProcessingFailed` when it can't be read. The answer is never larger than Lambda takes back. A record for which it has
//! no room is put back into its stream, in parts if it would be too large by itself, and `Dropped` once all of them are
//! acknowledged; where that is not possible it is `ProcessingFailed`, and Firehose keeps it as it came.

mod merged;
mod partition;
mod reduction;
mod report;
mod setting_warning;
mod settings;
mod too_large;
mod unwanted;
mod writer;

use std::mem;

use flow_enrich::Tables;
use flow_envelope::{
    EnvelopeError, FirehoseAnswer, FirehoseEvent, FirehoseRecord, LogEvent, MAX_ANSWER, NoData,
    PartitionKeys, RecordContent, RecordUnpacker, Unsettled,
};

pub use partition::PartitionKey;
pub use reduction::{Sampling, Unwanted};
pub use report::{EventCounts, FAILURE_REASONS, TransformationReport};
pub use setting_warning::SettingWarning;
pub use settings::{TRANSFORMATION_VARIABLES, TransformationSettings, WithoutFlow};

use crate::put_back::{PutBack, StreamEntry, StreamSource};
use too_large::{Part, TooLarge, as_it_came, parts};
use writer::RecordWriter;

/// Once the records of an event unpack to so many bytes, the others are not unpacked: twenty full answers, where a buffer of
/// three megabytes, the largest, holds five.
const MAX_UNPACKED: u64 = 20 * MAX_ANSWER as u64;

/// Transforms one Firehose event after the other.
#[derive(Debug)]
pub struct Transformation {
    settings: TransformationSettings,
}

/// What a transformation gives back.
#[derive(Debug, Clone)]
pub struct Transformed {
    /// The answer to Firehose, as JSON.
    pub answer: String,
    /// What became of everything.
    pub report: TransformationReport,
}

/// Why an event can't be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransformationError {
    /// It is no Firehose event.
    #[error(transparent)]
    Undecodable(#[from] EnvelopeError),
    /// Even without any data the answer would be too large. Firehose sends no such event.
    #[error("{records} records: an answer without any data would be over {limit} bytes")]
    TooManyRecords {
        /// How many records there are.
        records: usize,
        /// The most bytes of an answer.
        limit: usize,
    },
}

impl TransformationError {
    /// A word for the kind of error: a contract with alarms and dashboards.
    pub fn kind(&self) -> &'static str {
        match self {
            TransformationError::Undecodable(_) => "Undecodable",
            TransformationError::TooManyRecords { .. } => "TooManyRecords",
        }
    }
}

/// A record that waits for its parts to be put back.
struct Waiting {
    place: Unsettled,
    number: u64,
    parts: Vec<Part>,
}

impl Transformation {
    /// A transformation with these settings.
    pub fn new(settings: TransformationSettings) -> Self {
        Transformation { settings }
    }

    /// Answers one event. Without `put_back`, what has no room in the answer fails.
    pub async fn run<P: PutBack>(
        &self,
        tables: &Tables,
        payload: &[u8],
        put_back: Option<&P>,
    ) -> Result<Transformed, TransformationError> {
        let event = FirehoseEvent::parse(payload)?;
        let limit = self.settings.answer_limit;
        let records = event.records.len();
        let answer = FirehoseAnswer::new(&event.records, limit)
            .ok_or(TransformationError::TooManyRecords { records, limit })?;
        let mut run = Run {
            settings: &self.settings,
            event: &event,
            puts_back: self.settings.puts_back && put_back.is_some(),
            writer: RecordWriter::new(&self.settings, tables),
            answer,
            waiting: Vec::new(),
            room: Vec::new(),
            report: TransformationReport { records: records as u64, ..TransformationReport::default() },
        };
        let mut memory = RecordUnpacker::default();
        for (record, number) in event.records.iter().zip(1..) {
            run.record(&mut memory, record, number);
        }
        if let Some(put_back) = put_back {
            run.put_back(put_back).await;
        }
        let answer = run.answer.finish();
        run.report.answer_bytes = answer.len() as u64;
        Ok(Transformed { answer, report: run.report })
    }
}

/// One event on its way to its answer.
struct Run<'r> {
    settings: &'r TransformationSettings,
    event: &'r FirehoseEvent<'r>,
    puts_back: bool,
    writer: RecordWriter<'r>,
    answer: FirehoseAnswer<'r>,
    waiting: Vec<Waiting>,
    /// For the log events of one record after the other.
    room: Vec<LogEvent<'static>>,
    report: TransformationReport,
}

impl Run<'_> {
    fn record(&mut self, memory: &mut RecordUnpacker, record: &FirehoseRecord<'_>, number: u64) {
        self.report.bytes_in += (record.data.trim_end_matches('=').len() * 3 / 4) as u64;
        if self.report.bytes_unpacked >= MAX_UNPACKED {
            return self.leave(memory, record, number);
        }
        let unpacked = match memory.unpack(record, self.settings.decompressed_cap) {
            Ok(unpacked) => unpacked,
            Err(error) => return self.fail(number, 0, error.kind(), || error.to_string()),
        };
        self.report.bytes_unpacked += unpacked.len() as u64;
        let content = match RecordContent::read_in(mem::take(&mut self.room), unpacked) {
            Ok(content) => content,
            // What begins as JSON does and is none that is known is lines, if one of them is a flow record.
            Err(error) => match RecordContent::read_lines(unpacked) {
                Some(content) if self.writer.holds_record(&content) => content,
                Some(_) | None => return self.fail(number, 0, error.kind(), || error.to_string()),
            },
        };
        let controls = content.batches.iter().filter(|batch| batch.is_control()).count();
        self.report.control_messages += controls as u64;
        let (keys, is_mixed) = self.writer.partition(&content, &self.event.region);
        self.report.mixed_partitions += u64::from(is_mixed);
        let (room, alone) = (self.answer.room(&keys), self.answer.room_alone(record, &keys).unwrap_or(0));
        let is_all = self.writer.write(&content, alone);
        let events = content.events() as u64;
        if self.fails_by_its_lines(number, events) {
            return;
        }
        if !is_all || room.is_none_or(|room| self.writer.out.len() > room) {
            let too_large = TooLarge {
                unpacked,
                events: content.events(),
                events_that_fit: (!is_all).then_some(self.writer.counts.read),
                generation: content.generation,
                partition_key: record.partition_key(),
                is_unpacked_by_stream: !content.batches.is_empty()
                    && !record.is_gzip()
                    && self.event.source_kinesis_stream_arn.is_empty(),
            };
            return self.make_wait(&too_large, number);
        }
        self.room = content.into_room();
        self.settle(&keys, number);
    }

    /// Puts a record back without a look, or fails it. It makes no endless round: whoever comes first is looked at.
    fn leave(&mut self, memory: &mut RecordUnpacker, record: &FirehoseRecord<'_>, number: u64) {
        // A stream that decompresses by itself takes nothing back, and only what is packed shows that it does not.
        let may = self.puts_back && (record.is_gzip() || !self.event.source_kinesis_stream_arn.is_empty());
        let data = memory.decode(record).ok().filter(|_| may);
        match data.and_then(|data| as_it_came(data, record.partition_key().as_ref())) {
            Some(part) => self.wait(number, vec![part]),
            None => self
                .fail(number, 0, "event_full", || format!("the event unpacks to over {MAX_UNPACKED} bytes")),
        }
    }

    fn wait(&mut self, number: u64, parts: Vec<Part>) {
        let place = self.answer.later();
        self.waiting.push(Waiting { place, number, parts });
    }

    /// What holds not one flow record is no flow log, or read in the wrong format: Firehose keeps it as it came. So it does
    /// with what has a line for which the encoding has no place. Tells whether the record failed.
    fn fails_by_its_lines(&mut self, number: u64, events: u64) -> bool {
        let kind = match (self.writer.is_misplaced, self.writer.is_no_log) {
            (true, _) => "no_place_for_line",
            (false, true) => "no_flow_record",
            (false, false) => return false,
        };
        let fault = self.writer.rejected.first().map(|(_, reason)| reason.clone());
        self.fail(number, events, kind, || fault.unwrap_or_default());
        true
    }

    /// Answers a record whose events are written.
    fn settle(&mut self, keys: &PartitionKeys, number: u64) {
        let counts = self.writer.counts;
        let rejected = mem::take(&mut self.writer.rejected);
        self.report.reject(number, rejected);
        self.report.events += counts;
        if self.writer.out.is_empty() {
            self.report.dropped += 1;
            return self.answer.without_data(NoData::Dropped);
        }
        self.report.ok += 1;
        self.report.bytes_out += self.writer.out.len() as u64;
        self.answer.ok(&self.writer.out, keys);
    }

    fn fail(&mut self, number: u64, events: u64, kind: &'static str, reason: impl FnOnce() -> String) {
        self.count_failed(number, events, kind, reason);
        self.answer.without_data(NoData::ProcessingFailed);
    }

    fn count_failed(
        &mut self,
        number: u64,
        events: u64,
        kind: &'static str,
        reason: impl FnOnce() -> String,
    ) {
        self.report.events += EventCounts { failed: events, ..EventCounts::of_unwritten(events) };
        self.report.fail(number, kind, reason);
    }

    /// Packs the events of a record anew, if they can be put back.
    fn make_wait(&mut self, too_large: &TooLarge<'_>, number: u64) {
        match parts(too_large, self.puts_back) {
            Ok(parts) => self.wait(number, parts),
            Err(kind) => {
                let events = too_large.events as u64;
                self.fail(number, events, kind, || format!("{events} events have no room in the answer"));
            }
        }
    }

    /// Puts back what waits, and settles it.
    async fn put_back(&mut self, put_back: &impl PutBack) {
        let mut waiting = mem::take(&mut self.waiting);
        let entries: Vec<StreamEntry> =
            waiting.iter_mut().flat_map(|waiting| &mut waiting.parts).map(Part::take_entry).collect();
        if entries.is_empty() {
            return;
        }
        let mut outcomes = put_back.put_back(self.source(), &entries).await.into_iter();
        for Waiting { place, number, parts } in waiting {
            // An entry without an outcome is not acknowledged.
            let outcomes: Vec<_> = parts.iter().map(|part| (part.events, outcomes.next())).collect();
            let all: u64 = parts.iter().map(|part| part.events).sum();
            let taken = outcomes
                .iter()
                .filter(|(_, outcome)| matches!(outcome, Some(Ok(()))))
                .map(|(events, _)| events);
            let taken: u64 = taken.sum();
            if outcomes.iter().all(|(_, outcome)| matches!(outcome, Some(Ok(())))) {
                self.report.put_back += 1;
                self.report.events += EventCounts { put_back: all, ..EventCounts::of_unwritten(all) };
                self.answer.settle(place, NoData::Dropped);
                continue;
            }
            let error = outcomes.into_iter().find_map(|(_, outcome)| outcome?.err());
            let reason = || error.map_or_else(|| "no outcome".to_owned(), |error| error.to_string());
            self.count_failed(number, all, "put_back_failed", reason);
            self.report.events.put_back_twice += taken;
            self.answer.settle(place, NoData::ProcessingFailed);
        }
    }

    fn source(&self) -> StreamSource<'_> {
        match &*self.event.source_kinesis_stream_arn {
            "" => StreamSource::Firehose(&self.event.delivery_stream_arn),
            arn => StreamSource::Kinesis(arn),
        }
    }
}
