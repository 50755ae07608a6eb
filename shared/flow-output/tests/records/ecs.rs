//! The Elastic Common Schema.

use std::fmt::Write as _;

use flow_generate::{Settings, Traffic};
use flow_output::{Marks, RecordEncoding};
use flow_record::{RecordFormat, VPC_V5};
use proptest::prelude::*;
use serde_json::Value;

use crate::examples::EXAMPLES;
use crate::lines::formats_with_lines;
use crate::schema::{Schema, at};
use crate::{encoder, encoder_of, json, paths, rejected, written};

/// Of the Elastic Common Schema 8.17 (elastic/ecs), as far as it is written, with the types that Elasticsearch gives them:
/// a keyword is a text. `@timestamp` and `ecs.version` are what every document must have. The values of `event.type` are those
/// expected with the category `network`.
const ECS: Schema = Schema(
    "
    @timestamp                   time required
    ecs.version                  text required 8.17.0
    event.kind                   text required alert asset enrichment event metric state pipeline_error signal
    event.category               text[] network
    event.type                   text[] access allowed connection denied end info protocol start
    event.action                 text
    event.outcome                text failure success unknown
    event.reason                 text
    event.id                     text
    event.start                  time
    event.end                    time
    event.duration               integer
    event.original               text
    error.type                   text
    error.message                text
    source.ip                    ip
    source.port                  integer
    source.bytes                 integer
    source.packets               integer
    destination.ip               ip
    destination.port             integer
    network.type                 text ipv4 ipv6
    network.transport            text
    network.iana_number          text
    network.bytes                integer
    network.packets              integer
    network.direction            text
    network.community_id         text
    related.ip                   ip[]
    cloud.provider               text required aws
    cloud.account.id             text
    cloud.region                 text
    cloud.availability_zone      text
    cloud.instance.id            text
    orchestrator.cluster.id      text
    orchestrator.cluster.name    text
    orchestrator.resource.id     text
    orchestrator.resource.name   text
    service.name                 text
    aws.cloudwatch.log_group     text
    aws.cloudwatch.log_stream    text
    aws.vpcflow                  open
    flowgauge                    open
    ",
);

/// Of Elastic's AWS integration (elastic/integrations, its fields and tests of vpcflow): what may stand in `aws.vpcflow`.
const VPCFLOW: Schema = Schema(
    "
    account_id text
    action text
    interface_id text
    log_status text
    instance_id text
    vpc_id text
    subnet_id text
    pkt_srcaddr ip
    pkt_dstaddr ip
    version text
    tcp_flags text
    tcp_flags_array text[] fin syn rst psh ack urg
    traffic_path text
    type text
    pkt_src_service text
    pkt_dst_service text
    sublocation.type text
    sublocation.id text
    ecs_cluster_arn text
    ecs_task_id text
    tgw_id text
    tgw_attachment_id text
    tgw_pair_attachment_id text
    tgw_src_vpc_account_id text
    tgw_dst_vpc_account_id text
    tgw_src_vpc_id text
    tgw_dst_vpc_id text
    tgw_src_subnet_id text
    tgw_dst_subnet_id text
    tgw_src_eni text
    tgw_dst_eni text
    tgw_src_az_id text
    tgw_dst_az_id text
    resource_type text
    resource_id text
    next_hop_az_id text
    packets_lost_no_route integer
    packets_lost_blackhole integer
    packets_lost_mtu_exceeded integer
    packets_lost_ttl_expired integer
    other open
    ",
);

#[test]
fn every_example_is_valid() {
    for example in EXAMPLES {
        for line in example.lines {
            let marks = Marks { sample_weight: Some(10), merged: Some(3) };
            let event = json(&written(&mut encoder(RecordEncoding::Ecs), &example.format(), line, &marks));
            assert_eq!(ECS.faults(&event), [""; 0], "{}: {event}", example.name);
            let vpcflow = at(&event, "aws.vpcflow").cloned().unwrap_or_else(|| Value::Object(<_>::default()));
            assert_eq!(VPCFLOW.faults(&vpcflow), [""; 0], "{}: {event}", example.name);
            assert_eq!(
                (&event["flowgauge"]["sample_weight"], &event["flowgauge"]["merged_records"]),
                (&10.into(), &3.into())
            );
        }
    }
}

#[test]
fn examples_field_by_field() {
    let mut text = String::new();
    for example in EXAMPLES {
        for line in example.lines {
            let event =
                written(&mut encoder(RecordEncoding::Ecs), &example.format(), line, &Marks::default());
            writeln!(text, "# {}\n# {line}\n{}", example.name, paths(&json(&event))).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn generated_traffic_is_valid() {
    let format: RecordFormat = VPC_V5.parse().unwrap();
    let mut encoder = encoder(RecordEncoding::Ecs);
    for record in Traffic::new(&Settings { seed: 12, ..Settings::default() }).take(2000) {
        let line = record.display(&format).to_string();
        let event = json(&written(&mut encoder, &format, &line, &Marks::default()));
        assert_eq!(ECS.faults(&event), [""; 0], "{line}");
        assert_eq!(VPCFLOW.faults(at(&event, "aws.vpcflow").unwrap()), [""; 0], "{line}");
    }
}

#[test]
fn what_can_not_be_read_is_a_pipeline_error() {
    let event = rejected(&mut encoder(RecordEncoding::Ecs), "half a\nline\u{1b}", &Marks::default()).unwrap();
    assert_eq!(ECS.faults(&json(&event)), [""; 0]);
    insta::assert_snapshot!(paths(&json(&event)));
}

#[test]
fn chosen_fields_keep_what_is_required() {
    let fields = ["dstaddr", "bytes", "duration", "dst_service", "log_group", "line", "protocol_name"];
    let example = &EXAMPLES[0];
    let mut encoder = encoder_of(RecordEncoding::Ecs, &fields);
    let event = written(&mut encoder, &example.format(), example.lines[0], &Marks::default());
    assert_eq!(ECS.faults(&json(&event)), [""; 0]);
    insta::assert_snapshot!(paths(&json(&event)));
}

proptest! {
    #[test]
    fn any_record_is_valid((format, line) in formats_with_lines()) {
        let event = written(&mut encoder(RecordEncoding::Ecs), &format, &line, &Marks::default());
        prop_assert_eq!(ECS.faults(&json(&event)), Vec::<String>::new(), "{}", event);
    }
}
