//! Choosing what to write.

use flow_enrich::Enrichment;
use flow_output::{ContextKey, RecordEncoder, RecordEncoding};
use flow_record::Field;

fn error(fields: &[&str]) -> String {
    RecordEncoder::new(RecordEncoding::Flat, Some(fields)).unwrap_err().to_string()
}

#[test]
fn every_name_can_be_chosen() {
    let names: Vec<&str> = Field::ALL
        .iter()
        .map(|field| field.json_key())
        .chain(Enrichment::ALL.iter().map(|enrichment| enrichment.json_key()))
        .chain(ContextKey::ALL.iter().map(|key| key.json_key()))
        .collect();
    RecordEncoder::new(RecordEncoding::Csv, Some(&names)).unwrap();
    RecordEncoder::new(RecordEncoding::Flat, Some(&["tcp-flags", " srcaddr "])).unwrap();
}

#[test]
fn wrong_names_are_told() {
    assert_eq!(error(&["srcaddr", "dst_prt"]), "unknown field `dst_prt`: did you mean `dstport`?");
    assert_eq!(error(&["srcAddr"]), "unknown field `srcAddr`: did you mean `srcaddr`?");
    assert_eq!(error(&["event-id"]), "unknown field `event-id`: did you mean `event_id`?");
    assert_eq!(error(&["everything"]), "unknown field `everything`");
    assert_eq!(error(&["tcp_flags", "tcp-flags"]), "field `tcp-flags` is there twice");
    assert_eq!(error(&[]), "expected at least one field");
    assert_eq!(error(&[""]), "unknown field ``");
    let text = RecordEncoder::new(RecordEncoding::Text, Some(&["srcaddr"])).unwrap_err().to_string();
    assert_eq!(text, "text is the whole line: fields can be chosen for the other encodings");
}

#[test]
fn encodings_are_found_by_their_names() {
    for encoding in RecordEncoding::ALL {
        assert_eq!(RecordEncoding::from_name(encoding.name()), Some(encoding));
    }
    assert_eq!(RecordEncoding::from_name("json"), None);
}
