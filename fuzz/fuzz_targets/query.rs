//! Any text is a query or not; one that is prints as itself, and one that compiles, as a rule or to be asked, treats
//! equal rows equally.
#![no_main]

use std::sync::LazyLock;

use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_fuzz::points_into;
use flow_query::{Aggregate, AnswerRow, ContinuousQuery, LimitError, Program, Query, Settings};
use flow_record::RecordFormat;
use libfuzzer_sys::fuzz_target;

/// Formats, each with a few lines: flows of IPv4 and IPv6, `NODATA`, `SKIPDATA`, values at their limits.
const RECORDS: [(&str, &[&str]); 2] = [
    (
        flow_record::VPC_DEFAULT,
        &[
            "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40000 22 6 20 4249 1700000000 1700000059 REJECT OK",
            "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40001 3389 6 1 60 1700000060 1700000119 REJECT OK",
            "2 123456789012 eni-0a1b2c3d 10.0.0.5 198.51.100.7 22 40000 6 18 9000 1700000000 1700000059 ACCEPT OK",
            "2 123456789012 eni-0a1b2c3d 2001:db8::7 2001:db8:1::5 40000 443 6 5 500 1700000000 1700000059 ACCEPT OK",
            "2 123456789012 eni-0a1b2c3d - - - - - - - 1700000000 1700000059 - NODATA",
            "2 123456789012 eni-0a1b2c3d - - - - - - - 1700000000 1700000059 - SKIPDATA",
        ],
    ),
    (
        "interface-id srcaddr dstaddr srcport dstport protocol bytes start action tcp-flags flow-direction \
         traffic-path pkt-srcaddr new-field",
        &[
            "eni-1 10.0.0.5 203.0.113.9 50000 443 6 9223372036854775807 1700000000 ACCEPT 2 egress 8 10.0.9.9 x",
            "eni-1 10.0.0.5 203.0.113.9 50000 443 6 0 0 ACCEPT 255 egress 8 10.0.9.9 -",
            "eni-2 ::ffff:10.0.0.5 ff02::1 0 0 58 1 1700000000 ACCEPT - - - fe80::1 0",
        ],
    ),
];

static FORMATS: LazyLock<Vec<RecordFormat>> =
    LazyLock::new(|| RECORDS.iter().map(|(format, _)| format.parse().expect("a good format")).collect());

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    networks: Networks::parse("10.0.0.0/16 production\n2001:db8::/32 documents").expect("a good table"),
});

fuzz_target!(|text: &str| {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => return points_into(&error, text),
    };
    let printed = query.to_string();
    let again = Query::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{}", error.show(&printed)));
    assert_eq!(again, query, "{printed}");
    assert_eq!(again.to_string(), printed, "printing is canonical");

    match ContinuousQuery::compile(&query) {
        Ok(query) => evaluate(&query),
        Err(error) => points_into(&error, text),
    }
    match Program::compile(&query, SETTINGS) {
        Ok(program) => {
            assert!(program.warnings().iter().all(|warning| warning.show(text).contains('^')));
            ask(&program);
        }
        Err(error) => points_into(&error, text),
    }
});

/// So few groups and rows that some queries pass the bounds.
const SETTINGS: Settings = Settings { now: 1_700_000_000, portable: false, max_groups: 8, max_rows: 12 };

/// Asks all fixed records at once, and in two parts that are merged: the answers are the same, or there is too much to
/// keep either way.
fn ask(program: &Program) {
    for (format, (_, lines)) in FORMATS.iter().zip(RECORDS) {
        assert!(program.missing_fields(format).iter().all(|field| !format.has(*field)));
        let lines = [lines, lines].concat();
        let whole = answer(program, format, &[&lines]);
        let (left, right) = lines.split_at(lines.len() / 3);
        let parts = answer(program, format, &[left, right]);
        // Rows that are left out later may be too many in one way and not in the other.
        if let (Ok(whole), Ok(parts)) = (whole, parts) {
            assert_eq!(parts, whole);
            assert!(whole.iter().all(|row| row.len() == program.columns().len()));
        }
    }
}

/// All rows, streamed ones included.
fn answer(program: &Program, format: &RecordFormat, parts: &[&[&str]]) -> Result<Vec<AnswerRow>, LimitError> {
    let mut rows = Vec::new();
    let mut all = None;
    for lines in parts {
        let mut evaluation = program.start();
        for line in *lines {
            let line = format.parse(line).expect("a good line");
            let origin = Origin { log_stream: Some("eni-1-all"), ..Origin::default() };
            rows.extend(evaluation.observe(&EnrichedFlow {
                record: line.record(),
                origin: &origin,
                tables: &TABLES,
            })?);
        }
        match &mut all {
            None => all = Some(evaluation),
            Some(all) => all.merge(evaluation)?,
        }
    }
    if let Some(limit) = program.stream_limit() {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let answer = all.expect("there is a part").finish()?;
    rows.extend(answer.rows);
    Ok(rows)
}

/// Runs a compiled query over all fixed records.
fn evaluate(query: &ContinuousQuery) {
    for (format, (_, lines)) in FORMATS.iter().zip(RECORDS) {
        assert!(query.missing_fields(format).iter().all(|field| !format.has(*field)));
        let lines: Vec<_> = lines.iter().map(|line| format.parse(line).expect("a good line")).collect();
        let origin = Origin { account: Some("123456789012"), log_group: Some("flows"), ..Origin::default() };
        let flows: Vec<_> = lines
            .iter()
            .map(|line| EnrichedFlow { record: line.record(), origin: &origin, tables: &TABLES })
            .filter(|flow| {
                let matches = query.matches(flow);
                assert_eq!(query.matches(flow), matches);
                matches
            })
            .collect();
        for flow in &flows {
            let key = query.key(flow).to_key();
            assert!(query.key(flow).is(&key));
            let group: Vec<_> = flows.iter().filter(|other| query.key(*other).is(&key)).collect();
            check_group(query, &group);
        }
    }
}

/// Any cut and any order of a group's records make the same aggregates, and a monotone query never takes back.
fn check_group(query: &ContinuousQuery, group: &[&EnrichedFlow<'_>]) {
    let key = query.key(group[0]).to_key();
    let mut whole: Box<[_]> = query.start().collect();
    let mut passed = false;
    for flow in group {
        query.add(&mut whole, *flow);
        let before = passed;
        passed = query.passes(&key, &whole);
        assert!(passed || !before || !query.is_monotone(), "what passed no longer does");
    }
    let (left, right) = group.split_at(group.len() / 2);
    let (mut merged, left) = (fold(query, right.iter().rev()), fold(query, left.iter()));
    merged.iter_mut().zip(&left).for_each(|(aggregate, more)| aggregate.merge(more));
    assert_eq!(merged, whole);
    assert_eq!(query.passes(&key, &merged), passed);
}

fn fold<'f>(
    query: &ContinuousQuery,
    flows: impl Iterator<Item = &'f &'f EnrichedFlow<'f>>,
) -> Box<[Aggregate]> {
    let mut aggregates: Box<[_]> = query.start().collect();
    flows.for_each(|flow| query.add(&mut aggregates, *flow));
    aggregates
}
