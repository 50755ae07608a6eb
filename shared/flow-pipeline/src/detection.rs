//! The way of everything that comes in: parse, enrich, detect, merge; and at the end the findings.

use std::io::Read;
use std::mem;
use std::ops::ControlFlow;

use flow_detect::{ActiveRules, Deltas, Finding, Mode, Observed, RuleSet, Watermark};
use flow_enrich::{EnrichedFlow, Enrichment, Tables};
use flow_envelope::{Limits, ReadError, Summary};
use flow_record::{Field, RecordBuffer, RecordFormat};

use crate::input::{Item, SourceLine, read_lines};
use crate::kept_panes::{KeptPanes, Stored};
use crate::report::Report;

/// What a detection is made with.
#[derive(Debug)]
pub struct DetectionSettings<'r> {
    /// The rules.
    pub rules: &'r RuleSet,
    /// The quietest mode that still runs.
    pub quietest: Mode,
    /// The format of lines that no header describes.
    pub format: &'r RecordFormat,
    /// The user's tables.
    pub tables: &'r Tables,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Room for this many groups.
    pub max_groups: usize,
}

/// Detections over any number of inputs, in any order, on one machine: nothing is late, every pane is kept.
#[derive(Debug)]
pub struct Detection<'r> {
    settings: DetectionSettings<'r>,
    store: KeptPanes,
    report: Report,
}

/// Deltas are merged when this many lines outside of events were read, so that memory does not grow with the input.
const LINES_PER_BATCH: u64 = 20_000;

impl<'r> Detection<'r> {
    /// Before anything was read.
    pub fn new(settings: DetectionSettings<'r>) -> Self {
        let store = KeptPanes::new(settings.max_groups);
        Detection { settings, store, report: Report::default() }
    }

    /// Reads one input to its end.
    ///
    /// # Errors
    /// When reading fails or the whole input is unreadable; what was read before it counts.
    pub fn read(&mut self, input: impl Read) -> Result<Summary, ReadError> {
        self.report.next_input();
        let (format, limits) = (self.settings.format, self.settings.limits);
        let mut batch = Batch::new(&self.settings, format, &mut self.report);
        let store = &mut self.store;
        let read = read_lines(input, format, &limits, &mut |item| {
            batch.take(item, store);
            ControlFlow::Continue(())
        });
        batch.merge(store);
        read
    }

    /// One finding for every episode, by rule, scope, group and time.
    pub fn findings(&self) -> Vec<Finding<'r>> {
        self.store.findings(self.settings.rules, Watermark::End)
    }

    /// What happened so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// The lines of one event, or some lines of a file, on their way to the store.
struct Batch<'b, 'r> {
    settings: &'b DetectionSettings<'r>,
    rules: ActiveRules<'r>,
    report: &'b mut Report,
    deltas: Deltas,
    fingerprint: Option<u128>,
    /// The rules that never fire on the format at hand are in the report.
    is_noted: bool,
    /// The event at hand was counted before: its lines are passed over.
    is_redelivered: bool,
    lines: u64,
    /// The line at hand.
    buffer: RecordBuffer,
}

impl<'b, 'r> Batch<'b, 'r> {
    fn new(settings: &'b DetectionSettings<'r>, format: &RecordFormat, report: &'b mut Report) -> Self {
        let rules = settings.rules.for_format(format, settings.quietest);
        Batch {
            settings,
            rules,
            report,
            deltas: Deltas::default(),
            fingerprint: None,
            is_noted: false,
            is_redelivered: false,
            lines: 0,
            buffer: RecordBuffer::default(),
        }
    }

    fn take(&mut self, item: Item<'_>, store: &mut KeptPanes) {
        match item {
            Item::Header(format) => {
                self.rules = self.settings.rules.for_format(format, self.settings.quietest);
                self.is_noted = false;
            }
            Item::EventStart { fingerprint } => {
                self.merge(store);
                self.report.events += 1;
                self.fingerprint = fingerprint;
                self.is_redelivered = fingerprint.is_some_and(|fingerprint| store.has_counted(fingerprint));
                self.report.redelivered += u64::from(self.is_redelivered);
            }
            // By reference: a line is large to move.
            Item::Line(ref line) if !self.is_redelivered => {
                self.observe(line);
                if self.fingerprint.is_none() && self.lines >= LINES_PER_BATCH {
                    self.merge(store);
                }
            }
            Item::EventEnd => self.merge(store),
            other => self.report.note(&other),
        }
    }

    fn observe(&mut self, source: &SourceLine<'_>) {
        self.lines += 1;
        let line = match source.format.parse_into(source.text, &mut self.buffer) {
            Ok(line) => line,
            Err(error) => {
                return self.report.reject(error.kind().name(), source.number, || error.to_string());
            }
        };
        self.report.lines.add(&line);
        if !mem::replace(&mut self.is_noted, true) {
            self.report.note_unfit_rules(&self.rules, source.format);
        }
        let flow =
            EnrichedFlow { record: line.record(), origin: &source.origin, tables: self.settings.tables };
        self.report.without_direction += u64::from(is_without_direction(&flow));
        if self.deltas.observe(&self.rules, &flow) == Observed::Untimed {
            self.report.untimed += 1;
        }
    }

    /// Hands what was folded to the store.
    fn merge(&mut self, store: &mut KeptPanes) {
        let fingerprint = self.fingerprint.take();
        if !self.is_redelivered
            && let Stored::Counted { refused } = store.merge(self.deltas.drain(), fingerprint)
        {
            self.report.refused_panes += refused;
        }
        self.is_redelivered = false;
        self.lines = 0;
    }
}

/// Whether it is a flow of IPv6 of which nothing tells the direction: all its addresses are public, and nobody named his own.
fn is_without_direction(flow: &EnrichedFlow<'_>) -> bool {
    flow.record.has_ipv6()
        && flow.tables.networks.is_empty()
        && !flow.record.format().fields().contains(Field::FlowDirection)
        && flow.enrichment_text(Enrichment::Direction).is_none()
}
