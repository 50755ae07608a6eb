//! The regular expressions of filter patterns: fewer than the library knows, and in AWS's spelling.

use std::fmt;

use regex::Regex;

use super::scanner::{Read, syntax};
use crate::compile;

const SYMBOLS: &str = ":_#=@/;,- ";
const OPERATORS: &str = "^$?[]{}|\\*+.";

/// A regular expression between percent signs.
#[derive(Debug, Clone)]
pub(super) struct PatternRegex {
    source: Box<str>,
    regex: Regex,
}

/// Equal when written alike.
impl PartialEq for PatternRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl PatternRegex {
    /// Compiles `source`, which begins at byte `start` of the pattern.
    pub(super) fn compile(source: &str, start: usize) -> Read<Self> {
        if source.is_empty() {
            return Err(syntax("a regular expression", "`%`".to_owned(), start..start + 1));
        }
        let translated = translate(source, start)?;
        let regex = compile::regex(&translated, (start..start + source.len()).into())?;
        Ok(PatternRegex { source: source.into(), regex })
    }

    /// Whether it matches somewhere in `text`.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl fmt::Display for PatternRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.source)
    }
}

/// The same in the library's spelling, in which classes of letters are Unicode's and `{,3}` is none.
fn translate(source: &str, start: usize) -> Read<String> {
    let mut translated = String::with_capacity(source.len());
    let mut characters = source.char_indices().peekable();
    let mut is_class = false;
    while let Some((offset, c)) = characters.next() {
        let (next, place) = (characters.peek().map(|(_, next)| *next), start + offset);
        match c {
            '\\' => {
                characters.next();
                // Of `\x41` the two digits are left, which stand for themselves.
                escape(&source[offset + 1..], place, &mut translated)?;
            }
            '{' if next == Some(',') && !is_class => translated.push_str("{0"),
            '-' if next == Some('-') && is_class => {
                return Err(syntax(
                    "`\\-` for a hyphen between brackets",
                    "`--`".to_owned(),
                    place..place + 2,
                ));
            }
            c if c.is_ascii_alphanumeric() || SYMBOLS.contains(c) || OPERATORS.contains(c) => {
                is_class = c == '[' || is_class && c != ']';
                translated.push(c);
            }
            other => {
                let expected =
                    "a letter, a digit, a space, one of `:_#=@/;,-` or an operator `^$?[]{}|\\*+.`";
                let found = format!("`{}`", other.escape_debug());
                return Err(syntax(expected, found, place..place + other.len_utf8()));
            }
        }
    }
    Ok(translated)
}

/// What a backslash at `place` of the pattern and the text `after` it stand for.
fn escape(after: &str, place: usize, translated: &mut String) -> Read<()> {
    let Some(c) = after.chars().next() else {
        return Err(syntax("a character after `\\`", "`%`".to_owned(), place + 1..place + 2));
    };
    match c {
        'd' => translated.push_str("[0-9]"),
        'D' => translated.push_str("[^0-9]"),
        's' => translated.push_str("[ \\t\\n\\x0B\\f\\r]"),
        'S' => translated.push_str("[^ \\t\\n\\x0B\\f\\r]"),
        'w' => translated.push_str("[0-9A-Za-z_]"),
        'W' => translated.push_str("[^0-9A-Za-z_]"),
        'x' if after[1..].bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2 => {
            translated.push_str("\\x");
        }
        c if OPERATORS.contains(c) || "-#".contains(c) => translated.extend(['\\', c]),
        c if SYMBOLS.contains(c) => translated.push(c),
        other => {
            let expected = "one of `\\d`, `\\D`, `\\s`, `\\S`, `\\w`, `\\W`, `\\x` and two digits, or an operator after `\\`";
            let found = format!("`\\{}`", other.escape_debug());
            return Err(syntax(expected, found, place..place + 1 + other.len_utf8()));
        }
    }
    Ok(())
}
