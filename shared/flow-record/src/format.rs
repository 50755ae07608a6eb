//! A log format: the names of a line's columns, compiled once to a plan for reading lines.

use std::fmt;
use std::str::FromStr;

use crate::buffer::RecordBuffer;
use crate::error::{FormatError, ParseError};
use crate::field::{Field, FieldSet};
use crate::plan::Plan;
use crate::record::{FlowRecord, Line};

/// The most columns a format may have: all 72 known fields and room for 24 that AWS adds.
pub const MAX_COLUMNS: usize = 96;

/// The longest line that is read, in bytes. Real ones stay below 20 KB even with six full tag values.
pub const MAX_LINE: usize = u16::MAX as usize;

/// The columns of a flow log's lines, in order.
///
/// Made from an EC2 log-format string (`${version} ${account-id}`), from bare names with hyphens or underscores,
/// or from the header line of a file delivered to S3. Nothing is ever guessed from a line's number of columns
/// or from its `version`. Names that are no known field are kept as text columns.
#[derive(Debug, Clone, Eq)]
pub struct RecordFormat {
    columns: Box<[Column]>,
    /// Column of each field, or [`NOWHERE`].
    places: [u8; Field::COUNT],
    fields: FieldSet,
    plan: Plan,
}

/// One column of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    name: Box<str>,
    field: Option<Field>,
}

impl Column {
    /// The name: AWS's spelling of a known field, else as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The known field, if it is one.
    pub fn field(&self) -> Option<Field> {
        self.field
    }
}

const NOWHERE: u8 = u8::MAX;

/// AWS's default format of VPC flow logs: the 14 fields of version 2.
pub const VPC_DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                               bytes start end action log-status";

/// All 29 fields of VPC flow logs up to version 5, in the order of AWS's table.
pub const VPC_V5: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
     log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type \
     sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";

/// AWS's default format of Transit Gateway flow logs: all 36 fields.
pub const TGW_DEFAULT: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id \
     tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id \
     tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
     log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded \
     packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service";

impl Default for RecordFormat {
    fn default() -> Self {
        VPC_DEFAULT.parse().expect("the default format is made of known fields")
    }
}

impl RecordFormat {
    /// A format of known fields, in this order.
    ///
    /// # Errors
    /// When `fields` is empty or names a field twice.
    pub fn of_fields(fields: impl IntoIterator<Item = Field>) -> Result<Self, FormatError> {
        Self::of_columns(
            fields.into_iter().map(|f| Column { name: f.name().into(), field: Some(f) }).collect(),
        )
    }

    fn of_columns(columns: Vec<Column>) -> Result<Self, FormatError> {
        if columns.is_empty() {
            return Err(FormatError::Empty);
        }
        if columns.len() > MAX_COLUMNS {
            return Err(FormatError::TooManyColumns { found: columns.len(), max: MAX_COLUMNS });
        }
        let mut places = [NOWHERE; Field::COUNT];
        for (index, column) in columns.iter().enumerate() {
            if let Some(first) =
                columns[..index].iter().position(|other| is_same_name(&other.name, &column.name))
            {
                let name = column.name.to_string();
                return Err(FormatError::Duplicate { name, first: first + 1, second: index + 1 });
            }
            if let (Some(field), Ok(place)) = (column.field, u8::try_from(index)) {
                places[field as usize] = place;
            }
        }
        let fields = columns.iter().filter_map(|column| column.field).collect();
        let plan = Plan::of(columns.iter().map(Column::field));
        Ok(RecordFormat { columns: columns.into(), places, fields, plan })
    }

    /// Whether a line is the header of a file delivered to S3: two or more lower-case names and nothing else, at least
    /// half of them known, and all of them when there are fewer than four.
    ///
    /// Lines of data have numbers and addresses, or words in capitals, or ids, so they do not look like that.
    #[inline]
    pub fn is_header(line: &str) -> bool {
        let may_be = |first: &u8| first.is_ascii_lowercase() || *first >= 0x80 || first.is_ascii_whitespace();
        line.as_bytes().first().is_some_and(may_be) && is_header(line)
    }

    /// Reads one line.
    ///
    /// Runs of spaces count once; a trailing newline, carriage return included, is fine. `-` is an absent value.
    /// The record borrows the line.
    ///
    /// # Errors
    /// When the number of columns is not the format's, or a text does not fit its field.
    pub fn parse<'a>(&'a self, line: &'a str) -> Result<Line<'a>, ParseError<'a>> {
        FlowRecord::read(self, line).map(Line::of)
    }

    /// [`parse`](Self::parse) of one line after the other: what is found stays in `buffer`, and nothing is allocated.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    #[inline]
    pub fn parse_into<'a>(
        &'a self,
        line: &'a str,
        buffer: &'a mut RecordBuffer,
    ) -> Result<Line<'a>, ParseError<'a>> {
        FlowRecord::read_into(self, line, buffer).map(Line::of)
    }

    /// How its lines are read.
    #[inline]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The columns in order.
    #[inline]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether lines of this format carry `field`.
    pub fn has(&self, field: Field) -> bool {
        self.fields.contains(field)
    }

    /// The known fields in it.
    pub fn fields(&self) -> FieldSet {
        self.fields
    }

    /// The columns that are no known field: a field newer than this program, or a misspelt one.
    pub fn unknown_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.field.is_none()).map(|column| &*column.name)
    }

    /// The column of `field`, counted from 0.
    #[inline]
    pub fn place(&self, field: Field) -> Option<usize> {
        let place = self.places[field as usize];
        (place != NOWHERE).then_some(usize::from(place))
    }
}

/// Formats are equal when they have the same columns in the same order.
impl PartialEq for RecordFormat {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Where known fields stand says it all when there is nothing else: who writes records asks for each of them.
        let has_unknown = self.plan.columns() < self.columns.len();
        self.columns.len() == other.columns.len()
            && self.places == other.places
            && (!has_unknown || self.columns == other.columns)
    }
}

impl FromStr for RecordFormat {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut columns = Vec::new();
        for (index, word) in text.split_ascii_whitespace().enumerate() {
            if index > MAX_COLUMNS {
                let found = text.split_ascii_whitespace().count();
                return Err(FormatError::TooManyColumns { found, max: MAX_COLUMNS });
            }
            let name = word.strip_prefix("${").map_or(Some(word), |rest| rest.strip_suffix('}'));
            let Some(name) = name.filter(|name| is_name(name)) else {
                return Err(FormatError::Token { column: index + 1, found: word.to_owned() });
            };
            let field = Field::from_name(name);
            columns.push(Column { name: field.map_or(name, |field| field.name()).into(), field });
        }
        if !columns.is_empty() && columns.iter().all(|column| column.field.is_none()) {
            return Err(FormatError::NoKnownField { found: text.trim().to_owned() });
        }
        Self::of_columns(columns)
    }
}

/// Prints as an EC2 log-format string.
impl fmt::Display for RecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, column) in self.columns.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}${{{}}}", column.name)?;
        }
        Ok(())
    }
}

fn is_header(line: &str) -> bool {
    let is_lower_name = |word: &str| is_name(word) && !word.bytes().any(|byte| byte.is_ascii_uppercase());
    let starts_like_a_name = line.trim_start().starts_with(|first: char| first.is_ascii_lowercase());
    if !starts_like_a_name || line.len() > MAX_LINE || !line.split_ascii_whitespace().all(is_lower_name) {
        return false;
    }
    let (mut known, mut all) = (0, 0);
    for name in line.split_ascii_whitespace() {
        all += 1;
        known += usize::from(Field::from_name(name).is_some());
    }
    all >= 2 && if all < 4 { known == all } else { known * 2 >= all }
}

/// Whether two names are one: `foo-bar` and `foo_bar` have the same key in JSON.
fn is_same_name(left: &str, right: &str) -> bool {
    let letters =
        |name: &str| name.bytes().map(|byte| if byte == b'_' { b'-' } else { byte }).collect::<Vec<_>>();
    left == right || letters(left) == letters(right)
}

/// The longest name of a column, in bytes: AWS's longest has 26.
const MAX_NAME: usize = 64;

fn is_name(word: &str) -> bool {
    word.len() <= MAX_NAME
        && word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
