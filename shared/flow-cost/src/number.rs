//! Numbers in files: finite, and 0 or more; and what is wrong with a file.

use serde::Deserialize;

/// Why a file can't be used: where, what was expected, what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct FileError(#[from] toml::de::Error);

/// More than any price, size or time here: what is larger is a slip, and would end in numbers without end.
const MOST: f64 = 1e12;

/// A number from 0 to a million million, written with a point or without.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) struct Amount(pub(crate) f64);

impl TryFrom<toml::Value> for Amount {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        match number {
            Some(number) if (0.0..=MOST).contains(&number) => Ok(Amount(number)),
            Some(number) => Err(format!("expected a number from 0 to {MOST:e}, found {number}")),
            None => Err(format!("expected a number from 0 to {MOST:e}, found a {}", value.type_str())),
        }
    }
}
