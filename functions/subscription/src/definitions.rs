//! Rules and networks as they are now.

use flow_aws::{Source, WatchedError};
use flow_detect::RuleSet;
use flow_enrich::Tables;
use flow_pipeline::Definitions;

/// Where rules and tables come from.
#[derive(Debug)]
pub struct DefinitionSources {
    /// Of the rules.
    pub rules: Source<RuleSet>,
    /// Of the user's tables.
    pub tables: Source<Tables>,
}

impl DefinitionSources {
    /// The definitions that hold at `now`, in Unix seconds, and why newer ones were refused.
    ///
    /// # Errors
    /// There are none that ever were good. An event is then tried again: judged by the built-in rules alone it would
    /// be lost to the user's.
    pub async fn current(&mut self, now: u64) -> Result<(Definitions, Vec<WatchedError>), WatchedError> {
        let rules = self.rules.current(now).await?;
        let tables = self.tables.current(now).await?;
        let refused = rules.refused.into_iter().chain(tables.refused).collect();
        Ok((Definitions { rules: rules.value, tables: tables.value }, refused))
    }
}
