//! Text to tokens, one at a time: what a `/` begins depends on where it stands.

use std::borrow::Cow;

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::period::{Period, TimeUnit};

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'t> {
    /// A name or keyword.
    Word(&'t str),
    /// A name in backticks, never a keyword.
    Quoted(Cow<'t, str>),
    Integer(i64),
    Float(f64),
    Period(Period),
    Text(Cow<'t, str>),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

impl Token<'_> {
    /// As an error shows it: `written` in the query. A number that is not kept as it was typed is shown so too.
    pub(crate) fn describe(&self, written: &str) -> String {
        match self {
            Token::Word(word) => format!("`{word}`"),
            Token::Quoted(name) => format!("the name `{name}`"),
            Token::Integer(_) | Token::Float(_) => format!("the number {written}"),
            Token::Period(period) => format!("the period {period}"),
            Token::Text(text) => format!("the text {text:?}"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end of the query".to_owned(),
        }
    }
}

/// The operator or bracket that a text begins with, the longest one.
fn sign(text: &str) -> Option<&'static str> {
    let mut bytes = text.bytes();
    Some(match (bytes.next()?, bytes.next()) {
        (b'!', Some(b'=')) => "!=",
        (b'<', Some(b'=')) => "<=",
        (b'>', Some(b'=')) => ">=",
        (b'=', Some(b'~')) => "=~",
        (b'(', _) => "(",
        (b')', _) => ")",
        (b'[', _) => "[",
        (b']', _) => "]",
        (b',', _) => ",",
        (b'|', _) => "|",
        (b'=', _) => "=",
        (b'<', _) => "<",
        (b'>', _) => ">",
        (b'+', _) => "+",
        (b'-', _) => "-",
        (b'*', _) => "*",
        (b'/', _) => "/",
        (b'^', _) => "^",
        (b'%', _) => "%",
        _ => return None,
    })
}

pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0 }
    }

    /// What is written at a place.
    pub(crate) fn written(&self, span: Span) -> &'t str {
        &self.text[span.start..span.end]
    }

    /// The next token and its place.
    pub(crate) fn token(&mut self) -> Result<(Token<'t>, Span), QueryError> {
        self.skip_space_and_comments();
        let start = self.at;
        let rest = &self.text[start..];
        let token = match rest.chars().next() {
            None => Token::End,
            Some('"' | '\'') => Token::Text(self.quoted("a closing quote")?),
            Some('`') => Token::Quoted(self.quoted("a closing backtick")?),
            Some(c) if c.is_ascii_digit() => self.number()?,
            Some(c) if begins_name(c) => Token::Word(self.take_name()),
            Some(c) => match sign(rest) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(sign)
                }
                None => {
                    let kind = QueryErrorKind::Syntax {
                        expected: "a name, a number, a quoted text or an operator",
                        found: format!("`{}`", c.escape_debug()),
                    };
                    return Err(QueryError::new(kind, start..start + c.len_utf8()));
                }
            },
        };
        Ok((token, (start..self.at).into()))
    }

    /// A regular expression, from the slash at `start` to the next one that no backslash precedes.
    pub(crate) fn regex(&mut self, start: usize) -> Result<(Cow<'t, str>, Span), QueryError> {
        self.at = start;
        let pattern = self.delimited("a closing slash", |after| if after == '/' { "/" } else { "" })?;
        Ok((pattern, (start..self.at).into()))
    }

    fn quoted(&mut self, expected: &'static str) -> Result<Cow<'t, str>, QueryError> {
        self.delimited(expected, |after| match after {
            '\\' => "\\",
            '"' => "\"",
            '\'' => "'",
            '`' => "`",
            _ => "",
        })
    }

    /// The text up to the character that it begins with; `unescape` says what a backslash and a character stand for,
    /// or nothing to keep both.
    fn delimited(
        &mut self,
        expected: &'static str,
        unescape: fn(char) -> &'static str,
    ) -> Result<Cow<'t, str>, QueryError> {
        let text = &self.text[self.at..];
        let mut characters = text.char_indices();
        let delimiter = characters.next().map(|(_, c)| c);
        let begin = characters.offset();
        let mut content = Cow::Borrowed("");
        // Up to where `content` has it.
        let mut done = begin;
        while let Some((offset, c)) = characters.next() {
            if Some(c) == delimiter {
                self.at += offset + c.len_utf8();
                content += &text[done..offset];
                return Ok(content);
            }
            if c == '\\' {
                let Some((_, after)) = characters.next() else { break };
                let meant = unescape(after);
                if !meant.is_empty() {
                    content += &text[done..offset];
                    content += meant;
                    done = characters.offset();
                }
            }
        }
        let kind = QueryErrorKind::Syntax { expected, found: "the end of the query".to_owned() };
        Err(QueryError::new(kind, self.at..self.text.len()))
    }

    fn number(&mut self) -> Result<Token<'t>, QueryError> {
        let start = self.at;
        self.take_digits();
        let mut is_float = self.fraction();
        is_float |= self.exponent();
        let text = &self.text[start..self.at];
        let wrong = |found: &str, end: usize| {
            let kind = QueryErrorKind::Syntax { expected: "a number", found: format!("`{found}`") };
            Err(QueryError::new(kind, start..end))
        };
        let word = self.take_name();
        if !word.is_empty()
            && !is_float
            && let (Ok(amount), Some(unit)) = (text.parse(), TimeUnit::from_name(word))
        {
            return Ok(Token::Period(Period { amount, unit }));
        }
        if !word.is_empty() {
            return wrong(&self.text[start..self.at], self.at);
        }
        if !is_float && let Ok(number) = text.parse() {
            return Ok(Token::Integer(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Float(number)),
            _ => wrong(text, self.at),
        }
    }

    fn fraction(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let has_fraction = matches!(rest, [b'.', digit, ..] if digit.is_ascii_digit());
        if has_fraction {
            self.at += 1;
            self.take_digits();
        }
        has_fraction
    }

    fn exponent(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let skip = match rest {
            [b'e' | b'E', digit, ..] if digit.is_ascii_digit() => 1,
            [b'e' | b'E', b'+' | b'-', digit, ..] if digit.is_ascii_digit() => 2,
            _ => return false,
        };
        self.at += skip;
        self.take_digits();
        true
    }

    fn take_digits(&mut self) {
        self.take_while(|byte| byte.is_ascii_digit());
    }

    fn take_name(&mut self) -> &'t str {
        self.take_while(|byte| in_name(byte.into()))
    }

    /// All bytes up to one that does not belong; those that belong are ASCII.
    #[inline]
    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            let rest = self.text[self.at..].trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '@'
}

fn in_name(c: char) -> bool {
    begins_name(c) || c.is_ascii_digit() || c == '.'
}

/// Words that can't be names unless in backticks.
const RESERVED: [&str; 7] = ["and", "or", "not", "in", "like", "as", "by"];

pub(crate) fn is_plain_name(name: &str) -> bool {
    name.starts_with(begins_name)
        && name.chars().all(in_name)
        && !RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word))
}
