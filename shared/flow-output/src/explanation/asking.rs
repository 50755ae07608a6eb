//! Who asked and who answered, as far as records tell.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use flow_enrich::SYN;

use super::leg::{End, Leg};

/// Ports that no privilege is needed for and that Linux gives to no client, but a NAT gateway (1024-65535) does.
const EITHER_SIDE_PORTS: RangeInclusive<u64> = 1024..=32767;

/// Which part of a conversation a record is; in the order in which they count as first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Request,
    Unknown,
    Reply,
}

/// What tells the role of a record; the stronger is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    Nothing,
    /// One port is registered for a service, but a client behind a NAT gateway may have either.
    Registration,
    /// One port is privileged, or the other one a client's.
    Ports,
    /// The SYN of TCP.
    Flags,
}

impl Evidence {
    /// For the role of a record between two ends.
    pub(super) fn of(role: Role, flags: Option<u8>, ends: [&End; 2]) -> Self {
        let is_either_side = |end: &End| end.port.is_some_and(|port| EITHER_SIDE_PORTS.contains(&port));
        match role {
            Role::Unknown => Evidence::Nothing,
            _ if flags.is_some_and(|flags| flags & SYN != 0) => Evidence::Flags,
            _ if ends.into_iter().all(is_either_side) => Evidence::Registration,
            _ => Evidence::Ports,
        }
    }
}

/// The order in which parts of a conversation count as its beginning, whatever order they were read in.
///
/// The earlier one asked. Of two at once the accepted one did: a refused request has no accepted reply. What is left is
/// rather a request out than in; the addresses only keep the answer the same.
pub(super) fn precedence(leg: &Leg) -> impl Ord + use<> {
    let end = |end: &End| -> (Option<IpAddr>, Option<u64>) { (end.address, end.port) };
    (
        leg.start.unwrap_or(u64::MAX),
        leg.role,
        Reverse(leg.is_accepted()),
        Reverse(leg.is_egress == Some(true)),
        end(&leg.source),
    )
}

/// Whether `leg` answers others of `parts`, which are in the order of [`precedence`].
pub(super) fn is_reply(leg: &Leg, parts: &[Leg]) -> bool {
    let evidence = parts.iter().map(|part| part.evidence).max();
    let is_both_ways = parts.iter().any(|part| part.is_other_way(leg));
    let first = match evidence {
        Some(Evidence::Nothing | Evidence::Registration) if is_both_ways => parts.first(),
        _ => None,
    };
    match first {
        Some(request) => request.is_other_way(leg),
        None => parts
            .iter()
            .find(|part| Some(part.evidence) == evidence)
            .is_some_and(|known| known.is_other_way(leg) != (known.role == Role::Reply)),
    }
}
