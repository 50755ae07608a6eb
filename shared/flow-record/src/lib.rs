//! Turns one line of a VPC or Transit Gateway flow log into one typed record, and back into a line.
//!
//! A [`RecordFormat`] says which columns a line has; [`RecordFormat::parse`] reads a line with it, and
//! [`RecordFormat::parse_into`] many:
//!
//! ```
//! use flow_record::{Field, Line, RecordFormat};
//!
//! let format: RecordFormat = "${interface-id} ${srcaddr} ${dstport} ${action} ${log-status}".parse()?;
//! let line = format.parse("eni-1235b8ca123456789 203.0.113.12 22 REJECT OK").expect("five columns that fit");
//! let Line::Flow(record) = line else { panic!("the status is OK") };
//! assert_eq!(record.integer(Field::DstPort), Some(22));
//! assert_eq!(record.text(Field::Action), Some("REJECT"));
//! # Ok::<(), flow_record::FormatError>(())
//! ```
//!
//! Facts are those of "Flow log records" in the Amazon VPC user guide and of "Transit Gateway Flow Logs records"
//! in the Transit Gateway guide. This crate does no IO, knows no clock and, with a [`RecordBuffer`],
//! allocates nothing per line.

mod address;
mod address_text;
mod buffer;
mod error;
mod field;
mod format;
mod plan;
mod record;
mod scan;
mod value;

pub use address_text::AddressText;
pub use buffer::RecordBuffer;
pub use error::{Expected, Fault, FormatError, ParseError, RejectKind, Shown};
pub use field::{Field, FieldKind, FieldSet, FlowLogSource};
pub use format::{Column, MAX_COLUMNS, MAX_LINE, RecordFormat, TGW_DEFAULT, VPC_DEFAULT, VPC_V5};
pub use record::{FlowRecord, Line};
pub use value::Value;
