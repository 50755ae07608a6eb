//! What a query keeps, in bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

use allocation_counter::measure;
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_query::{Evaluation, Program, Query, Settings};
use flow_record::RecordFormat;

fn compile(text: &str) -> Program {
    Program::compile(&Query::parse(text).unwrap(), Settings::default()).unwrap()
}

/// Observes `count` flows, each between another pair of addresses.
fn observe(evaluation: &mut Evaluation<'_>, count: u32) {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    for pair in 0..count {
        let [a, b, c, d] = pair.to_be_bytes();
        let line = format!(
            "2 123456789012 eni-1 10.{b}.{c}.{d} 172.{a}.{d}.{c} 40000 443 6 5 {pair} 1700000000 1700000059 ACCEPT OK"
        );
        let line = format.parse(&line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        evaluation.observe(&flow).unwrap();
    }
}

/// A sixteenth of a million groups of two addresses take a sixteenth of 200 MB at most, the answer included.
#[test]
fn groups_are_small() {
    const MANY: u32 = 62_500;
    for (query, rows, kilobytes) in [
        ("stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10", 10, 6_000),
        ("stats sum(bytes) by srcAddr, dstAddr", 62_500, 12_500),
    ] {
        let program = compile(query);
        let mut found = 0;
        let memory = measure(|| {
            let mut evaluation = program.start();
            observe(&mut evaluation, MANY);
            found = evaluation.finish().unwrap().rows.len();
        });
        assert_eq!(found, rows);
        let most = memory.bytes_max / 1000;
        println!("{query}: {most} kB");
        assert!(most < kilobytes, "{query}: {most} kB");
    }
}

/// A record of a group that is known costs no allocation, and one that no filter lets through neither.
#[test]
fn known_groups_cost_nothing() {
    for query in [
        "stats sum(bytes), count(*), avg(packets), max(bytes) by srcAddr, dstAddr, dstPort, protocol",
        "stats count(*) by interfaceId, bin(5m)",
        "filter dstPort = 22 and srcAddr like '10.' | sort bytes desc | limit 10",
        "filter bytes > 100 and action in ['REJECT'] | fields srcAddr",
    ] {
        let program = compile(query);
        let mut evaluation = program.start();
        observe(&mut evaluation, 1);
        let (format, tables) = (RecordFormat::default(), Tables::default());
        let line = "2 123456789012 eni-1 10.0.0.0 172.0.0.0 40000 443 6 5 0 1700000000 1700000059 ACCEPT OK";
        let line = format.parse(line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        let memory = measure(|| {
            for _ in 0..100 {
                evaluation.observe(&flow).unwrap();
            }
        });
        assert_eq!(memory.count_total, 0, "{query}");
    }
}

/// `sort` with `limit` keeps a few rows, however many records there are.
#[test]
fn the_first_rows_are_few() {
    let program = compile("fields srcAddr, bytes | sort bytes desc | limit 20");
    let bytes = |count| {
        measure(|| {
            let mut evaluation = program.start();
            observe(&mut evaluation, count);
            assert_eq!(evaluation.finish().unwrap().rows.len(), 20);
        })
        .bytes_max
    };
    assert!(bytes(20_000) < 2 * bytes(1000));
}
