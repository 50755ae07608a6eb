//! What one record of a Kinesis or Firehose event holds once unpacked.

use std::borrow::Cow;

use crate::EnvelopeError;
use crate::bounds::Tally;
use crate::log_batch::{Item, LogBatch, LogEvent, Recognised, for_each_item, room_of};
use crate::skeleton;
use crate::text::utf8;

/// The log lines of one record. In practice a record fills one of the two lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordContent<'a> {
    /// CloudWatch Logs messages: usually one, several when Firehose has concatenated them.
    pub batches: Vec<LogBatch<'a>>,
    /// Lines without an envelope: raw text, or `{"message":"..."}` objects as VPC Flow Logs writes them when
    /// it delivers to Firehose directly. They have no id, timestamp or origin. Blank ones are left out.
    pub lines: Vec<Cow<'a, str>>,
    /// How often what it holds has been sent to its stream again: see [`Repacking`](crate::Repacking).
    pub generation: u32,
}

impl<'a> RecordContent<'a> {
    /// How many log lines there are.
    pub fn events(&self) -> usize {
        self.batches.iter().map(|batch| batch.lines().len()).sum::<usize>() + self.lines.len()
    }

    /// The room that its log events took, empty.
    pub fn into_room<'b>(self) -> Vec<LogEvent<'b>> {
        room_of(self.batches)
    }

    /// Recognises what the unpacked data of a record is, by looking: JSON objects when it begins with `{`,
    /// otherwise lines of text. UTF-8 is checked once, then everything borrows `unpacked`.
    pub fn read(unpacked: &'a [u8]) -> Result<Self, EnvelopeError> {
        Self::read_in(Vec::new(), unpacked)
    }

    /// Reads a record that begins as JSON does, and that [`read`](Self::read) refused, as lines: those of objects that hold one,
    /// and any other as it is. None if that is no reading of it: there is a CloudWatch Logs message among them, or nothing.
    pub fn read_lines(unpacked: &'a [u8]) -> Option<Self> {
        let (mut content, mut tally) = (Self::default(), Tally::default());
        for (line, recognised) in LooseLines::of(unpacked)?.iter() {
            tally.line().ok()?;
            content.lines.push(match recognised {
                Recognised::Batch(_) => return None,
                Recognised::Line { text, .. } => text,
                Recognised::Neither => Cow::Borrowed(line),
            });
        }
        (!content.lines.is_empty()).then_some(content)
    }

    /// As [`read`](Self::read), with room for log events that an earlier content [left](Self::into_room).
    pub fn read_in(room: Vec<LogEvent<'a>>, unpacked: &'a [u8]) -> Result<Self, EnvelopeError> {
        let (mut content, mut tally) = (Self::default(), Tally::default());
        if let Some(lines) = raw_lines(unpacked) {
            for line in lines? {
                tally.line()?;
                content.lines.push(Cow::Borrowed(line));
            }
            return Ok(content);
        }
        let text = utf8(unpacked).map_err(EnvelopeError::not_utf8)?;
        if let Some(batch) = skeleton::read(text, room) {
            content.batches.push(batch);
            return Ok(content);
        }
        for_each_item(text, |position, item| {
            content.generation = content.generation.max(item.generation());
            match item.recognise()? {
                Recognised::Batch(batch) => {
                    batch.check_type()?;
                    tally.message(&batch)?;
                    content.batches.push(batch);
                }
                Recognised::Line { text, .. } => {
                    tally.line()?;
                    content.lines.push(text);
                }
                Recognised::Neither => return Err(EnvelopeError::NotAMessage { position }),
            }
            Ok(())
        })?;
        Ok(content)
    }
}

/// The lines of a record that begins as JSON does and is none that is known: of text, or of objects one a line, of which some
/// are neither a message nor hold a line.
pub(crate) struct LooseLines<'a>(&'a str);

impl<'a> LooseLines<'a> {
    /// None if `unpacked` is no text.
    pub(crate) fn of(unpacked: &'a [u8]) -> Option<Self> {
        utf8(unpacked).ok().map(LooseLines)
    }

    /// Every line with what is on it: what is no object stands for itself. Blank ones are left out.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, Recognised<'a>)> {
        let lines = self.0.lines().filter(|line| !line.trim_ascii().is_empty());
        lines.map(|line| {
            let item = serde_json::from_str::<Item<'a>>(line).ok();
            (line, item.and_then(|item| item.recognise().ok()).unwrap_or(Recognised::Neither))
        })
    }
}

/// The lines of a record that holds raw text, blank ones left out; none when it holds JSON objects.
pub(crate) fn raw_lines(unpacked: &[u8]) -> Option<Result<impl Iterator<Item = &str>, EnvelopeError>> {
    if unpacked.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let text = utf8(unpacked).map_err(EnvelopeError::not_utf8);
    Some(text.map(|text| text.lines().filter(|line| !line.trim_ascii().is_empty())))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::encode::gzip;
    use crate::unpacker::Unpacker;

    const MESSAGE: &str =
        r#"{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"timestamp":2,"message":"m"}]}"#;

    /// The record's batches (log group and number of lines) and its lines, or the error.
    fn content(data: &[u8]) -> String {
        let mut unpacked = Vec::new();
        let result =
            Unpacker::default().append(&STANDARD.encode(data), 1 << 20, &mut unpacked).and_then(|()| {
                RecordContent::read(&unpacked).map(|content| {
                    let batches: Vec<_> = content
                        .batches
                        .iter()
                        .map(|b| format!("{}:{}", b.log_group, b.lines().len()))
                        .collect();
                    format!("{} | {}", batches.join(","), content.lines.join(","))
                })
            });
        result.unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn recognises_every_form() {
        let twice = format!("{MESSAGE}\n{MESSAGE}");
        let direct = "{\"message\":\"2 1 eni\"}\n";
        let control = r#"{"messageType":"CONTROL_MESSAGE","logEvents":[]}"#;
        let cases: [(&str, Vec<u8>); 12] = [
            ("g:1 | ", gzip(MESSAGE.as_bytes())),
            ("g:1,g:1 | ", [gzip(MESSAGE.as_bytes()), gzip(MESSAGE.as_bytes())].concat()),
            ("g:1 | ", MESSAGE.into()),
            ("g:1,g:1 | ", twice.into()),
            (" | 2 1 eni", direct.into()),
            (" | 2 1 eni,2 1 eni", direct.repeat(2).into()),
            ("g:1 | 2 1 eni", format!("{direct}{MESSAGE}").into()),
            (" | 2 1 eni", gzip(direct.as_bytes())),
            (" | 2 a,3 b", "2 a\r\n\n3 b".into()),
            (" | 2 a,3 b", gzip(b"2 a\n3 b\n")),
            (" | ", "".into()),
            (":0 | ", control.into()),
        ];
        for (expected, data) in cases {
            assert_eq!(content(&data), expected);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = content(br#"{"Hello":"World"}"#);
        assert_eq!(error, "expected a CloudWatch Logs message at byte 0, found JSON without logEvents");
        assert_eq!(content(b"2 a\xff"), "not UTF-8 at byte 3");
        assert!(content(b"{\"message\":\"x\"} {").contains("at byte 15: unexpected end"));
        assert_eq!(content(&gzip(b"x")[..9]), "truncated gzip: the data ends inside a member");
        assert!(content(br#"{"messageType":"X"}"#).ends_with(r#"found "X""#));
        assert!(content(&gzip(&vec![b' '; 2 << 20])).ends_with("cap of 1048576 bytes"));
    }

    #[test]
    fn what_is_no_known_json_may_be_lines() {
        let lines =
            |data: &str| RecordContent::read_lines(data.as_bytes()).map(|found| found.lines.join("|"));
        let cases = [
            ("{\"a\":1}\n2 a\n\n2 b", Some("{\"a\":1}|2 a|2 b")),
            ("{\"message\":\"2 a\"}\n{\"a\":1}\n{\"message\":\"2 b\"}\n", Some("2 a|{\"a\":1}|2 b")),
            ("{no json\r\n{\"message\":\"2 a\"}", Some("{no json|2 a")),
            ("{\"a\":1}{\"message\":\"2 a\"}", Some("{\"a\":1}{\"message\":\"2 a\"}")),
            (" \n", None),
        ];
        for (data, expected) in cases {
            assert_eq!(lines(data).as_deref(), expected, "{data}");
        }
        assert_eq!(lines(&format!("{{\"a\":1}}\n{MESSAGE}")), None);
        assert_eq!(RecordContent::read_lines(b"{\xff"), None);
    }

    #[test]
    fn a_failed_record_leaves_the_buffer_alone() {
        let mut into = b"before".to_vec();
        let bad = STANDARD.encode([gzip(b"good").as_slice(), b"bad"].concat());
        assert!(Unpacker::default().append(&bad, 99, &mut into).is_err());
        assert_eq!(into, b"before");
    }
}
