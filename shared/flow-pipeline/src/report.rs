//! What happened to everything that came in: nothing is lost without being counted here.

use std::collections::{BTreeMap, BTreeSet};

use flow_detect::ActiveRules;
use flow_envelope::{LogBatch, LogEvent, RejectedEntry};
use flow_record::{Line, RecordFormat};
use serde::Serialize;

use crate::found_formats::FormatNote;
use crate::input::{Item, SourceLine};
use crate::state_store::ItemKey;

/// The most rejected lines, and the most unusable events, that a report shows of one input.
pub const MAX_REJECT_SAMPLES: usize = 5;

/// Well-formed lines by what they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LineCounts {
    /// Flows.
    pub flows: u64,
    /// NODATA lines.
    pub no_data: u64,
    /// SKIPDATA lines.
    pub skip_data: u64,
}

impl LineCounts {
    /// Counts one line.
    pub fn add(&mut self, line: &Line<'_>) {
        match line {
            Line::Flow(_) => self.flows += 1,
            Line::NoData(_) => self.no_data += 1,
            Line::SkipData(_) => self.skip_data += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.flows + self.no_data + self.skip_data
    }
}

/// One of the first rejected lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectSample {
    /// Its line number, or that of the event it came in.
    pub number: u64,
    /// Why it was rejected; what it quotes is escaped.
    pub reason: String,
}

/// Where the first rejected line of an event came from: enough to find it, and nothing that stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectOrigin {
    /// The log group.
    pub log_group: String,
    /// The log stream.
    pub log_stream: String,
    /// The log event's time in Unix milliseconds.
    pub timestamp: i64,
    /// What is wrong with the line.
    pub fault: String,
}

/// What became of looks at the episodes of one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looks {
    /// How often a run of passing windows was found.
    pub seen: u64,
    /// Episodes that began: all other looks went on with one that was known.
    pub began: u64,
    /// Episodes that began so soon after the last one was told that nobody was told of them then.
    pub held_back: u64,
    /// Episodes that nobody was told of because the user said so.
    pub suppressed: u64,
}

impl Looks {
    fn add(&mut self, other: Looks) {
        self.seen += other.seen;
        self.began += other.began;
        self.held_back += other.held_back;
        self.suppressed += other.suppressed;
    }
}

/// Counts of one run over some input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Well-formed lines.
    pub lines: LineCounts,
    /// Rejected lines by kind.
    pub rejected: BTreeMap<&'static str, u64>,
    /// The first few of them in the input that was read last.
    pub reject_samples: Vec<RejectSample>,
    /// Where the first of them came from, if it came in a function's event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_rejected: Option<RejectOrigin>,
    /// Whole events and documents that could not be read.
    pub unusable: u64,
    /// The first few of them in the input that was read last.
    pub unusable_samples: Vec<RejectSample>,
    /// Events read.
    pub events: u64,
    /// Events recognised as redelivered and not counted again.
    pub redelivered: u64,
    /// Items of state in which an event had been counted before.
    pub redelivered_items: u64,
    /// Control messages.
    pub control_messages: u64,
    /// Well-formed lines without any time, which no window can hold.
    pub untimed: u64,
    /// Records of IPv6 of which neither their format nor a named network tells the direction: rules that need one pass them
    /// over. Counted where records are tried, not in a function.
    #[serde(skip)]
    pub without_direction: u64,
    /// Panes of new groups for which there was no room: what they hold is not counted.
    pub refused_panes: u64,
    /// Rules that could never fire on a format that was read, with the fields they miss.
    pub not_applicable: BTreeMap<String, Vec<&'static str>>,
    /// Rules whose pattern probably does not mean what it should for a format that was read, with the reasons.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pattern_warnings: BTreeMap<String, BTreeSet<String>>,
    /// What is to be told of the formats of log groups, of which none is set.
    #[serde(skip)]
    pub format_notes: Vec<FormatNote>,
    /// Events from a log group to which flow logs of several formats deliver.
    #[serde(skip)]
    pub mixed_formats: u64,
    /// Questions for the format of a log group that got no answer.
    #[serde(skip)]
    pub formats_not_found: u64,
    /// Records further than [`FUTURE_TOLERANCE`](flow_detect::FUTURE_TOLERANCE) ahead of the clock: not counted.
    pub future: u64,
    /// Events whose newest record began longer than [`USUAL_DELIVERY`](crate::USUAL_DELIVERY) before the clock.
    pub delayed: u64,
    /// Panes that came too late for any open window: what they hold is not counted.
    pub late_panes: u64,
    /// Log events of the function's own log group: not read.
    pub self_log_skipped: u64,
    /// Findings by rule, those of observe mode too; in a function, episodes that began.
    pub findings: BTreeMap<String, u64>,
    /// Findings of rules that only observe: nobody was told.
    pub observed: u64,
    /// Messages published, by topic.
    pub published: BTreeMap<&'static str, u64>,
    /// Messages for topics that are not there, by topic.
    pub without_topic: BTreeMap<&'static str, u64>,
    /// Alerts over the limit: people get them in a digest.
    pub alerts_withheld: u64,
    /// Findings that people got in a digest.
    pub digested: u64,
    /// Episodes that began so soon after the last one was told that nobody was told of them.
    pub held_back: u64,
    /// Looks at episodes after which a later one is known already: nobody was told of them.
    pub superseded: u64,
    /// Episodes that nobody was told of because the user said so.
    pub suppressed: u64,
    /// Panes of spanning groups beyond what one event may write: what they hold is not counted.
    pub capped_panes: u64,
    /// Groups given up for want of room in their item.
    pub evicted_groups: u64,
    /// Panes given up with them.
    pub evicted_panes: u64,
    /// Unknown rules whose groups were given up.
    pub evicted_rules: u64,
    /// Batches that would no longer be recognised if they came again, for want of room.
    pub forgotten_batches: u64,
    /// Items that could not be read: kept under another name, and begun anew.
    pub set_aside: u64,
    /// The first few of them, with the reason.
    pub set_aside_samples: Vec<String>,
    /// Items that were due.
    pub due: u64,
    /// What became of looks at episodes, by rule: for whoever tries rules, not for those who watch a function.
    #[serde(skip)]
    pub looks: BTreeMap<String, Looks>,
}

impl Report {
    /// How many lines were rejected.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Adds what was counted of another input; samples stay those of this one.
    pub fn add_input(&mut self, other: &Report) {
        self.lines.flows += other.lines.flows;
        self.lines.no_data += other.lines.no_data;
        self.lines.skip_data += other.lines.skip_data;
        for (kind, count) in &other.rejected {
            *self.rejected.entry(kind).or_default() += count;
        }
        self.unusable += other.unusable;
        self.events += other.events;
        self.redelivered += other.redelivered;
        self.control_messages += other.control_messages;
        self.untimed += other.untimed;
    }

    /// Adds what became of a batch that was read, or of a tick.
    pub(crate) fn add_outcome(&mut self, other: &Report) {
        self.redelivered += other.redelivered;
        self.delayed += other.delayed;
        self.late_panes += other.late_panes;
        self.capped_panes += other.capped_panes;
        self.evicted_groups += other.evicted_groups;
        self.evicted_panes += other.evicted_panes;
        self.forgotten_batches += other.forgotten_batches;
        for (rule, looks) in &other.looks {
            self.looks.entry(rule.clone()).or_default().add(*looks);
        }
    }

    /// Begins another input: counts go on, samples are those of the new one.
    pub fn next_input(&mut self) {
        self.reject_samples.clear();
        self.unusable_samples.clear();
    }

    /// Notes the rules that can't fire on `format`, which `rules` were picked for, and those whose pattern does not
    /// fit it.
    pub fn note_unfit_rules(&mut self, rules: &ActiveRules<'_>, format: &RecordFormat) {
        for (rule, warnings) in rules.pattern_warnings(format) {
            let warnings = warnings.iter().map(ToString::to_string);
            self.pattern_warnings.entry(rule.to_owned()).or_default().extend(warnings);
        }
        for (rule, missing) in rules.not_applicable() {
            if !self.not_applicable.contains_key(rule) {
                let names = missing.iter().map(|field| field.name()).collect();
                self.not_applicable.insert(rule.clone(), names);
            }
        }
    }

    /// Counts a rejected line; the first few keep their reason.
    pub fn reject(&mut self, kind: &'static str, number: u64, reason: impl FnOnce() -> String) {
        *self.rejected.entry(kind).or_default() += 1;
        sample(&mut self.reject_samples, number, reason);
    }

    /// Notes where a rejected line came from, unless another did before.
    pub fn note_rejected(
        &mut self,
        batch: &LogBatch<'_>,
        event: &LogEvent<'_>,
        fault: impl FnOnce() -> String,
    ) {
        self.first_rejected.get_or_insert_with(|| RejectOrigin {
            log_group: batch.log_group.to_string(),
            log_stream: batch.log_stream.to_string(),
            timestamp: event.timestamp,
            fault: fault(),
        });
    }

    /// Counts what the reader of an input rejected: one line, or a whole event.
    pub fn reject_entry(&mut self, rejected: &RejectedEntry<'_>) {
        let reason = || rejected.reason.to_string();
        if rejected.is_envelope() {
            self.cannot_use(rejected.number, reason);
        } else {
            self.reject(rejected.reason.kind(), rejected.number, reason);
        }
    }

    /// The line that an item is; anything else is counted.
    #[inline]
    pub fn line_of<'i, 'a>(&mut self, item: &'i Item<'a>) -> Option<&'i SourceLine<'a>> {
        if let Item::Line(line) = item {
            return Some(line);
        }
        self.note(item);
        None
    }

    /// Counts what comes out of an input and is no line.
    pub(crate) fn note(&mut self, item: &Item<'_>) {
        match item {
            Item::BadHeader { number, error } => self.reject("bad_header", *number, || error.to_string()),
            Item::EventStart { .. } => self.events += 1,
            Item::ControlMessage => self.control_messages += 1,
            Item::Rejected(rejected) => self.reject_entry(rejected),
            Item::Line(_) | Item::Header(_) | Item::EventEnd => {}
        }
    }

    /// Counts an item that can't be read; the first few keep their name and the reason.
    pub(crate) fn set_aside(&mut self, key: &ItemKey, reason: &str) {
        self.set_aside += 1;
        if self.set_aside_samples.len() < MAX_REJECT_SAMPLES {
            self.set_aside_samples.push(format!("{key}: {reason}"));
        }
    }

    /// Counts an event or document that could not be read; the first few keep their reason.
    pub fn cannot_use(&mut self, number: u64, reason: impl FnOnce() -> String) {
        self.unusable += 1;
        sample(&mut self.unusable_samples, number, reason);
    }
}

fn sample(samples: &mut Vec<RejectSample>, number: u64, reason: impl FnOnce() -> String) {
    if samples.len() < MAX_REJECT_SAMPLES {
        samples.push(RejectSample { number, reason: reason() });
    }
}
