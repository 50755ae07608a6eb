//! `DROP`: the two languages in which users say which records to leave out, and which of them is meant.

use flow_query::{FilterPattern, Query, QueryError, RecordFilter};

use super::reduction::Unwanted;
use crate::variables::VariableError;

/// Other spellings are not read, but recognised.
#[derive(Debug, thiserror::Error)]
enum DropError {
    /// As it is copied from the middle of a query.
    #[error("begins with `|`: leave that out, write `{0}`")]
    Piped(String),
    /// A filter pattern after the word that makes it a query.
    #[error("{error}; a filter pattern stands alone, without `{word}`")]
    PatternAfterFilter { word: String, error: QueryError },
    /// A condition without the word that makes it one.
    #[error("{0}; a condition of Insights begins with `filter`")]
    BareCondition(QueryError),
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Unwanted {
    /// Reads what `DROP` says.
    pub(super) fn parse(found: String) -> Result<Self, VariableError> {
        parse(found.trim()).map_err(|error| VariableError::mistake("DROP", found, error))
    }
}

/// No filter pattern of one term makes sense here, so that `filter` and its other name always begin a query.
fn parse(text: &str) -> Result<Unwanted, DropError> {
    if let Some(rest) = text.strip_prefix('|') {
        return Err(DropError::Piped(rest.trim_start().to_owned()));
    }
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_query = ["filter", "where"].iter().any(|name| word.eq_ignore_ascii_case(name));
    if is_query {
        return filter(text).map_err(|error| match FilterPattern::parse(rest) {
            Ok(_) => DropError::PatternAfterFilter { word: word.to_owned(), error },
            Err(_) => error.into(),
        });
    }
    FilterPattern::parse(text).map(Unwanted::Pattern).map_err(|error| {
        match filter(&format!("filter {text}")) {
            Ok(_) => DropError::BareCondition(error),
            Err(_) => error.into(),
        }
    })
}

fn filter(text: &str) -> Result<Unwanted, QueryError> {
    Query::parse(text).and_then(|query| RecordFilter::compile(&query)).map(Unwanted::Filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_filter_tells_the_two_languages_apart() {
        let is_filter = |text: &str| matches!(Unwanted::parse(text.to_owned()).unwrap(), Unwanted::Filter(_));
        let filters =
            ["filter dstPort = 443", " FILTER dstPort = 443 | filter bytes < 100", "where bytes > 1"];
        assert!(filters.into_iter().all(is_filter));
        let patterns = ["[..., action = REJECT, status]", "REJECT", "filters", "\"443 6\""];
        assert!(!patterns.into_iter().any(is_filter));
    }

    #[test]
    fn a_wrong_spelling_is_told_the_right_one() {
        let cases = [
            (
                "| filter dstPort = 443",
                "DROP: \"| filter dstPort = 443\": begins with `|`",
                "write `filter dstPort = 443`",
            ),
            (
                "FILTER [..., action = REJECT, status]",
                "DROP: ",
                "; a filter pattern stands alone, without `FILTER`",
            ),
            ("filter REJECT", "DROP: ", "; a filter pattern stands alone, without `filter`"),
            ("action = \"REJECT\"", "DROP: ", "; a condition of Insights begins with `filter`"),
            ("filter nothing = 1", "DROP: ", ": unknown name `nothing`"),
            ("filter", "DROP: \"filter\": ", ""),
        ];
        for (text, start, end) in cases {
            let error = Unwanted::parse(text.to_owned()).unwrap_err().to_string();
            assert!(error.starts_with(start) && error.ends_with(end), "{error}");
        }
    }
}
