//! The order of work from input to findings, and the memory store that keeps state on one machine.
//!
//! [`read_lines`] makes any input a sequence of lines with their format and origin; [`Detection`] takes them through
//! parse, enrich, detect and merge, and tells the findings. What was read, refused and lost is counted in a
//! [`Report`].

mod detection;
mod input;
mod memory;
mod report;

pub use detection::{Detection, DetectionSettings};
pub use input::{Item, SourceLine, account_of, read_lines};
pub use memory::{DEFAULT_MAX_GROUPS, MemoryStore, Stored};
pub use report::{LineCounts, MAX_REJECT_SAMPLES, RejectSample, Report};
