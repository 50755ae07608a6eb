//! One way of a conversation: what its records say together.

use std::cmp::Reverse;
use std::net::IpAddr;

use flow_enrich::{EnrichedFlow, EnrichedValue, Enrichment, has_ports};
use flow_record::{Field, FlowRecord};

use super::asking::{Evidence, Role};
use super::loss::Lost;
use super::place::Place;

/// An address and a port; either may be absent, and the port is when the protocol has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) address: Option<IpAddr>,
    pub(super) port: Option<u64>,
    /// The user's name for its network.
    pub(super) network: Option<String>,
}

/// What became of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Their format has no word for it: one of a transit gateway.
    Unspoken,
    Unrecorded,
    Accepted,
    Refused,
    /// Some were accepted, some refused.
    Mixed,
}

impl Verdict {
    fn of(record: &FlowRecord<'_>) -> Self {
        match record.text(Field::Action) {
            Some("ACCEPT") => Verdict::Accepted,
            Some("REJECT") => Verdict::Refused,
            _ if record.format().has(Field::Action) => Verdict::Unrecorded,
            _ => Verdict::Unspoken,
        }
    }

    /// That of both together, as far as it is known.
    fn with(self, other: Verdict) -> Self {
        match (self, other) {
            (Verdict::Accepted, Verdict::Refused) | (Verdict::Refused, Verdict::Accepted) => Verdict::Mixed,
            _ => self.max(other),
        }
    }
}

/// The records that went one way between two ends at one place.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) role: Role,
    /// What tells the role.
    pub(super) evidence: Evidence,
    /// Absent where the format has no word for it.
    pub(super) place: Option<Place>,
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) protocol: Option<u8>,
    /// `ingress` or `egress`, as the interface sees it.
    pub(super) is_egress: Option<bool>,
    pub(super) packets: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
    pub(super) verdict: Verdict,
    /// Of what was refused.
    pub(super) reject_reason: Option<String>,
    pub(super) lost: Lost,
    /// All TCP flags seen; none where they are not recorded.
    pub(super) flags: Option<u8>,
    /// Whether it is TCP without room for content.
    pub(super) is_empty: bool,
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
        let verdict = Verdict::of(record);
        let role = match text(Enrichment::Initiator).as_deref() {
            Some("src") => Role::Request,
            Some("dst") => Role::Reply,
            _ => Role::Unknown,
        };
        let source = end(Field::SrcAddr, Field::SrcPort, Enrichment::SrcNetwork);
        let destination = end(Field::DstAddr, Field::DstPort, Enrichment::DstNetwork);
        let flags = record.integer(Field::TcpFlags).and_then(|mask| mask.try_into().ok());
        Leg {
            role,
            evidence: Evidence::of(role, flags, [&source, &destination]),
            place: Place::of(record),
            source,
            destination,
            protocol,
            is_egress: text(Enrichment::Direction).map(|direction| direction == "egress"),
            packets: record.integer(Field::Packets),
            bytes: record.integer(Field::Bytes),
            start: record.integer(Field::Start),
            end: record.integer(Field::End),
            verdict,
            reject_reason: record
                .text(Field::RejectReason)
                .filter(|_| verdict == Verdict::Refused)
                .map(str::to_owned),
            lost: Lost::of(record),
            flags,
            is_empty: text(Enrichment::Carried).is_some_and(|carried| carried != "content"),
        }
    }

    /// Whether all of it was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }

    /// Whether all of it was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.verdict == Verdict::Refused
    }

    pub(super) fn is_same_way(&self, other: &Leg) -> bool {
        self.is_beside(other) && self.source == other.source && self.destination == other.destination
    }

    /// What an end sends to itself has one way.
    pub(super) fn is_other_way(&self, other: &Leg) -> bool {
        let is_turned = self.source == other.destination && self.destination == other.source;
        self.is_beside(other) && is_turned && self.source != self.destination
    }

    fn is_beside(&self, other: &Leg) -> bool {
        let is_known = self.source.address.is_some() && self.destination.address.is_some();
        is_known && self.place == other.place && self.protocol == other.protocol
    }

    /// Adds a record that went the same way.
    pub(super) fn merge(&mut self, other: Leg) {
        self.packets = sum(self.packets, other.packets);
        self.bytes = sum(self.bytes, other.bytes);
        self.start = [self.start, other.start].into_iter().flatten().min();
        self.end = self.end.max(other.end);
        self.verdict = self.verdict.with(other.verdict);
        self.reject_reason = self.reject_reason.take().or(other.reject_reason);
        self.lost.merge(other.lost);
        self.flags =
            self.flags.zip(other.flags).map(|(known, more)| known | more).or(self.flags).or(other.flags);
        self.is_empty &= other.is_empty;
        if (other.evidence, Reverse(other.role)) > (self.evidence, Reverse(self.role)) {
            (self.evidence, self.role) = (other.evidence, other.role);
        }
    }
}

/// Of two numbers, as far as they are known.
pub(super) fn sum(known: Option<u64>, more: Option<u64>) -> Option<u64> {
    match (known, more) {
        (Some(known), Some(more)) => Some(known.saturating_add(more)),
        (known, more) => known.or(more),
    }
}
