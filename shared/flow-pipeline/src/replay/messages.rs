//! The messages of a replay: counted by rule, day and finding as they would be sent, and not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flow_detect::{Severity, Status};
use flow_output::Message;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::notifier::{Notifier, Published, Topic};
use crate::replay::DAY;
use crate::replay::history::{SubjectHistory, Told};

/// The most days of a rule, and the most days with digests, that are counted apart: 27 years. A time that a log makes up
/// may lie anywhere.
const MAX_DAYS: usize = 10_000;

/// The most findings of a rule that are counted apart.
const MAX_SUBJECTS: usize = 200_000;

/// Takes every message and counts it.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// The least severity of which people are told.
    least: Severity,
    counts: Mutex<Counts>,
}

/// Messages so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rules: BTreeMap<String, RuleCounts>,
    /// By day.
    pub(super) digests: BTreeMap<u64, u64>,
    /// The clock, in Unix seconds.
    now: u64,
    /// Findings of which people were told in this invocation: programs are told right after them.
    alerted: BTreeSet<String>,
}

/// Messages about one rule.
#[derive(Debug, Default)]
pub(super) struct RuleCounts {
    pub(super) told: Told,
    pub(super) days: BTreeMap<u64, Told>,
    /// By the finding's id.
    pub(super) subjects: BTreeMap<String, SubjectHistory>,
}

/// What is read of a finding's JSON.
#[derive(Debug, Deserialize)]
struct FindingMessage {
    id: String,
    rule: String,
    severity: Severity,
    status: Status,
    subject: Map<String, Json>,
}

/// What is read of an alert for chat; a digest is about no one finding.
#[derive(Debug, Deserialize)]
struct AlertMessage {
    id: Option<String>,
}

impl Mailbox {
    /// People are told of findings from this severity up.
    pub(super) fn new(least: Severity) -> Self {
        Mailbox { least, counts: Mutex::default() }
    }

    /// From now on messages are sent at this Unix second.
    pub(super) fn set_clock(&self, now: u64) {
        let mut counts = self.lock();
        counts.now = now;
        counts.alerted.clear();
    }

    /// What was counted; from now on it counts anew.
    pub(super) fn take(&self) -> Counts {
        mem::take(&mut *self.lock())
    }

    /// Counts are only added to: under a poisoned lock the last of them may be missing.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier for Mailbox {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        let mut counts = self.lock();
        for Message { body, .. } in messages {
            match topic {
                Topic::Alerts => {
                    let alert: AlertMessage = serde_json::from_str(body).expect("an alert for chat is JSON");
                    counts.add_alert(alert);
                }
                Topic::Findings => {
                    let finding = serde_json::from_str(body).expect("a finding is JSON with all of these");
                    counts.add_finding(finding, self.least);
                }
            }
        }
        vec![Ok(Published::Sent); messages.len()]
    }
}

impl Counts {
    fn add_alert(&mut self, alert: AlertMessage) {
        match alert.id {
            Some(id) => _ = self.alerted.insert(id),
            None => {
                if let Some(digests) = counted(&mut self.digests, self.now / DAY * DAY, MAX_DAYS) {
                    *digests += 1;
                }
            }
        }
    }

    /// Programs are told of every finding, and after people: those of which people should be told and were not are left
    /// to a digest.
    fn add_finding(&mut self, finding: FindingMessage, least: Severity) {
        let FindingMessage { id, rule, severity, status, subject } = finding;
        let is_alerted = self.alerted.remove(&id);
        let is_for_people = status.is_for_people() && severity >= least;
        let add = |told: &mut Told| {
            told.people += u64::from(is_alerted);
            told.in_digests += u64::from(is_for_people && !is_alerted);
            for (known, count) in Status::ALL.into_iter().zip(&mut told.by_status) {
                *count += u64::from(known == status);
            }
        };
        let now = self.now;
        let counts = self.rules.entry(rule).or_default();
        add(&mut counts.told);
        counted(&mut counts.days, now / DAY * DAY, MAX_DAYS).map(add);
        if counts.subjects.len() < MAX_SUBJECTS || counts.subjects.contains_key(&id) {
            let new =
                || SubjectHistory { id: id.clone(), subject, told: Told::default(), first: now, last: now };
            let known = counts.subjects.entry(id.clone()).or_insert_with(new);
            add(&mut known.told);
            known.last = now;
        }
    }
}

/// What is counted under `key`, if it is known or there is room for it.
fn counted<K: Ord, V: Default>(counts: &mut BTreeMap<K, V>, key: K, most: usize) -> Option<&mut V> {
    if counts.len() >= most && !counts.contains_key(&key) {
        return None;
    }
    Some(counts.entry(key).or_default())
}
