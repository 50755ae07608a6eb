//! How a command ends.

use std::io;
use std::path::PathBuf;

use flow_cost::FileError;
use flow_enrich::NetworksError;
use flow_envelope::encode::EncodeError;
use flow_output::FieldsError;
use flow_pipeline::{RuleFilesError, RunError, SuppressionsError, VariableError};
use flow_query::{LimitError, QueryError, Time};

/// How a command ended that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All went well.
    Fine,
    /// Something failed that was told where it happened.
    Failed,
    /// `--fail-on` was reached.
    SeverityReached,
}

/// Why a command could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Standard output can't be written.
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
    /// A file or folder can't be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file can't be written.
    #[error("writing {}: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A variable of the function's environment can't be used.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// A folder gives no rules.
    #[error(transparent)]
    RuleFiles(#[from] RuleFilesError),
    /// No rule has this id.
    #[error("no rule `{id}`{}", suggestion.as_ref().map_or_else(String::new, |id| format!(": did you mean `{id}`?")))]
    UnknownRule {
        /// The id.
        id: String,
        /// The nearest.
        suggestion: Option<String>,
    },
    /// The filter pattern has a mistake, shown with a caret under it.
    #[error("the pattern, column {}: {error}\n{}", error.position(text).column, error.show(text))]
    Pattern {
        /// The pattern.
        text: String,
        /// The mistake.
        error: QueryError,
    },
    /// The query has a mistake, shown with a caret under it.
    #[error("the query, line {}, column {}: {error}\n{}", error.position(text).line, error.position(text).column, error.show(text))]
    Query {
        /// The query.
        text: String,
        /// The mistake.
        error: QueryError,
    },
    /// The query would keep more than it may.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// No time is between the two.
    #[error("--start and --end: expected a start before the end, found {start} and {end}")]
    Span {
        /// The one.
        start: Time,
        /// The other.
        end: Time,
    },
    /// There is nothing in the answer that could be drawn.
    #[error("nothing to draw: expected {expected}, found {found}")]
    Chart {
        /// What a chart needs.
        expected: &'static str,
        /// What the query gives.
        found: String,
    },
    /// The networks file has a mistake.
    #[error("{}: {error}", path.display())]
    Networks {
        /// The file.
        path: PathBuf,
        /// The mistake.
        error: NetworksError,
    },
    /// The file of prices has a mistake.
    #[error("{}: {error}", path.display())]
    Prices {
        /// The file.
        path: PathBuf,
        /// The mistake.
        error: FileError,
    },
    /// The suppressions file has mistakes.
    #[error(transparent)]
    Suppressions(#[from] SuppressionsError),
    /// What to print of records was chosen by a wrong name.
    #[error("--fields: {0}")]
    Fields(#[from] FieldsError),
    /// History can't be worked through.
    #[error(transparent)]
    Replay(#[from] RunError),
    /// A deployed stack can't be looked at.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Deployed(#[from] crate::commands::deployed::DeployedError),
    /// A test alert can't be sent.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    TestAlert(#[from] crate::commands::test_alert::TestAlertError),
    /// Failed events can't be brought to an end.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Redrive(#[from] crate::commands::redrive::RedriveError),
    /// A line does not fit into an event.
    #[error("making an event: {0}")]
    Encode(#[from] EncodeError),
}

impl Failure {
    /// Whether the reader of our output has gone, which is its right.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
