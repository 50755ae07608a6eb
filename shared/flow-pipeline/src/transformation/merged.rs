//! Records of one flow, added up.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use flow_record::{Field, FieldKind, FlowRecord, RecordBuffer, RecordFormat};
use xxhash_rust::xxh3::xxh3_128;

/// Fields that are added up.
const SUMS: [Field; 6] = [
    Field::Packets,
    Field::Bytes,
    Field::PacketsLostNoRoute,
    Field::PacketsLostBlackhole,
    Field::PacketsLostMtuExceeded,
    Field::PacketsLostTtlExpired,
];

/// One flow as far as it was seen.
#[derive(Debug)]
pub(super) struct MergedFlow<'e, T> {
    /// Where the first record came from.
    pub origin: T,
    /// The line of the first record.
    pub first: &'e str,
    /// How many records there were.
    pub records: u64,
    /// How many records each of them stands for.
    pub weight: u64,
    format: &'e RecordFormat,
    sums: [Option<u64>; SUMS.len()],
    start: Option<u64>,
    end: Option<u64>,
    flags: Option<u64>,
}

/// Flows in the order in which they were first seen. Records are of one flow when all columns agree but those that are
/// added up, and the times and TCP flags, and they stand for as many records. One whose sums have no more room is followed by
/// another.
#[derive(Debug)]
pub(super) struct Merging<'e, T> {
    /// By XXH3 with 128 bits of the columns that must agree: a message may hold hundreds of thousands of flows.
    places: HashMap<u128, usize>,
    flows: Vec<MergedFlow<'e, T>>,
    /// For one key after the other.
    key: String,
}

impl<'e, T> Merging<'e, T> {
    pub(super) fn new() -> Self {
        Merging { places: HashMap::new(), flows: Vec::new(), key: String::new() }
    }

    /// How many flows there are.
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Adds the `record` of `line`, which stands for `weight` records.
    pub(super) fn add(
        &mut self,
        format: &'e RecordFormat,
        record: &FlowRecord<'_>,
        line: &'e str,
        weight: u64,
        origin: T,
    ) {
        write_key(&mut self.key, record, weight);
        match self.places.entry(xxh3_128(self.key.as_bytes())) {
            Entry::Occupied(place) if self.flows[*place.get()].add(record) => return,
            Entry::Occupied(mut place) => {
                place.insert(self.flows.len());
            }
            Entry::Vacant(place) => {
                place.insert(self.flows.len());
            }
        }
        self.flows.push(MergedFlow::new(format, record, line, weight, origin));
    }

    pub(super) fn into_flows(self) -> Vec<MergedFlow<'e, T>> {
        self.flows
    }
}

/// What must agree.
fn write_key(key: &mut String, record: &FlowRecord<'_>, weight: u64) {
    key.clear();
    if weight > 1 {
        key.push('*');
    }
    for (index, column) in record.format().columns().iter().enumerate() {
        if !column.field().is_some_and(adds_up) {
            write_column(key, record, index);
            key.push(' ');
        }
    }
}

fn adds_up(field: Field) -> bool {
    SUMS.contains(&field) || [Field::Start, Field::End, Field::TcpFlags].contains(&field)
}

fn write_column(text: &mut String, record: &FlowRecord<'_>, index: usize) {
    match record.column(index) {
        Some(value) => write!(text, "{value}").expect("memory takes every text"),
        None => text.push('-'),
    }
}

impl<'e, T> MergedFlow<'e, T> {
    fn new(
        format: &'e RecordFormat,
        record: &FlowRecord<'_>,
        first: &'e str,
        weight: u64,
        origin: T,
    ) -> Self {
        let (records, sums) = (0, [None; SUMS.len()]);
        let mut flow =
            MergedFlow { origin, first, records, weight, format, sums, start: None, end: None, flags: None };
        flow.add(record);
        flow
    }

    /// Adds a record, unless a sum would be larger than its field can be; tells whether it did.
    fn add(&mut self, record: &FlowRecord<'_>) -> bool {
        let mut sums = self.sums;
        for (sum, field) in sums.iter_mut().zip(SUMS) {
            fold(sum, record.integer(field), u64::saturating_add);
            if sum.is_some_and(|sum| sum > largest(field)) {
                return false;
            }
        }
        self.sums = sums;
        self.records += 1;
        fold(&mut self.start, record.integer(Field::Start), u64::min);
        fold(&mut self.end, record.integer(Field::End), u64::max);
        fold(&mut self.flags, record.integer(Field::TcpFlags), |flags, more| flags | more);
        true
    }

    /// The line of a record that says all of them, `buffer` being for the first one.
    pub(super) fn line(&self, buffer: &mut RecordBuffer) -> String {
        let mut line = String::with_capacity(self.first.len());
        // What could be read once can be read again.
        let Ok(first) = self.format.parse_into(self.first, buffer) else { return self.first.to_owned() };
        for (index, column) in self.format.columns().iter().enumerate() {
            if index > 0 {
                line.push(' ');
            }
            match column.field().and_then(|field| self.summed(field)) {
                Some(number) => write!(line, "{number}").expect("memory takes every text"),
                None => write_column(&mut line, first.record(), index),
            }
        }
        line
    }

    fn summed(&self, field: Field) -> Option<u64> {
        match field {
            Field::Start => self.start,
            Field::End => self.end,
            Field::TcpFlags => self.flags,
            _ => SUMS.iter().position(|sum| *sum == field).and_then(|place| self.sums[place]),
        }
    }

    pub(super) fn format(&self) -> &'e RecordFormat {
        self.format
    }
}

/// The largest number of an integer field.
fn largest(field: Field) -> u64 {
    match field.kind() {
        FieldKind::Integer { max } => max,
        _ => u64::MAX,
    }
}

fn fold(into: &mut Option<u64>, value: Option<u64>, join: impl FnOnce(u64, u64) -> u64) {
    if let Some(value) = value {
        *into = Some(into.map_or(value, |before| join(before, value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_adds_up_and_keeps_apart_what_differs() {
        let format: RecordFormat =
            "srcaddr dstport packets bytes start end tcp-flags action new".parse().unwrap();
        let lines = [
            "10.0.0.1 22 1 40 100 160 2 ACCEPT x",
            "10.0.0.1 22 2 80 90 150 16 ACCEPT x",
            "10.0.0.1 22 2 80 90 150 16 REJECT x",
            "10.0.0.1 22 - - 95 - 1 ACCEPT x",
            "10.0.0.1 22 2 80 90 150 16 ACCEPT y",
        ];
        let mut merging = Merging::new();
        for (number, line) in lines.iter().enumerate() {
            merging.add(&format, format.parse(line).unwrap().record(), line, 1, number);
        }
        let (flows, mut buffer) = (merging.into_flows(), RecordBuffer::default());
        let mut line = |flow: &MergedFlow<'_, usize>| flow.line(&mut buffer);
        let shown: Vec<_> = flows.iter().map(|flow| (flow.origin, flow.records, line(flow))).collect();
        let expected = [
            (0, 3, "10.0.0.1 22 3 120 90 160 19 ACCEPT x".to_owned()),
            (2, 1, lines[2].to_owned()),
            (4, 1, lines[4].to_owned()),
        ];
        assert_eq!(shown, expected);
        assert!(flows.iter().all(|flow| format.parse(&line(flow)).is_ok()));
    }

    #[test]
    fn what_has_no_room_in_a_sum_is_another_flow() {
        let format: RecordFormat = "srcaddr packets bytes".parse().unwrap();
        let mut merging = Merging::new();
        for line in ["10.0.0.1 1 9223372036854775807", "10.0.0.1 1 5", "10.0.0.1 1 7"] {
            merging.add(&format, format.parse(line).unwrap().record(), line, 1, ());
        }
        let mut buffer = RecordBuffer::default();
        let lines: Vec<_> = merging.into_flows().iter().map(|flow| flow.line(&mut buffer)).collect();
        assert_eq!(lines, ["10.0.0.1 1 9223372036854775807", "10.0.0.1 2 12"]);
    }
}
