//! What an error may look like: people read it in logs and terminals.

use std::error::Error;

/// The most bytes that an error which quotes its input may take.
const BRIEF: usize = 1000;

/// Asserts that an error displays in a line that is short whatever the input was.
pub fn shows_briefly(error: &impl Error) {
    let shown = shows_no_control_characters(error);
    assert!(shown.len() <= BRIEF, "{} bytes: {shown}", shown.len());
}

/// Asserts that an error displays as something, in one line, and passes no terminal escapes on; returns the text.
pub fn shows_no_control_characters(error: &impl Error) -> String {
    let shown = error.to_string();
    assert!(!shown.is_empty());
    assert!(!shown.contains(char::is_control), "{shown:?}");
    shown
}
