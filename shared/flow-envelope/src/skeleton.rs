//! The fast way through a CloudWatch Logs message: only the exact bytes that CloudWatch Logs writes.
//!
//! Keys in its order, one subscription filter, no white space, no escape anywhere. Whatever deviates by a
//! byte is left to the JSON parser, which gives the same batch at about three times the cost.

use std::borrow::Cow;

use memchr::memchr;

use crate::bounds::MOST_LOG_EVENTS;
use crate::{LogBatch, LogEvent, MessageType};

/// The most log events that room is made for on the evidence of the first one.
const MOST_EXPECTED: usize = 16_384;

/// The longest timestamp taken here, in digits; any of them fits an `i64`.
const LONGEST_TIMESTAMP: usize = 18;

/// Reads `text` if it is exactly one data message as CloudWatch Logs writes it; its log events go into `room`, which holds
/// none.
pub(crate) fn read<'a>(text: &'a str, room: Vec<LogEvent<'a>>) -> Option<LogBatch<'a>> {
    // With neither escapes nor control characters every string is its own content, up to the next quote.
    let special = text.bytes().fold(0, |any, byte| any | u8::from(byte < 0x20) | u8::from(byte == b'\\'));
    if special != 0 {
        return None;
    }
    let mut cursor = Cursor { rest: text };
    cursor.take(r#"{"messageType":"DATA_MESSAGE","owner":""#)?;
    let owner = cursor.string()?;
    cursor.take(r#","logGroup":""#)?;
    let log_group = cursor.string()?;
    cursor.take(r#","logStream":""#)?;
    let log_stream = cursor.string()?;
    cursor.take(r#","subscriptionFilters":[""#)?;
    let filter = cursor.string()?;
    cursor.take(r#"],"logEvents":["#)?;
    let events = cursor.events(room)?;
    Some(LogBatch {
        message_type: MessageType::Data,
        owner: Cow::Borrowed(owner),
        log_group: Cow::Borrowed(log_group),
        log_stream: Cow::Borrowed(log_stream),
        subscription_filters: vec![Cow::Borrowed(filter)],
        policy_level: None,
        events,
    })
}

/// What has not been read yet.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Steps over exactly `expected`.
    fn take(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    /// A string's content, behind its opening quote; steps over the closing one.
    fn string(&mut self) -> Option<&'a str> {
        let end = memchr(b'"', self.rest.as_bytes())?;
        let content = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(content)
    }

    /// Digits without a sign, a leading zero or anything else that is rare.
    fn timestamp(&mut self) -> Option<i64> {
        let (mut number, mut digits) = (0, 0);
        for byte in self.rest.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            if digits == LONGEST_TIMESTAMP {
                return None;
            }
            number = number * 10 + i64::from(digit);
            digits += 1;
        }
        if digits == 0 || self.rest.starts_with('0') {
            return None;
        }
        self.rest = &self.rest[digits..];
        Some(number)
    }

    /// All log events, to the end of the message, which must be the end of the text.
    fn events(&mut self, mut events: Vec<LogEvent<'a>>) -> Option<Vec<LogEvent<'a>>> {
        let before = self.rest.len();
        loop {
            let event = self.event()?;
            if events.is_empty() {
                events.reserve((before / (before - self.rest.len()) + 1).min(MOST_EXPECTED));
            }
            // Pushing calls a function that moves the event from memory which was just written, and waits for that.
            events.extend(Some(event));
            if self.take(",").is_none() {
                return (self.rest == "]}").then_some(events);
            }
            if events.len() == MOST_LOG_EVENTS {
                return None;
            }
        }
    }

    #[inline]
    fn event(&mut self) -> Option<LogEvent<'a>> {
        self.take(r#"{"id":""#)?;
        let id = self.string()?;
        self.take(r#","timestamp":"#)?;
        let timestamp = self.timestamp()?;
        self.take(r#","message":""#)?;
        let message = self.string()?;
        self.take("}")?;
        Some(LogEvent {
            id: Cow::Borrowed(id),
            timestamp,
            message: Cow::Borrowed(message),
            extracted_fields: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log_batch::general_batches;

    const MESSAGE: &str = concat!(
        r#"{"messageType":"DATA_MESSAGE","owner":"123456789010","logGroup":"/aws/vpc/flowlogs","#,
        r#""logStream":"eni-1","subscriptionFilters":["f"],"logEvents":["#,
        r#"{"id":"37","timestamp":1418530010000,"message":"2 123 eni-1 – OK"},"#,
        r#"{"id":"","timestamp":5,"message":""}]}"#
    );

    /// What the fast way reads, after checking that the parser reads the same.
    fn checked(text: &str) -> Option<LogBatch<'_>> {
        let batch = read(text, Vec::new())?;
        assert_eq!(general_batches(text).unwrap(), std::slice::from_ref(&batch), "{text}");
        Some(batch)
    }

    #[test]
    fn reads_what_cloudwatch_writes() {
        let batch = checked(MESSAGE).unwrap();
        assert_eq!((batch.events.len(), batch.events[0].timestamp), (2, 1_418_530_010_000));
    }

    #[test]
    fn leaves_every_deviation_to_the_parser() {
        let deviations = [
            ("DATA", "CONTROL"),
            ("\"owner\"", " \"owner\""),
            ("OK", "\\u0041"),
            ("OK", "\t"),
            ("[\"f\"]", "[]"),
            ("[\"f\"]", "[\"f\",\"g\"]"),
            (":5", ":-5"),
            (":5", ":05"),
            (":5", ":0"),
            (":5", ":5.0"),
            (":5", ":"),
            (":5", ":1234567890123456789"),
            ("}]}", "}]} "),
            ("}]}", "}]"),
            ("}]}", "}],\"policyLevel\":\"ACCOUNT_LEVEL_POLICY\"}"),
            ("\"\"}", "\"\",\"extractedFields\":{}}"),
            ("}]}", "},]}"),
        ];
        for (from, to) in deviations {
            let text = MESSAGE.replacen(from, to, 1);
            assert!(text != MESSAGE && read(&text, Vec::new()).is_none(), "{text}");
        }
        assert!(read(&MESSAGE.repeat(2), Vec::new()).is_none());
        assert!(read("", Vec::new()).is_none());
    }

    proptest! {
        #[test]
        fn never_reads_what_the_parser_reads_otherwise(
            at in any::<proptest::sample::Index>(), length in 0_usize..3, insert in "[\"{}\\[\\],:0-9\\\\a \u{0}é]{0,3}",
        ) {
            let start = MESSAGE.floor_char_boundary(at.index(MESSAGE.len()));
            let end = MESSAGE.ceil_char_boundary((start + length).min(MESSAGE.len()));
            let text = format!("{}{insert}{}", &MESSAGE[..start], &MESSAGE[end..]);
            let _ = checked(&text);
        }
    }
}
