//! A record as one flat JSON object: AWS's names with underscores, numbers as numbers, times in Unix seconds, what is
//! absent left out, in the order of the line's columns, and beside it what was worked out or marked.
//!
//! It is what everything else waits for, so a value whose text in the line is already what JSON has is copied from there.

use std::net::IpAddr;

use flow_enrich::{EnrichedFlow, Origin};
use flow_record::{Field, FieldKind, FlowRecord, RecordFormat, Value};

use super::selection::{ContextKey, RecordKey, Selection};
use super::{Marks, RecordEncoding, Rejection};
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
    beside: Box<[(Key, RecordKey)]>,
}

/// A column that is written.
#[derive(Debug, Clone)]
struct PlannedColumn {
    /// With the opening quote of a text.
    key: Key,
    index: usize,
    holds: Holds,
    is_quoted: bool,
}

/// What a column holds, by how it is written.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Integer,
    Address(Field),
    /// Text, that of fields which are not known too.
    Text,
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
        let beside = beside.map(|what| (Key::new(what.json_key(), false), what)).collect();
        let keys = columns.iter().map(|column: &PlannedColumn| column.key.text.len()).sum();
        Plan { format: format.clone(), columns: columns.into(), keys, beside }
    }

    /// More bytes than the columns of `record` are written with.
    fn longest(&self, record: &FlowRecord<'_>) -> usize {
        const LONGEST_ESCAPE: usize = "\\u0000".len();
        const LONGEST_FORMED: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255\"".len();
        let values = record.line().len() * LONGEST_ESCAPE + self.columns.len() * LONGEST_FORMED;
        self.keys + values + 2 * BLOCK
    }

    /// Writes the columns' members into `room`, which has as much room as they may need; gives the end of what is written.
    fn write_columns(&self, room: &mut [u8], record: &FlowRecord<'_>) -> usize {
        let is_plain = is_plain(record.line().as_bytes());
        self.columns.iter().fold(0, |used, column| column.write(room, used, record, is_plain))
    }
}

impl Holds {
    fn of(field: Field) -> Self {
        match field.kind() {
            FieldKind::Integer { .. } => Holds::Integer,
            FieldKind::Address => Holds::Address(field),
            FieldKind::Text => Holds::Text,
        }
    }
}

impl PlannedColumn {
    fn new(key: &str, index: usize, holds: Holds) -> Self {
        let is_quoted = !matches!(holds, Holds::Integer);
        PlannedColumn { key: Key::new(key, is_quoted), index, holds, is_quoted }
    }

    /// Writes key and value into `room` from `used` on, if there is a value; gives the end of what is written.
    #[inline]
    fn write(&self, room: &mut [u8], used: usize, record: &FlowRecord<'_>, is_plain: bool) -> usize {
        let (line, span) = (record.line().as_bytes(), record.span(self.index));
        let text = &line[span.clone()];
        if text == b"-" {
            return used;
        }
        let used = self.key.put(room, used);
        let is_as_in_json = match self.holds {
            Holds::Integer => is_canonical(text),
            // No other text than its shortest is read as one of IPv4.
            Holds::Address(field) => matches!(record.address(field), Some(IpAddr::V4(_))),
            Holds::Text => is_plain,
        };
        let used = match line.get(span.start..).and_then(|rest| rest.first_chunk()) {
            Some(block) if is_as_in_json && text.len() <= BLOCK => put_block(room, used, block, text.len()),
            _ if is_as_in_json => put(room, used, text),
            _ => self.put_formed(room, used, record),
        };
        room[used] = b'"';
        used + usize::from(self.is_quoted)
    }

    /// Puts a value that stands in the line in another form than in JSON.
    #[cold]
    fn put_formed(&self, room: &mut [u8], used: usize, record: &FlowRecord<'_>) -> usize {
        match record.column(self.index) {
            Some(Value::Integer(number)) => put(room, used, itoa::Buffer::new().format(number).as_bytes()),
            Some(Value::Address(address)) => put(room, used, address.to_string().as_bytes()),
            Some(Value::Text(text)) => put(room, used, within_quotes(&escaped(text)).as_bytes()),
            None => used,
        }
    }
}

/// Puts bytes into `room` from `used` on; gives their end.
fn put(room: &mut [u8], used: usize, bytes: &[u8]) -> usize {
    let end = used + bytes.len();
    room[used..end].copy_from_slice(bytes);
    end
}

/// Puts the first bytes of a block: cheaper than a text of any length. What lies behind them is overwritten.
#[inline]
fn put_block(room: &mut [u8], used: usize, block: &[u8; BLOCK], length: usize) -> usize {
    room[used..used + BLOCK].copy_from_slice(block);
    used + length
}

/// A JSON string without its quotes.
fn within_quotes(string: &str) -> &str {
    string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(string)
}

/// Whether the digits of an integer are those that it is printed with. No time in milliseconds is this short, and those
/// become seconds.
#[inline]
fn is_canonical(digits: &[u8]) -> bool {
    const SHORTER_THAN_MILLISECONDS: usize = 12;
    match digits {
        [b'0', _, ..] => false,
        digits => digits.len() < SHORTER_THAN_MILLISECONDS,
    }
}

fn write_beside(room: &mut Room, key: &Key, what: RecordKey, flow: &EnrichedFlow<'_>, marks: &Marks) {
    match what {
        RecordKey::Enrichment(enrichment)
            if RecordEncoding::Flat.default_enrichments().contains(&enrichment) =>
        {
            room.member(key, flow.enrichment_text(enrichment));
        }
        RecordKey::Context(ContextKey::EventId) => room.member(key, flow.origin.event_id),
        what => match what.value(flow, marks) {
            Scalar::Absent => {}
            Scalar::Text(text) => room.member(key, Some(&text)),
            Scalar::Number(number) => {
                room.bytes(&key.text);
                room.bytes(itoa::Buffer::new().format(number).as_bytes());
            }
            Scalar::Boolean(is_so) => {
                room.bytes(&key.text);
                room.bytes(if is_so { b"true" } else { b"false" });
            }
        },
    }
}

/// How many bytes are copied at once, whether there are as many or not.
const BLOCK: usize = 32;

/// `,"key":`, ready to be copied as a block if it is short enough.
#[derive(Debug, Clone)]
struct Key {
    block: [u8; BLOCK],
    text: Box<[u8]>,
}

impl Key {
    /// The key, and with `opens_text` the quote that a text begins with.
    fn new(key: &str, opens_text: bool) -> Self {
        let text = format!(",\"{key}\":{}", if opens_text { "\"" } else { "" }).into_bytes();
        let mut block = [0; BLOCK];
        let short = text.len().min(BLOCK);
        block[..short].copy_from_slice(&text[..short]);
        Key { block, text: text.into() }
    }

    #[inline]
    fn put(&self, room: &mut [u8], used: usize) -> usize {
        if self.text.len() <= BLOCK {
            put_block(room, used, &self.block, self.text.len())
        } else {
            put(room, used, &self.text)
        }
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

    /// Puts a key and its text, if there is one.
    fn member(&mut self, key: &Key, text: Option<&str>) {
        let Some(text) = text else { return };
        self.bytes(&key.text);
        if is_plain(text.as_bytes()) {
            self.bytes(b"\"");
            self.bytes(text.as_bytes());
            self.bytes(b"\"");
        } else {
            self.bytes(escaped(text).as_bytes());
        }
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
