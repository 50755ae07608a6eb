//! Addresses outside the network, none of which belongs to anybody.
//!
//! | who | IPv4 | IPv6 |
//! |---|---|---|
//! | AWS's services | `192.0.2.0/24` (RFC 5737) | `2001:db8:a::/48` (RFC 3849) |
//! | attackers and those they attack | `198.51.100.0/24` | `2001:db8:bad::/48` |
//! | well-known sites, time servers | `203.0.113.0/24` | `2001:db8:c::/48` |
//! | the crowd: visitors, lesser sites | `198.18.0.0/16` (RFC 2544) | `2001:db8:f::/48` |
//! | who knocks on every door | `198.19.0.0/16` | |
//!
//! The documentation ranges have too few IPv4 addresses for a crowd. `198.18.0.0/15` is set aside for testing how
//! devices bear traffic: it is never routed, and nobody is slandered by what is said of it. Like the others it counts
//! as external. Nobody knocks on IPv6 doors: there are too many to find one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::dice::Dice;

/// Which protocol's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

/// AWS's services, by the last byte of the address: from this on, until the next.
const SERVICES: [(u8, &str); 4] = [(0, "S3"), (100, "DYNAMODB"), (150, "EC2"), (200, "AMAZON")];

const AWS_V6: u16 = 0xa;
const ACTORS_V6: u16 = 0xbad;
const SITES_V6: u16 = 0xc;
const CROWD_V6: u16 = 0xf;

/// How many visitors, lesser sites and knocking hosts there are.
const CROWD: u64 = 1 << 16;

/// How many sites are well known.
const SITES: u64 = 220;

fn v6(net: u16, host: u64) -> IpAddr {
    let host = Ipv6Addr::from_bits(u128::from(host)).segments();
    Ipv6Addr::new(0x2001, 0xdb8, net, 0, host[4], host[5], host[6], host[7]).into()
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

fn v4(net: [u8; 3], host: u64) -> IpAddr {
    Ipv4Addr::new(net[0], net[1], net[2], low_byte(host)).into()
}

fn v4_of_16(net: [u8; 2], host: u64) -> IpAddr {
    let [low, high, ..] = host.to_le_bytes();
    Ipv4Addr::new(net[0], net[1], high, low).into()
}

/// An attacker, or one who is attacked from inside.
pub(crate) fn actor(family: Family, number: u64) -> IpAddr {
    match family {
        Family::V4 => v4([198, 51, 100], 1 + number % 254),
        Family::V6 => v6(ACTORS_V6, 1 + number),
    }
}

/// One of many that take part in an attack.
pub(crate) fn one_of_many(family: Family, number: u64) -> IpAddr {
    match family {
        Family::V4 => v4_of_16([198, 19], number),
        Family::V6 => v6(ACTORS_V6, 0x10_0000 + number),
    }
}

/// A web site: mostly one of the well-known ones.
pub(crate) fn site(dice: &mut Dice, family: Family) -> IpAddr {
    if dice.chance(0.85) {
        let host = 1 + dice.popular(SITES);
        return if family == Family::V4 { v4([203, 0, 113], host) } else { v6(SITES_V6, host) };
    }
    visitor(dice, family)
}

/// One well-known site, always the same.
pub(crate) fn named(family: Family, number: u64) -> IpAddr {
    let host = 1 + number % SITES;
    if family == Family::V4 { v4([203, 0, 113], host) } else { v6(SITES_V6, host) }
}

/// A visitor's end of a connection: every fourth one over IPv4 is behind a router that gives ports of its own.
pub(crate) fn visitor_end(dice: &mut Dice, visitor: IpAddr) -> SocketAddr {
    let is_translated = matches!(visitor, IpAddr::V4(address) if address.octets()[3] % 4 == 0);
    SocketAddr::new(visitor, if is_translated { dice.wide_port() } else { dice.client_port() })
}

/// A visitor, or one of the many sites that few know.
pub(crate) fn visitor(dice: &mut Dice, family: Family) -> IpAddr {
    let host = dice.popular(CROWD);
    if family == Family::V4 { v4_of_16([198, 18], host) } else { v6(CROWD_V6, host) }
}

/// Someone who knocks on every door: few do it all day, many once.
pub(crate) fn knocker(dice: &mut Dice) -> IpAddr {
    let host = if dice.chance(0.3) { dice.popular(200) } else { dice.between(0..=CROWD - 1) };
    v4_of_16([198, 19], host)
}

/// A time server.
pub(crate) fn time_server(dice: &mut Dice) -> IpAddr {
    v4([203, 0, 113], dice.between(240..=243))
}

/// An address of an AWS service.
pub(crate) fn aws(dice: &mut Dice, service: &str) -> IpAddr {
    let first = SERVICES.iter().find(|(_, name)| *name == service).map_or(200, |(first, _)| *first);
    v4([192, 0, 2], u64::from(first) + dice.between(1..=40))
}

/// The AWS service whose address it is, as `pkt-dst-aws-service` names it.
pub(crate) fn aws_service(address: IpAddr) -> Option<&'static str> {
    let last = match address {
        IpAddr::V4(address) if address.octets()[..3] == [192, 0, 2] => address.octets()[3],
        IpAddr::V6(address) if address.segments()[..3] == [0x2001, 0xdb8, AWS_V6] => address.octets()[15],
        _ => return None,
    };
    SERVICES.iter().rfind(|(first, _)| *first <= last).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_addresses() {
        let mut dice = Dice::new(1, "test");
        for (_, service) in SERVICES {
            assert_eq!(aws_service(aws(&mut dice, service)), Some(service));
        }
        assert_eq!(aws_service(site(&mut dice, Family::V4)), None);
        assert_eq!(aws_service("2001:db8:a::7".parse().unwrap()), Some("S3"));
    }

    #[test]
    fn everyone_is_where_the_table_says() {
        let mut dice = Dice::new(1, "test");
        let starts = |address: IpAddr, start: &str| {
            assert!(address.to_string().starts_with(start), "{address}: expected {start}");
        };
        for number in 0..1000 {
            starts(actor(Family::V4, number), "198.51.100.");
            starts(actor(Family::V6, number), "2001:db8:bad::");
            starts(one_of_many(Family::V4, number), "198.19.");
            starts(visitor(&mut dice, Family::V4), "198.18.");
            starts(visitor(&mut dice, Family::V6), "2001:db8:f::");
            starts(knocker(&mut dice), "198.19.");
            starts(time_server(&mut dice), "203.0.113.24");
        }
    }
}
