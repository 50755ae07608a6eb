//! Findings: something to tell people.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use flow_query::{KeyPart, Source, Value};
use flow_record::Field;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::episode::Episode;
use crate::groups::GroupId;
use crate::rule::{Rule, Severity};
use crate::scope::Scope;
use crate::text::Language;

/// The identity of a finding: 32 hexadecimal digits from rule, scope and what of the group tells findings apart, without
/// time, so that every episode of the same thing has the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(String);

impl FindingId {
    fn new(rule: &Rule, id: &GroupId) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| {
            // Lengths keep parts apart; a length that no text has stands for absence.
            hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            hash.update(text.unwrap_or_default());
        };
        part(Some(&rule.id));
        id.scope.parts().into_iter().for_each(&mut part);
        for key in rule.identity_of(&id.group) {
            match key {
                KeyPart::Absent => part(None),
                present => part(Some(&present.to_string())),
            }
        }
        let mut digits = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            // Writing to a String can't fail.
            let _ = write!(digits, "{byte:02x}");
        }
        FindingId(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a finding is in its life, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// This episode has not been told before.
    New,
    /// It was told before and still goes on.
    Ongoing,
    /// It was told before, with a lower severity.
    SeverityRaised,
    /// It was told before and is over.
    Resolved,
}

impl Status {
    /// All, in the order of a life.
    pub const ALL: [Status; 4] = [Status::New, Status::Ongoing, Status::SeverityRaised, Status::Resolved];

    /// The word in findings.
    pub fn name(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Ongoing => "ongoing",
            Status::SeverityRaised => "severity_raised",
            Status::Resolved => "resolved",
        }
    }

    /// Whether people are told too: that something is over, only programs are.
    pub fn is_for_people(self) -> bool {
        self != Status::Resolved
    }
}

/// The port that a subject, or a part of it, is about: the destination's, or the server's.
pub fn port_of(subject: &[(String, KeyPart)]) -> Option<u16> {
    subject.iter().find_map(|(name, part)| match part {
        KeyPart::Integer(port) if name == "dstPort" || name == "serverPort" => u16::try_from(*port).ok(),
        _ => None,
    })
}

/// The interface that a subject, or a part of it, is about.
pub fn interface_of(subject: &[(String, KeyPart)]) -> Option<&str> {
    subject.iter().find_map(|(name, part)| match part {
        KeyPart::Text(interface) if name == "interfaceId" => Some(&**interface),
        _ => None,
    })
}

/// One episode of one group of one rule.
#[derive(Debug, Clone)]
pub struct Finding<'r> {
    /// Its identity.
    pub id: FindingId,
    /// The rule that found it.
    pub rule: &'r Rule,
    /// How bad it is: the rule's severity when it was seen.
    pub severity: Severity,
    /// Where it is in its life.
    pub status: Status,
    /// What it is about: what tells the rule's findings apart, then the only addresses and interface if not among it.
    pub subject: Vec<(String, KeyPart)>,
    /// Where it belongs.
    pub scope: Arc<Scope>,
    /// The only interface it was seen at.
    pub interface: Option<String>,
    /// The only log group its records came from: the scope's, else what they have in common.
    pub log_group: Option<String>,
    /// What was seen.
    pub episode: Episode,
    /// Whether it was seen only in events that were worked through long after their time.
    pub is_delayed: bool,
    /// How many episodes a message tells of: this one, and those of the same finding that nobody was told of since the last
    /// message.
    pub episodes: u64,
}

impl<'r> Finding<'r> {
    pub(crate) fn new(rule: &'r Rule, id: &GroupId, episode: Episode, context: &Context) -> Self {
        let names = rule.identity_names().map(str::to_owned);
        let mut subject: Vec<_> = names.zip(rule.identity_of(&id.group).cloned()).collect();
        let address = |address| KeyPart::Address(address);
        let interface = context.interface().map(str::to_owned);
        for (field, value) in [
            (Field::SrcAddr, context.src_addr().map(address)),
            (Field::DstAddr, context.dst_addr().map(address)),
            (Field::InterfaceId, interface.clone().map(|interface| KeyPart::Text(interface.into()))),
        ] {
            let place = rule.query.group_place(Source::Field(field));
            if let Some(value) = value
                && place.is_none_or(|place| !rule.identity.contains(&place))
            {
                subject.push((field.insights_name().to_owned(), value));
            }
        }
        let (scope, id) = (Arc::clone(&id.scope), FindingId::new(rule, id));
        let (severity, status) = (rule.severity, Status::New);
        let log_group = scope.log_group.as_deref().or(context.log_group()).map(str::to_owned);
        Finding {
            id,
            rule,
            severity,
            status,
            subject,
            scope,
            interface,
            log_group,
            episode,
            is_delayed: false,
            episodes: 1,
        }
    }

    /// The names and values of its aggregates.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value<'static>)> {
        self.rule.query.aggregate_names().zip(&self.episode.values)
    }

    /// The names and totals of its aggregates, where they add up over the episode.
    pub fn totals(&self) -> impl Iterator<Item = (&str, &Value<'static>)> {
        let totals = self.rule.query.aggregate_names().zip(&self.episode.totals);
        totals.filter_map(|(name, total)| total.as_ref().map(|total| (name, total)))
    }

    /// The rule's explanation with this finding's values in it, as plain text that may hold hostile characters.
    pub fn explanation(&self, language: Language) -> String {
        self.explanation_with(language, |_, value| value.to_string())
    }

    /// The same with each value shown by `show`, which gets its name.
    pub fn explanation_with(&self, language: Language, show: impl Fn(&str, &Value<'_>) -> String) -> String {
        self.rule.words().explain.get(language).fill(|name| {
            let subject = self.subject.iter().find(|(subject, _)| subject == name);
            let value = self.values().find(|(value, _)| *value == name);
            subject
                .map(|(_, part)| show(name, &part.value()))
                .or_else(|| value.map(|(_, value)| show(name, value)))
        })
    }
}
