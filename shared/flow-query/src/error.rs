//! What can be wrong with a query, where, what was expected and what was found.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::value::Type;

/// A place in a query's text, as byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// From the start of this place to the end of `other`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }

    /// Line and column in `text`.
    pub fn position(self, text: &str) -> Position {
        let before = text.get(..self.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// The line of `text` this place is in, with a caret under it. A tab becomes a space: its width is the terminal's.
    pub fn show(self, text: &str) -> String {
        let position = self.position(text);
        let line = text.lines().nth(position.line - 1).unwrap_or("").replace('\t', " ");
        let place = text.get(self.start..self.end).unwrap_or_default().chars().count();
        let before = width(line.chars().take(position.column - 1));
        let carets = width(line.chars().skip(position.column - 1).take(place)).max(1);
        format!("{line}\n{}{}", " ".repeat(before), "^".repeat(carets))
    }
}

/// The columns of a terminal that these take. A control character takes one: it is shown as another.
fn width(characters: impl Iterator<Item = char>) -> usize {
    characters.map(|c| c.width().unwrap_or(1)).sum()
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span { start: range.start, end: range.end }
    }
}

/// Line and column, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Why a text is not a query, or a query not a detection.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct QueryError {
    /// What is wrong.
    pub kind: QueryErrorKind,
    /// Where.
    pub span: Span,
}

impl QueryError {
    pub(crate) fn new(kind: QueryErrorKind, span: impl Into<Span>) -> Self {
        QueryError { kind, span: span.into() }
    }

    /// Where in `text`, which must be the text that was parsed.
    pub fn position(&self, text: &str) -> Position {
        self.span.position(text)
    }

    /// The line of `text` it is about, with a caret under the place.
    pub fn show(&self, text: &str) -> String {
        self.span.show(text)
    }
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryErrorKind {
    /// The grammar wants something else here.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What would fit.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A name that no record and no alias has.
    #[error("unknown name `{name}`{}", Hint(suggestion))]
    UnknownName {
        /// The name as written.
        name: String,
        /// The right spelling, or the nearest name.
        suggestion: Option<String>,
    },
    /// A function that does not exist.
    #[error("unknown function `{name}`{}", Hint(suggestion))]
    UnknownFunction {
        /// The name as written.
        name: String,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// A command that this program does not run here.
    #[error("`{name}` is not supported here: expected one of {expected}")]
    UnsupportedCommand {
        /// The command.
        name: String,
        /// The commands that are.
        expected: &'static str,
    },
    /// A command or function of the console that this program does not have.
    #[error("`{name}` is not supported: {instead}")]
    NotHere {
        /// The command or function.
        name: String,
        /// Why, and what to do instead.
        instead: &'static str,
    },
    /// A word that is no command.
    #[error("expected a command, found `{name}`{}", Hint(suggestion))]
    UnknownCommand {
        /// The word.
        name: String,
        /// The nearest command.
        suggestion: Option<String>,
    },
    /// A value of another type is needed.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What would fit.
        expected: &'static str,
        /// The type that stands there.
        found: Type,
    },
    /// A number compared with a text that is none: never true.
    #[error("`{name}` is a number: expected a number, found {found}")]
    NotANumber {
        /// The field.
        name: String,
        /// The text.
        found: String,
    },
    /// A function called with another number of arguments.
    #[error("`{function}` takes {expected}, found {found}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
        /// How many were given.
        found: usize,
    },
    /// A regular expression that does not compile.
    #[error("not a regular expression: {detail}")]
    Regex {
        /// The expression library's last line.
        detail: String,
    },
    /// A text that is no subnet, or one of the other family.
    #[error("expected {expected}, found \"{found}\"")]
    Subnet {
        /// What would fit.
        expected: &'static str,
        /// The text.
        found: String,
    },
    /// A name given twice.
    #[error("`{name}` is named twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// More of something than is kept.
    #[error("expected at most {max} {what}, found {found}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        max: usize,
        /// What the query has.
        found: usize,
    },
    /// More parentheses in each other, or more operators, than anyone writes.
    #[error("expressions nest more than {max} deep")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// What goes by `@timestamp` where rows no longer have it.
    #[error(
        "these rows have no `@timestamp`: group by `bin(1m) as t` first, then use t, as in `datefloor(t, 1h)`"
    )]
    NoTimestamp,
    /// A command where another one must come first or nothing may follow.
    #[error("expected {expected}, found `{found}`")]
    Place {
        /// What would fit.
        expected: &'static str,
        /// The command that stands there.
        found: &'static str,
    },
    /// An aggregate outside of `stats`, or inside another aggregate.
    #[error("`{name}` is an aggregate: it stands in `stats` only, and not in another aggregate")]
    MisplacedAggregate {
        /// The aggregate.
        name: &'static str,
    },
    /// A column of `stats` that has a name outside of every aggregate.
    #[error("`{name}` differs from record to record: expected it inside an aggregate such as max({name})")]
    OutsideAggregate {
        /// The name.
        name: String,
    },
    /// A glob of `parse` with another number of names than stars.
    #[error("expected a name for each of {stars} `*`, found {names}")]
    Glob {
        /// How many stars the glob has.
        stars: usize,
        /// How many names follow `as`.
        names: usize,
    },
    /// An enrichment in a query that is to run in the console too.
    #[error("`{name}` is worked out by Flowgauge: the console does not know it")]
    NotPortable {
        /// The enrichment.
        name: String,
    },
    /// The query is well formed but can't be kept as a detection.
    #[error("a rule is `filter ... | stats ... by ... | filter ...`: expected {expected}, found {found}")]
    NotARule {
        /// What should stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
}

struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, ": did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}
