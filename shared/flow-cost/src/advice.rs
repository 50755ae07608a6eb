//! What would cost less, as far as a user can choose it.

use crate::model::Model;
use crate::workload::{Architecture, Workload};

/// A change and what it saves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advice {
    /// What to change.
    pub change: Change,
    /// Dollars a month that it saves.
    pub saves: f64,
}

/// What a user can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Log refused traffic only.
    RefusedOnly,
    /// Log in AWS's default format.
    DefaultFormat,
    /// Run on AWS's own processors.
    Arm64,
    /// Give the function the memory that the template gives it.
    TemplateMemory,
    /// Make no dashboard.
    NoDashboard,
}

impl Change {
    const ALL: [Change; 5] = [
        Change::RefusedOnly,
        Change::DefaultFormat,
        Change::Arm64,
        Change::TemplateMemory,
        Change::NoDashboard,
    ];

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Change::RefusedOnly => "refused_only",
            Change::DefaultFormat => "default_format",
            Change::Arm64 => "arm64",
            Change::TemplateMemory => "template_memory",
            Change::NoDashboard => "no_dashboard",
        }
    }
}

/// What saves less than this part of everything is not worth a word.
const WORTH_A_WORD: f64 = 0.01;

impl Model<'_> {
    /// What would save the most, that first. What is saved by several changes together is less than their sum.
    pub fn advice(&self, workload: &Workload) -> Vec<Advice> {
        let estimate = self.estimate(workload);
        let now = estimate.total();
        let saving = |change: Change| {
            let then = self.estimate(&self.changed(workload, change));
            let saves = match change {
                // State is mostly about refused traffic and stays.
                Change::RefusedOnly => estimate.flow_logs - then.flow_logs,
                _ => now - then.total(),
            };
            Advice { change, saves }
        };
        let mut advice: Vec<Advice> = Change::ALL.into_iter().map(saving).collect();
        advice.retain(|one| one.saves > now * WORTH_A_WORD);
        advice.sort_by(|one, other| other.saves.total_cmp(&one.saves));
        advice
    }

    fn changed(&self, workload: &Workload, change: Change) -> Workload {
        let as_it_is = workload.clone();
        match change {
            Change::RefusedOnly => {
                let refused = 1.0 - self.measured.traffic.accepted_part;
                Workload { lines: workload.lines * refused, ..as_it_is }
            }
            Change::DefaultFormat => {
                let default = self.measured.formats().first().unwrap_or(&workload.format);
                Workload { format: default.clone(), ..as_it_is }
            }
            Change::Arm64 => Workload { architecture: Architecture::Arm64, ..as_it_is },
            Change::TemplateMemory => Workload { memory: self.measured.stack.memory, ..as_it_is },
            Change::NoDashboard => Workload { has_dashboard: false, ..as_it_is },
        }
    }
}
