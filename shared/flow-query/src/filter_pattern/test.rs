//! One comparison with a constant: `= 22`, `!= "a b"`, `= 10.0.*`, `= %^eni-%`, `>= 400`.

use std::fmt;

use super::pattern_regex::PatternRegex;
use super::scanner::{Quoted, Read, Scanner, is_name};
use crate::ast::Comparison;
use crate::value::Number;

/// Two-letter signs first, so that `<=` is not read as `<`.
const SIGNS: [Comparison; 6] = [
    Comparison::NotEqual,
    Comparison::LessOrEqual,
    Comparison::GreaterOrEqual,
    Comparison::Equal,
    Comparison::Less,
    Comparison::Greater,
];

/// A comparison and the constant on its right.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    pub(super) op: Comparison,
    pub(super) wanted: Wanted,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// A number without quotes, and how it is written.
    Number(Number, Box<str>),
    /// Any other text; `*` stands for any characters, in quotes too.
    Text(Box<str>),
    Regex(PatternRegex),
}

impl Test {
    /// Reads a comparison if one begins here.
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Read<Option<Self>> {
        let Some(op) = SIGNS.into_iter().find(|op| scanner.take(op.sign())) else { return Ok(None) };
        scanner.skip_space();
        let start = scanner.place();
        let needs_number = !matches!(op, Comparison::Equal | Comparison::NotEqual);
        let wanted = Wanted::read(scanner)?;
        if needs_number && !matches!(wanted, Wanted::Number(..)) {
            return Err(scanner.unfit(start, "a number without quotes"));
        }
        Ok(Some(Test { op, wanted }))
    }

    /// Whether it holds for `text`; `number` says which number that is, if any.
    pub(super) fn holds(&self, text: &str, number: impl FnOnce() -> Option<Number>) -> bool {
        let is_equal = match &self.wanted {
            Wanted::Number(wanted, written) => match number() {
                Some(number) => return self.op.accepts(number.compare(*wanted)),
                None if !matches!(self.op, Comparison::Equal | Comparison::NotEqual) => return false,
                None => text == &**written,
            },
            Wanted::Text(wanted) => is_like(wanted, text),
            Wanted::Regex(regex) => regex.is_match(text),
        };
        is_equal == (self.op == Comparison::Equal)
    }
}

impl Wanted {
    fn read(scanner: &mut Scanner<'_>) -> Read<Self> {
        match scanner.next() {
            Some('"') => {
                scanner.quoted('"', "a closing quote").map(|text| Wanted::Text(text.into_boxed_str()))
            }
            Some('%') => scanner.regex().map(Wanted::Regex),
            _ => match scanner.take_while(is_bare) {
                "" => {
                    Err(scanner
                        .expected("a number, a word, a text in double quotes or a %regular expression%"))
                }
                bare => Ok(Number::of_text(bare)
                    .map_or_else(|| Wanted::Text(bare.into()), |number| Wanted::Number(number, bare.into()))),
            },
        }
    }
}

/// What a value may have without quotes.
fn is_bare(c: char) -> bool {
    is_name(c) || matches!(c, '*' | '.' | '+')
}

/// Whether `text` is `wanted`, in which every `*` stands for any characters.
fn is_like(wanted: &str, text: &str) -> bool {
    let mut parts = wanted.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.op.sign(), self.wanted)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wanted::Number(_, written) => f.write_str(written),
            Wanted::Regex(regex) => regex.fmt(f),
            Wanted::Text(text) if is_plain(text) => f.write_str(text),
            Wanted::Text(text) => Quoted('"', text).fmt(f),
        }
    }
}

/// Whether a text reads as itself without quotes: `null` does not in JSON patterns.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(is_bare)
        && Number::of_text(text).is_none()
        && text != super::json::NULL
}
