//! How much one event may hold: `{"logEvents":[]}` takes ten times its size in memory, and far less when compressed.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::{EnvelopeError, LogBatch, LogEvent};

/// The most CloudWatch Logs messages in one event or record; usual is one.
pub(crate) const MOST_MESSAGES: usize = 1000;

/// The most log events in one event or record, or lines of a record.
///
/// An event that invokes a Lambda function asynchronously is at most 1 MB: about 20,000 flow log records.
pub(crate) const MOST_LOG_EVENTS: usize = 100_000;

/// Counts what one event or record holds, and refuses what is too much.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    messages: usize,
    log_events: usize,
}

impl Tally {
    /// One more message.
    pub(crate) fn message(&mut self, batch: &LogBatch<'_>) -> Result<(), EnvelopeError> {
        self.messages += 1;
        if self.messages > MOST_MESSAGES {
            return Err(EnvelopeError::TooManyMessages { limit: MOST_MESSAGES });
        }
        self.log_events(batch.events.len())
    }

    /// One more line.
    pub(crate) fn line(&mut self) -> Result<(), EnvelopeError> {
        self.log_events(1)
    }

    fn log_events(&mut self, more: usize) -> Result<(), EnvelopeError> {
        self.log_events += more;
        if self.log_events > MOST_LOG_EVENTS { Err(too_many_log_events()) } else { Ok(()) }
    }
}

fn too_many_log_events() -> EnvelopeError {
    EnvelopeError::TooManyLogEvents { limit: MOST_LOG_EVENTS }
}

/// The log events of one message, counted as they are read: too many are read to their end, but not kept.
#[derive(Debug)]
pub(crate) enum LogEvents<'a> {
    All(Vec<LogEvent<'a>>),
    TooMany,
}

impl<'a> LogEvents<'a> {
    pub(crate) fn all(self) -> Result<Vec<LogEvent<'a>>, EnvelopeError> {
        match self {
            Self::All(events) => Ok(events),
            Self::TooMany => Err(too_many_log_events()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LogEvents<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LogEventsVisitor;
        impl<'de> Visitor<'de> for LogEventsVisitor {
            type Value = LogEvents<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of log events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < MOST_LOG_EVENTS {
                    match list.next_element()? {
                        Some(event) => kept.push(event),
                        None => return Ok(LogEvents::All(kept)),
                    }
                }
                let mut is_all = true;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    is_all = false;
                }
                Ok(if is_all { LogEvents::All(kept) } else { LogEvents::TooMany })
            }
        }
        deserializer.deserialize_seq(LogEventsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordContent, log_batches};

    const EVENT: &str = r#"{"id":"","timestamp":1,"message":""}"#;

    /// A message with so many log events, as CloudWatch Logs writes it or with a space.
    fn message(events: usize, space: &str) -> String {
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],{space}"logEvents":[{}]}}"#,
            vec![EVENT; events].join(",")
        )
    }

    /// The messages and log events in the data, or the error, which both readers must give.
    fn count(data: &str) -> Result<(usize, usize), String> {
        let counts = |batches: &[LogBatch<'_>]| {
            (batches.len(), batches.iter().map(|batch| batch.events.len()).sum::<usize>())
        };
        let read = log_batches(data.as_bytes()).map(|found| counts(&found)).map_err(|e| e.to_string());
        let record = RecordContent::read(data.as_bytes());
        assert_eq!(read, record.map(|found| counts(&found.batches)).map_err(|e| e.to_string()));
        read
    }

    #[test]
    fn an_event_holds_so_many_log_events_and_no_more() {
        let too_many = Err("more than 100000 log events in one event".to_owned());
        for space in ["", " "] {
            assert_eq!(count(&message(MOST_LOG_EVENTS, space)), Ok((1, MOST_LOG_EVENTS)));
            assert_eq!(count(&message(MOST_LOG_EVENTS + 1, space)), too_many);
            assert_eq!(count(&message(60_000, space).repeat(2)), too_many);
        }
        // What is not kept must still be JSON.
        let broken = message(MOST_LOG_EVENTS + 9, "").replace("]}", "}}");
        assert!(count(&broken).unwrap_err().contains("invalid syntax"));
    }

    #[test]
    fn an_event_holds_so_many_messages_and_no_more() {
        let empty = r#"{"logEvents":[]}"#;
        assert_eq!(count(&empty.repeat(MOST_MESSAGES)), Ok((MOST_MESSAGES, 0)));
        let flood = empty.repeat((64 << 20) / empty.len());
        assert_eq!(count(&flood), Err("more than 1000 messages in one event".to_owned()));
    }

    #[test]
    fn a_record_holds_so_many_lines_and_no_more() {
        for line in ["{\"message\":\"\"}", "x\n"] {
            let lines = |count: usize| {
                let data = line.repeat(count);
                RecordContent::read(data.as_bytes()).map(|found| found.lines.len()).map_err(|e| e.to_string())
            };
            assert_eq!(lines(MOST_LOG_EVENTS), Ok(MOST_LOG_EVENTS));
            assert_eq!(
                lines(MOST_LOG_EVENTS + 1),
                Err("more than 100000 log events in one event".to_owned())
            );
        }
    }
}
