//! History through the whole pipeline, as though it came now: what would have been sent.
//!
//! The clock is the newest record time seen so far; no other is read, so that the same inputs always give the same.
//! Between batches the pipeline's tick is called for each minute of that clock at which something is due, and after the
//! last one until nothing is.

mod history;
mod messages;
mod reading;

use std::io::Read;
use std::mem;
use std::ops::ControlFlow;

use flow_detect::{Delta, Deltas, Peaks, RuleSet};
use flow_envelope::{Limits, ReadError, Summary};
use flow_record::RecordFormat;

use crate::at_once::now_or_never;
use crate::input::read_lines;
use crate::memory_store::MemoryStore;
use crate::pipeline::{AlertFormat, Definitions, Pipeline, PipelineSettings, RunError};
use crate::report::Report;

pub use self::history::{History, OneADay, RuleHistory, SubjectHistory, Told};
use self::messages::Mailbox;
use self::reading::Reading;

/// Seconds of a minute: how often the tick is called.
const MINUTE: u64 = 60;

/// Seconds of a day in UTC.
const DAY: u64 = 86_400;

/// Lines outside of events are worked through when this many of one minute were read, so that memory does not grow with
/// the input.
const LINES_PER_BATCH: u64 = 5_000;

/// What a replay is made with.
#[derive(Debug)]
pub struct ReplaySettings<'r> {
    /// What is looked for. Rules that only observe are counted and tell nobody.
    pub definitions: &'r Definitions,
    /// The format of lines that no header describes.
    pub format: &'r RecordFormat,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Room for this many groups while thresholds are worked out. Findings have the room that a function has.
    pub max_groups: usize,
}

/// Inputs on their way through a pipeline whose state and messages stay in memory. Give them in the order of time: what
/// is behind the clock by more than a rule waits counts as late.
///
/// Lines outside of events are worked through by minutes of their own time, events one by one with their fingerprints.
/// Memory grows with groups and findings, not with lines.
#[derive(Debug)]
pub struct Replay<'r> {
    settings: ReplaySettings<'r>,
    pipeline: Pipeline<MemoryStore, Mailbox>,
    peaks: Peaks,
    batch: Batch,
    /// The time of the last batch or tick, in Unix seconds.
    clock: u64,
    /// The newest record time, that of the batch at hand included.
    newest: u64,
    earliest: Option<u64>,
    report: Report,
    /// Records that began before others by more than their rules wait.
    behind: u64,
}

/// What was read and not worked through.
#[derive(Debug, Default)]
struct Batch {
    deltas: Deltas,
    lines: u64,
}

impl<'r> Replay<'r> {
    /// Before anything was read. Limits and severities are those of a function that is not told otherwise.
    pub fn new(settings: ReplaySettings<'r>) -> Self {
        // Of the two ways to write alerts this one says which finding it is about.
        let of_pipeline = PipelineSettings { alert_format: AlertFormat::Chat, ..PipelineSettings::default() };
        let mailbox = Mailbox::new(of_pipeline.alert_min_severity);
        let peaks = Peaks::new(&settings.definitions.rules, settings.max_groups);
        Replay {
            pipeline: Pipeline::new(of_pipeline, MemoryStore::default(), mailbox),
            settings,
            peaks,
            batch: Batch::default(),
            clock: 0,
            newest: 0,
            earliest: None,
            report: Report::default(),
            behind: 0,
        }
    }

    /// Reads one input to its end. The outer error is the pipeline's, the inner one the input's; what was read before
    /// it counts.
    pub fn read(&mut self, input: impl Read) -> Result<Result<Summary, ReadError>, RunError> {
        self.report.next_input();
        let (format, limits) = (self.settings.format, self.settings.limits);
        let mut reading = Reading::new(self);
        let mut taken = Ok(());
        let read = read_lines(input, format, &limits, &mut |item| {
            taken = reading.take(item);
            if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        taken?;
        self.work(None, false)?;
        Ok(read)
    }

    /// What was read so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Lets time go on until nothing is due: windows close, digests are sent, episodes end.
    pub fn finish(mut self) -> Result<History<'r>, RunError> {
        while let Some(at) = self.next_tick() {
            self.tick(at)?;
        }
        let rules = self.rules();
        self.peaks.finish(rules);
        let span = self.earliest.map(|earliest| (earliest, self.newest));
        let counts = self.pipeline.notifier().take();
        Ok(History::new(rules, counts, &self.peaks, self.report, span, self.behind))
    }

    fn rules(&self) -> &'r RuleSet {
        &self.settings.definitions.rules
    }

    /// Works through what was read, as of the newest record in it.
    fn work(&mut self, fingerprint: Option<u128>, is_event: bool) -> Result<(), RunError> {
        let Batch { deltas, lines: _ } = mem::take(&mut self.batch);
        while let Some(at) = self.next_tick().filter(|at| *at <= self.newest) {
            self.tick(at)?;
        }
        let is_next_day = self.newest / DAY > self.clock / DAY;
        self.clock = self.clock.max(self.newest);
        if is_next_day {
            self.pipeline.store().forget_expired(self.clock);
            self.peaks.forget_before(self.rules(), self.clock);
        }
        if deltas.is_empty() {
            return Ok(());
        }
        let parts: Vec<Delta> = deltas.iter().cloned().collect();
        self.pipeline.notifier().set_clock(self.clock);
        let definitions = self.settings.definitions;
        let run = self.pipeline.run_deltas(definitions, deltas, fingerprint, is_event, self.clock);
        let outcome = now_or_never(run)?;
        self.report.add_outcome(&outcome);
        if outcome.redelivered == 0 {
            parts.iter().for_each(|delta| self.peaks.add(self.settings.definitions.rules.as_ref(), delta));
        }
        Ok(())
    }

    /// The next minute after the clock at which something is due: the others would find nothing to do.
    fn next_tick(&self) -> Option<u64> {
        let due = self.pipeline.store().next_due()?;
        let next = (self.clock / MINUTE + 1) * MINUTE;
        Some(due.checked_next_multiple_of(MINUTE)?.max(next))
    }

    fn tick(&mut self, at: u64) -> Result<(), RunError> {
        self.clock = at;
        self.pipeline.notifier().set_clock(at);
        let outcome = now_or_never(self.pipeline.tick(self.settings.definitions, at))?;
        self.report.add_outcome(&outcome);
        Ok(())
    }
}
