//! One record, before it is a line of some format.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use flow_record::{Field, RecordFormat, Value};

use crate::network::Interface;
use crate::outside::aws_service;

/// What one interface saw in one interval: one way of one conversation, or that there was nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) interface: Arc<Interface>,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) seen: Seen,
    /// The place of the scenario that it is part of, among those that run.
    pub(crate) scenario: Option<usize>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A flow.
    Flow(Box<Flow>),
    /// Nothing.
    NoData,
    /// Something that AWS kept no record of.
    SkipData,
}

/// One way of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    /// Where packets really come from and go to, if a NAT gateway stands between.
    pub(crate) packet_source: IpAddr,
    pub(crate) packet_destination: IpAddr,
    pub(crate) protocol: u8,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) is_accepted: bool,
    pub(crate) tcp_flags: u8,
    pub(crate) is_egress: bool,
    pub(crate) lost: Lost,
}

/// Packets that a transit gateway lost, by its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lost {
    pub(crate) no_route: u64,
    pub(crate) blackhole: u64,
    pub(crate) mtu_exceeded: u64,
    pub(crate) ttl_expired: u64,
}

/// Ways out, as `traffic-path` numbers them.
const WITHIN_VPC: u64 = 1;
const GATEWAY_ENDPOINT: u64 = 7;
const INTERNET_GATEWAY: u64 = 8;

impl Record {
    /// Where it was seen.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The first packet's time, in Unix seconds.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The last packet's time, in Unix seconds.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The scenario that it is part of: its place among those of the settings.
    pub fn scenario(&self) -> Option<usize> {
        self.scenario
    }

    /// The record as a line of `format`; columns that it has nothing for are `-`.
    ///
    /// In a format of transit gateway flow logs every interface is an attachment.
    pub fn display(&self, format: &RecordFormat) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            for (place, column) in format.columns().iter().enumerate() {
                if place > 0 {
                    f.write_str(" ")?;
                }
                match column.field().and_then(|field| self.value(field, format)) {
                    Some(value) => write!(f, "{value}")?,
                    None => f.write_str("-")?,
                }
            }
            Ok(())
        })
    }

    fn value(&self, field: Field, format: &RecordFormat) -> Option<Value<'_>> {
        let own = match field {
            // AWS says the highest version among the fields.
            Field::Version => Value::Integer(
                format.columns().iter().filter_map(|column| Some(column.field()?.version())).max()?.into(),
            ),
            Field::AccountId | Field::TgwSrcVpcAccountId => Value::Text(&self.interface.account),
            // An attachment stands where an interface does.
            Field::InterfaceId | Field::TgwAttachmentId => Value::Text(&self.interface.id),
            Field::VpcId | Field::TgwSrcVpcId => Value::Text(&self.interface.vpc),
            Field::SubnetId | Field::TgwSrcSubnetId => Value::Text(&self.interface.subnet),
            Field::InstanceId => Value::Text(self.interface.instance.as_deref()?),
            Field::InterfaceType => Value::Text(self.interface.kind()?),
            Field::Region => Value::Text(Interface::REGION),
            Field::AzId | Field::TgwSrcAzId => Value::Text(Interface::ZONE),
            Field::Start => Value::Integer(self.start),
            Field::End => Value::Integer(self.end),
            Field::LogStatus => Value::Text(match self.seen {
                Seen::Flow(_) => "OK",
                Seen::NoData => "NODATA",
                Seen::SkipData => "SKIPDATA",
            }),
            Field::ResourceType => Value::Text("TransitGateway"),
            _ => return self.flow()?.value(field),
        };
        Some(own)
    }

    pub(crate) fn flow(&self) -> Option<&Flow> {
        if let Seen::Flow(flow) = &self.seen { Some(flow) } else { None }
    }
}

impl Flow {
    fn value(&self, field: Field) -> Option<Value<'_>> {
        let value = match field {
            Field::SrcAddr => Value::Address(self.source.ip()),
            Field::DstAddr => Value::Address(self.destination.ip()),
            Field::SrcPort => Value::Integer(self.source.port().into()),
            Field::DstPort => Value::Integer(self.destination.port().into()),
            Field::Protocol => Value::Integer(self.protocol.into()),
            Field::Packets => Value::Integer(self.packets),
            Field::Bytes => Value::Integer(self.bytes),
            Field::Action => Value::Text(if self.is_accepted { "ACCEPT" } else { "REJECT" }),
            Field::TcpFlags => Value::Integer(self.tcp_flags.into()),
            Field::Type => Value::Text(if self.source.is_ipv4() { "IPv4" } else { "IPv6" }),
            Field::PktSrcAddr => Value::Address(self.packet_source),
            Field::PktDstAddr => Value::Address(self.packet_destination),
            Field::PktSrcAwsService => Value::Text(aws_service(self.packet_source)?),
            Field::PktDstAwsService => Value::Text(aws_service(self.packet_destination)?),
            Field::FlowDirection => Value::Text(if self.is_egress { "egress" } else { "ingress" }),
            Field::TrafficPath => Value::Integer(self.path()?),
            Field::PacketsLostNoRoute => Value::Integer(self.lost.no_route),
            Field::PacketsLostBlackhole => Value::Integer(self.lost.blackhole),
            Field::PacketsLostMtuExceeded => Value::Integer(self.lost.mtu_exceeded),
            Field::PacketsLostTtlExpired => Value::Integer(self.lost.ttl_expired),
            _ => return None,
        };
        Some(value)
    }

    /// The way out; only what leaves has one.
    fn path(&self) -> Option<u64> {
        let is_private = |address: IpAddr| match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.segments()[..3] == [0x2001, 0xdb8, 0x10],
        };
        let next = self.destination.ip();
        self.is_egress.then(|| match aws_service(next) {
            Some("S3" | "DYNAMODB") => GATEWAY_ENDPOINT,
            // What goes through a NAT gateway goes to a neighbour first.
            _ if is_private(next) => WITHIN_VPC,
            _ => INTERNET_GATEWAY,
        })
    }
}
