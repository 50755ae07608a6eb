//! Which format the lines of a log group are in.

use std::collections::BTreeMap;

use flow_record::{FormatError, RecordFormat};
use serde_json::{Map, Value};

/// The key of the format for log groups that have none of their own.
const ANY_GROUP: &str = "*";

/// The formats of log groups: one for all, or one for each by name.
#[derive(Debug, Clone)]
pub struct Formats {
    by_log_group: BTreeMap<String, RecordFormat>,
    default: Option<RecordFormat>,
    /// Nobody chose the default: it is AWS's.
    is_assumed: bool,
}

/// Why a text says no formats.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatsError {
    /// The text is no format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The text begins like a JSON object and is none.
    #[error("expected a JSON object of log groups and their formats: {error}")]
    NotJson {
        /// What is wrong, with line and column.
        #[source]
        error: serde_json::Error,
    },
    /// The JSON object is empty: no line could be read.
    #[error("expected at least one log group with its format, or `*` for all, found none")]
    NoGroups,
    /// A log group's value is no text.
    #[error("log group `{log_group}`: expected a format as text, found {found}")]
    NotText {
        /// The key.
        log_group: String,
        /// The value, as JSON.
        found: Value,
    },
    /// A log group's text is no format.
    #[error("log group `{log_group}`: {error}")]
    GroupFormat {
        /// The key.
        log_group: String,
        /// What is wrong with it.
        #[source]
        error: FormatError,
    },
}

impl Formats {
    /// The same format for every log group.
    pub fn one(format: RecordFormat) -> Self {
        Formats { by_log_group: BTreeMap::new(), default: Some(format), is_assumed: false }
    }

    /// Reads one format, or a JSON object of them by log group: `{"/vpc/a": "${version} ...", "*": "..."}`, where `*`
    /// stands for all others.
    pub fn parse(text: &str) -> Result<Self, FormatsError> {
        // No format begins with a brace: AWS writes `${version}`.
        if !text.trim_start().starts_with('{') {
            return Ok(Formats::one(text.parse()?));
        }
        let map: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| FormatsError::NotJson { error })?;
        let mut by_log_group = BTreeMap::new();
        for (log_group, value) in map {
            let Value::String(format) = value else {
                return Err(FormatsError::NotText { log_group, found: value });
            };
            match format.parse() {
                Ok(format) => by_log_group.insert(log_group, format),
                Err(error) => return Err(FormatsError::GroupFormat { log_group, error }),
            };
        }
        if by_log_group.is_empty() {
            return Err(FormatsError::NoGroups);
        }
        let default = by_log_group.remove(ANY_GROUP);
        Ok(Formats { by_log_group, default, is_assumed: false })
    }

    /// The format of a log group's lines; none when only others have one.
    pub fn of(&self, log_group: &str) -> Option<&RecordFormat> {
        self.by_log_group.get(log_group).or(self.default.as_ref())
    }

    /// Whether somebody chose the format of a log group: then its flow logs are not asked.
    pub fn is_chosen(&self, log_group: &str) -> bool {
        self.of(log_group).is_some() && !self.is_assumed
    }

    /// All formats, each with the log group whose lines are in it, `*` being all others.
    pub fn all(&self) -> impl Iterator<Item = (&str, &RecordFormat)> {
        let by_log_group = self.by_log_group.iter().map(|(group, format)| (&**group, format));
        by_log_group.chain(self.default.iter().map(|format| (ANY_GROUP, format)))
    }

    /// The format of log groups that have none of their own, and of lines that come from none.
    pub fn any(&self) -> Option<&RecordFormat> {
        self.default.as_ref()
    }
}

impl Default for Formats {
    /// AWS's default format for every log group.
    fn default() -> Self {
        Formats { is_assumed: true, ..Formats::one(RecordFormat::default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "${version} ${srcaddr}";

    #[test]
    fn one_format_is_for_every_log_group() {
        let formats = Formats::parse(SHORT).unwrap();
        assert_eq!(formats.of("/any").map(ToString::to_string).as_deref(), Some(SHORT));
        assert!(Formats::default().of("").is_some());
    }

    #[test]
    fn a_map_is_by_log_group_with_a_default_if_it_has_one() {
        let show = |formats: &Formats, group: &str| formats.of(group).map(ToString::to_string);
        let text = r#" {"/a": "version srcaddr", "/b": "${start}", "*": "${end}"}"#;
        let formats = Formats::parse(text).unwrap();
        assert_eq!(show(&formats, "/a").as_deref(), Some(SHORT));
        assert_eq!(show(&formats, "/b").as_deref(), Some("${start}"));
        assert_eq!(show(&formats, "/c").as_deref(), Some("${end}"));
        let formats = Formats::parse(r#"{"/a": "version"}"#).unwrap();
        assert_eq!(show(&formats, "/c"), None);
    }

    #[test]
    fn what_somebody_chose_is_told_from_what_is_assumed() {
        let cases =
            [(SHORT, true, true), (r#"{"/a": "version"}"#, true, false), (r#"{"*": "version"}"#, true, true)];
        for (text, a, b) in cases {
            let formats = Formats::parse(text).unwrap();
            assert_eq!((formats.is_chosen("/a"), formats.is_chosen("/b")), (a, b), "{text}");
        }
        assert!(!Formats::default().is_chosen("/a"));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let cases = [
            ("{", "expected a JSON object of log groups and their formats: EOF"),
            ("{}", "expected at least one log group with its format, or `*` for all, found none"),
            (r#"{"/a": 5}"#, "log group `/a`: expected a format as text, found 5"),
            (r#"{"/a": ""}"#, "log group `/a`: "),
        ];
        for (text, expected) in cases {
            let error = Formats::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert!(Formats::parse("").is_err());
    }
}
