//! What was laid over ordinary traffic, and where to find it.

use std::net::IpAddr;

use serde::Serialize;

use crate::record::Record;
use crate::routes::Routes;
use crate::scenario::{Scenario, Staged};

/// The truth about one scenario, as far as its records have been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The ATT&CK technique; none of what is no attack.
    pub technique: Option<&'static str>,
    /// Whose doing it is, where it is one address's.
    pub actor: Option<IpAddr>,
    /// Who suffers it, where one address does.
    pub target: Option<IpAddr>,
    /// The port it is about, if one.
    pub port: Option<u16>,
    /// The interface that sees all of it.
    pub interface: String,
    /// The start of the first record, in Unix seconds.
    pub start: u64,
    /// The end of the last record.
    pub end: u64,
    /// How many records are part of it, at all interfaces.
    pub records: u64,
}

impl Label {
    pub(crate) fn new(scenario: &Scenario, staged: &Staged, routes: &Routes) -> Self {
        Label {
            scenario: scenario.name,
            technique: scenario.technique,
            actor: staged.actor,
            target: staged.target,
            port: staged.port,
            interface: routes.interface(staged.place).id.clone(),
            start: u64::MAX,
            end: 0,
            records: 0,
        }
    }

    pub(crate) fn count(&mut self, record: &Record) {
        self.start = self.start.min(record.start);
        self.end = self.end.max(record.end);
        self.records += 1;
    }

    /// One line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values always serialise")
    }
}
