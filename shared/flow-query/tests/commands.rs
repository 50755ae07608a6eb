//! What every command does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use flow_query::{LimitError, Program, Query, Settings, Type};
use support::{SETTINGS, Traffic, ask, compile, show};

macro_rules! answers {
    ($($name:ident: $query:expr => $expected:expr;)*) => {
        $(#[test] fn $name() {
            let expected: Vec<_> = $expected.lines().map(str::trim).collect();
            assert_eq!(ask($query, &Traffic::sample()), expected.join("\n"), "{}", $query);
        })*
    };
}

answers! {
    fields_accumulate: "fields srcAddr | fields dstPort, srcAddr | filter dstPort = 53" =>
        "srcAddr|dstPort
         192.0.2.77|53";
    fields_make_names: "FIELDS bytes * 8 AS bits, `bytes` | filter bits > 700000 | fields bits / 8, `bits / 8` + 1 as more" =>
        "bits|bytes|bits / 8|more
         720000|90000|90000|90001";
    an_expression_once_more_is_the_same_column: "fields bytes * 8 | fields bytes * 8, bytes | filter bytes = 80 | display bytes * 8, bytes" =>
        "bytes * 8|bytes
         640|80";
    an_alias_may_hide_a_field: "fields tolower(action) as action | filter action = 'reject' | stats count(*) by action" =>
        "action|count(*)
         reject|2";
    what_may_be_a_text_or_an_address_is_compared_as_it_is: "fields coalesce(srcAddr, action) as who | filter who = '192.0.2.77' | limit 1" =>
        "who
         192.0.2.77";
    the_last_display_counts: "fields srcAddr | display dstPort | filter bytes = 500 | display bytes, bytes" =>
        "bytes
         500";
    a_bare_filter_shows_time_and_message: "filter bytes = 80 # and nothing else" =>
        "@timestamp|@message
         2023-11-14 22:13:20.000|2 123456789012 eni-0123456789abcdef0 192.0.2.77 10.0.0.5 51001 53 17 1 80 1700000000 1700000059 ACCEPT OK";
    what_stats_made_may_be_named_as_it_was_written:
        "stats sum(bytes), count(*) by dstPort, bin(1h) | filter count(*) > 1 | sort sum(bytes) desc, bin(1h) | limit 2" =>
        "dstPort|bin(1h)|sum(bytes)|count(*)
         443|2023-11-14 22:00:00.000|5000|2
         22|2023-11-14 22:00:00.000|4309|2";
    where_is_filter: "fields dstPort | where bytes = 500" =>
        "dstPort
         443";
    sort_by_is_sort: "fields bytes | filter bytes >= 500 | sort by bytes desc | limit 2" =>
        "bytes
         90000
         4500";
    parsed_names_are_shown: "fields bytes | parse '* * eni-* ' as version, account, interface | filter bytes = 500" =>
        "bytes|version|account|interface
         500|2|123456789012|1";
    parse_reads_what_was_made: "fields concat(action, '-', logStatus) as both | parse both '*-*' as one, two | display two, one | limit 1" =>
        "two|one
         OK|ACCEPT";
    parsed_numbers_are_numbers: "parse @message ' 6 * * ' as p, b | filter b > 4300 | sort b | display b, p" =>
        "b|p
         4500|30
         90000|120";
    a_regular_expression_parses: r"parse @message /eni-(?<id>[0-9a-f]{4,}).* (?<action2>[A-Z]+) OK/ | filter bytes = 60 | display id, action2" =>
        "id|action2
         0123456789abcdef0|REJECT";
    what_does_not_fit_is_absent: "parse interfaceId 'nat-*' as nat | filter not ispresent(nat) | stats count(*)" =>
        "count(*)
         8";
    sort_is_natural: "fields interfaceId, bytes | filter bytes < 4300 | sort interfaceId, bytes desc" =>
        "interfaceId|bytes
         eni-1|500
         eni-0123456789abcdef0|4249
         eni-0123456789abcdef0|80
         eni-0123456789abcdef0|60";
    absent_sorts_first: "fields bytes | sort bytes | limit 3" =>
        "bytes\n\n\n60";
    absent_sorts_last_descending: "fields bytes | sort bytes desc | limit 1" =>
        "bytes
         90000";
    a_later_sort_counts_more: "fields srcAddr, bytes | filter bytes > 100 | sort bytes desc | sort srcAddr" =>
        "srcAddr|bytes
         10.0.0.5|90000
         192.0.2.77|4500
         198.51.100.7|4249
         2001:db8::7|500";
    sort_by_an_expression: "fields bytes | filter ispresent(bytes) | sort bytes % 100 desc, bytes | limit 2" =>
        "bytes
         80
         60";
    sort_by_what_is_not_shown: "fields bytes | filter ispresent(bytes) | sort srcPort desc, bytes | limit 2" =>
        "bytes
         80
         4500";
    limit_takes_the_first: "fields bytes | limit 2" =>
        "bytes
         4500
         80";
    commands_after_limit_see_its_rows: "fields bytes | limit 3 | filter bytes < 100" =>
        "bytes
         80";
    stats_after_limit: "sort bytes desc | limit 2 | stats count(*) as n, sum(bytes) as b" =>
        "n|b
         2|94500";
    dedup_keeps_the_first_in_order: "fields srcAddr, bytes | sort bytes | dedup srcAddr | limit 9" =>
        "srcAddr|bytes\n|\n|\n198.51.100.7|60\n192.0.2.77|80\n2001:db8::7|500\n10.0.0.5|90000";
    dedup_keeps_the_latest: "fields @timestamp, srcAddr | filter srcAddr like '198' | dedup srcAddr" =>
        "@timestamp|srcAddr
         2023-11-14 22:14:20.000|198.51.100.7";
    stats_without_by: "stats count(*), count(bytes), count_distinct(srcAddr) as sources, avg(bytes), stddev(packets)" =>
        "count(*)|count(bytes)|sources|avg(bytes)|stddev(packets)
         8|6|4|16564.833333333332|45.8377573622445";
    stats_of_nothing: "filter bytes < 0 | stats count(*), sum(bytes), max(bytes), pct(bytes, 50)" =>
        "count(*)|sum(bytes)|max(bytes)|pct(bytes, 50)
         0|0||";
    stats_of_nothing_by_something: "filter bytes < 0 | stats count(*) by srcAddr" => "srcAddr|count(*)";
    groups_are_in_order: "stats count(*) as n by dstPort, protocol" =>
        "dstPort|protocol|n
         ||2
         22|6|2
         53|17|1
         443|6|2
         51000|6|1";
    quantiles: "stats pct(bytes, 0), pct(bytes, 50) as median, pct(bytes, 99.9), min(bytes)" =>
        "pct(bytes, 0)|median|pct(bytes, 99.9)|min(bytes)
         60|500|90000|60";
    non_aggregates: "stats earliest(bytes) as e, latest(bytes) as l, sortsFirst(srcAddr) as f, sortsLast(srcAddr) as s, latest(@timestamp)" =>
        "e|l|f|s|latest(@timestamp)
         80|90000|10.0.0.5|2001:db8::7|2023-11-14 22:15:20.000";
    expressions_of_aggregates: "stats sum(bytes) / sum(packets) as size, max(bytes) as top, min(bytes) as low, top - low as range by action" =>
        "action|size|top|low|range
         |||| 
         ACCEPT|609.4871794871794|90000|80|89920
         REJECT|205.1904761904762|4249|60|4189";
    a_filter_after_stats: "stats count(*) as n by srcAddr | filter n > 1 and ispresent(srcAddr) | sort n desc, srcAddr" =>
        "srcAddr|n
         192.0.2.77|2
         198.51.100.7|2";
    two_stats: "stats sum(bytes) as b by srcAddr, bin(1m) as @t | stats max(b) as peak, count(*) as n by dateceil(@t, 10m) as t | sort t desc" =>
        "t|peak|n
         2023-11-14 22:20:00.000|90000|6";
    second_stats_by_the_first_ones_name: "stats count(*) as n by srcAddr | stats count(*) as sources by n" =>
        "n|sources
         1|2
         2|3";
    fields_after_stats: "stats sum(bytes) as b by protocol | filter b > 0 | fields b / 1000 as kb" =>
        "protocol|b|kb
         6|99309|99.309
         17|80|0.08";
    backticks_and_case: "STATS Count(*) AS `how many` BY `protocol` | SORT `how many` DESC | LIMIT 1 | DISPLAY `how many`" =>
        "how many
         5";
    enrichments: "filter srcExternal = 1 | stats count(*) as n by srcScope, dstNetwork" =>
        "srcScope|dstNetwork|n
         documentation||1
         documentation|production|4";
}

#[test]
fn columns_have_types() {
    let program = compile(
        "stats count(*) as n, avg(bytes) as mean, latest(action) as last, max(@timestamp) as end by srcAddr, bin(1h) as t",
    );
    let kinds: Vec<_> = program.columns().iter().map(|column| (column.name.as_str(), column.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("srcAddr", Type::Address),
            ("t", Type::Time),
            ("n", Type::Integer),
            ("mean", Type::Float),
            ("last", Type::Text),
            ("end", Type::Time)
        ]
    );
    assert!(!program.streams());
    assert_eq!(program.missing_fields(&"srcaddr start".parse().unwrap()).len(), 2, "bytes and action");
}

#[test]
fn programs_that_stream_keep_nothing() {
    for (query, limit) in [("filter bytes > 0", u64::MAX), ("fields bytes | limit 2 | display bytes", 2)] {
        let program = compile(query);
        assert_eq!((program.streams(), program.stream_limit()), (true, Some(limit)), "{query}");
        let mut evaluation = program.start();
        let mut rows = 0;
        Traffic::sample().for_each(|flow| rows += u64::from(evaluation.observe(flow).unwrap().is_some()));
        assert_eq!((rows, evaluation.is_complete()), (limit.min(6), limit == 2), "{query}");
        assert!(evaluation.finish().unwrap().rows.is_empty());
    }
    for query in ["sort bytes", "dedup bytes", "stats count(*)", "limit 5 | filter bytes > 0"] {
        assert!(!compile(query).streams(), "{query}");
    }
}

#[test]
fn what_would_be_too_much_is_an_error() {
    let settings = Settings { max_groups: 3, max_rows: 3, ..SETTINGS };
    let answer = |query: &str| {
        let program = Program::compile(&Query::parse(query).unwrap(), settings).unwrap();
        Traffic::sample().answer(&program).map(|answer| answer.rows.len())
    };
    let (rows, groups) = (Err(LimitError::Rows { max: 3 }), Err(LimitError::Groups { max: 3 }));
    assert_eq!(answer("stats count(*) by srcAddr"), groups);
    assert_eq!(answer("filter ispresent(bytes) | stats count(*) by action"), Ok(2));
    assert_eq!(answer("stats count(*) as n by action | stats count(*) by action, n"), Ok(3));
    assert_eq!(answer("sort bytes"), rows);
    assert_eq!(answer("sort bytes | limit 2"), Ok(2), "keeps what it needs only");
    assert_eq!(answer("sort bytes | limit 5"), rows);
    assert_eq!(answer("dedup srcAddr, bytes"), rows);
    assert_eq!(answer("filter bytes > 1000 | sort bytes"), Ok(3));
    assert_eq!(answer("fields bytes"), Ok(8));
    assert!(answer("sort bytes").unwrap_err().to_string().contains("at most 3 rows"));
}

/// The record that makes one group too many is the one that fails.
#[test]
fn too_many_groups_are_told_at_once() {
    let query = Query::parse("stats sum(bytes) by bytes").unwrap();
    let program = Program::compile(&query, Settings { max_groups: 3, ..SETTINGS }).unwrap();
    let (mut evaluation, mut outcomes) = (program.start(), Vec::new());
    let lines = ["40", "41", "40", "42", "42", "43"].map(|bytes| format!("1 {bytes}"));
    let traffic = Traffic { format: "version bytes".parse().unwrap(), ..Traffic::new(lines.to_vec()) };
    traffic.for_each(|flow| outcomes.push(evaluation.observe(flow).is_ok()));
    assert_eq!(outcomes, [true, true, true, true, true, false]);
}

/// Merging needs as little as observing does.
#[test]
fn merging_keeps_the_limits() {
    let settings = Settings { max_groups: 4, max_rows: 4, ..SETTINGS };
    for (query, fits) in
        [("stats count(*) by bytes", false), ("sort bytes", false), ("sort bytes desc | limit 2", true)]
    {
        let program = Program::compile(&Query::parse(query).unwrap(), settings).unwrap();
        let lines = Traffic::sample().lines;
        let mut parts = lines.chunks(4).map(|lines| {
            let mut evaluation = program.start();
            Traffic::new(lines.to_vec()).for_each(|flow| assert!(evaluation.observe(flow).is_ok()));
            evaluation
        });
        let (mut first, second) = (parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(first.merge(second).is_ok(), fits, "{query}");
        assert!(!fits || show(&first.finish().unwrap()).contains("22:15:20"));
    }
}

#[test]
fn portable_queries_are_those_of_the_console() {
    let settings = Settings { portable: true, ..SETTINGS };
    let compiled = |text: &str| Program::compile(&Query::parse(text).unwrap(), settings);
    for (query, error) in [
        ("filter srcExternal = 1", "`srcExternal` is worked out by Flowgauge: the console does not know it"),
        ("filter srcScop = 'private'", "unknown name `srcScop`"),
        ("filter src-scope = 'private'", "unknown name `src`"),
        ("filter dst-port = 1", "unknown name `dst-port`: did you mean `dstPort`?"),
        (
            "stats count(*) as n by srcAddr | sort n | stats max(n)",
            "expected `sort` and `limit` behind the second `stats`, for the console, found `stats`",
        ),
    ] {
        assert_eq!(compiled(query).unwrap_err().to_string(), error);
    }
    let program = compiled("fields bytes | limit 10001").unwrap();
    assert_eq!(program.warnings()[0].to_string(), "10001 rows: the console gives at most 10000");
    let line = Traffic::sample().lines.swap_remove(0);
    for (lines, warnings) in [(10_000, 0), (10_001, 1)] {
        let traffic = Traffic::new(vec![line.clone(); lines]);
        assert_eq!(traffic.answer(&compiled("fields bytes").unwrap()).unwrap().warnings.len(), warnings);
        assert_eq!(traffic.answer(&program).unwrap().warnings, [], "it was told of the limit");
    }
}

/// Each thread may have an evaluation of its own.
#[test]
fn evaluations_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Sync>(_: &T) {}
    let program = compile("stats count_distinct(srcAddr), pct(bytes, 50), latest(action) by dstPort");
    is_send(&program.start());
    is_shared(&program);
}

/// Only as many rows are kept as a limit asks for, whatever is left out on the way.
#[test]
fn dedup_with_a_limit_keeps_few_rows() {
    let line = |n: u64| {
        let key = n * 7919 % 500;
        format!(
            "2 1 eni-1 10.0.{}.{} 10.0.0.5 40000 {} 6 1 {n} {} 1700000000 ACCEPT OK",
            key / 250,
            key % 250,
            key % 7,
            1_700_000_000 - n
        )
    };
    let traffic = Traffic::new((0..20_000).map(line).collect::<Vec<_>>().iter().map(String::as_str));
    let query = |limit: &str| {
        format!("fields srcAddr, dstPort, bytes | sort bytes desc | dedup srcAddr, dstPort{limit}")
    };
    let all = ask(&query(""), &traffic);
    let few = ask(&query(" | limit 20"), &traffic);
    let first: Vec<_> = all.lines().take(21).collect();
    assert_eq!(few.lines().collect::<Vec<_>>(), first);
    let parsed = flow_query::Query::parse(&query(" | limit 20")).unwrap();
    let settings = flow_query::Settings { max_rows: 100, ..SETTINGS };
    let program = flow_query::Program::compile(&parsed, settings).unwrap();
    let mut evaluation = program.start();
    traffic.for_each(|flow| assert!(evaluation.observe(flow).is_ok(), "a hundred rows are room enough"));
}

/// Numbers that fixed point has no room for are added up as floats.
#[test]
fn very_large_and_very_small_numbers_add_up() {
    let line = |n: u64| {
        format!("2 1 eni-1 10.0.0.1 10.0.0.5 40000 22 6 1 {} 1700000000 1700000000 ACCEPT OK", 100_000 + n)
    };
    let traffic = Traffic::new((0..50).map(line).collect::<Vec<_>>().iter().map(String::as_str));
    let number = |query: &str| -> f64 { ask(query, &traffic).lines().nth(1).unwrap().parse().unwrap() };
    let expected: f64 = (0..50).map(|n| 1.0 / f64::from(100_000 + n).powi(2)).sum();
    let close = |left: f64, right: f64| (left / right - 1.0).abs() < 1e-9;
    assert!(close(number("stats sum(1/bytes/bytes) as s"), expected));
    assert!(close(number("stats avg(1/bytes/bytes) as s"), expected / 50.0));
    let expected: f64 = (0..50).map(|n| f64::from(100_000 + n).powi(5)).sum();
    assert!(close(number("stats sum(bytes ^ 5) as s"), expected));
}

/// What the console has as a text is absent here, and may be asked for as there.
#[test]
fn a_dash_is_what_is_absent() {
    let count =
        |condition: &str| ask(&format!("filter {condition} | stats count(*) as n"), &Traffic::sample());
    assert_eq!(count("srcAddr != \"-\""), "n\n6");
    assert_eq!(count("srcAddr = '-'"), "n\n2");
    assert_eq!(count("action = '-' and logStatus != '-'"), "n\n2");
}
