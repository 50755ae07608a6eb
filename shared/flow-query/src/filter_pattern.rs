//! CloudWatch Logs filter patterns: what metric filters, subscription filters, `FilterLogEvents` and Live Tail take.
//!
//! A pattern is matched with a log event's message as it is. The syntax is that of "Filter pattern syntax for metric
//! filters, subscription filters, filter log events, and Live Tail" in the CloudWatch Logs user guide. What the guide
//! leaves open is as AWS's `TestMetricFilter` was seen to answer; ARCHITECTURE.md lists it.

mod delimited;
mod field_name;
mod fields;
mod json;
mod json_value;
mod meaning;
mod pattern_regex;
mod scanner;
mod terms;
mod test;

use std::fmt;

use crate::error::{QueryError, QueryErrorKind};
use delimited::Delimited;
use json::JsonCondition;
pub use meaning::{ItemMeaning, PatternMeaning, PatternWarning};
use scanner::Scanner;
use terms::Terms;

/// The longest filter pattern, in characters.
pub const MAX_FILTER_PATTERN: usize = 1024;

/// The most regular expressions in a space-delimited or JSON pattern.
pub const MAX_PATTERN_REGEXES: usize = 2;

/// The most selectors with a wildcard in a JSON pattern; each may have one.
pub const MAX_PATTERN_WILDCARDS: usize = 3;

/// A filter pattern, ready to match.
///
/// Prints, with single spaces, as a pattern that reads as the same. One near [`MAX_FILTER_PATTERN`] may print longer.
///
/// ```
/// use flow_query::FilterPattern;
///
/// let pattern = FilterPattern::parse(r#"[..., action = "REJECT", status]"#)?;
/// assert!(pattern.matches("6 1 60 1700000000 1700000059 REJECT OK"));
/// assert!(!pattern.matches("6 1 60 1700000000 1700000059 ACCEPT OK"));
/// # Ok::<(), flow_query::QueryError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPattern(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Terms(Terms),
    Delimited(Delimited),
    /// `{ ... }`, over messages that are JSON objects.
    Json(JsonCondition),
}

impl FilterPattern {
    /// Reads a pattern of at most [`MAX_FILTER_PATTERN`] characters.
    ///
    /// # Errors
    /// With the place, what was expected and what was found.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let found = text.chars().count();
        if found > MAX_FILTER_PATTERN {
            let what = "characters in a filter pattern";
            let kind = QueryErrorKind::TooMany { what, max: MAX_FILTER_PATTERN, found };
            return Err(QueryError::new(kind, 0..0));
        }
        let mut scanner = Scanner::new(text);
        let kind = if scanner.take("{") {
            Kind::Json(JsonCondition::read(&mut scanner)?)
        } else if scanner.take("[") {
            Kind::Delimited(Delimited::read(&mut scanner)?)
        } else {
            return Terms::read(&mut scanner).map(|terms| FilterPattern(Kind::Terms(terms)));
        };
        if !scanner.is_end() {
            return Err(scanner.expected("the end of the pattern"));
        }
        if let Some(span) = scanner.regex_beyond(MAX_PATTERN_REGEXES) {
            let what = "regular expressions in a space-delimited or JSON pattern";
            let found = scanner.regexes();
            return Err(QueryError::new(
                QueryErrorKind::TooMany { what, max: MAX_PATTERN_REGEXES, found },
                span,
            ));
        }
        Ok(FilterPattern(kind))
    }

    /// Whether it is `{ ... }`, which only messages that are JSON match.
    pub fn is_json(&self) -> bool {
        matches!(self.0, Kind::Json(_))
    }

    /// Whether a filter with this pattern would select the log event with this message.
    ///
    /// Takes time linear in the message, and no memory for one that is no JSON object.
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Kind::Terms(terms) => terms.matches(message),
            Kind::Delimited(delimited) => delimited.matches(message),
            Kind::Json(condition) => {
                json_value::object(message).is_some_and(|object| condition.holds(object))
            }
        }
    }
}

impl fmt::Display for FilterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Terms(terms) => terms.fmt(f),
            Kind::Delimited(delimited) => delimited.fmt(f),
            Kind::Json(condition) => write!(f, "{{ {condition} }}"),
        }
    }
}
