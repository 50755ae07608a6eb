//! What every function gives.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use flow_query::{Function, Program, Query, Warning};
use support::{SETTINGS, Traffic, ask};

/// One flow from 198.51.100.7:40000 to 10.0.0.5:22 with 20 packets and 4249 bytes at 2023-11-14 22:13:20.
fn flow() -> Traffic {
    let line = "2 123456789012 eni-0123456789abcdef0 198.51.100.7 10.0.0.5 40000 22 6 20 4249 1700000000 1700000059 \
                REJECT OK";
    Traffic::new([line])
}

fn value(expression: &str) -> String {
    let answer = ask(&format!("fields {expression} as x"), &flow());
    answer.strip_prefix("x\n").unwrap_or_else(|| panic!("{expression}: {answer}")).to_owned()
}

macro_rules! values {
    ($($name:ident: $($expression:literal => $expected:literal,)*;)*) => {
        $(#[test] fn $name() { $(assert_eq!(value($expression), $expected, $expression);)* })*

        /// No function is without a test.
        #[test]
        fn every_function_is_here() {
            let all = [$($($expression,)*)*].concat().to_ascii_lowercase();
            for function in Function::ALL {
                let call = format!("{}(", function.name().to_ascii_lowercase());
                assert!(all.contains(&call), "{}", function.name());
                assert!(!function.describe().is_empty() && !function.describe().ends_with('.'));
            }
        }
    };
}

values! {
    arithmetic:
        "bytes / packets" => "212.45", "bytes - packets * 2" => "4209", "10 % 3" => "1", "2 ^ 3" => "8",
        "-bytes" => "-4249", "1 / 0" => "", "bytes + tcpFlags" => "", "1.5 + 1.5" => "3", "action + 1" => "",;
    numbers:
        "abs(packets - 30)" => "10", "abs(-2.5)" => "2.5", "ceil(bytes / packets)" => "213", "ceil(-0.5)" => "0",
        "floor(212.45)" => "212", "floor(-0.5)" => "-1", "greatest(1, packets, 7)" => "20", "least(1.5, 2)" => "1.5",
        "greatest(1, tcpFlags)" => "", "log(1)" => "0", "log(0)" => "", "sqrt(packets * 5)" => "10", "sqrt(-1)" => "",
        "abs('12')" => "12", "abs(action)" => "",;
    times:
        "@timestamp" => "2023-11-14 22:13:20.000", "bin(5m)" => "2023-11-14 22:10:00.000",
        "bin(1h)" => "2023-11-14 22:00:00.000", "datefloor(@timestamp, 1d)" => "2023-11-14 00:00:00.000",
        "dateceil(@timestamp, 1mo)" => "2023-12-01 00:00:00.000", "datefloor(startTime * 1000, 1w)" => "2023-11-13 00:00:00.000",
        "fromMillis(0)" => "1970-01-01 00:00:00.000", "toMillis(@timestamp)" => "1700000000000",
        "now() - startTime" => "0", "@timestamp + 1" => "1700000000001", "fromMillis(tcpFlags)" => "",
        "startTime" => "1700000000",;
    conditions:
        "action like /REJ/" => "1", "bytes > 5000" => "0", "bytes > 5000 or dstPort in [22]" => "1",
        "(dstPort = 22) + (dstPort = 23)" => "1", "not tcpFlags = 2" => "1", "coalesce(tcpFlags = 2, 7)" => "0",;
    presence:
        "ispresent(bytes)" => "1", "ispresent(tcpFlags)" => "0", "coalesce(tcpFlags, vpcId, bytes)" => "4249",
        "coalesce(tcpFlags, vpcId)" => "", "isempty(tcpFlags)" => "1", "isempty('')" => "1", "isempty(' ')" => "0",
        "isblank(' ')" => "1", "isblank(action)" => "0",;
    addresses:
        "isValidIp(srcAddr)" => "1", "isValidIp('10.0.0.256')" => "0", "isValidIpV4('::1')" => "0",
        "isValidIpV6('::1')" => "1", "isIpInSubnet(srcAddr, '198.51.100.0/24')" => "1",
        "isIpv4InSubnet(dstAddr, '198.51.100.0/24')" => "0", "isIpv6InSubnet(dstAddr, '::/0')" => "0",
        "isIpInSubnet('2001:db8::1', '2001:db8::/32')" => "1",;
    texts:
        "concat(action, '/', bytes)" => "REJECT/4249", "concat(action, tcpFlags)" => "", "trim('  a b ')" => "a b",
        "ltrim('  a ')" => "a ", "rtrim('  a ')" => "  a", "trim('xxayx', 'xy')" => "a", "ltrim(action, 'ER')" => "JECT",
        "rtrim(action, 'CT')" => "REJE", "strlen('日本')" => "2", "strlen(action)" => "6", "strlen(tcpFlags)" => "",
        "toupper('straße')" => "STRASSE", "tolower(action)" => "reject", "substr('xyZfooxyZ', 3)" => "fooxyZ",
        "substr('xyZfooxyZ', 3, 4)" => "foox", "substr('日本語', 1, 1)" => "本", "substr('abc', 9)" => "",
        "substr('abc', 0, 0)" => "", "substr('abc', -1)" => "", "replace('foobar', 'o', 'ö')" => "fööbar",
        "replace('foo', '', 'x')" => "foo", "strcontains(action, 'JEC')" => "1", "strcontains(tcpFlags, '')" => "0",
        "substr(interfaceId, 0, 5)" => "eni-0",;
    names_are_in_any_case:
        "TOUPPER('a')" => "A", "isipinsubnet(srcAddr, '198.51.100.0/24')" => "1", "ISPRESENT(bytes)" => "1",;
}

#[test]
fn functions_stand_wherever_an_expression_may() {
    for (query, expected) in [
        ("filter strcontains(action, 'REJ') and isValidIp(srcAddr) | fields bytes", "bytes\n4249"),
        ("filter strcontains(action, 'REJ') = 1 | fields bytes", "bytes\n4249"),
        (
            "filter abs(packets - 30) in [10, 11] and toupper(tolower(action)) like 'REJ' | fields bytes",
            "bytes\n4249",
        ),
        (
            "filter not isempty(action) | stats sum(strcontains(@message, 'OK')) as n by toupper('a')",
            "toupper(\"a\")|n\nA|1",
        ),
        ("fields bytes | sort abs(bytes) | limit 1", "bytes\n4249"),
        ("fields ceil(bytes / 1000) as kb | filter kb > 4 | fields kb * 2", "kb|kb * 2\n5|10"),
    ] {
        assert_eq!(ask(query, &flow()), expected, "{query}");
    }
}

#[test]
fn texts_are_bounded() {
    let nested = (0..20).fold("@message".to_owned(), |inner, _| format!("replace({inner}, ' ', @message)"));
    assert_eq!(value(&format!("strlen({nested})")), "65536");
    let joined = ["@message"; 63].join(", ");
    let nested = (0..16).fold("@message".to_owned(), |inner, _| format!("concat({inner}, {joined})"));
    assert_eq!(value(&format!("strlen({nested})")), "65536");
}

fn warnings(text: &str) -> Vec<String> {
    let query = Query::parse(text).unwrap();
    let program = Program::compile(&query, SETTINGS).unwrap();
    let told = |warning: &Warning| format!("{warning} at {}", &text[warning.span.start..warning.span.end]);
    program.warnings().iter().map(told).collect()
}

#[test]
fn periods_are_capped_and_told() {
    assert_eq!(value("bin(300s)"), "2023-11-14 22:13:00.000", "as bin(60s)");
    assert_eq!(
        warnings("stats count(*) by bin(300s)"),
        ["`300s` acts as 60s, as in CloudWatch: write 5m at 300s"]
    );
    assert_eq!(warnings("fields datefloor(@timestamp, 90m)"), ["`90m` acts as 60m, as in CloudWatch at 90m"]);
    assert_eq!(warnings("fields bin(60s), bin(24h), bin(365d)"), [""; 0]);
    let twice = warnings("fields @timestamp | limit 5 | sort @ingestionTime");
    assert_eq!(twice.len(), 1, "{twice:?}");
}

#[test]
fn what_only_the_console_knows_is_absent_and_told() {
    assert_eq!(value("@ingestionTime"), "");
    assert_eq!(
        warnings("filter ispresent(@entity.KeyAttributes.Name)"),
        [
            "`@entity.KeyAttributes.Name` is always absent here: flow logs do not carry it at @entity.KeyAttributes.Name"
        ]
    );
    for indexed in ["traceId", "severityText", "attributes.session.id"] {
        assert_eq!(value(indexed), "");
        let told = format!("`{indexed}` is always absent here: flow logs do not carry it at {indexed}");
        assert_eq!(warnings(&format!("fields {indexed}")), [told]);
    }
    assert_eq!(value("logStream"), "vpc-flow-logs");
    assert_eq!(value("@aws.region"), "eu-central-1");
    assert_eq!(value("@log"), "123456789012:flows");
}
