//! TCP packets without content, by their sizes.

use crate::conversation::Volume;
use crate::outside::Family;

/// Whose TCP it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Timestamps (RFC 7323) in every packet.
    Linux,
    /// No timestamps.
    Windows,
}

/// Sizes in bytes: the IP header (20, of IPv6 40), TCP's 20, and its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bare {
    /// A SYN offers options: 20 bytes of them with timestamps, else 12.
    pub(crate) syn: u64,
    /// A FIN too.
    pub(crate) ack: u64,
    /// A reset has no options.
    pub(crate) rst: u64,
    /// A keep-alive: Windows repeats a byte.
    pub(crate) alive: u64,
    /// Its answer; to a byte that is known it has a SACK block (RFC 2883).
    pub(crate) alive_answer: u64,
}

impl Bare {
    pub(crate) fn new(family: Family, system: System) -> Self {
        let rst = if family == Family::V4 { 40 } else { 60 };
        match system {
            System::Linux => {
                Bare { syn: rst + 20, ack: rst + 12, rst, alive: rst + 12, alive_answer: rst + 12 }
            }
            System::Windows => Bare { syn: rst + 12, ack: rst, rst, alive: rst + 1, alive_answer: rst + 12 },
        }
    }

    /// So many packets that acknowledge or close.
    pub(crate) fn acks(self, packets: u64) -> Volume {
        Volume::new(packets, packets * self.ack)
    }

    /// A SYN, and so many packets that acknowledge or close.
    pub(crate) fn opening(self, acks: u64) -> Volume {
        Volume::new(1 + acks, self.syn + acks * self.ack)
    }

    /// One reset.
    pub(crate) fn reset(self) -> Volume {
        Volume::new(1, self.rst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_opening_and_closing() {
        let bytes = |family, system, acks| Bare::new(family, system).opening(acks).bytes;
        assert_eq!(bytes(Family::V4, System::Linux, 3), 216);
        assert_eq!(bytes(Family::V6, System::Linux, 3), 296);
        assert_eq!(bytes(Family::V4, System::Windows, 2), 132);
        assert_eq!(bytes(Family::V6, System::Windows, 2), 192);
    }
}
