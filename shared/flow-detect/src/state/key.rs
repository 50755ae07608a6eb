//! Which item of state a group is kept in.

use std::collections::BTreeMap;
use std::fmt;

use flow_query::{GroupKey, KeyPart};
use xxhash_rust::xxh3::Xxh3Default;

use crate::deltas::Delta;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::scope::Scope;

/// Over how many items the groups of one rule and scope are spread when they span interfaces.
///
/// Enough that two batches at a time seldom write the same item, and that ten thousand sources at once, as the internet
/// sends them, are ten to an item, which is a kilobyte or two and one write; few enough that a batch of many groups still
/// meets items that exist. Another number is another set of keys: what was counted begins again.
pub const BUCKETS: u64 = 1024;

/// The name of an item of state: `local/` and 32 hexadecimal digits, or `spanning/`, 32 digits and a bucket.
///
/// Groups of all rules that group by interface share one item for each interface of an account and region: the batches
/// of one interface read and write one item. All other groups are spread over [`BUCKETS`] items for each rule and scope.
///
/// The digits are a hash, since what a log says is hostile and unbounded. Groups whose keys collide share an item and
/// stay apart in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey(Box<str>);

impl StateKey {
    /// The item that holds `group` of `rule` in `scope`.
    pub fn new(rule: &Rule, scope: &Scope, group: &GroupKey) -> Self {
        match rule.interface_of(group) {
            Some(interface) => Self::local(scope, interface),
            None => Self::spanning(rule.state_id(), scope, group),
        }
    }

    fn local(scope: &Scope, interface: &KeyPart) -> Self {
        // Interface ids are unique in an account and region, whatever VPC a record names or leaves out. Where there is
        // no interface, everything that is known keeps networks apart.
        let interface = match interface {
            KeyPart::Absent => None,
            value => Some(value.to_string()),
        };
        let own = [scope.account.as_deref(), scope.region.as_deref(), interface.as_deref()];
        let hash = match interface {
            Some(_) => digest(own),
            None => digest(scope.parts()),
        };
        StateKey(format!("local/{hash:032x}").into())
    }

    fn spanning(rule: u64, scope: &Scope, group: &GroupKey) -> Self {
        let rule = format!("{rule:016x}");
        let hash = digest([Some(rule.as_str())].into_iter().chain(scope.parts()));
        let bucket = group.stable_hash(0) % BUCKETS;
        StateKey(format!("spanning/{hash:032x}/{bucket}").into())
    }

    /// Whether its groups may come from many interfaces.
    pub fn is_spanning(&self) -> bool {
        self.0.starts_with("spanning/")
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hash of texts and of which of them are absent, the same on every machine.
fn digest<'t>(parts: impl IntoIterator<Item = Option<&'t str>>) -> u128 {
    let mut hash = Xxh3Default::new();
    for part in parts {
        // A length that no text has stands for absence.
        hash.update(&part.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hash.update(part.unwrap_or_default().as_bytes());
    }
    hash.digest128()
}

/// The deltas of each item.
pub fn by_state_key(
    deltas: impl IntoIterator<Item = Delta>,
    rules: &RuleSet,
) -> BTreeMap<StateKey, Vec<Delta>> {
    let mut items = BTreeMap::<StateKey, Vec<Delta>>::new();
    for delta in deltas {
        let key = StateKey::new(rules.rule(delta.rule), &delta.scope, &delta.group);
        items.entry(key).or_default().push(delta);
    }
    items
}
