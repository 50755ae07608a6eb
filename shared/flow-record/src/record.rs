//! One record: typed, borrowing its line.

use std::fmt;
use std::net::IpAddr;
use std::ops::{Deref, Range};

use crate::buffer::{ABSENT, RecordBuffer};
use crate::error::ParseError;
use crate::field::{Field, FieldKind};
use crate::format::{Column, RecordFormat};
use crate::value::Value;

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
    pub(crate) fn of(mut record: FlowRecord<'a>) -> Self {
        match record.bytes(Field::LogStatus) {
            Some(b"NODATA") => Line::NoData(record),
            Some(b"SKIPDATA") => Line::SkipData(record),
            _ => {
                record.is_flow = true;
                Line::Flow(record)
            }
        }
    }

    /// The record, whatever its status.
    pub fn record(&self) -> &FlowRecord<'a> {
        match self {
            Line::Flow(record) | Line::NoData(record) | Line::SkipData(record) => record,
        }
    }
}

/// One line of a flow log with its values typed.
///
/// Two records are equal when they carry the same values under the same names, whatever the order of their columns.
#[derive(Clone)]
pub struct FlowRecord<'a> {
    format: &'a RecordFormat,
    line: &'a str,
    found: Found<'a>,
    is_flow: bool,
}

/// What was found in a line, lent or kept.
#[derive(Clone)]
enum Found<'a> {
    Lent(&'a RecordBuffer),
    Kept(Box<RecordBuffer>),
}

impl Deref for Found<'_> {
    type Target = RecordBuffer;

    #[inline]
    fn deref(&self) -> &RecordBuffer {
        match self {
            Found::Lent(found) => found,
            Found::Kept(found) => found,
        }
    }
}

impl<'a> FlowRecord<'a> {
    /// Reads `line` into `buffer`.
    #[inline]
    pub(crate) fn read_into(
        format: &'a RecordFormat,
        line: &'a str,
        buffer: &'a mut RecordBuffer,
    ) -> Result<Self, ParseError<'a>> {
        let line = line.trim_end_matches([' ', '\n', '\r']);
        buffer.read(format, line)?;
        Ok(FlowRecord { format, line, found: Found::Lent(buffer), is_flow: false })
    }

    /// Reads `line`.
    pub(crate) fn read(format: &'a RecordFormat, line: &'a str) -> Result<Self, ParseError<'a>> {
        let line = line.trim_end_matches([' ', '\n', '\r']);
        let mut found = Box::<RecordBuffer>::default();
        found.read(format, line)?;
        Ok(FlowRecord { format, line, found: Found::Kept(found), is_flow: false })
    }

    #[inline]
    fn raw(&self, index: usize) -> &'a str {
        self.found.raw(index, self.line)
    }

    /// The line as it was read, without its newline.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// Where in [`line`](Self::line) the text of the column at `index` of the format stands, in bytes: a `-` where the
    /// value is absent. Empty where the format has no such column.
    #[inline]
    pub fn span(&self, index: usize) -> Range<usize> {
        self.found.span(index, self.line)
    }

    /// The format it was read with.
    #[inline]
    pub fn format(&self) -> &'a RecordFormat {
        self.format
    }

    /// Whether `field` has a value: its column exists and is not `-`.
    #[inline]
    pub fn has(&self, field: Field) -> bool {
        match field.kind() {
            FieldKind::Text => self.bytes(field).is_some(),
            FieldKind::Integer { .. } | FieldKind::Address => self.found.has(field),
        }
    }

    /// The number in an integer field; times are Unix seconds.
    #[inline]
    pub fn integer(&self, field: Field) -> Option<u64> {
        self.found.integer(field)
    }

    /// The address in an address field.
    #[inline]
    pub fn address(&self, field: Field) -> Option<IpAddr> {
        (field.kind() == FieldKind::Address && self.found.has(field)).then(|| self.found.address(field))
    }

    /// Whether it is of a [`Line::Flow`]: its `log-status` is neither `NODATA` nor `SKIPDATA`.
    #[inline]
    pub fn is_flow(&self) -> bool {
        self.is_flow
    }

    /// Whether any of its addresses is one of IPv6.
    #[inline]
    pub fn has_ipv6(&self) -> bool {
        self.found.has_ipv6()
    }

    /// Any field's text as it stands in the line.
    #[inline]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.bytes(field).and_then(|_| self.format.place(field)).map(|index| self.raw(index))
    }

    /// Any field's text as bytes: what compares texts need not look where characters end.
    #[inline]
    pub fn bytes(&self, field: Field) -> Option<&'a [u8]> {
        let index = self.format.place(field)?;
        self.line.as_bytes().get(self.span(index)).filter(|text| *text != ABSENT)
    }

    /// Any field's value.
    #[inline]
    pub fn value(&self, field: Field) -> Option<Value<'a>> {
        match field.kind() {
            FieldKind::Integer { .. } => self.integer(field).map(Value::Integer),
            FieldKind::Address => self.address(field).map(Value::Address),
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
        let names = self.format.columns().iter().map(Column::name);
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
