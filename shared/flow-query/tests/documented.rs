//! The queries that AWS documents for VPC flow logs run unchanged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use support::{DOCUMENTED, Traffic, ask};

/// The answers of [`DOCUMENTED`] to the sample.
const ANSWERS: [&str; 11] = [
    "srcAddr|dstAddr|packetsTransferred
             10.0.0.5|192.0.2.77|120
             192.0.2.77|10.0.0.5|31
             198.51.100.7|10.0.0.5|21
             2001:db8::7|2001:db8:1::5|5
             ||0",
    "dstAddr|bytesTransferred
             10.0.0.5|4580",
    "srcAddr|count(*)
             192.0.2.77|1",
    "t|count(*)
             2023-11-14 22:00:00.000|1",
    "@timestamp|srcAddr|dstAddr|srcPort|dstPort|protocol|bytes
             2023-11-14 22:15:20.000|10.0.0.5|192.0.2.77|443|51000|6|90000
             2023-11-14 22:14:20.000|198.51.100.7|10.0.0.5|40000|22|6|60
             2023-11-14 22:13:20.000||||||
             2023-11-14 22:13:20.000||||||
             2023-11-14 22:13:20.000|192.0.2.77|10.0.0.5|51000|443|6|4500
             2023-11-14 22:13:20.000|192.0.2.77|10.0.0.5|51001|53|17|80",
    "srcAddr|dstAddr|bytesTransferred
             198.51.100.7|10.0.0.5|4309",
    "dstAddr|avg(bytes)|max(bytes)
             ||
             10.0.0.5|2222.25|4500
             192.0.2.77|90000|90000
             2001:db8:1::5|500|500",
    "NetworkInterface|@message
             eni-0123456789abcdef0|2 123456789012 eni-0123456789abcdef0 192.0.2.77 10.0.0.5 51000 443 6 30 4500 1700000000 1700000059 ACCEPT OK",
    "@timestamp|@message",
    "srcAddr|dstAddr|bytesTransferred
             10.0.0.5|192.0.2.77|90000
             192.0.2.77|10.0.0.5|4580",
    "@timestamp|@message
             2023-11-14 22:13:20.000|2 123456789012 eni-0123456789abcdef0 192.0.2.77 10.0.0.5 51001 53 17 1 80 1700000000 1700000059 ACCEPT OK",
];

#[test]
fn documented_queries() {
    let traffic = Traffic::sample();
    for (query, expected) in DOCUMENTED.into_iter().zip(ANSWERS) {
        let expected: Vec<_> = expected.lines().map(str::trim_start).collect();
        assert_eq!(ask(query, &traffic), expected.join("\n"), "{query}");
    }
}
