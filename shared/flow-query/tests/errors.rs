//! Every mistake says where it is, what was expected and what was found.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_query::{ContinuousQuery, Program, Query, Settings};

/// The error of a query as a user sees it: place, text, and the caret under the place.
fn error(text: &str) -> String {
    let error = Query::parse(text).and_then(|query| ContinuousQuery::compile(&query).map(drop)).unwrap_err();
    let place = error.position(text);
    format!("{}:{}: {error}\n{}", place.line, place.column, error.show(text))
}

macro_rules! errors {
    ($($name:ident: $text:expr => $expected:literal;)*) => {
        $(#[test] fn $name() { assert_eq!(error($text), $expected); })*
    };
}

errors! {
    aws_spelling: "filter srcaddr = '10.0.0.1' | stats count(*) as n by srcAddr | filter n > 1"
        => "1:8: unknown name `srcaddr`: did you mean `srcAddr`?\nfilter srcaddr = '10.0.0.1' | stats count(*) as n by srcAddr | filter n > 1\n       ^^^^^^^";
    aws_spelling_with_hyphens: "filter dst-port = 22 and pkt-dst-aws-service = 'S3'"
        => "1:8: unknown name `dst-port`: did you mean `dstPort`?\nfilter dst-port = 22 and pkt-dst-aws-service = 'S3'\n       ^^^^^^^^";
    longest_aws_spelling: "filter pkt-dst-aws-service = 'S3'"
        => "1:8: unknown name `pkt-dst-aws-service`: did you mean `pktDstAwsService`?\nfilter pkt-dst-aws-service = 'S3'\n       ^^^^^^^^^^^^^^^^^^^";
    forgotten_quotes: "filter action = REJECT"
        => "1:17: unknown name `REJECT`: did you mean `\"REJECT\"`?\nfilter action = REJECT\n                ^^^^^^";
    a_field_in_capitals: "filter SRCADDR = '10.0.0.1'"
        => "1:8: unknown name `SRCADDR`: did you mean `srcAddr`?\nfilter SRCADDR = '10.0.0.1'\n       ^^^^^^^";
    nearest_alias: "filter dstPort = 22\n| stats count(*) as attempts by srcAddr\n| filter atempts > 100"
        => "3:10: unknown name `atempts`: did you mean `attempts`?\n| filter atempts > 100\n         ^^^^^^^";
    fields_are_gone_after_stats: "filter dstPort = 22 | stats count(*) as n by srcAddr | filter dstPort > 1"
        => "1:63: unknown name `dstPort`\nfilter dstPort = 22 | stats count(*) as n by srcAddr | filter dstPort > 1\n                                                              ^^^^^^^";
    misspelt_function: "filter isIpInSubnt(srcAddr, '10.0.0.0/8')"
        => "1:8: unknown function `isIpInSubnt`: did you mean `isIpInSubnet`?\nfilter isIpInSubnt(srcAddr, '10.0.0.0/8')\n       ^^^^^^^^^^^";
    misspelt_aggregate: "filter dstPort = 1 | stats count_distnct(dstPort) by srcAddr"
        => "1:28: unknown function `count_distnct`: did you mean `count_distinct`?\nfilter dstPort = 1 | stats count_distnct(dstPort) by srcAddr\n                           ^^^^^^^^^^^^^";
    misspelt_command: "filtre dstPort = 1"
        => "1:1: expected a command, found `filtre`: did you mean `filter`?\nfiltre dstPort = 1\n^^^^^^";
    other_command: "filter dstPort = 1 | sort bytes desc"
        => "1:22: `sort` is not supported here: expected one of filter, stats\nfilter dstPort = 1 | sort bytes desc\n                     ^^^^";
    number_against_text: "filter dstPort = \"ssh\""
        => "1:18: `dstPort` is a number: expected a number, found \"ssh\"\nfilter dstPort = \"ssh\"\n                 ^^^^^";
    address_against_part: "filter srcAddr in ['10.0.']"
        => "1:20: expected an address, or `like` for a part of one, found text\nfilter srcAddr in ['10.0.']\n                   ^^^^^^^";
    wrong_family: "filter isIpv6InSubnet(srcAddr, \"10.0.0.0/8\")"
        => "1:32: expected an IPv6 subnet such as \"2001:db8::/32\", found \"10.0.0.0/8\"\nfilter isIpv6InSubnet(srcAddr, \"10.0.0.0/8\")\n                               ^^^^^^^^^^^^";
    bad_regex: "filter action like /(/"
        => "1:15: not a regular expression: error: unclosed group\nfilter action like /(/\n              ^^^^^^^^";
    open_quote: "filter action = \"REJECT"
        => "1:17: expected a closing quote, found the end of the query\nfilter action = \"REJECT\n                ^^^^^^^";
    value_where_condition: "filter bytes"
        => "1:8: expected a condition, found a whole number\nfilter bytes\n       ^^^^^";
    text_in_arithmetic: "filter bytes + 'x' > 2"
        => "1:16: expected a number, found text\nfilter bytes + 'x' > 2\n               ^^^";
    double_equals: "filter dstPort == 22"
        => "1:17: expected a name or a value, found `=`\nfilter dstPort == 22\n                ^";
    number_with_letters: "filter dstPort = 22x"
        => "1:18: expected a number, found `22x`\nfilter dstPort = 22x\n                 ^^^";
    strange_character: "filter dstPort ≥ 22"
        => "1:16: expected a name, a number, a quoted text or an operator, found `≥`\nfilter dstPort ≥ 22\n               ^";
    behind_a_tab: "filter dstPort = 1\n\t| sotr\tbytes"
        => "2:4: expected a command, found `sotr`: did you mean `sort`?\n | sotr bytes\n   ^^^^";
    behind_wide_characters: "filter action like '拒否' and 日本 = 1"
        => "1:29: expected a name, a number, a quoted text or an operator, found `日`\nfilter action like '拒否' and 日本 = 1\n                              ^^";
    under_wide_characters: "filter bytes + '拒否' > 2"
        => "1:16: expected a number, found text\nfilter bytes + '拒否' > 2\n               ^^^^^^";
    empty: "" => "1:1: expected a command such as filter or stats, found the end of the query\n\n^";
    no_by: "filter dstPort = 1 | stats count(*) as n | filter n > 1"
        => "1:22: a rule is `filter ... | stats ... by ... | filter ...`: expected `by` and the names of what a finding is about, found no `by`\nfilter dstPort = 1 | stats count(*) as n | filter n > 1\n                     ^^^^^^^^^^^^^^^^^^^";
    no_closing_filter: "filter dstPort = 1 | stats count(*) as n by srcAddr"
        => "1:22: a rule is `filter ... | stats ... by ... | filter ...`: expected a closing `filter` with the threshold, found the end of the query\nfilter dstPort = 1 | stats count(*) as n by srcAddr\n                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^";
    no_first_filter: "stats count(*) as n by srcAddr | filter n > 1"
        => "1:1: a rule is `filter ... | stats ... by ... | filter ...`: expected a `filter` before `stats`, found `stats`\nstats count(*) as n by srcAddr | filter n > 1\n^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^";
    same_name_twice: "filter dstPort = 1 | stats count(*) as n, sum(bytes) as n by srcAddr | filter n > 1"
        => "1:57: `n` is named twice\nfilter dstPort = 1 | stats count(*) as n, sum(bytes) as n by srcAddr | filter n > 1\n                                                        ^";
    grouped_by_a_name_that_is_taken: "filter dstPort = 1 | stats count(*) as dstPort by dstPort | filter dstPort > 1"
        => "1:51: `dstPort` is named twice\nfilter dstPort = 1 | stats count(*) as dstPort by dstPort | filter dstPort > 1\n                                                  ^^^^^^^";
}

#[test]
fn nesting_is_bounded() {
    for deep in [
        format!("filter {}dstPort = 1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("filter {}(dstPort = 1)", "not ".repeat(10_000)),
        format!("filter {}1 = dstPort", "-".repeat(10_000)),
        format!("filter dstPort = {}2", "2^".repeat(10_000)),
        format!("filter dstPort = {}", "1+".repeat(300) + "1"),
        format!(
            "filter {} = 1",
            (0..40).fold("dstPort".to_owned(), |inner, _| format!("({inner}*2*2*2*2+1+1+1+1)"))
        ),
    ] {
        let error = Query::parse(&deep).unwrap_err().to_string();
        assert!(error.contains("nest more than") || error.contains("bytes in a query"), "{error}");
    }
    let long = format!("filter {}dstPort = 1", "dstPort = 1 or ".repeat(2_000));
    let query = Query::parse(&long).unwrap();
    assert_eq!(Query::parse(&query.to_string()).unwrap(), query, "a long chain is deep only as a tree");
}

/// The errors of queries that are no rules.
#[test]
fn queries() {
    let shown: Vec<_> = [
        "fields srcAdr",
        "fields bytes | sotr bytes",
        "pattern @message",
        "fields bytes | diff previousWeek",
        "SOURCE logGroups(namePrefix: ['a'])",
        "lookup table key as srcAddr OUTPUT a",
        "filterIndex srcAddr = '10.0.0.1'",
        "fields jsonParse(@message) as m",
        "filter count(*) > 1",
        "stats sum(count(*))",
        "stats bytes by srcAddr",
        "stats max(bytes) - packets by srcAddr",
        "stats count(*) as n, sum(bytes) as n",
        "stats count(*) as a | stats count(*) as b | stats count(*)",
        "stats count(*) as n by srcAddr | sort bytes",
        "stats count(*) as n by srcAddr | stats count(*) by bin(1h)",
        "stats latest(action) as n by srcAddr | stats latest(n)",
        "dedup srcAddr | filter bytes > 1",
        "limit 0",
        "limit 18446744073709551615",
        "limit many",
        "sort bytes descending",
        "stats count(*) by bin(bytes)",
        "stats count(*) by bin(0s)",
        "stats count(*) by bin(5 minutes)",
        "stats count(*) by bin(5 * 60)",
        "fields 5m",
        "stats pct(bytes)",
        "stats pct(bytes, 101)",
        "stats pct(bytes, 33.3333333)",
        "stats pct(bytes, 100.5)",
        "stats pct(bytes, packets)",
        "stats sum()",
        "stats avg(srcAddr)",
        "parse '* *' as one",
        "parse @message /(eni-.*)/",
        "parse @message '*'",
        "parse @message as x",
        "fields bytes as x, packets as x",
        "parse '*-*' as a, a",
        "stats count(*) as n | fields n * 2 as n",
        "fields substr(action)",
        "fields greatest()",
        "fields abs('x')",
        "fields bytes as",
        "filter isIpInSubnet(bytes, '10.0.0.0/8')",
        "filter concat(action, 'x')",
        "fields bytes, ",
        "display bytes |",
    ]
    .into_iter()
    .map(|text| {
        let compiled =
            Query::parse(text).and_then(|query| Program::compile(&query, Settings::default()).map(drop));
        let error = compiled.expect_err(text);
        format!("{error}\n{}", error.show(text))
    })
    .collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

/// A text that can't be a number has no greatest number: the answer would be empty without a word.
#[test]
fn aggregates_of_numbers_refuse_texts() {
    let compiled = |text: &str| {
        let query = Query::parse(text).unwrap();
        Program::compile(&query, Settings::default()).map(drop).map_err(|error| error.to_string())
    };
    for name in ["action", "@message", "@logStream", "@log", "protocolName", "vpcId", "srcAddr"] {
        let found = if name == "srcAddr" { "an address" } else { "text" };
        let refused = Err(format!("expected a number, found {found}"));
        for call in ["sum(_)", "avg(_)", "min(_)", "max(_)", "pct(_, 50)", "stddev(_)"] {
            assert_eq!(compiled(&format!("stats {}", call.replace('_', name))), refused, "{call} {name}");
        }
        assert_eq!(compiled(&format!("stats count({name}), latest({name}), sortsLast({name})")), Ok(()));
    }
    for text in [
        "parse @message '* * *' as a, b, c | stats max(a)",
        "stats max(substr(@message, 0, 1))",
        "stats max(accountId), max(instanceTag), max(@aws.account)",
        "stats max(action = 'REJECT'), max(@timestamp)",
        "fields action as a | stats max(a)",
    ] {
        assert_eq!(compiled(text), Ok(()), "{text}");
    }
}

/// What a rule can't be, though a query can.
#[test]
fn rules_are_less() {
    for (text, expected) in [
        (
            "filter bytes > now() | stats count(*) as n by srcAddr | filter n > 1",
            "`now` is not supported: a rule judges records by their own times",
        ),
        (
            "filter ispresent(@ingestionTime) | stats count(*) as n by srcAddr | filter n > 1",
            "unknown name `@ingestionTime`",
        ),
        (
            "filter dstPort = 1 | stats sum(bytes) / 2 as n by srcAddr | filter n > 1",
            "a rule is `filter ... | stats ... by ... | filter ...`: expected an aggregate such as count(*) or sum(bytes), found `sum(bytes) / 2`",
        ),
        (
            "filter dstPort = 1 | stats count(*) as n by srcAddr | filter n > 1 | sort n",
            "`sort` is not supported here: expected one of filter, stats",
        ),
        (
            "filter dstPort = 1 | fields bytes",
            "`fields` is not supported here: expected one of filter, stats",
        ),
    ] {
        let error = ContinuousQuery::compile(&Query::parse(text).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
