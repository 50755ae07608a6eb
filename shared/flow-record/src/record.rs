//! One record: typed, borrowing its line.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::ParseError;
use crate::field::{ADDRESS_FIELDS, Field, FieldKind, FieldSet, INTEGER_FIELDS, LATEST_SECOND};
use crate::format::{MAX_LINE, RecordFormat};
use crate::scan::Columns;
use crate::value::{self, Value};

/// The outcome of one well-formed line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// A flow. Also every line of a format without `log-status`.
    Flow(FlowRecord<'a>),
    /// `NODATA`: the interface had no traffic in the interval.
    NoData(FlowRecord<'a>),
    /// `SKIPDATA`: AWS skipped an unknown number of records; totals are lower bounds.
    SkipData(FlowRecord<'a>),
}

impl<'a> Line<'a> {
    #[inline]
    pub(crate) fn of(record: FlowRecord<'a>) -> Self {
        match record.text(Field::LogStatus) {
            Some("NODATA") => Line::NoData(record),
            Some("SKIPDATA") => Line::SkipData(record),
            _ => Line::Flow(record),
        }
    }

    /// The record, whatever its status.
    pub fn record(&self) -> &FlowRecord<'a> {
        match self {
            Line::Flow(record) | Line::NoData(record) | Line::SkipData(record) => record,
        }
    }
}

/// What stands for a value that is absent.
const ABSENT: &[u8] = b"-";

/// One line of a flow log with its values typed.
///
/// Two records are equal when they carry the same values under the same names, whatever the order of their columns.
#[derive(Clone)]
pub struct FlowRecord<'a> {
    format: &'a RecordFormat,
    line: &'a str,
    columns: Columns,
    /// Known fields whose value is not `-`.
    present: FieldSet,
    integers: [u64; INTEGER_FIELDS],
    /// The bits of addresses, the upper half first, and a bit for each that is an IPv6 one: cheaper to write than
    /// addresses as they are.
    addresses: [[u64; 2]; ADDRESS_FIELDS],
    are_v6: u8,
}

impl<'a> FlowRecord<'a> {
    /// A record of `line`, before anything of it is read.
    #[inline]
    pub(crate) fn unread(format: &'a RecordFormat, line: &'a str) -> Self {
        FlowRecord {
            format,
            line: line.trim_end_matches([' ', '\n', '\r']),
            columns: Columns::NONE,
            present: FieldSet::EMPTY,
            integers: [0; INTEGER_FIELDS],
            addresses: [[0; 2]; ADDRESS_FIELDS],
            are_v6: 0,
        }
    }

    /// Finds the columns and reads their values.
    #[inline]
    pub(crate) fn read(&mut self) -> Result<(), ParseError<'a>> {
        if self.line.len() > MAX_LINE {
            return Err(ParseError::TooLong { found: self.line.len(), max: MAX_LINE });
        }
        self.columns.find(self.line.as_bytes());
        if self.columns.count != self.format.columns().len() {
            return Err(self.miscount());
        }
        let read = if self.columns.has_runs {
            self.read_after_runs()
        } else {
            self.read_values(Columns::single_span)
        };
        if read.is_none() {
            return self.first_misfit().map_or(Ok(()), Err);
        }
        self.normalize_times();
        Ok(())
    }

    /// [`read_values`](Self::read_values) in any line.
    #[cold]
    fn read_after_runs(&mut self) -> Option<()> {
        let line = self.line.as_bytes();
        self.read_values(|columns, index| columns.span(index, line))
    }

    /// Reads all values, kind by kind; none if some does not fit.
    #[inline(always)]
    fn read_values(&mut self, span: impl Fn(&Columns, usize) -> (usize, usize)) -> Option<()> {
        let (line, plan) = (self.line.as_bytes(), self.format.plan());
        self.present = self.format.fields();
        for (place, max) in &plan.integers {
            let (start, end) = span(&self.columns, place.column.into());
            match value::integer(line, start, end, *max) {
                Some(number) => self.integers[usize::from(place.slot)] = number,
                None if line[start..end] == *ABSENT => self.present.remove(place.field),
                None => return None,
            }
        }
        for place in &plan.addresses {
            let (start, end) = span(&self.columns, place.column.into());
            match value::ipv4(line, start, end) {
                Some(bits) => self.addresses[usize::from(place.slot)] = [0, bits.into()],
                None if line[start..end] == *ABSENT => self.present.remove(place.field),
                None => self.keep_address(place.slot, value::address(&line[start..end])?),
            }
        }
        for place in &plan.texts {
            let (start, end) = span(&self.columns, place.column.into());
            if line[start..end] == *ABSENT {
                self.present.remove(place.field);
            }
        }
        Some(())
    }

    #[cold]
    fn keep_address(&mut self, slot: u8, address: IpAddr) {
        let bits = match address {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => address.to_bits(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "halves")]
        let halves = [(bits >> 64) as u64, bits as u64];
        self.addresses[usize::from(slot)] = halves;
        self.are_v6 |= u8::from(address.is_ipv6()) << slot;
    }

    /// The address kept for `field`, which has one.
    #[inline]
    fn kept_address(&self, field: Field) -> IpAddr {
        let [upper, lower] = self.addresses[usize::from(field.slot())];
        if self.are_v6 >> field.slot() & 1 == 1 {
            return IpAddr::V6(Ipv6Addr::from_bits(u128::from(upper) << 64 | u128::from(lower)));
        }
        #[expect(clippy::cast_possible_truncation, reason = "an IPv4 address has no more")]
        IpAddr::V4(Ipv4Addr::from_bits(lower as u32))
    }

    /// Makes seconds of what is in milliseconds.
    #[inline]
    fn normalize_times(&mut self) {
        for field in [Field::Start, Field::End] {
            let time = &mut self.integers[usize::from(field.slot())];
            if *time > LATEST_SECOND {
                *time /= 1000;
            }
        }
    }

    #[cold]
    fn miscount(&self) -> ParseError<'a> {
        let (expected, found) = (self.format.columns().len(), self.columns.count);
        if let Some(missing) = self.format.columns().get(found) {
            return ParseError::TooFewColumns { expected, found, missing: missing.name() };
        }
        let mut columns = self.line.split([' ', '\r', '\n']).filter(|text| !text.is_empty());
        ParseError::TooManyColumns { expected, found, extra: columns.nth(expected).unwrap_or("") }
    }

    /// The first column whose text does not fit.
    #[cold]
    fn first_misfit(&self) -> Option<ParseError<'a>> {
        self.format.columns().iter().enumerate().find_map(|(index, column)| {
            let found = self.raw(index);
            let expected = column.field().and_then(|field| value::misfit(found, field.kind()))?;
            let is_absent = found.as_bytes() == ABSENT;
            (!is_absent).then_some(ParseError::Value {
                column: index + 1,
                field: column.name(),
                expected,
                found,
            })
        })
    }

    #[inline]
    fn raw(&self, index: usize) -> &'a str {
        let (start, end) = self.columns.span(index, self.line.as_bytes());
        // Both ends touch a separator or the line's end, so they are character boundaries.
        self.line.get(start..end).unwrap_or("")
    }

    /// The line as it was read, without its newline.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// The format it was read with.
    pub fn format(&self) -> &'a RecordFormat {
        self.format
    }

    /// Whether `field` has a value: its column exists and is not `-`.
    #[inline]
    pub fn has(&self, field: Field) -> bool {
        self.present.contains(field)
    }

    /// The number in an integer field; times are Unix seconds.
    #[inline]
    pub fn integer(&self, field: Field) -> Option<u64> {
        let number = self.integers.get(usize::from(field.integer_slot()))?;
        self.has(field).then_some(*number)
    }

    /// The address in an address field.
    #[inline]
    pub fn address(&self, field: Field) -> Option<IpAddr> {
        (field.kind() == FieldKind::Address && self.has(field)).then(|| self.kept_address(field))
    }

    /// Any field's text as it stands in the line.
    #[inline]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        if !self.has(field) {
            return None;
        }
        self.format.place(field).map(|index| self.raw(index))
    }

    /// Any field's value.
    #[inline]
    pub fn value(&self, field: Field) -> Option<Value<'a>> {
        if !self.has(field) {
            return None;
        }
        match field.kind() {
            FieldKind::Integer { .. } => Some(Value::Integer(self.integers[usize::from(field.slot())])),
            FieldKind::Address => Some(Value::Address(self.kept_address(field))),
            FieldKind::Text => self.text(field).map(Value::Text),
        }
    }

    /// The value of the column at `index` of the format, unknown names included.
    pub fn column(&self, index: usize) -> Option<Value<'a>> {
        match self.format.columns().get(index)?.field() {
            Some(field) => self.value(field),
            None => Some(self.raw(index)).filter(|text| *text != "-").map(Value::Text),
        }
    }

    /// The value under a column's name, as the format spells it.
    pub fn named(&self, name: &str) -> Option<Value<'a>> {
        self.format
            .columns()
            .iter()
            .position(|column| column.name() == name)
            .and_then(|index| self.column(index))
    }

    /// The names and values that are present, in the line's order.
    pub fn values(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let names = self.format.columns().iter().map(crate::format::Column::name);
        names.enumerate().filter_map(|(index, name)| self.column(index).map(|value| (name, value)))
    }

    /// The canonical line of this record in `format`: one space between columns, plain numbers, times in seconds,
    /// addresses in their shortest form, `-` for what is absent.
    pub fn display(&self, format: &RecordFormat) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            for (index, column) in format.columns().iter().enumerate() {
                if index > 0 {
                    f.write_str(" ")?;
                }
                let value =
                    column.field().map_or_else(|| self.named(column.name()), |field| self.value(field));
                match value {
                    Some(value) => write!(f, "{value}")?,
                    None => f.write_str("-")?,
                }
            }
            Ok(())
        })
    }
}

impl PartialEq for FlowRecord<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.values().count() == other.values().count()
            && self.values().all(|(name, value)| other.named(name) == Some(value))
    }
}

/// Shows the values that are present, in the line's order.
impl fmt::Debug for FlowRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values().map(|(name, value)| (name, value.to_string()));
        f.debug_map().entries(values).finish()
    }
}
