//! What a user knows of his logs and his stack.

use crate::measured::{Format, Measured};
use crate::volume::Volume;

/// A month of flow logs and the stack that reads them, as the templates make it unless something else is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Log lines a month.
    pub lines: f64,
    /// Their format.
    pub format: Format,
    /// Records that a batch has on average, 1 at least: CloudWatch Logs' choice.
    pub batch: f64,
    /// The function's memory in MB.
    pub memory: f64,
    /// Its processor.
    pub architecture: Architecture,
    /// Whether the dashboard is paid for: three of an account are free.
    pub has_dashboard: bool,
    /// Findings that begin in a day.
    pub findings_a_day: f64,
    /// Of which people are told by mail, each with one recipient.
    pub alerts_a_day: f64,
    /// Days that `templates/archive.yaml` keeps records, if it is used.
    pub archive_days: Option<f64>,
    /// Whether CloudWatch Logs would not take the flow logs anyway.
    pub pays_for_flow_logs: bool,
}

/// The processor of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Intel's and AMD's.
    X86_64,
    /// AWS's own.
    Arm64,
}

impl Workload {
    /// The template's defaults, and batches of 500 records.
    pub fn new(volume: Volume, format: &Format, measured: &Measured) -> Self {
        Workload {
            lines: match volume {
                Volume::Bytes(bytes) => bytes / format.line_bytes,
                Volume::Lines(lines) => lines,
                Volume::Interfaces(interfaces) => interfaces * measured.lines_of_an_interface(),
            },
            format: format.clone(),
            batch: 500.0,
            memory: measured.stack.memory,
            architecture: Architecture::X86_64,
            has_dashboard: false,
            findings_a_day: 10.0,
            alerts_a_day: 5.0,
            archive_days: None,
            pays_for_flow_logs: true,
        }
    }

    /// Bytes of log lines a month.
    pub fn bytes(&self) -> f64 {
        self.lines * self.format.line_bytes
    }
}
