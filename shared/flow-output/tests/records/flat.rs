//! Flat JSON.

use flow_enrich::{Networks, Origin, Tables};
use flow_output::{Marks, RecordEncoder, RecordEncoding, escape_json};
use flow_record::{Column, Field, RecordFormat, VPC_DEFAULT, Value as FieldValue};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::examples::EXAMPLES;
use crate::lines::formats_with_lines;
use crate::{encoder, encoder_of, json, rejected, written, written_from};

/// What a record's own values are in JSON, by a tree.
fn expected(format: &RecordFormat, line: &str) -> Map<String, Value> {
    let line = format.parse(line).unwrap();
    let value = |value| match value {
        FieldValue::Integer(number) => Value::from(number),
        FieldValue::Address(address) => Value::from(address.to_string()),
        FieldValue::Text(text) => Value::from(text),
    };
    line.record().values().map(|(name, found)| (name.replace('-', "_"), value(found))).collect()
}

/// The keys and values of an object, in their order.
fn members(text: &str) -> Vec<(String, Value)> {
    json(text).as_object().unwrap().clone().into_iter().collect()
}

#[test]
fn typed_and_without_what_is_absent() {
    let line = "2 123456789010 eni-1 - 2001:DB8:0::1 - 22 6 020 4249 1418530010000 1418530070 - OK";
    let origin = Origin { event_id: Some("e\u{202e}1"), ..Origin::default() };
    let format = RecordFormat::default();
    let written =
        |encoder, marks: &Marks| written_from(encoder, &format, line, &origin, &Tables::default(), marks);
    let mut flat = encoder(RecordEncoding::Flat);
    assert_eq!(
        written(&mut flat, &Marks { sample_weight: Some(10), merged: Some(3) }),
        "{\"version\":2,\"account_id\":\"123456789010\",\"interface_id\":\"eni-1\",\"dstaddr\":\"2001:db8::1\",\
         \"dstport\":22,\"protocol\":6,\"packets\":20,\"bytes\":4249,\"start\":1418530010,\"end\":1418530070,\
         \"log_status\":\"OK\",\"event_id\":\"e\\u202e1\",\"sample_weight\":10,\"merged_records\":3}"
    );
    let mut chosen = encoder_of(RecordEncoding::Flat, &["srcaddr"]);
    assert_eq!(written(&mut chosen, &Marks::default()), "{}");
}

#[test]
fn enrichment_stands_beside_the_record() {
    let tables = Tables { networks: Networks::parse("10.1.0.0/16 production").unwrap() };
    let example = &EXAMPLES[0];
    let of = |mut encoder: RecordEncoder, line| {
        json(&written_from(
            &mut encoder,
            &example.format(),
            line,
            &Origin::default(),
            &tables,
            &Marks::default(),
        ))
    };
    let flow = of(encoder(RecordEncoding::Flat), example.lines[0]);
    assert_eq!((&flow["direction"], &flow["dst_network"]), (&"ingress".into(), &"production".into()));
    assert_eq!(flow.get("src_scope"), None);
    let fields = ["dstport", "community_id", "duration", "client_addr", "src_external", "line"];
    let flow = of(encoder_of(RecordEncoding::Flat, &fields), example.lines[0]);
    insta::assert_snapshot!(flow.to_string());
}

#[test]
fn formats_may_change_from_record_to_record() {
    let mut encoder = encoder(RecordEncoding::Flat);
    let formats = ["version brand-new", "brand-new version", "version brand-old", VPC_DEFAULT];
    for _ in 0..2 {
        for format in formats {
            let format: RecordFormat = format.parse().unwrap();
            let line = if format.columns().len() == 2 { "2 3" } else { EXAMPLES[0].lines[0] };
            let written = json(&written(&mut encoder, &format, line, &Marks::default()));
            for (key, value) in expected(&format, line) {
                assert_eq!(written[&key], value);
            }
        }
    }
}

#[test]
fn what_can_not_be_read_is_kept() {
    let text =
        rejected(&mut encoder(RecordEncoding::Flat), "half a\nline\u{1b}\"", &Marks::default()).unwrap();
    assert_eq!(
        text,
        "{\"error_kind\":\"too_few_columns\",\"error\":\"expected 14 columns, found 1\\u202e\",\
         \"line\":\"half a\\nline\\u001b\\\"\",\
         \"event_id\":\"37199773595581154154810589279545129148442997997644353536\",\
         \"event_timestamp\":1700000000123,\"log_group\":\"/aws/vpc/flowlogs\",\"log_stream\":\"eni-1-all\"}"
    );
}

proptest! {
    #[test]
    fn what_is_written_reads_as_the_typed_values((format, line) in formats_with_lines()) {
        let marks = Marks { sample_weight: Some(10), merged: None };
        let text = written(&mut encoder(RecordEncoding::Flat), &format, &line, &marks);
        let mut read = json(&text);
        let again = escape_json(&read.to_string()).into_owned();
        prop_assert_eq!(&again, &text, "compact, and no key twice");
        let read = read.as_object_mut().unwrap();
        let expected = expected(&format, &line);
        for (key, value) in &expected {
            prop_assert_eq!(read.remove(key), Some(value.clone()), "{}", key);
        }
        let beside: Vec<_> = read.keys().map(String::as_str).collect();
        let names = ["direction", "src_network", "dst_network", "event_id", "sample_weight"];
        prop_assert!(beside.iter().all(|key| names.contains(key)), "{:?}", beside);
        let is_deceptive = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!text.contains(is_deceptive));
    }

    /// What is chosen of a record is what stands there when everything is written, in the same order.
    #[test]
    fn chosen_fields_are_those_of_the_whole((format, line) in formats_with_lines(), chosen in any::<u64>()) {
        prop_assume!(format.unknown_columns().all(|name| !matches!(name, "event-id" | "event_id")), "comes first");
        let is_chosen = |(place, field): (usize, Option<Field>)| field.filter(|_| chosen >> (place % 64) & 1 == 1);
        let fields = format.columns().iter().map(Column::field).enumerate().filter_map(is_chosen);
        let keys: Vec<_> = fields.map(Field::json_key).chain(["event_id"]).collect();
        let whole = written(&mut encoder(RecordEncoding::Flat), &format, &line, &Marks::default());
        let of_whole: Vec<_> = members(&whole).into_iter().filter(|(key, _)| keys.contains(&&**key)).collect();
        let text = written(&mut encoder_of(RecordEncoding::Flat, &keys), &format, &line, &Marks::default());
        prop_assert_eq!(members(&text), of_whole);
    }

    /// Neither the length of the line nor where a column stands in it shows.
    #[test]
    fn columns_of_any_length(length in 0_usize..200, tail in "[a-z\"]{1,3}") {
        let format: RecordFormat = "version action instance-tag log-status".parse().unwrap();
        let line = format!("2 A {}x {tail}", "t".repeat(length));
        let read = json(&written(&mut encoder(RecordEncoding::Flat), &format, &line, &Marks::default()));
        for (key, value) in expected(&format, &line) {
            prop_assert_eq!(&read[&key], &value);
        }
    }
}
