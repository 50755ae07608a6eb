//! What can be wrong with a line or a format, with the place, what was expected and what was found.

use std::fmt;

/// Why a line is not a record. Displays as one lowercase line; hostile bytes in it are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError<'a> {
    /// The line has fewer columns than its format.
    #[error("expected {expected} columns, found {found}: `{missing}` and what follows it is missing")]
    TooFewColumns {
        /// Columns in the format.
        expected: usize,
        /// Columns in the line.
        found: usize,
        /// The first column of the format that the line lacks.
        missing: &'a str,
    },
    /// The line has more columns than its format.
    #[error("expected {expected} columns, found {found}: nothing is expected from {} on", Shown(extra))]
    TooManyColumns {
        /// Columns in the format.
        expected: usize,
        /// Columns in the line.
        found: usize,
        /// The first text too many.
        extra: &'a str,
    },
    /// A column's text does not fit its field.
    #[error("column {column} ({field}): expected {expected}, found {}", Shown(found))]
    Value {
        /// Place in the line, counted from 1.
        column: usize,
        /// The field's name as the format spells it.
        field: &'a str,
        /// What would fit.
        expected: Expected,
        /// What is there.
        found: &'a str,
    },
    /// No flow log line is this long.
    #[error("expected at most {max} bytes, found {found}")]
    TooLong {
        /// Bytes in the line.
        found: usize,
        /// The longest line that is read.
        max: usize,
    },
}

impl ParseError<'_> {
    /// The kind to count this under.
    pub fn kind(&self) -> RejectKind {
        match self {
            ParseError::TooFewColumns { .. } => RejectKind::TooFewColumns,
            ParseError::TooManyColumns { .. } => RejectKind::TooManyColumns,
            ParseError::Value { expected: Expected::Integer, .. } => RejectKind::NotAnInteger,
            ParseError::Value { expected: Expected::AtMost(_), .. } => RejectKind::OutOfRange,
            ParseError::Value { expected: Expected::Address, .. } => RejectKind::NotAnAddress,
            ParseError::TooLong { .. } => RejectKind::TooLong,
        }
    }
}

/// What is wrong with a line, without anything that stands in it: for logs that must not hold records.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'a>(pub ParseError<'a>);

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ParseError::TooManyColumns { expected, found, .. } => {
                write!(f, "expected {expected} columns, found {found}")
            }
            ParseError::Value { column, field, expected, .. } => {
                write!(f, "column {column} ({field}): expected {expected}")
            }
            // These show numbers and the format only.
            error @ (ParseError::TooFewColumns { .. } | ParseError::TooLong { .. }) => error.fmt(f),
        }
    }
}

/// What a column's text should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Decimal digits.
    Integer,
    /// A number no larger than this.
    AtMost(u64),
    /// An IPv4 or IPv6 address.
    Address,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Integer => f.write_str("a whole number"),
            Expected::AtMost(max) => write!(f, "a whole number of at most {max}"),
            Expected::Address => f.write_str("an IPv4 or IPv6 address"),
        }
    }
}

/// The kinds under which rejected lines are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectKind {
    /// Fewer columns than the format.
    TooFewColumns,
    /// More columns than the format, a trailing comment included.
    TooManyColumns,
    /// Something other than digits in a numeric field.
    NotAnInteger,
    /// A number larger than its field can hold.
    OutOfRange,
    /// Something other than an address in an address field.
    NotAnAddress,
    /// A line longer than any flow log line.
    TooLong,
}

impl RejectKind {
    /// All kinds.
    pub const ALL: [RejectKind; 6] = [
        RejectKind::TooFewColumns,
        RejectKind::TooManyColumns,
        RejectKind::NotAnInteger,
        RejectKind::OutOfRange,
        RejectKind::NotAnAddress,
        RejectKind::TooLong,
    ];

    /// The name in reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            RejectKind::TooFewColumns => "too_few_columns",
            RejectKind::TooManyColumns => "too_many_columns",
            RejectKind::NotAnInteger => "not_an_integer",
            RejectKind::OutOfRange => "out_of_range",
            RejectKind::NotAnAddress => "not_an_address",
            RejectKind::TooLong => "too_long",
        }
    }
}

/// Why a text is not a log format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// There is no field in it.
    #[error("the format is empty: expected fields such as `${{version}} ${{account-id}} ${{interface-id}}`")]
    Empty,
    /// No name in it is a field of any flow log.
    #[error("the format names no known field: found {}", Shown(found))]
    NoKnownField {
        /// The format as given.
        found: String,
    },
    /// A field stands twice.
    #[error("field `{name}` stands twice, as column {first} and as column {second}")]
    Duplicate {
        /// The field's name.
        name: String,
        /// Its first place, counted from 1.
        first: usize,
        /// Its second place.
        second: usize,
    },
    /// A word is neither `${name}` nor a bare name.
    #[error("column {column}: expected `${{field-name}}` or a bare field name, found {}", Shown(found))]
    Token {
        /// Its place, counted from 1.
        column: usize,
        /// The word.
        found: String,
    },
    /// More columns than any flow log has.
    #[error("expected at most {max} columns, found {found}")]
    TooManyColumns {
        /// Columns in the format.
        found: usize,
        /// The most that are read.
        max: usize,
    },
}

/// Text that others wrote as an error may show it: in backticks, control characters escaped, cut after 60 characters.
#[derive(Debug)]
pub struct Shown<'a, T: AsRef<str> + ?Sized>(pub &'a T);

impl<T: AsRef<str> + ?Sized> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_ref().chars();
        f.write_str("`")?;
        for character in rest.by_ref().take(60) {
            match character {
                '"' | '\'' => write!(f, "{character}")?,
                other => write!(f, "{}", other.escape_debug())?,
            }
        }
        f.write_str(if rest.next().is_some() { "...`" } else { "`" })
    }
}
