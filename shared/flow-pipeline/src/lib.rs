//! The order of work from input to findings: for one machine with everything in memory, and for functions with state
//! and topics behind ports.
//!
//! - [`Detection`] reads any inputs to their end, keeps every pane and tells the findings: `flowgauge detect`.
//! - [`Pipeline`] takes one Lambda event: decode, parse, enrich, detect; then it merges into the items of a
//!   [`StateStore`], and tells what that leads to through a [`Notifier`], once. Its tick does what time alone brings
//!   about. It is the only asynchronous code of the core, and knows neither AWS, nor a clock, nor the environment.
//! - [`Replay`] runs such a pipeline over history, with the records' own times as its clock: `flowgauge replay`.
//!
//! What was read, refused, lost and told is counted in a [`Report`].

mod alert_limit;
mod at_once;
mod detection;
mod flow_logs;
mod formats;
mod found_formats;
mod input;
mod kept_panes;
mod late;
mod memory_store;
mod merging;
mod notifier;
mod opening;
mod pause;
mod pipeline;
mod put_back;
mod replay;
mod report;
mod rule_files;
mod run;
mod spanning;
mod state_store;
mod store_error;
mod suppressions;
mod telling;
mod tick;
mod transformation;
mod variables;

pub use alert_limit::ALERT_PERIOD;
pub use at_once::now_or_never;
pub use detection::{Detection, DetectionSettings};
pub use flow_logs::{FlowLogs, FormatsOfGroup};
pub use formats::{Formats, FormatsError};
pub use found_formats::FormatNote;
pub use input::{Item, SourceLine, account_of, read_lines};
pub use kept_panes::{DEFAULT_MAX_GROUPS, KeptPanes, Stored};
pub use late::{LateEvents, Standing};
pub use memory_store::MemoryStore;
pub use notifier::{Notifier, Published, Topic};
pub use pipeline::{
    AlertFormat, DEFAULT_ALERT_LIMIT, Definitions, Pipeline, PipelineSettings, RunError, USUAL_DELIVERY,
};
pub use put_back::{MAX_RECORD, PutBack, StreamEntry, StreamSource};
pub use replay::{History, OneADay, Replay, ReplaySettings, RuleHistory, SubjectHistory, Told};
pub use report::{LineCounts, Looks, MAX_REJECT_SAMPLES, RejectOrigin, RejectSample, Report};
pub use rule_files::{RuleFilesError, read_rules, read_rules_alone, rules_of};
pub use spanning::MAX_BUCKETS;
pub use state_store::{Content, Due, ItemKey, ItemKeyError, StateStore, StoredItem, Write, Written};
pub use store_error::StoreError;
pub use suppressions::{
    MAX_SUPPRESSIONS, SUPPRESSION_KEYS, Suppression, SuppressionKey, Suppressions, SuppressionsError,
};
pub use telling::LEASE;
pub use tick::MAX_DUE;
pub use transformation::{
    EventCounts, FAILURE_REASONS, PartitionKey, Sampling, SettingWarning, TRANSFORMATION_VARIABLES,
    Transformation, TransformationError, TransformationReport, TransformationSettings, Transformed, Unwanted,
    WithoutFlow,
};
pub use variables::{LOG_FORMAT, Lookup, MAX_DECOMPRESSED_BYTES, NETWORKS, Variable, VariableError};
