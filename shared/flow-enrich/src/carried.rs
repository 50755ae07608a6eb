//! What the packets of a record had room for, told by their size and flags.

use flow_record::{Field, FlowRecord};

use crate::flags::{FIN, RST, SYN};
use crate::protocols::TCP;

/// The sizes of a SYN in bytes, the IP header included: 20 (RFC 791) or 40 (RFC 8200), and 20 of TCP with up to 40 of
/// options (RFC 9293, RFC 7323). Some programs that make their own packets leave all options out.
const SYN_SIZES: [(u64, u64); 2] = [(40, 60), (60, 80)];

/// `content`, `handshake`, `opened` or `bare`.
///
/// - `content`: the packets are too large to be without it, or the protocol is not TCP.
/// - `handshake`: TCP, and nothing but SYNs, which are all of one size: a try that got no further, or the answer to one.
///   Without flags in the format packets of one size that is larger than the smallest may be SYNs.
/// - `opened`: TCP without content, and a SYN with more behind it: somebody answered, and the connection was closed
///   unused, as by a health check or a look at an open port.
/// - `bare`: TCP without content or SYN: a reset, an acknowledgement.
///
/// A SYN alone in its record is a handshake even if it carries something: nobody has answered it.
///
/// None for a record without packets.
pub(crate) fn carried(record: &FlowRecord<'_>) -> Option<&'static str> {
    let (packets, bytes) = (record.integer(Field::Packets)?, record.integer(Field::Bytes)?);
    let protocol = record.integer(Field::Protocol)?;
    if packets == 0 {
        return None;
    }
    let is_alone = packets == 1;
    // Whichever family it is: what most records are is told without their addresses and flags.
    if protocol != u64::from(TCP) || !is_alone && bytes > packets.saturating_mul(SYN_SIZES[1].1) {
        return Some("content");
    }
    let is_v6 = usize::from(record.address(Field::SrcAddr).is_some_and(|address| address.is_ipv6()));
    let (smallest, largest) = SYN_SIZES[is_v6];
    let fits = |size: u64| bytes <= packets.saturating_mul(size);
    let flags = record.integer(Field::TcpFlags);
    let has = |flag: u8| flags.is_some_and(|flags| flags & u64::from(flag) != 0);
    if !(fits(largest) || is_alone && has(SYN)) {
        return Some("content");
    }
    let has_syn = if flags.is_some() { has(SYN) } else { !fits(smallest) };
    // One packet is one, whatever flags it has, since scanners set some together; and packets that are all as large as a
    // SYN can be are nothing else.
    let is_syn = is_alone || bytes == packets.saturating_mul(largest);
    let is_more = !is_syn && (has(FIN) || has(RST) || bytes % packets != 0);
    Some(match (has_syn, is_more) {
        (false, _) => "bare",
        (true, false) => "handshake",
        (true, true) => "opened",
    })
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
            ("10.0.0.5 6 3 164", Some("opened")),
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
            ("10.0.0.5 6 1 40 2", Some("handshake")),
            ("10.0.0.5 6 1 80 2", Some("handshake")),
            ("10.0.0.5 6 1 44 3", Some("handshake")),
            ("10.0.0.5 6 3 180 3", Some("handshake")),
            ("10.0.0.5 6 2 112 6", Some("opened")),
            ("10.0.0.5 6 3 164 2", Some("opened")),
            ("10.0.0.5 6 3 164 19", Some("opened")),
            ("10.0.0.5 6 2 152 2", Some("content")),
            ("10.0.0.5 6 9 4000 3", Some("content")),
        ] {
            assert_eq!(of("srcaddr protocol packets bytes tcp-flags", line), expected, "{line}");
        }
    }
}
