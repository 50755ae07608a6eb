//! The service that a port is known for.

use crate::service_table::{SERVICES, transport};

/// The service that `port` is known for under an IP protocol (TCP, UDP or SCTP, by its number): `ssh`, `https`.
///
/// Names are those of IANA's registry, except where another program is what one meets on the port today
/// (`elasticsearch` on 9200, `kafka` on 9092, `oracle` on 1521). A port is a habit and proves nothing: what talks
/// there may be anything. `None` is a port without a habit worth a row, or another protocol.
pub fn service_name(protocol: u8, port: u16) -> Option<&'static str> {
    let transport = transport(protocol);
    let first = SERVICES.partition_point(|row| row.0 < port);
    let rows = SERVICES[first..].iter().take_while(|row| row.0 == port);
    rows.filter(|row| row.1 & transport != 0).map(|row| row.2).next()
}

/// The first port that Linux gives to clients (`net.ipv4.ip_local_port_range`); IANA's dynamic ports, which Windows
/// and macOS use, lie above it.
const FIRST_CLIENT_PORT: usize = 32768;

/// The transports under which each port below [`FIRST_CLIENT_PORT`] is known for a service, and none for all others: one
/// look for what is asked of every record.
static TRANSPORTS: [u8; FIRST_CLIENT_PORT + 1] = {
    let (mut transports, mut at) = ([0; FIRST_CLIENT_PORT + 1], 0);
    while at < SERVICES.len() {
        let (port, transport, _) = SERVICES[at];
        if (port as usize) < FIRST_CLIENT_PORT {
            transports[port as usize] |= transport;
        }
        at += 1;
    }
    transports
};

/// Whether `port` is [known](service_name) for a service and none that clients are given.
#[inline]
pub(crate) fn is_known(protocol: u8, port: u16) -> bool {
    TRANSPORTS[usize::from(port).min(FIRST_CLIENT_PORT)] & transport(protocol) != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocols::{SCTP, TCP, UDP};

    #[test]
    fn names() {
        for (protocol, port, name) in [
            (TCP, 22, Some("ssh")),
            (SCTP, 22, Some("ssh")),
            (TCP, 53, Some("domain")),
            (UDP, 53, Some("domain")),
            (UDP, 123, Some("ntp")),
            (TCP, 443, Some("https")),
            (UDP, 443, Some("https")),
            (TCP, 445, Some("microsoft-ds")),
            (TCP, 514, Some("shell")),
            (UDP, 514, Some("syslog")),
            (TCP, 1433, Some("ms-sql-s")),
            (TCP, 1521, Some("oracle")),
            (TCP, 2049, Some("nfs")),
            (TCP, 3306, Some("mysql")),
            (TCP, 3389, Some("ms-wbt-server")),
            (TCP, 5432, Some("postgresql")),
            (TCP, 5601, Some("kibana")),
            (TCP, 5985, Some("wsman")),
            (TCP, 5986, Some("wsmans")),
            (TCP, 6379, Some("redis")),
            (TCP, 6443, Some("kubernetes")),
            (TCP, 8080, Some("http-alt")),
            (TCP, 8443, Some("https-alt")),
            (TCP, 9092, Some("kafka")),
            (TCP, 9200, Some("elasticsearch")),
            (TCP, 10250, Some("kubelet")),
            (UDP, 11211, Some("memcache")),
            (TCP, 27017, Some("mongodb")),
            (TCP, 0, None),
            (TCP, 49761, None),
            (TCP, u16::MAX, None),
            (UDP, 6379, None),
            (SCTP, 36412, Some("s1-control")),
            (1, 22, None),
            (50, 443, None),
        ] {
            assert_eq!(service_name(protocol, port), name, "{protocol}/{port}");
        }
    }

    /// Sorted, one name for each port and transport, and names as RFC 6335 spells them, in lower case.
    #[test]
    fn the_table_is_well_formed() {
        for pair in SERVICES.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            assert!(before.0 <= after.0, "{before:?} stands before {after:?}");
            assert!(before.0 != after.0 || before.1 & after.1 == 0, "{before:?} and {after:?} overlap");
        }
        for (port, transports, name) in SERVICES {
            let is_spelt = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(is_spelt && !name.is_empty(), "{name}");
            assert!(*port > 0 && (1..8).contains(transports), "{port} {name}");
        }
    }

    #[test]
    fn known_ports_are_those_with_a_name() {
        for protocol in [TCP, UDP, SCTP, 1] {
            for port in 0..=u16::MAX {
                let is_named = service_name(protocol, port).is_some();
                let is_clients = usize::from(port) >= FIRST_CLIENT_PORT;
                assert_eq!(is_known(protocol, port), is_named && !is_clients, "{protocol} {port}");
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_scan(protocol in prop::sample::select(vec![TCP, UDP, SCTP, 1, 47]), port: u16) {
            let row = |port: u16| {
                SERVICES.iter().find(|row| row.0 == port && row.1 & transport(protocol) != 0).map(|row| row.2)
            };
            prop_assert_eq!(service_name(protocol, port), row(port));
        }
    }
}
