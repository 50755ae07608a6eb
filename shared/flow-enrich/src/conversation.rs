//! Who talks to whom: the real ends of a flow, the side that opened it, and which way it crosses the border.

use std::net::IpAddr;

use flow_record::{Field, FlowRecord};

use crate::flags::{ACK, SYN};
use crate::networks::Networks;
use crate::protocols::{TCP, has_ports};
use crate::scope::Scope;
use crate::services::is_known;

/// The first port that needs no privilege; no client and no NAT gateway (1024 to 65535) picks one below by itself.
const FIRST_USER_PORT: u16 = 1024;

/// The packet's own source: `pkt-srcaddr`, else `srcaddr`.
pub(crate) fn real_source(record: &FlowRecord<'_>) -> Option<IpAddr> {
    record.address(Field::PktSrcAddr).or_else(|| record.address(Field::SrcAddr))
}

/// The packet's own destination: `pkt-dstaddr`, else `dstaddr`.
pub(crate) fn real_destination(record: &FlowRecord<'_>) -> Option<IpAddr> {
    record.address(Field::PktDstAddr).or_else(|| record.address(Field::DstAddr))
}

/// How a record lies to who opened the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It goes from him.
    Request,
    /// It goes back to him.
    Reply,
}

impl Side {
    /// Both, in their order.
    pub const ALL: [Side; 2] = [Side::Request, Side::Reply];

    /// The word that queries and outputs have for it.
    pub fn name(self) -> &'static str {
        match self {
            Side::Request => "request",
            Side::Reply => "reply",
        }
    }
}

/// Which side opened the conversation: `src`, `dst` or `unknown`.
pub(crate) fn initiator(record: &FlowRecord<'_>) -> &'static str {
    match side(record) {
        Some(Side::Request) => "src",
        Some(Side::Reply) => "dst",
        None => "unknown",
    }
}

/// None when it can't be told who opened the conversation.
///
/// 1. By flags, for TCP: SYN without ACK is a request; SYN with ACK is the answer to one. Transit Gateway logs keep the
///    ACK of other packets than a SYN-ACK too, so there only the exact SYN-ACK counts: SYN+ACK+FIN may be a client's SYN
///    and FIN-ACK together.
/// 2. By ports, for TCP, UDP and SCTP: a port serves when it is below 32768 and either below 1024 or known for a
///    service. When exactly one port serves, that side answers and the other one opened. A port from 32768 on proves
///    nothing, whatever is registered there: Linux hands them to clients.
/// 3. Else nothing does: both ports serve (NTP between servers; or 443 and 3306, where a NAT gateway may have picked the
///    3306 for a client, or a scanner the 443 to look like an answer), neither does, one is 0, or the protocol has none.
#[inline]
pub(crate) fn side(record: &FlowRecord<'_>) -> Option<Side> {
    let by_ports = by_ports(record);
    by_flags(record).or(by_ports)
}

/// Who opened the conversation, and whom it was opened to.
pub(crate) fn ends(record: &FlowRecord<'_>) -> Option<(IpAddr, IpAddr)> {
    let (source, destination) = (record.address(Field::SrcAddr)?, record.address(Field::DstAddr)?);
    match side(record)? {
        Side::Request => Some((source, destination)),
        Side::Reply => Some((destination, source)),
    }
}

/// The port that the conversation was opened to.
pub(crate) fn server_port(record: &FlowRecord<'_>) -> Option<u64> {
    let (source, destination) = (record.integer(Field::SrcPort)?, record.integer(Field::DstPort)?);
    record.integer(Field::Protocol)?;
    Some(if side(record)? == Side::Request { destination } else { source })
}

// Which flags and ports a record has is hard to foresee: no branch depends on them.
fn by_flags(record: &FlowRecord<'_>) -> Option<Side> {
    const BY_SYN_AND_ACK: [Option<Side>; 4] = [None, Some(Side::Request), None, Some(Side::Reply)];
    if record.integer(Field::Protocol).is_some_and(|protocol| protocol != u64::from(TCP)) {
        return None;
    }
    let mask = u8::try_from(record.integer(Field::TcpFlags)?).ok()?;
    let has = |flag: u8| usize::from(mask & flag != 0);
    let side = BY_SYN_AND_ACK[has(SYN) + 2 * has(ACK)];
    let is_more_than_syn_ack = side == Some(Side::Reply) && mask != SYN | ACK;
    if is_more_than_syn_ack && is_transit_gateway(record) { None } else { side }
}

fn is_transit_gateway(record: &FlowRecord<'_>) -> bool {
    [Field::ResourceType, Field::TgwId, Field::TgwAttachmentId].into_iter().any(|field| record.has(field))
}

#[inline]
fn by_ports(record: &FlowRecord<'_>) -> Option<Side> {
    const BY_WHO_SERVES: [Option<Side>; 4] = [None, Some(Side::Reply), Some(Side::Request), None];
    let protocol = u8::try_from(record.integer(Field::Protocol)?).ok()?;
    let port = |field| u16::try_from(record.integer(field)?).ok().filter(|port| *port != 0);
    let (source, destination) = (port(Field::SrcPort)?, port(Field::DstPort)?);
    if !has_ports(protocol) {
        return None;
    }
    BY_WHO_SERVES[usize::from(serves(protocol, source)) + 2 * usize::from(serves(protocol, destination))]
}

#[inline]
fn serves(protocol: u8, port: u16) -> bool {
    (port < FIRST_USER_PORT) | is_known(protocol, port)
}

/// Whether an address is neither of a kind that stays inside nor in a network that the user named his own.
pub(crate) fn is_external(address: IpAddr, networks: &Networks) -> bool {
    Scope::of(address).is_external() && !networks.is_own(address)
}

/// Whether each end of a record is external, and not of one VPC with the other; none where there is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Externals {
    /// `srcaddr`.
    pub source: Option<bool>,
    /// `dstaddr`.
    pub destination: Option<bool>,
}

impl Externals {
    #[inline]
    pub(crate) fn of(record: &FlowRecord<'_>, networks: &Networks) -> Self {
        let is_external = |end| is_end_external(record, end, networks);
        Externals { source: is_external(Field::SrcAddr), destination: is_external(Field::DstAddr) }
    }
}

/// One of the [`Externals`], that of the address in `end`.
pub(crate) fn is_end_external(record: &FlowRecord<'_>, end: Field, networks: &Networks) -> Option<bool> {
    Some(is_external(record.address(end)?, networks) && !is_one_vpc(record))
}

/// Whether both ends are IPv6 addresses with the same first 56 bits: AWS gives a VPC such a range of public addresses
/// ("VPC CIDR blocks" in the Amazon VPC user guide), so that all that lies in it is at home.
fn is_one_vpc(record: &FlowRecord<'_>) -> bool {
    match (record.address(Field::SrcAddr), record.address(Field::DstAddr)) {
        (Some(IpAddr::V6(source)), Some(IpAddr::V6(destination))) => {
            (source.to_bits() ^ destination.to_bits()) >> (128 - 56) == 0
        }
        _ => false,
    }
}

/// Which way the flow goes: the record's own `flow-direction`, else what its ends tell.
///
/// AWS's `ingress` and `egress` are as the interface sees them. `srcaddr` and `dstaddr` are too: one of them is the
/// interface's own. So they and not the packet's addresses tell: exactly one end [external](is_external)
/// means `ingress` from it or `egress` to it. Of two external ends one that is named a threat is the other one's, and not the
/// interface's. Two internal ends, and other external ones, tell nothing: absent.
#[inline]
pub(crate) fn direction<'a>(
    record: &FlowRecord<'a>,
    networks: &Networks,
    externals: impl FnOnce() -> Externals,
) -> Option<&'a str> {
    if let Some(direction) = record.text(Field::FlowDirection) {
        return Some(direction);
    }
    let Externals { source, destination } = externals();
    match (source?, destination?) {
        (true, true) if !networks.is_empty() => {
            let is_threat = |end| record.address(end).is_some_and(|address| networks.is_threat(address));
            towards(is_threat(Field::SrcAddr), is_threat(Field::DstAddr))
        }
        (source, destination) => towards(source, destination),
    }
}

/// The direction in which a record goes whose source or destination is another's; none for both and for neither.
fn towards(source: bool, destination: bool) -> Option<&'static str> {
    match (source, destination) {
        (true, false) => Some("ingress"),
        (false, true) => Some("egress"),
        _ => None,
    }
}

/// The interface's own end and the other one, as [`direction`] tells.
pub(crate) fn own_ends(record: &FlowRecord<'_>, networks: &Networks) -> Option<(IpAddr, IpAddr)> {
    let (source, destination) = (record.address(Field::SrcAddr)?, record.address(Field::DstAddr)?);
    match direction(record, networks, || Externals::of(record, networks))? {
        "egress" => Some((source, destination)),
        "ingress" => Some((destination, source)),
        _ => None,
    }
}
