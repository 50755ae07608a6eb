//! Regular expressions of users: compiled within a bound, matched in linear time.

use regex::{Regex, RegexBuilder};

use crate::error::QueryErrorKind;

/// How large a compiled regular expression may be, in bytes.
const REGEX_SIZE: usize = 256 * 1024;

/// Compiles `text`.
///
/// # Errors
/// When it is no regular expression, or one too large.
pub(crate) fn bounded_regex(text: &str) -> Result<Regex, QueryErrorKind> {
    let regex = RegexBuilder::new(text).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).build();
    regex.map_err(|error| {
        let detail = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        QueryErrorKind::Regex { detail }
    })
}
