//! A rule: a query with a window, a severity and the words to tell it with.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use flow_enrich::EnrichedFlow;
use flow_query::{FilterPattern, GroupKey, KeyPart, Query, Source};
use flow_record::Field;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::built_in;
use crate::logic::Logic;
use crate::rule_test::RuleTest;
use crate::scope::ScopeWidth;
use crate::text::Words;
use crate::window::Windowing;

/// How bad a finding is. OCSF's words and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Informational,
    /// Worth a look some day.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Worth waking someone.
    Critical,
}

impl Severity {
    /// All, from least to worst.
    pub const ALL: [Severity; 5] =
        [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The word in rules and findings.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The severity with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is done with a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// People are told.
    Notify,
    /// They are recorded and counted, and nobody is told.
    Observe,
    /// The rule is not run.
    Off,
}

impl Mode {
    /// All, from loudest to silent.
    pub const ALL: [Mode; 3] = [Mode::Notify, Mode::Observe, Mode::Off];

    /// The word in rules and findings.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Notify => "notify",
            Mode::Observe => "observe",
            Mode::Off => "off",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rule, compiled.
#[derive(Debug)]
pub struct Rule {
    /// Unique among rules; a contract with whoever filters findings by it.
    pub id: String,
    /// The kind of finding, in GuardDuty's grammar: `Recon:VPC/AdminPortTries`.
    pub finding_type: String,
    /// How bad its findings are.
    pub severity: Severity,
    /// What is done with them.
    pub mode: Mode,
    /// The ATT&CK technique: `T1110`.
    pub technique: String,
    /// How it divides time.
    pub windowing: Windowing,
    /// After how many seconds an ongoing finding is told again.
    pub repeat: u64,
    /// How far it looks.
    pub scope: ScopeWidth,
    /// Which lines it looks at; none is all.
    pub pattern: Option<FilterPattern>,
    /// The query's text, as written.
    pub query_text: String,
    /// The tree of that text, once someone has asked.
    pub(crate) written: OnceLock<Query>,
    /// The query, and the detector beside it.
    pub query: Logic,
    /// What of its groups tells its findings apart, by place: groups that are alike in it are one finding.
    pub(crate) identity: Vec<usize>,
    /// Those that were read with it, or since.
    pub(crate) words: OnceLock<Words>,
    /// Those of its tests that were read with it.
    pub(crate) tests: Vec<RuleTest>,
    /// The file it comes from.
    pub file: String,
    /// Whether it is part of the program: then its words and tests are read when they are asked for.
    pub(crate) is_built_in: bool,
}

impl Rule {
    /// What it tells people. No function needs that of a rule which finds nothing.
    pub fn words(&self) -> &Words {
        self.words.get_or_init(|| built_in::words(self))
    }

    /// Its tests. Those of a built-in rule are read when they are asked for: no function does.
    pub fn tests(&self) -> Cow<'_, [RuleTest]> {
        if self.is_built_in { built_in::tests(&self.file).into() } else { self.tests.as_slice().into() }
    }

    /// Whether `flow` counts: the filters hold for it, and the pattern selects its line.
    #[inline]
    pub fn matches(&self, flow: &EnrichedFlow<'_>) -> bool {
        // The filters first: they read values that are typed already.
        self.query.matches(flow) && self.selects(flow)
    }

    /// Whether the pattern, if there is one, selects the line of `flow`.
    #[inline]
    pub(crate) fn selects(&self, flow: &EnrichedFlow<'_>) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.matches(flow.record.line()))
    }

    /// What makes stored panes comparable: a hash of id, query, detector, pattern, window, pane and scope, the same on every
    /// machine.
    ///
    /// Rules with the same may add to each other's panes. Severity, texts and mode are free to change.
    pub fn state_id(&self) -> u64 {
        let Windowing { window, pane, lateness: _ } = self.windowing;
        let mut hash = Xxh3Default::new();
        let pattern = self.pattern.as_ref().map(ToString::to_string);
        let more = pattern.as_deref().into_iter().chain(self.query.detector());
        for text in [&self.id, &self.query_text, self.scope.name()].into_iter().chain(more) {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(&window.to_le_bytes());
        hash.update(&pane.to_le_bytes());
        // Windows that do not pass are not waited for: state says what passed when it was written.
        self.query.tuned().iter().for_each(|value| hash.update(&value.to_le_bytes()));
        hash.digest()
    }

    /// When a group is a finding, as text: `attempts > 100`.
    pub fn threshold(&self) -> String {
        let queried = self.written().threshold();
        match self.query.own_threshold() {
            Some(own) => format!("{own} and {queried}"),
            None => queried,
        }
    }

    /// The conditions of its filters that the CloudWatch console can test too, as text.
    pub fn console_filters(&self) -> Vec<String> {
        self.written().console_filters()
    }

    /// Its query as written, which is wanted where a finding is told, and not at every start.
    fn written(&self) -> &Query {
        self.written.get_or_init(|| Query::parse(&self.query_text).expect("the query was compiled from it"))
    }

    /// The names of what tells its findings apart, in the order in which the query groups by them.
    pub fn identity_names(&self) -> impl Iterator<Item = &str> {
        let names = self.query.group_names();
        self.identity.iter().filter_map(|place| names.get(*place)).map(String::as_str)
    }

    /// The parts of `group` that tell its finding from others, in the order of [`identity_names`](Self::identity_names).
    pub(crate) fn identity_of<'g>(&self, group: &'g GroupKey) -> impl Iterator<Item = &'g KeyPart> {
        self.identity.iter().filter_map(|place| group.parts().get(*place))
    }

    /// Whether several of its groups may be one finding.
    pub(crate) fn joins_groups(&self) -> bool {
        self.identity.len() < self.query.group_names().len()
    }

    /// What captured the records of `group`, if this rule groups by interface; may be absent.
    pub fn interface_of<'g>(&self, group: &'g GroupKey) -> Option<&'g KeyPart> {
        let place = self.query.group_place(Source::Field(Field::InterfaceId))?;
        group.parts().get(place)
    }
}
