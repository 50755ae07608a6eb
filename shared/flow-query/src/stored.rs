//! A compiled detection as bytes, so that a program may carry it instead of compiling it at every start.

use crate::continuous::ContinuousQuery;

impl ContinuousQuery {
    /// Itself as bytes, for this version of the program alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("lists whose lengths are known, in memory")
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; of anything else none, or some query: the bytes are the program's own.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::{ContinuousQuery, Query};

    #[test]
    fn what_is_read_is_what_was_written() {
        for text in [
            "filter srcAddr = '10.0.0.1' and @message like /a|b/ | stats count(*) as n by dstPort | filter n > 3",
            "filter isIpInSubnet(srcAddr, '10.0.0.0/8') and bytes > 1.5 * packets and not dstPort in [22, 80]
             | stats pct(bytes, 95) as p, earliest(srcPort) as first by bin(5m), interfaceId | filter p > 3 or first = 7",
            "filter srcNetwork like /^threat/ or dstNetwork not like 'x' or side != 'reply' or ispresent(tcpFlags)
             | stats sum(bytes * (side = 'reply')) as sent by coalesce(pktSrcAddr, srcAddr) | filter sent >= 2",
        ] {
            let query = ContinuousQuery::compile(&Query::parse(text).unwrap()).unwrap();
            let bytes = query.to_bytes();
            let read = ContinuousQuery::from_bytes(&bytes).unwrap();
            assert_eq!(format!("{read:?}"), format!("{query:?}"));
            assert!(ContinuousQuery::from_bytes(&bytes[..bytes.len() - 1]).is_none());
        }
    }
}
