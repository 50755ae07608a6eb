//! What all records of a group have in common beside its key.

use std::net::IpAddr;

use flow_enrich::EnrichedFlow;
use flow_record::Field;

use crate::scope::{Scope, kept};

/// A value that all records share, as far as seen. Merging is commutative, associative and idempotent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Common<T> {
    /// No record had one.
    #[default]
    Unseen,
    /// All that had one had this.
    One(T),
    /// There were several.
    Several,
}

impl<T: PartialEq + Clone> Common<T> {
    fn merge(&mut self, other: &Common<T>) {
        match (&*self, other) {
            (_, Common::Unseen) | (Common::Several, _) => {}
            (Common::Unseen, _) => self.clone_from(other),
            (Common::One(mine), Common::One(theirs)) if mine == theirs => {}
            _ => *self = Common::Several,
        }
    }

    fn one(&self) -> Option<&T> {
        match self {
            Common::One(value) => Some(value),
            Common::Unseen | Common::Several => None,
        }
    }
}

impl Common<Box<str>> {
    /// Adds a text, compared before it is copied: most records of a group share it.
    fn add(&mut self, text: &str) {
        match self {
            Common::Unseen => *self = Common::One(text.into()),
            Common::One(mine) if **mine != *text => *self = Common::Several,
            Common::One(_) | Common::Several => {}
        }
    }

    fn text(&self) -> Option<&str> {
        self.one().map(|text| &**text)
    }
}

/// The addresses, the interface and the log group of a group's records, where there is only one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub(crate) src_addr: Common<IpAddr>,
    pub(crate) dst_addr: Common<IpAddr>,
    pub(crate) interface: Common<Box<str>>,
    /// Only where the scope does not have it: it is no part of what tells groups apart there.
    pub(crate) log_group: Common<Box<str>>,
}

impl Context {
    /// Adds a record of `scope`.
    pub(crate) fn add(&mut self, scope: &Scope, flow: &EnrichedFlow<'_>) {
        for (common, field) in [(&mut self.src_addr, Field::SrcAddr), (&mut self.dst_addr, Field::DstAddr)] {
            if let Some(address) = flow.record.address(field) {
                common.merge(&Common::One(address));
            }
        }
        if let Some(interface) = interface(flow) {
            self.interface.add(interface);
        }
        if let Some(log_group) = flow.origin.log_group.filter(|_| scope.log_group.is_none()) {
            self.log_group.add(kept(log_group));
        }
    }

    pub(crate) fn merge(&mut self, other: &Context) {
        self.src_addr.merge(&other.src_addr);
        self.dst_addr.merge(&other.dst_addr);
        self.interface.merge(&other.interface);
        self.log_group.merge(&other.log_group);
    }

    /// The only source address.
    pub fn src_addr(&self) -> Option<IpAddr> {
        self.src_addr.one().copied()
    }

    /// The only destination address.
    pub fn dst_addr(&self) -> Option<IpAddr> {
        self.dst_addr.one().copied()
    }

    /// The only interface.
    pub fn interface(&self) -> Option<&str> {
        self.interface.text()
    }

    /// The only log group, where the scope does not have it.
    pub fn log_group(&self) -> Option<&str> {
        self.log_group.text()
    }
}

/// What captured the record: its interface, else the regional NAT gateway, else the transit gateway's attachment.
fn interface<'a>(flow: &EnrichedFlow<'a>) -> Option<&'a str> {
    [Field::InterfaceId, Field::ResourceId, Field::TgwAttachmentId]
        .into_iter()
        .find_map(|field| flow.record.text(field))
        .map(kept)
}
