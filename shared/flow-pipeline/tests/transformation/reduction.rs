//! Fewer records than came in, whose sums stay what they were.

use std::collections::BTreeMap;

use flow_envelope::encode::gzip;
use flow_generate::{Settings, Traffic};
use flow_pipeline::{Lookup, TransformationReport, TransformationSettings};
use flow_record::RecordFormat;
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

/// The bytes of generated traffic, and what a sample of one in ten says of them.
fn truth_and_estimate(seed: u64) -> (u64, u64) {
    let format = RecordFormat::default();
    let traffic = Traffic::new(&Settings { seed, ..Settings::default() });
    let lines: Vec<_> = traffic.take(3000).map(|record| record.display(&format).to_string()).collect();
    let bytes = |objects: &[Value]| -> u64 {
        let weighted = |object: &Value| {
            let (bytes, weight) = (object["bytes"].as_u64().unwrap(), object.get("sample_weight"));
            let is_small = bytes < 1_000_000 && object["action"] == "ACCEPT";
            let is_right = weight.is_none_or(|weight| is_small && *weight == 10);
            assert!(is_right, "a record stands for itself, a small accepted one for ten: {object}");
            bytes * weight.map_or(1, |_| 10)
        };
        objects.iter().map(weighted).sum()
    };
    let (all, _) = delivered(&lines, &[]);
    let (sample, report) = delivered(&lines, &[("SAMPLE_ACCEPTED", "10")]);
    assert!(report.events.sampled_out > all.len() as u64 / 2, "{:?}", report.events);
    (bytes(&all), bytes(&sample))
}

/// Without a threshold the estimate was a ninth of the truth: a few records hold nearly all bytes, and a sample misses them.
#[test]
fn the_bytes_of_a_sample_are_near_the_truth() {
    let (mut whole, mut estimated) = (0.0, 0.0);
    for seed in 1..=12 {
        let (truth, estimate) = truth_and_estimate(seed);
        let ratio = estimate as f64 / truth as f64;
        assert!((0.7..1.3).contains(&ratio), "seed {seed}: {ratio}");
        (whole, estimated) = (whole + truth as f64, estimated + estimate as f64);
    }
    assert!((0.92..1.08).contains(&(estimated / whole)), "{}", estimated / whole);
}

/// A record that stands for ten is not added to one that stands for itself.
#[test]
fn merging_keeps_what_is_sampled_apart_from_what_is_large() {
    let large = flows(200, 2, "ACCEPT").into_iter().map(|line| line.replace(" 6 2 ", " 6 2 5000000"));
    let lines = [flows(200, 4, "ACCEPT"), large.collect()].concat();
    let sample = [("SAMPLE_ACCEPTED", "4")];
    let (apart, _) = delivered(&lines, &sample);
    let (merged, report) = delivered(&lines, &[sample[0], ("MERGE", "true")]);
    assert!(report.events.merged > 0 && report.events.sampled_out > 0);
    assert!(merged.iter().any(|object| object["sample_weight"] == 4 && object["merged_records"].is_u64()));
    assert_eq!(sums(&merged, "bytes", "sample_weight"), sums(&apart, "bytes", "sample_weight"));
}

#[test]
fn what_holds_no_flow_stands_for_nothing_else() {
    let lost =
        "2 123456789010 eni-1 10.0.0.5 192.0.2.7 10000 443 6 2 80 1418530010 1418530070 ACCEPT SKIPDATA";
    let (kept, _) = delivered(&[lost.to_owned()], &[("SAMPLE_ACCEPTED", "10"), ("KEEP", "SKIPDATA")]);
    assert_eq!(kept.iter().filter(|object| object.get("sample_weight").is_none()).count(), 1);
}

#[test]
fn what_lacks_the_key_of_a_flow_is_kept() {
    let lines: Vec<_> = (0..50).map(|number| format!("10.0.0.{number} 192.0.2.7 ACCEPT {number}")).collect();
    let format = ("LOG_FORMAT", "${srcaddr} ${dstaddr} ${action} ${bytes}");
    let (kept, _) = delivered(&lines, &[format, ("SAMPLE_ACCEPTED", "10")]);
    assert_eq!(kept.len(), 50);
    assert!(kept.iter().all(|object| object.get("sample_weight").is_none()));
}
