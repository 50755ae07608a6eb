//! Numbers of any size: no order and no cut shows, rules keep what queries keep, and both are as near as is said.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use flow_query::{ContinuousQuery, Program, Query};
use proptest::prelude::*;

use support::{SETTINGS, Traffic};

/// Aggregates of numbers far from those that records hold.
const COLUMNS: [&str; 8] = [
    "sum(bytes ^ 15)",
    "sum(1 / bytes)",
    "avg(1 / bytes ^ 2)",
    "avg(bytes ^ 9 - 1e60)",
    "stddev(bytes ^ 4)",
    "stddev(1 / bytes)",
    "pct(bytes ^ 20, 90)",
    "pct(1 / bytes ^ 3, 10)",
];

fn traffic(bytes: &[u64]) -> Traffic {
    Traffic::new(bytes.iter().map(|bytes| {
        format!("2 1 eni-1 10.0.0.1 10.0.0.9 40000 22 6 1 {bytes} 1700000000 1700000059 ACCEPT OK")
    }))
}

fn named() -> String {
    let named = COLUMNS.iter().enumerate().map(|(place, column)| format!("{column} as c{place}"));
    named.collect::<Vec<_>>().join(", ")
}

/// The values over these numbers of bytes, each part observed alone and then merged.
fn values(program: &Program, parts: &[&[u64]]) -> Vec<String> {
    let mut whole = program.start();
    for part in parts {
        let mut evaluation = program.start();
        traffic(part).for_each(|flow| assert!(evaluation.observe(flow).is_ok()));
        whole.merge(evaluation).unwrap();
    }
    let answer = whole.finish().unwrap();
    answer.rows.iter().flat_map(|row| row.iter().skip(1)).map(ToString::to_string).collect()
}

/// The same of a detection.
fn values_of_rule(rule: &ContinuousQuery, bytes: &[u64]) -> Vec<String> {
    let mut aggregates: Box<[_]> = rule.start().collect();
    traffic(bytes).for_each(|flow| rule.add(&mut aggregates, flow));
    aggregates.iter().map(|aggregate| aggregate.value().to_string()).collect()
}

/// Those of plain floats, from all values.
fn expected(bytes: &[u64]) -> Vec<f64> {
    let all = |of: &dyn Fn(f64) -> f64| bytes.iter().map(|bytes| of(*bytes as f64)).collect::<Vec<_>>();
    let sum = |values: Vec<f64>| values.iter().sum::<f64>();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let deviation = |values: Vec<f64>| {
        let mean = mean(&values);
        let distances: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (distances / (values.len() - 1) as f64).sqrt()
    };
    let quantile = |mut values: Vec<f64>, percent: usize| {
        values.sort_by(f64::total_cmp);
        values[(percent * values.len()).div_ceil(100).max(1) - 1]
    };
    vec![
        sum(all(&|bytes| bytes.powi(15))),
        sum(all(&|bytes| 1.0 / bytes)),
        mean(&all(&|bytes| 1.0 / bytes.powi(2))),
        mean(&all(&|bytes| bytes.powi(9) - 1e60)),
        deviation(all(&|bytes| bytes.powi(4))),
        deviation(all(&|bytes| 1.0 / bytes)),
        quantile(all(&|bytes| bytes.powi(20)), 90),
        quantile(all(&|bytes| 1.0 / bytes.powi(3)), 10),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_size_any_order_any_cut((all, shuffled) in prop::collection::vec(
        prop_oneof![1..2000_u64, 1..10_000_000_000_u64], 2..600)
        .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())), cut in 0..600_usize)
    {
        let text = format!("filter bytes > 0 | stats {} by interfaceId", named());
        let program = Program::compile(&Query::parse(&text).unwrap(), SETTINGS).unwrap();
        let whole = values(&program, &[&all]);
        let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assert_eq!(&values(&program, &[right, left]), &whole);
        let rule = Query::parse(&format!("{text} | filter c0 > 0")).unwrap();
        prop_assert_eq!(&values_of_rule(&ContinuousQuery::compile(&rule).unwrap(), &shuffled), &whole);
        for ((column, found), expected) in COLUMNS.iter().zip(&whole).zip(expected(&all)) {
            let found: f64 = found.parse().unwrap();
            let error = if column.starts_with("pct") { 1.0 / 128.0 } else { 1e-9 };
            prop_assert!((found - expected).abs() <= expected.abs() * error, "{}: {} for {}", column, found, expected);
        }
    }
}
