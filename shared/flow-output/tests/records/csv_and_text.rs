//! CSV, and lines as they were.

use flow_enrich::EnrichedFlow;
use flow_enrich::Tables;
use flow_output::{Marks, RecordEncoder, RecordEncoding};
use flow_record::RecordFormat;

use crate::examples::EXAMPLES;
use crate::{ORIGIN, encoder, encoder_of, rejected, written};

/// A header, and a row for each line in its format.
fn table(encoder: &mut RecordEncoder, lines: &[(&str, &str)]) -> String {
    let mut out = Vec::new();
    for (place, (format, line)) in lines.iter().enumerate() {
        let format: RecordFormat = format.parse().unwrap();
        if place == 0 {
            encoder.write_header(&mut out, &format);
        }
        let line = format.parse(line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &ORIGIN, tables: &Tables::default() };
        encoder.write(&mut out, &flow, &Marks { sample_weight: Some(10), merged: None });
    }
    String::from_utf8(out).unwrap()
}

const LINES: [(&str, &str); 2] = [
    ("interface-id srcaddr bytes action", "eni-1 - 005 =1+1"),
    ("action srcaddr extra", "a,\"b\" 2001:DB8:: x"),
];

#[test]
fn rows_have_the_columns_of_the_header() {
    let mut csv = encoder(RecordEncoding::Csv);
    let expected = "interface_id,srcaddr,bytes,action\neni-1,,5,'=1+1\n,2001:db8::,,\"a,\"\"b\"\"\"\n";
    assert_eq!(table(&mut csv, &LINES), expected);
    let other: RecordFormat = LINES[1].0.parse().unwrap();
    assert_eq!(csv.left_out(&other), ["extra"]);
}

#[test]
fn without_a_header_rows_have_their_own_columns() {
    let mut csv = encoder(RecordEncoding::Csv);
    let rows =
        LINES.map(|(format, line)| written(&mut csv, &format.parse().unwrap(), line, &Marks::default()));
    assert_eq!(rows, ["eni-1,,5,'=1+1", "\"a,\"\"b\"\"\",2001:db8::,x"]);
    assert_eq!(csv.left_out(&LINES[1].0.parse().unwrap()), [""; 0]);
}

#[test]
fn chosen_fields_are_columns_in_their_order() {
    let fields = ["sample_weight", "srcaddr", "src_scope", "action", "log_stream", "merged_records"];
    let mut csv = encoder_of(RecordEncoding::Csv, &fields);
    assert_eq!(
        table(&mut csv, &LINES),
        "sample_weight,srcaddr,src_scope,action,log_stream,merged_records\n10,,,'=1+1,eni-1-all,\n\
         10,2001:db8::,documentation,\"a,\"\"b\"\"\",eni-1-all,\n"
    );
    assert_eq!(csv.left_out(&LINES[1].0.parse().unwrap()), [""; 0]);
}

#[test]
fn csv_has_no_place_for_what_can_not_be_read() {
    assert_eq!(rejected(&mut encoder(RecordEncoding::Csv), "half a line", &Marks::default()), None);
}

#[test]
fn text_is_the_line() {
    let mut text = encoder(RecordEncoding::Text);
    for example in EXAMPLES {
        for line in example.lines {
            assert_eq!(written(&mut text, &example.format(), line, &Marks::default()), *line);
        }
    }
    let mut header = Vec::new();
    text.write_header(&mut header, &RecordFormat::default());
    assert!(header.is_empty());
}

#[test]
fn text_stays_one_line_and_reads_again_as_the_same_record() {
    let format: RecordFormat = "version action log-status".parse().unwrap();
    let line = "2\r\nACCEPT \u{1b}[1m\n";
    let text = written(&mut encoder(RecordEncoding::Text), &format, line, &Marks::default());
    assert_eq!(text, "2  ACCEPT \u{1b}[1m");
    assert_eq!(format.parse(&text).unwrap(), format.parse(line).unwrap());
    assert_eq!(
        rejected(&mut encoder(RecordEncoding::Text), "a\nb\n", &Marks::default()).as_deref(),
        Some("a b")
    );
}
