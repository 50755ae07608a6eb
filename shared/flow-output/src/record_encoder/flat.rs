//! A record as one flat JSON object: AWS's names with underscores, numbers as numbers, times in Unix seconds, what is
//! absent left out, in the order of the line's columns, and beside it what was worked out or marked.
//!
//! It is what everything else waits for, so a value whose text in the line is already what JSON has is copied from there.

use flow_enrich::{EnrichedFlow, Enrichment, Origin};
use flow_record::{AddressText, Field, FieldKind, FlowRecord, RecordFormat, Value};

use super::selection::{ContextKey, RecordKey, Selection};
use super::{Marks, Rejection};
use crate::json::{escaped, is_plain, write_object};
use crate::scalar::Scalar;

/// Writes flat objects, and remembers how the format that came last is written.
#[derive(Debug, Clone, Default)]
pub(super) struct FlatWriter {
    plan: Option<Plan>,
    room: Room,
}

/// How records of one format are written.
#[derive(Debug, Clone)]
struct Plan {
    format: RecordFormat,
    columns: Box<[PlannedColumn]>,
    /// How long the columns' keys are together.
    keys: usize,
    beside: Box<[(Key, Beside)]>,
}

/// A column that is written.
#[derive(Debug, Clone)]
struct PlannedColumn {
    /// With the opening quote of a text.
    key: Key,
    index: usize,
    holds: Holds,
    /// No value that is longer stands in JSON as it does in the line, or can be copied as a block: none at all behind a key
    /// that can't.
    longest: usize,
}

/// What a column holds, by how it is written: a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Holds {
    Integer = 1,
    Address = 2,
    /// Text, that of fields which are not known too.
    Text = 4,
}

/// What is written beside the columns, by where it comes from.
#[derive(Debug, Clone, Copy)]
enum Beside {
    /// An enrichment whose text is there already.
    Text(Enrichment),
    EventId,
    SampleWeight,
    MergedRecords,
    Any(RecordKey),
}

impl FlatWriter {
    pub(super) fn write(
        &mut self,
        out: &mut Vec<u8>,
        selection: &Selection,
        flow: &EnrichedFlow<'_>,
        marks: &Marks,
    ) {
        let format = flow.record.format();
        let plan = match &mut self.plan {
            Some(plan) if plan.format == *format => plan,
            plan => plan.insert(Plan::new(format, selection)),
        };
        let room = &mut self.room;
        room.used = plan.write_columns(room.at_least(plan.longest(flow.record)), flow.record);
        for (key, what) in &plan.beside {
            write_beside(room, key, *what, flow, marks);
        }
        room.give_object(out);
    }
}

impl Plan {
    fn new(format: &RecordFormat, selection: &Selection) -> Self {
        let mut columns = Vec::new();
        let mut unknown = Vec::new();
        for (index, column) in format.columns().iter().enumerate() {
            match column.field() {
                Some(field) if selection.has(field) => {
                    columns.push(PlannedColumn::new(field.json_key(), index, Holds::of(field)));
                }
                None if selection.has_unknown_columns() => {
                    let key = column.name().replace('-', "_");
                    columns.push(PlannedColumn::new(&key, index, Holds::Text));
                    unknown.push(key);
                }
                _ => {}
            }
        }
        let marks = ContextKey::MARKS.map(RecordKey::Context);
        let unasked = marks.iter().filter(|mark| !selection.beside().contains(mark));
        let beside = selection.beside().iter().chain(unasked).copied();
        // What the log itself calls so comes first: a key stands once in an object.
        let beside = beside.filter(|what| !unknown.iter().any(|name| name == what.json_key()));
        let beside = beside.map(Beside::of).collect();
        let keys = columns.iter().map(|column: &PlannedColumn| column.key.text.len()).sum();
        Plan { format: format.clone(), columns: columns.into(), keys, beside }
    }

    /// More bytes than the columns of `record` are written with.
    fn longest(&self, record: &FlowRecord<'_>) -> usize {
        const LONGEST_ESCAPE: usize = "\\u0000".len();
        const LONGEST_FORMED: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255\"".len();
        let values = record.line().len() * LONGEST_ESCAPE + self.columns.len() * LONGEST_FORMED;
        self.keys + values + 2 * WINDOW
    }

    /// Writes the columns' members into `room`, which has as much room as they may need; gives the end of what is written.
    fn write_columns(&self, room: &mut [u8], record: &FlowRecord<'_>) -> usize {
        let (line, unlike_json) = (PaddedLine::new(record.line().as_bytes()), Holds::unlike_json(record));
        let mut used = 0;
        for column in &self.columns {
            let span = record.span(column.index);
            let length = span.end - span.start;
            let (block, window) = (line.block(span.start), window(room, used));
            if length == 1 && block[0] == b'-' {
                continue;
            }
            let is_as_in_json = length <= column.longest
                && column.holds as u8 & unlike_json == 0
                && (block[0] != b'0' || length == 1 || column.holds != Holds::Integer);
            if !is_as_in_json {
                used = column.write_any(room, used, record);
                continue;
            }
            // Both are shorter than a block: what is said here spares asking whether they fit.
            let (key, length) = (column.key.length % BLOCK, length % BLOCK);
            window[..BLOCK].copy_from_slice(&column.key.block);
            window[key..][..BLOCK].copy_from_slice(block);
            window[key + length] = b'"';
            used += key + length + usize::from(column.is_quoted());
        }
        used
    }
}

impl Holds {
    fn of(field: Field) -> Self {
        match field.kind() {
            FieldKind::Integer { .. } => Holds::Integer,
            FieldKind::Address => Holds::Address,
            FieldKind::Text => Holds::Text,
        }
    }

    /// The bits of what may stand in `record` in another form than in JSON. Of integers each tells for itself; no other text
    /// than its shortest is read as an address of IPv4.
    fn unlike_json(record: &FlowRecord<'_>) -> u8 {
        let text = if is_plain(record.line().as_bytes()) { 0 } else { Holds::Text as u8 };
        text | if record.has_ipv6() { Holds::Address as u8 } else { 0 }
    }
}

impl Beside {
    /// With its key, which opens a text that is known to be one.
    fn of(what: RecordKey) -> (Key, Self) {
        let beside = match what {
            RecordKey::Enrichment(enrichment) if enrichment.is_borrowed() => Beside::Text(enrichment),
            RecordKey::Context(ContextKey::EventId) => Beside::EventId,
            RecordKey::Context(ContextKey::SampleWeight) => Beside::SampleWeight,
            RecordKey::Context(ContextKey::MergedRecords) => Beside::MergedRecords,
            what => Beside::Any(what),
        };
        let opens_text = matches!(beside, Beside::Text(_) | Beside::EventId);
        (Key::new(what.json_key(), opens_text), beside)
    }
}

impl PlannedColumn {
    fn new(key: &str, index: usize, holds: Holds) -> Self {
        // A longer number may be a time in milliseconds, and those become seconds.
        const SHORTER_THAN_MILLISECONDS: usize = 11;
        let key = Key::new(key, holds != Holds::Integer);
        let longest = match holds {
            _ if key.is_long() => 0,
            Holds::Integer => SHORTER_THAN_MILLISECONDS,
            Holds::Address | Holds::Text => BLOCK - 1,
        };
        PlannedColumn { key, index, holds, longest }
    }

    #[inline]
    fn is_quoted(&self) -> bool {
        self.holds != Holds::Integer
    }

    /// Writes a key and its value, whatever they are.
    #[cold]
    fn write_any(&self, room: &mut [u8], used: usize, record: &FlowRecord<'_>) -> usize {
        let used = self.key.put(room, used);
        let used = match record.column(self.index) {
            Some(Value::Integer(number)) => put(room, used, itoa::Buffer::new().format(number).as_bytes()),
            Some(Value::Address(address)) => put(room, used, AddressText::of(address).as_bytes()),
            Some(Value::Text(text)) => put(room, used, within_quotes(&escaped(text)).as_bytes()),
            None => used,
        };
        room[used] = b'"';
        used + usize::from(self.is_quoted())
    }
}

/// A line as if so many bytes followed it that a block can be taken from anywhere in it.
struct PaddedLine<'l> {
    line: &'l [u8],
    /// The line's last bytes, with those that follow, and where in the line they begin.
    end: [u8; 2 * BLOCK],
    end_begins: usize,
}

impl<'l> PaddedLine<'l> {
    fn new(line: &'l [u8]) -> Self {
        let end_begins = line.len().saturating_sub(BLOCK);
        let mut end = [0; 2 * BLOCK];
        match line.last_chunk::<BLOCK>() {
            Some(last) => end[..BLOCK].copy_from_slice(last),
            None => end[..line.len()].copy_from_slice(line),
        }
        PaddedLine { line, end, end_begins }
    }

    /// The block that begins at `start`, which lies within the line.
    #[inline]
    fn block(&self, start: usize) -> &[u8; BLOCK] {
        self.line[start..].first_chunk().unwrap_or_else(|| {
            self.end[start - self.end_begins..]
                .first_chunk()
                .expect("a block follows whatever is in the line")
        })
    }
}

/// A key, a value and a quote, none longer than a block, are written within this many bytes.
const WINDOW: usize = 2 * BLOCK;

/// What is written next.
#[inline]
fn window(room: &mut [u8], used: usize) -> &mut [u8; WINDOW] {
    room[used..].first_chunk_mut().expect("there is room for the longest record, and more")
}

/// Puts bytes into `room` from `used` on; gives their end.
fn put(room: &mut [u8], used: usize, bytes: &[u8]) -> usize {
    let end = used + bytes.len();
    room[used..end].copy_from_slice(bytes);
    end
}

/// A JSON string without its quotes.
fn within_quotes(string: &str) -> &str {
    string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(string)
}

fn write_beside(room: &mut Room, key: &Key, what: Beside, flow: &EnrichedFlow<'_>, marks: &Marks) {
    match what {
        Beside::Text(enrichment) => room.text(key, flow.enrichment_text(enrichment)),
        Beside::EventId => room.text(key, flow.origin.event_id),
        Beside::SampleWeight => room.number(key, marks.sample_weight),
        Beside::MergedRecords => room.number(key, marks.merged),
        Beside::Any(what) => match what.value(flow, marks) {
            Scalar::Absent => {}
            Scalar::Text(text) => room.member(key, escaped(&text).as_bytes()),
            Scalar::Number(number) => room.number(key, Some(number)),
            Scalar::Boolean(is_so) => room.member(key, if is_so { b"true" } else { b"false" }),
        },
    }
}

/// How many bytes are copied at once, whether there are as many or not.
const BLOCK: usize = 32;

/// `,"key":`, ready to be copied as a block if it is short enough.
#[derive(Debug, Clone)]
struct Key {
    block: [u8; BLOCK],
    length: usize,
    text: Box<[u8]>,
}

impl Key {
    /// The key, and with `opens_text` the quote that a text begins with.
    fn new(key: &str, opens_text: bool) -> Self {
        let text = format!(",\"{key}\":{}", if opens_text { "\"" } else { "" }).into_bytes();
        let mut block = [0; BLOCK];
        let short = text.len().min(BLOCK);
        block[..short].copy_from_slice(&text[..short]);
        Key { block, length: text.len(), text: text.into() }
    }

    /// Whether it does not fit a block, with a byte to spare.
    #[inline]
    fn is_long(&self) -> bool {
        self.length >= BLOCK
    }

    #[inline]
    fn put(&self, room: &mut [u8], used: usize) -> usize {
        if self.is_long() {
            return put(room, used, &self.text);
        }
        room[used..used + BLOCK].copy_from_slice(&self.block);
        used + self.length
    }
}

/// Room for one record, and how much of it is used.
#[derive(Debug, Clone, Default)]
struct Room {
    bytes: Vec<u8>,
    used: usize,
}

impl Room {
    /// The room, which is made large enough.
    #[inline]
    fn at_least(&mut self, length: usize) -> &mut [u8] {
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        &mut self.bytes
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let used = self.used;
        self.used = put(self.at_least(used + bytes.len()), used, bytes);
    }

    fn member(&mut self, key: &Key, value: &[u8]) {
        self.bytes(&key.text);
        self.bytes(value);
    }

    #[inline]
    fn number(&mut self, key: &Key, number: Option<impl itoa::Integer>) {
        if let Some(number) = number {
            self.member(key, itoa::Buffer::new().format(number).as_bytes());
        }
    }

    /// Puts a key that opens a text, and that text, if there is one.
    #[inline]
    fn text(&mut self, key: &Key, text: Option<&str>) {
        let Some(text) = text else { return };
        if !is_plain(text.as_bytes()) {
            return self.member(key, escaped(text).as_bytes().strip_prefix(b"\"").unwrap_or_default());
        }
        let used = self.used;
        let room = self.at_least(used + key.text.len() + text.len() + 2 * BLOCK);
        let end = key.put(room, used);
        let end = put(room, end, text.as_bytes());
        room[end] = b'"';
        self.used = end + 1;
    }

    /// Appends what is in it as an object.
    fn give_object(&mut self, out: &mut Vec<u8>) {
        match self.bytes.first_mut() {
            Some(first_comma) if self.used > 0 => *first_comma = b'{',
            _ => self.bytes(b"{"),
        }
        out.extend_from_slice(&self.bytes[..self.used]);
        out.push(b'}');
    }
}

/// What could not be read, with where it came from.
pub(super) fn write_rejected(
    out: &mut Vec<u8>,
    rejection: &Rejection<'_>,
    origin: &Origin<'_>,
    marks: &Marks,
) {
    write_object(out, |object| {
        object.text("error_kind", rejection.kind);
        object.text("error", rejection.error);
        object.text("line", rejection.line);
        object.value("event_id", origin.event_id);
        object.value("event_timestamp", origin.timestamp);
        object.value("log_group", origin.log_group);
        object.value("log_stream", origin.log_stream);
        object.value("sample_weight", marks.sample_weight);
        object.value("merged_records", marks.merged);
    });
}
