//! Finds the end of a JSON document without parsing it into anything.
//!
//! The scan knows the grammar's structure, strings and escapes, so that it stops at the first byte that
//! cannot belong to the document: a bracket that was never closed does not reach over the lines behind it.
//! What numbers and literals say is left to the parser.

use memchr::memchr3;

use super::entry::JsonFault;

/// The deepest nesting, that of `serde_json`.
const DEEPEST: usize = 127;

/// How far a scan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// The document ends before this offset.
    Closed(usize),
    /// More bytes are needed.
    More,
    /// This is no JSON document.
    Fault(JsonFault),
}

/// What the next byte may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    /// Inside a string that is a key or a value.
    Text {
        key: bool,
    },
    /// Behind a backslash in such a string.
    Escape {
        key: bool,
    },
    /// Inside a number or literal.
    Scalar,
}

impl Expect {
    fn name(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::ValueOrEnd => "a value or ]",
            Self::Key => "a key",
            Self::KeyOrEnd => "a key or }",
            Self::Colon => "a colon",
            Self::CommaOrEnd | Self::Scalar => "a comma or a closing bracket",
            Self::Text { .. } | Self::Escape { .. } => "the rest of a string",
        }
    }
}

/// An open bracket.
#[derive(Debug, Clone, Copy)]
struct Open {
    position: usize,
    object: bool,
}

/// The scan of one document; can be continued when more of it has been read.
#[derive(Debug)]
pub(super) struct Balance {
    open: Vec<Open>,
    expect: Expect,
    /// The bytes scanned so far.
    scanned: usize,
}

impl Balance {
    pub(super) fn new() -> Self {
        Self { open: Vec::new(), expect: Expect::Value, scanned: 0 }
    }

    /// The offsets of the brackets that are open.
    pub(super) fn open_brackets(&self) -> impl Iterator<Item = usize> {
        self.open.iter().map(|open| open.position)
    }

    /// Goes on with `document`, all of it that has been read, from its first bracket.
    pub(super) fn scan(&mut self, document: &[u8]) -> Scan {
        while let Some(byte) = document.get(self.scanned) {
            let advance = match self.expect {
                Expect::Text { key } => match self.text(&document[self.scanned..], key) {
                    Ok(length) => length,
                    Err(fault) => return Scan::Fault(fault),
                },
                _ => match self.byte(*byte) {
                    Ok(length) => length,
                    Err(fault) => return Scan::Fault(fault),
                },
            };
            self.scanned += advance;
            if self.open.is_empty() {
                return Scan::Closed(self.scanned);
            }
        }
        Scan::More
    }

    /// Steps through a string as far as `rest` goes, up to and over its quote or a backslash.
    fn text(&mut self, rest: &[u8], key: bool) -> Result<usize, JsonFault> {
        // A raw line end cannot stand in a string; with it an unclosed quote ends on its own line.
        let Some(length) = memchr3(b'"', b'\\', b'\n', rest) else { return Ok(rest.len()) };
        match rest[length] {
            b'"' => self.expect = if key { Expect::Colon } else { Expect::CommaOrEnd },
            b'\\' => self.expect = Expect::Escape { key },
            byte => return Err(self.unexpected(length, byte)),
        }
        Ok(length + 1)
    }

    /// Takes one byte outside of a string; returns 1, or 0 when it has to be looked at again.
    fn byte(&mut self, byte: u8) -> Result<usize, JsonFault> {
        use Expect::{Colon, CommaOrEnd, Escape, Key, KeyOrEnd, Scalar, Text, Value, ValueOrEnd};
        let scalar = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        self.expect = match (self.expect, byte) {
            (Escape { key }, _) if byte != b'\n' => Text { key },
            (Scalar, _) if scalar => Scalar,
            (Scalar, _) => {
                self.expect = CommaOrEnd;
                return Ok(0);
            }
            (expect, b' ' | b'\t' | b'\r' | b'\n') if !matches!(expect, Escape { .. }) => expect,
            (Value | ValueOrEnd, b'{') => self.push(true)?,
            (Value | ValueOrEnd, b'[') => self.push(false)?,
            (Value | ValueOrEnd, b'"') => Text { key: false },
            (Value | ValueOrEnd, _) if scalar => Scalar,
            (Key | KeyOrEnd, b'"') => Text { key: true },
            (CommaOrEnd, b',') if self.in_object() => Key,
            (Colon, b':') | (CommaOrEnd, b',') => Value,
            (CommaOrEnd | KeyOrEnd, b'}') if self.in_object() => self.pop(),
            (CommaOrEnd | ValueOrEnd, b']') if !self.in_object() => self.pop(),
            _ => return Err(self.unexpected(0, byte)),
        };
        Ok(1)
    }

    fn in_object(&self) -> bool {
        self.open.last().is_some_and(|open| open.object)
    }

    fn push(&mut self, object: bool) -> Result<Expect, JsonFault> {
        if self.open.len() == DEEPEST {
            return Err(JsonFault::TooDeep { limit: DEEPEST });
        }
        self.open.push(Open { position: self.scanned, object });
        Ok(if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd })
    }

    fn pop(&mut self) -> Expect {
        self.open.pop();
        Expect::CommaOrEnd
    }

    fn unexpected(&self, ahead: usize, found: u8) -> JsonFault {
        JsonFault::Unexpected { position: self.scanned + ahead, expected: self.expect.name(), found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans in one go and byte by byte; both must agree.
    fn scan(document: &str) -> Scan {
        let whole = Balance::new().scan(document.as_bytes());
        let mut stepwise = Balance::new();
        let steps = (1..=document.len()).map(|end| stepwise.scan(&document.as_bytes()[..end]));
        let last = steps.into_iter().find(|scan| *scan != Scan::More).unwrap_or(Scan::More);
        assert_eq!(whole, last, "{document}");
        whole
    }

    fn fault(document: &str) -> String {
        match scan(document) {
            Scan::Fault(fault) => fault.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn finds_the_end_of_whole_documents() {
        for document in [
            "{}",
            "[ ]",
            r#"{"a":"}]","b":["{",{"c":"\"}\\"}],"d":-1.5e+3,"e":null}"#,
            "[1,\r\n\ttrue , \"\\u0041\",[],{ } ]",
        ] {
            assert_eq!(scan(document), Scan::Closed(document.len()), "{document}");
            assert_eq!(scan(&format!("{document}{{")), Scan::Closed(document.len()), "{document}");
            for cut in 1..document.len() {
                assert_eq!(scan(&document[..cut]), Scan::More, "{document} cut at {cut}");
            }
        }
    }

    #[test]
    fn stops_where_the_grammar_does() {
        assert_eq!(fault("{2 eni}"), "expected a key or } at byte 1, found 2");
        assert_eq!(fault("{\"a\n"), "expected the rest of a string at byte 3, found \\n");
        assert_eq!(fault("{\"a\\\n"), "expected the rest of a string at byte 4, found \\n");
        assert_eq!(fault("{\"a\" \"b\"}"), "expected a colon at byte 5, found \\\"");
        assert_eq!(fault("[1 2]"), "expected a comma or a closing bracket at byte 3, found 2");
        assert_eq!(fault("[1}"), "expected a comma or a closing bracket at byte 2, found }");
        assert_eq!(fault("[1,]"), "expected a value at byte 3, found ]");
        assert_eq!(fault("{\"a\":1,}"), "expected a key at byte 7, found }");
        assert_eq!(fault("[\x01"), "expected a value or ] at byte 1, found \\x01");
        assert_eq!(fault(&"[".repeat(128)), "nested deeper than 127 levels");
    }
}
