//! What people do not want to be told for a while: findings that are expected, each with a reason and an end.
//!
//! A suppressed finding is still found, counted and recorded; it is only not sent.

mod file;
mod index;

use std::fmt;
use std::net::IpAddr;

use flow_detect::{DefinitionError, Finding, RuleSet, interface_of, port_of};
use flow_output::show_time;
use flow_query::KeyPart;
use ipnet::IpNet;

pub use self::file::{MAX_SUPPRESSIONS, SUPPRESSION_KEYS, SuppressionKey};
use self::index::Index;

/// What ends later than this many seconds from now is worth a second look: a year and a day.
const FAR: u64 = 366 * 86_400;

/// One `[[suppress]]` entry: what it names must all be so in a finding; what it does not name may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The id of the finding's rule.
    pub rule: Option<String>,
    /// The network that an address of the finding's subject is in.
    pub network: Option<IpNet>,
    /// The finding's only interface.
    pub interface: Option<String>,
    /// The destination's or server's port in the finding's subject.
    pub port: Option<u16>,
    /// Why nobody needs to be told.
    pub reason: String,
    /// The first Unix second at which it does nothing any more.
    pub until: u64,
    /// Where in its file it stands, from 1.
    pub line: usize,
}

impl Suppression {
    /// Whether all that it names is so in `finding`, whatever the time.
    pub fn covers(&self, finding: &Finding<'_>) -> bool {
        let has_interface = |name: &str| interfaces_of(finding).any(|interface| interface == name);
        self.rule.as_ref().is_none_or(|rule| *rule == finding.rule.id)
            && self.network.is_none_or(|network| addresses_of(finding).any(|address| is_in(address, network)))
            && self.interface.as_deref().is_none_or(has_interface)
            && self.port.is_none_or(|port| port_of(&finding.subject) == Some(port))
    }

    /// Whether it does nothing any more at this Unix second.
    pub fn has_expired(&self, now: u64) -> bool {
        self.until <= now
    }
}

/// `rule admin-port-tries, 198.51.100.7/32, port 22, until 2027-02-19 00:00:00 UTC: our scanner`.
impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            self.rule.as_ref().map(|rule| format!("rule {rule}")),
            self.network.map(|network| network.to_string()),
            self.interface.as_ref().map(|interface| format!("interface {interface}")),
            self.port.map(|port| format!("port {port}")),
        ];
        named.iter().flatten().try_for_each(|named| write!(f, "{named}, "))?;
        write!(f, "until {}: {}", show_time(self.until), self.reason)
    }
}

/// All entries of a file. The default has none.
#[derive(Debug, Default)]
pub struct Suppressions {
    file: String,
    /// The latest end first, equal ones in the file's order.
    entries: Vec<Suppression>,
    index: Index,
}

impl Suppressions {
    /// Reads the file `name` with this text, of at most 1 MiB and [`MAX_SUPPRESSIONS`] entries. The same text reads the
    /// same at any time: what has expired, ends in years or names no rule is no mistake, but can be asked for.
    ///
    /// # Errors
    /// With every mistake, up to [`flow_detect::MAX_MISTAKES`]: where, what was expected and what was found.
    pub fn parse(name: &str, text: &str) -> Result<Self, SuppressionsError> {
        let mut entries = file::read(name, text).map_err(SuppressionsError)?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.until));
        let index = Index::new(&entries);
        Ok(Suppressions { file: name.to_owned(), entries, index })
    }

    /// The entry that keeps `finding` from being sent at this Unix second. Of several the one that does so longest, and
    /// of those the first in the file.
    pub fn matching(&self, finding: &Finding<'_>, now: u64) -> Option<&Suppression> {
        let first =
            |places: &[usize]| places.iter().copied().find(|place| self.entries[*place].covers(finding));
        let place = self.index.candidates(finding).filter_map(first).min()?;
        // No other that covers it ends later.
        Some(&self.entries[place]).filter(|entry| !entry.has_expired(now))
    }

    /// Entries that do nothing any more: lines to delete.
    pub fn expired(&self, now: u64) -> impl Iterator<Item = &Suppression> {
        self.entries.iter().filter(move |entry| entry.has_expired(now))
    }

    /// Entries that end more than 366 days from now. They hold: a file that is refused for a date would let all its
    /// findings through at once. But nobody remembers them, so they are to be told.
    pub fn far(&self, now: u64) -> impl Iterator<Item = &Suppression> {
        self.entries.iter().take_while(move |entry| entry.until > now.saturating_add(FAR))
    }

    /// Entries whose rule does not exist: misspelt, or the rule has gone. They do nothing.
    pub fn unknown_rules(&self, rules: &RuleSet) -> impl Iterator<Item = &Suppression> {
        let is_unknown = |rule: &String| rules.find(rule).is_none();
        self.entries.iter().filter(move |entry| entry.rule.as_ref().is_some_and(is_unknown))
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// All entries, the latest end first.
    pub fn entries(&self) -> &[Suppression] {
        &self.entries
    }
}

/// Why a file gives no suppressions: its mistakes, each shown with its place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", DefinitionError::show_all(.0))]
pub struct SuppressionsError(pub Vec<DefinitionError>);

fn addresses_of(finding: &Finding<'_>) -> impl Iterator<Item = IpAddr> {
    finding.subject.iter().filter_map(|(_, part)| match part {
        KeyPart::Address(address) => Some(*address),
        _ => None,
    })
}

/// The interface that a rule groups by, and the only one seen: an attachment, where that is what captures.
fn interfaces_of<'f>(finding: &'f Finding<'_>) -> impl Iterator<Item = &'f str> {
    interface_of(&finding.subject).into_iter().chain(finding.interface.as_deref())
}

/// An IPv4-mapped address (`::ffff:10.0.0.1`) is in the networks of the IPv4 address inside, and in those of its own.
fn is_in(address: IpAddr, network: IpNet) -> bool {
    network.contains(&address) || network.contains(&address.to_canonical())
}
