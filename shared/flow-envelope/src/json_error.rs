//! Why a text can't be read as JSON, told without any of the text.

use std::fmt;

use serde_json::error::Category;

/// What kind of mistake a JSON text has, and where.
///
/// It keeps nothing of `serde_json`'s own message, which quotes the value at fault: that may be a log line, and
/// errors are logged where log lines must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at line {line} column {column}")]
#[non_exhaustive]
pub struct JsonError {
    /// The kind of mistake.
    pub fault: JsonFaultKind,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1; 0 before the first byte of a line.
    pub column: usize,
}

/// The kinds of mistakes in a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonFaultKind {
    /// It is not JSON.
    Syntax,
    /// It is JSON, but a key is missing or has a value of another type.
    Shape,
    /// It ends too early.
    End,
}

impl fmt::Display for JsonFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "invalid syntax",
            Self::Shape => "a missing key or a value of another type",
            Self::End => "unexpected end",
        })
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let fault = match error.classify() {
            Category::Syntax => JsonFaultKind::Syntax,
            Category::Data => JsonFaultKind::Shape,
            // Text in memory has no failures of input: where it ends is all that can go wrong with reading it.
            Category::Eof | Category::Io => JsonFaultKind::End,
        };
        Self { fault, line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::encode::{firehose_event, kinesis_event, subscription_event};
    use crate::{EnvelopeError, FirehoseEvent, KinesisEvent, RecordContent, SubscriptionEvent, log_batches};

    const LINE: &str = "2 123456789012 eni-1 198.51.100.77 10.0.0.5 51515 22 6 1 40 1 2 REJECT OK";

    #[test]
    fn tells_the_kind_and_the_place() {
        let cases = [
            ("[\n\"\" 5]", "invalid syntax at line 2 column 4"),
            ("\n[5]", "a missing key or a value of another type at line 2 column 2"),
            ("[\"", "unexpected end at line 1 column 2"),
        ];
        for (json, told) in cases {
            let error = serde_json::from_str::<Vec<String>>(json).unwrap_err();
            assert_eq!(JsonError::from(error).to_string(), told, "{json}");
        }
    }

    /// Everything that a log could show of an error: its text, its fields and its sources.
    fn shown(error: &EnvelopeError) -> String {
        let sources = std::iter::successors(error.source(), |error| (*error).source());
        format!("{error} {error:?} {}", sources.map(ToString::to_string).collect::<String>())
    }

    fn subscription(payload: &[u8]) -> Result<(), EnvelopeError> {
        let mut unpacked = Vec::new();
        SubscriptionEvent::parse(payload)?.decompress(1 << 20, &mut unpacked)?;
        RecordContent::read(&unpacked)?;
        log_batches(&unpacked).map(drop)
    }

    #[test]
    fn no_error_quotes_a_record() {
        let messages = [
            format!(r#"{{"logEvents":["{LINE}"]}}"#),
            format!(r#"{{"logEvents":"{LINE}"}}"#),
            format!(r#"{{"logEvents":[{{"timestamp":"{LINE}","message":"x"}}]}}"#),
            format!(r#"{{"logEvents":[{{"timestamp":1,"message":["{LINE}"]}}]}}"#),
            format!(r#"{{"logEvents":[],"subscriptionFilters":"{LINE}"}}"#),
            format!(r#"{{"logEvents":[{{"extractedFields":"{LINE}"}}]}}"#),
            format!(r#"{{"message":"{LINE}"}}"#),
            format!(r#""{LINE}""#),
            LINE.to_owned(),
        ];
        let events = [
            format!(r#"{{"awslogs":"{LINE}"}}"#),
            format!(r#"{{"awslogs":{{"data":["{LINE}"]}}}}"#),
            format!(r#"{{"awslogs":{{"data":"{LINE}"}}}}"#),
            format!(r#"{{"Records":"{LINE}","records":"{LINE}"}}"#),
            kinesis_event(&[b"x"]).replace("\"kinesis\":{", &format!("\"kinesis\":\"{LINE}\",\"x\":{{")),
            firehose_event(&[b"x"]).replace("\"records\":[", &format!("\"records\":[\"{LINE}\",")),
        ];
        let packed = messages.iter().map(|message| subscription_event(message.as_bytes()));
        let errors = packed.chain(events).flat_map(|event| {
            [
                subscription(event.as_bytes()),
                KinesisEvent::parse(event.as_bytes()).map(drop),
                FirehoseEvent::parse(event.as_bytes()).map(drop),
            ]
        });
        let shown: Vec<_> = errors.filter_map(Result::err).map(|error| shown(&error)).collect();
        assert!(shown.len() >= messages.len() + 6, "{shown:?}");
        for text in shown {
            assert!(!text.contains("198.51") && !text.contains("eni-1") && text.len() < 400, "{text}");
        }
    }
}
