//! How records travel: in batches of one interface each, as CloudWatch Logs delivers log streams.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

use flow_envelope::encode::{EncodeError, EncodeLimits, SubscriptionEncoder};
use flow_record::RecordFormat;

use crate::network::Interface;
use crate::record::Record;

/// Lines of one interface.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose.
    pub interface: Arc<Interface>,
    /// Each with its timestamp, which is its start, in milliseconds.
    pub lines: Vec<(i64, String)>,
    /// When the last record ended, in Unix seconds.
    pub end: u64,
    /// When the first record began, in Unix seconds.
    pub start: u64,
}

/// Records cut into batches. A batch is given out when it is full or its oldest record has waited long enough, and at
/// the end whatever is left.
#[derive(Debug)]
pub struct Batches<I> {
    records: Option<I>,
    format: RecordFormat,
    size: usize,
    patience: u64,
    held: BTreeMap<Ipv4Addr, Batch>,
    ready: VecDeque<Batch>,
}

impl<I: Iterator<Item = Record>> Batches<I> {
    /// Batches of `size` lines at most, none of which waits longer than `patience` seconds of event time.
    pub fn new(records: I, format: RecordFormat, size: usize, patience: u64) -> Self {
        Batches {
            records: Some(records),
            format,
            size: size.max(1),
            patience,
            held: BTreeMap::new(),
            ready: VecDeque::new(),
        }
    }

    fn take(&mut self, record: &Record) {
        let own = record.interface.v4;
        let is_late = |batch: &Batch| record.start > batch.start.saturating_add(self.patience);
        if self.held.get(&own).is_some_and(is_late) {
            self.ready.extend(self.held.remove(&own));
        }
        let batch = self.held.entry(own).or_insert_with(|| Batch {
            interface: Arc::clone(&record.interface),
            lines: Vec::new(),
            end: 0,
            start: record.start,
        });
        batch.lines.push((record.start.cast_signed() * 1000, record.display(&self.format).to_string()));
        batch.end = batch.end.max(record.end);
        if batch.lines.len() >= self.size {
            self.ready.extend(self.held.remove(&own));
        }
    }
}

impl<I: Iterator<Item = Record>> Iterator for Batches<I> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        while self.ready.is_empty() {
            match self.records.as_mut()?.next() {
                Some(record) => self.take(&record),
                None => {
                    self.records = None;
                    self.ready.extend(std::mem::take(&mut self.held).into_values());
                    break;
                }
            }
        }
        self.ready.pop_front()
    }
}

/// Makes Lambda events of batches.
#[derive(Debug)]
pub struct EventEncoder<'a> {
    encoders: HashMap<&'a str, SubscriptionEncoder<'a>>,
}

impl<'a> EventEncoder<'a> {
    /// For the log streams of these interfaces.
    pub fn new(interfaces: &'a [Arc<Interface>], log_group: &'a str) -> Self {
        let encoder = |interface: &'a Arc<Interface>| {
            let encoder = SubscriptionEncoder::new(interface.stream(log_group), EncodeLimits::default());
            (interface.id.as_str(), encoder)
        };
        EventEncoder { encoders: interfaces.iter().map(encoder).collect() }
    }

    /// The events of a batch: one, unless it is too large for one.
    ///
    /// # Errors
    /// A line alone is too large. No line of traffic is, in no format.
    pub fn encode(&mut self, batch: &Batch) -> Result<Vec<String>, EncodeError> {
        match self.encoders.get_mut(batch.interface.id.as_str()) {
            Some(encoder) => encoder.encode(&batch.lines),
            None => Ok(Vec::new()),
        }
    }
}
