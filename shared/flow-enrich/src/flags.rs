//! TCP flags as text.

use std::sync::LazyLock;

/// The flags and their bits (RFC 9293, section 3.1), in the order in which the text has them: opening first,
/// closing last.
const FLAGS: [(u8, &str); 8] = [
    (SYN, "SYN"),
    (ACK, "ACK"),
    (0x08, "PSH"),
    (0x20, "URG"),
    (0x40, "ECE"),
    (0x80, "CWR"),
    (RST, "RST"),
    (FIN, "FIN"),
];

/// The first packet of a connection has it, and so does the answer to that packet.
pub const SYN: u8 = 0x02;
/// Its sender has no more to say.
pub const FIN: u8 = 0x01;
/// The connection is refused or given up.
pub const RST: u8 = 0x04;
/// Every packet but the first has it; VPC flow logs keep it only together with [`SYN`].
pub(crate) const ACK: u8 = 0x10;

/// The flags of a bitmask as text: `SYN`, `SYN+ACK`, `SYN+ACK+FIN`; `none` for 0.
///
/// A flow log's mask is the union over all packets of the aggregation interval, so `SYN+FIN` is a short
/// connection and not a malformed packet. VPC flow logs keep FIN, SYN, RST and the ACK of a SYN-ACK only.
pub fn tcp_flags_text(mask: u8) -> &'static str {
    static TEXTS: LazyLock<[String; 256]> =
        LazyLock::new(|| std::array::from_fn(|mask| spell(u8::try_from(mask).unwrap_or(u8::MAX))));
    &TEXTS[usize::from(mask)]
}

fn spell(mask: u8) -> String {
    if mask == 0 {
        return "none".to_owned();
    }
    let set = FLAGS.iter().filter(|(bit, _)| mask & bit != 0).map(|(_, name)| *name);
    set.collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_that_flow_logs_have() {
        for (mask, text) in [
            (0, "none"),
            (1, "FIN"),
            (2, "SYN"),
            (3, "SYN+FIN"),
            (4, "RST"),
            (6, "SYN+RST"),
            (7, "SYN+RST+FIN"),
            (18, "SYN+ACK"),
            (19, "SYN+ACK+FIN"),
            (22, "SYN+ACK+RST"),
            (24, "ACK+PSH"),
            (0xff, "SYN+ACK+PSH+URG+ECE+CWR+RST+FIN"),
        ] {
            assert_eq!(tcp_flags_text(mask), text, "{mask}");
        }
    }

    #[test]
    fn a_text_says_its_mask() {
        for mask in 1..=u8::MAX {
            let bits = tcp_flags_text(mask)
                .split('+')
                .map(|name| FLAGS.iter().find(|flag| flag.1 == name).unwrap().0);
            assert_eq!(bits.fold(0, |all, bit| all | bit), mask);
        }
    }
}
