//! Flow records and findings as JSON, as CSV and as text for people, in English and Japanese.
//!
//! Everything that comes from a log is hostile: text for people is stripped of control and bidirectional characters
//! ([`plain`]), CSV cells can't become formulas, JSON keeps every value but escapes such characters.

mod alert;
mod cell;
mod console;
mod digest;
mod explanation;
mod finding_json;
mod json;
mod message;
mod number;
mod plain;
mod record_encoder;
mod rows;
mod scalar;
mod suppression_lines;
mod time;

pub use alert::Alert;
pub use console::{insights_link, narrowed_query};
pub use digest::Digest;
pub use explanation::Explainer;
pub use finding_json::{FINDING_SCHEMA, finding_json};
pub use message::{Attribute, MAX_MESSAGE, Message};
pub use number::{group_digits, show_bytes};
pub use plain::{escape_json, plain, plain_lines};
pub use record_encoder::{ContextKey, FieldsError, Marks, RecordEncoder, RecordEncoding, Rejection};
pub use rows::{write_csv_names, write_csv_row, write_row_json};
pub use suppression_lines::suppression_lines;
pub use time::{show_day, show_time};
