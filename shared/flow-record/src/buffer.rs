//! What is found in one line: where its columns are, and the values in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::address;
use crate::error::ParseError;
use crate::field::{ADDRESS_FIELDS, Field, FieldSet, INTEGER_FIELDS, LATEST_SECOND};
use crate::format::{MAX_LINE, RecordFormat};
use crate::plan::Place;
use crate::scan::Columns;
use crate::value::{self, Leading};

/// What stands for a value that is absent.
pub(crate) const ABSENT: &[u8] = b"-";

/// Room for what is found in a line, which one line after the other can use: see
/// [`RecordFormat::parse_into`](crate::RecordFormat::parse_into).
#[derive(Debug, Clone)]
pub struct RecordBuffer {
    columns: Columns,
    /// Known fields whose value is not `-`, as far as they are numbers and addresses: a text tells by itself.
    present: FieldSet,
    integers: [u64; INTEGER_FIELDS],
    /// The bits of addresses, the upper half first, and a bit for each that is an IPv6 one: cheaper to write than
    /// addresses as they are.
    addresses: [[u64; 2]; ADDRESS_FIELDS],
    are_v6: u8,
    leading: Leading,
}

impl Default for RecordBuffer {
    fn default() -> Self {
        RecordBuffer {
            columns: Columns::NONE,
            present: FieldSet::EMPTY,
            integers: [0; INTEGER_FIELDS],
            addresses: [[0; 2]; ADDRESS_FIELDS],
            are_v6: 0,
            leading: Leading::default(),
        }
    }
}

impl RecordBuffer {
    /// Finds the columns of `line`, which does not end with a separator, and reads their values.
    #[inline]
    pub(crate) fn read<'a>(&mut self, format: &'a RecordFormat, line: &'a str) -> Result<(), ParseError<'a>> {
        if line.len() > MAX_LINE {
            return Err(ParseError::TooLong { found: line.len(), max: MAX_LINE });
        }
        self.columns.find(line.as_bytes());
        if self.columns.count != format.columns().len() {
            return Err(self.miscount(format, line));
        }
        let read = if self.columns.has_runs {
            self.read_after_runs(format, line.as_bytes())
        } else {
            self.read_values(format, line.as_bytes(), Columns::single_span)
        };
        if read.is_none() {
            return self.first_misfit(format, line).map_or(Ok(()), Err);
        }
        self.normalize_times();
        Ok(())
    }

    /// [`read_values`](Self::read_values) in any line.
    #[cold]
    fn read_after_runs(&mut self, format: &RecordFormat, line: &[u8]) -> Option<()> {
        self.read_values(format, line, |columns, index| columns.span(index, line))
    }

    /// Reads all values, kind by kind; none if some does not fit.
    #[inline]
    fn read_values(
        &mut self,
        format: &RecordFormat,
        line: &[u8],
        span: impl Fn(&Columns, usize) -> (usize, usize),
    ) -> Option<()> {
        let plan = format.plan();
        self.present = format.fields();
        self.are_v6 = 0;
        for (place, max) in &plan.integers {
            let (start, end) = span(&self.columns, place.column.into());
            match value::integer(line, start, end, *max, &mut self.leading) {
                Some(number) => self.integers[usize::from(place.slot)] = number,
                None if line[start..end] == *ABSENT => self.present.remove(place.field),
                None => return None,
            }
        }
        for (place, alike) in &plan.addresses {
            let (start, end) = span(&self.columns, place.column.into());
            if let Some(alike) = alike {
                let (other_start, other_end) = span(&self.columns, alike.column.into());
                if line[start..end] == line[other_start..other_end] {
                    self.copy_address(*alike, *place);
                    continue;
                }
            }
            if let Some(bits) = address::v4(line, start, end) {
                self.addresses[usize::from(place.slot)] = [0, bits.into()];
            } else if let Some(bits) = address::v6(line, start, end) {
                self.keep_v6(place.slot, bits);
            } else if line[start..end] == *ABSENT {
                self.present.remove(place.field);
            } else {
                self.keep_address(place.slot, address::any(&line[start..end])?);
            }
        }
        Some(())
    }

    /// What was read of the column `from` is what the column `to` says.
    #[inline]
    fn copy_address(&mut self, from: Place, to: Place) {
        self.addresses[usize::from(to.slot)] = self.addresses[usize::from(from.slot)];
        self.are_v6 |= (self.are_v6 >> from.slot & 1) << to.slot;
        if !self.present.contains(from.field) {
            self.present.remove(to.field);
        }
    }

    #[inline]
    fn keep_v6(&mut self, slot: u8, bits: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "halves")]
        let halves = [(bits >> 64) as u64, bits as u64];
        self.addresses[usize::from(slot)] = halves;
        self.are_v6 |= 1 << slot;
    }

    #[cold]
    fn keep_address(&mut self, slot: u8, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.addresses[usize::from(slot)] = [0, address.to_bits().into()],
            IpAddr::V6(address) => self.keep_v6(slot, address.to_bits()),
        }
    }

    /// Whether `field`, which is no text, has a value.
    #[inline]
    pub(crate) fn has(&self, field: Field) -> bool {
        self.present.contains(field)
    }

    /// The number of `field`, if it has one.
    #[inline]
    pub(crate) fn integer(&self, field: Field) -> Option<u64> {
        let number = self.integers.get(usize::from(field.integer_slot()))?;
        self.has(field).then_some(*number)
    }

    /// The address of `field`, which has one.
    #[inline]
    pub(crate) fn address(&self, field: Field) -> IpAddr {
        let [upper, lower] = self.addresses[usize::from(field.slot())];
        if self.are_v6 >> field.slot() & 1 == 1 {
            return IpAddr::V6(Ipv6Addr::from_bits(u128::from(upper) << 64 | u128::from(lower)));
        }
        #[expect(clippy::cast_possible_truncation, reason = "an IPv4 address has no more")]
        IpAddr::V4(Ipv4Addr::from_bits(lower as u32))
    }

    /// Whether any address is one of IPv6.
    #[inline]
    pub(crate) fn has_ipv6(&self) -> bool {
        self.are_v6 != 0
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
    fn miscount<'a>(&self, format: &'a RecordFormat, line: &'a str) -> ParseError<'a> {
        let (expected, found) = (format.columns().len(), self.columns.count);
        if let Some(missing) = format.columns().get(found) {
            return ParseError::TooFewColumns { expected, found, missing: missing.name() };
        }
        let mut columns = line.split([' ', '\r', '\n']).filter(|text| !text.is_empty());
        ParseError::TooManyColumns { expected, found, extra: columns.nth(expected).unwrap_or("") }
    }

    /// The first column whose text does not fit.
    #[cold]
    fn first_misfit<'a>(&self, format: &'a RecordFormat, line: &'a str) -> Option<ParseError<'a>> {
        format.columns().iter().enumerate().find_map(|(index, column)| {
            let found = self.raw(index, line);
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

    /// Where the text of the column at `index` begins and ends; nowhere when the line has no such column.
    #[inline]
    pub(crate) fn span(&self, index: usize, line: &str) -> Range<usize> {
        if index >= self.columns.count {
            return 0..0;
        }
        let (start, end) = self.columns.span(index, line.as_bytes());
        start..end
    }

    /// The text of the column at `index`.
    #[inline]
    pub(crate) fn raw<'a>(&self, index: usize, line: &'a str) -> &'a str {
        // Both ends touch a separator or the line's end, so they are character boundaries.
        line.get(self.span(index, line)).unwrap_or("")
    }
}
