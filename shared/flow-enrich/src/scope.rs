//! Kinds of addresses: where an address means anything, and to whom.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of an address, after IANA's special-purpose registries (RFC 6890 and what followed it).
///
/// | scope | IPv4 | IPv6 |
/// |---|---|---|
/// | `private` | `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` | `fc00::/7`, `64:ff9b:1::/48` |
/// | `shared` | `100.64.0.0/10` | |
/// | `link-local` | `169.254.0.0/16` | `fe80::/10` |
/// | `loopback` | `127.0.0.0/8` | `::1` |
/// | `multicast` | `224.0.0.0/4` | `ff00::/8` |
/// | `documentation` | `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24` | `2001:db8::/32`, `3fff::/20` |
/// | `reserved` | `0.0.0.0/8`, `192.0.0.0/24`, `192.88.99.0/24`, `198.18.0.0/15`, `240.0.0.0/4` | `2001:2::/48`, `2001:10::/28`, all outside `2000::/3` that has no row here |
/// | `public` | all else | all else |
///
/// An IPv4-mapped address (`::ffff:10.0.0.1`) and a NAT64 address (`64:ff9b::10.0.0.1`, RFC 6052, which Route 53
/// Resolver's DNS64 makes) are judged by the IPv4 address inside.
/// The scope says nothing of who uses an address: a VPC may have a public range of its own; name it as a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// For use within one organisation (RFC 1918, RFC 4193, RFC 8215).
    Private,
    /// Anywhere on the internet.
    Public,
    /// Between a provider and its customers (RFC 6598); EKS pods and AWS services use it too.
    Shared,
    /// On one link (RFC 3927, RFC 4291): instance metadata, the time and name services of a VPC.
    LinkLocal,
    /// To many at once (RFC 1112, RFC 4291).
    Multicast,
    /// In examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// To the host itself.
    Loopback,
    /// For nothing that crosses a network: unspecified, broadcast, benchmarking, future use.
    Reserved,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 8] = [
        Scope::Private,
        Scope::Public,
        Scope::Shared,
        Scope::LinkLocal,
        Scope::Multicast,
        Scope::Documentation,
        Scope::Loopback,
        Scope::Reserved,
    ];

    /// The scope of an address.
    pub fn of(address: IpAddr) -> Scope {
        match address {
            IpAddr::V4(address) => Scope::of_v4(address),
            IpAddr::V6(address) => embedded_v4(address).map_or_else(|| Scope::of_v6(address), Scope::of_v4),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Scope {
        match address.octets() {
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Scope::Private,
            [100, 64..=127, ..] => Scope::Shared,
            [127, ..] => Scope::Loopback,
            [169, 254, ..] => Scope::LinkLocal,
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Scope::Documentation,
            [224..=239, ..] => Scope::Multicast,
            [0 | 240..=255, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Scope::Reserved,
            _ => Scope::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Scope {
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Scope::Loopback,
            [0xfc00..=0xfdff, ..] | [0x0064, 0xff9b, 1, ..] => Scope::Private,
            [0xfe80..=0xfebf, ..] => Scope::LinkLocal,
            [0xff00..=0xffff, ..] => Scope::Multicast,
            [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Scope::Documentation,
            [0x2001, 2, 0, ..] | [0x2001, 0x0010..=0x001f, ..] => Scope::Reserved,
            [0x2000..=0x3fff, ..] => Scope::Public,
            _ => Scope::Reserved,
        }
    }

    /// The name in queries and output: `private`, `link-local`.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Private => "private",
            Scope::Public => "public",
            Scope::Shared => "shared",
            Scope::LinkLocal => "link-local",
            Scope::Multicast => "multicast",
            Scope::Documentation => "documentation",
            Scope::Loopback => "loopback",
            Scope::Reserved => "reserved",
        }
    }

    /// Whether an address of this scope belongs to someone else: it is none of private, shared, link-local, loopback
    /// and multicast. Documentation and reserved addresses count as external: whoever sends from one is not known.
    pub fn is_external(self) -> bool {
        match self {
            Scope::Public | Scope::Documentation | Scope::Reserved => true,
            Scope::Private | Scope::Shared | Scope::LinkLocal | Scope::Loopback | Scope::Multicast => false,
        }
    }
}

/// Prints the [name](Scope::name).
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The IPv4 address that an IPv4-mapped or NAT64 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
        | [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(address: &str) -> Scope {
        Scope::of(address.parse().unwrap())
    }

    /// First and last address of every range, and the addresses beside it.
    #[test]
    fn edges_of_ipv4_ranges() {
        for (first, last, scope) in [
            ("0.0.0.0", "0.255.255.255", "reserved"),
            ("1.0.0.0", "9.255.255.255", "public"),
            ("10.0.0.0", "10.255.255.255", "private"),
            ("11.0.0.0", "100.63.255.255", "public"),
            ("100.64.0.0", "100.127.255.255", "shared"),
            ("100.128.0.0", "126.255.255.255", "public"),
            ("127.0.0.0", "127.255.255.255", "loopback"),
            ("128.0.0.0", "169.253.255.255", "public"),
            ("169.254.0.0", "169.254.255.255", "link-local"),
            ("169.255.0.0", "172.15.255.255", "public"),
            ("172.16.0.0", "172.31.255.255", "private"),
            ("172.32.0.0", "191.255.255.255", "public"),
            ("192.0.0.0", "192.0.0.255", "reserved"),
            ("192.0.1.0", "192.0.1.255", "public"),
            ("192.0.2.0", "192.0.2.255", "documentation"),
            ("192.0.3.0", "192.88.98.255", "public"),
            ("192.88.99.0", "192.88.99.255", "reserved"),
            ("192.88.100.0", "192.167.255.255", "public"),
            ("192.168.0.0", "192.168.255.255", "private"),
            ("192.169.0.0", "198.17.255.255", "public"),
            ("198.18.0.0", "198.19.255.255", "reserved"),
            ("198.20.0.0", "198.51.99.255", "public"),
            ("198.51.100.0", "198.51.100.255", "documentation"),
            ("198.51.101.0", "203.0.112.255", "public"),
            ("203.0.113.0", "203.0.113.255", "documentation"),
            ("203.0.114.0", "223.255.255.255", "public"),
            ("224.0.0.0", "239.255.255.255", "multicast"),
            ("240.0.0.0", "255.255.255.255", "reserved"),
        ] {
            assert_eq!((of(first).name(), of(last).name()), (scope, scope), "{first} to {last}");
            for address in [first, last] {
                assert_eq!(of(&format!("::ffff:{address}")).name(), scope, "{address}, mapped");
                assert_eq!(of(&format!("64:ff9b::{address}")).name(), scope, "{address}, by NAT64");
            }
        }
    }

    #[test]
    fn edges_of_ipv6_ranges() {
        for (first, last, scope) in [
            ("::", "::", "reserved"),
            ("::1", "::1", "loopback"),
            ("::2", "::fffe:ffff:ffff", "reserved"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "private"),
            ("64:ff9b:2::", "64:ff9b:2::", "reserved"),
            ("100::", "100::ffff:ffff:ffff:ffff", "reserved"),
            ("2001:1::", "2001:1::3", "public"),
            ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "reserved"),
            ("2001:2:1::", "2001:f:ffff::", "public"),
            ("2001:10::", "2001:1f:ffff::", "reserved"),
            ("2001:20::", "2001:db7:ffff::", "public"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
            ("2001:db9::", "3ffe:ffff::", "public"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
            ("3fff:1000::", "3fff:ffff::", "public"),
            ("4000::", "fbff:ffff::", "reserved"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"),
            ("fe00::", "fe7f:ffff::", "reserved"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
            ("fec0::", "feff:ffff::", "reserved"),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        ] {
            assert_eq!((of(first).name(), of(last).name()), (scope, scope), "{first} to {last}");
        }
    }

    #[test]
    fn external_scopes() {
        let external: Vec<_> =
            Scope::ALL.into_iter().filter(|scope| scope.is_external()).map(Scope::name).collect();
        assert_eq!(external, ["public", "documentation", "reserved"]);
    }

    /// Any address, but as often one near a range that means something.
    fn v4() -> impl Strategy<Value = Ipv4Addr> {
        let first =
            prop::sample::select(vec![0_u8, 10, 100, 127, 169, 172, 192, 198, 203, 224, 239, 240, 255]);
        let second = prop::sample::select(vec![0_u8, 15, 16, 18, 31, 51, 63, 64, 88, 127, 168, 254, 255]);
        prop_oneof![
            any::<Ipv4Addr>(),
            (first, second, any::<[u8; 2]>()).prop_map(|(a, b, [c, d])| [a, b, c, d].into())
        ]
    }

    fn v6() -> impl Strategy<Value = Ipv6Addr> {
        let first =
            prop::sample::select(vec![0x2001_u16, 0x3fff, 0xfc00, 0xfd12, 0xfe80, 0xfebf, 0xfec0, 0xff02]);
        prop_oneof![
            any::<Ipv6Addr>(),
            (first, any::<[u16; 7]>()).prop_map(|(a, [b, c, d, e, f, g, h])| [a, b, c, d, e, f, g, h].into()),
        ]
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_std(address in v4()) {
            let scope = Scope::of(address.into());
            prop_assert_eq!(scope == Scope::Private, address.is_private());
            prop_assert_eq!(scope == Scope::Loopback, address.is_loopback());
            prop_assert_eq!(scope == Scope::LinkLocal, address.is_link_local());
            prop_assert_eq!(scope == Scope::Multicast, address.is_multicast());
            prop_assert_eq!(scope == Scope::Documentation, address.is_documentation());
            prop_assert!(scope == Scope::Reserved || !(address.is_unspecified() || address.is_broadcast()));
        }

        #[test]
        fn ipv6_agrees_with_std(address in v6()) {
            prop_assume!(embedded_v4(address).is_none());
            let scope = Scope::of(address.into());
            prop_assert_eq!(scope == Scope::Private, address.is_unique_local());
            prop_assert_eq!(scope == Scope::LinkLocal, address.is_unicast_link_local());
            prop_assert_eq!(scope == Scope::Multicast, address.is_multicast());
        }

        #[test]
        fn mapped_addresses_are_what_is_inside(address in v4()) {
            prop_assert_eq!(Scope::of(address.to_ipv6_mapped().into()), Scope::of(address.into()));
        }
    }
}
