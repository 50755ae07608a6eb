//! One record: typed, borrowing its line.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::error::{Expected, ParseError};
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
    addresses: [IpAddr; ADDRESS_FIELDS],
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
            addresses: [IpAddr::V4(Ipv4Addr::UNSPECIFIED); ADDRESS_FIELDS],
        }
    }

    /// Finds the columns and reads their values.
    #[inline]
    pub(crate) fn read(&mut self) -> Result<(), ParseError<'a>> {
        if self.line.len() > MAX_LINE {
            return Err(ParseError::TooLong { found: self.line.len(), max: MAX_LINE });
        }
        self.columns.find(self.line.as_bytes());
        self.check_count()?;
        for (index, column) in self.format.columns().iter().enumerate() {
            if let Some(field) = column.field() {
                self.read_column(index, field).map_err(|expected| self.misfit(index, expected))?;
            }
        }
        Ok(())
    }

    fn check_count(&self) -> Result<(), ParseError<'a>> {
        let (expected, found) = (self.format.columns().len(), self.columns.count);
        match found {
            _ if found < expected => {
                let missing = self.format.columns()[found].name();
                Err(ParseError::TooFewColumns { expected, found, missing })
            }
            _ if found > expected => {
                let extra = self
                    .line
                    .split([' ', '\r', '\n'])
                    .filter(|text| !text.is_empty())
                    .nth(expected)
                    .unwrap_or("");
                Err(ParseError::TooManyColumns { expected, found, extra })
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn read_column(&mut self, index: usize, field: Field) -> Result<(), Expected> {
        let (start, end) = self.columns.span(index);
        let line = self.line.as_bytes();
        let text = &line[start..end];
        if let [b'-'] = text {
            return Ok(());
        }
        match field.kind() {
            FieldKind::Integer { max } => {
                let number = value::integer(line, start, end, max)?;
                let is_milliseconds = field.is_time() && number > LATEST_SECOND;
                self.integers[field.slot()] = if is_milliseconds { number / 1000 } else { number };
            }
            FieldKind::Address => self.addresses[field.slot()] = value::address(text)?,
            FieldKind::Text => {}
        }
        self.present.insert(field);
        Ok(())
    }

    #[cold]
    fn misfit(&self, index: usize, expected: Expected) -> ParseError<'a> {
        let field = self.format.columns()[index].name();
        ParseError::Value { column: index + 1, field, expected, found: self.raw(index) }
    }

    #[inline]
    fn raw(&self, index: usize) -> &'a str {
        let (start, end) = self.columns.span(index);
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
        let is_integer = matches!(field.kind(), FieldKind::Integer { .. });
        (is_integer && self.has(field)).then(|| self.integers[field.slot()])
    }

    /// The address in an address field.
    #[inline]
    pub fn address(&self, field: Field) -> Option<IpAddr> {
        (field.kind() == FieldKind::Address && self.has(field)).then(|| self.addresses[field.slot()])
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
            FieldKind::Integer { .. } => Some(Value::Integer(self.integers[field.slot()])),
            FieldKind::Address => Some(Value::Address(self.addresses[field.slot()])),
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
