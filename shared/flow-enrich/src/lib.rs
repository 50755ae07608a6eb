//! What a flow record means, worked out from in-memory tables: scopes, names, direction, Community ID.
//!
//! A flow log says `10.0.1.5`, `6` and `18`; a person asks for "private", "tcp" and "SYN+ACK". An
//! [`EnrichedFlow`] is a record with where it came from ([`Origin`]) and the user's [`Tables`]; each
//! [`Enrichment`] is one more name it answers to, computed when asked for and not before:
//!
//! ```
//! use flow_enrich::{EnrichedFlow, EnrichedValue, Enrichment, Networks, Origin, Tables};
//! use flow_record::RecordFormat;
//!
//! let format = RecordFormat::default();
//! let line = "2 123456789010 eni-1235b8ca123456789 203.0.113.12 10.0.0.220 49761 3389 6 20 4249 \
//!             1418530010 1418530070 REJECT OK";
//! let line = format.parse(line).expect("a line of the default format");
//! let tables = Tables { networks: Networks::parse("10.0.0.0/16 production")? };
//! let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
//!
//! assert_eq!(flow.enrichment(Enrichment::DstService), Some(EnrichedValue::Text("ms-wbt-server".into())));
//! assert_eq!(flow.enrichment(Enrichment::DstNetwork), Some(EnrichedValue::Text("production".into())));
//! assert_eq!(flow.enrichment(Enrichment::Initiator), Some(EnrichedValue::Text("src".into())));
//! # Ok::<(), flow_enrich::NetworksError>(())
//! ```
//!
//! This crate does no IO and knows no clock: tables arrive as values.

mod carried;
mod community;
mod conversation;
mod enrichment;
mod flags;
mod flow;
mod networks;
mod paths;
mod protocols;
pub mod scope;
mod service_table;
mod services;

pub use carried::Carried;
pub use conversation::{Externals, Side};
pub use enrichment::{Enrichment, EnrichmentKind};
pub use flags::{FIN, RST, SYN, tcp_flags_text};
pub use flow::{EnrichedFlow, EnrichedValue, Origin, Tables};
pub use networks::{MAX_NAME, MAX_NETWORKS, Networks, NetworksError, Place, THREAT, parse_network};
pub use paths::traffic_path_name;
pub use protocols::{has_ports, protocol_name};
pub use scope::Scope;
pub use services::service_name;
