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

/// How one in some accepted flows is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// One in so many: with 1 all are kept.
    pub one_in: u64,
    /// A record of so many bytes or more is kept whatever its flow, and stands for itself.
    pub below_bytes: u64,
}

/// What tells one flow from another. A record that lacks any of these is kept.
pub(super) const FLOW_KEY: [Field; 5] =
    [Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort, Field::Protocol];

impl Sampling {
    /// How many records this one stands for; none when it is not in the sample.
    ///
    /// Threshold sampling (Duffield, Lund, Thorup, "Learn more, sample less", 2005): a few records carry most of the bytes,
    /// so that a sum over a sample which may miss them says little. Small ones are chosen by their flow.
    pub(super) fn weight(self, record: &FlowRecord<'_>) -> Option<u64> {
        let is_large = || record.integer(Field::Bytes).is_some_and(|bytes| bytes >= self.below_bytes);
        if self.one_in == 1 || record.text(Field::Action) != Some("ACCEPT") || is_large() {
            return Some(1);
        }
        let Some(hash) = flow_hash(record) else { return Some(1) };
        hash.is_multiple_of(self.one_in).then_some(self.one_in)
    }
}

/// A hash of addresses, ports and protocol, the same in both directions, in every run and every function: XXH3 with 64 bits.
fn flow_hash(record: &FlowRecord<'_>) -> Option<u64> {
    let end = |address, port| Some((record.address(address)?, record.integer(port)?));
    let mut ends = [end(Field::SrcAddr, Field::SrcPort)?, end(Field::DstAddr, Field::DstPort)?];
    ends.sort();
    let mut key = [0; 2 * (16 + 8) + 8];
    for ((address, port), place) in ends.into_iter().zip(key.chunks_exact_mut(24)) {
        place[..16].copy_from_slice(&octets(address));
        place[16..].copy_from_slice(&port.to_le_bytes());
    }
    key[48..].copy_from_slice(&record.integer(Field::Protocol)?.to_le_bytes());
    Some(xxh3_64(&key))
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

#[cfg(test)]
mod tests {
    use flow_record::RecordFormat;

    use super::*;

    fn weight(line: &str, one_in: u64) -> Option<u64> {
        let sampling = Sampling { one_in, below_bytes: 5000 };
        sampling.weight(RecordFormat::default().parse(line).unwrap().record())
    }

    fn is_in(line: &str, one_in: u64) -> bool {
        weight(line, one_in).is_some()
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

    #[test]
    fn what_is_large_or_refused_or_of_no_known_flow_stands_for_itself() {
        let in_sample = line(1009);
        assert_eq!((weight(&in_sample, 10), weight(&line(1010), 10)), (Some(10), None));
        for text in [&in_sample, &line(1010)] {
            assert_eq!(weight(&text.replace("ACCEPT", "REJECT"), 10), Some(1));
            assert_eq!(weight(&text.replace("4249", "4999"), 10), weight(text, 10));
            assert_eq!(weight(&text.replace("4249", "5000"), 10), Some(1));
            assert_eq!(weight(&text.replace("4249", "-"), 10), weight(text, 10));
            assert_eq!(weight(&text.replace(" 22 ", " - "), 10), Some(1));
        }
    }

    /// Samples of two versions of the program must be the same.
    #[test]
    fn the_hash_stays_what_it_is() {
        let kept: Vec<_> = (1000..1030).filter(|port| is_in(&line(*port), 10)).collect();
        assert_eq!(kept, [1009, 1014]);
    }
}
