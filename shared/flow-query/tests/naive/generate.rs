//! Random records and random queries over them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A line of the default format; few different values, so that groups and ties come up.
pub(crate) fn lines() -> impl Strategy<Value = String> {
    let address = || select(vec!["10.0.0.5", "10.0.0.12", "192.0.2.7", "2001:db8::7", "-"]);
    let number = || prop_oneof![3 => (0..5_u32).prop_map(|n| n.to_string()), 1 => (0..2_000_000_u32).prop_map(|n| n.to_string()), 1 => Just("-".to_owned())];
    let port = select(vec!["22", "80", "443", "51000", "-"]);
    let word = select(vec!["ACCEPT OK", "REJECT OK", "- NODATA", "- SKIPDATA"]);
    let interface = select(vec!["eni-7", "eni-12", "eni-0a1b", "-"]);
    let start = option::weighted(0.9, 1_700_000_000..1_700_000_300_u64);
    (interface, address(), address(), port, number(), number(), start, word).prop_map(
        |(interface, source, destination, port, packets, bytes, start, words)| {
            let start = start.map_or("-".to_owned(), |start| start.to_string());
            format!("2 1 {interface} {source} {destination} 40000 {port} 6 {packets} {bytes} {start} {start} {words}")
        },
    )
}

fn names() -> impl Strategy<Value = String> {
    let names = "srcAddr dstAddr dstPort protocol packets bytes action logStatus interfaceId startTime @timestamp tcpFlags";
    select(names.split(' ').map(str::to_owned).collect::<Vec<_>>())
}

/// Expressions of numbers.
fn numbers() -> impl Strategy<Value = String> {
    let leaves = prop_oneof![
        4 => select(vec!["bytes", "packets", "dstPort", "startTime", "tcpFlags"]).prop_map(str::to_owned),
        1 => (0..3000_i32).prop_map(|number| number.to_string()),
        1 => Just("2.5".to_owned()),
    ];
    leaves.prop_recursive(2, 6, 2, |inner| {
        let binary = (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner.clone());
        let of_one = (select(vec!["abs", "ceil", "floor", "sqrt", "toMillis"]), inner.clone());
        let of_two = (select(vec!["greatest", "least", "coalesce"]), inner.clone(), inner);
        prop_oneof![
            binary.prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            of_one.prop_map(|(function, inner)| format!("{function}({inner})")),
            of_two.prop_map(|(function, left, right)| format!("{function}({left}, {right})")),
        ]
    })
}

/// Expressions of any type.
pub(crate) fn values() -> impl Strategy<Value = String> {
    let period = select(vec!["10s", "1m", "2min", "1h"]);
    prop_oneof![
        4 => names(),
        2 => numbers(),
        1 => period.clone().prop_map(|period| format!("bin({period})")),
        1 => (select(vec!["datefloor", "dateceil"]), period).prop_map(|(f, period)| format!("{f}(@timestamp, {period})")),
        1 => (names(), names()).prop_map(|(a, b)| format!("concat({a}, '-', {b})")),
        1 => (select(vec!["toupper", "tolower", "strlen", "trim", "isempty", "isValidIpV4", "ispresent"]), names())
            .prop_map(|(function, name)| format!("{function}({name})")),
        1 => (names(), 0..4_usize, 0..4_usize).prop_map(|(name, start, length)| format!("substr({name}, {start}, {length})")),
        1 => names().prop_map(|name| format!("replace({name}, '0', 'zero')")),
        1 => names().prop_map(|name| format!("strcontains({name}, '1')")),
        1 => conditions(),
        1 => (select(vec!["coalesce", "abs"]), conditions()).prop_map(|(function, condition)| format!("{function}({condition})")),
    ]
}

pub(crate) fn conditions() -> impl Strategy<Value = String> {
    let comparison = select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let words = select(vec!["'ACCEPT'", "'REJECT'", "'OK'", "'eni-7'"]);
    let leaves = prop_oneof![
        (numbers(), comparison.clone(), numbers())
            .prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (select(vec!["action", "logStatus", "interfaceId"]), comparison, words)
            .prop_map(|(name, op, word)| format!("{name} {op} {word}")),
        (any::<bool>(), vec(select(vec!["22", "80", "443"]), 1..3)).prop_map(|(negated, ports)| {
            format!("dstPort {}in [{}]", if negated { "not " } else { "" }, ports.join(", "))
        }),
        (names(), select(vec!["< 5", "= 'x'", "!= 80", ">= 22"]))
            .prop_filter("no value of the type", |(name, _)| name == "action" || name == "interfaceId")
            .prop_map(|(name, than)| format!("{name} {than}")),
        (names(), select(vec!["like '1'", "not like '0'", "like /^e.*[0-9]$/", "=~ /(?i)accept|10/"]))
            .prop_map(|(name, like)| format!("{name} {like}")),
        select(vec![
            "srcAddr = dstAddr",
            "isIpv4InSubnet(srcAddr, '10.0.0.0/29')",
            "isIpInSubnet(dstAddr, '2001:db8::/32')",
            "ispresent(bytes)",
            "isblank(action)",
        ])
        .prop_map(str::to_owned),
    ];
    leaves.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["and", "or"]), inner.clone())
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

/// Commands that each record goes through alone; an alias is named by its place.
fn step(place: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => conditions().prop_map(|condition| format!("filter {condition}")),
        1 => names().prop_map(|name| format!("fields {name}")),
        2 => values().prop_map(move |value| format!("fields {value} as made{place}")),
        1 => Just(format!("parse '* * * *' as one{place}, two{place}, three{place}, rest{place}")),
        1 => Just(format!("parse interfaceId /(?<kind{place}>[a-z]+)-(?<id{place}>[0-9]+)?/")),
        1 => Just(format!("parse concat(action, ' ', logStatus) 'E* *' as word{place}, status{place}")),
    ]
}

fn order(keys: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let direction = select(vec!["", " asc", " desc"]);
    vec((keys, direction), 1..3).prop_map(|keys| {
        let keys: Vec<_> = keys.into_iter().map(|(key, direction)| key + direction).collect();
        format!("sort {}", keys.join(", "))
    })
}

fn limit() -> impl Strategy<Value = String> {
    (1..12_u32).prop_map(|rows| format!("limit {rows}"))
}

fn aggregates() -> impl Strategy<Value = String> {
    let exact = prop_oneof![
        Just("count(*)".to_owned()),
        (select(vec!["count", "count_distinct", "earliest", "latest", "sortsFirst", "sortsLast"]), values())
            .prop_map(|(function, value)| format!("{function}({value})")),
        (
            select(vec!["min", "max", "sum"]),
            select(vec!["bytes", "packets", "dstPort", "bytes * 3", "action like /REJ/", "bytes > 1000"])
        )
            .prop_map(|(function, value)| format!("{function}({value})")),
        (numbers(), 0..=100_u8).prop_map(|(value, percent)| format!("pct({value}, {percent})")),
        Just("max(bytes) - min(bytes)".to_owned()),
        Just("count(*) * 2 + count(bytes)".to_owned()),
    ];
    let rounded = prop_oneof![
        (select(vec!["avg", "stddev", "sum"]), numbers())
            .prop_map(|(function, value)| format!("{function}({value})")),
        Just("sum(bytes) / count(*)".to_owned()),
    ];
    (vec(exact, 1..3), vec(rounded, 0..2)).prop_map(|(exact, rounded)| {
        let exact = exact.iter().enumerate().map(|(index, call)| format!("{call} as exact{index}"));
        let rounded = rounded.iter().enumerate().map(|(index, call)| format!("{call} as rounded{index}"));
        exact.chain(rounded).collect::<Vec<_>>().join(", ")
    })
}

fn stats() -> impl Strategy<Value = String> {
    (aggregates(), vec(values(), 0..3)).prop_map(|(aggregates, by)| {
        let by: Vec<_> =
            by.iter().enumerate().map(|(index, value)| format!("{value} as key{index}")).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
        format!("stats {aggregates}{by}")
    })
}

/// What follows `stats`; only names that every `stats` of these makes, and no rounded ones.
fn after_stats() -> impl Strategy<Value = Vec<String>> {
    let all = vec![
        "filter exact0 > 1".to_owned(),
        "sort exact0 desc".to_owned(),
        "limit 5".to_owned(),
        "fields exact0 as again, strlen(exact0)".to_owned(),
        "stats count(*) as n, sortsLast(exact0) as last by exact0".to_owned(),
    ];
    subsequence(all, 0..=5)
}

pub(crate) fn queries() -> impl Strategy<Value = String> {
    let steps = (option::of(step(0)), option::of(step(1)), option::of(step(2)));
    let steps = steps.prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect::<Vec<_>>());
    let end = prop_oneof![
        Just(Vec::new()),
        limit().prop_map(|limit| vec![limit]),
        (order(values()), option::of(limit()))
            .prop_map(|(order, limit)| [Some(order), limit].into_iter().flatten().collect()),
        (order(values()), limit()).prop_map(|(order, limit)| {
            vec![
                "fields @timestamp, @message".to_owned(),
                order,
                limit,
                "filter @message like '1'".to_owned(),
            ]
        }),
        (option::of(order(values())), vec(names(), 1..3), option::of(limit())).prop_map(
            |(order, names, limit)| {
                [order, Some(format!("dedup {}", names.join(", "))), limit].into_iter().flatten().collect()
            }
        ),
        (stats(), after_stats()).prop_map(|(stats, after)| [vec![stats], after].concat()),
        (stats(), after_stats()).prop_map(|(stats, after)| [vec![stats], after].concat()),
        (names(), names()).prop_map(|(one, other)| vec![format!("display {one}, {other}")]),
    ];
    (steps, end)
        .prop_map(|(steps, end)| [steps, end].concat())
        .prop_filter("a query has a command", |commands| !commands.is_empty())
        .prop_map(|commands| commands.join(" | "))
}
