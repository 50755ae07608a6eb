//! The order of work from input to findings: for one machine with everything in memory, and for functions with state
//! and topics behind ports.
//!
//! - [`Detection`] reads any inputs to their end, keeps every pane and tells the findings: `flowgauge detect`.
//! - [`Pipeline`] takes one Lambda event: decode, parse, enrich, detect; then [`StateStore`] merges and [`Notifier`]
//!   tells. It is the only asynchronous code of the core, and knows neither AWS, nor a clock, nor the environment.
//!
//! What was read, refused, lost and told is counted in a [`Report`].

mod batch_store;
mod detection;
mod formats;
mod input;
mod memory;
mod pipeline;
mod ports;
mod report;
mod rule_files;

pub use batch_store::BatchStore;
pub use detection::{Detection, DetectionSettings};
pub use formats::{Formats, FormatsError};
pub use input::{Item, SourceLine, account_of, read_lines};
pub use memory::{DEFAULT_MAX_GROUPS, MemoryStore, Stored};
pub use pipeline::{AlertFormat, Definitions, MAX_ALERTS, Pipeline, PipelineSettings, RunError};
pub use ports::{BatchDeltas, MergedGroups, Notifier, Published, StateStore, Topic};
pub use report::{LineCounts, MAX_REJECT_SAMPLES, RejectOrigin, RejectSample, Report};
pub use rule_files::{RuleFilesError, read_rules, read_rules_alone, rules_of};
