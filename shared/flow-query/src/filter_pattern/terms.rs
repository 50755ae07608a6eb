//! Term patterns: `ERROR -"not found" ?a ?%b+%`, looked for anywhere in the message.

use std::fmt;

use super::pattern_regex::PatternRegex;
use super::scanner::{Quoted, Read, Scanner, is_space, is_word, write_joined};

/// Terms; none matches everything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms(Vec<Term>);

#[derive(Debug, Clone, PartialEq)]
struct Term {
    mode: Mode,
    needle: Needle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Required,
    /// `-`
    Excluded,
    /// `?`: at least one of these, and ignored beside others.
    Optional,
}

#[derive(Debug, Clone, PartialEq)]
enum Needle {
    Text(String),
    Regex(PatternRegex),
}

impl Terms {
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Read<Self> {
        let mut terms = Vec::new();
        while !scanner.is_end() {
            let mode = if scanner.take_here("-") {
                Mode::Excluded
            } else if scanner.take_here("?") {
                Mode::Optional
            } else {
                Mode::Required
            };
            let needle = Needle::read(scanner)?;
            if !scanner.next().is_none_or(is_space) {
                let expected =
                    "a space: put double quotes around a term with anything but letters, digits and `_`";
                return Err(scanner.expected_at(scanner.place(), expected));
            }
            terms.push(Term { mode, needle });
        }
        Ok(Terms(terms))
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        if self.is_everything() {
            return true;
        }
        if self.ignores_optional() || self.optional().next().is_none() {
            let decides = |term: &&Term| term.mode != Mode::Optional;
            let is_as_wanted = |term: &Term| term.needle.is_in(message) == (term.mode == Mode::Required);
            return self.0.iter().filter(decides).all(is_as_wanted);
        }
        self.optional().any(|term| term.needle.is_in(message))
    }

    /// AWS's way to say it: a space in quotes, alone.
    fn is_everything(&self) -> bool {
        let [Term { mode: Mode::Required, needle: Needle::Text(text) }] = self.0.as_slice() else {
            return false;
        };
        text == " "
    }

    fn optional(&self) -> impl Iterator<Item = &Term> {
        self.0.iter().filter(|term| term.mode == Mode::Optional)
    }

    fn ignores_optional(&self) -> bool {
        self.0.iter().any(|term| term.mode != Mode::Optional)
    }

    /// The optional terms that do nothing, since others decide.
    pub(super) fn ignored(&self) -> Vec<String> {
        let ignored = self.optional().filter(|_| self.ignores_optional());
        ignored.map(|term| term.to_string()).collect()
    }
}

impl Needle {
    fn read(scanner: &mut Scanner<'_>) -> Read<Self> {
        match scanner.next() {
            Some('"') => scanner.quoted('"', "a closing quote").map(Needle::Text),
            Some('%') => scanner.regex().map(Needle::Regex),
            Some(c) if is_word(c) => Ok(Needle::Text(scanner.take_while(is_word).to_owned())),
            _ => {
                let expected =
                    "a word of letters, digits and `_`, a text in double quotes or a %regular expression%";
                Err(scanner.expected_at(scanner.place(), expected))
            }
        }
    }

    fn is_in(&self, message: &str) -> bool {
        match self {
            Needle::Text(text) => message.contains(text),
            Needle::Regex(regex) => regex.is_match(message),
        }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.0, " ")
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.mode {
            Mode::Required => "",
            Mode::Excluded => "-",
            Mode::Optional => "?",
        })?;
        match &self.needle {
            Needle::Regex(regex) => regex.fmt(f),
            Needle::Text(text) if !text.is_empty() && text.chars().all(is_word) => f.write_str(text),
            Needle::Text(text) => Quoted('"', text).fmt(f),
        }
    }
}
