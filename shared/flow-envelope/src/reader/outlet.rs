//! Where entries leave the reader: calls the visitor and keeps the counts.

use std::io;
use std::ops::ControlFlow;

use super::entry::{Entry, RejectReason, RejectedEntry, Summary};
use crate::{LogBatch, fingerprint};

/// The most bytes shown of something rejected.
const EXCERPT: usize = 200;

/// The first bytes of something, to be shown.
pub(super) fn excerpt_of(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(EXCERPT)]
}

/// Why reading ends before the input does.
#[derive(Debug)]
pub(super) enum Halt {
    /// The visitor wants no more.
    Stopped,
    /// The input failed.
    Io(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The visitor, and the counts of what it was given.
pub(super) struct Outlet<'v, V> {
    visit: &'v mut V,
    pub(super) summary: Summary,
}

impl<'v, V: FnMut(Entry<'_>) -> ControlFlow<()>> Outlet<'v, V> {
    pub(super) fn new(visit: &'v mut V) -> Self {
        Self { visit, summary: Summary::default() }
    }

    fn hand_over(&mut self, entry: Entry<'_>) -> Result<(), Halt> {
        match (self.visit)(entry) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Halt::Stopped),
        }
    }

    pub(super) fn line(&mut self, number: u64, timestamp: Option<i64>, text: &str) -> Result<(), Halt> {
        self.summary.lines += 1;
        self.hand_over(Entry::Line { number, timestamp, text })
    }

    /// A line as it was read; `text` when it is already known to be UTF-8.
    #[inline]
    pub(super) fn raw_line(
        &mut self,
        number: u64,
        line: &[u8],
        text: Option<&str>,
        cap: usize,
    ) -> Result<(), Halt> {
        if line.len() > cap {
            let reason = RejectReason::LineTooLong { found: line.len() as u64, cap };
            return self.reject(number, reason, excerpt_of(line));
        }
        match text.map_or_else(|| str::from_utf8(line), Ok) {
            Ok(text) => self.line(number, None, text),
            Err(error) => {
                let reason = RejectReason::LineNotUtf8 { position: error.valid_up_to() };
                self.reject(number, reason, excerpt_of(line))
            }
        }
    }

    /// All batches of one event.
    pub(super) fn event(&mut self, number: u64, batches: &[LogBatch<'_>]) -> Result<(), Halt> {
        self.summary.batches += 1;
        self.hand_over(Entry::Batch { number, batches, fingerprint: fingerprint(batches) })
    }

    pub(super) fn reject(&mut self, number: u64, reason: RejectReason, excerpt: &[u8]) -> Result<(), Halt> {
        self.rejected(RejectedEntry { number, reason, excerpt: excerpt.trim_ascii_end(), json: None })
    }

    /// JSON that holds no log lines.
    pub(super) fn reject_json(&mut self, number: u64, reason: RejectReason, json: &str) -> Result<(), Halt> {
        let excerpt = excerpt_of(json.as_bytes()).trim_ascii_end();
        self.rejected(RejectedEntry { number, reason, excerpt, json: Some(json) })
    }

    fn rejected(&mut self, rejected: RejectedEntry<'_>) -> Result<(), Halt> {
        let count = if rejected.is_envelope() {
            &mut self.summary.rejected_envelopes
        } else {
            &mut self.summary.rejected_lines
        };
        *count += 1;
        self.hand_over(Entry::Rejected(rejected))
    }
}
