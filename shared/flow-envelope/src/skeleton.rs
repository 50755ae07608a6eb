//! The fast way through a CloudWatch Logs event and its message: only the exact bytes that CloudWatch Logs writes.
//!
//! Keys in its order, one subscription filter, no white space, no escape anywhere. Whatever deviates by a
//! byte is left to the JSON parser, which reads the same at about three times the cost.

use std::borrow::Cow;

use wide::u8x32;

use crate::bounds::MOST_LOG_EVENTS;
use crate::{LogBatch, LogEvent, MessageType};

/// The most log events that room is made for on the evidence of the first one.
const MOST_EXPECTED: usize = 16_384;

/// How many digits the id of a log event has.
const ID: usize = 56;

/// How many digits a timestamp in milliseconds has, from 2001 to 2286.
const TIMESTAMP: usize = 13;

const BEFORE_ID: &[u8; 7] = br#"{"id":""#;
const BEFORE_TIMESTAMP: &[u8; 14] = br#"","timestamp":"#;
const BEFORE_MESSAGE: &[u8; 12] = br#","message":""#;

/// How many bytes stand before the message of an event.
const HEAD: usize = BEFORE_ID.len() + ID + BEFORE_TIMESTAMP.len() + TIMESTAMP + BEFORE_MESSAGE.len();

/// How many bytes of a string are looked at together.
const BLOCK: usize = 32;

/// Reads `text` if it is exactly one data message as CloudWatch Logs writes it; its log events go into `room`, which holds
/// none.
pub(crate) fn read<'a>(text: &'a str, room: Vec<LogEvent<'a>>) -> Option<LogBatch<'a>> {
    let mut cursor = Cursor::of(text);
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

/// The data of a subscription event that is exactly as CloudWatch Logs writes it.
pub(crate) fn subscription_data(text: &str) -> Option<&str> {
    let mut cursor = Cursor::of(text);
    cursor.take(r#"{"awslogs":{"data":""#)?;
    let data = cursor.string()?;
    (cursor.rest == "}}").then_some(data)
}

/// What has not been read yet.
struct Cursor<'a> {
    rest: &'a str,
    leading: Leading,
}

impl<'a> Cursor<'a> {
    fn of(text: &'a str) -> Self {
        Cursor { rest: text, leading: Leading::SOME }
    }

    /// Steps over exactly `expected`.
    fn take(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    /// What is before `length`; steps over it.
    #[inline]
    fn split(&mut self, length: usize) -> Option<&'a str> {
        let (before, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(before)
    }

    /// A string's content, behind its opening quote; steps over the closing one. With neither escapes nor control
    /// characters a string is its own content, up to the next quote.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let (blocks, last) = bytes.as_chunks::<BLOCK>();
        let mut places = blocks.iter().enumerate().filter_map(|(place, block)| {
            let remarkable = remarkable(block);
            (remarkable != 0).then(|| place * BLOCK + remarkable.trailing_zeros() as usize)
        });
        let place = places.next().or_else(|| {
            let place = last.iter().position(|byte| is_remarkable(*byte))?;
            Some(bytes.len() - last.len() + place)
        })?;
        let content = self.split(place)?;
        self.take("\"")?;
        Some(content)
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
        let (id, timestamp) = match self.usual_head() {
            Some(head) => head,
            None => self.any_head()?,
        };
        let message = self.string()?;
        self.take("}")?;
        Some(LogEvent {
            id: Cow::Borrowed(id),
            timestamp,
            message: Cow::Borrowed(message),
            extracted_fields: Vec::new(),
        })
    }

    /// Id and timestamp of an event whose id is a number as CloudWatch Logs gives them; steps over all before its message.
    #[inline]
    fn usual_head(&mut self) -> Option<(&'a str, i64)> {
        let head: &[u8; HEAD] = self.rest.as_bytes().first_chunk()?;
        let (before_id, rest) = head.split_first_chunk::<{ BEFORE_ID.len() }>()?;
        let (id, rest) = rest.split_first_chunk::<ID>()?;
        let (before_timestamp, rest) = rest.split_first_chunk::<{ BEFORE_TIMESTAMP.len() }>()?;
        let (timestamp, before_message) = rest.split_first_chunk::<TIMESTAMP>()?;
        let is_usual = before_id == BEFORE_ID
            && before_timestamp == BEFORE_TIMESTAMP
            && before_message == BEFORE_MESSAGE
            && are_digits(id);
        if !is_usual {
            return None;
        }
        let timestamp = self.leading.milliseconds(timestamp)?;
        let head = self.split(HEAD)?;
        Some((head.get(BEFORE_ID.len()..BEFORE_ID.len() + ID)?, timestamp))
    }

    /// As [`usual_head`](Self::usual_head), with any id.
    #[cold]
    fn any_head(&mut self) -> Option<(&'a str, i64)> {
        self.take(r#"{"id":""#)?;
        let id = self.string()?;
        self.take(r#","timestamp":"#)?;
        let timestamp = self.leading.milliseconds(self.rest.as_bytes().first_chunk()?)?;
        self.split(TIMESTAMP)?;
        self.take(r#","message":""#)?;
        Some((id, timestamp))
    }
}

/// The first eight digits of a timestamp, which all of some minutes share.
struct Leading {
    digits: [u8; 8],
    number: i64,
}

impl Leading {
    /// Any will do that a number may begin with.
    const SOME: Leading = Leading { digits: *b"10000000", number: 10_000_000 };

    /// The number of as many digits as milliseconds have, without a leading zero.
    #[inline]
    fn milliseconds(&mut self, digits: &[u8; TIMESTAMP]) -> Option<i64> {
        let (first, last): (&[u8; 8], _) = digits.split_first_chunk()?;
        let last: &[u8; TIMESTAMP - 8] = last.first_chunk()?;
        if *first != self.digits {
            let is_number = first[0] != b'0' && are_digits(first);
            *self = Leading { digits: *first, number: is_number.then(|| number(first))? };
        }
        are_digits(last).then(|| self.number * 100_000 + number(last))
    }
}

#[inline]
fn number<const N: usize>(digits: &[u8; N]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// Whether a byte ends what a string is without looking any closer: a quote, an escape or a control character.
#[inline]
fn is_remarkable(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

/// The bytes of a block for which [`is_remarkable`] holds, a bit for each.
#[inline]
fn remarkable(block: &[u8; BLOCK]) -> u32 {
    let bytes = u8x32::from(*block);
    let is = |byte| bytes.simd_eq(u8x32::splat(byte));
    let is_control = bytes.simd_eq(bytes.min(u8x32::splat(b' ' - 1)));
    (is(b'"') | is(b'\\') | is_control).to_bitmask()
}

/// Whether all are decimal digits.
#[inline]
fn are_digits<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(0, |most, byte| most.max(byte.wrapping_sub(b'0'))) <= 9
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
        r#"{"id":"","timestamp":1418530010005,"message":""}]}"#
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
    fn reads_ids_and_times_as_cloudwatch_gives_them() {
        let id = "37".repeat(ID / 2);
        let times =
            [1_418_530_010_000, 1_418_530_099_999, 1_418_530_100_000, 9_999_999_999_999, 1_000_000_000_000];
        let event = |time: &i64| format!(r#"{{"id":"{id}","timestamp":{time},"message":"m"}}"#);
        let (start, _) = MESSAGE.split_once(r#"{"id""#).unwrap();
        let text = format!("{start}{}]}}", times.iter().map(event).collect::<Vec<_>>().join(","));
        let batch = checked(&text).unwrap();
        assert_eq!(batch.events.iter().map(|event| event.timestamp).collect::<Vec<_>>(), times);
        assert!(batch.events.iter().all(|event| event.id == id));
        for (from, to) in [
            ("\"id\"", "\"ID\""),
            ("\"timestamp\"", "\"Timestamp\""),
            ("\"message\"", "\"Message\""),
            ("3737", "37\\u0033"),
        ] {
            let deviating = text.replacen(from, to, 1);
            assert!(deviating != text && read(&deviating, Vec::new()).is_none(), "{deviating}");
        }
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
            (":1418530010000", ":0418530010000"),
            (":1418530010000", ":\0\0\0\0\0\0\0\x0010000"),
            (":1418530010005", ":14185300100:5"),
            (":1418530010005", ":-1418530010005"),
            (":1418530010005", ":0418530010005"),
            (":1418530010005", ":01418530010005"),
            (":1418530010005", ":5"),
            (":1418530010005", ":1418530010005.0"),
            (":1418530010005", ":"),
            (":1418530010005", ":14185300100051"),
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
