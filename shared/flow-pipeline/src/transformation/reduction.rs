//! Which records are left out, so that users pay for fewer.

use std::net::IpAddr;

use flow_enrich::EnrichedFlow;
use flow_query::{FilterPattern, RecordFilter};
use flow_record::{Field, FlowRecord};
use xxhash_rust::xxh3::xxh3_64;

/// What is to be left out.
#[derive(Debug, Clone)]
pub enum Unwanted {
    /// Records for which Insights' `filter` holds.
    Filter(RecordFilter),
    /// Lines that a CloudWatch Logs filter pattern matches.
    Pattern(FilterPattern),
}

impl Unwanted {
    pub(super) fn is(&self, flow: &EnrichedFlow<'_>) -> bool {
        match self {
            Unwanted::Filter(filter) => filter.holds(flow),
            Unwanted::Pattern(pattern) => pattern.matches(flow.record.line()),
        }
    }
}

/// Whether one in `size` flows is to be this one.
///
/// By a hash of addresses, ports and protocol, the same in both directions: all records of a flow are in the sample, or
/// none, in every run and every function. The hash is XXH3 with 64 bits.
pub(super) fn is_in_sample(record: &FlowRecord<'_>, size: u64) -> bool {
    let end = |address, port| (record.address(address), record.integer(port));
    let mut ends = [end(Field::SrcAddr, Field::SrcPort), end(Field::DstAddr, Field::DstPort)];
    if ends.iter().all(|(address, _)| address.is_none()) {
        return xxh3_64(record.line().as_bytes()).is_multiple_of(size);
    }
    ends.sort();
    let mut key = [0; 2 * (16 + 8) + 8];
    for ((address, port), place) in ends.into_iter().zip(key.chunks_exact_mut(24)) {
        place[..16].copy_from_slice(&octets(address));
        place[16..].copy_from_slice(&port.unwrap_or_default().to_le_bytes());
    }
    key[48..].copy_from_slice(&record.integer(Field::Protocol).unwrap_or_default().to_le_bytes());
    xxh3_64(&key).is_multiple_of(size)
}

fn octets(address: Option<IpAddr>) -> [u8; 16] {
    match address {
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(address)) => address.octets(),
        None => [0; 16],
    }
}

#[cfg(test)]
mod tests {
    use flow_record::RecordFormat;

    use super::*;

    fn is_in(line: &str, size: u64) -> bool {
        is_in_sample(RecordFormat::default().parse(line).unwrap().record(), size)
    }

    fn line(port: u16) -> String {
        format!("2 123456789010 eni-1 10.0.0.5 192.0.2.7 {port} 22 6 20 4249 1418530010 1418530070 ACCEPT OK")
    }

    #[test]
    fn about_one_in_so_many_flows_both_directions_together() {
        let kept = (1000..11_000).filter(|port| is_in(&line(*port), 10)).count();
        assert!((900..1100).contains(&kept), "{kept}");
        for port in 1000..1100 {
            let reply =
                format!("2 1 eni-1 192.0.2.7 10.0.0.5 22 {port} 6 1 40 1418530011 1418530012 ACCEPT OK");
            assert_eq!(is_in(&line(port), 10), is_in(&reply, 10));
            assert!(is_in(&reply, 1));
        }
    }

    /// Samples of two versions of the program must be the same.
    #[test]
    fn the_hash_stays_what_it_is() {
        let kept: Vec<_> = (1000..1030).filter(|port| is_in(&line(*port), 10)).collect();
        assert_eq!(kept, [1009, 1014]);
    }
}
