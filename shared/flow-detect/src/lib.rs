//! Detections over flow records: rules kept as queries over sliding windows of event time, and the findings they
//! lead to.
//!
//! The way of one batch through this crate:
//!
//! 1. [`RuleSet`] holds the compiled rules; [`RuleSet::for_format`] picks those that a log format can serve.
//! 2. [`Deltas::observe`] folds each matching record into what the batch adds to one (rule, scope, pane, group).
//! 3. [`Groups::merge`] adds deltas to the panes kept; any cut and any order of the same records end the same.
//! 4. [`Groups::findings`] slides every group's windows and tells each [`Episode`] as a [`Finding`].
//! 5. [`EpisodeRecord::observe`] adds a finding to what is known of its id, and says what is to be told.
//!
//! Everything here takes values and gives values: no IO, no clock, no store.

mod built_in;
mod context;
mod definition_error;
mod deltas;
mod detector;
mod detectors;
mod duration;
mod episode;
mod episode_record;
mod finding;
mod groups;
mod life;
mod logic;
mod pane;
mod peaks;
mod rule;
mod rule_file;
mod rule_set;
mod rule_test;
mod samples;
mod scope;
mod snapshot;
mod state;
mod stored_value;
mod text;
mod toml_reader;
mod window;

pub use context::Context;
pub use definition_error::{DefinitionError, DefinitionErrorKind, MAX_MISTAKES};
pub use deltas::{Delta, Deltas, Observed};
pub use duration::{parse_duration, show_duration};
pub use episode::Episode;
pub use episode_record::{Audience, EpisodeRecord, RECORD_SCHEMA, RecordError};
pub use finding::{Finding, FindingId, Status, interface_of, port_of};
pub use groups::{GroupId, Groups, Merged};
pub use life::{Change, Silence, Step, Teller, Telling};
pub use logic::Logic;
pub use pane::{PaneState, Panes};
pub use peaks::Peaks;
pub use rule::{Mode, Rule, Severity};
pub use rule_set::{ActiveRules, RuleSet};
pub use rule_test::{RepeatedLine, RuleTest, TestFailure};
pub use samples::MAX_SAMPLES;
pub use scope::{Scope, ScopeWidth};
pub use snapshot::FindingSnapshot;
pub use state::{
    BUCKETS, MAX_GROUPS, MAX_ITEM_BYTES, Outcome, REDELIVERED_WITHIN, STATE_VERSION, StateError, StateItem,
    StateKey, by_state_key,
};
pub use text::{Language, Localized, Words};
pub use toml_reader::{Placed, TableReader, TomlFile};
pub use window::{FUTURE_TOLERANCE, Look, Watermark, Window, Windowing};
