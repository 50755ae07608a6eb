//! One input of a replay: its items to batches.

use std::mem;

use flow_detect::{ActiveRules, Mode, Observed};
use flow_enrich::EnrichedFlow;
use flow_record::RecordBuffer;

use crate::input::{Item, SourceLine};
use crate::pipeline::RunError;
use crate::replay::{LINES_PER_BATCH, MINUTE, Replay};

/// Hands what an input is made of to a replay.
pub(super) struct Reading<'a, 'r> {
    replay: &'a mut Replay<'r>,
    rules: ActiveRules<'r>,
    /// How much later than newer ones a record may come at most, in seconds.
    lateness: u64,
    /// The rules that never fire on the format at hand are in the report.
    is_noted: bool,
    event: Option<Event>,
    /// The line at hand.
    buffer: RecordBuffer,
}

/// The event whose lines come now.
struct Event {
    fingerprint: Option<u128>,
}

impl<'a, 'r> Reading<'a, 'r> {
    pub(super) fn new(replay: &'a mut Replay<'r>) -> Self {
        let rules = replay.rules().for_format(replay.settings.format, Mode::Observe);
        let all = replay.rules().rules().iter().map(|rule| rule.windowing.lateness);
        let lateness = all.max().unwrap_or_default();
        Reading { replay, rules, lateness, is_noted: false, event: None, buffer: RecordBuffer::default() }
    }

    pub(super) fn take(&mut self, item: Item<'_>) -> Result<(), RunError> {
        match item {
            Item::Header(format) => {
                self.rules = self.replay.rules().for_format(format, Mode::Observe);
                self.is_noted = false;
            }
            Item::EventStart { fingerprint } => {
                self.replay.work(None, false)?;
                self.event = Some(Event { fingerprint });
                self.replay.report.events += 1;
            }
            Item::EventEnd => {
                let fingerprint = self.event.take().and_then(|event| event.fingerprint);
                self.replay.work(fingerprint, true)?;
            }
            Item::Line(line) => self.observe(&line)?,
            other => self.replay.report.note(&other),
        }
        Ok(())
    }

    fn observe(&mut self, source: &SourceLine<'_>) -> Result<(), RunError> {
        let replay = &mut *self.replay;
        let line = match source.format.parse_into(source.text, &mut self.buffer) {
            Ok(line) => line,
            Err(error) => {
                replay.report.reject(error.kind().name(), source.number, || error.to_string());
                return Ok(());
            }
        };
        replay.report.lines.add(&line);
        if !mem::replace(&mut self.is_noted, true) {
            replay.report.note_unfit_rules(&self.rules, source.format);
        }
        let tables = &replay.settings.definitions.tables;
        let flow = EnrichedFlow { record: line.record(), origin: &source.origin, tables };
        let Some(time) = flow.time() else {
            replay.report.untimed += 1;
            return Ok(());
        };
        let is_single = self.event.is_none();
        let is_next_minute = time / MINUTE > replay.newest / MINUTE;
        if is_single && (is_next_minute || replay.batch.lines >= LINES_PER_BATCH) {
            replay.work(None, false)?;
        }
        replay.behind += u64::from(time.saturating_add(self.lateness) < replay.newest);
        replay.newest = replay.newest.max(time);
        replay.earliest = Some(replay.earliest.map_or(time, |earliest| earliest.min(time)));
        replay.batch.lines += 1;
        let observed = replay.batch.deltas.observe(&self.rules, &flow);
        debug_assert_ne!(observed, Observed::Untimed, "it has a time");
        Ok(())
    }
}
