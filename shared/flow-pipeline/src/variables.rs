//! Settings as text under names, as an environment has them: found through a lookup, told with their names when wrong.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;

use crate::formats::Formats;

/// A variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is absent or empty, in words where it is no value.
    pub default: &'static str,
    /// What it says, and what it may be.
    pub meaning: &'static str,
}

impl Variable {
    /// A row of a table of variables.
    pub const fn new(name: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Variable { name, default, meaning }
    }
}

/// `LOG_FORMAT`: see [`Lookup::formats`].
pub const LOG_FORMAT: Variable = Variable::new(
    "LOG_FORMAT",
    "AWS's default format",
    "log format of the flow logs, or a JSON object of log groups and their formats, `*` standing for all others",
);

/// `MAX_DECOMPRESSED_BYTES`: see [`Lookup::decompressed_cap`].
pub const MAX_DECOMPRESSED_BYTES: Variable = Variable::new(
    "MAX_DECOMPRESSED_BYTES",
    "67108864",
    "most bytes of an event, or of a record of one, once decompressed, 1 to 1073741824",
);

/// `NETWORKS`: who reads it has the file.
pub const NETWORKS: Variable =
    Variable::new("NETWORKS", "none", "file that names networks, one `CIDR name` a line, or s3://bucket/key");

/// The bound of `MAX_DECOMPRESSED_BYTES`: a function has no more memory to spare.
const MAX_CAP: usize = 1 << 30;

/// Why a variable can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VariableError {
    /// Its value is none of those that it may have.
    #[error("{variable}: expected {expected}, found {found:?}")]
    Unexpected {
        /// Its name.
        variable: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// It names or holds something with a mistake in it.
    #[error("{variable}: {found:?}: {error}")]
    Mistake {
        /// Its name.
        variable: &'static str,
        /// What it is.
        found: String,
        /// The mistake.
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
}

impl VariableError {
    /// The value is none of those that it may have.
    pub fn unexpected(variable: &'static str, expected: impl fmt::Display, found: impl Into<String>) -> Self {
        VariableError::Unexpected { variable, expected: expected.to_string(), found: found.into() }
    }

    /// There is a mistake in what the value names or holds.
    pub fn mistake(variable: &'static str, found: String, error: impl Error + Send + Sync + 'static) -> Self {
        VariableError::Mistake { variable, found, error: Box::new(error) }
    }
}

/// An environment as far as it is asked for. An empty value is an absent one.
#[derive(Clone, Copy)]
pub struct Lookup<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

impl Lookup<'_> {
    /// The value of a variable.
    pub fn text(&self, variable: &str) -> Option<String> {
        (self.0)(variable).filter(|value| !value.trim().is_empty())
    }

    /// What the value names among `all`.
    pub fn choice<T: Copy>(
        &self,
        variable: &'static str,
        all: &[(&str, T)],
    ) -> Result<Option<T>, VariableError> {
        let Some(found) = self.text(variable) else { return Ok(None) };
        named(variable, found.trim(), all).map(Some)
    }

    /// What the words of the value name among `all`, in the value's order: they stand between commas.
    pub fn choices<T: Copy + PartialEq>(
        &self,
        variable: &'static str,
        all: &[(&str, T)],
    ) -> Result<Vec<T>, VariableError> {
        let mut chosen = Vec::new();
        for word in self.words(variable) {
            let value = named(variable, &word, all)?;
            if !chosen.contains(&value) {
                chosen.push(value);
            }
        }
        Ok(chosen)
    }

    /// The words of the value, which stand between commas.
    pub fn words(&self, variable: &'static str) -> Vec<String> {
        let text = self.text(variable).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// A whole number of `range`.
    pub fn number<T>(
        &self,
        variable: &'static str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, VariableError>
    where
        T: std::str::FromStr + PartialOrd + fmt::Display,
    {
        let Some(found) = self.text(variable) else { return Ok(None) };
        match found.trim().parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let expected = format!("a number from {} to {}", range.start(), range.end());
                Err(VariableError::unexpected(variable, expected, found))
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, variable: &'static str) -> Result<Option<bool>, VariableError> {
        self.choice(variable, &[("true", true), ("false", false)])
    }

    /// The formats of the log groups.
    pub fn formats(&self) -> Result<Formats, VariableError> {
        let variable = LOG_FORMAT.name;
        let Some(found) = self.text(variable) else { return Ok(Formats::default()) };
        Formats::parse(&found).map_err(|error| VariableError::mistake(variable, found, error))
    }

    /// How far what is compressed may grow, in bytes.
    pub fn decompressed_cap(&self) -> Result<usize, VariableError> {
        let cap = self.number(MAX_DECOMPRESSED_BYTES.name, 1..=MAX_CAP)?;
        Ok(cap.unwrap_or(flow_envelope::DEFAULT_DECOMPRESSED_CAP))
    }
}

fn named<T: Copy>(variable: &'static str, found: &str, all: &[(&str, T)]) -> Result<T, VariableError> {
    if let Some((_, value)) = all.iter().find(|(name, _)| *name == found) {
        return Ok(*value);
    }
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    Err(VariableError::unexpected(variable, format!("one of {}", names.join(", ")), found))
}
