//! Delivers what one whole JSON document holds.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::entry::{Entry, RejectReason};
use super::outlet::{Halt, Outlet, excerpt_of};
use super::shape::Shape;
use crate::gunzip::GunzipError;
use crate::log_batch::{Item, LogEvent, Recognised, log_batches_in, room_of};
use crate::record::raw_lines;
use crate::unpacker::Unpacker;
use crate::{EnvelopeError, FirehoseEvent, KinesisEvent, LogBatch, RecordContent, SubscriptionEvent};

/// Unpacks documents, one after the other, with the same room for all: what is allocated for each leaves gaps in between,
/// where something that is kept takes part of it.
#[derive(Debug)]
pub(super) struct Documents {
    cap: usize,
    unpacker: Unpacker,
    unpacked: Vec<u8>,
    /// Room for log events: there is none in it.
    room: Vec<LogEvent<'static>>,
}

impl Documents {
    /// At most `cap` bytes are unpacked from one event.
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, unpacker: Unpacker::default(), unpacked: Vec::new(), room: Vec::new() }
    }

    /// Delivers an object, or every object of an array. `number` is the line where the document begins.
    pub(super) fn deliver<V: FnMut(Entry<'_>) -> ControlFlow<()>>(
        &mut self,
        json: &str,
        number: u64,
        outlet: &mut Outlet<'_, V>,
    ) -> Result<(), Halt> {
        if !json.starts_with('[') {
            return self.object(json, number, outlet);
        }
        let mut halted = None;
        let elements = Elements(|element: &str| match self.object(element, number, outlet) {
            Ok(()) => true,
            Err(halt) => {
                halted = Some(halt);
                false
            }
        });
        let result = serde_json::Deserializer::from_str(json).deserialize_seq(elements);
        match (halted, result) {
            (Some(halt), _) => Err(halt),
            (None, Ok(())) => Ok(()),
            (None, Err(error)) => {
                outlet.reject(number, RejectReason::Unusable(error.into()), excerpt_of(json.as_bytes()))
            }
        }
    }

    fn object<V: FnMut(Entry<'_>) -> ControlFlow<()>>(
        &mut self,
        json: &str,
        number: u64,
        outlet: &mut Outlet<'_, V>,
    ) -> Result<(), Halt> {
        let mut event = Event { number, json, outlet };
        // An array within an array has no shape; everything else that is not an object fails to parse.
        let shape = if json.starts_with('{') { Shape::of(json) } else { Ok(Shape::Unknown) };
        match shape {
            Err(error) => event.reject(RejectReason::Unusable(error.into())),
            Ok(Shape::Unknown) => event.reject_json(RejectReason::UnknownShape),
            Ok(Shape::Foreign(foreign)) => event.reject_json(RejectReason::Foreign(foreign)),
            Ok(Shape::Item) => event.item(),
            Ok(Shape::Subscription) => {
                let room = std::mem::take(&mut self.room);
                let unpacked = SubscriptionEvent::parse(json.as_bytes())
                    .and_then(|event| self.unpacker.gzip(event.data(), self.cap, &mut self.unpacked))
                    .and_then(|()| log_batches_in(room, &self.unpacked));
                match unpacked {
                    Ok(mut batches) => {
                        let delivered = event.batches(&mut batches);
                        self.room = room_of(batches);
                        delivered
                    }
                    Err(error) => event.reject(error.into()),
                }
            }
            Ok(Shape::Kinesis) => match KinesisEvent::parse(json.as_bytes()) {
                Ok(kinesis) => self.records(kinesis.records.iter().map(|r| &*r.kinesis.data), &mut event),
                Err(error) => event.reject(error.into()),
            },
            Ok(Shape::Firehose) => match FirehoseEvent::parse(json.as_bytes()) {
                Ok(firehose) => self.records(firehose.records.iter().map(|r| &*r.data), &mut event),
                Err(error) => event.reject(error.into()),
            },
        }
    }

    /// Delivers the records of an event: their lines one by one, then all their batches as one event.
    fn records<'r, V: FnMut(Entry<'_>) -> ControlFlow<()>>(
        &mut self,
        records: impl Iterator<Item = &'r str>,
        event: &mut Event<'_, '_, V>,
    ) -> Result<(), Halt> {
        self.unpacked.clear();
        let mut unpacked = Vec::new();
        for (index, data) in records.enumerate() {
            let start = self.unpacked.len();
            match self.unpacker.append(data, self.cap.saturating_sub(start), &mut self.unpacked) {
                Ok(()) => unpacked.push((index, start..self.unpacked.len())),
                Err(error) => event.reject_record(index, whole_cap(error, self.cap))?,
            }
        }
        let mut batches = Vec::new();
        for (index, range) in unpacked {
            match event.record(&self.unpacked[range])? {
                Ok(found) => batches.extend(found),
                Err(error) => event.reject_record(index, error)?,
            }
        }
        if batches.is_empty() { Ok(()) } else { event.outlet.event(event.number, &batches) }
    }
}

/// The cap is on a whole event; an error of one record names what its neighbours had left of it.
fn whole_cap(error: EnvelopeError, cap: usize) -> EnvelopeError {
    match error {
        EnvelopeError::Gunzip(GunzipError::TooLarge { .. }) => GunzipError::TooLarge { cap }.into(),
        other => other,
    }
}

/// One event on its way out.
struct Event<'e, 'v, V> {
    number: u64,
    json: &'e str,
    outlet: &'e mut Outlet<'v, V>,
}

impl<V: FnMut(Entry<'_>) -> ControlFlow<()>> Event<'_, '_, V> {
    fn reject(&mut self, reason: RejectReason) -> Result<(), Halt> {
        self.outlet.reject(self.number, reason, excerpt_of(self.json.as_bytes()))
    }

    fn reject_json(&mut self, reason: RejectReason) -> Result<(), Halt> {
        self.outlet.reject_json(self.number, reason, self.json)
    }

    fn reject_record(&mut self, index: usize, error: EnvelopeError) -> Result<(), Halt> {
        self.outlet.reject(self.number, RejectReason::Record { index, error }, &[])
    }

    /// A CloudWatch Logs message that stands alone, or a line under `message`.
    fn item(&mut self) -> Result<(), Halt> {
        match serde_json::from_str::<Item<'_>>(self.json).map(Item::recognise) {
            Ok(Ok(Recognised::Batch(batch))) => self.batches(&mut vec![batch]),
            Ok(Ok(Recognised::Line { text, timestamp })) => self.outlet.line(self.number, timestamp, &text),
            Ok(Ok(Recognised::Neither)) => self.reject_json(RejectReason::UnknownShape),
            Ok(Err(error)) => self.reject(error.into()),
            Err(error) => self.reject(RejectReason::Unusable(error.into())),
        }
    }

    /// A whole event's batches. One of an unknown type is rejected alone.
    fn batches(&mut self, batches: &mut Vec<LogBatch<'_>>) -> Result<(), Halt> {
        let mut unknown = Vec::new();
        batches.retain(|batch| match batch.check_type() {
            Ok(()) => true,
            Err(error) => {
                unknown.push(error);
                false
            }
        });
        let is_only_unknown = batches.is_empty() && !unknown.is_empty();
        for error in unknown {
            self.reject(error.into())?;
        }
        if is_only_unknown { Ok(()) } else { self.outlet.event(self.number, batches) }
    }

    /// Delivers a record's lines and returns its batches.
    fn record<'a>(&mut self, unpacked: &'a [u8]) -> Result<Result<Vec<LogBatch<'a>>, EnvelopeError>, Halt> {
        // Raw lines are delivered as they are found: a list of short ones would be much larger than they are.
        if let Some(lines) = raw_lines(unpacked) {
            let lines = match lines {
                Ok(lines) => lines,
                Err(error) => return Ok(Err(error)),
            };
            for line in lines {
                self.outlet.line(self.number, None, line)?;
            }
            return Ok(Ok(Vec::new()));
        }
        let content = match RecordContent::read(unpacked) {
            Ok(content) => content,
            Err(error) => return Ok(Err(error)),
        };
        for line in &content.lines {
            self.outlet.line(self.number, None, line)?;
        }
        Ok(Ok(content.batches))
    }
}

/// Hands every element of an array on as its JSON text, one at a time, until it returns false.
struct Elements<F>(F);

impl<'de, F: FnMut(&'de str) -> bool> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<(), A::Error> {
        while let Some(element) = array.next_element::<&'de RawValue>()? {
            if !(self.0)(element.get()) {
                return Err(A::Error::custom("stopped by the visitor"));
            }
        }
        Ok(())
    }
}
