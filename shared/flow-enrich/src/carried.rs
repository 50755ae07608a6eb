//! What the packets of a record had room for, told by their size and flags.

use flow_record::{Field, FlowRecord};

use crate::flags::SYN;
use crate::protocols::TCP;

/// The most bytes of a TCP packet without content, its IP header included: 20 (RFC 791) or 40 (RFC 8200), and 40 of TCP
/// with the options that a SYN has (RFC 9293, RFC 7323).
const LARGEST_EMPTY: [u64; 2] = [60, 80];

/// The bytes of one without options, which a SYN never is: it says its segment size at least.
const SMALLEST: [u64; 2] = [40, 60];

/// `content`, `handshake` or `bare`.
///
/// - `content`: the packets are too large to be without it, or the protocol is not TCP.
/// - `handshake`: TCP without content, and a SYN among it: a try that got no further, or the answer to one. Without flags in
///   the format a packet larger than the smallest may be a SYN.
/// - `bare`: TCP without content or SYN: a reset, an acknowledgement.
///
/// None for a record without packets.
pub(crate) fn carried(record: &FlowRecord<'_>) -> Option<&'static str> {
    let (packets, bytes) = (record.integer(Field::Packets)?, record.integer(Field::Bytes)?);
    let protocol = record.integer(Field::Protocol)?;
    if packets == 0 {
        return None;
    }
    let is_v6 = usize::from(record.address(Field::SrcAddr).is_some_and(|address| address.is_ipv6()));
    let fits = |size: u64| bytes <= packets.saturating_mul(size);
    if protocol != u64::from(TCP) || !fits(LARGEST_EMPTY[is_v6]) {
        return Some("content");
    }
    let has_syn = match record.integer(Field::TcpFlags) {
        Some(flags) => flags & u64::from(SYN) != 0,
        None => !fits(SMALLEST[is_v6]),
    };
    Some(if has_syn { "handshake" } else { "bare" })
}

#[cfg(test)]
mod tests {
    use flow_record::RecordFormat;

    use super::*;

    fn of(format: &str, line: &str) -> Option<&'static str> {
        let format: RecordFormat = format.parse().unwrap();
        carried(format.parse(line).unwrap().record())
    }

    #[test]
    fn by_sizes_alone() {
        for (line, expected) in [
            ("10.0.0.5 6 1 60", Some("handshake")),
            ("10.0.0.5 6 3 180", Some("handshake")),
            ("10.0.0.5 6 1 44", Some("handshake")),
            ("10.0.0.5 6 1 40", Some("bare")),
            ("10.0.0.5 6 1 61", Some("content")),
            ("10.0.0.5 6 20 4249", Some("content")),
            ("10.0.0.5 17 1 28", Some("content")),
            ("10.0.0.5 6 0 0", None),
            ("2001:db8::7 6 1 80", Some("handshake")),
            ("2001:db8::7 6 1 60", Some("bare")),
            ("- 6 - -", None),
        ] {
            assert_eq!(of("srcaddr protocol packets bytes", line), expected, "{line}");
        }
    }

    #[test]
    fn flags_say_more() {
        for (line, expected) in [
            ("10.0.0.5 6 1 52 2", Some("handshake")),
            ("10.0.0.5 6 1 44 18", Some("handshake")),
            ("10.0.0.5 6 2 104 0", Some("bare")),
            ("10.0.0.5 6 1 52 4", Some("bare")),
            ("10.0.0.5 6 9 4000 3", Some("content")),
        ] {
            assert_eq!(of("srcaddr protocol packets bytes tcp-flags", line), expected, "{line}");
        }
    }
}
