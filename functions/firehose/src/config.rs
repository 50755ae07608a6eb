//! The environment, read once at start through a lookup.

use flow_aws::{AwsAccess, Source};
use flow_enrich::Tables;
use flow_function::config::{ConfigError, tables};
use flow_pipeline::{Lookup, TransformationSettings};

/// What the function is made with.
#[derive(Debug)]
pub struct Config {
    /// Of the transformation.
    pub settings: TransformationSettings,
    /// Where the names of networks come from.
    pub tables: Source<Tables>,
    /// How AWS is reached.
    pub access: AwsAccess,
    /// The function's name, a dimension of its metrics.
    pub function_name: String,
}

impl Config {
    /// Reads all variables through `lookup`, which finds the value of a name. An empty value is an absent one.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let from = Lookup(&lookup);
        let access = AwsAccess::read(|name| from.text(name))?;
        Ok(Config {
            settings: TransformationSettings::read(from)?,
            tables: tables(from, &access)?,
            access,
            function_name: from.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "firehose".to_owned()),
        })
    }
}
