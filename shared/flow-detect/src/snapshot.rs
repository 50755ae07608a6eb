//! A finding as a value that can be kept: typed, readable, merged with later looks at the same episode, and made a
//! finding again.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use flow_query::KeyPart;
use serde::{Deserialize, Serialize};

use crate::episode::Episode;
use crate::finding::{Finding, FindingId, Status};
use crate::rule::{Mode, Severity};
use crate::rule_set::RuleSet;
use crate::scope::Scope;
use crate::stored_value::Named;
use crate::window::Window;

/// Everything that messages need of one finding, without its rule's words.
///
/// Equal findings make equal snapshots. Reading refuses keys that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingSnapshot {
    pub(crate) id: FindingId,
    pub(crate) rule: String,
    pub(crate) severity: Severity,
    pub(crate) mode: Mode,
    scope: StoredScope,
    /// What tells the rule's findings apart.
    group: Vec<Named>,
    /// The only addresses and interface beside it.
    only: Vec<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interface: Option<String>,
    /// Only where the scope has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_group: Option<String>,
    pub(crate) span: Window,
    peak: Peak,
    totals: Vec<Named>,
    first_seen: u64,
    pub(crate) last_seen: u64,
    #[serde(default, rename = "delayed", skip_serializing_if = "std::ops::Not::not")]
    is_delayed: bool,
}

/// The window shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Peak {
    window: Window,
    values: Vec<Named>,
    samples: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredScope {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vpc: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_group: Option<Box<str>>,
}

impl Peak {
    /// Which of two windows is shown: that with the larger first value, then the earlier. The same window looked at
    /// twice goes by its other values and its samples, only so that there is always one answer.
    fn compare(&self, other: &Peak) -> Ordering {
        let values = |from: usize| {
            let pairs = self.values.iter().zip(&other.values).skip(from);
            let mut orders = pairs.map(|(mine, theirs)| mine.value.compare(&theirs.value));
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let first = self.values.first().zip(other.values.first());
        let first = first.map_or(Ordering::Equal, |(mine, theirs)| mine.value.compare(&theirs.value));
        first
            .then_with(|| Reverse(self.window).cmp(&Reverse(other.window)))
            .then_with(|| values(1))
            .then_with(|| self.samples.len().cmp(&other.samples.len()))
            .then_with(|| other.samples.cmp(&self.samples))
    }
}

impl FindingSnapshot {
    /// What `finding` says now.
    pub fn of(finding: &Finding<'_>) -> Self {
        let Finding {
            id,
            rule,
            severity,
            subject,
            scope,
            interface,
            log_group,
            episode,
            is_delayed,
            status: _,
            episodes: _,
        } = finding;
        let named = |(name, part): &(String, KeyPart)| Named::new(name, &part.value());
        let (group, only) = subject.split_at(subject.len().min(rule.identity_names().count()));
        FindingSnapshot {
            id: id.clone(),
            rule: rule.id.clone(),
            severity: *severity,
            mode: rule.mode,
            scope: StoredScope {
                account: scope.account.clone(),
                region: scope.region.clone(),
                vpc: scope.vpc.clone(),
                log_group: scope.log_group.clone(),
            },
            group: group.iter().map(named).collect(),
            only: only.iter().map(named).collect(),
            interface: interface.clone(),
            log_group: log_group.clone().filter(|_| scope.log_group.is_none()),
            span: episode.span,
            peak: Peak {
                window: episode.window,
                values: finding.values().map(|(name, value)| Named::new(name, value)).collect(),
                samples: episode.samples.clone(),
            },
            totals: finding.totals().map(|(name, total)| Named::new(name, total)).collect(),
            first_seen: episode.first_seen,
            last_seen: episode.last_seen,
            is_delayed: *is_delayed,
        }
    }

    /// Its rule's severity when it was seen.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Adds another look at the same episode, whichever of them is the newer. Commutative, associative, idempotent.
    ///
    /// The window shown is that with the largest first value, the earliest of several; the span and the times seen
    /// are those of both; of each total the larger stays, since panes expire and a later look may see fewer of them;
    /// what is not the only one in both looks is left out; it is delayed if both were. Scope and rule are the same wherever
    /// the id is.
    pub fn merge(&mut self, other: &FindingSnapshot) {
        self.severity = self.severity.max(other.severity);
        self.only.retain(|part| other.only.contains(part));
        if self.interface != other.interface {
            self.interface = None;
        }
        if self.log_group != other.log_group {
            self.log_group = None;
        }
        self.span = self.span.join(other.span);
        if self.peak.compare(&other.peak).is_lt() {
            self.peak = other.peak.clone();
        }
        for (mine, theirs) in self.totals.iter_mut().zip(&other.totals) {
            if mine.value.compare(&theirs.value).is_lt() {
                *mine = theirs.clone();
            }
        }
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.is_delayed &= other.is_delayed;
    }

    /// Whether both are by the same names: a rule that was rewritten in between gives other ones.
    pub(crate) fn is_like(&self, other: &FindingSnapshot) -> bool {
        let names = |snapshot: &FindingSnapshot| {
            let parts = [&snapshot.group, &snapshot.peak.values, &snapshot.totals];
            parts.map(|part| part.iter().map(|named| named.name.clone()).collect::<Vec<_>>())
        };
        names(self) == names(other)
    }

    /// Takes everything from `other` but what decides when something is told.
    pub(crate) fn take_details(&mut self, other: &FindingSnapshot) {
        let mine = (self.id.clone(), self.rule.clone(), self.severity, self.mode, self.span);
        *self = other.clone();
        (self.id, self.rule, self.severity, self.mode, self.span) = mine;
    }
}

impl<'r> Finding<'r> {
    /// The finding that was kept, to be told with `status`; none when `rules` no longer has its rule.
    ///
    /// Its words are the rule's of today, its severity is that of its time. A value that the rule has renamed since is
    /// absent.
    pub fn restore(snapshot: &FindingSnapshot, rules: &'r RuleSet, status: Status) -> Option<Self> {
        let rule = rules.find(&snapshot.rule)?;
        let find = |values: &[Named], name: &str| {
            values.iter().find(|value| value.name == name).map(|value| value.value.to_value())
        };
        let FindingSnapshot { peak, scope, .. } = snapshot;
        let names = || rule.query.aggregate_names();
        let value = |name| find(&peak.values, name).unwrap_or(flow_query::Value::Absent);
        let subject = snapshot.group.iter().chain(&snapshot.only);
        Some(Finding {
            id: snapshot.id.clone(),
            rule,
            severity: snapshot.severity,
            status,
            subject: subject.map(|part| (part.name.clone(), part.value.to_key_part())).collect(),
            scope: Arc::new(Scope {
                account: scope.account.clone(),
                region: scope.region.clone(),
                vpc: scope.vpc.clone(),
                log_group: scope.log_group.clone(),
            }),
            interface: snapshot.interface.clone(),
            log_group: scope.log_group.as_deref().map(str::to_owned).or_else(|| snapshot.log_group.clone()),
            episode: Episode {
                window: peak.window,
                span: snapshot.span,
                values: names().map(value).collect(),
                totals: names().map(|name| find(&snapshot.totals, name)).collect(),
                first_seen: snapshot.first_seen,
                last_seen: snapshot.last_seen,
                samples: peak.samples.clone(),
            },
            is_delayed: snapshot.is_delayed,
            episodes: 1,
        })
    }
}
