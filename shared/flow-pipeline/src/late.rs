//! Events that no invocation has worked through: every try of theirs failed, and they were kept somewhere.
//!
//! As long as their records still count, an event is best invoked again. Past that an invocation would only count it as
//! late. Then all such events are looked at together, as windows that closed long ago, and what is found is told as
//! delayed.

use std::slice::from_ref;

use flow_detect::{Deltas, Finding, Telling, Watermark};
use flow_envelope::EnvelopeError;

use crate::kept_panes::{DEFAULT_MAX_GROUPS, KeptPanes, Stored};
use crate::notifier::Notifier;
use crate::pipeline::{Definitions, Pipeline, RunError};
use crate::report::Report;
use crate::run::Run;
use crate::state_store::{ItemKey, StateStore};
use crate::store_error::StoreError;
use crate::telling::{delayed_key, record_key};

/// What an event still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Some of it still counts: it is to be invoked again.
    pub is_live: bool,
    /// Some of it is too late for that: only [`LateEvents::findings`] sees it.
    pub is_late: bool,
    /// It was added before, and changed nothing.
    pub is_repeated: bool,
}

/// Events gathered to be looked at together.
#[derive(Debug)]
pub struct LateEvents<'p, S, N> {
    pipeline: &'p Pipeline<S, N>,
    definitions: &'p Definitions,
    now: u64,
    panes: KeptPanes,
    report: Report,
}

impl<S: StateStore, N: Notifier> Pipeline<S, N> {
    /// No events yet; `now` is the clock in Unix seconds.
    pub fn late_events<'p>(&'p self, definitions: &'p Definitions, now: u64) -> LateEvents<'p, S, N> {
        let panes = KeptPanes::new(DEFAULT_MAX_GROUPS);
        LateEvents { pipeline: self, definitions, now, panes, report: Report::default() }
    }
}

impl<'p, S: StateStore, N: Notifier> LateEvents<'p, S, N> {
    /// Adds one event, and says what it still needs; neither live nor late is an event that no rule minds.
    ///
    /// # Errors
    /// It can't be decoded.
    pub fn add(&mut self, payload: &[u8]) -> Result<Standing, EnvelopeError> {
        let (deltas, fingerprint) =
            self.pipeline.observe(self.definitions, payload, self.now, &mut self.report)?;
        let (is_live, is_late) = self.standing(&deltas, self.now);
        let stored = self.panes.merge(deltas, fingerprint);
        if let Stored::Counted { refused } = stored {
            self.report.refused_panes += refused;
        }
        Ok(Standing { is_live, is_late, is_repeated: stored == Stored::Redelivered })
    }

    /// Whether some panes still count at `now`, and whether some no longer do.
    fn standing(&self, deltas: &Deltas, now: u64) -> (bool, bool) {
        let is_late = |rule: usize, pane| {
            let windowing = self.definitions.rules.rule(rule).windowing;
            windowing.is_late(pane, Watermark::At(now))
        };
        let late = deltas.iter().filter(|delta| is_late(delta.rule, delta.pane)).count();
        (late < deltas.len(), late > 0)
    }

    /// Whether an event that was added is at `now` as it was then: time may have passed over it.
    ///
    /// # Errors
    /// It can't be decoded.
    pub fn still_stands(&self, payload: &[u8], standing: Standing, now: u64) -> Result<bool, EnvelopeError> {
        let (deltas, _) = self.pipeline.observe(self.definitions, payload, now, &mut Report::default())?;
        Ok(self.standing(&deltas, now) == (standing.is_live, standing.is_late))
    }

    /// What the events lead to that no invocation can find any more: windows over all of them, those with something
    /// late in them. What of them is counted elsewhere is not known here: values are lower bounds.
    pub fn findings(&self) -> Vec<Finding<'p>> {
        let mut findings = self.panes.findings(&self.definitions.rules, Watermark::End);
        findings.retain(|finding| {
            let windowing = finding.rule.windowing;
            windowing.is_late(windowing.pane_of(finding.episode.first_seen), Watermark::At(self.now))
        });
        for finding in &mut findings {
            finding.is_delayed = true;
        }
        findings
    }

    /// [`findings`](Self::findings), each with what [`tell`](Self::tell) would do about it now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outlook(&self) -> Result<Vec<(Finding<'p>, Telling)>, RunError> {
        let mut run = self.run(Report::default());
        match self.outlook_of(&mut run).await {
            Ok(outlook) => Ok(outlook),
            Err(error) => Err(RunError::new(error.into(), run.report)),
        }
    }

    async fn outlook_of(
        &self,
        run: &mut Run<'p, S, N>,
    ) -> Result<Vec<(Finding<'p>, Telling)>, StoreError<S::Error>> {
        let mut outlook = Vec::new();
        for (key, finding) in self.recorded_at(run).await? {
            let items = run.store.get(from_ref(&key)).await.map_err(StoreError::Failed)?;
            let record = run.known(&key, items.first().and_then(Option::as_ref)).await?.readable();
            let telling = run.observe(record, from_ref(&finding)).step.telling;
            outlook.push((finding, telling));
        }
        Ok(outlook)
    }

    /// Findings with the keys of their records: an episode that is not the one known of its id gets a record of its own,
    /// so that it is told, and told once, whatever came after it.
    async fn recorded_at(
        &self,
        run: &mut Run<'p, S, N>,
    ) -> Result<Vec<(ItemKey, Finding<'p>)>, StoreError<S::Error>> {
        let findings = self.findings();
        let keys: Vec<_> = findings.iter().map(|finding| record_key(&finding.id)).collect();
        let items = if keys.is_empty() {
            Vec::new()
        } else {
            run.store.get(&keys).await.map_err(StoreError::Failed)?
        };
        let mut recorded = Vec::new();
        for ((key, item), finding) in keys.into_iter().zip(items).zip(findings) {
            let known = run.known(&key, item.as_ref()).await?.readable();
            let is_known = known.is_some_and(|record| record.is_of(&finding.episode));
            recorded.push((if is_known { key } else { delayed_key(&finding) }, finding));
        }
        Ok(recorded)
    }

    fn run(&self, report: Report) -> Run<'p, S, N> {
        let Pipeline { settings, store, notifier } = self.pipeline;
        Run::new(store, notifier, settings, self.definitions, self.now, report)
    }

    /// What was read so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Tells [`findings`](Self::findings) as an invocation would, each episode once, marked delayed; of what was told
    /// before nobody hears again.
    pub async fn tell(mut self) -> Result<Report, RunError> {
        let report = std::mem::take(&mut self.report);
        let mut run = self.run(report);
        let told = match self.recorded_at(&mut run).await {
            Ok(recorded) => run.tell_at(recorded).await,
            Err(error) => Err(error.into()),
        };
        match told {
            Ok(()) => Ok(run.report),
            Err(failure) => Err(RunError::new(failure, run.report)),
        }
    }
}
