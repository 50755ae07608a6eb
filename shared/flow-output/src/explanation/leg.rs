//! One way of a conversation: what its records say together.

use std::net::IpAddr;

use flow_enrich::{EnrichedFlow, EnrichedValue, Enrichment, has_ports};
use flow_record::Field;

use super::loss::Lost;
use super::place::Place;

/// Which part of a conversation a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Request,
    Reply,
    Unknown,
}

/// An address and a port; either may be absent, and the port is when the protocol has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) address: Option<IpAddr>,
    pub(super) port: Option<u64>,
    /// The user's name for its network.
    pub(super) network: Option<String>,
}

/// The records that went one way between two ends at one place.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) role: Role,
    pub(super) place: Option<Place>,
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) protocol: Option<u8>,
    /// `ingress` or `egress`, as the interface sees it.
    pub(super) is_egress: Option<bool>,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
    /// Whether the format says what became of it: one of a transit gateway does not.
    pub(super) has_action: bool,
    accepted: bool,
    refused: bool,
    pub(super) reject_reason: Option<String>,
    pub(super) lost: Lost,
}

impl Leg {
    pub(super) fn of(flow: &EnrichedFlow<'_>) -> Self {
        let record = flow.record;
        let text = |name| match flow.enrichment(name) {
            Some(EnrichedValue::Text(text)) => Some(text.into_owned()),
            _ => None,
        };
        let protocol = record.integer(Field::Protocol).and_then(|number| number.try_into().ok());
        let end = |address, port, network| End {
            address: record.address(address),
            port: record.integer(port).filter(|port| *port != 0 && protocol.is_none_or(has_ports)),
            network: text(network),
        };
        let action = record.text(Field::Action);
        Leg {
            role: match text(Enrichment::Initiator).as_deref() {
                Some("src") => Role::Request,
                Some("dst") => Role::Reply,
                _ => Role::Unknown,
            },
            place: Place::of(record),
            source: end(Field::SrcAddr, Field::SrcPort, Enrichment::SrcNetwork),
            destination: end(Field::DstAddr, Field::DstPort, Enrichment::DstNetwork),
            protocol,
            is_egress: text(Enrichment::Direction).map(|direction| direction == "egress"),
            packets: record.integer(Field::Packets).unwrap_or_default(),
            bytes: record.integer(Field::Bytes).unwrap_or_default(),
            start: record.integer(Field::Start),
            end: record.integer(Field::End),
            has_action: record.format().has(Field::Action),
            accepted: action == Some("ACCEPT"),
            refused: action == Some("REJECT"),
            reject_reason: record.text(Field::RejectReason).map(str::to_owned),
            lost: Lost::of(record),
        }
    }

    /// Whether all of it was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted && !self.refused
    }

    /// Whether all of it was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.refused && !self.accepted
    }

    /// Whether some of it was accepted, and some refused.
    pub(super) fn is_mixed(&self) -> bool {
        self.refused && self.accepted
    }

    pub(super) fn is_same_way(&self, other: &Leg) -> bool {
        self.is_beside(other) && self.source == other.source && self.destination == other.destination
    }

    pub(super) fn is_other_way(&self, other: &Leg) -> bool {
        self.is_beside(other) && self.source == other.destination && self.destination == other.source
    }

    fn is_beside(&self, other: &Leg) -> bool {
        let is_known = self.source.address.is_some() && self.destination.address.is_some();
        is_known && self.place == other.place && self.protocol == other.protocol
    }

    /// Adds a record that went the same way.
    pub(super) fn merge(&mut self, other: Leg) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.start = [self.start, other.start].into_iter().flatten().min();
        self.end = self.end.max(other.end);
        self.has_action |= other.has_action;
        self.accepted |= other.accepted;
        self.refused |= other.refused;
        self.reject_reason = self.reject_reason.take().or(other.reject_reason);
        self.lost.merge(other.lost);
    }
}
