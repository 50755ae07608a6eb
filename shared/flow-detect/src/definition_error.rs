//! What can be wrong with a file that users write, rules or suppressions: where, what was expected, what was found.

use flow_query::{QueryErrorKind, Span};

/// The most mistakes told of one file: whoever has more fixes these first.
pub const MAX_MISTAKES: usize = 20;

/// The most characters shown of a line.
const MOST_SHOWN: usize = 200;

/// How many of them stand before the caret.
const SHOWN_BEFORE: usize = MOST_SHOWN / 2;

/// A mistake in a rule file or a file of suppressions. Displays as `file:line:column: what is wrong`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {kind}")]
pub struct DefinitionError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub kind: DefinitionErrorKind,
    /// The line of the file with a caret under the place; of a long line what stands around it.
    pub shown: String,
}

impl DefinitionError {
    /// Several mistakes, each with its line and a caret under the place.
    pub fn show_all(errors: &[DefinitionError]) -> String {
        errors.iter().map(|error| format!("{error}\n{}", error.shown)).collect::<Vec<_>>().join("\n")
    }
}

/// What is wrong with such a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionErrorKind {
    /// It is larger than any that people write.
    #[error("expected a file of at most {max} bytes, found {found}")]
    TooLarge {
        /// The most bytes.
        max: usize,
        /// The file's.
        found: usize,
    },
    /// It is not TOML.
    #[error("{0}")]
    Toml(String),
    /// A key that does not exist here.
    #[error("unknown key `{key}`{}", hint(suggestion.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key.
        suggestion: Option<String>,
    },
    /// A key that must be there.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// Of several keys at least one must be there.
    #[error("expected at least one of {keys}, found none")]
    NoneOf {
        /// The keys.
        keys: &'static str,
    },
    /// More of something than a file may hold.
    #[error("expected at most {max} {what}, found {found}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        max: usize,
        /// What the file has.
        found: usize,
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
    /// The query does not compile as a detection, or the pattern is none.
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

/// A file as errors show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DefinitionFile<'f> {
    pub(crate) name: &'f str,
    pub(crate) text: &'f str,
}

impl DefinitionFile<'_> {
    pub(crate) fn error(&self, span: impl Into<Span>, kind: DefinitionErrorKind) -> DefinitionError {
        let span = span.into();
        let position = span.position(self.text);
        DefinitionError {
            file: self.name.to_owned(),
            line: position.line,
            column: position.column,
            kind,
            shown: show(span, self.text),
        }
    }
}

/// As [`Span::show`], but a long line is cut to what stands around the place, with `…` where something is missing.
fn show(span: Span, text: &str) -> String {
    let place = text.floor_char_boundary(span.start);
    let start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or("");
    if line.chars().nth(MOST_SHOWN).is_none() {
        return span.show(text);
    }
    let at = (place - start).min(line.len());
    let from = line[..at].char_indices().rev().nth(SHOWN_BEFORE - 1).map_or(0, |(place, _)| place);
    let cut = &line[from..];
    let to = cut.char_indices().nth(MOST_SHOWN).map_or(cut.len(), |(place, _)| place);
    let dots = |is_cut| if is_cut { "…" } else { "" };
    let (front, back) = (dots(from > 0), dots(to < cut.len()));
    let caret = front.len() + at - from;
    let end = (caret + span.end.saturating_sub(span.start)).min(front.len() + to);
    Span { start: caret, end }.show(&format!("{front}{}{back}", &cut[..to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line and the text above the caret.
    fn shown(text: &str, place: &str) -> (String, String) {
        let start = text.find(place).unwrap();
        let span = Span { start, end: start + place.len() };
        let kind = DefinitionErrorKind::MissingKey { key: "id" };
        let error = DefinitionFile { name: "f", text }.error(span, kind);
        let (line, carets) = error.shown.split_once('\n').unwrap();
        let above =
            line.chars().zip(carets.chars()).filter(|(_, caret)| *caret == '^').map(|(c, _)| c).collect();
        (line.to_owned(), above)
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let x = |count: usize| "é".repeat(count);
        let cases = [
            (x(180), x(10), format!("{}HERE{}", x(180), x(10))),
            (x(350_000), x(350_000), format!("…{}HERE{}…", x(100), x(96))),
            (x(0), x(350_000), format!("HERE{}…", x(196))),
            (x(100), x(97), format!("{}HERE{}…", x(100), x(96))),
            (x(101), x(96), format!("…{}HERE{}", x(100), x(96))),
            (x(350_000), x(0), format!("…{}HERE", x(100))),
        ];
        for (before, after, line) in cases {
            let text = format!("a = 1\r\n{before}HERE{after}\r\nb = 2\n");
            assert_eq!(shown(&text, "HERE"), (line, "HERE".to_owned()), "{} {}", before.len(), after.len());
        }
    }

    #[test]
    fn a_long_place_is_marked_as_far_as_it_shows() {
        let long = "x".repeat(1 << 20);
        let (line, above) = shown(&format!("key = {long}"), &long);
        assert_eq!((line.chars().count(), above.len()), (201, 194));
    }

    #[test]
    fn any_place_can_be_shown() {
        let text = format!("{}\r\n{}\n", "é".repeat(300), "é".repeat(300));
        for start in 0..text.len() + 3 {
            for end in [0, start, start + 1, text.len()] {
                assert!(show(Span { start, end }, &text).chars().count() <= 2 * (MOST_SHOWN + 2) + 1);
            }
        }
    }
}
