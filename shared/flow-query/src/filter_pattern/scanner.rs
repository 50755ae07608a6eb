//! A pattern's text, read from the left: what all kinds of patterns are made of.

use std::fmt;

use super::pattern_regex::PatternRegex;
use crate::error::{QueryError, QueryErrorKind, Span};

pub(super) type Read<T> = Result<T, QueryError>;

const END: &str = "the end of the pattern";

pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Where the regular expressions stand that were read.
    regexes: Vec<Span>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Scanner { text, at: 0, regexes: Vec::new() }
    }

    /// How many bytes were read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(is_space);
    }

    /// Whether only space is left.
    pub(super) fn is_end(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    /// Takes `sign` and the space before it, if it stands here.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        self.skip_space();
        self.take_here(sign)
    }

    /// Takes `sign` if it stands here, with no space before it.
    pub(super) fn take_here(&mut self, sign: &str) -> bool {
        let is_here = self.rest().starts_with(sign);
        if is_here {
            self.at += sign.len();
        }
        is_here
    }

    pub(super) fn take_while(&mut self, belongs: fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The text in quotes that begins here with `quote`. A backslash keeps a quote or a backslash from being one.
    pub(super) fn quoted(&mut self, quote: char, expected: &'static str) -> Read<String> {
        let mut content = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = characters.next() {
            if c == quote {
                self.at += offset + c.len_utf8();
                return Ok(content);
            }
            content.push(c);
            if c == '\\' {
                let Some((_, after)) = characters.next() else { break };
                if after == quote || after == '\\' {
                    content.pop();
                }
                content.push(after);
            }
        }
        Err(syntax(expected, END.to_owned(), self.at..self.text.len()))
    }

    /// The regular expression that begins here with a percent sign.
    pub(super) fn regex(&mut self) -> Read<PatternRegex> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find('%') else {
            let expected = "a closing `%` of the regular expression";
            return Err(syntax(expected, END.to_owned(), start..self.text.len()));
        };
        self.at += length + 2;
        self.regexes.push((start..self.at).into());
        PatternRegex::compile(&self.text[start + 1..self.at - 1], start + 1)
    }

    /// How many regular expressions were read.
    pub(super) fn regexes(&self) -> usize {
        self.regexes.len()
    }

    /// Where the first regular expression after `most` stands.
    pub(super) fn regex_beyond(&self, most: usize) -> Option<Span> {
        self.regexes.get(most).copied()
    }

    /// The mistake that something else stands here, after space.
    pub(super) fn expected(&mut self, expected: &'static str) -> QueryError {
        self.skip_space();
        self.expected_at(self.at, expected)
    }

    /// The mistake that something else stands at `start`: a word, or one character.
    pub(super) fn expected_at(&self, start: usize, expected: &'static str) -> QueryError {
        let rest = &self.text[start..];
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let (found, length) = match (word, rest.chars().next()) {
            (_, None) => (END.to_owned(), 0),
            ("", Some(c)) => (shown(&rest[..c.len_utf8()]), c.len_utf8()),
            (word, _) => (shown(word), word.len()),
        };
        syntax(expected, found, start..start + length)
    }

    /// The mistake that what was read since `start` does not fit.
    pub(super) fn unfit(&self, start: usize, expected: &'static str) -> QueryError {
        syntax(expected, shown(self.since(start)), start..self.at)
    }
}

/// The mistake that something else is at a place.
pub(super) fn syntax(expected: &'static str, found: String, span: impl Into<Span>) -> QueryError {
    QueryError::new(QueryErrorKind::Syntax { expected, found }, span)
}

/// The most characters of a pattern that an error quotes.
const MOST_SHOWN: usize = 60;

/// A piece of the pattern as an error shows it.
fn shown(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    let dots = if text.chars().nth(MOST_SHOWN).is_some() { "..." } else { "" };
    format!("`{}{dots}`", text.chars().take(MOST_SHOWN).map(escape).collect::<String>())
}

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// What a word may have without quotes.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What the name of an item and the key of a property may have without quotes.
pub(super) fn is_name(c: char) -> bool {
    is_word(c) || c == '-'
}

/// A text in quotes that reads as it is.
pub(super) struct Quoted<'a>(pub(super) char, pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quoted(quote, text) = *self;
        write!(f, "{quote}")?;
        for c in text.chars() {
            if c == quote || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "{quote}")
    }
}

/// Puts `between` between what `parts` print as.
pub(super) fn write_joined(
    f: &mut fmt::Formatter<'_>,
    parts: impl IntoIterator<Item = impl fmt::Display>,
    between: &str,
) -> fmt::Result {
    for (index, part) in parts.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        part.fmt(f)?;
    }
    Ok(())
}
