//! The places of mistakes in a text.

use flow_query::{QueryError, Span};

/// Asserts that the error's place is in the text, and can be shown.
pub fn points_into(error: &QueryError, text: &str) {
    let Span { start, end } = error.span;
    assert!(text.get(start..end).is_some(), "{start}..{end} of {}", text.len());
    let position = error.position(text);
    let line = text.split('\n').nth(position.line - 1).expect("the line is in the text");
    assert!((1..=line.chars().count() + 1).contains(&position.column), "{position:?}");
    assert!(error.show(text).contains('^') && !error.to_string().is_empty());
}
