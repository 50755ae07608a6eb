//! AWS's prices, read from a file.

use serde::Deserialize;

use crate::number::{Amount, FileError};
use crate::{GB, TB};

/// The prices that come with the program.
const BUILT_IN: &str = include_str!("../data/prices.toml");

/// All prices that the model asks for. `data/prices.toml` is an example of the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The region whose prices they are.
    pub region: String,
    /// When they held.
    pub date: String,
    pub(crate) lambda_million_requests: Price,
    pub(crate) lambda_gb_second_x86_64: Price,
    pub(crate) lambda_gb_second_arm64: Price,
    dynamodb_million_read_units: Price,
    dynamodb_million_write_units: Price,
    flow_logs_tiers: Vec<Tier>,
    flow_logs_gb_above: Price,
    pub(crate) own_logs_gb: Price,
    pub(crate) metric_month: Price,
    pub(crate) alarm_month: Price,
    pub(crate) dashboard_month: Price,
    pub(crate) key_month: Price,
    pub(crate) sns_million_publishes: Price,
    pub(crate) sns_hundred_thousand_mails: Price,
    pub(crate) firehose_gb: Price,
    pub(crate) s3_gb_month: Price,
    pub(crate) s3_gb_month_infrequent: Price,
    pub(crate) s3_thousand_puts: Price,
}

/// One price, of what its name says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    dollars: Amount,
    #[serde(default, rename = "source")]
    _source: String,
}

/// What so many TB of a month cost, after those of the tiers before.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    tb: Amount,
    gb: Amount,
}

impl Price {
    /// Dollars for so many of what it is the price of.
    pub(crate) fn of(&self, many: f64) -> f64 {
        self.dollars.0 * many
    }

    /// Dollars for so many, where it is the price of a million.
    pub(crate) fn of_millions(&self, many: f64) -> f64 {
        self.of(many / 1e6)
    }

    /// Dollars for so many bytes, where it is the price of a GB.
    pub(crate) fn of_bytes(&self, bytes: f64) -> f64 {
        self.of(bytes / GB)
    }
}

impl Prices {
    /// The prices that come with the program.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test reads them")
    }

    /// The text of the file that comes with the program.
    pub fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is no TOML; when a price is missing, unknown, negative or no number.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        Ok(toml::from_str(text)?)
    }

    /// Dollars for so many request units of `DynamoDB`.
    pub fn request_units(&self, read: f64, write: f64) -> f64 {
        self.dynamodb_million_read_units.of_millions(read)
            + self.dynamodb_million_write_units.of_millions(write)
    }

    /// Dollars for so many bytes of flow logs that CloudWatch Logs takes in a month.
    pub fn flow_logs(&self, bytes: f64) -> f64 {
        let (mut left, mut dollars) = (bytes, 0.0);
        for tier in &self.flow_logs_tiers {
            let here = left.min(tier.tb.0 * TB);
            dollars += tier.gb.0 * here / GB;
            left -= here;
        }
        dollars + self.flow_logs_gb_above.of_bytes(left)
    }
}
