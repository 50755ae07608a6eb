//! Fewer records than came in, whose sums stay what they were.

use std::collections::BTreeMap;

use flow_envelope::encode::gzip;
use flow_pipeline::{Lookup, TransformationReport, TransformationSettings};
use serde_json::Value;

use super::{Answered, assert_balanced, message, transform};

/// The objects that are delivered of these lines in one message, with these variables.
fn delivered(lines: &[String], variables: &[(&str, &str)]) -> (Vec<Value>, TransformationReport) {
    let find =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let settings = TransformationSettings::read(Lookup(&find)).unwrap();
    let (answers, report) = transform(&settings, &[&gzip(&message(lines))], None);
    assert_balanced(&report);
    let [Answered::Ok(text)] = &answers[..] else { panic!("{answers:?}") };
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), report)
}

/// What a number of all objects adds up to, by the flow's source port; each counts as often as `weight` says.
fn sums(objects: &[Value], key: &str, weight: &str) -> BTreeMap<u64, u64> {
    let mut sums = BTreeMap::new();
    for object in objects {
        let number = object[key].as_u64().unwrap() * object[weight].as_u64().unwrap_or(1);
        *sums.entry(object["srcport"].as_u64().unwrap()).or_default() += number;
    }
    sums
}

/// So many records of each of so many flows.
fn flows(flows: usize, records: usize, action: &str) -> Vec<String> {
    let record = |number: usize| {
        let (port, start) = (10_000 + number % flows, 1_418_530_000 + number);
        format!(
            "2 123456789010 eni-1 10.0.0.5 192.0.2.7 {port} 443 6 2 {number} {start} {} {action} OK",
            start + 60
        )
    };
    (0..flows * records).map(record).collect()
}

#[test]
fn merged_records_add_up_to_what_they_were() {
    let lines = [flows(7, 5, "ACCEPT"), flows(3, 4, "REJECT")].concat();
    let (apart, _) = delivered(&lines, &[]);
    let (merged, report) = delivered(&lines, &[("MERGE", "true")]);
    assert_eq!((apart.len(), merged.len()), (47, 10));
    for key in ["bytes", "packets"] {
        assert_eq!(sums(&merged, key, ""), sums(&apart, key, ""));
    }
    let records: u64 = merged.iter().map(|object| object["merged_records"].as_u64().unwrap()).sum();
    assert_eq!((records, report.events.merged), (47, 37));
}

#[test]
fn a_sample_holds_whole_flows_with_their_weight_and_all_that_was_refused() {
    let (accepted, refused) = (flows(400, 3, "ACCEPT"), flows(50, 2, "REJECT"));
    let variables = [("SAMPLE_ACCEPTED", "4")];
    let (all, _) = delivered(&accepted, &[]);
    let (kept, report) = delivered(&[accepted.clone(), refused].concat(), &variables);
    let (sample, rest): (Vec<_>, Vec<_>) = kept.into_iter().partition(|object| object["action"] == "ACCEPT");
    assert_eq!(rest.len(), 100);
    assert!(rest.iter().all(|object| object.get("sample_weight").is_none()));
    assert!(sample.iter().all(|object| object["sample_weight"] == 4));
    assert_eq!(report.events.sampled_out, 1200 - sample.len() as u64);
    let (sampled, whole) = (sums(&sample, "packets", ""), sums(&all, "packets", ""));
    assert!(sampled.iter().all(|(flow, packets)| whole[flow] == *packets), "every flow whole or not at all");
    let estimate: u64 = sums(&sample, "packets", "sample_weight").values().sum();
    assert!((1920..2880).contains(&estimate), "{estimate} of 2400 packets");
    // However lines are cut into messages, the sample is the same.
    let (first, second) = accepted.split_at(500);
    let parts = [first, second].map(|lines| delivered(lines, &variables).0).concat();
    let numbers =
        |objects: &[Value]| objects.iter().map(|object| object["bytes"].clone()).collect::<Vec<_>>();
    assert_eq!(numbers(&parts), numbers(&sample));
}

#[test]
fn output_that_can_not_tell_what_a_record_stands_for_is_refused() {
    let read = |variables: &[(&str, &str)]| {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        TransformationSettings::read(Lookup(&find)).map(drop).map_err(|error| error.to_string())
    };
    for (variable, value, mark) in
        [("SAMPLE_ACCEPTED", "2", "sample_weight"), ("MERGE", "true", "merged_records")]
    {
        for output in ["text", "csv"] {
            let error = read(&[("OUTPUT", output), (variable, value)]).unwrap_err();
            assert!(error.contains(variable) && error.contains(mark), "{error}");
        }
        let fields = format!("srcaddr,{mark}");
        assert_eq!(read(&[("OUTPUT", "csv"), ("FIELDS", &fields), (variable, value)]), Ok(()));
        assert_eq!(read(&[("OUTPUT", "ocsf"), (variable, value)]), Ok(()));
    }
    assert_eq!(read(&[("OUTPUT", "text"), ("SAMPLE_ACCEPTED", "1"), ("MERGE", "false")]), Ok(()));
}
