//! `explain`: records as a person would tell them.

use crate::program::{Folder, flowgauge};
use crate::samples::joined;

const REQUEST: &str = "2 123456789012 eni-0322957cfa6bc9585 10.0.10.30 162.159.200.123 50392 123 17 1 76 1676321508 1676321568 ACCEPT OK";
const REPLY: &str = "2 123456789012 eni-0322957cfa6bc9585 162.159.200.123 10.0.10.30 123 50392 17 1 76 1676321508 1676321568 REJECT OK";

fn explain(args: &[&str]) -> String {
    flowgauge(["explain"].iter().chain(args)).env("TZ", "Asia/Tokyo").exits(0).stdout
}

#[test]
fn a_refused_reply_is_told_with_its_reason() {
    insta::assert_snapshot!("refused_reply_en", explain(&[REQUEST, REPLY]));
    insta::assert_snapshot!("refused_reply_ja", explain(&["--lang", "ja", REQUEST, REPLY]));
    // Whichever comes first.
    assert_eq!(explain(&[REPLY, REQUEST]), explain(&[REQUEST, REPLY]));
}

/// A security group lets the reply to a request through that it accepted before, and knows nothing of a later one.
#[test]
fn what_came_before_the_request_is_no_reply_to_it() {
    let [before, request, partly] = [
        "2 123456789012 eni-1 162.159.200.123 10.0.10.30 123 50392 17 1 76 1676320908 1676320908 REJECT OK",
        "2 123456789012 eni-1 10.0.10.30 162.159.200.123 50392 123 17 1 76 1676320950 1676320950 ACCEPT OK",
        "2 123456789012 eni-1 10.0.10.30 162.159.200.123 50392 123 17 1 76 1676320900 1676320905 REJECT OK",
    ];
    for lines in [&[before, request][..], &[before, request, partly]] {
        let told = explain(lines);
        assert!(told.contains("If its request was accepted, a network ACL refused it"), "{told}");
        assert!(!told.contains("can't have been a security group"), "{told}");
    }
}

#[test]
fn every_reason_in_both_languages() {
    let lines = [
        // A refused try from outside; records of one way are one.
        "2 1 eni-1 198.51.100.7 10.0.0.5 40000 22 6 1 60 1676321508 1676321568 REJECT OK",
        "2 1 eni-1 198.51.100.7 10.0.0.5 40000 22 6 2 120 1676321568 1676321628 REJECT OK",
        // A refused reply alone.
        REPLY,
        // A way out that is closed.
        "2 1 eni-2 10.0.0.5 93.184.216.34 50000 8443 6 3 180 1676321508 1676321568 REJECT OK",
        // Through, both ways.
        "2 1 eni-2 10.0.0.5 10.0.1.9 50000 5432 6 30 4500 1676321508 1676321568 ACCEPT OK",
        "2 1 eni-2 10.0.1.9 10.0.0.5 5432 50000 6 28 90000 1676321508 1676321568 ACCEPT OK",
        // No answer, and no ports.
        "2 1 eni-2 10.0.0.5 2001:4860:4860::8888 0 0 58 4 416 1676321508 1676321508 ACCEPT OK",
        // A reply of ours that does not get out.
        "2 1 eni-3 203.0.113.9 10.0.0.5 51000 443 6 1 60 1676321508 1676321568 ACCEPT OK",
        "2 1 eni-3 10.0.0.5 203.0.113.9 443 51000 6 1 60 1676321508 1676321568 REJECT OK",
        "2 1 eni-3 - - - - - - - 1676321508 1676321568 - NODATA",
        "2 1 eni-3 - - - - - - - 1676321508 1676321568 - SKIPDATA",
    ];
    let folder = Folder::with("a.log", joined(&lines.map(str::to_owned)));
    for language in ["en", "ja"] {
        let run = folder.flowgauge(["explain", "--lang", language, "a.log"]).env("TZ", "UTC").exits(0);
        insta::assert_snapshot!(format!("every_reason_{language}"), run.stdout);
    }
}

#[test]
fn what_has_no_ports_is_told_without() {
    for (protocol, name) in
        [(1, "ICMP"), (58, "ICMPv6"), (47, "GRE"), (50, "ESP"), (132, "SCTP"), (253, "IP protocol 253")]
    {
        // Some write the type of a message where ports stand.
        for port in [0, 8] {
            let [request, reply] = ["203.0.113.12 172.31.16.139", "172.31.16.139 203.0.113.12"].map(|ends| {
                let action = if ends.starts_with("203") { "ACCEPT" } else { "REJECT" };
                format!("2 1 eni-1 {ends} {port} {port} {protocol} 4 336 1432917027 1432917142 {action} OK")
            });
            let english = explain(&[&request, &reply]);
            let rule = format!("an outbound rule that allows {name} to 203.0.113.12.\n");
            assert!(english.ends_with(&rule), "{english}");
            let japanese = explain(&["--lang", "ja", &request, &reply]);
            let rule = format!("203.0.113.12 への {name} を許可するアウトバウンドルールが必要です。\n");
            assert!(japanese.ends_with(&rule), "{japanese}");
            let is_port_told = protocol == 132 && port != 0;
            assert_eq!(
                [&english, &japanese].map(|it| it.contains("port ") || it.contains("ポート")),
                [is_port_told; 2]
            );
        }
    }
}

#[test]
fn who_asked_does_not_hang_on_the_order_of_arguments() {
    const REFUSED: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";
    const ACCEPTED: &str = "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK";
    let told = explain(&[REFUSED, ACCEPTED]);
    assert!(told.contains("203.0.113.12 (documentation) sent an ICMP request"), "{told}");
    assert!(told.contains("Why: a network ACL refused the reply."), "{told}");
    assert_eq!(explain(&[ACCEPTED, REFUSED]), told);
}

#[test]
fn a_port_that_is_given_out_again_is_another_connection() {
    let later = REQUEST.replace("16763215", "16763971");
    let told = explain(&[REQUEST, &later]);
    assert_eq!(told.matches(", 60 s: 10.0.10.30").count(), 2, "{told}");
}

#[test]
fn what_a_format_lacks_is_left_out() {
    for (format, line, english, japanese) in [
        (
            "srcaddr action",
            "10.0.0.5 REJECT",
            "10.0.0.5 (private) sent an IP request to an unknown address. It was refused.",
            "10.0.0.5(プライベート) から 不明なアドレス へ IP の要求が送られました。拒否されました。",
        ),
        (
            "dstaddr action",
            "10.0.0.5 ACCEPT",
            "An unknown address sent an IP request to 10.0.0.5 (private). It was accepted.",
            "不明なアドレス から 10.0.0.5(プライベート) へ IP の要求が送られました。許可されました。",
        ),
        (
            "srcaddr dstaddr bytes",
            "10.0.0.5 10.0.0.9 60",
            "10.0.0.5 (private) sent an IP request to 10.0.0.9 (private): 60 bytes.",
            "10.0.0.5(プライベート) から 10.0.0.9(プライベート) へ IP の要求が送られました。60 バイト。",
        ),
        (
            "srcaddr dstaddr packets bytes interface-id",
            "10.0.0.5 10.0.0.9 - - eni-1",
            "10.0.0.5 (private) sent an IP request to 10.0.0.9 (private), seen at eni-1.",
            "10.0.0.5(プライベート) から 10.0.0.9(プライベート) へ IP の要求が送られました(eni-1 で記録)。",
        ),
        (
            "srcaddr dstaddr srcport dstport protocol packets",
            "10.0.0.9 10.0.0.5 443 50000 6 0",
            "10.0.0.9 (private) replied to 10.0.0.5 (private) (HTTPS, TCP port 443): 0 packets.",
            "10.0.0.9(プライベート) から 10.0.0.5(プライベート) へ応答が返されました(HTTPS, TCP ポート 443)。0 パケット。",
        ),
    ] {
        assert_eq!(explain(&["--format", format, line]).lines().next(), Some(english));
        let told = explain(&["--lang", "ja", "--format", format, line]);
        assert_eq!(told.lines().next(), Some(japanese));
    }
}

#[test]
fn a_zone_that_does_not_exist_is_told() {
    let run = |zone| flowgauge(["explain", REQUEST]).env("TZ", zone).exits(0);
    let told =
        run("Mars/Phobos").says(&["warning: `TZ=Mars/Phobos` is no known time zone: times are in UTC"]);
    assert!(told.stdout.starts_with("2023-02-13 20:51:48 UTC, "), "{}", told.stdout);
    for (zone, time) in [
        ("Asia/Tokyo", "2023-02-14 05:51:48 JST"),
        ("JST-9", "2023-02-14 05:51:48 JST"),
        ("", "2023-02-13 20:51:48 UTC"),
    ] {
        let told = run(zone);
        assert!(told.stdout.starts_with(time) && told.stderr.is_empty(), "{} {}", told.stdout, told.stderr);
    }
}

/// A line of the default format of transit gateways with the packets lost for each reason.
fn transit(ends: &str, lost: &str) -> String {
    format!(
        "6 TransitGateway 123456789012 tgw-1 tgw-attach-1 123456789012 123456789012 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 \
         eni-2 apne1-az1 apne1-az2 tgw-attach-2 {ends} 6 5 300 1676321508 1676321568 OK IPv4 {lost} 2 ap-northeast-1 \
         ingress - -"
    )
}

#[test]
fn losses_of_a_transit_gateway_are_told_with_their_reason() {
    let lines = [
        transit("10.0.0.5 10.9.0.9 40000 443", "3 0 0 0"),
        transit("10.0.0.5 10.9.0.10 40000 443", "0 1 0 0"),
        // Several reasons, summed over both records.
        transit("10.0.0.5 10.9.0.11 40000 443", "0 0 3 1"),
        transit("10.0.0.5 10.9.0.11 40000 443", "0 0 4 0"),
        transit("10.0.0.5 10.9.0.12 40000 443", "0 0 0 0"),
        // Not recorded.
        transit("10.0.0.5 10.9.0.13 40000 443", "- - - -"),
        transit("10.0.0.5 10.9.0.14 40000 443", "- - - -").replace(" OK ", " NODATA "),
    ];
    let folder = Folder::with("tgw.log", joined(&lines));
    for language in ["en", "ja"] {
        let args = ["explain", "--lang", language, "--format", flow_record::TGW_DEFAULT, "tgw.log"];
        let told = folder.flowgauge(args).env("TZ", "UTC").exits(0).stdout;
        insta::assert_snapshot!(format!("transit_gateway_{language}"), told);
    }
}

#[test]
fn what_captured_it_is_named() {
    const ENDS: &str = "10.0.0.5 10.9.0.9 40000 443 6 1 60 1676321508 1676321568";
    for (columns, line, english, japanese) in [
        ("tgw-id", "tgw-1", "seen at transit gateway tgw-1:", "(Transit Gateway tgw-1 で記録)"),
        (
            "tgw-attachment-id",
            "tgw-attach-1",
            "seen at attachment tgw-attach-1:",
            "(アタッチメント tgw-attach-1 で記録)",
        ),
        (
            "interface-id resource-id",
            "- nat-1",
            "seen at NAT gateway nat-1:",
            "(NAT ゲートウェイ nat-1 で記録)",
        ),
        ("interface-id", "-", "seen at an unknown interface:", "(不明なインターフェイス で記録)"),
    ] {
        let format = format!("srcaddr dstaddr srcport dstport protocol packets bytes start end {columns}");
        let line = format!("{ENDS} {line}");
        let told = explain(&["--format", &format, &line]);
        assert!(told.contains(english) && told.ends_with("1 packet, 60 bytes.\n"), "{told}");
        let told = explain(&["--lang", "ja", "--format", &format, &line]);
        assert!(told.contains(japanese) && told.ends_with("1 パケット、60 バイト。\n"), "{told}");
    }
}

/// With TCP flags at the end.
const FLAGS_FORMAT: &str =
    "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags";

/// A connection that was opened and closed within its minute.
const CLOSED: [&str; 2] = [
    "eni-1 10.0.0.5 10.0.1.9 50000 443 6 10 1200 1676321500 1676321560 ACCEPT 3",
    "eni-1 10.0.1.9 10.0.0.5 443 50000 6 9 9000 1676321500 1676321560 ACCEPT 19",
];

#[test]
fn what_comes_after_the_end_is_told_apart() {
    const LATE: &str = "eni-1 10.0.1.9 10.0.0.5 443 50000 6 1 52 1676322500 1676322560 REJECT 1";
    let [request, reply] = CLOSED;
    insta::assert_snapshot!("late_en", explain(&["--format", FLAGS_FORMAT, request, reply, LATE]));
    insta::assert_snapshot!(
        "late_ja",
        explain(&["--lang", "ja", "--format", FLAGS_FORMAT, request, reply, LATE])
    );
    // Whichever comes first.
    let told = explain(&["--format", FLAGS_FORMAT, request, reply, LATE]);
    assert_eq!(explain(&["--format", FLAGS_FORMAT, LATE, reply, request]), told);
}

#[test]
fn why_it_came_too_late() {
    const CLOSED_BEFORE: Option<&str> = Some("Why: the connection was over by then");
    const IDLE: Option<&str> = Some("Why, most likely: it had been idle for too long");
    const OVER: Option<&str> = Some("Why, most likely: the connection was over by then, closed or idle");
    const CHANGED: Option<&str> = Some("Why, most likely: the same was accepted before");
    const ACL: Option<&str> = Some("Why: a network ACL refused the reply");
    // The parts of a line after the ends' ports: protocol, packets, bytes, start, end, action and flags.
    for (request, reply, refused, expected) in [
        // The same interval: a reset that nobody waited for, but not a reply with content.
        (
            "6 9 999 100 160 ACCEPT 3",
            "6 9 999 100 160 ACCEPT 19",
            "reply 6 1 40 100 160 REJECT 4",
            CLOSED_BEFORE,
        ),
        ("6 9 999 100 160 ACCEPT 3", "6 9 999 100 160 ACCEPT 19", "reply 6 1 999 100 160 REJECT 1", None),
        ("6 9 999 100 160 ACCEPT 3", "", "reply 6 1 40 100 160 REJECT 1", CLOSED_BEFORE),
        ("6 9 999 100 160 ACCEPT 3", "", "reply 6 1 60 100 160 REJECT 18", ACL),
        // Both sides may be late.
        (
            "6 9 999 100 160 ACCEPT 3",
            "6 9 999 100 160 ACCEPT 19",
            "request 6 1 52 200 260 REJECT 1",
            CLOSED_BEFORE,
        ),
        // Never closed.
        ("6 9 999 100 160 ACCEPT 2", "6 9 999 100 160 ACCEPT 18", "reply 6 1 999 510 520 REJECT 0", IDLE),
        ("6 9 999 100 160 ACCEPT 2", "6 9 999 100 160 ACCEPT 18", "reply 6 1 999 509 520 REJECT 0", None),
        // Without flags.
        ("6 9 999 100 160 ACCEPT -", "6 9 999 100 160 ACCEPT -", "reply 6 1 52 170 180 REJECT -", OVER),
        ("6 9 999 100 160 ACCEPT -", "6 9 999 100 160 ACCEPT -", "reply 6 3 164 170 180 REJECT -", OVER),
        ("6 9 999 100 160 ACCEPT -", "6 9 999 100 160 ACCEPT -", "reply 6 1 999 510 520 REJECT -", OVER),
        ("6 9 999 100 160 ACCEPT -", "6 9 999 100 160 ACCEPT -", "reply 6 1 999 170 180 REJECT -", None),
        ("6 1 60 100 100 ACCEPT -", "", "reply 6 1 60 101 101 REJECT -", ACL),
        // UDP is idle sooner, and a request needs no memory.
        ("17 1 76 100 160 ACCEPT 0", "17 1 76 100 160 ACCEPT 0", "reply 17 1 76 190 190 REJECT 0", IDLE),
        ("17 1 76 100 160 ACCEPT 0", "17 1 76 100 160 ACCEPT 0", "reply 17 1 76 189 190 REJECT 0", None),
        ("17 1 76 100 160 ACCEPT 0", "17 1 76 100 160 ACCEPT 0", "request 17 1 76 190 190 REJECT 0", CHANGED),
        // A new try.
        ("6 9 999 100 160 ACCEPT 3", "6 9 999 100 160 ACCEPT 19", "request 6 1 60 900 900 REJECT 2", CHANGED),
        // Refused first, accepted later.
        ("6 9 999 900 960 ACCEPT 3", "6 9 999 900 960 ACCEPT 19", "request 6 1 60 100 100 REJECT 2", None),
    ] {
        let way = |is_reply| {
            if is_reply { "eni-1 10.0.1.9 10.0.0.5 443 50000" } else { "eni-1 10.0.0.5 10.0.1.9 50000 443" }
        };
        let (late_way, late) = refused.split_once(' ').unwrap();
        let mut lines =
            vec![format!("{} {request}", way(false)), format!("{} {late}", way(late_way == "reply"))];
        if !reply.is_empty() {
            lines.insert(1, format!("{} {reply}", way(true)));
        }
        let lines = lines.iter().map(String::as_str);
        let told = explain(&["--format", FLAGS_FORMAT].into_iter().chain(lines).collect::<Vec<_>>());
        let why = told.lines().find(|line| line.starts_with("Why"));
        assert_eq!(
            why.map(|why| expected.is_some_and(|expected| why.starts_with(expected))),
            expected.map(|_| true),
            "{refused}: {told}"
        );
    }
}

#[test]
fn the_stated_reason_decides() {
    let format =
        "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action reject-reason";
    for (reason, expected) in
        [("BPA", "VPC Block Public Access (BPA)"), ("EC", "encryption controls"), ("\u{1b}[2J", "�[2J")]
    {
        let line =
            format!("eni-1 198.51.100.7 10.0.0.5 40000 22 6 1 60 1676321508 1676321568 REJECT {reason}");
        let told = explain(&["--format", format, &line]);
        assert!(told.contains(expected) && !told.contains('\u{1b}'), "{told}");
    }
}

#[test]
fn each_reason_is_told_of_its_own_records() {
    let record = |action: &str, reason: &str, start: u64| {
        let end = start + 60;
        format!("eni-1 198.51.100.7 10.0.0.5 40000 22 6 1 60 {start} {end} {action} {reason}")
    };
    let lines = [
        record("REJECT", "EC", 1_676_321_508),
        record("REJECT", "-", 1_676_321_568),
        record("REJECT", "FOO", 1_676_321_628),
        // One reason is told once, and of what was refused only.
        record("REJECT", "BPA", 1_676_321_688),
        record("REJECT", "BPA", 1_676_321_748),
        record("ACCEPT", "Accepted", 1_676_321_808),
    ];
    let format =
        "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action reject-reason";
    let folder = Folder::with("a.log", joined(&lines));
    for language in ["en", "ja"] {
        let args = ["explain", "--lang", language, "--format", format, "a.log"];
        let told = folder.flowgauge(args).env("TZ", "UTC").exits(0).stdout;
        insta::assert_snapshot!(format!("own_reasons_{language}"), told);
    }
}

#[test]
fn what_can_not_be_explained_is_told() {
    flowgauge(["explain", "2 1 eni-1 too short"])
        .exits(1)
        .says(&["the lines given:1: expected 14 columns, found 5"]);
    flowgauge(["explain", "no-such-file"]).exits(1).says(&["no-such-file"]);
}
