//! The table of all known fields: every name a field goes by, its type and where it occurs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a field's text must be.
///
/// Integers carry the largest value their column type can hold: AWS writes `INT_32` and `INT_64` columns
/// (Parquet types, "Flow log records" in the Amazon VPC user guide); ports and protocol numbers are smaller still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number from 0 to `max`.
    Integer {
        /// The largest value that fits.
        max: u64,
    },
    /// An IPv4 or IPv6 address.
    Address,
    /// Anything: AWS's lists of words grow, so no text is refused.
    Text,
}

/// Which flow logs can carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowLogSource {
    /// VPC flow logs only.
    Vpc,
    /// Transit Gateway flow logs only.
    Tgw,
    /// Both.
    Both,
}

const INT_32: FieldKind = FieldKind::Integer { max: i32::MAX as u64 };
const INT_64: FieldKind = FieldKind::Integer { max: i64::MAX as u64 };
const TIME: FieldKind = FieldKind::Integer { max: LATEST_SECOND * 1000 + 999 };
const PORT: FieldKind = FieldKind::Integer { max: u16::MAX as u64 };
const BYTE: FieldKind = FieldKind::Integer { max: u8::MAX as u64 };
const ADDRESS: FieldKind = FieldKind::Address;
const TEXT: FieldKind = FieldKind::Text;

/// A time above this is in milliseconds, as AWS once wrote it: in seconds it would be the year 5138.
pub(crate) const LATEST_SECOND: u64 = 100_000_000_000;

struct FieldRow {
    name: &'static str,
    json_key: &'static str,
    insights_name: &'static str,
    version: u8,
    source: FlowLogSource,
    kind: FieldKind,
}

macro_rules! fields {
    ($($variant:ident, $name:literal, $json:literal, $insights:literal, $version:literal, $source:ident, $kind:ident;)*) => {
        /// One known field of a VPC or Transit Gateway flow log record.
        ///
        /// Variants are AWS's names in camel case; the order is that of AWS's tables, VPC fields first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`, since version ", stringify!($version), ".")] $variant,)*
        }

        impl Field {
            /// Every field, in table order.
            pub const ALL: [Field; FIELD_COUNT] = [$(Field::$variant,)*];

            /// The field with this Insights name.
            pub fn from_insights_name(name: &str) -> Option<Field> {
                match name {
                    $($insights => Some(Field::$variant),)*
                    _ => None,
                }
            }
        }

        const FIELD_COUNT: usize = [$($version,)*].len();

        const ROWS: [FieldRow; FIELD_COUNT] = [$(FieldRow {
            name: $name,
            json_key: $json,
            insights_name: $insights,
            version: $version,
            source: FlowLogSource::$source,
            kind: $kind,
        },)*];
    };
}

fields! {
    Version, "version", "version", "version", 2, Both, INT_32;
    AccountId, "account-id", "account_id", "accountId", 2, Both, TEXT;
    InterfaceId, "interface-id", "interface_id", "interfaceId", 2, Vpc, TEXT;
    SrcAddr, "srcaddr", "srcaddr", "srcAddr", 2, Both, ADDRESS;
    DstAddr, "dstaddr", "dstaddr", "dstAddr", 2, Both, ADDRESS;
    SrcPort, "srcport", "srcport", "srcPort", 2, Both, PORT;
    DstPort, "dstport", "dstport", "dstPort", 2, Both, PORT;
    Protocol, "protocol", "protocol", "protocol", 2, Both, BYTE;
    Packets, "packets", "packets", "packets", 2, Both, INT_64;
    Bytes, "bytes", "bytes", "bytes", 2, Both, INT_64;
    Start, "start", "start", "startTime", 2, Both, TIME;
    End, "end", "end", "endTime", 2, Both, TIME;
    Action, "action", "action", "action", 2, Vpc, TEXT;
    LogStatus, "log-status", "log_status", "logStatus", 2, Both, TEXT;
    VpcId, "vpc-id", "vpc_id", "vpcId", 3, Vpc, TEXT;
    SubnetId, "subnet-id", "subnet_id", "subnetId", 3, Vpc, TEXT;
    InstanceId, "instance-id", "instance_id", "instanceId", 3, Vpc, TEXT;
    TcpFlags, "tcp-flags", "tcp_flags", "tcpFlags", 3, Both, BYTE;
    Type, "type", "type", "type", 3, Both, TEXT;
    PktSrcAddr, "pkt-srcaddr", "pkt_srcaddr", "pktSrcAddr", 3, Vpc, ADDRESS;
    PktDstAddr, "pkt-dstaddr", "pkt_dstaddr", "pktDstAddr", 3, Vpc, ADDRESS;
    Region, "region", "region", "region", 4, Both, TEXT;
    AzId, "az-id", "az_id", "azId", 4, Vpc, TEXT;
    SublocationType, "sublocation-type", "sublocation_type", "sublocationType", 4, Vpc, TEXT;
    SublocationId, "sublocation-id", "sublocation_id", "sublocationId", 4, Vpc, TEXT;
    PktSrcAwsService, "pkt-src-aws-service", "pkt_src_aws_service", "pktSrcAwsService", 5, Both, TEXT;
    PktDstAwsService, "pkt-dst-aws-service", "pkt_dst_aws_service", "pktDstAwsService", 5, Both, TEXT;
    FlowDirection, "flow-direction", "flow_direction", "flowDirection", 5, Both, TEXT;
    TrafficPath, "traffic-path", "traffic_path", "trafficPath", 5, Vpc, INT_32;
    EcsClusterArn, "ecs-cluster-arn", "ecs_cluster_arn", "ecsClusterArn", 7, Vpc, TEXT;
    EcsClusterName, "ecs-cluster-name", "ecs_cluster_name", "ecsClusterName", 7, Vpc, TEXT;
    EcsContainerInstanceArn, "ecs-container-instance-arn", "ecs_container_instance_arn", "ecsContainerInstanceArn", 7, Vpc, TEXT;
    EcsContainerInstanceId, "ecs-container-instance-id", "ecs_container_instance_id", "ecsContainerInstanceId", 7, Vpc, TEXT;
    EcsContainerId, "ecs-container-id", "ecs_container_id", "ecsContainerId", 7, Vpc, TEXT;
    EcsSecondContainerId, "ecs-second-container-id", "ecs_second_container_id", "ecsSecondContainerId", 7, Vpc, TEXT;
    EcsServiceName, "ecs-service-name", "ecs_service_name", "ecsServiceName", 7, Vpc, TEXT;
    EcsTaskDefinitionArn, "ecs-task-definition-arn", "ecs_task_definition_arn", "ecsTaskDefinitionArn", 7, Vpc, TEXT;
    EcsTaskArn, "ecs-task-arn", "ecs_task_arn", "ecsTaskArn", 7, Vpc, TEXT;
    EcsTaskId, "ecs-task-id", "ecs_task_id", "ecsTaskId", 7, Vpc, TEXT;
    RejectReason, "reject-reason", "reject_reason", "rejectReason", 8, Vpc, TEXT;
    ResourceId, "resource-id", "resource_id", "resourceId", 9, Vpc, TEXT;
    EncryptionStatus, "encryption-status", "encryption_status", "encryptionStatus", 10, Vpc, INT_32;
    InstanceTag, "instance-tag", "instance_tag", "instanceTag", 11, Vpc, TEXT;
    InstanceTag2, "instance-tag-2", "instance_tag_2", "instanceTag2", 11, Vpc, TEXT;
    InterfaceTag, "interface-tag", "interface_tag", "interfaceTag", 11, Vpc, TEXT;
    InterfaceTag2, "interface-tag-2", "interface_tag_2", "interfaceTag2", 11, Vpc, TEXT;
    AsgTag, "asg-tag", "asg_tag", "asgTag", 11, Vpc, TEXT;
    AsgTag2, "asg-tag-2", "asg_tag_2", "asgTag2", 11, Vpc, TEXT;
    InterfaceType, "interface-type", "interface_type", "interfaceType", 11, Vpc, TEXT;
    NextHopInterfaceId, "next-hop-interface-id", "next_hop_interface_id", "nextHopInterfaceId", 11, Vpc, TEXT;
    NextHopSubnetId, "next-hop-subnet-id", "next_hop_subnet_id", "nextHopSubnetId", 11, Vpc, TEXT;
    NextHopAzId, "next-hop-az-id", "next_hop_az_id", "nextHopAzId", 11, Vpc, TEXT;
    NextHopVpcId, "next-hop-vpc-id", "next_hop_vpc_id", "nextHopVpcId", 11, Vpc, TEXT;
    NextHopInterfaceType, "next-hop-interface-type", "next_hop_interface_type", "nextHopInterfaceType", 11, Vpc, TEXT;
    ResourceType, "resource-type", "resource_type", "resourceType", 6, Tgw, TEXT;
    TgwId, "tgw-id", "tgw_id", "tgwId", 6, Tgw, TEXT;
    TgwAttachmentId, "tgw-attachment-id", "tgw_attachment_id", "tgwAttachmentId", 6, Tgw, TEXT;
    TgwSrcVpcAccountId, "tgw-src-vpc-account-id", "tgw_src_vpc_account_id", "tgwSrcVpcAccountId", 6, Tgw, TEXT;
    TgwDstVpcAccountId, "tgw-dst-vpc-account-id", "tgw_dst_vpc_account_id", "tgwDstVpcAccountId", 6, Tgw, TEXT;
    TgwSrcVpcId, "tgw-src-vpc-id", "tgw_src_vpc_id", "tgwSrcVpcId", 6, Tgw, TEXT;
    TgwDstVpcId, "tgw-dst-vpc-id", "tgw_dst_vpc_id", "tgwDstVpcId", 6, Tgw, TEXT;
    TgwSrcSubnetId, "tgw-src-subnet-id", "tgw_src_subnet_id", "tgwSrcSubnetId", 6, Tgw, TEXT;
    TgwDstSubnetId, "tgw-dst-subnet-id", "tgw_dst_subnet_id", "tgwDstSubnetId", 6, Tgw, TEXT;
    TgwSrcEni, "tgw-src-eni", "tgw_src_eni", "tgwSrcEni", 6, Tgw, TEXT;
    TgwDstEni, "tgw-dst-eni", "tgw_dst_eni", "tgwDstEni", 6, Tgw, TEXT;
    TgwSrcAzId, "tgw-src-az-id", "tgw_src_az_id", "tgwSrcAzId", 6, Tgw, TEXT;
    TgwDstAzId, "tgw-dst-az-id", "tgw_dst_az_id", "tgwDstAzId", 6, Tgw, TEXT;
    TgwPairAttachmentId, "tgw-pair-attachment-id", "tgw_pair_attachment_id", "tgwPairAttachmentId", 6, Tgw, TEXT;
    PacketsLostNoRoute, "packets-lost-no-route", "packets_lost_no_route", "packetsLostNoRoute", 6, Tgw, INT_64;
    PacketsLostBlackhole, "packets-lost-blackhole", "packets_lost_blackhole", "packetsLostBlackhole", 6, Tgw, INT_64;
    PacketsLostMtuExceeded, "packets-lost-mtu-exceeded", "packets_lost_mtu_exceeded", "packetsLostMtuExceeded", 6, Tgw, INT_64;
    PacketsLostTtlExpired, "packets-lost-ttl-expired", "packets_lost_ttl_expired", "packetsLostTtlExpired", 6, Tgw, INT_64;
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = FIELD_COUNT;

    fn row(self) -> &'static FieldRow {
        static TABLE: [FieldRow; FIELD_COUNT] = ROWS;
        &TABLE[self as usize]
    }

    /// The name in a log format: `srcaddr`, `tcp-flags`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The key in JSON, CSV and Athena: the name with underscores, `tcp_flags`.
    pub fn json_key(self) -> &'static str {
        self.row().json_key
    }

    /// The name in CloudWatch Logs Insights: `srcAddr`, `tcpFlags`, `startTime`.
    pub fn insights_name(self) -> &'static str {
        self.row().insights_name
    }

    /// The record version that introduced the field, 2 to 11.
    pub fn version(self) -> u8 {
        self.row().version
    }

    /// What its text must be.
    #[inline]
    pub fn kind(self) -> FieldKind {
        // A narrow table of its own: this is read for every column of every line.
        static KINDS: [FieldKind; FIELD_COUNT] = {
            let (mut kinds, mut at) = ([TEXT; FIELD_COUNT], 0);
            while at < FIELD_COUNT {
                kinds[at] = ROWS[at].kind;
                at += 1;
            }
            kinds
        };
        KINDS[self as usize]
    }

    /// Which flow logs carry it.
    pub fn source(self) -> FlowLogSource {
        self.row().source
    }

    /// The field with this log-format name, hyphenated (`tcp-flags`) or underscored (`tcp_flags`).
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name || field.json_key() == name)
    }

    /// Whether the field holds a time in Unix seconds.
    pub fn is_time(self) -> bool {
        matches!(self, Field::Start | Field::End)
    }

    /// Where this field's number or address is kept among those of its kind.
    #[inline]
    pub(crate) const fn slot(self) -> u8 {
        SLOTS[self as usize]
    }

    /// Where this field's number is kept; beyond all of them if it holds none.
    #[inline]
    pub(crate) const fn integer_slot(self) -> u8 {
        INTEGER_SLOTS[self as usize]
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many integer fields there are.
pub(crate) const INTEGER_FIELDS: usize = count_kind(true);
/// How many address fields there are.
pub(crate) const ADDRESS_FIELDS: usize = count_kind(false);

const SLOTS: [u8; FIELD_COUNT] = {
    let (mut slots, mut integers, mut addresses, mut at) = ([0; FIELD_COUNT], 0, 0, 0);
    while at < FIELD_COUNT {
        match ROWS[at].kind {
            FieldKind::Integer { .. } => {
                slots[at] = integers;
                integers += 1;
            }
            FieldKind::Address => {
                slots[at] = addresses;
                addresses += 1;
            }
            FieldKind::Text => {}
        }
        at += 1;
    }
    slots
};

const INTEGER_SLOTS: [u8; FIELD_COUNT] = {
    let (mut slots, mut at) = (SLOTS, 0);
    while at < FIELD_COUNT {
        if !matches!(ROWS[at].kind, FieldKind::Integer { .. }) {
            slots[at] = u8::MAX;
        }
        at += 1;
    }
    slots
};

const fn count_kind(integers: bool) -> usize {
    let (mut count, mut at) = (0, 0);
    while at < FIELD_COUNT {
        match ROWS[at].kind {
            FieldKind::Integer { .. } if integers => count += 1,
            FieldKind::Address if !integers => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet([u64; 2]);

impl FieldSet {
    /// The empty set.
    pub const EMPTY: FieldSet = FieldSet([0; 2]);

    /// Adds `field`.
    #[inline]
    pub fn insert(&mut self, field: Field) {
        self.0[field as usize / 64] |= 1 << (field as usize % 64);
    }

    /// Takes `field` away.
    #[inline]
    pub(crate) fn remove(&mut self, field: Field) {
        self.0[field as usize / 64] &= !(1 << (field as usize % 64));
    }

    /// Whether `field` is in the set.
    #[inline]
    pub fn contains(&self, field: Field) -> bool {
        self.0[field as usize / 64] & 1 << (field as usize % 64) != 0
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut set = FieldSet::EMPTY;
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of names: hyphens to underscores for JSON, camel case for Insights with AWS's exceptions.
    #[test]
    fn names_follow_the_rule() {
        for field in Field::ALL {
            let name = field.name();
            assert_eq!(field.json_key(), name.replace('-', "_"));
            let expected = match name {
                "srcaddr" => "srcAddr".to_owned(),
                "dstaddr" => "dstAddr".to_owned(),
                "srcport" => "srcPort".to_owned(),
                "dstport" => "dstPort".to_owned(),
                "pkt-srcaddr" => "pktSrcAddr".to_owned(),
                "pkt-dstaddr" => "pktDstAddr".to_owned(),
                "start" => "startTime".to_owned(),
                "end" => "endTime".to_owned(),
                _ => camel(name),
            };
            assert_eq!(field.insights_name(), expected);
        }
    }

    fn camel(name: &str) -> String {
        let mut parts = name.split('-');
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |mut done, part| {
            done.push_str(&part[..1].to_uppercase());
            done.push_str(&part[1..]);
            done
        })
    }

    /// 54 VPC fields and 36 Transit Gateway fields, counted by version as AWS's tables have them.
    #[test]
    fn the_table_is_complete() {
        let up_to = |version: u8| {
            Field::ALL.iter().filter(|f| f.source() != FlowLogSource::Tgw && f.version() <= version).count()
        };
        assert_eq!([2, 3, 4, 5, 7, 8, 9, 10, 11].map(up_to), [14, 21, 25, 29, 39, 40, 41, 42, 54]);
        assert_eq!(Field::ALL.iter().filter(|f| f.source() != FlowLogSource::Vpc).count(), 36);
    }

    #[test]
    fn slots_are_dense_and_apart() {
        for (count, is_kind) in [
            (INTEGER_FIELDS, (|k| matches!(k, FieldKind::Integer { .. })) as fn(FieldKind) -> bool),
            (ADDRESS_FIELDS, |k| k == FieldKind::Address),
        ] {
            let slots: Vec<_> =
                Field::ALL.into_iter().filter(|f| is_kind(f.kind())).map(Field::slot).collect();
            assert_eq!(slots, (0..u8::try_from(count).unwrap()).collect::<Vec<_>>());
        }
    }
}
