//! Flow records and findings as JSON, as CSV and as text for people, in English and Japanese.
//!
//! Everything that comes from a log is hostile: text for people is stripped of control and bidirectional characters
//! ([`plain`]), CSV cells can't become formulas, JSON keeps every value but escapes such characters.

mod alert;
mod console;
mod csv;
mod digest;
mod explanation;
mod finding_json;
mod flat_json;
mod message;
mod number;
mod plain;
mod rows;
mod suppression_lines;
mod time;

pub use alert::Alert;
pub use console::{insights_link, narrowed_query};
pub use csv::CsvWriter;
pub use digest::Digest;
pub use explanation::Explainer;
pub use finding_json::{FINDING_SCHEMA, finding_json};
pub use flat_json::write_flat_json;
pub use message::{Attribute, MAX_MESSAGE, Message};
pub use number::{group_digits, show_bytes};
pub use plain::{escape_json, plain, plain_lines};
pub use rows::{write_csv_names, write_csv_row, write_row_json};
pub use suppression_lines::suppression_lines;
pub use time::{show_day, show_time};
