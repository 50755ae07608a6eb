//! Which entries can cover a finding: each is filed under the narrowest thing it names.

use std::collections::HashMap;
use std::net::IpAddr;

use flow_detect::{Finding, port_of};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use super::{Suppression, addresses_of, interfaces_of};

/// The places of entries, ascending, by what they name.
#[derive(Debug, Default)]
pub(super) struct Index {
    v4: PrefixMap<Ipv4Net, Vec<usize>>,
    v6: PrefixMap<Ipv6Net, Vec<usize>>,
    others: HashMap<Name, Vec<usize>>,
}

/// What an entry without a network is filed under.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Name {
    Interface(String),
    Port(u16),
    Rule(String),
}

impl Name {
    /// The narrowest of what `entry` names.
    fn of(entry: &Suppression) -> Option<Self> {
        let interface = entry.interface.clone().map(Name::Interface);
        interface.or(entry.port.map(Name::Port)).or_else(|| entry.rule.clone().map(Name::Rule))
    }
}

impl Index {
    pub(super) fn new(entries: &[Suppression]) -> Self {
        let mut index = Index::default();
        for (place, entry) in entries.iter().enumerate() {
            let places = match (entry.network, Name::of(entry)) {
                (Some(IpNet::V4(network)), _) => index.v4.entry(network).or_default(),
                (Some(IpNet::V6(network)), _) => index.v6.entry(network).or_default(),
                (None, Some(name)) => index.others.entry(name).or_default(),
                // It names nothing, so that the file was refused.
                (None, None) => continue,
            };
            places.push(place);
        }
        index
    }

    /// Lists of entries, which hold all that cover `finding`.
    pub(super) fn candidates<'i>(&'i self, finding: &'i Finding<'_>) -> impl Iterator<Item = &'i [usize]> {
        let networks = addresses_of(finding).flat_map(|address| self.around(address));
        let names = interfaces_of(finding)
            .map(|interface| Name::Interface(interface.to_owned()))
            .chain(port_of(&finding.subject).map(Name::Port))
            .chain([Name::Rule(finding.rule.id.clone())]);
        networks.chain(names.filter_map(|name| self.others.get(&name))).map(Vec::as_slice)
    }

    fn around(&self, address: IpAddr) -> impl Iterator<Item = &Vec<usize>> {
        let four = match address.to_canonical() {
            IpAddr::V4(address) => Some(self.v4.cover_values(&address.into())),
            IpAddr::V6(_) => None,
        };
        let six = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(self.v6.cover_values(&address.into())),
        };
        four.into_iter().flatten().chain(six.into_iter().flatten())
    }
}
