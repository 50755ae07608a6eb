//! A record in the Elastic Common Schema, with what that has no place for under `aws.vpcflow`, both as Elastic's AWS
//! integration writes flow logs (`packages/aws/data_stream/vpcflow` in elastic/integrations).
//!
//! What only Flowgauge knows stands under `flowgauge`. `@timestamp` is the record's end, as in that integration; else its
//! start, else the log event's timestamp, else 1970, since the schema wants one.

use std::net::IpAddr;

use flow_enrich::{EnrichedFlow, Enrichment, Origin, protocol_name};
use flow_record::Field;

use super::remaining::Remaining;
use super::selection::{ContextKey, Selection};
use super::{Marks, Rejection};
use crate::json::{Object, write_object};
use crate::scalar::Scalar;
use crate::time::iso_time;

/// The version of the schema. What is written is the same in 9.x.
const ECS_VERSION: &str = "8.17.0";

/// Names of the bits in `tcp-flags`, the lowest first.
const FLAGS: [&str; 6] = ["fin", "syn", "rst", "psh", "ack", "urg"];

pub(super) fn write(out: &mut Vec<u8>, selection: &Selection, flow: &EnrichedFlow<'_>, marks: &Marks) {
    let record = &mut Remaining::new(selection, flow, marks);
    write_object(out, |root| {
        let times = [record.look_time(Field::End), record.look_time(Field::Start), flow.origin.timestamp];
        write_base(root, times);
        root.object("event", |event| write_event(event, record));
        root.object("cloud", |cloud| write_cloud(cloud, record));
        let (source, destination) = (record.address(Field::SrcAddr), record.address(Field::DstAddr));
        write_network(root, record, source, destination);
        root.object("related", |related| related.list("ip", &related_addresses(record, source, destination)));
        write_owners(root, record);
        root.object("aws", |aws| write_aws(aws, record));
        root.object("flowgauge", |own| {
            own.value("src_network", record.enrichment(Enrichment::SrcNetwork));
            own.value("dst_network", record.enrichment(Enrichment::DstNetwork));
            own.value("sample_weight", record.mark(ContextKey::SampleWeight));
            own.value("merged_records", record.mark(ContextKey::MergedRecords));
            record.write_beside(own);
        });
    });
}

fn write_base(root: &mut Object<'_>, times: [Option<i64>; 3]) {
    let time = times.into_iter().flatten().find_map(iso_time);
    root.text("@timestamp", time.as_deref().unwrap_or("1970-01-01T00:00:00.000Z"));
    root.object("ecs", |ecs| ecs.text("version", ECS_VERSION));
}

/// A record of log status NODATA or SKIPDATA tells of no connection, and so is `info`.
fn write_event(event: &mut Object<'_>, record: &mut Remaining<'_, '_>) {
    let action = record.look_text(Field::Action);
    let is_flow = !matches!(record.flow.record.text(Field::LogStatus), Some("NODATA" | "SKIPDATA"));
    event.text("kind", "event");
    event.list("category", &["network"]);
    match (is_flow, action) {
        (true, Some("ACCEPT")) => event.list("type", &["connection", "allowed"]),
        (true, Some("REJECT")) => event.list("type", &["connection", "denied"]),
        (true, _) => event.list("type", &["connection"]),
        (false, _) => event.list("type", &["info"]),
    }
    event.value("action", action);
    match action {
        Some("ACCEPT") => event.text("outcome", "success"),
        Some("REJECT") => event.text("outcome", "failure"),
        _ => {}
    }
    event.value("reason", record.text(Field::RejectReason));
    event.value("id", record.context(ContextKey::EventId));
    for (key, field) in [("start", Field::Start), ("end", Field::End)] {
        event.value(key, record.look_time(field).and_then(iso_time));
    }
    record.place(&[Field::Start, Field::End]);
    if let Scalar::Number(seconds) = record.enrichment(Enrichment::Duration) {
        event.value("duration", Scalar::Number(seconds * 1_000_000_000));
    }
    event.value("original", record.context(ContextKey::Line));
}

fn write_cloud(cloud: &mut Object<'_>, record: &mut Remaining<'_, '_>) {
    let origin = record.flow.origin;
    cloud.text("provider", "aws");
    let account = record.look_text(Field::AccountId).or(origin.account);
    cloud.object("account", |of| of.value("id", account));
    cloud.value("region", record.text(Field::Region).or(origin.region));
    cloud.value("availability_zone", record.text(Field::AzId));
    cloud.object("instance", |instance| instance.value("id", record.look_text(Field::InstanceId)));
}

/// Bytes and packets are the source's, who sent them; those of the other way stand in another record.
fn write_network(
    root: &mut Object<'_>,
    record: &mut Remaining<'_, '_>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
) {
    let (bytes, packets) = (record.integer(Field::Bytes), record.integer(Field::Packets));
    root.object("source", |end| {
        end.value("ip", source);
        end.value("port", record.integer(Field::SrcPort));
        end.value("bytes", bytes);
        end.value("packets", packets);
    });
    root.object("destination", |end| {
        end.value("ip", destination);
        end.value("port", record.integer(Field::DstPort));
    });
    let protocol = record.integer(Field::Protocol).and_then(|number| u8::try_from(number).ok());
    record.enrichment(Enrichment::ProtocolName);
    root.object("network", |network| {
        let address = source.or(destination);
        network.value("type", address.map(|address| if address.is_ipv4() { "ipv4" } else { "ipv6" }));
        network.value("transport", protocol.and_then(protocol_name));
        network.value("iana_number", protocol.map(|number| number.to_string()));
        network.value("bytes", bytes);
        network.value("packets", packets);
        let own = record.text(Field::FlowDirection);
        let direction = record.enrichment(Enrichment::Direction);
        network.value("direction", own.map_or(direction, Scalar::from));
        network.value("community_id", record.enrichment(Enrichment::CommunityId));
    });
}

fn related_addresses(
    record: &Remaining<'_, '_>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
) -> Vec<String> {
    let packet = [Field::PktSrcAddr, Field::PktDstAddr].map(|field| record.look_address(field));
    let mut texts = Vec::new();
    for address in [source, destination, packet[0], packet[1]].into_iter().flatten() {
        let text = address.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Elastic's ECS has places for Amazon's ECS too.
fn write_owners(root: &mut Object<'_>, record: &mut Remaining<'_, '_>) {
    root.object("orchestrator", |orchestrator| {
        orchestrator.object("cluster", |cluster| {
            cluster.value("id", record.look_text(Field::EcsClusterArn));
            cluster.value("name", record.text(Field::EcsClusterName));
        });
        orchestrator.object("resource", |resource| {
            resource.value("id", record.text(Field::EcsContainerInstanceId));
            resource.value("name", record.text(Field::EcsContainerInstanceArn));
        });
    });
    root.object("service", |service| service.value("name", record.text(Field::EcsServiceName)));
}

fn write_aws(aws: &mut Object<'_>, record: &mut Remaining<'_, '_>) {
    aws.object("cloudwatch", |log| {
        log.value("log_group", record.context(ContextKey::LogGroup));
        log.value("log_stream", record.context(ContextKey::LogStream));
    });
    aws.object("vpcflow", |vpcflow| {
        // Keywords in Elastic's mapping, though they are numbers.
        let number = |field| record.look(field).map(|value| value.to_string());
        let [version, flags, path] = [Field::Version, Field::TcpFlags, Field::TrafficPath].map(number);
        let mask = record.integer(Field::TcpFlags);
        record.place(&[Field::Version, Field::TrafficPath]);
        vpcflow.value("version", version);
        vpcflow.value("tcp_flags", flags);
        vpcflow.list("tcp_flags_array", &flag_names(mask.unwrap_or(0)));
        vpcflow.value("traffic_path", path);
        vpcflow.object("sublocation", |sublocation| {
            sublocation.value("type", record.text(Field::SublocationType));
            sublocation.value("id", record.text(Field::SublocationId));
        });
        record.write_fields(vpcflow, |field| match field {
            Field::PktSrcAwsService => "pkt_src_service",
            Field::PktDstAwsService => "pkt_dst_service",
            other => other.json_key(),
        });
    });
}

fn flag_names(mask: u64) -> Vec<&'static str> {
    FLAGS.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, name)| name).collect()
}

/// What could not be read: an event of the kind `pipeline_error`.
pub(super) fn write_rejected(
    out: &mut Vec<u8>,
    rejection: &Rejection<'_>,
    origin: &Origin<'_>,
    marks: &Marks,
) {
    write_object(out, |root| {
        write_base(root, [origin.timestamp, None, None]);
        root.object("event", |event| {
            event.text("kind", "pipeline_error");
            event.value("id", origin.event_id);
            event.text("original", rejection.line);
        });
        root.object("error", |error| {
            error.text("type", rejection.kind);
            error.text("message", rejection.error);
        });
        root.object("cloud", |cloud| {
            cloud.text("provider", "aws");
            cloud.object("account", |account| account.value("id", origin.account));
            cloud.value("region", origin.region);
        });
        root.object("aws", |aws| {
            aws.object("cloudwatch", |log| {
                log.value("log_group", origin.log_group);
                log.value("log_stream", origin.log_stream);
            });
        });
        root.object("flowgauge", |own| {
            own.value("sample_weight", marks.sample_weight);
            own.value("merged_records", marks.merged);
        });
    });
}
