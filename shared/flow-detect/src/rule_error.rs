//! What can be wrong with a rule file: where, what was expected, what was found.

use flow_query::{QueryErrorKind, Span};

/// A mistake in a rule file. Displays as `file:line:column: what is wrong`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {kind}")]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub kind: RuleErrorKind,
    /// The line of the file with a caret under the place.
    pub shown: String,
}

/// What is wrong with a rule file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleErrorKind {
    /// It is not TOML.
    #[error("{0}")]
    Toml(String),
    /// A key that rules do not have.
    #[error("unknown key `{key}`{}", hint(suggestion.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key.
        suggestion: Option<String>,
    },
    /// A key that rules must have.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of another type, or out of range.
    #[error("`{key}`: expected {expected}, found {found}{}", hint(suggestion.as_deref()))]
    Value {
        /// The key.
        key: String,
        /// What would fit.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// The nearest word that would fit.
        suggestion: Option<String>,
    },
    /// The query does not compile as a detection.
    #[error("{0}")]
    Query(QueryErrorKind),
    /// A text names a value that the rule's findings do not have.
    #[error("`{key}`: no finding of this rule has a value `{{{name}}}`{}", hint(suggestion.as_deref()))]
    Placeholder {
        /// The text's key.
        key: String,
        /// The name in braces.
        name: String,
        /// The nearest value.
        suggestion: Option<String>,
    },
    /// A test's line can't be read with its format.
    #[error("a test's line: {0}")]
    TestLine(String),
    /// Two files have the same id.
    #[error("the id `{id}` is already taken by {other}")]
    DuplicateId {
        /// The id.
        id: String,
        /// The other file.
        other: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

/// A rule file as errors show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleFile<'f> {
    pub(crate) name: &'f str,
    pub(crate) text: &'f str,
}

impl RuleFile<'_> {
    pub(crate) fn error(&self, span: impl Into<Span>, kind: RuleErrorKind) -> RuleError {
        let span = span.into();
        let position = span.position(self.text);
        RuleError {
            file: self.name.to_owned(),
            line: position.line,
            column: position.column,
            kind,
            shown: span.show(self.text),
        }
    }
}
