//! Events that no invocation has worked through: every try of theirs failed, and they were kept somewhere.
//!
//! As long as their records still count, an event is best invoked again. Past that an invocation would only count it as
//! late. Then all such events are looked at together, as windows that closed long ago, and what is found is told as
//! delayed.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use flow_detect::{Deltas, EpisodeRecord, Finding, GroupId, Rule, StateKey, Telling, Watermark};
use flow_envelope::EnvelopeError;

use crate::kept_panes::{DEFAULT_MAX_GROUPS, KeptPanes, Stored};
use crate::merging::opened;
use crate::notifier::Notifier;
use crate::pipeline::{Definitions, Pipeline, RunError};
use crate::report::Report;
use crate::run::{Failure, Run};
use crate::state_store::{ItemKey, StateStore};
use crate::store_error::StoreError;
use crate::telling::{delayed_key, delayed_keys, record_key};

/// How many findings are claimed and told before the clock is asked again: no more than a claim has time for.
const TOLD_AT_ONCE: usize = 20;

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
    unjudged: BTreeSet<&'p str>,
    /// What late events may have added to state before they failed: of each item their fingerprints and groups.
    added: BTreeMap<ItemKey, Vec<(u128, GroupId)>>,
    report: Report,
}

impl<S: StateStore, N: Notifier> Pipeline<S, N> {
    /// No events yet; `now` is the clock in Unix seconds.
    pub fn late_events<'p>(&'p self, definitions: &'p Definitions, now: u64) -> LateEvents<'p, S, N> {
        let panes = KeptPanes::new(DEFAULT_MAX_GROUPS);
        let unjudged = BTreeSet::new();
        LateEvents {
            pipeline: self,
            definitions,
            now,
            panes,
            unjudged,
            added: BTreeMap::new(),
            report: Report::default(),
        }
    }
}

impl<'p, S: StateStore, N: Notifier> LateEvents<'p, S, N> {
    /// Adds one event, and says what it still needs; neither live nor late is an event that no rule minds.
    ///
    /// # Errors
    /// It can't be decoded.
    pub async fn add(&mut self, payload: &[u8]) -> Result<Standing, EnvelopeError> {
        let (deltas, fingerprint) =
            self.pipeline.observe(self.definitions, payload, self.now, &mut self.report).await?;
        let (is_live, is_late) = self.standing(&deltas, self.now);
        let definitions = self.definitions;
        let rules = deltas.iter().map(|delta| definitions.rules.rule(delta.rule));
        let unjudged = rules.filter(|rule| is_late && !rule.query.is_monotone());
        self.unjudged.extend(unjudged.map(|rule| &*rule.id));
        if let Some(fingerprint) = fingerprint.filter(|_| is_late) {
            for delta in deltas.iter() {
                let key = StateKey::new(definitions.rules.rule(delta.rule), &delta.scope, &delta.group);
                let added = self.added.entry(ItemKey::of_state(&key)).or_default();
                added.push((fingerprint, delta.group_id()));
            }
        }
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
    pub async fn still_stands(
        &self,
        payload: &[u8],
        standing: Standing,
        now: u64,
    ) -> Result<bool, EnvelopeError> {
        let (deltas, _) =
            self.pipeline.observe(self.definitions, payload, now, &mut Report::default()).await?;
        Ok(self.standing(&deltas, now) == (standing.is_live, standing.is_late))
    }

    /// What the events lead to that no invocation can find any more: windows over all of them, those with something
    /// late in them. What of them is counted elsewhere is not known here: values are lower bounds, and rules that are
    /// not monotone can't be judged ([`unjudged`](Self::unjudged)).
    pub fn findings(&self) -> Vec<Finding<'p>> {
        let mut findings = self.panes.findings(&self.definitions.rules, Watermark::End);
        findings.retain(|finding| {
            let Rule { query, windowing, .. } = finding.rule;
            // A part of what was counted proves nothing to a rule that more of it may silence.
            let is_late =
                windowing.is_late(windowing.pane_of(finding.episode.first_seen), Watermark::At(self.now));
            query.is_monotone() && is_late
        });
        for finding in &mut findings {
            finding.is_delayed = true;
        }
        findings
    }

    /// The rules that match something late and can't be judged by it alone.
    pub fn unjudged(&self) -> &BTreeSet<&'p str> {
        &self.unjudged
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
            let record = self.record_at(run, &key).await?;
            let telling = run.observe(record, from_ref(&finding)).step.telling;
            outlook.push((finding, telling));
        }
        Ok(outlook)
    }

    /// Findings with the keys of their records: the last episode of an id goes where any episode goes, unless a later one
    /// is known there. Every earlier one gets a record of its own, so that it is told, and told once, whatever came after.
    async fn recorded_at(
        &self,
        run: &mut Run<'p, S, N>,
    ) -> Result<Vec<(ItemKey, Finding<'p>)>, StoreError<S::Error>> {
        let mut findings = self.findings();
        findings.extend(self.counted_and_untold(run).await?);
        findings.sort_by(|left, right| (&left.id, left.episode.span).cmp(&(&right.id, right.episode.span)));
        let mut recorded = Vec::new();
        for (place, finding) in findings.iter().enumerate() {
            let over = finding.episode.span.end + finding.rule.windowing.gap();
            let mut others = findings[place + 1..].iter().take_while(|next| next.id == finding.id);
            let is_last = !others.any(|next| next.episode.span.start >= over);
            let known = self.record_at(run, &record_key(&finding.id)).await?;
            let is_newest = known.is_none_or(|record| {
                record.is_of(&finding.episode) || is_last && record.is_before(&finding.episode)
            });
            let key = if is_newest && is_last {
                record_key(&finding.id)
            } else {
                self.own_key(run, finding).await?
            };
            recorded.push((key, finding.clone()));
        }
        Ok(recorded)
    }

    /// What stands in state with a part of some late event in it. Its tries may all have died before they told it, and by
    /// themselves late events are only a part of it.
    async fn counted_and_untold(
        &self,
        run: &mut Run<'p, S, N>,
    ) -> Result<Vec<Finding<'p>>, StoreError<S::Error>> {
        let rules = &self.definitions.rules;
        let mut found = Vec::new();
        for (key, added) in &self.added {
            let items = run.store.get(from_ref(key)).await.map_err(StoreError::Failed)?;
            let item = items.first().and_then(Option::as_ref);
            let state = opened(run.store, key, item, rules, self.now, &mut run.report).await?.readable();
            let Some(state) = state else { continue };
            let counted = added.iter().filter(|(fingerprint, _)| state.has_counted(*fingerprint));
            let groups: BTreeSet<_> = counted.map(|(_, group)| group.clone()).collect();
            let groups: Vec<_> = groups.into_iter().collect();
            let counted = state.groups().findings_of(&groups, rules, Watermark::End);
            found.extend(counted.into_iter().filter(|finding| finding.rule.query.is_monotone()));
        }
        for finding in &mut found {
            finding.is_delayed = true;
        }
        Ok(found)
    }

    /// The key of an episode that is not the newest of its id: that of the record which holds it, if there is one.
    async fn own_key(
        &self,
        run: &mut Run<'p, S, N>,
        finding: &Finding<'p>,
    ) -> Result<ItemKey, StoreError<S::Error>> {
        let keys: Vec<_> = [record_key(&finding.id)].into_iter().chain(delayed_keys(finding)).collect();
        let items = run.store.get(&keys).await.map_err(StoreError::Failed)?;
        for (key, item) in keys.into_iter().zip(items) {
            let record = run.known(&key, item.as_ref()).await?.readable();
            if record.is_some_and(|record| record.is_of(&finding.episode)) {
                return Ok(key);
            }
        }
        Ok(delayed_key(finding))
    }

    async fn record_at(
        &self,
        run: &mut Run<'p, S, N>,
        key: &ItemKey,
    ) -> Result<Option<EpisodeRecord>, StoreError<S::Error>> {
        let items = run.store.get(from_ref(key)).await.map_err(StoreError::Failed)?;
        Ok(run.known(key, items.first().and_then(Option::as_ref)).await?.readable())
    }

    fn run(&self, report: Report) -> Run<'p, S, N> {
        let Pipeline { settings, store, notifier, .. } = self.pipeline;
        Run::new(store, notifier, settings, self.definitions, self.now, report)
    }

    /// What was read so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Tells [`findings`](Self::findings) as an invocation would, each episode once, marked delayed; of what was told
    /// before nobody hears again. `clock` is asked before each claim: reading many events takes longer than a claim holds.
    pub async fn tell(mut self, clock: impl Fn() -> u64) -> Result<Report, RunError> {
        let report = std::mem::take(&mut self.report);
        let mut run = self.run(report);
        let told = self.tell_in_parts(&mut run, clock).await;
        match told {
            Ok(()) => Ok(run.report),
            Err(failure) => Err(RunError::new(failure, run.report)),
        }
    }

    async fn tell_in_parts(&self, run: &mut Run<'p, S, N>, clock: impl Fn() -> u64) -> Result<(), Failure> {
        let recorded = self.recorded_at(run).await?;
        for part in recorded.chunks(TOLD_AT_ONCE) {
            run.now = clock().max(self.now);
            run.tell_at(part.to_vec()).await?;
        }
        Ok(())
    }
}
