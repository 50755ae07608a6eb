//! The queries that AWS documents for VPC flow logs run unchanged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use support::{Traffic, ask};

/// Each with the answer to the sample.
const QUERIES: [(&str, &str); 11] = [
        (
            "stats sum(packets) as packetsTransferred by srcAddr, dstAddr
             | sort packetsTransferred desc
             | limit 15",
            "srcAddr|dstAddr|packetsTransferred
             10.0.0.5|192.0.2.77|120
             192.0.2.77|10.0.0.5|31
             198.51.100.7|10.0.0.5|21
             2001:db8::7|2001:db8:1::5|5
             ||0",
        ),
        (
            r#"filter isIpv4InSubnet(srcAddr, "192.0.2.0/24")
               | stats sum(bytes) as bytesTransferred by dstAddr
               | sort bytesTransferred desc
               | limit 15"#,
            "dstAddr|bytesTransferred
             10.0.0.5|4580",
        ),
        (
            "filter protocol=17 | stats count(*) by srcAddr",
            "srcAddr|count(*)
             192.0.2.77|1",
        ),
        (
            r#"filter logStatus="SKIPDATA"
               | stats count(*) by bin(1h) as t
               | sort t"#,
            "t|count(*)
             2023-11-14 22:00:00.000|1",
        ),
        (
            "fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes
             | filter logStream = 'vpc-flow-logs' and interfaceId = 'eni-0123456789abcdef0'
             | sort @timestamp desc
             | dedup srcAddr, dstAddr, srcPort, dstPort, protocol
             | limit 20",
            "@timestamp|srcAddr|dstAddr|srcPort|dstPort|protocol|bytes
             2023-11-14 22:15:20.000|10.0.0.5|192.0.2.77|443|51000|6|90000
             2023-11-14 22:14:20.000|198.51.100.7|10.0.0.5|40000|22|6|60
             2023-11-14 22:13:20.000||||||
             2023-11-14 22:13:20.000||||||
             2023-11-14 22:13:20.000|192.0.2.77|10.0.0.5|51000|443|6|4500
             2023-11-14 22:13:20.000|192.0.2.77|10.0.0.5|51001|53|17|80",
        ),
        (
            "filter (dstAddr like '10.0.0.' and srcAddr like '198.51.')
             | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
             | sort bytesTransferred desc
             | limit 10",
            "srcAddr|dstAddr|bytesTransferred
             198.51.100.7|10.0.0.5|4309",
        ),
        (
            "stats avg(bytes), max(bytes) by dstAddr",
            "dstAddr|avg(bytes)|max(bytes)
             ||
             10.0.0.5|2222.25|4500
             192.0.2.77|90000|90000
             2001:db8:1::5|500|500",
        ),
        (
            "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message | limit 1",
            "NetworkInterface|@message
             eni-0123456789abcdef0|2 123456789012 eni-0123456789abcdef0 192.0.2.77 10.0.0.5 51000 443 6 30 4500 1700000000 1700000059 ACCEPT OK",
        ),
        (
            "filter dstPort = 80",
            "@timestamp|@message",
        ),
        (
            "stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 2",
            "srcAddr|dstAddr|bytesTransferred
             10.0.0.5|192.0.2.77|90000
             192.0.2.77|10.0.0.5|4580",
        ),
        (
            "fields @timestamp, @message | sort @timestamp desc | filter protocol=17 and action='ACCEPT' | limit 100",
            "@timestamp|@message
             2023-11-14 22:13:20.000|2 123456789012 eni-0123456789abcdef0 192.0.2.77 10.0.0.5 51001 53 17 1 80 1700000000 1700000059 ACCEPT OK",
        ),
];

#[test]
fn documented_queries() {
    let traffic = Traffic::sample();
    for (query, expected) in QUERIES {
        let expected: Vec<_> = expected.lines().map(str::trim_start).collect();
        assert_eq!(ask(query, &traffic), expected.join("\n"), "{query}");
    }
}
