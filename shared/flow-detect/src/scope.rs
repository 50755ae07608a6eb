//! Scopes: private addresses mean nothing outside the network they belong to.

use flow_enrich::EnrichedFlow;
use flow_record::Field;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How far a rule looks: groups in different scopes never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScopeWidth {
    /// Account, region and VPC; the log group where records carry no VPC.
    #[default]
    Vpc,
    /// Account and region.
    Account,
    /// Everything that comes here.
    Global,
}

impl ScopeWidth {
    /// All, from narrowest to widest.
    pub const ALL: [ScopeWidth; 3] = [ScopeWidth::Vpc, ScopeWidth::Account, ScopeWidth::Global];

    /// The word in rules.
    pub fn name(self) -> &'static str {
        match self {
            ScopeWidth::Vpc => "vpc",
            ScopeWidth::Account => "account",
            ScopeWidth::Global => "global",
        }
    }
}

/// Where a group's records belong.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account: the record's, else the log event's.
    pub account: Option<Box<str>>,
    /// The region: the log event's, else the record's.
    pub region: Option<Box<str>>,
    /// The VPC, where records carry it.
    pub vpc: Option<Box<str>>,
    /// The log group, where records carry no VPC.
    pub log_group: Option<Box<str>>,
}

/// The most bytes kept of one part: AWS's longest, a log group's name, has 512.
const MAX_PART: usize = 512;

/// What is kept of a part of a scope.
pub(crate) fn kept(part: &str) -> &str {
    &part[..part.floor_char_boundary(MAX_PART)]
}

/// A hash of parts, absent ones included, that is the same on every machine.
fn hash(parts: [Option<&str>; 4]) -> u64 {
    parts.iter().fold(0, |seed, part| match part {
        Some(text) => xxh3_64_with_seed(text.as_bytes(), seed ^ 1),
        None => xxh3_64_with_seed(&[], seed),
    })
}

/// A scope's parts, borrowed from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ScopeParts<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    vpc: Option<&'a str>,
    log_group: Option<&'a str>,
}

impl<'a> ScopeParts<'a> {
    pub(crate) fn of(flow: &EnrichedFlow<'a>, width: ScopeWidth) -> Self {
        if width == ScopeWidth::Global {
            return ScopeParts::default();
        }
        // The record's own account comes first: in a central log group the log event's is another's.
        let own_account = flow.record.text(Field::AccountId).filter(|account| *account != "unknown");
        let account = own_account.or(flow.origin.account).map(kept);
        let region = flow.origin.region.or_else(|| flow.record.text(Field::Region)).map(kept);
        if width == ScopeWidth::Account {
            return ScopeParts { account, region, ..ScopeParts::default() };
        }
        let vpc = flow.record.text(Field::VpcId).map(kept);
        let log_group = flow.origin.log_group.filter(|_| vpc.is_none()).map(kept);
        ScopeParts { account, region, vpc, log_group }
    }

    /// The same hash as that of the [`Scope`] made of these parts.
    pub(crate) fn stable_hash(&self) -> u64 {
        hash([self.account, self.region, self.vpc, self.log_group])
    }

    pub(crate) fn is(&self, scope: &Scope) -> bool {
        self.account == scope.account.as_deref()
            && self.region == scope.region.as_deref()
            && self.vpc == scope.vpc.as_deref()
            && self.log_group == scope.log_group.as_deref()
    }

    pub(crate) fn to_scope(self) -> Scope {
        Scope {
            account: self.account.map(Into::into),
            region: self.region.map(Into::into),
            vpc: self.vpc.map(Into::into),
            log_group: self.log_group.map(Into::into),
        }
    }
}

impl Scope {
    pub(crate) fn stable_hash(&self) -> u64 {
        hash(self.parts())
    }

    /// The scope that has these parts, in the order of [`parts`](Self::parts).
    pub(crate) fn from_parts([account, region, vpc, log_group]: [Option<Box<str>>; 4]) -> Self {
        Scope { account, region, vpc, log_group }
    }

    /// The parts in a fixed order, for hashing and keeping.
    pub(crate) fn parts(&self) -> [Option<&str>; 4] {
        [self.account.as_deref(), self.region.as_deref(), self.vpc.as_deref(), self.log_group.as_deref()]
    }
}
