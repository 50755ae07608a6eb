//! What all records of a group have in common beside its key.

use std::net::IpAddr;

use flow_enrich::EnrichedFlow;
use flow_record::Field;

use crate::scope::kept;

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

/// The addresses and the interface of a group's records, where there is only one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub(crate) src_addr: Common<IpAddr>,
    pub(crate) dst_addr: Common<IpAddr>,
    pub(crate) interface: Common<Box<str>>,
}

impl Context {
    pub(crate) fn add(&mut self, flow: &EnrichedFlow<'_>) {
        for (common, field) in [(&mut self.src_addr, Field::SrcAddr), (&mut self.dst_addr, Field::DstAddr)] {
            if let Some(address) = flow.record.address(field) {
                common.merge(&Common::One(address));
            }
        }
        let Some(interface) = interface(flow) else { return };
        // Compared before it is copied: most records of a group share it.
        match &self.interface {
            Common::One(mine) if **mine == *interface => {}
            Common::Several => {}
            _ => self.interface.merge(&Common::One(interface.into())),
        }
    }

    pub(crate) fn merge(&mut self, other: &Context) {
        self.src_addr.merge(&other.src_addr);
        self.dst_addr.merge(&other.dst_addr);
        self.interface.merge(&other.interface);
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
        self.interface.one().map(|interface| &**interface)
    }
}

/// What captured the record: its interface, else the regional NAT gateway, else the transit gateway's attachment.
fn interface<'a>(flow: &EnrichedFlow<'a>) -> Option<&'a str> {
    [Field::InterfaceId, Field::ResourceId, Field::TgwAttachmentId]
        .into_iter()
        .find_map(|field| flow.record.text(field))
        .map(kept)
}
