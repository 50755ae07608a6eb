//! What queries say of records.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_query::{ContinuousQuery, GroupKey, Query};
use flow_record::RecordFormat;
use proptest::prelude::*;

fn compile(text: &str) -> ContinuousQuery {
    let compiled = Query::parse(text).and_then(|query| ContinuousQuery::compile(&query));
    compiled.unwrap_or_else(|error| panic!("{error}\n{}", error.show(text)))
}

/// Whether `condition` holds for a line of the default format.
fn holds(condition: &str, line: &str) -> bool {
    let query = compile(&format!("filter {condition}\n| stats count(*) as n by srcAddr | filter n > 0"));
    let format = RecordFormat::default();
    let line = format.parse(line).unwrap();
    let tables = Tables { networks: Networks::parse("172.31.0.0/16 office").unwrap() };
    let origin =
        Origin { log_stream: Some("eni-1-all"), timestamp: Some(1_418_530_010_000), ..Origin::default() };
    query.matches(&EnrichedFlow { record: line.record(), origin: &origin, tables: &tables })
}

const SSH: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
                   1418530070 ACCEPT OK";
const V6: &str = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102::1 \
                  34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK";
const NODATA: &str = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";

#[test]
fn conditions() {
    for condition in [
        "dstPort = 22",
        "22 = dstPort",
        "dstPort = '22'",
        "dstPort in [21, 22]",
        "dstPort IN ['22', 80.0]",
        "dstPort not in [80]",
        "dstPort >= 22 and dstPort <= 22 and not dstPort != 22",
        "action = \"ACCEPT\" AND logStatus = 'OK'",
        "action != 'REJECT'",
        "accountId = 123456789010",
        "srcAddr = '172.31.16.139'",
        "srcAddr like '172.31.'",
        "interfaceId like /^eni-[0-9a-f]+$/",
        "interfaceId =~ /eni/",
        "action not like /REJ/",
        "isIpv4InSubnet(srcAddr, '172.31.0.0/16') and not isIpInSubnet(dstAddr, '10.0.0.0/8')",
        "not isIpv6InSubnet(srcAddr, '::/0')",
        "ispresent(bytes) and not ispresent(tcpFlags)",
        "bytes / packets > 212 and bytes / packets < 213",
        "endTime - startTime = 60",
        "-bytes < -4248",
        "2 ^ 3 ^ 2 = 512",
        "1 + 2 * 3 = 7 and (1 + 2) * 3 = 9 and 7 % 4 = 3 and -2 ^ 2 = -4",
        "srcScope = 'private' and dstService = 'ssh' and protocolName = 'tcp' and srcExternal = 0",
        "srcNetwork = \"office\"",
        "initiator = 'src'",
        "@timestamp = 1418530010000 and @logStream = 'eni-1-all' and @message like 'ACCEPT OK'",
        "dstPort = 80 or dstPort = 22 # and so on",
        "`dstPort` = 22",
    ] {
        assert!(holds(condition, SSH), "{condition}");
    }
    for condition in
        ["isIpv6InSubnet(srcAddr, '2001:db8::/32')", "srcAddr = '2001:DB8:1234:a100:8d6e:3477:df66:F105'"]
    {
        assert!(holds(condition, V6), "{condition}");
    }
}

#[test]
fn absent_values_satisfy_nothing_but_negation() {
    for condition in [
        "srcPort = 0",
        "srcPort != 0",
        "srcPort not in [1]",
        "srcPort in [1]",
        "action != 'ACCEPT'",
        "action not like 'x'",
        "srcAddr = dstAddr",
        "srcPort + 1 > 0",
        "isIpInSubnet(srcAddr, '0.0.0.0/0')",
        "tcpFlags = 2",
        "ispresent(srcAddr)",
        "bytes / packets >= 0",
    ] {
        assert!(!holds(condition, NODATA), "{condition}");
    }
    for condition in ["not srcPort = 0", "logStatus = 'NODATA'", "not ispresent(srcAddr)", "startTime > 0"] {
        assert!(holds(condition, NODATA), "{condition}");
    }
}

#[test]
fn groups_and_aggregates() {
    let query = compile(
        "filter ispresent(bytes) | stats count(*) as flows, sum(bytes), avg(packets) as mean, max(dstPort) as top \
         by srcAddr, dstPort | filter flows > 1 and `sum(bytes)` >= 100 and srcAddr like '172'",
    );
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let line = format.parse(SSH).unwrap();
    let row = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
    let mut aggregates: Box<[_]> = query.start().collect();
    let key: GroupKey = query.key(&row).to_key();
    query.add(&mut aggregates, &row);
    assert!(!query.passes(&key, &aggregates), "one flow is not more than one");
    query.add(&mut aggregates, &row);
    assert!(query.passes(&key, &aggregates));
    assert_eq!(
        aggregates.iter().map(|a| a.value().to_string()).collect::<Vec<_>>(),
        ["2", "8498", "20", "22"]
    );
    assert_eq!(query.group_names(), ["srcAddr", "dstPort"]);
    assert_eq!(query.aggregate_names().collect::<Vec<_>>(), ["flows", "sum(bytes)", "mean", "top"]);
    assert!(query.key(&row).is(&key));
}

#[test]
fn monotone_and_closing_rules() {
    let is_monotone = |stats: &str, closing: &str| {
        compile(&format!("filter dstPort > 0 | stats {stats} by srcAddr | filter {closing}")).is_monotone()
    };
    for (stats, closing) in [
        ("count(*) as n", "n > 1"),
        ("count(*) as n", "1 < n"),
        ("count(*) as n", "n >= 1.5"),
        ("count_distinct(dstAddr) as n, sum(bytes) as b", "n > 1 or b > 5 and n >= 3"),
        ("max(bytes) as n", "n > 1"),
        ("sum(bytes * 8) as n", "n > 1"),
        ("count(*) as n", "n > 1 and srcAddr != '10.0.0.1'"),
    ] {
        assert!(is_monotone(stats, closing), "{stats} | {closing}");
    }
    for (stats, closing) in [
        ("count(*) as n", "n = 1"),
        ("count(*) as n", "n < 10"),
        ("count(*) as n", "not n > 10"),
        ("avg(bytes) as n", "n > 1"),
        ("min(bytes) as n", "n > 1"),
        ("sum(bytes - packets) as n", "n > 1"),
        ("sum(accountId) as n", "n > 1"),
        ("sum(bytes) as b, count(*) as n", "b / n > 5"),
        ("sum(bytes) as b, count(*) as n", "b > n"),
        ("count(*) as n, min(bytes) as m", "n > 1 and m > 1"),
        ("pct(bytes, 95) as n", "n > 1"),
        ("stddev(bytes) as n", "n > 1"),
        ("latest(bytes) as n", "n > 1"),
        ("sortsLast(bytes) as n", "n > 1"),
    ] {
        assert!(!is_monotone(stats, closing), "{stats} | {closing}");
    }
}

proptest! {
    /// What may not pass as a whole passes in no part.
    #[test]
    fn no_part_passes_of_what_may_not(
        closing in prop::sample::select(vec![
            "flows > 2", "flows = 2", "flows < 3 and b >= 900", "b > 900 or hosts >= 2", "not b > 900",
            "b >= 500 and b >= m * 3", "(flows >= 2 or m < 50) and hosts > 1", "m > 100 or flows > 3 and m < 100",
            "srcAddr = '10.0.0.1' and b > 700", "srcAddr = '10.0.0.2' or b < 700",
        ]),
        flows in prop::collection::vec((0_u64..600, 1_u8..4, any::<bool>()), 1..6),
    ) {
        let query = compile(&format!(
            "filter bytes >= 0 | stats count(*) as flows, sum(bytes) as b, count_distinct(dstAddr) as hosts, \
             min(bytes) as m by srcAddr | filter {closing}"
        ));
        let (format, tables): (RecordFormat, _) = ("srcaddr dstaddr bytes".parse().unwrap(), Tables::default());
        let start = || -> Box<[_]> { query.start().collect() };
        let (mut all, mut part, mut key) = (start(), start(), None);
        for (bytes, host, is_in_part) in flows {
            let line = format!("10.0.0.1 10.0.9.{host} {bytes}");
            let line = format.parse(&line).unwrap();
            let row = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
            key = Some(query.key(&row).to_key());
            query.add(&mut all, &row);
            if is_in_part {
                query.add(&mut part, &row);
            }
        }
        let key = key.unwrap();
        prop_assert!(query.may_pass(&key, &all) || !query.passes(&key, &part));
    }
}

#[test]
fn what_can_no_longer_pass() {
    let (format, tables): (RecordFormat, _) = ("srcaddr bytes".parse().unwrap(), Tables::default());
    let line = format.parse("10.0.0.1 500").unwrap();
    let row = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
    let may_pass = |closing: &str| {
        let query = compile(&format!(
            "filter bytes > 0 | stats sum(bytes) as b, min(bytes) as m by srcAddr | filter {closing}"
        ));
        let mut aggregates: Box<[_]> = query.start().collect();
        query.add(&mut aggregates, &row);
        query.may_pass(&query.key(&row).to_key(), &aggregates)
    };
    assert!(!may_pass("b > 500") && may_pass("b >= 500"));
    assert!(!may_pass("b > 500 and m < 9") && may_pass("b >= 500 and m < 9"));
    assert!(may_pass("b > 500 or m < 9") && may_pass("b < 500"));
    assert!(!may_pass("b > 900 and m < 9 or srcAddr = '10.0.0.2'"));
}

#[test]
fn applicable_only_where_the_format_has_what_it_takes() {
    let format: RecordFormat = "interface-id srcaddr dstport protocol action".parse().unwrap();
    let applicable = |filter: &str, stats: &str| {
        compile(&format!("filter {filter} | {stats} | filter n > 0")).is_applicable(&format)
    };
    let count = "stats count(*) as n by srcAddr";
    assert!(applicable("dstPort = 22", count));
    assert!(applicable("dstPort = 22 or tcpFlags = 2", count));
    assert!(applicable("not tcpFlags = 2", count));
    assert!(applicable("srcExternal = 1 and dstService = 'ssh'", count));
    assert!(!applicable("dstPort = 22 and tcpFlags = 2", count));
    assert!(!applicable("dstExternal = 1", count));
    assert!(!applicable("dstPort = 22", "stats count(*) as n by dstAddr"));
    assert!(!applicable("dstPort = 22", "stats sum(bytes) as n by srcAddr"));
    let query =
        compile("filter tcpFlags = 2 and dstExternal = 1 | stats sum(bytes) as n by srcAddr | filter n > 0");
    let missing: Vec<_> = query.missing_fields(&format).iter().map(|field| field.name()).collect();
    assert_eq!(missing, ["dstaddr", "bytes", "tcp-flags"]);
}

#[test]
fn local_when_grouped_by_interface() {
    assert!(
        compile("filter dstPort = 1 | stats count(*) as n by interfaceId, srcAddr | filter n > 1").is_local()
    );
    assert!(!compile("filter dstPort = 1 | stats count(*) as n by srcAddr | filter n > 1").is_local());
}
