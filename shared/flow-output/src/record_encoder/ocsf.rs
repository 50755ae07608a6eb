//! A record in the Open Cybersecurity Schema Framework: Network Activity, and what it has no place for under `unmapped`.
//!
//! Places are those of OCSF's mapping of VPC flow logs (ocsf/examples, AWS/VPC Flowlogs): the packet's own address is the
//! endpoint's, `srcaddr` then an intermediate one; the interface belongs to the end that the direction tells. A record that
//! names no end at all can't be Network Activity, which requires one, and is a Base Event, as a line that can't be read.
//! `time` is the record's start, else the log event's timestamp, else 0, since the schema wants one.

use flow_enrich::{EnrichedFlow, EnrichedValue, Enrichment, Origin, Scope, Side, protocol_name};
use flow_record::{Field, Value};

use super::remaining::Remaining;
use super::selection::{ContextKey, Selection};
use super::{Marks, Rejection};
use crate::json::{Object, write_object};

/// The version of the schema.
const OCSF_VERSION: &str = "1.6.0";

const BASE_EVENT: u64 = 0;
const NETWORK_ACTIVITY: u64 = 4001;

const UNKNOWN: u64 = 0;
const TRAFFIC: u64 = 6;
const OTHER: u64 = 99;

pub(super) fn write(out: &mut Vec<u8>, selection: &Selection, flow: &EnrichedFlow<'_>, marks: &Marks) {
    let record = &mut Remaining::new(selection, flow, marks);
    let (source, destination) = endpoints(record);
    let has_end = source.is_one() || destination.is_one();
    write_object(out, |event| {
        write_class(event, record, has_end);
        let time = record.look_time(Field::Start);
        event.value("time", time.or(flow.origin.timestamp).unwrap_or(0));
        event.value("start_time", time);
        event.value("end_time", record.look_time(Field::End));
        record.place(&[Field::Start, Field::End]);
        let has_action = write_action(event, record);
        write_metadata(event, record, has_action);
        write_cloud(
            event,
            record.text(Field::AccountId).or(flow.origin.account),
            record.text(Field::Region).or(flow.origin.region),
            record.text(Field::AzId),
        );
        if has_end {
            event.object("src_endpoint", |end| source.write(end, record, Enrichment::SrcNetwork));
            event.object("dst_endpoint", |end| destination.write(end, record, Enrichment::DstNetwork));
            write_connection(event, record, [source.address, destination.address]);
            event.object("traffic", |traffic| {
                traffic.value("bytes", record.integer(Field::Bytes));
                traffic.value("packets", record.integer(Field::Packets));
            });
        }
        event.value("raw_data", record.context(ContextKey::Line));
        event.value("count", record.mark(ContextKey::MergedRecords));
        event.object("unmapped", |unmapped| {
            unmapped.value("sample_weight", record.mark(ContextKey::SampleWeight));
            record.write_fields(unmapped, Field::json_key);
            record.write_beside(unmapped);
        });
    });
}

/// NODATA and SKIPDATA report no traffic: their activity is another one, named by the status.
fn write_class(event: &mut Object<'_>, record: &mut Remaining<'_, '_>, has_end: bool) {
    let status = record.text(Field::LogStatus);
    let (class, category) = if has_end { (NETWORK_ACTIVITY, 4) } else { (BASE_EVENT, 0) };
    let (activity, name) = match status {
        Some(status @ ("NODATA" | "SKIPDATA")) => (OTHER, status),
        _ if has_end => (TRAFFIC, "Traffic"),
        _ => (UNKNOWN, "Unknown"),
    };
    write_class_ids(event, class, category, activity);
    event.text("activity_name", name);
    event.value("status_code", status);
}

fn write_class_ids(event: &mut Object<'_>, class: u64, category: u64, activity: u64) {
    event.value("class_uid", class);
    event.value("category_uid", category);
    event.value("activity_id", activity);
    event.value("type_uid", class * 100 + activity);
    event.value("severity_id", 1_u64);
}

/// Attributes of the profile `security_control`: whether any was written.
fn write_action(event: &mut Object<'_>, record: &mut Remaining<'_, '_>) -> bool {
    let (action, disposition) = match record.look_text(Field::Action) {
        Some("ACCEPT") => ((1_u64, "Allowed"), (1_u64, "Allowed")),
        Some("REJECT") => ((2, "Denied"), (2, "Blocked")),
        // Another word stays in `unmapped`.
        _ => return false,
    };
    record.place(&[Field::Action]);
    event.value("action_id", action.0);
    event.text("action", action.1);
    event.value("disposition_id", disposition.0);
    event.text("disposition", disposition.1);
    true
}

fn write_metadata(event: &mut Object<'_>, record: &mut Remaining<'_, '_>, has_action: bool) {
    let profiles: &[&str] = if has_action { &["cloud", "security_control"] } else { &["cloud"] };
    event.object("metadata", |metadata| {
        metadata.text("version", OCSF_VERSION);
        let is_of_gateway = record.look(Field::TgwId).is_some();
        let product = if is_of_gateway { "AWS Transit Gateway" } else { "Amazon VPC" };
        write_product(metadata, product, record.integer(Field::Version));
        metadata.list("profiles", profiles);
        metadata.value("uid", record.context(ContextKey::EventId));
        metadata.value("log_name", record.context(ContextKey::LogGroup));
    });
}

/// Whose log it is; its version is that of the record.
fn write_product(metadata: &mut Object<'_>, name: &str, version: Option<u64>) {
    metadata.object("product", |product| {
        product.text("name", name);
        product.text("vendor_name", "AWS");
        product.object("feature", |feature| feature.text("name", "Flowlogs"));
        product.value("version", version.map(|version| version.to_string()));
    });
}

fn write_cloud(event: &mut Object<'_>, account: Option<&str>, region: Option<&str>, zone: Option<&str>) {
    event.object("cloud", |cloud| {
        cloud.text("provider", "AWS");
        cloud.object("account", |of| of.value("uid", account));
        cloud.value("region", region);
        cloud.value("zone", zone);
    });
}

/// One end of the connection: which fields of the record tell of it.
#[derive(Default)]
struct Endpoint {
    address: Option<Field>,
    /// What the packet was sent from or to on its way.
    address_on_the_way: Option<Field>,
    /// The same address once more.
    repeated: Option<Field>,
    port: Option<Field>,
    service: Option<Field>,
    interface: Option<Field>,
    instance: Option<Field>,
    subnet: Option<Field>,
    vpc: Option<Field>,
}

impl Endpoint {
    /// The end that these fields tell of: the packet's own address, that of the record, and port, service, interface, subnet
    /// and VPC.
    fn new(record: &Remaining<'_, '_>, fields: [Field; 7]) -> Self {
        let present = |field: Field| record.look(field).map(|_| field);
        let [packet, address, port, service, interface, subnet, vpc] = fields;
        let (packet, address) = (present(packet), present(address));
        let is_same =
            packet.and_then(|field| record.look(field)) == address.and_then(|field| record.look(field));
        Endpoint {
            address: packet.or(address),
            address_on_the_way: if packet.is_some() && !is_same { address } else { None },
            repeated: if is_same { address } else { None },
            port: present(port),
            service: present(service),
            interface: present(interface),
            instance: None,
            subnet: present(subnet),
            vpc: present(vpc),
        }
    }

    /// Gives it the interface that wrote the record.
    fn own_interface(&mut self, record: &Remaining<'_, '_>) {
        let present = |field: Field| record.look(field).map(|_| field);
        self.interface = present(Field::InterfaceId).or(self.interface);
        self.instance = present(Field::InstanceId);
        self.subnet = present(Field::SubnetId).or(self.subnet);
        self.vpc = present(Field::VpcId).or(self.vpc);
    }

    /// Whether it is an endpoint at all: the schema wants an address or the id of something.
    fn is_one(&self) -> bool {
        [self.address, self.service, self.interface, self.instance].iter().any(Option::is_some)
    }

    fn write(&self, end: &mut Object<'_>, record: &mut Remaining<'_, '_>, network: Enrichment) {
        if !self.is_one() {
            return;
        }
        let mut value = |field: Option<Field>| field.and_then(|field| record.take(field));
        end.value("ip", value(self.address));
        value(self.repeated);
        if let Some(address) = value(self.address_on_the_way) {
            end.list("intermediate_ips", &[address.to_string()]);
        }
        end.value("port", value(self.port));
        end.value("svc_name", value(self.service));
        end.value("interface_uid", value(self.interface));
        end.value("instance_uid", value(self.instance));
        end.value("subnet_uid", value(self.subnet));
        end.value("vpc_uid", value(self.vpc));
        end.value("zone", record.enrichment(network));
    }
}

/// Source and destination. The interface is the end that the direction tells; where there are no ends, as of NODATA, it
/// is the destination, and where nobody can tell it stays in `unmapped`.
fn endpoints(record: &Remaining<'_, '_>) -> (Endpoint, Endpoint) {
    let mut source = Endpoint::new(
        record,
        [
            Field::PktSrcAddr,
            Field::SrcAddr,
            Field::SrcPort,
            Field::PktSrcAwsService,
            Field::TgwSrcEni,
            Field::TgwSrcSubnetId,
            Field::TgwSrcVpcId,
        ],
    );
    let mut destination = Endpoint::new(
        record,
        [
            Field::PktDstAddr,
            Field::DstAddr,
            Field::DstPort,
            Field::PktDstAwsService,
            Field::TgwDstEni,
            Field::TgwDstSubnetId,
            Field::TgwDstVpcId,
        ],
    );
    match record.flow.enrichment_text(Enrichment::Direction) {
        Some("egress") => source.own_interface(record),
        Some("ingress") => destination.own_interface(record),
        _ if source.address.is_none() && destination.address.is_none() => destination.own_interface(record),
        _ => {}
    }
    (source, destination)
}

fn write_connection(event: &mut Object<'_>, record: &mut Remaining<'_, '_>, addresses: [Option<Field>; 2]) {
    let protocol = record.integer(Field::Protocol);
    let address = addresses.into_iter().flatten().next();
    let is_v4 = address.and_then(|field| record.flow.record.address(field)).map(|address| address.is_ipv4());
    if protocol.is_none() && is_v4.is_none() {
        return;
    }
    if matches!(record.look_text(Field::Type), Some("IPv4" | "IPv6")) {
        record.place(&[Field::Type]);
    }
    record.enrichment(Enrichment::ProtocolName);
    event.value("is_src_dst_assignment_known", record.flow.side() == Some(Side::Request));
    event.object("connection_info", |connection| {
        connection.value("direction_id", direction_id(record));
        connection.value("protocol_num", protocol);
        let name = protocol.and_then(|number| u8::try_from(number).ok()).and_then(protocol_name);
        connection.value("protocol_name", name);
        connection.value("protocol_ver_id", is_v4.map(|is_v4| if is_v4 { 4_u64 } else { 6 }));
        connection.value("tcp_flags", record.integer(Field::TcpFlags));
        connection.value("boundary_id", boundary_id(record));
        connection.value("community_uid", record.enrichment(Enrichment::CommunityId));
    });
}

/// Inbound and outbound cross the border of what is the user's own; what stays inside is lateral, and its
/// `flow-direction`, which the interface sees, stays in `unmapped`.
fn direction_id(record: &mut Remaining<'_, '_>) -> u64 {
    const INBOUND: u64 = 1;
    const OUTBOUND: u64 = 2;
    const LATERAL: u64 = 3;
    record.enrichment(Enrichment::Direction);
    let flow = record.flow;
    // Behind a gateway the packet's own end may be outside where that of the record is not.
    let is_outside = |is_external: Enrichment, end: Field, packet: Field| {
        let is_own = |address| flow.tables.networks.is_own(address) || !Scope::of(address).is_external();
        let (end, packet) = (flow.record.address(end), flow.record.address(packet));
        let is_beyond = packet != end && packet.is_some_and(|address| !is_own(address));
        flow.enrichment(is_external).map(|is_so| is_so == EnrichedValue::Integer(1) || is_beyond)
    };
    let source = is_outside(Enrichment::SrcExternal, Field::SrcAddr, Field::PktSrcAddr);
    let destination = is_outside(Enrichment::DstExternal, Field::DstAddr, Field::PktDstAddr);
    if (source, destination) == (Some(false), Some(false)) {
        return LATERAL;
    }
    let direction = match (flow.enrichment_text(Enrichment::Direction), source, destination) {
        (Some("ingress"), ..) | (None, Some(true), Some(false)) => INBOUND,
        (Some("egress"), ..) | (None, Some(false), Some(true)) => OUTBOUND,
        _ => return UNKNOWN,
    };
    record.place(&[Field::FlowDirection]);
    direction
}

/// OCSF counts the ways of `traffic-path` on from 4; one that it does not know stays in `unmapped`.
fn boundary_id(record: &mut Remaining<'_, '_>) -> Option<u64> {
    const BEFORE_THE_FIRST: u64 = 3;
    let Some(Value::Integer(path @ 1..=8)) = record.look(Field::TrafficPath) else { return None };
    record.place(&[Field::TrafficPath]);
    Some(path + BEFORE_THE_FIRST)
}

/// What could not be read: a Base Event with the line as it is.
pub(super) fn write_rejected(
    out: &mut Vec<u8>,
    rejection: &Rejection<'_>,
    origin: &Origin<'_>,
    marks: &Marks,
) {
    const FAILURE: u64 = 2;
    write_object(out, |event| {
        write_class_ids(event, BASE_EVENT, 0, UNKNOWN);
        event.value("time", origin.timestamp.unwrap_or(0));
        event.value("status_id", FAILURE);
        event.text("status_code", rejection.kind);
        event.text("status_detail", rejection.error);
        event.text("raw_data", rejection.line);
        event.object("metadata", |metadata| {
            metadata.text("version", OCSF_VERSION);
            write_product(metadata, "Amazon VPC", None);
            metadata.list("profiles", &["cloud"]);
            metadata.value("uid", origin.event_id);
            metadata.value("log_name", origin.log_group);
        });
        write_cloud(event, origin.account, origin.region, None);
        event.value("count", marks.merged);
        event.object("unmapped", |unmapped| {
            unmapped.value("log_stream", origin.log_stream);
            unmapped.value("sample_weight", marks.sample_weight);
        });
    });
}
