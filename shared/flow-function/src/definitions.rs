//! Rules, networks and suppressions as they are now.

use flow_aws::{Checked, Source, WatchedError};
use flow_detect::RuleSet;
use flow_enrich::Tables;
use flow_pipeline::{Definitions, Suppressions};

/// Where rules and tables come from.
#[derive(Debug)]
pub struct DefinitionSources {
    /// Of the rules.
    pub rules: Source<RuleSet>,
    /// Of the user's tables.
    pub tables: Source<Tables>,
    /// Of what nobody is to be told of.
    pub suppressions: Source<Suppressions>,
}

impl DefinitionSources {
    /// The definitions that hold at `now`, in Unix seconds, and why newer ones were refused.
    ///
    /// The first is an error when there are none that ever were good. An event is then tried again: judged by the
    /// built-in rules alone it would be lost to the user's.
    pub async fn current(&mut self, now: u64) -> (Result<Definitions, WatchedError>, Vec<String>) {
        let mut refused = Vec::new();
        let rules = take(self.rules.current(now).await, &mut refused);
        let tables = take(self.tables.current(now).await, &mut refused);
        let suppressions = take(self.suppressions.current(now).await, &mut refused);
        let definitions = match (rules, tables, suppressions) {
            (Ok(rules), Ok(tables), Ok(suppressions)) => Ok(Definitions {
                are_rules_current: rules.is_current,
                rules: rules.value,
                tables: tables.value,
                suppressions: suppressions.value,
            }),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                refused.push(error.to_string());
                Err(error)
            }
        };
        (definitions, refused)
    }
}

/// What was checked, with what was refused beside it noted.
fn take<T>(
    checked: Result<Checked<T>, WatchedError>,
    refused: &mut Vec<String>,
) -> Result<Checked<T>, WatchedError> {
    let checked = checked?;
    refused.extend(checked.refused.as_ref().map(ToString::to_string));
    Ok(checked)
}
