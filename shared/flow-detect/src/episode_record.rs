//! What a store keeps of one finding id: its newest episode, what was told of it, and who is telling it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::episode::Episode;
use crate::finding::{Finding, FindingId, Status};
use crate::rule::{Mode, Rule, Severity};
use crate::rule_set::RuleSet;
use crate::snapshot::FindingSnapshot;
use crate::state::delay;
use crate::window::Window;

/// The version of a record's shape: any change to it needs another, and a reader of both.
pub const RECORD_SCHEMA: &str = "flowgauge.episode/1";

/// How long a record is kept after everything about it has been said, in seconds: long enough to be looked at after a
/// holiday, and for a tick that stood still to be mended.
const KEPT: u64 = 7 * 86_400;

/// The most earlier episodes that a record remembers the spans of.
pub(crate) const MAX_EARLIER: usize = 8;

/// The newest episode of one finding id and what was told of it.
///
/// Stored as JSON ([`to_json`](Self::to_json)) beside [`due_at`](Self::due_at) and [`expires_at`](Self::expires_at);
/// its transitions are in the module `life`. Times are Unix seconds by the clock, those of the finding by its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeRecord {
    pub(crate) schema: Schema,
    /// The episode, merged from every look at it.
    pub(crate) finding: FindingSnapshot,
    pub(crate) pace: Pace,
    /// The number of this episode among those of its id, from 1.
    pub(crate) episode: u64,
    /// Episodes that came to light after a later one had been recorded: they are told by their number alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) overtaken: u64,
    /// The spans of earlier episodes, the last [`MAX_EARLIER`] recorded: they may be seen again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<Window>,
    /// When this episode was first recorded.
    pub(crate) began: u64,
    /// How long ago the newest record was when it was seen, in seconds: others are taken to be under way as long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) delay: u64,
    /// Why nobody is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suppressed: Option<String>,
    /// What was told last; the beginning of this episode is told when that was of this episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<Told>,
    /// Programs were told and people were not: when the digest that tells them is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest_at: Option<u64>,
    /// Who is telling now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claim: Option<Claim>,
    /// When the episode was taken for over, and programs told or nobody to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resolved: Option<u64>,
    /// Since when a tick has not known its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule_gone: Option<u64>,
    /// When the tick is to look: no later than something has to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<u64>,
}

/// [`RECORD_SCHEMA`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Schema {
    #[serde(rename = "flowgauge.episode/1")]
    One,
}

/// The rule's times, in seconds: they must be known when the rule has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pace {
    pub(crate) window: u64,
    pub(crate) lateness: u64,
    pub(crate) repeat: u64,
}

impl Pace {
    pub(crate) fn of(rule: &Rule) -> Self {
        Pace { window: rule.windowing.window, lateness: rule.windowing.lateness, repeat: rule.repeat }
    }

    /// Spans at least this far apart are two episodes.
    pub(crate) fn gap(self) -> u64 {
        self.window.saturating_mul(2)
    }
}

/// What was told last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub(crate) at: u64,
    pub(crate) status: Status,
    pub(crate) severity: Severity,
    pub(crate) last_seen: u64,
    pub(crate) episode: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) overtaken: u64,
}

/// Someone is telling, and has until `until`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    pub(crate) token: String,
    pub(crate) until: u64,
    pub(crate) purpose: Purpose,
    /// What is being told, as far as it is remembered once it is.
    pub(crate) severity: Severity,
    pub(crate) last_seen: u64,
    pub(crate) episode: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) overtaken: u64,
    /// Who has heard already, of an earlier try that reached only one of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heard: Option<Audience>,
}

/// Whom a finding is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Readers of alerts.
    People,
    /// Readers of findings as JSON.
    Programs,
}

/// What a claim is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// A message of its own.
    Tell(Status),
    /// A line in the digest.
    Digest,
}

/// Whether the beginning of the episode was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    Untold,
    /// It began when the finding had been told shortly before.
    HeldBack,
    Told,
}

/// Why a stored record can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is of another version, or no record.
    #[error("expected a record of schema {RECORD_SCHEMA}, found {found:?}")]
    Schema {
        /// Its schema; none when it says none.
        found: Option<String>,
    },
    /// It says that it is of this version and is not.
    #[error("reading a record of schema {RECORD_SCHEMA}: {0}")]
    Shape(#[source] serde_json::Error),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl EpisodeRecord {
    /// The record of a first episode, before anything is told of it.
    pub(crate) fn begin(finding: FindingSnapshot, pace: Pace, now: u64) -> Self {
        EpisodeRecord {
            schema: Schema::One,
            delay: delay(finding.last_seen, now),
            finding,
            pace,
            episode: 1,
            overtaken: 0,
            earlier: Vec::new(),
            began: now,
            suppressed: None,
            told: None,
            digest_at: None,
            claim: None,
            resolved: None,
            rule_gone: None,
            due: None,
        }
    }

    /// The record as JSON on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("its keys are texts and its floats are texts: JSON has them all")
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When it is of another version, or not of this version's shape.
    pub fn from_json(json: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            schema: Option<String>,
        }
        let Version { schema } = serde_json::from_str(json).map_err(RecordError::Shape)?;
        if schema.as_deref() != Some(RECORD_SCHEMA) {
            return Err(RecordError::Schema { found: schema });
        }
        serde_json::from_str(json).map_err(RecordError::Shape)
    }

    /// The finding's id.
    pub fn id(&self) -> &FindingId {
        &self.finding.id
    }

    /// The id of its rule.
    pub fn rule(&self) -> &str {
        &self.finding.rule
    }

    /// The episode as merged so far.
    pub fn snapshot(&self) -> &FindingSnapshot {
        &self.finding
    }

    /// The finding as it is to be told with `status`; none when its rule has gone.
    pub fn finding<'r>(&self, rules: &'r RuleSet, status: Status) -> Option<Finding<'r>> {
        let finding = Finding::restore(&self.finding, rules, status)?;
        Some(Finding { episodes: self.untold_episodes().max(1), ..finding })
    }

    /// Why nobody is to be told, if so.
    pub fn suppressed(&self) -> Option<&str> {
        self.suppressed.as_deref()
    }

    /// Whether an episode of its finding id is the one that it holds, or goes on with it.
    pub fn is_of(&self, episode: &Episode) -> bool {
        self.finding.span.is_within(self.pace.gap(), episode.span)
    }

    /// Whether the episode that it holds was over before `episode`.
    pub fn is_before(&self, episode: &Episode) -> bool {
        self.finding.span.end <= episode.span.start
    }

    /// How many episodes of its finding id were recorded.
    pub fn episodes(&self) -> u64 {
        self.episode.saturating_add(self.overtaken)
    }

    /// How many episodes, this one included, nobody was told of since the last telling.
    pub fn untold_episodes(&self) -> u64 {
        let told = self.told.as_ref().map_or(0, |told| told.episode.saturating_add(told.overtaken));
        self.episodes().saturating_sub(told)
    }

    /// Whether people wait for a digest with this finding in it.
    pub fn waits_for_digest(&self) -> bool {
        self.digest_at.is_some()
    }

    /// Who has heard already of what is claimed, because an earlier try reached only them.
    pub fn heard(&self) -> Option<Audience> {
        self.claim.as_ref().and_then(|claim| claim.heard)
    }

    /// The token of whoever is telling at `now`.
    pub fn claimed_by(&self, now: u64) -> Option<&str> {
        self.claim.as_ref().filter(|claim| now < claim.until).map(|claim| claim.token.as_str())
    }

    /// When the episode was taken for over.
    pub fn resolved_at(&self) -> Option<u64> {
        self.resolved
    }

    /// When the tick is to [`look`](Self::look), at the latest; none when nothing is left to be done. Observations of
    /// an episode that goes on leave it alone, so that an index over it is rarely written.
    pub fn due_at(&self) -> Option<u64> {
        self.due
    }

    /// When the record may be deleted: a week after the repeat interval, the resolution and everything else.
    pub fn expires_at(&self) -> u64 {
        let repeat = self.told.as_ref().map(|_| self.repeat_at());
        let waiting = [repeat, self.digest_at, self.claim.as_ref().map(|claim| claim.until)];
        let last = waiting.into_iter().flatten().fold(self.began, u64::max);
        last.max(self.resolves_at()).saturating_add(KEPT)
    }

    /// When nothing more is waited for that could go on with the episode.
    pub(crate) fn resolves_at(&self) -> u64 {
        // The last window that could begins just before the gap ends, and is as long as any other.
        self.goes_on_until().saturating_add(self.pace.gap())
    }

    /// Until when what was seen last may still be going on, as far as records that come late can tell.
    pub(crate) fn goes_on_until(&self) -> u64 {
        let waits = self.pace.lateness.max(self.delay);
        self.finding.span.end.saturating_add(self.pace.window).saturating_add(waits)
    }

    /// From when on the finding may be told again; 0 when it never was.
    pub(crate) fn repeat_at(&self) -> u64 {
        self.told.as_ref().map_or(0, |told| told.at.saturating_add(self.pace.repeat))
    }

    pub(crate) fn beginning(&self) -> Beginning {
        match &self.told {
            Some(told) if told.episode == self.episode => Beginning::Told,
            Some(_) if self.began < self.repeat_at() => Beginning::HeldBack,
            _ => Beginning::Untold,
        }
    }

    /// Whether something was seen that was not there at the last telling.
    pub(crate) fn has_news(&self) -> bool {
        self.told.as_ref().is_none_or(|told| self.finding.last_seen > told.last_seen)
    }

    /// Whether the rule and the suppressions let anyone be told.
    pub(crate) fn may_be_told(&self) -> bool {
        self.finding.mode == Mode::Notify && self.suppressed.is_none()
    }
}

/// The finding's id, rule and episode, for a line in a log.
impl fmt::Display for EpisodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} episode {}", self.finding.rule, self.finding.id, self.episode)
    }
}
