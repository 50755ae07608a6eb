//! Findings that a file of suppressions keeps from being printed, and what is to be known of the file itself.

use std::fs;
use std::path::Path;

use flow_detect::{Finding, RuleSet};
use flow_pipeline::{Suppression, Suppressions};

use crate::clock::now;
use crate::failure::Failure;
use crate::messages;

/// How many lines or entries are named; the others are counted.
const MOST_NAMED: usize = 10;

/// The entries of `path`. What in them does nothing or ends in years is warned of.
pub(crate) fn load(path: &Path, rules: &RuleSet) -> Result<Suppressions, Failure> {
    let suppressions = load_timeless(path, rules)?;
    let file = suppressions.file();
    warn(file, suppressions.expired(now()), "that expired");
    warn(file, suppressions.far(now()), "that will hold for more than a year");
    Ok(suppressions)
}

/// The entries of `path`, for whom the time now is nothing. What in them does nothing at any time is warned of.
pub(crate) fn load_timeless(path: &Path, rules: &RuleSet) -> Result<Suppressions, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    let suppressions = Suppressions::parse(&path.display().to_string(), &text)?;
    warn(suppressions.file(), suppressions.unknown_rules(rules), "with a rule that does not exist");
    Ok(suppressions)
}

fn warn<'s>(file: &str, entries: impl Iterator<Item = &'s Suppression>, what: &str) {
    let mut lines: Vec<usize> = entries.map(|entry| entry.line).collect();
    if lines.is_empty() {
        return;
    }
    lines.sort_unstable();
    let count = messages::count(lines.len() as u64, "suppression", "suppressions");
    let named: Vec<_> = lines.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = if lines.len() > MOST_NAMED { ", ..." } else { "" };
    let word = if lines.len() == 1 { "line" } else { "lines" };
    messages::warning(&format!("{file}: {count} {what}: {word} {}{more}", named.join(", ")));
}

/// Leaves in `findings` what is to be printed; tells the rest and returns its number.
///
/// Each finding is judged at the time it was last seen: as a function would have judged it then, and the same however
/// often the same files are read.
pub(crate) fn leave_out(findings: &mut Vec<Finding<'_>>, suppressions: &Suppressions) -> usize {
    let mut counts: Vec<(&Suppression, u64)> = Vec::new();
    let before = findings.len();
    findings.retain(|finding| {
        let Some(entry) = suppressions.matching(finding, finding.episode.last_seen) else {
            return true;
        };
        match counts.iter_mut().find(|(known, _)| known.line == entry.line && *known == entry) {
            Some((_, count)) => *count += 1,
            None => counts.push((entry, 1)),
        }
        false
    });
    counts.sort_by_key(|(entry, _)| entry.line);
    for (entry, count) in counts.iter().take(MOST_NAMED) {
        let count = messages::count(*count, "finding", "findings");
        messages::summary(&format!("suppressed: {count} by {}:{}: {entry}", suppressions.file(), entry.line));
    }
    if counts.len() > MOST_NAMED {
        let others = messages::count((counts.len() - MOST_NAMED) as u64, "suppression", "suppressions");
        messages::summary(&format!("suppressed: others by {others} more"));
    }
    before - findings.len()
}
