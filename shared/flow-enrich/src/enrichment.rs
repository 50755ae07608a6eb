//! The table of all enrichments: their names, what they hold and which fields they are worked out from.

use std::fmt;

use flow_record::{Field, FieldSet};
use serde::{Deserialize, Serialize};

/// What an enrichment's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnrichmentKind {
    /// A whole number; the flags among them are 1 or 0.
    Integer,
    /// Text.
    Text,
    /// An IPv4 or IPv6 address.
    Address,
}

struct EnrichmentRow {
    json_key: &'static str,
    insights_name: &'static str,
    kind: EnrichmentKind,
    needs: &'static [&'static [Field]],
    describe: &'static str,
}

macro_rules! enrichments {
    ($($variant:ident, $json:literal, $insights:literal, $kind:ident, $needs:ident, $describe:literal;)*) => {
        /// One enrichment: a name that queries and outputs can ask for beside the fields of the record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Enrichment {
            $(#[doc = concat!("`", $insights, "`: ", $describe, ".")] $variant,)*
        }

        impl Enrichment {
            /// Every enrichment, in table order.
            pub const ALL: [Enrichment; ENRICHMENT_COUNT] = [$(Enrichment::$variant,)*];

            /// The enrichment with this name in queries.
            pub fn from_insights_name(name: &str) -> Option<Self> {
                match name {
                    $($insights => Some(Enrichment::$variant),)*
                    _ => None,
                }
            }
        }

        const ENRICHMENT_COUNT: usize = [$($json,)*].len();

        static ROWS: [EnrichmentRow; ENRICHMENT_COUNT] = [$(EnrichmentRow {
            json_key: $json,
            insights_name: $insights,
            kind: EnrichmentKind::$kind,
            needs: $needs,
            describe: $describe,
        },)*];
    };
}

// What an enrichment is worked out from: alternatives, each of which is fields that must all be there.
const SRC_ADDR: &[&[Field]] = &[&[Field::SrcAddr]];
const DST_ADDR: &[&[Field]] = &[&[Field::DstAddr]];
const REAL_SRC: &[&[Field]] = &[&[Field::PktSrcAddr], &[Field::SrcAddr]];
const REAL_DST: &[&[Field]] = &[&[Field::PktDstAddr], &[Field::DstAddr]];
const PROTOCOL: &[&[Field]] = &[&[Field::Protocol]];
const SRC_PORT: &[&[Field]] = &[&[Field::Protocol, Field::SrcPort]];
const DST_PORT: &[&[Field]] = &[&[Field::Protocol, Field::DstPort]];
const TCP_FLAGS: &[&[Field]] = &[&[Field::TcpFlags]];
const TRAFFIC_PATH: &[&[Field]] = &[&[Field::TrafficPath]];
const FLAGS_OR_PORTS: &[&[Field]] = &[&[Field::TcpFlags], &[Field::Protocol, Field::SrcPort, Field::DstPort]];
const SIDES: &[&[Field]] = &[
    &[Field::TcpFlags, Field::SrcAddr, Field::DstAddr],
    &[Field::Protocol, Field::SrcPort, Field::DstPort, Field::SrcAddr, Field::DstAddr],
];
const BOTH_ENDS: &[&[Field]] = &[&[Field::SrcAddr, Field::DstAddr]];
const SERVER_PORT: &[&[Field]] = &[&[Field::Protocol, Field::SrcPort, Field::DstPort]];
const SIZES: &[&[Field]] = &[&[Field::Protocol, Field::Packets, Field::Bytes]];
const TIMES: &[&[Field]] = &[&[Field::Start, Field::End]];
const DIRECTION_OR_ENDS: &[&[Field]] = &[&[Field::FlowDirection], &[Field::SrcAddr, Field::DstAddr]];
// Ports are not among them: a protocol without ports has an id too.
const PROTOCOL_AND_ENDS: &[&[Field]] = &[
    &[Field::Protocol, Field::SrcAddr, Field::DstAddr],
    &[Field::Protocol, Field::PktSrcAddr, Field::PktDstAddr],
    &[Field::Protocol, Field::PktSrcAddr, Field::DstAddr],
    &[Field::Protocol, Field::SrcAddr, Field::PktDstAddr],
];

enrichments! {
    SrcScope, "src_scope", "srcScope", Text, SRC_ADDR, "the kind of address `srcAddr` is, such as private, public or shared";
    DstScope, "dst_scope", "dstScope", Text, DST_ADDR, "the kind of address `dstAddr` is, such as private, public or shared";
    SrcExternal, "src_external", "srcExternal", Integer, SRC_ADDR, "1 when `srcAddr` is public, documentation or reserved, in no network that you named (but `threat...`), and not in one IPv6 /56, as a VPC has, with `dstAddr`, else 0";
    DstExternal, "dst_external", "dstExternal", Integer, DST_ADDR, "1 when `dstAddr` is public, documentation or reserved, in no network that you named (but `threat...`), and not in one IPv6 /56, as a VPC has, with `srcAddr`, else 0";
    SrcNetwork, "src_network", "srcNetwork", Text, SRC_ADDR, "your name for the network `srcAddr` is in";
    DstNetwork, "dst_network", "dstNetwork", Text, DST_ADDR, "your name for the network `dstAddr` is in";
    ProtocolName, "protocol_name", "protocolName", Text, PROTOCOL, "the IANA keyword of `protocol`, such as tcp, udp or icmp";
    SrcService, "src_service", "srcService", Text, SRC_PORT, "the service `srcPort` is known for, such as ssh or https";
    DstService, "dst_service", "dstService", Text, DST_PORT, "the service `dstPort` is known for, such as ssh or https";
    TcpFlagsText, "tcp_flags_text", "tcpFlagsText", Text, TCP_FLAGS, "the flags in `tcpFlags`, such as SYN, SYN+ACK or none";
    Initiator, "initiator", "initiator", Text, FLAGS_OR_PORTS, "the side that opened the conversation: src, dst or unknown";
    Side, "side", "side", Text, FLAGS_OR_PORTS, "request or reply: whether the record goes from who opened the conversation, or back to him";
    ClientAddr, "client_addr", "clientAddr", Address, SIDES, "the address of who opened the conversation, when that can be told";
    ServerAddr, "server_addr", "serverAddr", Address, SIDES, "the address that the conversation was opened to, when that can be told";
    ServerPort, "server_port", "serverPort", Integer, SERVER_PORT, "the port that the conversation was opened to, when that can be told";
    LocalAddr, "local_addr", "localAddr", Address, BOTH_ENDS, "the interface's own end, as far as `direction` tells";
    RemoteAddr, "remote_addr", "remoteAddr", Address, BOTH_ENDS, "the other end than the interface's own, as far as `direction` tells";
    Carried, "carried", "carried", Text, SIZES, "what its packets had room for: content; of TCP without it, handshake (SYNs alone), opened (a SYN and more) or bare (not even a SYN)";
    Duration, "duration", "duration", Integer, TIMES, "the seconds from its first packet to its last";
    Direction, "direction", "direction", Text, DIRECTION_OR_ENDS, "ingress or egress: `flowDirection`, else inferred from which end is external";
    RealSrcAddr, "real_src_addr", "realSrcAddr", Address, REAL_SRC, "the packet's own source address: `pktSrcAddr`, else `srcAddr`";
    RealDstAddr, "real_dst_addr", "realDstAddr", Address, REAL_DST, "the packet's own destination address: `pktDstAddr`, else `dstAddr`";
    TrafficPathName, "traffic_path_name", "trafficPathName", Text, TRAFFIC_PATH, "the way out that `trafficPath` stands for, such as same-vpc or internet-gateway";
    CommunityId, "community_id", "communityId", Text, PROTOCOL_AND_ENDS, "the Community ID that Zeek, Suricata and others give this flow";
}

impl Enrichment {
    /// How many enrichments there are.
    pub const COUNT: usize = ENRICHMENT_COUNT;

    fn row(self) -> &'static EnrichmentRow {
        &ROWS[self as usize]
    }

    /// The key in JSON and CSV: the Insights name in snake case, `src_scope`.
    pub fn json_key(self) -> &'static str {
        self.row().json_key
    }

    /// The name in queries, in CloudWatch Logs Insights' style: `srcScope`.
    pub fn insights_name(self) -> &'static str {
        self.row().insights_name
    }

    /// The enrichment with this key in JSON.
    pub fn from_json_key(key: &str) -> Option<Self> {
        Enrichment::ALL.into_iter().find(|enrichment| enrichment.json_key() == key)
    }

    /// What its value is.
    pub fn kind(self) -> EnrichmentKind {
        self.row().kind
    }

    /// Whether [`enrichment_text`](crate::EnrichedFlow::enrichment_text) has all there is of it.
    #[inline]
    pub fn is_borrowed(self) -> bool {
        self.kind() == EnrichmentKind::Text && self != Enrichment::CommunityId
    }

    /// Whether it is the user's name for a network: without such names nothing has it.
    pub fn is_network_name(self) -> bool {
        matches!(self, Enrichment::SrcNetwork | Enrichment::DstNetwork)
    }

    /// Whether the user's names for networks bear on it.
    pub fn reads_networks(self) -> bool {
        self.is_network_name()
            || matches!(
                self,
                Enrichment::SrcExternal
                    | Enrichment::DstExternal
                    | Enrichment::LocalAddr
                    | Enrichment::RemoteAddr
                    | Enrichment::Direction
            )
    }

    /// What it is worked out from: alternatives, each of them fields that must all be present.
    ///
    /// A record that has no alternative complete lacks the enrichment, without exception; `initiator`, which is
    /// never absent, is then `unknown`. A complete alternative promises nothing: an address may be in no named
    /// network, a port may be no known service.
    pub fn needs(self) -> &'static [&'static [Field]] {
        self.row().needs
    }

    /// Whether records with these fields can have it: one of the alternatives that it [needs](Self::needs) is
    /// complete. Ask with [`RecordFormat::fields`](flow_record::RecordFormat::fields).
    pub fn is_possible_with(self, fields: FieldSet) -> bool {
        self.needs().iter().any(|alternative| alternative.iter().all(|field| fields.contains(*field)))
    }

    /// The fields to add to a format so that its records can have it: those that the alternative with the fewest
    /// gaps still lacks. Empty when [`is_possible_with`](Self::is_possible_with) the fields as they are.
    pub fn missing_from(self, fields: FieldSet) -> Vec<Field> {
        let lacks = |alternative: &&[Field]| -> Vec<Field> {
            alternative.iter().copied().filter(|field| !fields.contains(*field)).collect()
        };
        self.needs().iter().map(lacks).min_by_key(Vec::len).unwrap_or_default()
    }

    /// What it means, in one line without a full stop.
    pub fn describe(self) -> &'static str {
        self.row().describe
    }
}

/// Prints the name in queries.
impl fmt::Display for Enrichment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.insights_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snake(name: &str) -> String {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }

    #[test]
    fn names_follow_the_rule() {
        for enrichment in Enrichment::ALL {
            assert_eq!(enrichment.json_key(), snake(enrichment.insights_name()));
            let variant = format!("{enrichment:?}");
            assert!(variant[1..] == enrichment.insights_name()[1..], "{variant}");
            assert_eq!(enrichment.to_string(), enrichment.insights_name());
            assert!(!enrichment.describe().is_empty() && !enrichment.describe().ends_with('.'));
        }
    }

    #[test]
    fn names_are_found_again_and_are_no_fields() {
        for enrichment in Enrichment::ALL {
            let (insights_name, json_key) = (enrichment.insights_name(), enrichment.json_key());
            assert_eq!(Enrichment::from_insights_name(insights_name), Some(enrichment));
            assert_eq!(Enrichment::from_json_key(json_key), Some(enrichment));
            for name in [insights_name, json_key] {
                assert_eq!((Field::from_insights_name(name), Field::from_name(name)), (None, None), "{name}");
            }
        }
        assert_eq!(Enrichment::from_insights_name("src_scope"), None);
        assert_eq!(Enrichment::from_json_key("srcScope"), None);
    }

    #[test]
    fn what_a_format_lacks() {
        let set = |fields: &[Field]| fields.iter().copied().collect::<FieldSet>();
        let default = flow_record::RecordFormat::default().fields();
        let impossible: Vec<_> =
            Enrichment::ALL.into_iter().filter(|enrichment| !enrichment.is_possible_with(default)).collect();
        assert_eq!(impossible, [Enrichment::TcpFlagsText, Enrichment::TrafficPathName]);
        assert_eq!(Enrichment::TcpFlagsText.missing_from(default), [Field::TcpFlags]);
        assert_eq!(Enrichment::Initiator.missing_from(default), []);
        assert_eq!(Enrichment::Direction.missing_from(FieldSet::default()), [Field::FlowDirection]);
        let all = set(&Field::ALL);
        let no_source = set(&[Field::Protocol, Field::DstAddr]);
        assert_eq!(Enrichment::CommunityId.missing_from(no_source), [Field::SrcAddr]);
        assert!(
            Enrichment::ALL.into_iter().all(|enrichment| !enrichment.is_possible_with(FieldSet::default()))
        );
        assert!(Enrichment::ALL.into_iter().all(|enrichment| enrichment.is_possible_with(all)));
    }
}
