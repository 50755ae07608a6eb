//! The rules that a command runs.

use std::path::Path;

use flow_detect::RuleSet;
use flow_pipeline::{read_rules, read_rules_alone};

use crate::failure::Failure;

/// The built-in rules, replaced and joined by those of `dir`.
pub(crate) fn load(dir: Option<&Path>) -> Result<RuleSet, Failure> {
    Ok(dir.map_or_else(|| Ok(RuleSet::defaults()), read_rules)?)
}

/// The rules of `dir` alone.
pub(crate) fn load_only(dir: &Path) -> Result<RuleSet, Failure> {
    Ok(read_rules_alone(dir)?)
}
