//! The threshold at which one message a day at most would be sent.

use std::collections::BTreeMap;

use flow_query::Value;
use flow_testkit::Flow;
use proptest::prelude::*;

use super::{DAY, HOUR, file, of, replay, rule, tries};

fn query(closing: &str) -> String {
    format!(
        "filter action = \"REJECT\" | stats count(*) as tries, sum(bytes) as sent by interfaceId, dstAddr \
         | filter {closing}"
    )
}

fn one_a_day(closing: &str, lines: &[String]) -> Option<Value<'static>> {
    let definitions = rule("1h", "6h", &query(closing));
    let history = replay(&definitions, &[file(lines)]);
    of(&history, "x").one_a_day.number().map(Value::from)
}

#[test]
fn the_second_largest_group_of_the_worst_day_decides() {
    let days = [
        tries("10.0.0.1", 300, DAY),
        tries("10.0.0.2", 20, DAY + 2 * HOUR),
        tries("10.0.0.3", 10, DAY + 4 * HOUR),
        tries("10.0.0.1", 70, DAY + 25 * HOUR),
        tries("10.0.0.2", 50, DAY + 27 * HOUR),
    ];
    let lines = days.concat();
    assert_eq!(one_a_day("tries > 100", &lines), Some(Value::Integer(50)));
    assert_eq!(one_a_day("tries > 10", &lines), Some(Value::Integer(50)), "whatever it is now");
    assert_eq!(one_a_day("tries >= 100", &lines), Some(Value::Integer(51)));
    assert_eq!(one_a_day("sent > 100", &lines), Some(Value::Integer(3000)));
    assert_eq!(one_a_day("tries > 100 and sent > 4000", &lines), Some(Value::Integer(0)), "one group a day");
    assert_eq!(one_a_day("tries > 100 or sent > 4000", &lines), None);
    assert_eq!(one_a_day("tries > 100", &[]), None, "nothing was seen");
}

#[test]
fn what_goes_on_is_sent_again() {
    let (morning, noon) = (tries("10.0.0.1", 300, DAY + HOUR), tries("10.0.0.1", 200, DAY + 13 * HOUR));
    let lines = [morning, tries("10.0.0.2", 20, DAY + 2 * HOUR), noon].concat();
    assert_eq!(one_a_day("tries > 100", &lines), Some(Value::Integer(200)), "told at one and at thirteen");
}

#[test]
fn what_stands_beside_the_number_is_left_as_it_is() {
    let lines =
        [tries("10.0.0.1", 300, DAY), tries("10.0.0.2", 20, DAY), tries("10.0.0.3", 10, DAY)].concat();
    assert_eq!(one_a_day("tries > 100 and (tries < 15 or sent > 17000)", &lines), Some(Value::Integer(10)));
}

/// The same by counting every window that ends with a record's pane.
fn naive(records: &[(u64, u8)]) -> i64 {
    let mut largest = BTreeMap::<u64, BTreeMap<(u8, u64), i64>>::new();
    for (time, target) in records {
        let end = time / 60 * 60 + 60;
        let is_in = |(other, of): &&(u64, u8)| of == target && (end - HOUR..end).contains(other);
        let count = i64::try_from(records.iter().filter(is_in).count()).unwrap();
        let known =
            largest.entry(time / 86_400).or_default().entry((*target, time / (6 * HOUR))).or_default();
        *known = (*known).max(count);
    }
    let second = |groups: &BTreeMap<(u8, u64), i64>| {
        let mut values: Vec<_> = groups.values().copied().collect();
        values.sort_unstable();
        values.iter().rev().nth(1).copied().unwrap_or_default()
    };
    largest.values().map(second).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_what_a_naive_count_says(
        mut records in prop::collection::vec((0_u64..4 * 86_400, 0_u8..4), 1..300),
        squeeze in 1_u64..40,
    ) {
        for (time, _) in &mut records {
            *time = DAY + *time / squeeze;
        }
        records.sort_unstable();
        let line = |(time, target): &(u64, u8)| {
            Flow::tcp("198.51.100.7", 1, &format!("10.0.0.{target}"), 22).rejected().at(*time).line()
        };
        let lines: Vec<_> = records.iter().map(line).collect();
        prop_assert_eq!(one_a_day("tries > 1000000", &lines), Some(Value::Integer(naive(&records))));
    }
}
