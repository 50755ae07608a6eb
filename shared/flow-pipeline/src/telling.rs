//! Findings to people and programs: recorded and claimed in one write, published, confirmed.
//!
//! Whoever dies between two of these steps leaves a claim that runs out, and the next one who sees it tells again: at
//! least once, and twice only where nobody knows what became of a message.

use std::collections::BTreeMap;
use std::error::Error;

use flow_detect::{
    Audience, Change, EpisodeRecord, Finding, FindingId, Mode, Silence, Status, Step, Teller, Telling,
};
use flow_output::{Message, insights_link};

use crate::notifier::{Notifier, Published, Topic};
use crate::opening::{Opened, opened};
use crate::pause::before_try;
use crate::pipeline::AlertFormat;
use crate::run::{Failure, Run};
use crate::state_store::{Content, ItemKey, RECORD_KIND, StateStore, StoredItem, Write, Written};
use crate::store_error::StoreError;

/// How often a record is read and written before the event is given back: others write it too.
const TRIES: u32 = 12;

/// How often the end of a claim may fail to be written, each try with all that the store's client does by itself.
const FAILED_TRIES: u32 = 3;

/// How long a claim holds, in seconds: longer than a function may run, and less than it takes Lambda to try again.
pub const LEASE: u64 = 45;

/// How long people wait for the digest of alerts that were over the limit, in seconds.
const DIGEST_AFTER: u64 = 60;

/// A record that this invocation has claimed.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) key: ItemKey,
    pub(crate) record: EpisodeRecord,
    pub(crate) version: u64,
    pub(crate) status: Status,
}

/// What became of what was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everyone was told.
    Told,
    /// Programs were told, people wait for the digest.
    Withheld,
    /// Someone was not told, or not as far as is known.
    NotTold {
        /// Who has surely heard.
        heard: Option<Audience>,
        /// Whether it is known that the others have not: then the claim is given back. Else it runs out, and whoever sees
        /// it then tells again.
        is_known: bool,
    },
}

impl<S: StateStore, N: Notifier> Run<'_, S, N> {
    /// Records findings, and tells those that nobody has told.
    pub(crate) async fn tell(&mut self, findings: Vec<Finding<'_>>) -> Result<(), Failure> {
        self.tell_at(findings.into_iter().map(|finding| (record_key(&finding.id), finding)).collect()).await
    }

    /// [`tell`](Self::tell), each finding with the key of its record.
    pub(crate) async fn tell_at(&mut self, findings: Vec<(ItemKey, Finding<'_>)>) -> Result<(), Failure> {
        if findings.is_empty() {
            return Ok(());
        }
        let (claimed, recorded) = self.claim(findings).await;
        // What is claimed is told, whatever became of the others.
        let told = self.tell_claimed(claimed).await;
        recorded.map_err(Failure::from).and(told)
    }

    /// Records findings and claims what is to be told, in one write each. Some may be claimed when others fail.
    async fn claim(
        &mut self,
        findings: Vec<(ItemKey, Finding<'_>)>,
    ) -> (Vec<Claimed>, Result<(), StoreError<S::Error>>) {
        let mut claimed = Vec::new();
        let recorded = self.claim_into(findings, &mut claimed).await;
        (claimed, recorded)
    }

    async fn claim_into(
        &mut self,
        findings: Vec<(ItemKey, Finding<'_>)>,
        claimed: &mut Vec<Claimed>,
    ) -> Result<(), StoreError<S::Error>> {
        let mut waiting = BTreeMap::<ItemKey, Vec<Finding<'_>>>::new();
        for (key, finding) in findings {
            // The episodes of one group come in order of time.
            waiting.entry(key).or_default().push(finding);
        }
        for number in 0..TRIES {
            before_try(number).await;
            let keys: Vec<_> = waiting.keys().cloned().collect();
            let items = self.store.get(&keys).await.map_err(StoreError::Failed)?;
            let mut steps = Vec::new();
            for (key, item) in keys.into_iter().zip(items) {
                let over = item.as_ref().map(|item| item.version);
                // What can't be read is begun anew.
                let record = self.known(&key, item.as_ref()).await?.readable();
                let observed = self.observe(record, &waiting[&key]);
                steps.push((key, over, observed));
            }
            let (settled, put) = self.put_steps(steps).await;
            for (key, version, observed) in settled {
                let findings = waiting.remove(&key);
                self.count(&findings.unwrap_or_default(), &observed);
                if let Telling::Claimed(status) = observed.step.telling {
                    claimed.push(Claimed { key, record: observed.step.record, version, status });
                }
            }
            put?;
            if waiting.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Contended { tries: TRIES })
    }

    /// One record with all that is seen of it added.
    pub(crate) fn observe(&self, mut record: Option<EpisodeRecord>, findings: &[Finding<'_>]) -> Observed {
        let mut observed = None::<Observed>;
        for finding in findings {
            let suppressed = self.suppressed(finding);
            let step = EpisodeRecord::observe(record, finding, suppressed.as_deref(), self.teller());
            record = Some(step.record.clone());
            let (change, began) =
                observed.map_or((Change::Nothing, 0), |before| (before.step.change, before.began));
            let began = began + u64::from(step.began);
            let step = Step { change: change.max(step.change), ..step };
            observed = Some(Observed { step, began });
        }
        observed.expect("a record is asked for because of a finding")
    }

    /// Publishes what is claimed, and notes what became of it.
    pub(crate) async fn tell_claimed(&mut self, mut claimed: Vec<Claimed>) -> Result<(), Failure> {
        if claimed.is_empty() {
            return Ok(());
        }
        // The worst first: they are the ones that people get while there is room.
        claimed.sort_by_key(|one| std::cmp::Reverse(one.record.snapshot().severity()));
        let for_people: Vec<_> = claimed.iter().map(|one| self.is_for_people(one)).collect();
        let wanted = for_people.iter().filter(|wanted| **wanted).count();
        let granted = self.grant_alerts(wanted).await?;
        let mut outbox = Outbox::default();
        let mut endings = vec![Ending::Told; claimed.len()];
        for (place, one) in claimed.iter().enumerate() {
            let Some(finding) = one.record.finding(&self.definitions.rules, one.status) else { continue };
            let link = insights_link(&finding, self.settings.region.as_deref());
            if one.record.heard() != Some(Audience::Programs) {
                outbox.findings.push((place, Message::of_finding(&finding, link.as_deref())));
            }
            if !for_people[place] {
                continue;
            }
            if outbox.alerts.len() < granted {
                outbox.alerts.push((place, self.alert(&finding, link.as_deref())));
            } else {
                self.report.alerts_withheld += 1;
                endings[place] = Ending::Withheld;
            }
        }
        let published = self.publish(outbox, &claimed, &mut endings).await;
        self.settle(claimed.into_iter().zip(endings).collect()).await?;
        published
    }

    /// People are told of what is severe enough, except that it is over.
    fn is_for_people(&self, one: &Claimed) -> bool {
        one.status != Status::Resolved
            && one.record.snapshot().severity() >= self.settings.alert_min_severity
            && one.record.heard() != Some(Audience::People)
    }

    fn alert(&self, finding: &Finding<'_>, link: Option<&str>) -> Message {
        match self.settings.alert_format {
            AlertFormat::Text => Message::of_alert(finding, self.settings.language, link, Some(self.now)),
            AlertFormat::Chat => Message::of_chat(finding, self.settings.language, link, Some(self.now)),
        }
    }

    /// Publishes to both topics before it tells of any failure: one topic that fails keeps nothing from the other.
    async fn publish(
        &mut self,
        outbox: Outbox,
        claimed: &[Claimed],
        endings: &mut [Ending],
    ) -> Result<(), Failure> {
        let mut heard: Vec<_> = claimed.iter().map(|one| one.record.heard()).collect();
        for (place, _) in &outbox.alerts {
            heard[*place] = Some(Audience::People);
        }
        let total = outbox.findings.len() + outbox.alerts.len();
        let (mut failed, mut first) = (0, None::<Box<dyn Error + Send + Sync>>);
        let mut unsent_alerts = 0;
        // People first: their topic gets few messages, and time may run out.
        for (topic, messages) in [(Topic::Alerts, outbox.alerts), (Topic::Findings, outbox.findings)] {
            let (places, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
            for (place, outcome) in places.into_iter().zip(self.send(topic, &messages).await) {
                if let Err(error) = outcome {
                    let is_unsent = self.notifier.is_unsent(&error);
                    let (heard, is_known) = match (topic, endings[place]) {
                        (Topic::Alerts, _) => (Some(Audience::Programs), is_unsent),
                        (Topic::Findings, Ending::Told) => (heard[place], is_unsent),
                        (Topic::Findings, Ending::Withheld) => (None, is_unsent),
                        (Topic::Findings, Ending::NotTold { is_known, .. }) => (None, is_known && is_unsent),
                    };
                    endings[place] = Ending::NotTold { heard, is_known };
                    failed += 1;
                    unsent_alerts += u64::from(topic == Topic::Alerts && is_unsent);
                    first.get_or_insert(Box::new(error));
                }
            }
        }
        self.return_alerts(unsent_alerts).await?;
        match first {
            None => Ok(()),
            Some(first) => Err(Failure::Publish { failed, total, first }),
        }
    }

    /// Publishes to one topic and counts what went out.
    pub(crate) async fn send(&mut self, topic: Topic, messages: &[Message]) -> Vec<Result<(), N::Error>> {
        if messages.is_empty() {
            return Vec::new();
        }
        let outcomes = self.notifier.publish(topic, messages).await;
        let mut count = |outcome: Published| {
            let counts = match outcome {
                Published::Sent => &mut self.report.published,
                Published::NoTopic => &mut self.report.without_topic,
            };
            *counts.entry(topic.name()).or_default() += 1;
        };
        outcomes.into_iter().map(|outcome| outcome.map(&mut count)).collect()
    }

    /// Notes what became of claims. A claim that has passed to someone else is his.
    pub(crate) async fn settle(
        &mut self,
        mut waiting: Vec<(Claimed, Ending)>,
    ) -> Result<(), StoreError<S::Error>> {
        let mut failures = 0;
        for number in 0..TRIES {
            before_try(number).await;
            if number > 0 {
                match self.read_again(&waiting).await {
                    Ok(again) => waiting = again,
                    Err(error) => {
                        failures += 1;
                        if failures == FAILED_TRIES {
                            return Err(error);
                        }
                        continue;
                    }
                }
            }
            let mut writes = Vec::new();
            waiting.retain(|(one, ending)| match self.ended(one, *ending) {
                Some(record) => {
                    writes.push(record_write(&one.key, Some(one.version), &record));
                    true
                }
                None => false,
            });
            if waiting.is_empty() {
                return Ok(());
            }
            let mut written = self.store.put(&writes).await.into_iter();
            let mut failure = None;
            waiting.retain(|_| match written.next() {
                Some(Ok(Written::Done)) | None => false,
                Some(Ok(Written::Conflict)) => true,
                Some(Err(error)) => {
                    failure.get_or_insert(error);
                    true
                }
            });
            failures += u32::from(failure.is_some());
            match failure {
                // What was told and is not noted is told again: it is worth another try.
                Some(error) if failures == FAILED_TRIES => return Err(StoreError::Failed(error)),
                None if waiting.is_empty() => return Ok(()),
                _ => {}
            }
        }
        Err(StoreError::Contended { tries: TRIES })
    }

    /// Claims with the records as others have left them; without those that are gone.
    async fn read_again(
        &mut self,
        claims: &[(Claimed, Ending)],
    ) -> Result<Vec<(Claimed, Ending)>, StoreError<S::Error>> {
        let keys: Vec<_> = claims.iter().map(|(one, _)| one.key.clone()).collect();
        let items = self.store.get(&keys).await.map_err(StoreError::Failed)?;
        let mut current = Vec::new();
        for ((one, ending), item) in claims.iter().zip(items) {
            let version = item.as_ref().map_or(0, |item| item.version);
            if let Some(record) = self.known(&one.key, item.as_ref()).await?.readable() {
                let (key, status) = (one.key.clone(), one.status);
                current.push((Claimed { key, record, version, status }, *ending));
            }
        }
        Ok(current)
    }

    /// The record once its claim has ended; none when the claim is no longer this invocation's.
    fn ended(&self, one: &Claimed, ending: Ending) -> Option<EpisodeRecord> {
        let record = one.record.clone();
        match ending {
            Ending::Told => record.confirm(&self.token, self.now),
            Ending::Withheld => record.confirm_withheld(&self.token, self.now, self.now + DIGEST_AFTER),
            Ending::NotTold { heard, is_known: true } => record.release(&self.token, self.now, heard),
            Ending::NotTold { heard, is_known: false } => record.hold(&self.token, heard),
        }
    }

    /// Writes what changed; returns what is settled, written or in no need of it, and whether all could be written.
    /// Conflicts are left out.
    pub(crate) async fn put_steps(
        &mut self,
        steps: Vec<(ItemKey, Option<u64>, Observed)>,
    ) -> (Vec<(ItemKey, u64, Observed)>, Result<(), StoreError<S::Error>>) {
        let is_changed = |observed: &Observed| observed.step.change != Change::Nothing;
        let writes: Vec<_> = steps
            .iter()
            .filter(|(.., observed)| is_changed(observed))
            .map(|(key, over, observed)| record_write(key, *over, &observed.step.record))
            .collect();
        let outcomes = if writes.is_empty() { Vec::new() } else { self.store.put(&writes).await };
        let mut outcomes = writes.iter().map(Write::version).zip(outcomes);
        let mut settled = Vec::new();
        let mut failure = None;
        for (key, over, observed) in steps {
            if !is_changed(&observed) {
                settled.push((key, over.unwrap_or_default(), observed));
                continue;
            }
            match outcomes.next() {
                Some((version, Ok(Written::Done))) => settled.push((key, version, observed)),
                Some((_, Ok(Written::Conflict))) | None => {}
                Some((_, Err(error))) => failure = Some(error),
            }
        }
        (settled, failure.map_or(Ok(()), |error| Err(StoreError::Failed(error))))
    }

    /// The record in an item that was read.
    pub(crate) async fn known(
        &mut self,
        key: &ItemKey,
        item: Option<&StoredItem>,
    ) -> Result<Opened<EpisodeRecord>, StoreError<S::Error>> {
        let read = |content: &Content| match content {
            Content::Text(json) => EpisodeRecord::from_json(json).map_err(|error| error.to_string()),
            Content::Binary(_) => Err("expected text, found bytes".to_owned()),
        };
        opened(self.store, key, item, self.now, &mut self.report, read).await
    }

    pub(crate) fn teller(&self) -> Teller<'_> {
        Teller { token: &self.token, now: self.now, lease: LEASE }
    }

    /// Why nobody is to be told of a finding, if so.
    fn suppressed(&self, finding: &Finding<'_>) -> Option<String> {
        let entry = self.definitions.suppressions.matching(finding, self.now)?;
        Some(entry.reason.clone())
    }

    /// Why nobody is to be told of what a record holds, if so.
    pub(crate) fn suppressed_record(&self, record: &EpisodeRecord) -> Option<String> {
        let finding = record.finding(&self.definitions.rules, Status::Ongoing)?;
        self.suppressed(&finding)
    }

    fn count(&mut self, findings: &[Finding<'_>], observed: &Observed) {
        let Some(finding) = findings.first() else { return };
        let rule = &finding.rule.id;
        if observed.began > 0 {
            *self.report.findings.entry(rule.clone()).or_default() += observed.began;
            self.report.observed += if finding.rule.mode == Mode::Notify { 0 } else { observed.began };
        }
        let looks = self.report.looks.entry(rule.clone()).or_default();
        looks.seen += findings.len() as u64;
        looks.began += observed.began;
        match observed.step.telling {
            Telling::Silent(Silence::HeldBack) => {
                self.report.held_back += observed.began;
                looks.held_back += observed.began;
            }
            Telling::Silent(Silence::Suppressed) => {
                self.report.suppressed += observed.began;
                looks.suppressed += observed.began;
            }
            Telling::Silent(Silence::Superseded) => self.report.superseded += 1,
            _ => {}
        }
    }
}

/// What an invocation saw of one record.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) step: Step,
    /// Episodes that began.
    pub(crate) began: u64,
}

/// Messages on their way out, each with the place of what it tells of.
#[derive(Debug, Default)]
struct Outbox {
    findings: Vec<(usize, Message)>,
    alerts: Vec<(usize, Message)>,
}

/// Where the newest episode of a finding is recorded.
pub(crate) fn record_key(id: &FindingId) -> ItemKey {
    ItemKey::new(RECORD_KIND, id)
}

/// Where an episode is recorded that was found long after it was over, beside the newest.
pub(crate) fn delayed_key(finding: &Finding<'_>) -> ItemKey {
    key_by_time(finding, finding.episode.span.start)
}

/// The most keys that are looked at for one episode.
const MOST_PARTS: usize = 100;

/// Where it may be recorded already, found from other parts of it: it begins or ends within a gap of its neighbours.
pub(crate) fn delayed_keys(finding: &Finding<'_>) -> impl Iterator<Item = ItemKey> {
    let (span, gap) = (finding.episode.span, finding.rule.windowing.gap());
    let around = span.start.saturating_sub(2 * gap)..=span.end + gap;
    around
        .step_by(usize::try_from(gap).unwrap_or(usize::MAX))
        .take(MOST_PARTS)
        .map(|time| key_by_time(finding, time))
}

/// One key for each gap between episodes: no two episodes begin in one.
fn key_by_time(finding: &Finding<'_>, time: u64) -> ItemKey {
    let gap = finding.rule.windowing.gap();
    ItemKey::new(RECORD_KIND, format_args!("{}/{}", finding.id, time / gap * gap))
}

fn record_write(key: &ItemKey, over: Option<u64>, record: &EpisodeRecord) -> Write {
    Write {
        key: key.clone(),
        content: Content::Text(record.to_json()),
        over,
        expires_at: record.expires_at(),
        due_at: record.due_at(),
    }
}
