//! Every enrichment through the public door: a format, a line and what the record then says.

use flow_enrich::{EnrichedFlow, EnrichedValue, Enrichment, EnrichmentKind, Networks, Origin, Tables};
use flow_record::{Field, FlowRecord, RecordFormat};
use proptest::prelude::*;

const NETWORKS: &str = "10.0.0.0/8 office\n10.9.0.0/16 production\n2001:db8:9::/48 six";

fn with_flow<T>(
    columns: &str,
    line: &str,
    origin: Origin<'_>,
    look: impl FnOnce(EnrichedFlow<'_>) -> T,
) -> T {
    let format: RecordFormat = columns.parse().expect("a format");
    let tables = Tables { networks: Networks::parse(NETWORKS).expect("a table") };
    let line = format.parse(line).expect("a line of the format");
    look(EnrichedFlow { record: line.record(), origin: &origin, tables: &tables })
}

fn text(flow: &EnrichedFlow<'_>, name: Enrichment) -> String {
    flow.enrichment(name).map_or("absent".to_owned(), |value| value.to_string())
}

/// Checks `(line, value)` pairs; `absent` stands for no value.
fn check(name: Enrichment, columns: &str, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let found = with_flow(columns, line, Origin::default(), |flow| text(&flow, name));
        assert_eq!(found, *expected, "{name} of {line}");
    }
}

/// Checks the source's and the destination's enrichment with the ends both ways round.
fn check_ends(names: (Enrichment, Enrichment), cases: &[(&str, &str)]) {
    for (end, expected) in cases {
        check(names.0, "srcaddr srcport protocol", &[(end, expected)]);
        check(names.1, "dstaddr dstport protocol", &[(end, expected)]);
        check(names.0, "dstaddr dstport protocol", &[(end, "absent")]);
    }
}

#[test]
fn scope() {
    check_ends(
        (Enrichment::SrcScope, Enrichment::DstScope),
        &[
            ("10.0.0.1 - -", "private"),
            ("fd00::1 - -", "private"),
            ("8.8.8.8 - -", "public"),
            ("2600:1f18::1 - -", "public"),
            ("100.64.0.1 - -", "shared"),
            ("169.254.169.254 - -", "link-local"),
            ("fe80::1 - -", "link-local"),
            ("224.0.0.1 - -", "multicast"),
            ("ff02::1 - -", "multicast"),
            ("203.0.113.9 - -", "documentation"),
            ("2001:db8::1 - -", "documentation"),
            ("127.0.0.1 - -", "loopback"),
            ("::1 - -", "loopback"),
            ("255.255.255.255 - -", "reserved"),
            ("::ffff:10.0.0.1 - -", "private"),
            ("- - -", "absent"),
        ],
    );
}

#[test]
fn external() {
    check_ends(
        (Enrichment::SrcExternal, Enrichment::DstExternal),
        &[
            ("10.0.0.1 - -", "0"),
            ("100.64.0.1 - -", "0"),
            ("169.254.169.254 - -", "0"),
            ("127.0.0.1 - -", "0"),
            ("224.0.0.1 - -", "0"),
            ("fd00::1 - -", "0"),
            ("8.8.8.8 - -", "1"),
            ("203.0.113.9 - -", "1"),
            ("240.0.0.1 - -", "1"),
            ("2001:db8::1 - -", "1"),
            ("- - -", "absent"),
        ],
    );
}

/// The addresses of a VPC are public in IPv6: 56 bits of them are the VPC's.
#[test]
fn what_lies_in_one_vpc_is_not_external() {
    let columns = "srcaddr dstaddr flow-direction";
    for (line, external, direction) in [
        ("2600:1f18:1234:5600::1 2600:1f18:1234:56ff::1 -", "0", "absent"),
        ("2600:1f18:1234:5600::1 2600:1f18:1234:56ff::1 ingress", "0", "ingress"),
        ("2600:1f18:1234:5600::1 2600:1f18:1234:5700::1 -", "1", "absent"),
        ("10.0.0.1 2600:1f18:1234:5700::1 -", "0", "egress"),
    ] {
        check(Enrichment::SrcExternal, columns, &[(line, external)]);
        check(Enrichment::Direction, columns, &[(line, direction)]);
    }
    check(Enrichment::DstExternal, columns, &[("2600:1f18:1234:5600::1 2600:1f18:1234:5600::2 -", "0")]);
}

#[test]
fn network() {
    check_ends(
        (Enrichment::SrcNetwork, Enrichment::DstNetwork),
        &[
            ("10.0.0.1 - -", "office"),
            ("10.9.0.1 - -", "production"),
            ("2001:db8:9::1 - -", "six"),
            ("8.8.8.8 - -", "absent"),
            ("- - -", "absent"),
        ],
    );
}

#[test]
fn service() {
    check_ends(
        (Enrichment::SrcService, Enrichment::DstService),
        &[
            ("- 22 6", "ssh"),
            ("- 53 17", "domain"),
            ("- 3389 6", "ms-wbt-server"),
            ("- 443 132", "https"),
            ("- 22 1", "absent"),
            ("- 49761 6", "absent"),
            ("- 22 -", "absent"),
            ("- - 6", "absent"),
        ],
    );
}

#[test]
fn protocol_and_flags() {
    let protocols =
        [("6", "tcp"), ("17", "udp"), ("1", "icmp"), ("58", "ipv6-icmp"), ("254", "absent"), ("-", "absent")];
    check(Enrichment::ProtocolName, "protocol", &protocols);
    let flags = [("0", "none"), ("2", "SYN"), ("18", "SYN+ACK"), ("19", "SYN+ACK+FIN"), ("-", "absent")];
    check(Enrichment::TcpFlagsText, "tcp-flags", &flags);
}

#[test]
fn initiator_by_flags() {
    check(
        Enrichment::Initiator,
        "protocol srcport dstport tcp-flags",
        &[
            ("6 443 50000 2", "src"),
            ("6 50000 443 18", "dst"),
            ("6 50000 443 19", "dst"),
            ("6 - - 3", "src"),
            ("- - - 2", "src"),
            ("- - - 18", "dst"),
            // Neither says who began, so ports do.
            ("6 50000 443 1", "src"),
            ("6 443 50000 0", "dst"),
            ("6 443 50000 -", "dst"),
            ("6 - - 4", "unknown"),
            // Flags mean nothing where there is no TCP.
            ("17 53 50000 2", "dst"),
        ],
    );
}

/// A Transit Gateway's ACK may be that of any packet with another flag, so a client can show SYN and ACK too.
#[test]
fn initiator_by_flags_at_a_transit_gateway() {
    check(
        Enrichment::Initiator,
        "tgw-id protocol srcport dstport tcp-flags",
        &[
            ("tgw-1 6 50000 50001 2", "src"),
            ("tgw-1 6 50000 50001 18", "dst"),
            ("tgw-1 6 50000 50001 27", "unknown"),
            ("tgw-1 6 50000 443 27", "src"),
            ("tgw-1 6 443 50000 27", "dst"),
            ("- 6 50000 443 19", "dst"),
        ],
    );
}

#[test]
fn initiator_by_ports() {
    check(
        Enrichment::Initiator,
        "protocol srcport dstport",
        &[
            ("6 50000 443", "src"),
            ("6 443 50000", "dst"),
            ("17 53 32768", "dst"),
            ("132 36412 1023", "src"),
            // NAT gateways give clients any port from 1024 on.
            ("6 1024 443", "src"),
            ("6 2345 3306", "src"),
            ("6 3306 2345", "dst"),
            // Below 1024 a port serves even without a name.
            ("6 50000 1000", "src"),
            // From 32768 on it does not even with one.
            ("17 40000 51820", "unknown"),
            ("6 443 51820", "dst"),
            ("6 3306 51820", "dst"),
            // Both serve, or neither does.
            ("17 123 123", "unknown"),
            ("6 443 3306", "unknown"),
            ("6 3306 443", "unknown"),
            ("6 40000 50000", "unknown"),
            ("6 2345 50000", "unknown"),
            ("6 0 443", "unknown"),
            ("6 443 0", "unknown"),
            ("1 0 0", "unknown"),
            ("47 443 50000", "unknown"),
            ("- 443 50000", "unknown"),
            ("6 - 443", "unknown"),
        ],
    );
}

#[test]
fn direction() {
    check(
        Enrichment::Direction,
        "srcaddr dstaddr flow-direction pkt-dstaddr",
        &[
            ("8.8.8.8 10.0.0.1 egress -", "egress"),
            ("8.8.8.8 10.0.0.1 - -", "ingress"),
            ("10.0.0.1 8.8.8.8 - -", "egress"),
            ("2600:1f18::1 fd00::1 - -", "ingress"),
            ("fd00::1 2600:1f18::1 - -", "egress"),
            ("10.0.0.1 10.0.0.2 - -", "absent"),
            ("8.8.8.8 9.9.9.9 - -", "absent"),
            ("- 10.0.0.1 - -", "absent"),
            ("10.0.0.1 - - -", "absent"),
            // To a NAT gateway's interface: the packet leaves the VPC, but not here.
            ("10.0.0.1 10.0.0.2 - 8.8.8.8", "absent"),
        ],
    );
}

#[test]
fn real_addresses() {
    let columns = "srcaddr dstaddr pkt-srcaddr pkt-dstaddr";
    let lines =
        ["10.0.0.1 10.0.0.2 8.8.8.8 fd00::9", "10.0.0.1 fd00::2 - -", "- - 8.8.8.8 9.9.9.9", "- - - -"];
    let pair = |expected: [&'static str; 4]| lines.into_iter().zip(expected).collect::<Vec<_>>();
    check(Enrichment::RealSrcAddr, columns, &pair(["8.8.8.8", "10.0.0.1", "8.8.8.8", "absent"]));
    check(Enrichment::RealDstAddr, columns, &pair(["fd00::9", "fd00::2", "9.9.9.9", "absent"]));
    check(Enrichment::RealSrcAddr, "srcaddr", &[("10.0.0.1", "10.0.0.1")]);
}

#[test]
fn traffic_path_and_community_id() {
    check(
        Enrichment::TrafficPathName,
        "traffic-path",
        &[("1", "same-vpc"), ("8", "internet-gateway"), ("9", "absent"), ("-", "absent")],
    );
    check(
        Enrichment::CommunityId,
        "srcaddr srcport dstaddr dstport protocol",
        &[
            ("1.2.3.4 1122 5.6.7.8 3344 6", "1:wCb3OG7yAFWelaUydu0D+125CLM="),
            ("1.2.3.4 0 5.6.7.8 0 1", "absent"),
        ],
    );
}

#[test]
fn times() {
    let at = |timestamp| Origin { timestamp, ..Origin::default() };
    for (start, event, time, timestamp) in [
        ("1418530010", Some(1_418_530_099_123), Some(1_418_530_010), Some(1_418_530_099_123)),
        ("1418530010", None, Some(1_418_530_010), Some(1_418_530_010_000)),
        ("-", Some(1_418_530_099_123), Some(1_418_530_099), Some(1_418_530_099_123)),
        ("-", None, None, None),
        ("-", Some(-1), None, Some(-1)),
        ("-", Some(-5000), None, Some(-5000)),
        // Milliseconds are read as such by the record.
        ("1512564058000", None, Some(1_512_564_058), Some(1_512_564_058_000)),
        ("0", Some(7), Some(0), Some(7)),
    ] {
        let found = with_flow("start", start, at(event), |flow| (flow.time(), flow.timestamp()));
        assert_eq!(found, (time, timestamp), "{start} {event:?}");
    }
}

/// A line of these fields with values from small pools, `-` among them.
fn any_line() -> impl Strategy<Value = String> {
    let pick = |words: &'static [&'static str]| prop::sample::select(words);
    let address = || pick(&["-", "10.0.0.1", "8.8.8.8", "fd00::1", "2600:1f18::1"]);
    let port = || pick(&["-", "0", "22", "3306", "20000", "50000"]);
    let protocol = pick(&["-", "1", "6", "17", "47", "132", "200"]);
    let rest =
        (pick(&["-", "0", "2", "18"]), pick(&["-", "ingress", "egress"]), pick(&["-", "1", "8", "99"]));
    (address(), address(), address(), address(), port(), port(), protocol, rest).prop_map(
        |(src, dst, pkt_src, pkt_dst, src_port, dst_port, protocol, (flags, direction, path))| {
            [src, dst, pkt_src, pkt_dst, src_port, dst_port, protocol, flags, direction, path].join(" ")
        },
    )
}

const COLUMNS: &str =
    "srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol tcp-flags flow-direction traffic-path";

fn present(record: &FlowRecord<'_>) -> flow_record::FieldSet {
    Field::ALL.into_iter().filter(|field| record.has(*field)).collect()
}

proptest! {
    #[test]
    fn values_are_of_their_kind_and_absent_without_what_they_need(line in any_line()) {
        with_flow(COLUMNS, &line, Origin::default(), |flow| {
            for name in Enrichment::ALL {
                let value = flow.enrichment(name);
                let kind = value.as_ref().map(|value| match value {
                    EnrichedValue::Integer(_) => EnrichmentKind::Integer,
                    EnrichedValue::Address(_) => EnrichmentKind::Address,
                    EnrichedValue::Text(_) => EnrichmentKind::Text,
                });
                prop_assert!(kind.is_none_or(|kind| kind == name.kind()), "{} is {:?}", name, value);
                if !name.is_possible_with(present(flow.record)) {
                    let nothing = (name == Enrichment::Initiator).then(|| EnrichedValue::Text("unknown".into()));
                    prop_assert_eq!(value, nothing, "{}", name);
                }
            }
            Ok(())
        })?;
    }

    /// Seen from the other side, the same conversation has the other ends and the other initiator.
    #[test]
    fn ports_tell_the_same_from_both_sides(a: u16, b: u16, protocol in prop::sample::select(vec![6_u8, 17, 132, 47])) {
        let initiator = |source: u16, destination: u16| {
            let line = format!("{protocol} {source} {destination}");
            with_flow("protocol srcport dstport", &line, Origin::default(), |flow| text(&flow, Enrichment::Initiator))
        };
        let expected = match initiator(a, b).as_str() {
            "src" => "dst",
            "dst" => "src",
            _ => "unknown",
        };
        prop_assert_eq!(initiator(b, a), expected);
    }
}

/// Who opened a conversation, and to whom, is the same in both of its records.
#[test]
fn both_directions_tell_of_the_same_conversation() {
    let columns = "srcaddr dstaddr srcport dstport protocol tcp-flags";
    let names = [Enrichment::ClientAddr, Enrichment::ServerAddr, Enrichment::ServerPort, Enrichment::Side];
    for (line, expected) in [
        ("10.0.0.5 203.0.113.9 40000 443 6 -", "10.0.0.5 203.0.113.9 443 request"),
        ("203.0.113.9 10.0.0.5 443 40000 6 -", "10.0.0.5 203.0.113.9 443 reply"),
        ("10.0.0.5 203.0.113.9 40000 50000 6 2", "10.0.0.5 203.0.113.9 50000 request"),
        ("203.0.113.9 10.0.0.5 50000 40000 6 18", "10.0.0.5 203.0.113.9 50000 reply"),
        ("10.0.0.5 203.0.113.9 40000 50000 6 -", "absent absent absent absent"),
        ("10.0.0.5 203.0.113.9 0 0 1 -", "absent absent absent absent"),
        ("10.0.0.5 - 40000 443 6 -", "absent absent 443 request"),
        ("10.0.0.5 203.0.113.9 - 443 6 2", "10.0.0.5 203.0.113.9 absent request"),
    ] {
        let found =
            with_flow(columns, line, Origin::default(), |flow| names.map(|name| text(&flow, name)).join(" "));
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn duration() {
    let cases =
        [("100 160", "60"), ("100 100", "0"), ("160 100", "0"), ("- 100", "absent"), ("100 -", "absent")];
    check(Enrichment::Duration, "start end", &cases);
}

/// A public range of one's own is inside once it has a name; an enemy's name changes nothing.
#[test]
fn named_networks_are_inside() {
    let format: RecordFormat = "srcaddr dstaddr".parse().expect("a format");
    let table = "2600:1f18:1::/48 production\n2a00:1450:66::/48 threat-c2";
    let tables = Tables { networks: Networks::parse(table).expect("a table") };
    let line = format.parse("2600:1f18:1::5 2a00:1450:66::1").expect("a line");
    let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
    let names =
        [Enrichment::SrcExternal, Enrichment::DstExternal, Enrichment::Direction, Enrichment::LocalAddr];
    assert_eq!(names.map(|name| text(&flow, name)).join(" "), "0 1 egress 2600:1f18:1::5");
}

#[test]
fn own_and_other_end() {
    let columns = "srcaddr dstaddr flow-direction";
    for (line, expected) in [
        ("10.0.0.5 203.0.113.9 -", "10.0.0.5 203.0.113.9"),
        ("203.0.113.9 10.0.0.5 -", "10.0.0.5 203.0.113.9"),
        ("10.0.0.5 10.0.0.6 -", "absent absent"),
        ("10.0.0.5 10.0.0.6 ingress", "10.0.0.6 10.0.0.5"),
        ("2001:db8::1 2001:db8::2 egress", "2001:db8::1 2001:db8::2"),
    ] {
        let names = [Enrichment::LocalAddr, Enrichment::RemoteAddr];
        let found =
            with_flow(columns, line, Origin::default(), |flow| names.map(|name| text(&flow, name)).join(" "));
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn names_of_networks_bear_on_what_says_so() {
    let format: RecordFormat = flow_record::VPC_V5.parse().expect("a format");
    let line = "5 1 eni-1 8.8.4.4 9.9.9.9 443 22 6 9 4249 1 2 ACCEPT OK vpc-1 subnet-1 i-1 2 IPv4 8.8.4.4 9.9.9.9 \
                eu-west-1 az - - - - - 8";
    let line = format.parse(line).expect("a line of the format");
    let origin = Origin::default();
    let flow = |tables| EnrichedFlow { record: line.record(), origin: &origin, tables };
    let none = Tables::default();
    let [source, destination] = ["8.8.0.0/16 own", "9.9.0.0/16 own"]
        .map(|text| Tables { networks: Networks::parse(text).expect("a table") });
    for name in Enrichment::ALL {
        let value = |tables| flow(tables).enrichment(name);
        let named = [value(&source), value(&destination)];
        assert_eq!(named.iter().any(|named| *named != value(&none)), name.reads_networks(), "{name}");
        let is_name = named.contains(&Some(EnrichedValue::Text("own".into())));
        assert_eq!(is_name, name.is_network_name(), "{name}");
    }
}
