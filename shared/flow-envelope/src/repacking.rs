//! The events of one record of a stream, packed anew in parts, to be sent to that stream once more.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::EnvelopeError;
use crate::encode::gzip;
use crate::log_batch::{Item, Recognised};
use crate::record::{LooseLines, raw_lines};
use crate::text::{Text, utf8, write_json_text};

/// The key that says how often events have been sent again: [`RecordContent`](crate::RecordContent) reads it.
pub(crate) const GENERATION: &str = "flowgaugeGeneration";

const LOG_EVENTS: &str = "logEvents";

/// What a record holds, as it came: any run of its events can be packed as a record of its own.
///
/// CloudWatch Logs messages keep all their keys and the exact text of their events; lines without an envelope become
/// `{"message":"..."}`. Control messages are left out: they hold no events.
#[derive(Debug)]
pub struct Repacking<'a>(Vec<Piece<'a>>);

/// What stands by itself in a record.
#[derive(Debug)]
enum Piece<'a> {
    Message {
        keys: Keys<'a>,
        events: Vec<&'a RawValue>,
    },
    /// An object with a line under `message`.
    Line(Keys<'a>),
    RawLine(&'a str),
}

/// The keys of an object with their values, in order, but for those that are written anew.
type Keys<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

impl<'a> Repacking<'a> {
    /// Finds the events in the unpacked data of a record that [`RecordContent::read`](crate::RecordContent::read) can
    /// read.
    pub fn read(unpacked: &'a [u8]) -> Result<Self, EnvelopeError> {
        if let Some(lines) = raw_lines(unpacked) {
            return Ok(Repacking(lines?.map(Piece::RawLine).collect()));
        }
        let text = utf8(unpacked).map_err(EnvelopeError::not_utf8)?;
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let mut pieces = Vec::new();
        loop {
            let position = objects.byte_offset();
            let fault =
                |error: serde_json::Error| EnvelopeError::MessageNotJson { position, error: error.into() };
            match objects.next().transpose().map_err(fault)? {
                Some(object) => pieces.extend(Piece::of(object, position)?),
                None => return Ok(Repacking(pieces)),
            }
        }
    }

    /// As [`read`](Self::read), of a record that [`RecordContent::read_lines`](crate::RecordContent::read_lines) can read.
    pub fn read_lines(unpacked: &'a [u8]) -> Option<Self> {
        let piece = |(line, recognised): (&'a str, Recognised<'a>)| match recognised {
            Recognised::Batch(_) => None,
            Recognised::Line { .. } => Piece::of(serde_json::from_str(line).ok()?, 0).ok()?,
            Recognised::Neither => Some(Piece::RawLine(line)),
        };
        LooseLines::of(unpacked)?.iter().map(piece).collect::<Option<_>>().map(Repacking)
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.0.iter().map(Piece::events).sum()
    }

    /// These events as the data of a record, gzip, marked with how often they have been sent again.
    pub fn pack(&self, events: Range<usize>, generation: u32) -> Vec<u8> {
        let (mut out, mut before) = (Vec::new(), 0);
        for piece in &self.0 {
            let own = piece.events();
            let start = events.start.clamp(before, before + own) - before;
            let end = events.end.clamp(before, before + own) - before;
            if start < end {
                piece.write(&mut out, start..end, generation);
            }
            before += own;
        }
        gzip(&out)
    }
}

impl<'a> Piece<'a> {
    /// None for a control message.
    fn of(object: &'a RawValue, position: usize) -> Result<Option<Self>, EnvelopeError> {
        let fault =
            |error: serde_json::Error| EnvelopeError::MessageNotJson { position, error: error.into() };
        let item: Item<'a> = serde_json::from_str(object.get()).map_err(fault)?;
        let Object(mut keys) = serde_json::from_str(object.get()).map_err(fault)?;
        keys.retain(|(name, _)| name != GENERATION);
        match item.recognise()? {
            Recognised::Batch(batch) if batch.lines().is_empty() => Ok(None),
            Recognised::Batch(_) => {
                let events =
                    keys.iter().rfind(|(name, _)| name == LOG_EVENTS).map_or("[]", |(_, value)| value.get());
                let events = serde_json::from_str(events).map_err(fault)?;
                keys.retain(|(name, _)| name != LOG_EVENTS);
                Ok(Some(Piece::Message { keys, events }))
            }
            Recognised::Line { .. } => Ok(Some(Piece::Line(keys))),
            Recognised::Neither => Err(EnvelopeError::NotAMessage { position }),
        }
    }

    fn events(&self) -> usize {
        match self {
            Piece::Message { events, .. } => events.len(),
            Piece::Line(_) | Piece::RawLine(_) => 1,
        }
    }

    fn write(&self, out: &mut Vec<u8>, range: Range<usize>, generation: u32) {
        out.push(b'{');
        if let Piece::Message { keys, .. } | Piece::Line(keys) = self {
            for (name, value) in keys {
                write_json_text(out, name);
                out.push(b':');
                out.extend_from_slice(value.get().as_bytes());
                out.push(b',');
            }
        }
        out.extend_from_slice(format!("\"{GENERATION}\":{generation}").as_bytes());
        match self {
            Piece::Message { events, .. } => {
                out.extend_from_slice(format!(",\"{LOG_EVENTS}\":[").as_bytes());
                for (place, event) in events[range].iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(event.get().as_bytes());
                }
                out.push(b']');
            }
            Piece::Line(_) => {}
            Piece::RawLine(line) => {
                out.extend_from_slice(b",\"message\":");
                write_json_text(out, line);
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

/// An object's keys and the exact text of their values.
struct Object<'a>(Keys<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Keys::new();
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    keys.push((name.0, value));
                }
                Ok(Object(keys))
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{RecordContent, gunzip_capped};

    const MESSAGE: &str = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["a","b"],"policyLevel":"ACCOUNT_LEVEL_POLICY","new":[1, 2],"logEvents":[{"id":"1","timestamp":1,"message":"2 a"},{"id":"2","timestamp":2,"message":"2 \u0062","extractedFields":{"@aws.region":"r"}}]}"#;
    const CONTROL: &str =
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"x"}]}"#;

    fn gunzip(data: &[u8]) -> Vec<u8> {
        let mut unpacked = Vec::new();
        gunzip_capped(data, 1 << 20, &mut unpacked).unwrap();
        unpacked
    }

    /// What records with these data hold: log group, id, time and text of every event, and the highest generation.
    fn events(data: &[Vec<u8>]) -> (Vec<String>, u32) {
        let (mut events, mut generation) = (Vec::new(), 0);
        for data in data {
            let unpacked = gunzip(data);
            let content = RecordContent::read(&unpacked).unwrap();
            generation = generation.max(content.generation);
            for batch in &content.batches {
                let show = |event: &crate::LogEvent<'_>| {
                    let fields = &event.extracted_fields;
                    format!(
                        "{} {} {} {} {fields:?}",
                        batch.log_group, event.id, event.timestamp, event.message
                    )
                };
                events.extend(batch.lines().iter().map(show));
            }
            events.extend(content.lines.iter().map(ToString::to_string));
        }
        (events, generation)
    }

    #[test]
    fn keeps_every_key_and_the_text_of_every_event() {
        let repacking = Repacking::read(MESSAGE.as_bytes()).unwrap();
        let packed = gunzip(&repacking.pack(1..2, 3));
        let expected = MESSAGE.replace(r#"{"id":"1","timestamp":1,"message":"2 a"},"#, "");
        let expected = expected.replace("\"logEvents\"", "\"flowgaugeGeneration\":3,\"logEvents\"") + "\n";
        assert_eq!(String::from_utf8(packed).unwrap(), expected);
    }

    #[test]
    fn the_mark_is_replaced_not_added() {
        let once = gunzip(&Repacking::read(MESSAGE.as_bytes()).unwrap().pack(0..2, 1));
        let twice = Repacking::read(&once).unwrap().pack(0..2, 2);
        assert_eq!(events(&[twice]).1, 2);
    }

    #[test]
    fn control_messages_hold_no_events_and_other_json_is_refused() {
        assert_eq!(Repacking::read(CONTROL.as_bytes()).unwrap().events(), 0);
        assert!(Repacking::read(b"{\"Hello\":1}").is_err());
        assert!(Repacking::read(b"{\"message\":").is_err());
    }

    proptest! {
        #[test]
        fn parts_hold_what_the_whole_held(
            pieces in prop::collection::vec(0..3_usize, 0..6),
            raw in prop::collection::vec("[a-z\"\\\\\u{e9} ]{1,9}", 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let objects = [MESSAGE, CONTROL, "{\"timestamp\":5, \"message\":\"2 \\u00e9\"}\n"];
            let text: String = if raw.is_empty() { pieces.iter().map(|piece| objects[*piece]).collect() } else { raw.join("\n") };
            let repacking = Repacking::read(text.as_bytes()).unwrap();
            let whole = RecordContent::read(text.as_bytes()).unwrap();
            let count = whole.lines.len() + whole.batches.iter().map(|batch| batch.lines().len()).sum::<usize>();
            prop_assert_eq!(repacking.events(), count);
            let cut = cut.index(count + 1);
            let parts = [repacking.pack(0..cut, 7), repacking.pack(cut..count, 7)];
            let (mut got, generation) = events(&parts);
            let (mut expected, _) = events(&[gzip(text.as_bytes())]);
            got.sort();
            expected.sort();
            prop_assert_eq!(got, expected);
            prop_assert_eq!(generation, if count == 0 { 0 } else { 7 });
        }
    }
}
