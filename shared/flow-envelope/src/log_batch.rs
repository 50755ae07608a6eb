//! Decoded CloudWatch Logs messages: one batch of log events and where they come from.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::Xxh3;

use crate::EnvelopeError;
use crate::bounds::{LogEvents, Tally};
use crate::skeleton;
use crate::text::{Pairs, Text, pairs, short_list, text_or_integer, utf8};

/// One message of CloudWatch Logs: log events of one log stream.
///
/// As the CloudWatch Logs user guide gives it in "Log group-level subscription filters"; the account-level
/// page adds `policyLevel`. Key order is free, unknown keys are ignored, text is borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch<'a> {
    /// Data or a health check.
    pub message_type: MessageType<'a>,
    /// The account id of the log group's owner; `CloudwatchLogs` in control messages.
    pub owner: Cow<'a, str>,
    /// The log group's name.
    pub log_group: Cow<'a, str>,
    /// The log stream's name; for VPC Flow Logs it begins with the network interface's id.
    pub log_stream: Cow<'a, str>,
    /// The subscription filters that sent the batch, at most 64 of them.
    pub subscription_filters: Vec<Cow<'a, str>>,
    /// `ACCOUNT_LEVEL_POLICY` when an account-level filter sent the batch.
    pub policy_level: Option<Cow<'a, str>>,
    /// All log events, in the order sent. Those of a control message are no log lines: see
    /// [`lines`](Self::lines).
    pub events: Vec<LogEvent<'a>>,
}

/// What a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageType<'a> {
    /// `DATA_MESSAGE`: log events.
    Data,
    /// `CONTROL_MESSAGE`: CloudWatch Logs checks that the destination can be reached.
    Control,
    /// Any other word.
    Other(Cow<'a, str>),
}

impl<'a> From<Cow<'a, str>> for MessageType<'a> {
    fn from(word: Cow<'a, str>) -> Self {
        match &*word {
            "DATA_MESSAGE" => Self::Data,
            "CONTROL_MESSAGE" => Self::Control,
            _ => Self::Other(word),
        }
    }
}

/// One log event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogEvent<'a> {
    /// CloudWatch's id: 56 decimal digits, unique per event; empty when it gives none.
    #[serde(borrow, default, deserialize_with = "text_or_integer")]
    pub id: Cow<'a, str>,
    /// When the event happened, in milliseconds since the epoch; for flow logs the record's `start`.
    pub timestamp: i64,
    /// The log line, without a line end.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
    /// Of `extractedFields` the system fields, in the order sent; empty when there are none.
    #[serde(borrow, default, rename = "extractedFields", deserialize_with = "pairs")]
    pub extracted_fields: Pairs<'a>,
}

impl LogEvent<'_> {
    /// The extracted field `name`: `@aws.account` or `@aws.region`, when the filter emits system fields. Others are not
    /// kept.
    pub fn extracted(&self, name: &str) -> Option<&str> {
        self.extracted_fields.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}

impl<'a> LogBatch<'a> {
    /// Whether this is a health check of the destination, which holds no log lines.
    pub fn is_control(&self) -> bool {
        self.message_type == MessageType::Control
    }

    /// The events that are log lines: all of a data message, none of any other.
    pub fn lines(&self) -> &[LogEvent<'a>] {
        if self.message_type == MessageType::Data { &self.events } else { &[] }
    }

    /// An error when the message's type is neither of the two known ones.
    pub fn check_type(&self) -> Result<(), EnvelopeError> {
        match &self.message_type {
            MessageType::Data | MessageType::Control => Ok(()),
            MessageType::Other(word) => {
                Err(EnvelopeError::UnknownMessageType { found: word.chars().take(64).collect() })
            }
        }
    }
}

/// Any JSON object that unpacked data may hold: a CloudWatch Logs message, or one line under `message`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item<'a> {
    #[serde(borrow, default)]
    message_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    owner: Cow<'a, str>,
    #[serde(borrow, default)]
    log_group: Cow<'a, str>,
    #[serde(borrow, default)]
    log_stream: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "short_list")]
    subscription_filters: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    policy_level: Option<Text<'a>>,
    #[serde(borrow, default)]
    log_events: Option<LogEvents<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    /// Of any type: only numbers are times.
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    /// Of any type too.
    #[serde(borrow, default, rename = "flowgaugeGeneration")]
    generation: Option<&'a RawValue>,
}

/// What an [`Item`] turned out to be.
pub(crate) enum Recognised<'a> {
    Batch(LogBatch<'a>),
    Line {
        text: Cow<'a, str>,
        /// Milliseconds since 1970.
        timestamp: Option<i64>,
    },
    Neither,
}

impl<'a> Item<'a> {
    /// How often it has been sent again.
    pub(crate) fn generation(&self) -> u32 {
        self.generation.and_then(|value| value.get().parse().ok()).unwrap_or_default()
    }

    /// Tells what it is; an error when it holds too many log events.
    pub(crate) fn recognise(self) -> Result<Recognised<'a>, EnvelopeError> {
        if self.log_events.is_none() && self.message_type.is_none() {
            let timestamp = self.timestamp.and_then(|value| value.get().parse().ok());
            let line = |text: Text<'a>| Recognised::Line { text: text.0, timestamp };
            return Ok(self.message.map_or(Recognised::Neither, line));
        }
        Ok(Recognised::Batch(LogBatch {
            message_type: self.message_type.map_or(MessageType::Data, |word| word.0.into()),
            owner: self.owner,
            log_group: self.log_group,
            log_stream: self.log_stream,
            subscription_filters: self.subscription_filters,
            policy_level: self.policy_level.map(|level| level.0),
            events: self.log_events.map_or(Ok(Vec::new()), LogEvents::all)?,
        }))
    }
}

/// Reads the CloudWatch Logs messages in unpacked data: usually one, sometimes several back to back.
///
/// UTF-8 is checked once, then everything borrows `unpacked`. A message in the exact form in which CloudWatch
/// Logs writes it is read without a JSON parser, any other form with one; the result is the same. More than 1,000
/// messages or 100,000 log events are an error, found before they take memory.
pub fn log_batches(unpacked: &[u8]) -> Result<Vec<LogBatch<'_>>, EnvelopeError> {
    log_batches_in(Vec::new(), unpacked)
}

/// As [`log_batches`], with `room` for log events: it is [given back](room_of) once nobody needs them.
pub(crate) fn log_batches_in<'a>(
    room: Vec<LogEvent<'a>>,
    unpacked: &'a [u8],
) -> Result<Vec<LogBatch<'a>>, EnvelopeError> {
    let text = utf8(unpacked).map_err(EnvelopeError::not_utf8)?;
    if let Some(batch) = skeleton::read(text, room) {
        return Ok(vec![batch]);
    }
    general_batches(text)
}

/// The memory that the events of `batches` took, for those of others.
pub fn room_of<'b>(batches: Vec<LogBatch<'_>>) -> Vec<LogEvent<'b>> {
    let room = batches.into_iter().next().map(|batch| batch.events).unwrap_or_default();
    // Nothing is collected: the allocation of the one becomes that of the other.
    room.into_iter().map_while(|_| None).collect()
}

/// As [`log_batches`], for any JSON that is a message.
pub(crate) fn general_batches(text: &str) -> Result<Vec<LogBatch<'_>>, EnvelopeError> {
    let (mut batches, mut tally) = (Vec::new(), Tally::default());
    for_each_item(text, |position, item| match item.recognise()? {
        Recognised::Batch(batch) => {
            tally.message(&batch)?;
            batches.push(batch);
            Ok(())
        }
        Recognised::Line { .. } | Recognised::Neither => Err(EnvelopeError::NotAMessage { position }),
    })?;
    if batches.is_empty() { Err(EnvelopeError::Empty) } else { Ok(batches) }
}

/// Hands on every JSON object of `text` with its position.
pub(crate) fn for_each_item<'a>(
    text: &'a str,
    mut take: impl FnMut(usize, Item<'a>) -> Result<(), EnvelopeError>,
) -> Result<(), EnvelopeError> {
    let mut items = serde_json::Deserializer::from_str(text).into_iter::<Item<'a>>();
    loop {
        let position = items.byte_offset();
        match items.next() {
            Some(Ok(item)) => take(position, item)?,
            Some(Err(error)) => return Err(EnvelopeError::MessageNotJson { position, error: error.into() }),
            None => return Ok(()),
        }
    }
}

/// Recognises a redelivery: a hash over the log event ids of one whole event, in order, with their log
/// groups and streams; none when no event has an id.
///
/// Lambda's retries and redeliveries of an event are byte-identical and so have one fingerprint. Two events
/// have the same one only if they hold the same log events, cut in the same way.
pub fn fingerprint(batches: &[LogBatch<'_>]) -> Option<u128> {
    fn add(hash: &mut Xxh3, text: &str) {
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    if batches.iter().flat_map(|batch| &batch.events).all(|event| event.id.is_empty()) {
        return None;
    }
    let mut hash = Xxh3::new();
    for batch in batches {
        add(&mut hash, &batch.log_group);
        add(&mut hash, &batch.log_stream);
        hash.update(&(batch.events.len() as u64).to_le_bytes());
        for event in &batch.events {
            add(&mut hash, &event.id);
        }
    }
    Some(hash.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One data message whose `logEvents` are `events`.
    fn message(events: &str) -> String {
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"123456789010","logGroup":"g","logStream":"eni-1",
                "subscriptionFilters":["f"],"logEvents":[{events}]}}"#
        )
    }

    fn one(text: &str) -> LogBatch<'_> {
        let mut batches = log_batches(text.as_bytes()).unwrap();
        assert_eq!(batches.len(), 1);
        batches.remove(0)
    }

    fn error(text: &str) -> String {
        log_batches(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_data_message_without_copying() {
        let text = message(
            r#"{"id":"37","timestamp":5,"message":"2 a b"},{"timestamp":-6,"id":"38","message":"\u0041"}"#,
        );
        let batch = one(&text);
        assert_eq!(batch.message_type, MessageType::Data);
        assert_eq!((&*batch.owner, &*batch.log_group, &*batch.log_stream), ("123456789010", "g", "eni-1"));
        assert_eq!(batch.subscription_filters, ["f"]);
        assert_eq!(batch.policy_level, None);
        let events: Vec<_> = batch.lines().iter().map(|e| (&*e.id, e.timestamp, &*e.message)).collect();
        assert_eq!(events, [("37", 5, "2 a b"), ("38", -6, "A")]);
        assert!(matches!(batch.events[0].message, Cow::Borrowed(_)));
        assert!(matches!(batch.subscription_filters[0], Cow::Borrowed(_)));
    }

    #[test]
    fn reads_several_messages_back_to_back_in_any_key_order_with_extra_keys() {
        let second = r#"{"logEvents":[],"new":{"a":[1]},"policyLevel":"ACCOUNT_LEVEL_POLICY","logStream":"s",
            "logGroup":"h","owner":"1","messageType":"DATA_MESSAGE","subscriptionFilters":null}"#;
        let text = format!("{}\n {second}{}", message(""), message(""));
        let batches = log_batches(text.as_bytes()).unwrap();
        assert_eq!(batches.iter().map(|b| &*b.log_group).collect::<Vec<_>>(), ["g", "h", "g"]);
        assert_eq!(batches[1].policy_level.as_deref(), Some("ACCOUNT_LEVEL_POLICY"));
    }

    #[test]
    fn a_control_message_has_no_lines() {
        let text = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",
            "subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1680683189085,
            "message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
        let batch = one(text);
        assert!(batch.is_control());
        assert!(batch.lines().is_empty());
        assert_eq!(fingerprint(&[batch]), None);
    }

    #[test]
    fn another_message_type_is_kept_and_refused_by_name() {
        let text = r#"{"messageType":"NEWS","logEvents":[{"timestamp":1,"message":"x"}]}"#;
        let batch = one(text);
        assert!(batch.lines().is_empty());
        let text = batch.check_type().unwrap_err().to_string();
        assert_eq!(text, r#"expected messageType DATA_MESSAGE or CONTROL_MESSAGE, found "NEWS""#);
    }

    #[test]
    fn forgives_integer_ids_and_extracted_fields_of_any_type() {
        let text = message(
            r#"{"id":42,"timestamp":1,"message":"x","extractedFields":
                {"n":5,"@aws.account":{"a": 1},"e":"a\"b","@aws.region":null,"@aws.account":"2"}},
               {"id":43,"timestamp":1,"message":"x","extractedFields":{"@aws.region":"a\"b","@aws.account":5}},
               {"id":37199717562907174288355125807040114704837640994633613312,"timestamp":1,"message":"x"},
               {"id":null,"timestamp":1,"message":"x","extractedFields":null}"#,
        );
        let batch = one(&text);
        let ids: Vec<_> = batch.events.iter().map(|event| &*event.id).collect();
        assert_eq!(ids, ["42", "43", "", ""]);
        let found =
            |n: usize| ["@aws.account", "@aws.region", "n"].map(|name| batch.events[n].extracted(name));
        assert_eq!(found(0), [Some(r#"{"a": 1}"#), Some("null"), None]);
        assert_eq!(found(1), [Some("5"), Some("a\"b"), None]);
        assert_eq!(found(3), [None; 3]);
    }

    #[test]
    fn lists_are_bounded() {
        let filters = vec![r#""""#; 1000].join(",");
        let fields = vec![r#""@aws.region":"r","":"","@aws.account":"a""#; 500];
        let text = format!(
            r#"{{"logEvents":[{{"timestamp":1,"message":"x","extractedFields":{{{}}}}}],"subscriptionFilters":[{filters}]}}"#,
            fields.join(",")
        );
        let batch = one(&text);
        assert_eq!((batch.subscription_filters.len(), batch.events[0].extracted_fields.len()), (64, 2));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert_eq!(error(""), "the data is empty");
        assert_eq!(error(" \n"), "the data is empty");
        assert_eq!(log_batches(b"{\"a\xff\":1}").unwrap_err().to_string(), "not UTF-8 at byte 3");
        let without = "expected a CloudWatch Logs message at byte 0, found JSON without logEvents";
        assert_eq!(error("{}"), without);
        assert_eq!(error(r#"{"message":"x"}"#), without);
        let ok = message("");
        let text = error(&format!("{ok}{{\"logEvents\":[{{\"timestamp\":1}}]}}"));
        assert!(text.contains(&format!("at byte {}: a missing key or a value", ok.len())), "{text}");
        assert!(error("{\"logEvents\":").contains("unexpected end at line 1"));
        assert!(error("hello").contains("at byte 0: invalid syntax at line 1"));
    }

    #[test]
    fn the_fingerprint_tells_batches_apart() {
        let event = |id: &str| format!(r#"{{"id":"{id}","timestamp":1,"message":"x"}}"#);
        let print = |texts: &[String]| {
            let batches: Vec<_> = texts.iter().map(|text| one(text)).collect();
            fingerprint(&batches)
        };
        let whole = message(&[event("1"), event("23")].join(","));
        assert_eq!(print(std::slice::from_ref(&whole)), print(std::slice::from_ref(&whole)));
        assert!(print(std::slice::from_ref(&whole)).is_some());
        let others = [
            vec![message(&[event("12"), event("3")].join(","))],
            vec![message(&[event("23"), event("1")].join(","))],
            vec![message(&event("1")), message(&event("23"))],
            vec![whole.replace("eni-1", "eni-2")],
            vec![whole.replace("\"g\"", "\"h\"")],
        ];
        for other in others {
            assert_ne!(print(&other), print(std::slice::from_ref(&whole)), "{other:?}");
        }
        assert_eq!(print(&[message(&event(""))]), None);
        assert_eq!(print(&[]), None);
    }
}
