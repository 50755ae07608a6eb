//! Printing a tree and reading it again gives the same tree.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_query::{
    AggregateCall, AggregateFunction, Arithmetic, Command, CommandKind, Comparison, Expr, ExprKind, Function,
    Literal, Named, Parse, ParsePattern, Pattern, Percent, Period, Query, SortKey, Span, Stats, TimeUnit,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

fn literals() -> impl Strategy<Value = Expr> {
    let texts = select(vec!["", "REJECT", "a\"b", "it's", "\\", "日本", "a/b", "# no comment", "\n"]);
    prop_oneof![
        // The least i64 has no positive twin to be the negative of.
        (-i64::MAX..).prop_map(Literal::Integer),
        (-1e300..1e300).prop_map(Literal::Float),
        texts.prop_map(|text: &str| Literal::Text(text.to_owned())),
    ]
    .prop_map(|literal| expr(ExprKind::Literal(literal)))
}

fn names() -> impl Strategy<Value = Expr> {
    select(vec!["srcAddr", "@message", "a.b", "and", "with space", "back`tick", "1st"])
        .prop_map(|name| expr(ExprKind::Name(name.to_owned())))
}

fn values() -> impl Strategy<Value = Expr> {
    use Arithmetic::{Add, Divide, Multiply, Power, Remainder, Subtract};
    prop_oneof![literals(), names()].prop_recursive(4, 16, 2, |inner| {
        let operation = select(vec![Add, Subtract, Multiply, Divide, Remainder, Power]);
        prop_oneof![
            4 => (operation, inner.clone(), inner.clone())
                .prop_map(|(op, a, b)| expr(ExprKind::Arithmetic(op, Box::new(a), Box::new(b)))),
            // The parser folds the sign into a positive literal.
            1 => inner.prop_filter("folded", |a| !matches!(a.kind, ExprKind::Literal(_)))
                .prop_map(|a| expr(ExprKind::Negate(Box::new(a)))),
        ]
    })
}

fn conditions() -> impl Strategy<Value = Expr> {
    let patterns = prop_oneof![
        select(vec!["a", "\"", ""]).prop_map(|text: &str| Pattern::Substring(text.to_owned())),
        select(vec!["^a+$", "a/b", "\\d\\/", "(?i)x", "\\\\"])
            .prop_map(|text: &str| Pattern::Regex(text.replace("\\/", "/"))),
    ];
    let leaves = prop_oneof![
        (select(Comparison::ALL.to_vec()), values(), values())
            .prop_map(|(op, a, b)| expr(ExprKind::Compare(op, Box::new(a), Box::new(b)))),
        (values(), prop::collection::vec(literals(), 1..4), any::<bool>()).prop_map(
            |(subject, values, negated)| expr(ExprKind::In { subject: Box::new(subject), values, negated })
        ),
        (values(), patterns, any::<bool>()).prop_map(|(subject, pattern, negated)| expr(ExprKind::Like {
            subject: Box::new(subject),
            pattern,
            negated
        })),
        (names(), literals())
            .prop_map(|(name, cidr)| expr(ExprKind::Call(Function::IsIpInSubnet, vec![name, cidr]))),
    ];
    leaves.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| expr(ExprKind::And(parts))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| expr(ExprKind::Or(parts))),
            inner.prop_map(|a| expr(ExprKind::Not(Box::new(a)))),
        ]
    })
}

fn aliases() -> impl Strategy<Value = Option<String>> {
    option::of(select(vec!["x", "@user", "by", "two words", "5m"]).prop_map(str::to_owned))
}

fn named(exprs: impl Strategy<Value = Expr>) -> impl Strategy<Value = Vec<Named>> {
    vec((exprs, aliases()).prop_map(|(expr, alias)| Named { expr, alias, span: Span::default() }), 1..4)
}

fn calls() -> impl Strategy<Value = Expr> {
    let period = (1..100_u32, select(vec!["ms", "s", "min", "h", "day", "w", "mo", "q", "y"])).prop_map(
        |(amount, unit)| {
            let period = Period { amount, unit: TimeUnit::from_name(unit).unwrap() };
            expr(ExprKind::Literal(Literal::Period(period)))
        },
    );
    prop_oneof![
        values(),
        (select(Function::ALL.to_vec()), vec(values(), 0..3))
            .prop_map(|(f, arguments)| expr(ExprKind::Call(f, arguments))),
        period.prop_map(|period| expr(ExprKind::Call(Function::Bin, vec![period]))),
    ]
}

fn aggregates() -> impl Strategy<Value = Expr> {
    let percents = (0..=100_000_u32).prop_map(|part| Percent::new(f64::from(part) / 1000.0));
    let percent = percents.prop_filter_map("six places at most", |percent| percent);
    let function =
        (select(AggregateFunction::ALL.to_vec()), percent).prop_map(|(function, percent)| match function {
            AggregateFunction::Pct(_) => AggregateFunction::Pct(percent),
            other => other,
        });
    (function, calls(), any::<bool>()).prop_map(|(function, argument, star)| {
        let argument =
            if star && function == AggregateFunction::Count { None } else { Some(Box::new(argument)) };
        expr(ExprKind::Aggregate(AggregateCall { function, argument }))
    })
}

fn parses() -> impl Strategy<Value = Parse> {
    let glob = select(vec!["*", "* [*] \"*\"", "a\\*"]).prop_map(|glob| ParsePattern::Glob {
        glob: glob.to_owned(),
        names: glob.matches('*').enumerate().map(|(index, _)| format!("part {index}")).collect(),
    });
    let regex =
        select(vec!["(?<a>x/y)", "^(?P<b>.*?) "]).prop_map(|regex| ParsePattern::Regex(regex.to_owned()));
    (option::of(calls()), prop_oneof![glob, regex]).prop_map(|(subject, pattern)| Parse { subject, pattern })
}

fn commands() -> impl Strategy<Value = Command> {
    let keys = (calls(), any::<bool>()).prop_map(|(expr, descending)| SortKey { expr, descending });
    let by = prop_oneof![Just(Vec::new()), named(calls())];
    let kinds = prop_oneof![
        conditions().prop_map(CommandKind::Filter),
        named(calls()).prop_map(CommandKind::Fields),
        named(calls()).prop_map(CommandKind::Display),
        (named(aggregates()), by).prop_map(|(columns, by)| CommandKind::Stats(Stats { columns, by })),
        vec(keys, 1..3).prop_map(CommandKind::Sort),
        (1..=i64::MAX.unsigned_abs()).prop_map(CommandKind::Limit),
        parses().prop_map(CommandKind::Parse),
        vec(calls(), 1..3).prop_map(CommandKind::Dedup),
    ];
    kinds.prop_map(|kind| Command { kind, span: Span::default() })
}

proptest! {
    #[test]
    fn print_then_parse(commands in vec(commands(), 1..4)) {
        let query = Query { commands };
        let text = query.to_string();
        let read = Query::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, query, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}|[a-z (){}\\[\\]\"'/|=<>~,.*0-9-]{0,80}") {
        if let Err(error) = Query::parse(&text) {
            let place = error.position(&text);
            prop_assert!(place.line >= 1 && place.column >= 1);
            prop_assert!(error.show(&text).contains('^'));
        }
    }
}

#[test]
fn what_fuzzing_found_prints_as_the_same_tree() {
    for text in [
        format!("filter {}a = 1", "-".repeat(40)),
        format!("filter (a{0}){0} = 1", "+1".repeat(60)),
        "filter (-0.0) ^ 2 = 1".to_owned(),
        "filter a in [(b or c)]".to_owned(),
        "filter ispresent((a = 1))".to_owned(),
        "stats count((a = 1)) by (b = 1)".to_owned(),
    ] {
        let query = Query::parse(&text).unwrap();
        let printed = Query::parse(&query.to_string()).unwrap();
        assert_eq!(printed.to_string(), query.to_string(), "{text}");
        assert_eq!(printed, query, "{text}");
    }
}

#[test]
fn stats_print_as_written() {
    for text in [
        "filter a = 1 | stats count(*) as n, sum(bytes) by srcAddr, dstPort as port | filter n > 1",
        "stats avg(bytes / packets) as `mean size` by `a b`",
        "stats pct(bytes, 99.9) as p, max(a) - min(a) as range by bin(5m) as t, datefloor(t, 1mo)",
        "fields a, b * 8 as bits | display bits, a | sort bits desc, a | limit 10 | dedup a, b",
        "parse \"* [*]\" as one, `two 2` | parse concat(a, \"/\") /(?<x>[\\/a]+)/ | parse (\"text\") \"*\" as y",
        "fields now(), ceil(-1.5), coalesce(a, -b) as c, (a + b) * 2",
    ] {
        assert_eq!(Query::parse(text).unwrap().to_string(), text);
    }
    let written = "SORT a ASC, b DESC | STATS PCT(x, 050.0) BY BIN(5Minutes)";
    let printed = "sort a, b desc | stats pct(x, 50) by bin(5m)";
    assert_eq!(Query::parse(written).unwrap().to_string(), printed);
    let spread = "STATS Count() AS n # how many\n BY srcAddr";
    assert_eq!(Query::parse(spread).unwrap().to_string(), "stats count(*) as n by srcAddr");
}
