//! OCSF.

use std::fmt::Write as _;

use flow_generate::{Settings, Traffic};
use flow_output::{Marks, RecordEncoding};
use flow_record::{Field, FieldKind, RecordFormat, VPC_V5};
use proptest::prelude::*;
use serde_json::Value;

use crate::examples::EXAMPLES;
use crate::lines::formats_with_lines;
use crate::schema::{Schema, at};
use crate::{encoder, encoder_of, json, paths, rejected, written};

/// Of OCSF 1.6.0 (ocsf/ocsf-schema): Base Event and Network Activity with the profiles `cloud` and `security_control`, as
/// far as they are written, and all that is required.
const OCSF: Schema = Schema(
    "
    activity_id                        integer required 0 1 2 3 4 5 6 7 99
    activity_name                      text
    category_uid                       integer required 0 4
    class_uid                          integer required 0 4001
    type_uid                           integer required 0 99 400100 400101 400102 400103 400104 400105 400106 400107 400199
    severity_id                        integer required 0 1 2 3 4 5 6 99
    time                               integer required
    start_time                         integer
    end_time                           integer
    count                              integer
    raw_data                           text
    status_code                        text
    status_detail                      text
    status_id                          integer 0 1 2 99
    is_src_dst_assignment_known        boolean
    action                             text Unknown Allowed Denied Observed Modified Other
    action_id                          integer 0 1 2 3 4 99
    disposition                        text
    disposition_id                     integer 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 99
    metadata.version                   text required 1.6.0
    metadata.product.name              text required
    metadata.product.vendor_name       text required
    metadata.product.version           text
    metadata.product.feature.name      text
    metadata.profiles                  text[] cloud security_control
    metadata.uid                       text
    metadata.log_name                  text
    cloud.provider                     text required
    cloud.account.uid                  text
    cloud.region                       text
    cloud.zone                         text
    src_endpoint.ip                    ip
    src_endpoint.intermediate_ips      ip[]
    src_endpoint.port                  integer
    src_endpoint.svc_name              text
    src_endpoint.interface_uid         text
    src_endpoint.instance_uid          text
    src_endpoint.subnet_uid            text
    src_endpoint.vpc_uid               text
    src_endpoint.zone                  text
    dst_endpoint.ip                    ip
    dst_endpoint.intermediate_ips      ip[]
    dst_endpoint.port                  integer
    dst_endpoint.svc_name              text
    dst_endpoint.interface_uid         text
    dst_endpoint.instance_uid          text
    dst_endpoint.subnet_uid            text
    dst_endpoint.vpc_uid               text
    dst_endpoint.zone                  text
    connection_info.direction_id       integer required 0 1 2 3 99
    connection_info.protocol_num       integer
    connection_info.protocol_name      text
    connection_info.protocol_ver_id    integer 0 4 6 99
    connection_info.tcp_flags          integer
    connection_info.boundary_id        integer 0 1 2 3 4 5 6 7 8 9 10 11 99
    connection_info.community_uid      text
    traffic.bytes                      integer
    traffic.packets                    integer
    unmapped                           open
    ",
);

/// What an endpoint must have one of.
const IDENTITIES: [&str; 4] = ["ip", "svc_name", "instance_uid", "interface_uid"];

/// What is wrong with an event, the rules that go over several attributes included.
fn faults(event: &Value) -> Vec<String> {
    let mut faults = OCSF.faults(event);
    let number = |path| at(event, path).and_then(Value::as_i64).unwrap_or(-1);
    let mut expect = |is_so: bool, what: &str| {
        if !is_so {
            faults.push(what.to_owned());
        }
    };
    expect(number("type_uid") == number("class_uid") * 100 + number("activity_id"), "type_uid");
    expect((number("class_uid") == 0) == (number("category_uid") == 0), "category_uid");
    let ends = ["src_endpoint", "dst_endpoint"].map(|end| event.get(end));
    for end in ends.into_iter().flatten() {
        expect(IDENTITIES.iter().any(|key| end.get(key).is_some()), "an endpoint without an identity");
    }
    let has_end = ends.iter().any(Option::is_some);
    expect((number("class_uid") == 4001) == has_end, "Network Activity is what has an endpoint");
    let profiles = at(event, "metadata.profiles").and_then(Value::as_array).unwrap();
    let has = |profile: &str| profiles.iter().any(|name| name == profile);
    expect(has("cloud") == event.get("cloud").is_some(), "profile cloud");
    let controls = ["action_id", "action", "disposition_id", "disposition"];
    let has_control = controls.iter().any(|key| event.get(key).is_some());
    expect(has("security_control") == has_control, "profile security_control");
    faults
}

#[test]
fn every_example_is_valid() {
    for example in EXAMPLES {
        for line in example.lines {
            let marks = Marks { sample_weight: Some(10), merged: Some(3) };
            let event = written(&mut encoder(RecordEncoding::Ocsf), &example.format(), line, &marks);
            assert_eq!(faults(&json(&event)), [""; 0], "{}: {event}", example.name);
        }
    }
}

#[test]
fn examples_field_by_field() {
    let mut text = String::new();
    for example in EXAMPLES {
        for line in example.lines {
            let event =
                written(&mut encoder(RecordEncoding::Ocsf), &example.format(), line, &Marks::default());
            writeln!(text, "# {}\n# {line}\n{}", example.name, paths(&json(&event))).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn generated_traffic_is_valid() {
    let format: RecordFormat = VPC_V5.parse().unwrap();
    let mut encoder = encoder(RecordEncoding::Ocsf);
    for record in Traffic::new(&Settings { seed: 11, ..Settings::default() }).take(2000) {
        let line = record.display(&format).to_string();
        let event = written(&mut encoder, &format, &line, &Marks::default());
        assert_eq!(faults(&json(&event)), [""; 0], "{line}\n{event}");
    }
}

#[test]
fn what_can_not_be_read_is_a_base_event() {
    let event =
        rejected(&mut encoder(RecordEncoding::Ocsf), "half a\nline\u{1b}", &Marks::default()).unwrap();
    assert_eq!(faults(&json(&event)), [""; 0]);
    insta::assert_snapshot!(paths(&json(&event)));
}

#[test]
fn chosen_fields_keep_what_is_required() {
    let example = &EXAMPLES[0];
    let mut encoder = encoder_of(RecordEncoding::Ocsf, &["dstaddr", "community_id", "log_group", "line"]);
    let event = written(&mut encoder, &example.format(), example.lines[0], &Marks::default());
    assert_eq!(faults(&json(&event)), [""; 0]);
    insta::assert_snapshot!(paths(&json(&event)));
}

/// Of a record that has every field, each with a value of its own, each value is somewhere.
#[test]
fn every_field_has_a_place() {
    for field in Field::ALL.into_iter().filter(|field| !field.is_time()) {
        let (others, expected) = match field.kind() {
            FieldKind::Integer { .. } => ("srcaddr", "77".to_owned()),
            FieldKind::Address => ("protocol", "192.0.2.77".to_owned()),
            FieldKind::Text => ("srcaddr", format!("its-{}", field.name())),
        };
        let other = if others == "srcaddr" { "10.0.0.1" } else { "6" };
        let format: RecordFormat = format!("{others} {}", field.name()).parse().unwrap();
        for encoding in [RecordEncoding::Ocsf, RecordEncoding::Ecs, RecordEncoding::Flat] {
            let text =
                written(&mut encoder(encoding), &format, &format!("{other} {expected}"), &Marks::default());
            assert!(text.contains(&expected), "{field}: {text}");
        }
    }
}

proptest! {
    #[test]
    fn any_record_is_valid((format, line) in formats_with_lines()) {
        let event = written(&mut encoder(RecordEncoding::Ocsf), &format, &line, &Marks::default());
        prop_assert_eq!(faults(&json(&event)), Vec::<String>::new(), "{}", event);
    }
}
