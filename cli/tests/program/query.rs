//! `query`: a query of the console over files, as a table, JSON, CSV or a chart.

use serde_json::json;

use crate::program::{Folder, Run, flowgauge};
use crate::samples::{NOON, joined, tries};

/// The query over all sample events.
fn ask(query: &str, options: &[&str]) -> Run {
    let inputs = ["events/web-server.json", "events/refused-tries.json", "events/open-database.json"];
    flowgauge(["query", query].iter().chain(&inputs).chain(options)).exits(0)
}

#[test]
fn a_table_of_those_who_sent_most() {
    let run = ask(
        "stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 10",
        &[],
    );
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.counts(), "10 rows of 267 flows, 3 NODATA, 3 events");
}

#[test]
fn queries_of_the_console_run_unchanged() {
    let queries = [
        ("filter dstPort = 80", 0),
        (
            "fields @timestamp, @message | sort @timestamp desc | filter protocol=17 and action='ACCEPT' | limit 100",
            0,
        ),
        (
            "stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 15",
            15,
        ),
        (
            r#"filter isIpv4InSubnet(srcAddr, "198.51.100.0/24") | stats sum(bytes) as bytesTransferred by dstAddr | sort bytesTransferred desc | limit 15"#,
            2,
        ),
        ("filter protocol=17 | stats count(*) by srcAddr", 0),
        (r#"filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t"#, 0),
        (
            "fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes | filter logStream = 'vpc-flow-logs' and interfaceId = 'eni-0123456789abcdef0' | sort @timestamp desc | dedup srcAddr, dstAddr, srcPort, dstPort, protocol | limit 20",
            0,
        ),
        (
            "filter (dstAddr like '10.0.2' and srcAddr like '10.0.') | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 10",
            1,
        ),
        ("stats avg(bytes), max(bytes) by dstAddr | limit 3", 3),
        ("parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message | limit 4", 4),
    ];
    for (query, rows) in queries {
        let run = ask(query, &["--output", "json"]);
        assert!(run.json().len() >= rows, "{query}: {}", run.stdout);
    }
}

#[test]
fn numbers_are_numbers_and_times_are_times() {
    let run = ask(
        "filter action = 'ACCEPT' | stats count(*) as n, avg(bytes) as mean by bin(1h) as t, action | sort t",
        &["--output", "json"],
    );
    let first = &run.json()[0];
    assert_eq!(
        (&first["t"], first["n"].is_u64(), first["mean"].is_number()),
        (&json!("2025-11-17 08:00:00.000"), true, true)
    );
}

#[test]
fn the_order_of_inputs_does_not_show() {
    let query = "stats count(*) as n, count_distinct(dstPort) as ports by srcAddr | sort n desc, srcAddr";
    let files = ["events/web-server.log", "events/refused-tries.log", "events/open-database.log"];
    let ask = |order: [usize; 3]| {
        let inputs = order.map(|place| files[place]);
        flowgauge(["query", query].iter().chain(&inputs)).exits(0).stdout
    };
    let expected = ask([0, 1, 2]);
    assert!(expected.lines().count() > 10);
    assert_eq!([ask([2, 1, 0]), ask([1, 2, 0])], [expected.clone(), expected]);
}

#[test]
fn an_event_that_comes_twice_is_read_once() {
    let count = |inputs: &[&str]| {
        let query = ["query", "stats count(*) as n", "--output", "json"];
        flowgauge(query.iter().chain(inputs)).exits(0).json()[0]["n"].clone()
    };
    let event = "events/refused-tries.json";
    assert_eq!(count(&[event]), json!(120));
    assert_eq!(count(&[event, event]), json!(120));
}

#[test]
fn times_and_patterns_select() {
    let folder = Folder::with("a.log", joined(&tries(NOON..NOON + 100)));
    let count = |options: &[&str]| {
        let query = ["query", "stats count(*) as n", "a.log", "--output", "json"];
        folder.flowgauge(query.iter().chain(options)).exits(0).json()[0]["n"].clone()
    };
    let (ten, twenty) = ((NOON + 10).to_string(), (NOON + 20).to_string());
    assert_eq!(count(&["--start", &ten, "--end", &twenty]), json!(10));
    assert_eq!(count(&["--pattern", "[..., action=\"REJECT\", status]"]), json!(100));
    assert_eq!(count(&["--pattern", "ACCEPT"]), json!(0));
    let wrong = folder.flowgauge(["query", "limit 1", "a.log", "--start", "noon"]).exits(1);
    wrong.says(&["expected a time such as 2026-11-26T05:00:00Z"]);
    let wrong = folder.flowgauge(["query", "limit 1", "a.log", "--pattern", "[a"]).exits(1);
    wrong.says(&["error: the pattern, column "]);
}

#[test]
fn mistakes_and_warnings_point_at_their_place() {
    let wrong = flowgauge(["query", "filter dstPrt = 80", "events/web-server.log"]).exits(1);
    assert_eq!(
        wrong.stderr,
        "error: the query, line 1, column 8: unknown name `dstPrt`: did you mean `dstPort`?\nfilter dstPrt = 80\n       ^^^^^^\n"
    );
    let indented = flowgauge(["query", "fields bytes\n\t| sotr bytes", "events/web-server.log"]).exits(1);
    indented.says(&["\n | sotr bytes\n   ^^^^\n"]);
    let capped = ask("stats count(*) by bin(300s) | limit 1", &[]);
    capped.says(&[
        "warning: `300s` acts as 60s, as in CloudWatch: write 5m\n",
        "\n                      ^^^^\n",
    ]);
    let portable = ["query", "stats count(*) by srcScope", "events/web-server.log", "--portable"];
    flowgauge(portable).exits(1).says(&["srcScope"]);
    let lacks = ["query", "stats count(*) by tcpFlags", "events/web-server.log", "events/refused-tries.log"];
    let run = flowgauge(lacks).exits(0);
    assert_eq!(run.stderr.matches(" has no tcp-flags: absent in such lines\n").count(), 1, "{}", run.stderr);
    let many =
        flowgauge(["query", "stats count(*) by srcAddr", "events/web-server.log", "--max-groups", "3"])
            .exits(1);
    many.says(&["error: expected at most 3 groups"]);
}

#[test]
fn what_cant_be_read_is_told_and_the_rest_is_asked() {
    let folder =
        Folder::with("a.log", joined(&tries(NOON..NOON + 5))).and("bad.log.gz", b"\x1f\x8b\x08nothing");
    let run = folder.flowgauge(["query", "stats count(*) as n", "bad.log.gz", "gone.log", "a.log"]).exits(1);
    assert_eq!(run.stdout, "n\n-\n5\n");
    run.says(&["error: bad.log.gz: ", "error: gone.log: "]);
}

#[test]
fn text_from_logs_is_hostile() {
    let line = "evil\u{1b}[2J =1+2,x REJECT\n";
    let folder = Folder::with("a.log", line);
    let query = |output| {
        let args = [
            "query",
            "fields @message, instanceId",
            "a.log",
            "--format",
            "instance-id x action",
            "--output",
            output,
        ];
        folder.flowgauge(args).exits(0).stdout
    };
    for output in ["table", "csv", "json"] {
        assert!(!query(output).contains('\u{1b}'), "{output}");
    }
    assert_eq!(query("csv").lines().next(), Some("@message,instanceId"));
}

#[test]
fn charts_are_bars_or_lines() {
    let bars = ask("stats sum(bytes) as b by dstPort | sort b desc | limit 6", &["--chart"]);
    insta::assert_snapshot!("bars", bars.stdout);
    let lines = ask("stats count(*) as n by bin(5m) as t, action | sort t", &["--chart"]);
    insta::assert_snapshot!("lines", lines.stdout);
    let nothing = flowgauge(["query", "fields srcAddr", "events/web-server.log", "--chart"]).exits(1);
    nothing.says(&[
        "error: nothing to draw: expected `stats` of a number `by` something, found no `stats ... by`",
    ]);
}

#[test]
fn charts_keep_their_labels_whole_and_their_times_where_they_are() {
    let folder = Folder::with("wide.log", "日本語 5\na 10\n").and("one.log", joined(&tries([NOON])));
    let bars = ["query", "stats sum(bytes) as b by action | sort b", "wide.log", "--chart"];
    let run = folder.flowgauge(bars.iter().chain(&["--format", "action bytes"])).exits(0);
    let mut rows = run.stdout.lines().skip(1);
    assert!(rows.next().unwrap().starts_with("日本語   5 █"), "{}", run.stdout);
    assert!(rows.next().unwrap().starts_with("a       10 █"), "{}", run.stdout);
    let one = ["query", "stats count(*) as n by bin(1m) as t", "one.log", "--chart"];
    let run = folder.flowgauge(one).exits(0);
    let axis = run.stdout.lines().rfind(|line| line.contains("2023-11-15")).unwrap();
    assert_eq!(
        (axis.contains("2023-11-14 23:59"), axis.contains("2023-11-15 00:01")),
        (true, true),
        "{axis}"
    );
    let none = ["query", "filter bytes < 0 | stats count(*) as n by bin(1m) as t", "one.log", "--chart"];
    assert_eq!(folder.flowgauge(none).exits(0).stdout, "");
}

#[test]
fn what_can_not_be_meant_is_refused() {
    let none = flowgauge([
        "query",
        "fields srcAddr",
        "events/web-server.log",
        "--start",
        "2025-11-18",
        "--end",
        "2025-11-17",
    ]);
    none.exits(1).says(&["error: --start and --end: expected a start before the end, found 2025-11-18 00:00:00.000 and 2025-11-17 00:00:00.000"]);
    let millis =
        flowgauge(["query", "fields srcAddr", "events/web-server.log", "--start", "1763366400000"]).exits(1);
    assert!(millis.stderr.contains("1795669200 (seconds), found \"1763366400000\""), "{}", millis.stderr);
    let two =
        ["query", "stats count(*) as n by action", "events/web-server.log", "--chart", "--output", "json"];
    assert!(flowgauge(two).exits(1).stderr.contains("cannot be used with"));
}

#[test]
fn a_pattern_that_does_not_fit_the_format_is_a_warning() {
    let pattern = "[version, account, interface, action = REJECT]";
    let run = ask("stats count(*) as n", &["--pattern", pattern]);
    assert!(run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn what_is_true_counts_as_one() {
    let run = ask(
        "stats sum(action like /REJ/) as refused, count(*) as n by interfaceId | sort refused desc",
        &["--output", "csv"],
    );
    let refused: u64 =
        run.stdout.lines().skip(1).map(|row| row.split(',').nth(1).unwrap().parse::<u64>().unwrap()).sum();
    let all = ask("filter action = 'REJECT' | stats count(*) as n", &["--output", "csv"]);
    assert_eq!(all.stdout.lines().nth(1), Some(refused.to_string().as_str()));
    let own =
        ask("stats pct(bytes, 95) by dstPort | sort `pct(bytes,95)` desc | limit 1", &["--output", "json"]);
    assert_eq!(own.json().len(), 1);
}

#[test]
fn an_empty_answer_is_no_riddle() {
    let run = flowgauge(["query", "filter @logStream = 'eni-1-all'", "events/web-server.log"]).exits(0);
    run.says(&["warning: no record has `@logStream`: always absent"]);
    let untimed = ["query", "stats count(*) as n by bin(1h)", "-", "--format", "srcaddr dstaddr bytes"];
    flowgauge(untimed)
        .input("10.0.0.5 10.0.0.6 100\n")
        .exits(0)
        .says(&["no record has `@timestamp`: always absent"]);
    let asked = "fields @logStream, @log, @aws.account, @aws.region | limit 1";
    let absent = |input| {
        let run = flowgauge(["query", asked, input]).exits(0);
        let told = run.stderr.lines().filter_map(|line| line.strip_prefix("warning: no record has "));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    let names = ["@logStream", "@log", "@aws.account", "@aws.region"];
    assert_eq!(absent("events/web-server.log"), names.map(|name| format!("`{name}`: always absent")));
    assert_eq!(absent("events/web-server.json"), ["`@aws.region`: always absent"]);
}

#[test]
fn the_input_whose_format_lacks_a_field_is_named() {
    let folder = Folder::with("v2.log", "version bytes action\n2 5 ACCEPT\n")
        .and("v5.log", "version bytes tcp-flags\n5 6 2\n")
        .and("both.log", "version bytes tcp-flags\n5 6 2\nversion bytes action\n2 5 ACCEPT\n");
    let warnings = |inputs: &[&str]| {
        let query = ["query", "stats count(*) by tcpFlags, bytes"];
        let run = folder.flowgauge(query.iter().chain(inputs)).exits(0);
        let told = run.stderr.lines().filter(|line| line.starts_with("warning"));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    let lacks = |input| format!("warning: the format of {input} has no tcp-flags: absent in such lines");
    assert_eq!(warnings(&["v2.log", "v5.log"]), [lacks("v2.log")]);
    assert_eq!(warnings(&["both.log"]), [lacks("both.log")]);
    assert_eq!(warnings(&["v5.log"]), [""; 0]);
}

#[test]
fn a_million_rows_are_kept_unless_told_otherwise() {
    let help = flowgauge(["query", "--help"]).exits(0).stdout;
    let rows = help.split("--max-rows <N>").nth(1).unwrap();
    assert!(rows.split_whitespace().collect::<Vec<_>>().join(" ").contains("[default: 1000000]"), "{rows}");
}

#[test]
fn csv_times_are_never_formulas() {
    let line = "2 123456789012 eni-1 10.0.0.5 192.0.2.7 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";
    let query = "fields fromMillis(0 - 99999999999999) as before, 0 - bytes as less, startTime";
    let run = flowgauge(["query", query, "--output", "csv"]).input(line).exits(0);
    assert_eq!(run.stdout, "before,less,startTime\n'-1199-02-15 14:13:20.001,-4249,1418530010\n");
}
