//! Names for networks: the user's table of CIDR blocks, searched for the longest prefix.

use std::fmt;
use std::net::IpAddr;

use flow_record::Shown;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

/// What the names of networks begin with that are enemies.
pub const THREAT: &str = "threat";

/// The most networks a table may hold.
pub const MAX_NETWORKS: usize = 100_000;

/// The longest name of a network, in bytes.
pub const MAX_NAME: usize = 200;

/// Names of networks, IPv4 and IPv6. The default is empty.
#[derive(Debug, Clone, Default)]
pub struct Networks {
    v4: PrefixMap<Ipv4Net, Box<str>>,
    v6: PrefixMap<Ipv6Net, Box<str>>,
}

/// Where in its source an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The entry's number in a list, counted from 1.
    Entry(usize),
    /// The line of a text, counted from 1.
    Line(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Entry(number) => write!(f, "entry {number}"),
            Place::Line(number) => write!(f, "line {number}"),
        }
    }
}

/// Why entries are not a table of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworksError {
    /// Not a CIDR block.
    #[error("{place}: expected a network such as `10.0.0.0/8` or `2001:db8::/32`, found {}", Shown(found))]
    NotANetwork {
        /// Where it stands.
        place: Place,
        /// What is there.
        found: String,
    },
    /// An address without the length of its prefix.
    #[error(
        "{place}: expected a network, found the address `{found}`; write `{suggestion}` for that address alone"
    )]
    NoLength {
        /// Where it stands.
        place: Place,
        /// The address.
        found: IpAddr,
        /// The network of just this address.
        suggestion: IpNet,
    },
    /// Bits are set beyond the prefix.
    #[error(
        "{place}: expected the first address of a network, found `{found}`; the network is `{suggestion}`"
    )]
    HostBits {
        /// Where it stands.
        place: Place,
        /// What is there.
        found: IpNet,
        /// The network that contains it.
        suggestion: IpNet,
    },
    /// A network without a name.
    #[error("{place}: expected a name after `{network}`, found nothing")]
    NoName {
        /// Where it stands.
        place: Place,
        /// The network.
        network: IpNet,
    },
    /// A name too long.
    #[error("{place}: expected a name of at most {MAX_NAME} bytes for `{network}`, found {found}")]
    NameTooLong {
        /// Where it stands.
        place: Place,
        /// The network.
        network: IpNet,
        /// Bytes in its name.
        found: usize,
    },
    /// One network with two names.
    #[error("{place}: expected one name for `{network}`, found {} after {}", Shown(found), Shown(first))]
    TwoNames {
        /// Where the second name stands.
        place: Place,
        /// The network.
        network: IpNet,
        /// Its name so far.
        first: String,
        /// The second name.
        found: String,
    },
    /// More entries than a table may hold.
    #[error("{place}: expected at most {max} networks, found more")]
    TooMany {
        /// The first entry too many.
        place: Place,
        /// The most a table may hold.
        max: usize,
    },
}

impl Networks {
    /// A table of `(CIDR, name)` pairs. The same pair twice is fine; white space around either is not part of it.
    ///
    /// # Errors
    /// At the first entry that is no network with a name, or gives a network a second name.
    pub fn from_entries<C, N>(entries: impl IntoIterator<Item = (C, N)>) -> Result<Networks, NetworksError>
    where
        C: AsRef<str>,
        N: AsRef<str>,
    {
        let mut networks = Networks::default();
        for (index, (cidr, name)) in entries.into_iter().enumerate() {
            networks.add(Place::Entry(index + 1), cidr.as_ref().trim(), name.as_ref().trim())?;
        }
        Ok(networks)
    }

    /// A table from text: one network and its name a line, `10.0.0.0/8 office`.
    ///
    /// White space separates the two; the name is the rest of the line and may contain spaces. Blank lines are fine.
    /// `#` at the start of a line or after white space begins a comment, so a name cannot contain ` #`.
    ///
    /// # Errors
    /// At the first line that is none of these, or gives a network a second name.
    pub fn parse(text: &str) -> Result<Networks, NetworksError> {
        let mut networks = Networks::default();
        // Editors on Windows begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let line = without_comment(line).trim();
            if line.is_empty() {
                continue;
            }
            let (cidr, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            networks.add(Place::Line(index + 1), cidr, name.trim())?;
        }
        Ok(networks)
    }

    fn add(&mut self, place: Place, cidr: &str, name: &str) -> Result<(), NetworksError> {
        if self.len() == MAX_NETWORKS {
            return Err(NetworksError::TooMany { place, max: MAX_NETWORKS });
        }
        let network = network(place, cidr)?;
        if name.is_empty() {
            return Err(NetworksError::NoName { place, network });
        }
        if name.len() > MAX_NAME {
            return Err(NetworksError::NameTooLong { place, network, found: name.len() });
        }
        let before = match network {
            IpNet::V4(network) => self.v4.insert(network, name.into()),
            IpNet::V6(network) => self.v6.insert(network, name.into()),
        };
        match before {
            Some(first) if *first != *name => {
                Err(NetworksError::TwoNames { place, network, first: first.into(), found: name.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The name of the smallest network that contains `address`.
    ///
    /// An IPv4-mapped address (`::ffff:10.0.0.1`) is looked for as the IPv4 address inside, and then as it stands.
    pub fn name_of(&self, address: IpAddr) -> Option<&str> {
        match (address.to_canonical(), address) {
            (IpAddr::V4(inside), IpAddr::V6(mapped)) => {
                longest(&self.v4, &inside.into()).or_else(|| longest(&self.v6, &mapped.into()))
            }
            (IpAddr::V4(address), _) => longest(&self.v4, &address.into()),
            (IpAddr::V6(address), _) => longest(&self.v6, &address.into()),
        }
    }

    /// Whether `address` is in a network that the user knows as his own or a friend's: one with a name, unless the name
    /// begins with [`THREAT`].
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.name_of(address).is_some_and(|name| !name.starts_with(THREAT))
    }

    /// Whether an address is in a network that the user named an enemy's.
    pub(crate) fn is_threat(&self, address: IpAddr) -> bool {
        self.name_of(address).is_some_and(|name| name.starts_with(THREAT))
    }

    /// How many networks have a name.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether no network has a name.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

#[inline]
fn longest<'a, P: prefix_trie::Prefix>(names: &'a PrefixMap<P, Box<str>>, host: &P) -> Option<&'a str> {
    // Most users name no network, and then every record would be looked for twice and more.
    if names.is_empty() {
        return None;
    }
    names.get_lpm(host).map(|(_, name)| &**name)
}

/// The network that `cidr` names, host bits allowed: an address as the standard library reads it, so that `010.0.0.0`,
/// which is 8.0.0.0 to some, is none; and a prefix length.
pub fn parse_network(cidr: &str) -> Option<IpNet> {
    let (address, length) = cidr.split_once('/')?;
    let is_plain =
        length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let length = length.parse().ok().filter(|_| is_plain)?;
    IpNet::new(address.parse().ok()?, length).ok()
}

fn network(place: Place, cidr: &str) -> Result<IpNet, NetworksError> {
    let Some(found) = parse_network(cidr) else {
        return Err(match cidr.parse::<IpAddr>() {
            Ok(found) => NetworksError::NoLength { place, found, suggestion: found.into() },
            Err(_) => NetworksError::NotANetwork { place, found: cidr.to_owned() },
        });
    };
    let suggestion = found.trunc();
    if found == suggestion { Ok(found) } else { Err(NetworksError::HostBits { place, found, suggestion }) }
}

fn without_comment(line: &str) -> &str {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices('#').find(|(at, _)| begins(*at)).map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn name<'a>(networks: &'a Networks, address: &str) -> Option<&'a str> {
        networks.name_of(address.parse().unwrap())
    }

    fn error(text: &str) -> String {
        Networks::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn only_plain_networks_are_read() {
        for cidr in ["10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "2001:db8::/32", "::/0"] {
            assert_eq!(parse_network(cidr), cidr.parse().ok(), "{cidr}");
        }
        for cidr in
            ["010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.0", "/8", "::/129", "a/b/c"]
        {
            assert_eq!(parse_network(cidr), None, "{cidr}");
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let entries = [
            ("10.0.0.0/8", "office"),
            ("10.1.0.0/16", "production"),
            ("10.1.2.3/32", "the bastion"),
            ("2001:db8::/32", "six"),
            ("2001:db8:1::/48", "six production"),
        ];
        let networks = Networks::from_entries(entries).unwrap();
        assert_eq!(networks.len(), 5);
        for (address, expected) in [
            ("10.2.0.1", Some("office")),
            ("10.1.2.4", Some("production")),
            ("10.1.2.3", Some("the bastion")),
            ("::ffff:10.1.2.3", Some("the bastion")),
            ("11.0.0.0", None),
            ("2001:db8:2::1", Some("six")),
            ("2001:db8:1::1", Some("six production")),
            ("2001:db9::", None),
        ] {
            assert_eq!(name(&networks, address), expected, "{address}");
        }
    }

    #[test]
    fn all_addresses_of_a_family() {
        let networks = Networks::from_entries([("0.0.0.0/0", "four")]).unwrap();
        assert_eq!((name(&networks, "255.255.255.255"), name(&networks, "::")), (Some("four"), None));
        let networks = Networks::from_entries([("::/0", "six")]).unwrap();
        assert_eq!((name(&networks, "1.2.3.4"), name(&networks, "::ffff:1.2.3.4")), (None, Some("six")));
    }

    #[test]
    fn text() {
        let text = "\u{feff}# networks\r\n\r\n  10.0.0.0/8\t the  office  # since 2019\r\n\
                    fd00::/8 six#1\r\n   # end\r\n10.0.0.0/8 the  office";
        let networks = Networks::parse(text).unwrap();
        assert_eq!(networks.len(), 2);
        assert_eq!(name(&networks, "10.0.0.1"), Some("the  office"));
        assert_eq!(name(&networks, "fd00::1"), Some("six#1"));
        assert!(Networks::parse("\n# nothing\n").unwrap().is_empty());
    }

    #[test]
    fn errors_say_where_what_and_what_instead() {
        for (text, expected) in [
            (
                "\n10.0.0.0/33 x",
                "line 2: expected a network such as `10.0.0.0/8` or `2001:db8::/32`, found `10.0.0.0/33`",
            ),
            ("ten x", "line 1: expected a network such as `10.0.0.0/8` or `2001:db8::/32`, found `ten`"),
            (
                "10.0.0.1 x",
                "line 1: expected a network, found the address `10.0.0.1`; write `10.0.0.1/32` for that address alone",
            ),
            (
                "::1 x",
                "line 1: expected a network, found the address `::1`; write `::1/128` for that address alone",
            ),
            (
                "10.1.2.3/8 x",
                "line 1: expected the first address of a network, found `10.1.2.3/8`; the network is `10.0.0.0/8`",
            ),
            (
                "fd00::1/8 x",
                "line 1: expected the first address of a network, found `fd00::1/8`; the network is `fd00::/8`",
            ),
            ("# c\n10.0.0.0/8", "line 2: expected a name after `10.0.0.0/8`, found nothing"),
            ("10.0.0.0/8 # x", "line 1: expected a name after `10.0.0.0/8`, found nothing"),
            ("10.0.0.0/8 a\n10.0.0.0/8 b", "line 2: expected one name for `10.0.0.0/8`, found `b` after `a`"),
            (
                "\u{1b}[31m x",
                "line 1: expected a network such as `10.0.0.0/8` or `2001:db8::/32`, found `\\u{1b}[31m`",
            ),
        ] {
            assert_eq!(error(text), expected, "{text:?}");
        }
        let long = format!("10.0.0.0/8 {}", "n".repeat(MAX_NAME + 1));
        assert_eq!(error(&long), "line 1: expected a name of at most 200 bytes for `10.0.0.0/8`, found 201");
        let entries = [("10.0.0.0/8", "a"), ("fd00::/8", "b"), ("", "c")];
        let error = Networks::from_entries(entries).unwrap_err();
        assert_eq!(error, NetworksError::NotANetwork { place: Place::Entry(3), found: String::new() });
    }

    #[test]
    fn the_number_of_networks_is_bounded() {
        let host = |index: usize| format!("{}/32", Ipv4Addr::from_bits(u32::try_from(index).unwrap()));
        let entries = |count: usize| (0..count).map(move |index| (host(index), "host"));
        assert_eq!(Networks::from_entries(entries(MAX_NETWORKS)).unwrap().len(), MAX_NETWORKS);
        let error = Networks::from_entries(entries(MAX_NETWORKS + 1)).unwrap_err();
        assert_eq!(
            error,
            NetworksError::TooMany { place: Place::Entry(MAX_NETWORKS + 1), max: MAX_NETWORKS }
        );
    }

    fn any_network() -> impl Strategy<Value = IpNet> {
        // Few distinct bits, so that networks nest and addresses hit them.
        let v4 = (0..16_u32, 0..=32_u8).prop_map(|(bits, length)| {
            IpNet::from(Ipv4Net::new(Ipv4Addr::from_bits(bits << 26 | bits), length).unwrap()).trunc()
        });
        let v6 = (0..16_u128, 0..=128_u8).prop_map(|(bits, length)| {
            IpNet::from(Ipv6Net::new(Ipv6Addr::from_bits(bits << 120 | bits), length).unwrap()).trunc()
        });
        prop_oneof![v4, v6]
    }

    proptest! {
        #[test]
        fn agrees_with_a_scan(
            networks in prop::collection::vec(any_network(), 0..40),
            fours in prop::collection::vec(0..16_u32, 1..20),
            sixes in prop::collection::vec(0..16_u128, 1..20),
        ) {
            let names = networks.iter().map(|network| (network.to_string(), network.to_string()));
            let table = Networks::from_entries(names.clone()).unwrap();
            let text: Vec<_> = names.map(|(network, name)| format!("{network} {name}")).collect();
            let read = Networks::parse(&text.join("\n")).unwrap();
            let fours = fours.into_iter().map(|bits| IpAddr::from(Ipv4Addr::from_bits(bits << 26 | bits)));
            let sixes = sixes.into_iter().map(|bits| IpAddr::from(Ipv6Addr::from_bits(bits << 120 | bits)));
            for address in fours.chain(sixes) {
                let around = networks.iter().filter(|network| network.contains(&address));
                let expected = around.max_by_key(|network| network.prefix_len()).map(ToString::to_string);
                prop_assert_eq!(table.name_of(address), expected.as_deref());
                prop_assert_eq!(read.name_of(address), expected.as_deref());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-f.:/# \t\nä\u{2028}]{0,80}") {
            let _ = Networks::parse(&text);
        }
    }
}
