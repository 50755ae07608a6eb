//! Community ID: the flow hash that network monitors share, so that their records can be joined.

use std::net::IpAddr;

use community_id::calculate_community_id;
use flow_record::{Field, FlowRecord};

use crate::conversation::{real_destination, real_source};
use crate::protocols::{ICMP, IPV6_ICMP, has_ports};

/// The record's Community ID, version 1 with seed 0
/// (<https://github.com/corelight/community-id-spec>), or `None` where it would be a wrong one.
///
/// Addresses are the packet's own (`pkt-srcaddr` and `pkt-dstaddr` where the record has them), since those are what
/// a sensor on the path sees. Absent when an end or the protocol is, and:
/// - for ICMP, that of IPv6 too, whose ids are made of type and code: flow logs do not log them;
/// - for TCP, UDP and SCTP without ports, or with both of them 0, as in fragments: the connection is not known.
pub(crate) fn id(record: &FlowRecord<'_>) -> Option<String> {
    let protocol = u8::try_from(record.integer(Field::Protocol)?).ok()?;
    let (source, destination) = (real_source(record)?, real_destination(record)?);
    match protocol {
        ICMP | IPV6_ICMP => None,
        _ if has_ports(protocol) => {
            let port = |field| u16::try_from(record.integer(field)?).ok();
            let ports = (port(Field::SrcPort)?, port(Field::DstPort)?);
            if ports == (0, 0) { None } else { hash(protocol, source, destination, Some(ports)) }
        }
        _ => hash(protocol, source, destination, None),
    }
}

fn hash(protocol: u8, source: IpAddr, destination: IpAddr, ports: Option<(u16, u16)>) -> Option<String> {
    let (source_port, destination_port) = ports.unzip();
    // The one error left is an IPv4 address that talks to an IPv6 one.
    calculate_community_id(0, source, destination, source_port, destination_port, protocol, false).ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use flow_record::RecordFormat;
    use proptest::prelude::*;

    use super::*;

    fn id_of(columns: &str, line: &str) -> Option<String> {
        let format: RecordFormat = columns.parse().unwrap();
        id(format.parse(line).unwrap().record())
    }

    fn id_of_five(line: &str) -> Option<String> {
        id_of("srcaddr srcport dstaddr dstport protocol", line)
    }

    /// Published with the specification, in its README and `baseline` folder.
    #[test]
    fn published_examples() {
        for (line, expected) in [
            ("1.2.3.4 1122 5.6.7.8 3344 6", "1:wCb3OG7yAFWelaUydu0D+125CLM="),
            ("5.6.7.8 3344 1.2.3.4 1122 6", "1:wCb3OG7yAFWelaUydu0D+125CLM="),
            ("1.2.3.4 1122 5.6.7.8 3344 17", "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg="),
            ("1.2.3.4 1122 5.6.7.8 3344 132", "1:EKt4MsxuyaE6mL+hmrEkQ9csDD8="),
            ("1.2.3.4 0 5.6.7.8 0 46", "1:ikv3kmf89luf73WPz1jOs49S768="),
            ("128.232.110.120 34855 66.35.250.204 80 6", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (
                "2001:470:e5bf:dead:4957:2174:e82c:4887 63943 2607:f8b0:400c:c03::1a 25 6",
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
            ),
            (
                "fe80:1:203:405:607:809:a0b:c0d 0 fe80:1011:1213:1415:1617:1819:1a1b:1c1d 0 46",
                "1:wQ/2mwrnXP4lmJcHdGL5ePjR+e0=",
            ),
        ] {
            assert_eq!(id_of_five(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn the_packets_own_addresses_count() {
        let through_nat = id_of(
            "srcaddr srcport dstaddr dstport protocol pkt-srcaddr pkt-dstaddr",
            "1.2.3.4 1122 10.0.0.5 3344 6 1.2.3.4 5.6.7.8",
        );
        assert_eq!(through_nat.as_deref(), Some("1:wCb3OG7yAFWelaUydu0D+125CLM="));
    }

    #[test]
    fn absent_rather_than_wrong() {
        for line in [
            "10.0.0.1 0 10.0.0.2 0 1",
            "fe80::1 0 fe80::2 0 58",
            "10.0.0.1 0 10.0.0.2 0 58",
            "10.0.0.1 0 10.0.0.2 0 6",
            "10.0.0.1 0 10.0.0.2 0 17",
            "10.0.0.1 0 10.0.0.2 0 132",
            "10.0.0.1 - 10.0.0.2 80 6",
            "10.0.0.1 80 - 80 6",
            "10.0.0.1 80 10.0.0.2 80 -",
            "10.0.0.1 80 fe80::1 80 6",
        ] {
            assert_eq!(id_of_five(line), None, "{line}");
        }
        assert_eq!(id_of("srcaddr dstaddr protocol", "10.0.0.1 10.0.0.2 6"), None);
        assert!(id_of("srcaddr dstaddr protocol", "10.0.0.1 10.0.0.2 47").is_some());
    }

    fn ends() -> impl Strategy<Value = (IpAddr, IpAddr)> {
        prop_oneof![
            any::<(Ipv4Addr, Ipv4Addr)>().prop_map(|(a, b)| (a.into(), b.into())),
            any::<(Ipv6Addr, Ipv6Addr)>().prop_map(|(a, b)| (a.into(), b.into())),
            any::<Ipv4Addr>().prop_map(|a| (a.into(), a.into())),
        ]
    }

    proptest! {
        #[test]
        fn both_directions_have_one_id((a, b) in ends(), p: u16, q: u16, protocol: u8) {
            let there = id_of_five(&format!("{a} {p} {b} {q} {protocol}"));
            prop_assert_eq!(&there, &id_of_five(&format!("{b} {q} {a} {p} {protocol}")));
            prop_assert!(there.is_none_or(|id| id.len() == 30 && id.starts_with("1:")));
        }

        #[test]
        fn ports_matter_where_there_are_any(p in 1..u16::MAX, q: u16, protocol: u8) {
            let id = |port: u16| id_of_five(&format!("10.0.0.1 {port} 10.0.0.2 {q} {protocol}"));
            let differs = id(p) != id(p + 1);
            prop_assert_eq!(differs, has_ports(protocol));
        }
    }
}
