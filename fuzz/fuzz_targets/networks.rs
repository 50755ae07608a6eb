//! Any text is a table of networks or not; in one that is, every network's first address has a name.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow_enrich::Networks;
use flow_fuzz::shows_briefly;
use libfuzzer_sys::fuzz_target;

const ADDRESSES: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::BROADCAST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1)),
];

fuzz_target!(|text: &str| {
    let networks = match Networks::parse(text) {
        Ok(networks) => networks,
        Err(error) => return shows_briefly(&error),
    };
    for address in ADDRESSES {
        if let Some(name) = networks.name_of(address) {
            assert!(!name.is_empty() && text.contains(name), "{name:?}");
        }
    }
    let mut lines = 0;
    for word in text.trim_start_matches('\u{feff}').lines().filter_map(|line| line.split_whitespace().next())
    {
        let Some((first, _)) = word.split_once('/').filter(|_| !word.starts_with('#')) else { continue };
        lines += 1;
        let address: IpAddr = first.parse().expect("a table's lines begin with networks");
        assert!(networks.name_of(address).is_some(), "{word}");
    }
    assert!(networks.len() <= lines);
    assert_eq!(networks.is_empty(), lines == 0);
});
