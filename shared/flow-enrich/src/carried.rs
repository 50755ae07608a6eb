//! What the packets of a record had room for, told by their size and flags.

use flow_record::{Field, FlowRecord};

use crate::flags::{FIN, RST, SYN};
use crate::protocols::TCP;

/// What TCP's packets without content measure in bytes: the IP header of 20 (RFC 791) or 40 (RFC 8200), 20 of TCP, and
/// options (RFC 9293).
struct Sizes {
    /// Without options: resets, and acknowledgements of Windows.
    bare: u64,
    /// With timestamps (RFC 7323): acknowledgements of Linux. A SYN of Windows is just as large.
    acknowledgement: u64,
    /// SYNs, by the options they have: none, the segment's size alone, those of Windows, and all that Linux gives.
    syns: [u64; 4],
}

const IPV4: Sizes = Sizes { bare: 40, acknowledgement: 52, syns: [40, 44, 52, 60] };
const IPV6: Sizes = Sizes { bare: 60, acknowledgement: 72, syns: [60, 64, 72, 80] };

impl Sizes {
    fn largest(&self) -> u64 {
        self.syns[3]
    }
}

/// What the packets of a record had room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// They are too large to be without it, or the protocol is not TCP.
    Content,
    /// TCP, and nothing but SYNs, which are all of one size: a try that got no further, or the answer to one. Without flags
    /// in the format one packet of a SYN's size, or several of the largest: others may be part of a connection that was
    /// opened and closed, or an acknowledgement each.
    Handshake,
    /// TCP without content, and a SYN with more behind it: somebody answered, and the connection was closed unused, as by
    /// a health check or a look at an open port.
    Opened,
    /// TCP without content or SYN: a reset, an acknowledgement.
    Bare,
}

impl Carried {
    /// All of them, in their order.
    pub const ALL: [Carried; 4] = [Carried::Content, Carried::Handshake, Carried::Opened, Carried::Bare];

    /// The word that queries and outputs have for it.
    pub fn name(self) -> &'static str {
        match self {
            Carried::Content => "content",
            Carried::Handshake => "handshake",
            Carried::Opened => "opened",
            Carried::Bare => "bare",
        }
    }
}

/// A SYN alone in its record is a handshake even if it carries something: nobody has answered it.
///
/// None for a record without packets.
pub(crate) fn carried(record: &FlowRecord<'_>) -> Option<Carried> {
    let (packets, bytes) = (record.integer(Field::Packets)?, record.integer(Field::Bytes)?);
    let protocol = record.integer(Field::Protocol)?;
    if packets == 0 {
        return None;
    }
    let is_alone = packets == 1;
    // Whichever family it is: what most records are is told without their addresses and flags.
    if protocol != u64::from(TCP) || !is_alone && bytes > packets.saturating_mul(IPV6.largest()) {
        return Some(Carried::Content);
    }
    let is_v6 = record.address(Field::SrcAddr).is_some_and(|address| address.is_ipv6());
    let sizes = if is_v6 { &IPV6 } else { &IPV4 };
    let flags = record.integer(Field::TcpFlags).map(|flags| (flags & 0xff) as u8);
    let is_small = bytes <= packets.saturating_mul(sizes.largest());
    let is_syn_alone = is_alone && flags.is_some_and(|flags| flags & SYN != 0);
    Some(match flags {
        _ if !(is_small || is_syn_alone) => Carried::Content,
        Some(flags) => by_flags(flags, packets, bytes, sizes),
        None => by_size(packets, bytes, sizes),
    })
}

fn by_flags(flags: u8, packets: u64, bytes: u64, sizes: &Sizes) -> Carried {
    let are_all = |size: u64| bytes == packets.saturating_mul(size);
    // One packet is one, whatever flags it has, since scanners set some together; and packets that are all as large as a
    // SYN can be are nothing else.
    let is_closed = flags & (FIN | RST) != 0;
    match flags & SYN {
        0 => Carried::Bare,
        _ if packets == 1 || are_all(sizes.largest()) => Carried::Handshake,
        _ if !is_closed && sizes.syns.into_iter().any(are_all) => Carried::Handshake,
        _ => Carried::Opened,
    }
}

fn by_size(packets: u64, bytes: u64, sizes: &Sizes) -> Carried {
    let are_all = |size: u64| bytes == packets.saturating_mul(size);
    if bytes <= packets.saturating_mul(sizes.bare) || are_all(sizes.acknowledgement) {
        return Carried::Bare;
    }
    match packets {
        // Options come in words; else it is an octet to keep the connection alive, or some few of content.
        1 if !bytes.is_multiple_of(4) => Carried::Content,
        1 => Carried::Handshake,
        _ if are_all(sizes.largest()) => Carried::Handshake,
        _ => Carried::Opened,
    }
}

#[cfg(test)]
mod tests {
    use flow_record::RecordFormat;

    use super::Carried::{Bare, Content, Handshake, Opened};
    use super::*;

    fn of(format: &str, line: &str) -> Option<Carried> {
        let format: RecordFormat = format.parse().unwrap();
        carried(format.parse(line).unwrap().record())
    }

    #[test]
    fn by_sizes_alone() {
        for (line, expected) in [
            ("10.0.0.5 6 1 60", Some(Handshake)),
            ("10.0.0.5 6 3 180", Some(Handshake)),
            ("10.0.0.5 6 1 44", Some(Handshake)),
            ("10.0.0.5 6 1 40", Some(Bare)),
            ("10.0.0.5 6 3 164", Some(Opened)),
            // A connection that Linux opens and closes, and one of Windows.
            ("10.0.0.5 6 4 216", Some(Opened)),
            ("10.0.0.5 6 3 132", Some(Opened)),
            // Acknowledgements of Linux, and an octet of Windows to keep a connection alive.
            ("10.0.0.5 6 1 52", Some(Bare)),
            ("10.0.0.5 6 2 104", Some(Bare)),
            ("10.0.0.5 6 1 41", Some(Content)),
            ("10.0.0.5 6 1 61", Some(Content)),
            ("10.0.0.5 6 20 4249", Some(Content)),
            ("10.0.0.5 17 1 28", Some(Content)),
            ("10.0.0.5 6 0 0", None),
            ("2001:db8::7 6 1 80", Some(Handshake)),
            ("2001:db8::7 6 1 60", Some(Bare)),
            ("2001:db8::7 6 1 72", Some(Bare)),
            ("2001:db8::7 6 4 296", Some(Opened)),
            ("- 6 - -", None),
        ] {
            assert_eq!(of("srcaddr protocol packets bytes", line), expected, "{line}");
        }
    }

    #[test]
    fn flags_say_more() {
        for (line, expected) in [
            ("10.0.0.5 6 1 44 18", Some(Handshake)),
            ("10.0.0.5 6 2 104 0", Some(Bare)),
            ("10.0.0.5 6 1 52 4", Some(Bare)),
            ("10.0.0.5 6 1 40 2", Some(Handshake)),
            ("10.0.0.5 6 1 80 2", Some(Handshake)),
            ("10.0.0.5 6 1 44 3", Some(Handshake)),
            ("10.0.0.5 6 3 180 3", Some(Handshake)),
            ("10.0.0.5 6 2 112 6", Some(Opened)),
            ("10.0.0.5 6 3 164 2", Some(Opened)),
            ("10.0.0.5 6 4 216 2", Some(Opened)),
            ("10.0.0.5 6 3 156 2", Some(Handshake)),
            ("10.0.0.5 6 460 18400 2", Some(Handshake)),
            ("10.0.0.5 6 1 52 2", Some(Handshake)),
            ("10.0.0.5 6 3 164 19", Some(Opened)),
            ("10.0.0.5 6 2 152 2", Some(Content)),
            ("10.0.0.5 6 9 4000 3", Some(Content)),
        ] {
            assert_eq!(of("srcaddr protocol packets bytes tcp-flags", line), expected, "{line}");
        }
    }
}
