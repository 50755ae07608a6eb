//! Time of `stats sum(bytes) by srcAddr, dstAddr` for each line, beside that of inflating the same lines from gzip's
//! format and of parsing them alone.

use std::fmt::Write as _;
use std::io::Write as _;

use divan::{Bencher, black_box, counter::ItemsCount};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_query::{Program, Query, Settings};
use flow_record::{Field, RecordFormat};

fn main() {
    divan::main();
}

const LINES: usize = 200_000;

/// Numbers of pairs of addresses: those of an interface, of a busy network, and as many as there are lines.
const PAIRS: [u32; 3] = [300, 20_000, 200_000];

const BY_PAIR: &str = "stats sum(bytes) by srcAddr, dstAddr";

/// Lines of the default format, about 115 bytes each, between `pairs` pairs of addresses.
fn text(pairs: u32) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let mut text = String::new();
    for _ in 0..LINES {
        let pair = random.u32(0..pairs);
        let [_, a, b, c] = (pair.wrapping_mul(2_654_435_761) >> 8).to_be_bytes();
        let (port, bytes, start) = (random.u16(1024..), random.u32(40..90_000), random.u32(0..3600));
        writeln!(
            text,
            "2 123456789010 eni-1235b8ca{:09x} 172.{}.{}.{} 10.{a}.{b}.{c} {port} 443 6 {} {bytes} {} {} ACCEPT OK",
            pair % 64,
            16 + pair % 16,
            pair / 16 % 256,
            pair / 4096 % 256,
            1 + bytes / 700,
            1_700_000_000 + start,
            1_700_000_060 + start,
        )
        .expect("a string takes all");
    }
    text
}

#[divan::bench(args = PAIRS)]
fn inflate_only(bencher: Bencher, pairs: u32) {
    let text = text(pairs);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("a vector takes all");
    let deflated = encoder.finish().expect("a vector takes all");
    let mut inflated = Vec::with_capacity(text.len() + 1);
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        inflated.clear();
        let status = Decompress::new(false).decompress_vec(&deflated, &mut inflated, FlushDecompress::Finish);
        assert_eq!(status.expect("it was deflated"), Status::StreamEnd);
        black_box(&inflated).len()
    });
}

#[divan::bench(args = PAIRS)]
fn parse_only(bencher: Bencher, pairs: u32) {
    let (text, format) = (text(pairs), RecordFormat::default());
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let lines = text.lines().filter_map(|line| format.parse(line).ok());
        lines.filter_map(|line| line.record().integer(Field::Bytes)).sum::<u64>()
    });
}

fn query(bencher: Bencher, pairs: u32, query: &str) {
    let (text, format, tables) = (text(pairs), RecordFormat::default(), Tables::default());
    let query = Query::parse(query).expect("a good query");
    let program = Program::compile(&query, Settings::default()).expect("a good query");
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let mut evaluation = program.start();
        for line in text.lines() {
            let line = format.parse(line).expect("a good line");
            let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
            black_box(evaluation.observe(&flow)).expect("few groups");
        }
        evaluation
    });
}

#[divan::bench(args = PAIRS)]
fn parse_and_group(bencher: Bencher, pairs: u32) {
    query(bencher, pairs, BY_PAIR);
}

#[divan::bench(args = PAIRS)]
fn parse_and_sort(bencher: Bencher, pairs: u32) {
    query(bencher, pairs, "fields srcAddr, bytes | sort bytes desc | limit 20");
}

#[divan::bench(args = PAIRS)]
fn parse_and_count_by_hour(bencher: Bencher, pairs: u32) {
    query(bencher, pairs, "filter action = 'ACCEPT' | stats count(*), pct(bytes, 95) by bin(1h)");
}

/// The answer of a query after its records were observed.
#[divan::bench(args = PAIRS)]
fn finish_groups(bencher: Bencher, pairs: u32) {
    let (text, format, tables) = (text(pairs), RecordFormat::default(), Tables::default());
    let query = Query::parse("stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10");
    let program =
        query.and_then(|query| Program::compile(&query, Settings::default())).expect("a good query");
    bencher
        .with_inputs(|| {
            let mut evaluation = program.start();
            for line in text.lines() {
                let line = format.parse(line).expect("a good line");
                let flow =
                    EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
                evaluation.observe(&flow).expect("few groups");
            }
            evaluation
        })
        .bench_values(|evaluation| evaluation.finish());
}
