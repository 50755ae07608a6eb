//! Time to write one record in each encoding, and to read and write it as flat JSON.

use divan::{Bencher, counter::ItemsCount};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::{Marks, RecordEncoder, RecordEncoding};
use flow_record::{Line, RecordBuffer, RecordFormat, VPC_V5};
use flow_testkit::Flow;

fn main() {
    divan::main();
}

const LINES: u16 = 1000;

/// As long as those of CloudWatch Logs.
const EVENT_ID: &str = "37199773595581154154810589279545129148442997997644353536";

fn default_lines() -> Vec<String> {
    (0..LINES)
        .map(|n| {
            let source = format!("198.51.{}.{}", n % 7, n % 251);
            let at = 1_700_000_000 + u64::from(n);
            Flow::tcp(&source, 20_000 + n, "172.31.16.21", 443).at(at).bytes(u64::from(n) * 977).line()
        })
        .collect()
}

fn lines_29() -> Vec<String> {
    let tail = "vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b 19 IPv4 52.95.128.179 10.0.0.71 \
                ap-southeast-2 apse2-az3 - - S3 - ingress -";
    default_lines().iter().map(|line| format!("{line} {tail}")).collect()
}

/// Writes records that are read already.
fn write(bencher: Bencher, encoding: RecordEncoding, format: &RecordFormat, lines: &[String]) {
    let read: Vec<Line<'_>> = lines.iter().filter_map(|line| format.parse(line).ok()).collect();
    let mut encoder = RecordEncoder::new(encoding, None::<&[&str]>).expect("no fields are chosen");
    let (origin, tables) = (Origin { event_id: Some(EVENT_ID), ..Origin::default() }, Tables::default());
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(read.len())).bench_local(|| {
        out.clear();
        for line in &read {
            let flow = EnrichedFlow { record: line.record(), origin: &origin, tables: &tables };
            encoder.write(&mut out, &flow, &Marks::default());
        }
        out.len()
    });
}

#[divan::bench(args = RecordEncoding::ALL.map(RecordEncoding::name))]
fn default_format(bencher: Bencher, encoding: &str) {
    let encoding = RecordEncoding::from_name(encoding).expect("an encoding");
    write(bencher, encoding, &RecordFormat::default(), &default_lines());
}

#[divan::bench(args = RecordEncoding::ALL.map(RecordEncoding::name))]
fn fields_29(bencher: Bencher, encoding: &str) {
    let encoding = RecordEncoding::from_name(encoding).expect("an encoding");
    let format: RecordFormat = VPC_V5.parse().expect("known fields");
    write(bencher, encoding, &format, &lines_29());
}

/// Reads each line and writes it as flat JSON, as a transformation does.
fn read_and_write(bencher: Bencher, format: &RecordFormat, lines: &[String]) {
    let mut encoder =
        RecordEncoder::new(RecordEncoding::Flat, None::<&[&str]>).expect("no fields are chosen");
    let (origin, tables) = (Origin { event_id: Some(EVENT_ID), ..Origin::default() }, Tables::default());
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(lines.len())).bench_local(|| {
        out.clear();
        let mut buffer = RecordBuffer::default();
        for line in lines {
            if let Ok(line) = format.parse_into(line, &mut buffer) {
                let flow = EnrichedFlow { record: line.record(), origin: &origin, tables: &tables };
                encoder.write(&mut out, &flow, &Marks::default());
            }
        }
        out.len()
    });
}

#[divan::bench]
fn read_and_write_default_format(bencher: Bencher) {
    read_and_write(bencher, &RecordFormat::default(), &default_lines());
}

#[divan::bench]
fn read_and_write_29_fields(bencher: Bencher) {
    let format: RecordFormat = VPC_V5.parse().expect("known fields");
    read_and_write(bencher, &format, &lines_29());
}
