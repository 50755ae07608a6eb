//! Ordinary traffic: the same for a seed, readable, in order, answered, and shaped as traffic is.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{HashMap, HashSet};

use flow_generate::{Aggregation, Batches, EventEncoder, Record, Settings, Traffic};
use flow_record::{Field, FlowRecord, Line, RecordFormat, TGW_DEFAULT, VPC_DEFAULT, VPC_V5};
use proptest::prelude::*;

const HOUR: u64 = 3600;

const SYN: u64 = 0x02;
const SYN_ACK: u64 = 0x12;

fn lines(settings: &Settings, format: &RecordFormat) -> Vec<String> {
    Traffic::new(settings).map(|record| record.display(format).to_string()).collect()
}

/// Runs `look` over all flows of traffic in version 5.
fn flows(settings: &Settings, mut look: impl FnMut(&FlowRecord<'_>)) {
    let format: RecordFormat = VPC_V5.parse().unwrap();
    for line in lines(settings, &format) {
        if let Line::Flow(record) = format.parse(&line).unwrap() {
            look(&record);
        }
    }
}

fn text(record: &FlowRecord<'_>, field: Field) -> String {
    record.text(field).unwrap_or("-").to_owned()
}

fn number(record: &FlowRecord<'_>, field: Field) -> u64 {
    record.integer(field).unwrap_or_default()
}

#[test]
fn a_seed_says_it_all() {
    let settings = Settings { seed: 7, interfaces: 4, duration: Some(60), ..Settings::default() };
    insta::assert_snapshot!("default", lines(&settings, &RecordFormat::default())[..20].join("\n"));
    let v5 = lines(&settings, &VPC_V5.parse().unwrap());
    insta::assert_snapshot!("version_5", v5.iter().rev().take(12).cloned().collect::<Vec<_>>().join("\n"));
    assert_eq!(v5, lines(&settings, &VPC_V5.parse().unwrap()));
    assert_ne!(v5, lines(&Settings { seed: 8, ..settings }, &VPC_V5.parse().unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_line_reads_and_prints_back(
        seed: u64,
        interfaces in 1_usize..30,
        start in 1_600_000_000_u64..1_900_000_000,
        is_long: bool,
        format in prop::sample::select(vec![
            VPC_DEFAULT,
            VPC_V5,
            TGW_DEFAULT,
            "log-status start interface-type reject-reason srcaddr instance-tag-2 newer-than-this end",
        ]),
    ) {
        let format: RecordFormat = format.parse().unwrap();
        let aggregation = if is_long { Aggregation::TenMinutes } else { Aggregation::Minute };
        let settings =
            Settings { seed, interfaces, start, aggregation, duration: Some(600), ..Settings::default() };
        for line in lines(&settings, &format) {
            let read = format.parse(&line);
            prop_assert!(read.is_ok(), "{line}: {read:?}");
            let read = read.unwrap();
            prop_assert_eq!(read.record().display(&format).to_string(), line.clone());
            let (start, end) = (read.record().integer(Field::Start), read.record().integer(Field::End));
            prop_assert!(end >= start && end < start.map(|start| start + aggregation.seconds()), "{}", line);
        }
    }

    #[test]
    fn in_order_at_each_interface(seed: u64, is_long: bool) {
        let aggregation = if is_long { Aggregation::TenMinutes } else { Aggregation::Minute };
        let settings = Settings { seed, aggregation, duration: Some(1800), ..Settings::default() };
        let mut newest = HashMap::new();
        for record in Traffic::new(&settings) {
            let before = newest.insert(record.interface().id.clone(), record.start()).unwrap_or_default();
            prop_assert!(record.start() >= before);
        }
        prop_assert_eq!(newest.len(), settings.interfaces, "every interface says at least NODATA");
    }
}

/// A connection that was let in is answered where it was seen, and the other end's interface, if it is one of ours, saw
/// the same.
#[test]
fn requests_and_replies_belong_together() {
    let settings = Settings { seed: 3, duration: Some(1200), ..Settings::default() };
    let (mut opened, mut answered) = (HashSet::new(), HashSet::new());
    let mut seen: HashMap<_, Vec<(String, u64, u64)>> = HashMap::new();
    flows(&settings, |record| {
        let interface = text(record, Field::InterfaceId);
        let [source, destination] = [(Field::SrcAddr, Field::SrcPort), (Field::DstAddr, Field::DstPort)]
            .map(|(address, port)| (text(record, address), number(record, port)));
        let flags = number(record, Field::TcpFlags);
        if flags & SYN_ACK == SYN && text(record, Field::Action) == "ACCEPT" {
            opened.insert((interface.clone(), source.clone(), destination.clone()));
        } else if flags & SYN_ACK == SYN_ACK {
            answered.insert((interface.clone(), destination.clone(), source.clone()));
        }
        let is_internal = |end: &(String, u64)| end.0.starts_with("10.0.");
        if is_internal(&source) && is_internal(&destination) && number(record, Field::Protocol) == 6 {
            let volume = (interface, number(record, Field::Packets), number(record, Field::Bytes));
            seen.entry((source, destination, number(record, Field::Start))).or_default().push(volume);
        }
    });
    assert!(opened.len() > 500, "{}", opened.len());
    let unanswered: Vec<_> = opened.difference(&answered).collect();
    assert!(unanswered.is_empty(), "{unanswered:?}");
    let alike = |views: &[(String, u64, u64)]| {
        views.len() == 1 || views.len() == 2 && (views[0].1, views[0].2) == (views[1].1, views[1].2)
    };
    assert!(seen.values().all(|views| alike(views)));
    assert!(seen.values().filter(|views| views.len() == 2).count() * 2 > seen.len());
}

/// Shares of a working hour on a network of 60.
#[test]
fn traffic_has_the_shape_of_traffic() {
    let settings = Settings { seed: 1, interfaces: 60, duration: Some(HOUR), ..Settings::default() };
    let mut counts: HashMap<String, f64> = HashMap::new();
    let mut sizes = Vec::new();
    let mut refused = HashMap::<String, HashSet<String>>::new();
    flows(&settings, |record| {
        let mut count = |what: &str| *counts.entry(what.to_owned()).or_default() += 1.0;
        count("all");
        for field in
            [Field::Action, Field::Protocol, Field::Type, Field::FlowDirection, Field::PktDstAwsService]
        {
            count(&text(record, field));
        }
        sizes.push(number(record, Field::Bytes));
        if text(record, Field::Action) == "REJECT" {
            refused.entry(text(record, Field::DstPort)).or_default().insert(text(record, Field::SrcAddr));
        }
    });
    let all = counts["all"];
    for (what, shares) in [
        ("REJECT", 0.01..0.15),
        ("6", 0.7..0.97),
        ("17", 0.02..0.25),
        ("1", 0.0001..0.02),
        ("IPv6", 0.05..0.35),
        ("ingress", 0.45..0.55),
        ("S3", 0.001..0.2),
    ] {
        let share = counts[what] / all;
        assert!(shares.contains(&share), "{what}: {share} is not in {shares:?}");
    }
    sizes.sort_unstable();
    let (tail, sum): (u64, u64) = (sizes[sizes.len() * 99 / 100..].iter().sum(), sizes.iter().sum());
    assert!(tail * 2 > sum, "the largest 1 % of records carry most bytes: {tail} of {sum}");
    assert!(sizes[sizes.len() / 2] < 20_000, "and half of them are small: {}", sizes[sizes.len() / 2]);
    let mut doors: Vec<_> = refused.iter().map(|(port, sources)| (sources.len(), port.as_str())).collect();
    doors.sort_unstable();
    assert!(doors.len() > 150 && ["23", "22"].contains(&doors[doors.len() - 1].1), "{:?}", doors.last());
}

#[test]
fn days_and_nights() {
    let flows = |start: u64| {
        let settings = Settings { interfaces: 30, start, duration: Some(HOUR / 2), ..Settings::default() };
        Traffic::new(&settings).count()
    };
    let monday_nine = Settings::default().start;
    let (day, night, sunday) =
        (flows(monday_nine), flows(monday_nine - 6 * HOUR), flows(monday_nine - 24 * HOUR));
    assert!(day > 3 * night && day > 3 * sunday / 2, "{day} by day, {night} by night, {sunday} on a Sunday");
}

/// Databases send themselves to S3 at night.
#[test]
fn backups_are_large_and_nightly() {
    let backups = |hour: u64| {
        let start = 1_767_571_200 + hour * HOUR;
        let settings = Settings { start, duration: Some(2 * HOUR), ..Settings::default() };
        let mut sent = HashMap::<String, u64>::new();
        flows(&settings, |record| {
            if text(record, Field::PktDstAwsService) == "S3" {
                *sent.entry(text(record, Field::InterfaceId)).or_default() += number(record, Field::Bytes);
            }
        });
        sent.into_values().max().unwrap_or_default()
    };
    assert!(backups(1) > 2 << 30, "{}", backups(1));
    assert!(backups(14) < 2 << 30, "{}", backups(14));
}

#[test]
fn batches_hold_one_interface_and_lose_nothing() {
    let settings = Settings { duration: Some(1800), ..Settings::default() };
    let format = RecordFormat::default();
    let mut traffic = Traffic::new(&settings);
    let interfaces = traffic.interfaces().to_vec();
    let mut encoder = EventEncoder::new(&interfaces, "/flow");
    let mut count = 0;
    for batch in Batches::new(&mut traffic, format.clone(), 50, 300) {
        assert!((1..=50).contains(&batch.lines.len()));
        for (time, line) in &batch.lines {
            let read = format.parse(line).unwrap();
            assert_eq!(read.record().text(Field::InterfaceId), Some(batch.interface.id.as_str()));
            let start = read.record().integer(Field::Start).unwrap();
            assert_eq!(*time, i64::try_from(start).unwrap() * 1000);
            assert!((batch.start..=batch.start + 300).contains(&start));
        }
        count += batch.lines.len();
        assert_eq!(encoder.encode(&batch).unwrap().len(), 1);
    }
    assert_eq!(count, Traffic::new(&settings).count());
    let is_none = |record: Option<Record>| record.is_none();
    assert!(is_none(traffic.next()));
}
