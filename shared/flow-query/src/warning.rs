//! What a query does otherwise than it may seem to.

use crate::error::{Position, Span};
use crate::period::Period;

/// Something that whoever asked should know of, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct Warning {
    /// What.
    pub kind: WarningKind,
    /// Where.
    pub span: Span,
}

impl Warning {
    /// Where in `text`, which must be the text that was parsed.
    pub fn position(&self, text: &str) -> Position {
        self.span.position(text)
    }

    /// The line of `text` it is about, with a caret under the place.
    pub fn show(&self, text: &str) -> String {
        self.span.show(text)
    }
}

/// What to know of a query.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// A period above what CloudWatch takes of its unit.
    #[error("`{period}` acts as {capped}, as in CloudWatch{}", advice(.meant.as_ref()))]
    Capped {
        /// The period as written.
        period: Period,
        /// What it acts as.
        capped: Period,
        /// The same length in a unit that allows it.
        meant: Option<Period>,
    },
    /// A name that the console knows and no input has.
    #[error("`{name}` is always absent here: flow logs do not carry it")]
    NeverPresent {
        /// The name.
        name: String,
    },
    /// What a record lacks is present in the console.
    #[error("in the console `ispresent` also holds for what a record says `-` of; here it does not")]
    PresentDash,
    /// More rows than the console gives.
    #[error("{rows} rows: the console gives at most {max}", max = crate::CONSOLE_ROWS)]
    ConsoleRows {
        /// How many rows there are, or may be by the query's `limit`.
        rows: u64,
    },
}

fn advice(period: Option<&Period>) -> String {
    period.map(|period| format!(": write {period}")).unwrap_or_default()
}
