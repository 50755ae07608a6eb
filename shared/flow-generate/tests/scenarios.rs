//! Scenarios: all of them, by both protocols and at both intervals, are where their labels say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashSet;
use std::net::IpAddr;

use flow_generate::{Aggregation, Family, Label, Record, Scenario, Settings, Traffic};
use flow_record::{Field, Line, RecordFormat, TGW_DEFAULT, VPC_DEFAULT, VPC_V5};

/// Everything that is given out, and the labels.
fn run(settings: &Settings) -> (Vec<Record>, Vec<Label>) {
    let mut traffic = Traffic::new(settings);
    let records = traffic.by_ref().collect();
    (records, traffic.labels().cloned().collect())
}

/// Half an hour at night with one scenario, before most people come.
fn alone(scenario: &'static Scenario) -> Settings {
    Settings {
        seed: 5,
        start: 1_767_578_400,
        duration: Some(1800),
        scenarios: vec![scenario],
        ..Settings::default()
    }
}

fn check(scenario: &'static Scenario, family: Family, aggregation: Aggregation) {
    let about = format!("{} {family:?} {aggregation:?}", scenario.name);
    let (records, labels) = run(&Settings { family, aggregation, ..alone(scenario) });
    let [label] = labels.as_slice() else { panic!("{about}: {labels:?}") };
    let its: Vec<_> = records.iter().filter(|record| record.scenario() == Some(0)).collect();
    assert_eq!(label.records, its.len() as u64, "{about}");
    assert_eq!(label.start, its.iter().map(|record| record.start()).min().unwrap(), "{about}");
    assert_eq!(label.end, its.iter().map(|record| record.end()).max().unwrap(), "{about}");
    assert_eq!(label.technique, scenario.technique);
    let format: RecordFormat = VPC_V5.parse().unwrap();
    let seen: Vec<_> = its.iter().filter(|record| record.interface().id == label.interface).collect();
    assert!(!seen.is_empty(), "{about}: nothing at {}", label.interface);
    for record in seen {
        let line = record.display(&format).to_string();
        let Line::Flow(flow) = format.parse(&line).unwrap() else { continue };
        let ends: [Option<IpAddr>; 2] = [Field::SrcAddr, Field::DstAddr].map(|field| flow.address(field));
        for expected in [label.actor, label.target].into_iter().flatten() {
            assert!(ends.contains(&Some(expected)), "{about}: {expected} is not in {line}");
        }
        let ports = [Field::SrcPort, Field::DstPort].map(|field| flow.integer(field));
        assert!(label.port.is_none_or(|port| ports.contains(&Some(port.into()))), "{about}: {line}");
        assert!(ends.into_iter().flatten().all(|end| end.is_ipv4() == (family == Family::V4)), "{line}");
    }
}

#[test]
fn labels_say_where_everything_is() {
    for scenario in Scenario::ALL {
        for family in [Family::V4, Family::V6] {
            for aggregation in [Aggregation::Minute, Aggregation::TenMinutes] {
                check(scenario, family, aggregation);
            }
        }
    }
}

/// However small the network is.
#[test]
fn one_interface_is_enough() {
    for scenario in Scenario::ALL {
        let (_, labels) = run(&Settings { interfaces: 1, ..alone(scenario) });
        assert_eq!(labels.len(), 1, "{}", scenario.name);
    }
}

#[test]
fn names_are_apart_and_found() {
    let names: HashSet<_> = Scenario::ALL.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), Scenario::ALL.len());
    assert!(Scenario::ALL.iter().all(|scenario| Scenario::find(scenario.name).is_some()));
    assert!(Scenario::find("no-such").is_none());
}

#[test]
fn lost_packets_need_a_format_that_has_them() {
    let transit_loss = Scenario::find("transit-loss").unwrap();
    let (transit, default) = (TGW_DEFAULT.parse().unwrap(), VPC_DEFAULT.parse().unwrap());
    assert!(transit_loss.fits(&transit) && !transit_loss.fits(&default));
    assert_eq!(Scenario::ALL.iter().filter(|scenario| !scenario.fits(&default)).count(), 1);
    let (records, _) = run(&alone(transit_loss));
    let lost = |field| {
        let number = |record: &Record| {
            let line = record.display(&transit).to_string();
            transit.parse(&line).unwrap().record().integer(field).unwrap_or_default()
        };
        records.iter().map(number).sum::<u64>()
    };
    for field in [
        Field::PacketsLostNoRoute,
        Field::PacketsLostBlackhole,
        Field::PacketsLostMtuExceeded,
        Field::PacketsLostTtlExpired,
    ] {
        assert!(lost(field) >= 60, "{field}");
    }
}

/// What is laid over traffic changes nothing of it.
#[test]
fn the_background_stays_as_it_is() {
    let scenario = Scenario::find("outbound-sweep").unwrap();
    let (with, _) = run(&alone(scenario));
    let (without, labels) = run(&Settings { scenarios: Vec::new(), ..alone(scenario) });
    let rest: Vec<_> = with.into_iter().filter(|record| record.scenario().is_none()).collect();
    let flows = |records: &[Record]| {
        let format = RecordFormat::default();
        let lines = records.iter().map(|record| record.display(&format).to_string());
        lines.filter(|line| !line.ends_with("NODATA")).collect::<Vec<_>>()
    };
    assert_eq!(flows(&rest), flows(&without));
    assert!(labels.is_empty());
}

#[test]
fn a_label_is_a_line_of_json() {
    let (_, labels) = run(&alone(Scenario::find("brute-force-out").unwrap()));
    insta::assert_snapshot!(labels[0].to_json());
}
