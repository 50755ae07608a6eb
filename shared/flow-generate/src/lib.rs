//! Makes flow logs of a network that does not exist: ordinary traffic, and attacks that are labelled.
//!
//! ```
//! use flow_generate::{Settings, Traffic};
//! use flow_record::RecordFormat;
//!
//! let format = RecordFormat::default();
//! let traffic = Traffic::new(&Settings { seed: 7, interfaces: 5, ..Settings::default() });
//! for record in traffic.take(100) {
//!     let line = record.display(&format).to_string();
//!     assert!(format.parse(&line).is_ok());
//! }
//! ```
//!
//! The same [`Settings`] give the same records on every machine. Memory does not grow with the duration. What is made is
//! *conversations* between two ends; every interface that sees one writes records of both ways of it, for each interval
//! that it goes on, as AWS's "Flow log records" and "Flow log record examples" describe.

mod background;
mod bare;
mod batches;
mod conversation;
mod dice;
mod label;
mod network;
mod outside;
mod record;
mod rhythm;
mod routes;
mod scenario;
mod traffic;

pub use batches::{Batch, Batches, EventEncoder};
pub use label::Label;
pub use network::{Interface, MAX_INTERFACES, Network, Role};
pub use outside::Family;
pub use record::Record;
pub use scenario::Scenario;
pub use traffic::{Aggregation, Settings, Traffic};
