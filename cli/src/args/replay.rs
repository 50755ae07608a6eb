//! What `flowgauge replay` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{DefinitionArgs, InputArgs, ModeArg};

/// Run the detections over history and say what would have been sent.
///
/// The records go through the whole pipeline of the functions, with their own times as its clock: episodes, repeats,
/// suppressions, digests. Give inputs in the order of time.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub definitions: DefinitionArgs,

    /// File that says which findings are expected, why and until when: nobody would be told of them
    ///
    /// An entry holds as long as the records' own clock is before its end.
    #[arg(long, value_name = "FILE")]
    pub suppressions: Option<PathBuf>,

    /// Which rules to run, all of them as though they told people
    #[arg(long, value_enum, default_value_t = ModeArg::Notify)]
    pub mode: ModeArg,

    /// What to print
    #[arg(long, value_enum, default_value_t = HistoryOutput::Text)]
    pub output: HistoryOutput,

    /// Show this many findings of a rule, those told most
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub top: usize,

    /// Keep at most this many groups at a time to work out thresholds, all rules together
    #[arg(long, value_name = "N", default_value_t = flow_pipeline::DEFAULT_MAX_GROUPS)]
    pub max_groups: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HistoryOutput {
    /// A table of rules, then each rule's days and findings
    Text,
    /// One object
    Json,
}
