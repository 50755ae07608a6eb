//! Scopes: private addresses mean nothing outside the network they belong to.

use flow_enrich::EnrichedFlow;
use flow_record::Field;

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

/// Where a group's records belong.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account: the log event's, else the record's.
    pub account: Option<Box<str>>,
    /// The region: the log event's, else the record's.
    pub region: Option<Box<str>>,
    /// The VPC, where records carry it.
    pub vpc: Option<Box<str>>,
    /// The log group, where records carry no VPC.
    pub log_group: Option<Box<str>>,
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
        let account = flow.origin.account.or_else(|| flow.record.text(Field::AccountId));
        let region = flow.origin.region.or_else(|| flow.record.text(Field::Region));
        if width == ScopeWidth::Account {
            return ScopeParts { account, region, ..ScopeParts::default() };
        }
        let vpc = flow.record.text(Field::VpcId);
        let log_group = flow.origin.log_group.filter(|_| vpc.is_none());
        ScopeParts { account, region, vpc, log_group }
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
    /// The parts in a fixed order, for hashing.
    pub(crate) fn parts(&self) -> [Option<&str>; 4] {
        [self.account.as_deref(), self.region.as_deref(), self.vpc.as_deref(), self.log_group.as_deref()]
    }
}
