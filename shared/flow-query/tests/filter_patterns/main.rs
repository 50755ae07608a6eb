//! CloudWatch Logs filter patterns: what they match, what they mean, and how mistakes in them are told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod delimited;
mod errors;
mod json;
mod laws;
mod meaning;
mod memory;
mod terms;

use flow_query::FilterPattern;

/// The pattern, which must be one.
fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{error}\n{}", error.show(text)))
}

/// That the pattern matches these messages and none of those.
fn check(text: &str, matching: &[&str], others: &[&str]) {
    let pattern = pattern(text);
    let wrong: Vec<_> = matching
        .iter()
        .map(|message| (message, true))
        .chain(others.iter().map(|message| (message, false)))
        .filter(|(message, expected)| pattern.matches(message) != *expected)
        .collect();
    assert!(wrong.is_empty(), "{text}: expected {wrong:?}");
    let printed = pattern.to_string();
    assert_eq!(self::pattern(&printed), pattern, "{text} printed as {printed}");
}
