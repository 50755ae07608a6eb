//! Any input as lines, each with the format it is in and where it came from.

use std::io::Read;
use std::ops::ControlFlow;

use flow_enrich::Origin;
use flow_envelope::{Entry, Limits, LogBatch, LogEvent, ReadError, RejectedEntry, Summary, read_entries};
use flow_record::{FormatError, RecordFormat};

/// One line that should be a record.
#[derive(Debug, Clone, Copy)]
pub struct SourceLine<'a> {
    /// The line.
    pub text: &'a str,
    /// Its place in the input: the line's number, or that of the event it came in. From 1.
    pub number: u64,
    /// The format it is in: that of the header above it, else the one that was given.
    pub format: &'a RecordFormat,
    /// Where it came from.
    pub origin: Origin<'a>,
}

/// What an input is made of.
#[derive(Debug)]
pub enum Item<'a> {
    /// Lines of another format follow: a header was read.
    Header(&'a RecordFormat),
    /// A header that is no format: the lines that follow are read as before.
    BadHeader {
        /// Its line number.
        number: u64,
        /// What is wrong with it.
        error: FormatError,
    },
    /// One event begins, all of whose lines follow; its fingerprint tells a redelivery.
    EventStart {
        /// From the log events' ids, if they have any.
        fingerprint: Option<u128>,
    },
    /// A line.
    Line(SourceLine<'a>),
    /// The event ends.
    EventEnd,
    /// A control message, which has no lines.
    ControlMessage,
    /// Something that is not a line.
    Rejected(RejectedEntry<'a>),
}

/// Reads `input` to its end, or until `visit` breaks.
///
/// Lines are in `format` unless a header line, as in files delivered to S3, says otherwise: from there on the header
/// is believed, since it travels with the data.
///
/// # Errors
/// When reading fails or the whole input is unreadable; everything before has been visited.
pub fn read_lines<R: Read>(
    input: R,
    format: &RecordFormat,
    limits: &Limits,
    visit: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let mut header: Option<RecordFormat> = None;
    read_entries(input, limits, &mut |entry| match entry {
        Entry::Line { number, text, .. } if RecordFormat::is_header(text) => match text.parse() {
            Ok(format) => visit(Item::Header(header.insert(format))),
            Err(error) => visit(Item::BadHeader { number, error }),
        },
        Entry::Line { number, timestamp, text } => {
            let format = header.as_ref().unwrap_or(format);
            visit(Item::Line(SourceLine {
                text,
                number,
                format,
                origin: Origin { timestamp, ..Origin::default() },
            }))
        }
        Entry::Batch { number, batches, fingerprint } => {
            let format = header.as_ref().unwrap_or(format);
            visit(Item::EventStart { fingerprint })?;
            for batch in batches {
                visit_batch(batch, number, format, visit)?;
            }
            visit(Item::EventEnd)
        }
        Entry::Rejected(rejected) => visit(Item::Rejected(rejected)),
    })
}

fn visit_batch(
    batch: &LogBatch<'_>,
    number: u64,
    format: &RecordFormat,
    visit: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if batch.is_control() {
        return visit(Item::ControlMessage);
    }
    let origin = BatchOrigin::of(batch);
    for event in batch.lines() {
        let origin = origin.of_event(event);
        visit(Item::Line(SourceLine { text: &event.message, number, format, origin }))?;
    }
    ControlFlow::Continue(())
}

/// Where the log events of one message came from, as far as the message says it for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchOrigin<'a>(Origin<'a>);

impl<'a> BatchOrigin<'a> {
    pub(crate) fn of(batch: &'a LogBatch<'_>) -> Self {
        BatchOrigin(Origin {
            account: account_of(&batch.owner),
            log_group: Some(&batch.log_group),
            log_stream: Some(&batch.log_stream),
            ..Origin::default()
        })
    }

    /// Where the line of one of them came from.
    #[inline]
    pub(crate) fn of_event(&self, event: &'a LogEvent<'_>) -> Origin<'a> {
        Origin {
            account: event.extracted("@aws.account").or(self.0.account),
            region: event.extracted("@aws.region"),
            event_id: Some(&*event.id).filter(|id| !id.is_empty()),
            timestamp: Some(event.timestamp),
            ..self.0
        }
    }
}

/// The account that a message's `owner` names: 12 digits, and not the word that stands in control messages.
pub fn account_of(owner: &str) -> Option<&str> {
    (owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit())).then_some(owner)
}
