//! Events that no invocation has worked through: every try of theirs failed, and they were kept somewhere.
//!
//! As long as their records still count, an event is best invoked again. Past that an invocation would only count it as
//! late. Then all such events are looked at together, as windows that closed long ago, and what is found is told as
//! delayed.

use flow_detect::{Deltas, Finding, Watermark};
use flow_envelope::EnvelopeError;

use crate::kept_panes::{DEFAULT_MAX_GROUPS, KeptPanes, Stored};
use crate::notifier::Notifier;
use crate::pipeline::{Definitions, Pipeline, RunError};
use crate::report::Report;
use crate::run::Run;
use crate::state_store::StateStore;

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
        let (is_live, is_late) = self.standing(&deltas);
        let stored = self.panes.merge(deltas, fingerprint);
        if let Stored::Counted { refused } = stored {
            self.report.refused_panes += refused;
        }
        Ok(Standing { is_live, is_late, is_repeated: stored == Stored::Redelivered })
    }

    /// Whether some panes still count, and whether some no longer do.
    fn standing(&self, deltas: &Deltas) -> (bool, bool) {
        let is_late = |rule: usize, pane| {
            let windowing = self.definitions.rules.rule(rule).windowing;
            windowing.is_late(pane, Watermark::At(self.now))
        };
        let late = deltas.iter().filter(|delta| is_late(delta.rule, delta.pane)).count();
        (late < deltas.len(), late > 0)
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

    /// What was read so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Tells [`findings`](Self::findings) as an invocation would, once, marked delayed; of what was told before, or
    /// has gone on since, nobody hears again.
    pub async fn tell(self) -> Result<Report, RunError> {
        let findings = self.findings();
        let Pipeline { settings, store, notifier } = self.pipeline;
        let mut run = Run::new(store, notifier, settings, self.definitions, self.now, self.report);
        match run.tell(findings).await {
            Ok(()) => Ok(run.report),
            Err(failure) => Err(RunError::new(failure, run.report)),
        }
    }
}
