//! The events of one record as they are to be delivered.

use std::borrow::Cow;
use std::mem;

use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_envelope::{PartitionKeys, RecordContent};
use flow_output::{Marks, RecordEncoder, Rejection};
use flow_record::{Fault, Field, Line, RecordBuffer, RecordFormat};
use xxhash_rust::xxh3::xxh3_128;

use super::merged::{MergedFlow, Merging};
use super::partition::{First, PartitionKey, partition};
use super::report::EventCounts;
use super::settings::{TransformationSettings, WithoutFlow};
use crate::input::BatchOrigin;

/// Where none of so many lines is a flow record, the rest is looked at for one before more is written: a few bytes may unpack
/// to a million lines.
const SURELY: u64 = 1000;

/// What is merged is written last, and taken to need at least so many bytes a flow: as flat output does for its id alone.
const LEAST_LINE: usize = 32;

/// So many lines of a message are looked at for one that is a record and says its partition: a header is the first of some.
const FIRST_LINES: usize = 8;

/// Writes records one after the other, with the same memory.
#[derive(Debug)]
pub(super) struct RecordWriter<'s> {
    settings: &'s TransformationSettings,
    tables: &'s Tables,
    encoder: RecordEncoder,
    buffer: RecordBuffer,
    /// What is delivered of the record at hand.
    pub out: Vec<u8>,
    pub counts: EventCounts,
    /// Lines that are no flow records, by kind and with the reason.
    pub rejected: Vec<(&'static str, String)>,
    /// A line that is no flow record has no place in the encoding.
    pub is_misplaced: bool,
    /// There are lines, and none is a flow record.
    pub is_no_log: bool,
    /// Some events were not looked at for want of room.
    is_cut: bool,
    /// `out` stops growing here, and the rest of the events is not looked at.
    limit: usize,
}

impl<'s> RecordWriter<'s> {
    pub(super) fn new(settings: &'s TransformationSettings, tables: &'s Tables) -> Self {
        RecordWriter {
            settings,
            tables,
            encoder: settings.encoder.clone(),
            buffer: RecordBuffer::default(),
            out: Vec::new(),
            counts: EventCounts::default(),
            rejected: Vec::new(),
            is_misplaced: false,
            is_no_log: false,
            is_cut: false,
            limit: 0,
        }
    }

    /// Writes the events of `content`, as long as there are no more than `limit` bytes; tells whether that were all.
    pub(super) fn write(&mut self, content: &RecordContent<'_>, limit: usize) -> bool {
        (self.counts, self.limit) = (EventCounts::default(), limit);
        (self.is_misplaced, self.is_no_log, self.is_cut) = (false, false, false);
        self.out.clear();
        // As much as it may take, so that it is never moved; what is not written takes no memory.
        self.out.reserve(limit);
        self.rejected.clear();
        // Out of `self` while it is borrowed by lines; it is large, so once for all of them.
        let mut buffer = mem::take(&mut self.buffer);
        for batch in content.batches.iter().filter(|batch| !batch.lines().is_empty()) {
            let format = self.settings.formats.of(&batch.log_group);
            let origin = BatchOrigin::of(batch);
            let lines = batch.lines().iter().map(|event| (&*event.message, origin.of_event(event)));
            self.lines(content, &mut buffer, format, lines);
        }
        let format = self.settings.formats.any();
        let lines = content.lines.iter().map(|line| (&**line, Origin::default()));
        self.lines(content, &mut buffer, format, lines);
        self.buffer = buffer;
        self.is_no_log = self.is_no_log
            || self.has_only_rejected()
                && (self.counts.read == content.events() as u64 || !self.holds_record(content));
        !self.is_cut && self.out.len() <= limit
    }

    /// The keys of the partition in which these events are, by the first line that is a record; and whether another
    /// message's differ.
    pub(super) fn partition(&mut self, content: &RecordContent<'_>, region: &str) -> (PartitionKeys, bool) {
        let settings = self.settings;
        if settings.partition_keys.is_empty() {
            return (PartitionKeys::new(), false);
        }
        let needs_time = settings.partition_keys.contains(&PartitionKey::Hour);
        let earliest = if needs_time { self.earliest(&content.lines) } else { None };
        let stream_region = Some(region).filter(|region| !region.is_empty());
        let buffer = &mut self.buffer;
        let mut keys = |format: Option<&RecordFormat>, lines: &mut dyn Iterator<Item = &str>, origin| {
            let line = lines.take(FIRST_LINES).find(|text| is_record(format, text, buffer));
            let line = line.and_then(|text| format?.parse_into(text, buffer).ok());
            let record = line.as_ref().map(Line::record);
            partition(&settings.partition_keys, &First { origin, record, stream_region })
        };
        let mut all = Vec::new();
        for batch in &content.batches {
            let Some(earliest) = batch.lines().iter().min_by_key(|event| event.timestamp) else { continue };
            let mut lines = batch.lines().iter().map(|event| &*event.message);
            let origin = BatchOrigin::of(batch);
            all.push(keys(settings.formats.of(&batch.log_group), &mut lines, origin.of_event(earliest)));
        }
        if !content.lines.is_empty() {
            let mut lines = content.lines.iter().map(|line| &**line);
            let origin = Origin { timestamp: earliest, ..Origin::default() };
            all.push(keys(settings.formats.any(), &mut lines, origin));
        }
        let mut all = all.into_iter();
        let first = all.next().unwrap_or_default();
        let is_mixed = all.any(|other| other != first);
        (first, is_mixed)
    }

    /// The first start of a record among lines that have no timestamp, in milliseconds.
    fn earliest(&mut self, lines: &[Cow<'_, str>]) -> Option<i64> {
        let (format, buffer) = (self.settings.formats.any()?, &mut self.buffer);
        let start =
            |line: &Cow<'_, str>| format.parse_into(line, buffer).ok()?.record().integer(Field::Start);
        let earliest = lines.iter().filter_map(start).min()?;
        i64::try_from(earliest).ok()?.checked_mul(1000)
    }

    /// The lines of one message of `content`.
    fn lines<'e>(
        &mut self,
        content: &RecordContent<'_>,
        buffer: &mut RecordBuffer,
        format: Option<&'e RecordFormat>,
        lines: impl Iterator<Item = (&'e str, Origin<'e>)>,
    ) {
        let mut merging = self.settings.merges.then(Merging::new);
        for (text, origin) in lines {
            let merged = merging.as_ref().map_or(0, Merging::len);
            if self.out.len().max(merged * LEAST_LINE) > self.limit {
                self.is_cut = true;
                break;
            }
            if self.is_hopeless(content) {
                break;
            }
            self.counts.read += 1;
            match format {
                Some(format) => self.line(buffer, format, text, &origin, merging.as_mut()),
                None => self.reject(text, &origin, "no_format", "no format for this log group"),
            }
        }
        for flow in merging.into_iter().flat_map(Merging::into_flows) {
            if self.out.len() > self.limit {
                return;
            }
            self.merged(buffer, &flow);
        }
    }

    /// Whether `content` is no flow log, or can't be delivered whole: then nothing more needs to be read.
    fn is_hopeless(&mut self, content: &RecordContent<'_>) -> bool {
        if self.counts.read == SURELY && self.has_only_rejected() && !self.is_no_log {
            self.is_no_log = !self.holds_record(content);
        }
        self.is_misplaced || self.is_no_log
    }

    /// Whether lines were read, and none is a flow record.
    fn has_only_rejected(&self) -> bool {
        self.counts.read > 0 && self.counts.rejected == self.counts.read
    }

    /// Whether any line is a flow record.
    pub(super) fn holds_record(&self, content: &RecordContent<'_>) -> bool {
        let formats = &self.settings.formats;
        let mut buffer = RecordBuffer::default();
        let mut is = |format: Option<&RecordFormat>, text: &str| is_record(format, text, &mut buffer);
        content.batches.iter().any(|batch| {
            let format = formats.of(&batch.log_group);
            batch.lines().iter().any(|event| is(format, &event.message))
        }) || content.lines.iter().any(|line| is(formats.any(), line))
    }

    fn line<'e>(
        &mut self,
        buffer: &mut RecordBuffer,
        format: &'e RecordFormat,
        text: &'e str,
        origin: &Origin<'e>,
        merging: Option<&mut Merging<'e, Origin<'e>>>,
    ) {
        // What stays where it was made costs least.
        match &format.parse_into(text, buffer) {
            Ok(line) => {
                let flow = EnrichedFlow { record: line.record(), origin, tables: self.tables };
                if let Some(weight) = self.weight(line, &flow) {
                    match (line, merging) {
                        (Line::Flow(record), Some(merging)) => {
                            merging.add(format, record, text, weight, *origin);
                        }
                        _ => self.flow(&flow, text, weight, None),
                    }
                }
            }
            Err(error) => {
                let kind = if RecordFormat::is_header(text) { "header" } else { error.kind().name() };
                let fault = Fault(*error).to_string();
                self.reject(text, origin, kind, &fault);
            }
        }
    }

    /// How many records the line stands for; none if it is not to be delivered, and then it is counted.
    fn weight(&mut self, line: &Line<'_>, flow: &EnrichedFlow<'_>) -> Option<u64> {
        let (settings, counts) = (self.settings, &mut self.counts);
        let left_out = match line {
            Line::NoData(_) if !settings.keep.contains(&WithoutFlow::NoData) => &mut counts.no_data,
            Line::SkipData(_) if !settings.keep.contains(&WithoutFlow::SkipData) => &mut counts.skip_data,
            _ if settings.unwanted.as_ref().is_some_and(|unwanted| unwanted.is(flow)) => &mut counts.filtered,
            Line::Flow(record) => match settings.sampling.weight(record) {
                None => &mut counts.sampled_out,
                weight => return weight,
            },
            Line::NoData(_) | Line::SkipData(_) => return Some(1),
        };
        *left_out += 1;
        None
    }

    /// Records of one flow, as one.
    fn merged(&mut self, buffer: &mut RecordBuffer, merged: &MergedFlow<'_, Origin<'_>>) {
        let (origin, first) = (&merged.origin, merged.first);
        let text = if merged.records == 1 { Cow::Borrowed(first) } else { Cow::Owned(merged.line(buffer)) };
        self.counts.merged += merged.records - 1;
        match merged.format().parse_into(&text, buffer) {
            Ok(line) => {
                let flow = EnrichedFlow { record: line.record(), origin, tables: self.tables };
                self.flow(&flow, first, merged.weight, (merged.records > 1).then_some(merged.records));
            }
            // Their sums fit and what they are made of was read; whatever else, the first one's line is not lost.
            Err(error) => self.reject(first, origin, error.kind().name(), &Fault(error).to_string()),
        }
    }

    /// `text` is the line by which an event without an id is known.
    fn flow(&mut self, flow: &EnrichedFlow<'_>, text: &str, weight: u64, merged: Option<u64>) {
        let marks = Marks { sample_weight: (weight > 1).then_some(weight), merged };
        if flow.origin.event_id.is_some() {
            self.encoder.write(&mut self.out, flow, &marks);
        } else {
            let id = made_id(text);
            let origin = Origin { event_id: Some(&id), ..*flow.origin };
            self.encoder.write(&mut self.out, &EnrichedFlow { origin: &origin, ..*flow }, &marks);
        }
        self.counts.written += 1;
    }

    /// A line that is no flow record is delivered as it came.
    fn reject(&mut self, text: &str, origin: &Origin<'_>, kind: &'static str, fault: &str) {
        let made = origin.event_id.is_none().then(|| made_id(text));
        let origin = Origin { event_id: made.as_deref().or(origin.event_id), ..*origin };
        let rejection = Rejection { line: text, kind, error: fault };
        let is_placed = self.encoder.write_rejected(&mut self.out, &rejection, &origin, &Marks::default());
        self.is_misplaced |= !is_placed;
        self.counts.written += 1;
        self.counts.rejected += 1;
        self.rejected.push((kind, fault.to_owned()));
    }
}

fn is_record(format: Option<&RecordFormat>, text: &str, buffer: &mut RecordBuffer) -> bool {
    format.is_some_and(|format| format.parse_into(text, buffer).is_ok())
}

/// The id of an event that has none: XXH3 with 128 bits of its line, so that a record delivered twice has one id.
fn made_id(line: &str) -> String {
    format!("{:032x}", xxh3_128(line.as_bytes()))
}
