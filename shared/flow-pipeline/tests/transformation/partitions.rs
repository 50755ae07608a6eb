//! Which partition a record is delivered to.

use flow_enrich::Tables;
use flow_envelope::encode::firehose_event;
use flow_pipeline::{Lookup, Transformation, TransformationSettings, now_or_never};
use serde_json::{Value, json};

use super::Stream;

const RECORD: &str =
    "2 123456789010 eni-0a1b2c3d 10.0.0.5 192.0.2.7 2064 443 6 2 80 1418530010 1418530070 ACCEPT OK";

/// The keys of a record with these data, and how many records were of several partitions.
fn keys_of(data: &str) -> (Value, u64) {
    let find = |name: &str| (name == "PARTITION_KEYS").then(|| "account,interface,hour".to_owned());
    let transformation = Transformation::new(TransformationSettings::read(Lookup(&find)).unwrap());
    let event = firehose_event(&[data.as_bytes()]);
    let (tables, stream) = (Tables::default(), Some(&Stream::default()));
    let run = transformation.run(&tables, event.as_bytes(), stream);
    let transformed = now_or_never(run).unwrap();
    let mut answer: Value = serde_json::from_str(&transformed.answer).unwrap();
    (answer["records"][0]["metadata"]["partitionKeys"].take(), transformed.report.mixed_partitions)
}

#[test]
fn a_header_is_no_record_that_says_it() {
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
    let (keys, mixed) = keys_of(&format!("{header}\n{RECORD}\n"));
    let expected = json!({ "account": "123456789010", "interface": "eni-0a1b2c3d", "hour": "2014-12-14-04" });
    assert_eq!((keys, mixed), (expected, 0));
}

#[test]
fn the_hour_is_that_of_the_earliest_event_and_messages_that_differ_are_counted() {
    let message = |stream: &str, times: &[u64]| {
        let event = |time: &u64| json!({ "id": "1", "timestamp": time, "message": RECORD });
        let events: Vec<_> = times.iter().map(event).collect();
        json!({ "messageType": "DATA_MESSAGE", "owner": "123456789010", "logGroup": "/vpc", "logStream": stream,
                "subscriptionFilters": ["f"], "logEvents": events })
        .to_string()
    };
    let one = message("eni-7-all", &[1_418_533_200_000, 1_418_533_199_000]);
    let (keys, mixed) = keys_of(&one);
    assert_eq!((&keys["hour"], &keys["interface"], mixed), (&json!("2014-12-14-04"), &json!("eni-7"), 0));
    let (keys, mixed) = keys_of(&(one + &message("eni-8-all", &[1_418_533_200_000])));
    assert_eq!((&keys["interface"], mixed), (&json!("eni-7"), 1));
}

#[test]
fn the_hour_of_lines_without_events_is_that_of_the_earliest() {
    let line =
        |start: u64| format!("2 1 eni-7 10.0.0.5 192.0.2.7 1 22 6 2 80 {start} 1418536900 ACCEPT OK\n");
    let (keys, _) = keys_of(&[line(1_418_533_700), "no record\n".to_owned(), line(1_418_530_010)].concat());
    assert_eq!((&keys["hour"], &keys["interface"]), (&json!("2014-12-14-04"), &json!("eni-7")));
    let (keys, _) = keys_of("2 1 eni-7 10.0.0.5 192.0.2.7 1 22 6 2 80 - - ACCEPT OK\n");
    assert_eq!(keys["hour"], "unknown");
}
