//! A record with its context, and the values worked out from both.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use flow_record::{Field, FlowRecord};

use crate::carried::Carried;
use crate::conversation::{Externals, Side};
use crate::enrichment::Enrichment;
use crate::networks::Networks;
use crate::scope::Scope;
use crate::{carried, community, conversation, flags, paths, protocols, services};

/// Where a record came from; travels with every record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The account that owns the log: the batch's `@aws.account`, else its `owner` when that is 12 digits.
    pub account: Option<&'a str>,
    /// The region of the log: the batch's `@aws.region`.
    pub region: Option<&'a str>,
    /// The CloudWatch Logs log group.
    pub log_group: Option<&'a str>,
    /// The CloudWatch Logs log stream.
    pub log_stream: Option<&'a str>,
    /// The id that CloudWatch Logs gave the log event.
    pub event_id: Option<&'a str>,
    /// The log event's timestamp, in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

/// What the user knows and a record does not say. The default is empty.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Names of networks.
    pub networks: Networks,
}

/// The value of an enrichment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrichedValue<'a> {
    /// A number; the flags among them are 1 or 0.
    Integer(u64),
    /// An address.
    Address(IpAddr),
    /// Text: static, borrowed from the record or the tables, or made for the occasion.
    Text(Cow<'a, str>),
}

impl fmt::Display for EnrichedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnrichedValue::Integer(number) => number.fmt(f),
            EnrichedValue::Address(address) => address.fmt(f),
            EnrichedValue::Text(text) => f.write_str(text),
        }
    }
}

/// A record with its origin and the tables to look it up in; every value is computed only when asked for.
#[derive(Debug, Clone, Copy)]
pub struct EnrichedFlow<'a> {
    /// The record.
    pub record: &'a FlowRecord<'a>,
    /// Where it came from.
    pub origin: &'a Origin<'a>,
    /// What the user knows.
    pub tables: &'a Tables,
}

impl<'a> EnrichedFlow<'a> {
    /// The value under `name`, or `None` where it is absent, as a `-` would be.
    pub fn enrichment(&self, name: Enrichment) -> Option<EnrichedValue<'a>> {
        let (record, networks) = (self.record, &self.tables.networks);
        match name {
            Enrichment::SrcExternal
            | Enrichment::DstExternal
            | Enrichment::ServerPort
            | Enrichment::Duration => self.enrichment_number(name).map(EnrichedValue::Integer),
            Enrichment::ClientAddr => {
                conversation::ends(record).map(|(client, _)| EnrichedValue::Address(client))
            }
            Enrichment::ServerAddr => {
                conversation::ends(record).map(|(_, server)| EnrichedValue::Address(server))
            }
            Enrichment::LocalAddr => {
                conversation::own_ends(record, networks).map(|(local, _)| EnrichedValue::Address(local))
            }
            Enrichment::RemoteAddr => {
                conversation::own_ends(record, networks).map(|(_, remote)| EnrichedValue::Address(remote))
            }
            Enrichment::RealSrcAddr => conversation::real_source(record).map(EnrichedValue::Address),
            Enrichment::RealDstAddr => conversation::real_destination(record).map(EnrichedValue::Address),
            Enrichment::CommunityId => community::id(record).map(|id| EnrichedValue::Text(Cow::Owned(id))),
            _ => self.enrichment_text(name).map(|text| EnrichedValue::Text(Cow::Borrowed(text))),
        }
    }

    /// The text under `name`, where it need not be made: absent too for the Community ID, and for what is no text.
    #[inline]
    pub fn enrichment_text(&self, name: Enrichment) -> Option<&'a str> {
        let record = self.record;
        match name {
            Enrichment::SrcScope => self.scope(Field::SrcAddr).map(Scope::name),
            Enrichment::DstScope => self.scope(Field::DstAddr).map(Scope::name),
            Enrichment::SrcNetwork => self.network(Field::SrcAddr),
            Enrichment::DstNetwork => self.network(Field::DstAddr),
            Enrichment::ProtocolName => self.byte(Field::Protocol).and_then(protocols::protocol_name),
            Enrichment::SrcService => self.service(Field::SrcPort),
            Enrichment::DstService => self.service(Field::DstPort),
            Enrichment::TcpFlagsText => self.byte(Field::TcpFlags).map(flags::tcp_flags_text),
            Enrichment::Initiator => Some(conversation::initiator(record)),
            Enrichment::Side => self.side().map(Side::name),
            Enrichment::Carried => self.carried().map(Carried::name),
            Enrichment::Direction => self.direction(|| self.externals()),
            Enrichment::TrafficPathName => {
                record.integer(Field::TrafficPath).and_then(paths::traffic_path_name)
            }
            _ => None,
        }
    }

    /// The number under `name`; absent too for what is no number.
    #[inline]
    pub fn enrichment_number(&self, name: Enrichment) -> Option<u64> {
        match name {
            Enrichment::SrcExternal => self.external(Field::SrcAddr),
            Enrichment::DstExternal => self.external(Field::DstAddr),
            Enrichment::ServerPort => conversation::server_port(self.record),
            Enrichment::Duration => duration(self.record),
            _ => None,
        }
    }

    /// The [`Side`](Enrichment::Side).
    #[inline]
    pub fn side(&self) -> Option<Side> {
        conversation::side(self.record)
    }

    /// What it [carried](Enrichment::Carried).
    #[inline]
    pub fn carried(&self) -> Option<Carried> {
        carried::carried(self.record)
    }

    /// [`SrcExternal`](Enrichment::SrcExternal) and [`DstExternal`](Enrichment::DstExternal) at once.
    #[inline]
    pub fn externals(&self) -> Externals {
        Externals::of(self.record, &self.tables.networks)
    }

    /// The [`Direction`](Enrichment::Direction), for who knows the externals already or may want them later.
    #[inline]
    pub fn direction(&self, externals: impl FnOnce() -> Externals) -> Option<&'a str> {
        conversation::direction(self.record, &self.tables.networks, externals)
    }

    /// The record's time in Unix seconds, which windows go by: its `start`, else the log event's
    /// timestamp, unless that lies before 1970.
    pub fn time(&self) -> Option<u64> {
        let event = || self.origin.timestamp.and_then(|millis| Some(u64::try_from(millis).ok()? / 1000));
        self.record.integer(Field::Start).or_else(event)
    }

    /// `@timestamp` in milliseconds since the Unix epoch: the log event's timestamp, else the record's `start`.
    pub fn timestamp(&self) -> Option<i64> {
        let start = || {
            self.record.integer(Field::Start).and_then(|start| i64::try_from(start).ok()?.checked_mul(1000))
        };
        self.origin.timestamp.or_else(start)
    }

    fn scope(&self, end: Field) -> Option<Scope> {
        self.record.address(end).map(Scope::of)
    }

    fn external(&self, end: Field) -> Option<u64> {
        conversation::is_end_external(self.record, end, &self.tables.networks).map(u64::from)
    }

    fn network(&self, end: Field) -> Option<&'a str> {
        let networks = &self.tables.networks;
        if networks.is_empty() {
            return None;
        }
        self.record.address(end).and_then(|address| networks.name_of(address))
    }

    fn service(&self, port: Field) -> Option<&'static str> {
        let port = u16::try_from(self.record.integer(port)?).ok()?;
        services::service_name(self.byte(Field::Protocol)?, port)
    }

    fn byte(&self, field: Field) -> Option<u8> {
        u8::try_from(self.record.integer(field)?).ok()
    }
}

/// From the first packet to the last, in seconds; a record that ends before it starts lasted no time.
fn duration(record: &FlowRecord<'_>) -> Option<u64> {
    Some(record.integer(Field::End)?.saturating_sub(record.integer(Field::Start)?))
}
