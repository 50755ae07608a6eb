//! The environment, read once at start through a lookup: the only place that knows its variables.

use std::fmt;
use std::fs;
use std::ops::Deref;
use std::ops::RangeInclusive;
use std::path::Path;

use flow_aws::{AwsAccess, AwsAccessError, S3Files, S3Kind, Source, TopicArns, is_log_group_name};
use flow_detect::{Language, RuleSet, Severity};
use flow_enrich::{Networks, NetworksError, Tables};
use flow_pipeline::{
    AlertFormat, DEFAULT_ALERT_LIMIT, LOG_FORMAT, Lookup, MAX_DECOMPRESSED_BYTES, NETWORKS, PipelineSettings,
    Suppressions, VariableError, read_rules, rules_of,
};

pub use flow_pipeline::Variable;

use crate::definitions::DefinitionSources;

const fn variable(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable::new(name, default, meaning)
}

/// All variables of the functions that detect that are the user's to set.
pub const VARIABLES: [Variable; 15] = [
    variable(
        "FINDINGS_TOPIC_ARN",
        "none: findings are not published",
        "standard SNS topic that gets every finding as JSON",
    ),
    variable(
        "ALERTS_TOPIC_ARN",
        "none: nobody is alerted",
        "standard SNS topic that gets alerts as text for people",
    ),
    variable(
        "ALERT_MIN_SEVERITY",
        "medium",
        "least severity of an alert: informational, low, medium, high or critical",
    ),
    variable(
        "ALERT_FORMAT",
        "text",
        "text, or chat for custom notifications of Amazon Q Developer in chat applications",
    ),
    variable("ALERT_LIMIT", "20", "most alerts in five minutes, 0 to 1000: what is more comes in one digest"),
    variable("LANGUAGE", "en", "language of alerts: en or ja"),
    Variable {
        default: "that of the flow logs, which EC2 is asked for; without an answer AWS's default format",
        ..LOG_FORMAT
    },
    variable(
        "RULES",
        "none: the built-in rules",
        "folder of rule files that replace and join the built-in ones, or s3://bucket/prefix/",
    ),
    NETWORKS,
    MAX_DECOMPRESSED_BYTES,
    variable("SUPPRESSIONS", "none", "file of what nobody is to be told of, or s3://bucket/key"),
    variable("STATE_TABLE", "none: it has to be set", "DynamoDB table that keeps state"),
    variable(
        "FAILURE_BUCKET",
        "none: they are counted only",
        "S3 bucket that keeps events which can't be read, under undecodable/",
    ),
    variable(
        "OWN_LOG_GROUP",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "log group whose events are refused, because the function itself writes to it",
    ),
    variable(
        "AWS_CA_BUNDLE",
        "Amazon Trust Services' roots; in China and other partitions of AWS the system's",
        "file of root certificates as PEM that are trusted instead, when AWS is reached through a proxy for example",
    ),
];

/// The bound of `ALERT_LIMIT`: nobody reads more.
const MAX_ALERT_LIMIT: usize = 1000;

/// What the function is made with.
#[derive(Debug)]
pub struct Config {
    /// Of the pipeline.
    pub settings: PipelineSettings,
    /// Where rules and networks come from.
    pub definitions: DefinitionSources,
    /// Where messages go.
    pub topics: TopicArns,
    /// The DynamoDB table that keeps state.
    pub state_table: String,
    /// Where undecodable events go.
    pub failure_bucket: Option<String>,
    /// How AWS is reached.
    pub access: AwsAccess,
    /// The function's name, a dimension of its metrics.
    pub function_name: String,
}

/// Why the environment can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A variable can't be used.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// AWS can't be called.
    #[error(transparent)]
    Access(#[from] AwsAccessError),
}

/// The variables of the functions that detect.
struct Variables<'a>(Lookup<'a>);

impl Config {
    /// Reads all variables through `lookup`, which finds the value of a name. An empty value is an absent one.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let from = Variables(Lookup(&lookup));
        let access = AwsAccess::read(|name| from.text(name))?;
        let definitions = DefinitionSources {
            rules: from.rules(&access)?,
            tables: tables(*from, &access)?,
            suppressions: from.suppressions(&access)?,
        };
        let settings = PipelineSettings {
            formats: from.formats()?,
            language: from.choice("LANGUAGE", &LANGUAGES)?.unwrap_or_default(),
            alert_format: from
                .choice("ALERT_FORMAT", &named(AlertFormat::ALL, AlertFormat::name))?
                .unwrap_or_default(),
            alert_limit: from.number("ALERT_LIMIT", 0..=MAX_ALERT_LIMIT)?.unwrap_or(DEFAULT_ALERT_LIMIT),
            alert_min_severity: from
                .choice("ALERT_MIN_SEVERITY", &named(Severity::ALL, Severity::name))?
                .unwrap_or(Severity::Medium),
            decompressed_cap: from.decompressed_cap()?,
            region: from.text("AWS_REGION"),
            own_log_group: from.own_log_group()?,
        };
        Ok(Config {
            settings,
            definitions,
            topics: TopicArns {
                findings: from.topic_arn("FINDINGS_TOPIC_ARN")?,
                alerts: from.topic_arn("ALERTS_TOPIC_ARN")?,
            },
            state_table: from
                .text("STATE_TABLE")
                .ok_or_else(|| unexpected("STATE_TABLE", "the name of a DynamoDB table", ""))?,
            failure_bucket: from.bucket("FAILURE_BUCKET")?,
            access,
            function_name: from.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "subscription".to_owned()),
        })
    }
}

const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("ja", Language::Japanese)];

fn named<T: Copy, const N: usize>(all: [T; N], name: impl Fn(T) -> &'static str) -> [(&'static str, T); N] {
    all.map(|value| (name(value), value))
}

impl<'a> Deref for Variables<'a> {
    type Target = Lookup<'a>;

    fn deref(&self) -> &Lookup<'a> {
        &self.0
    }
}

impl Variables<'_> {
    fn topic_arn(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(found) = self.text(variable) else { return Ok(None) };
        let parts: Vec<_> = found.split(':').collect();
        let region = self.text("AWS_REGION");
        // Mail, text messages and chat can't subscribe to a FIFO topic; names of others have no dots.
        if let ["arn", _, "sns", topic_region, account, name] = parts[..]
            && is_made_of(name, 1..=256, |byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && is_made_of(account, 12..=12, |byte| byte.is_ascii_digit())
        {
            if region.as_deref().is_none_or(|region| region == topic_region) {
                return Ok(Some(found));
            }
            let region = region.unwrap_or_default();
            return Err(unexpected(
                variable,
                format!("an SNS topic in the function's region {region}"),
                found,
            ));
        }
        Err(unexpected(variable, "the ARN of a standard SNS topic", found))
    }

    fn bucket(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(found) = self.text(variable) else { return Ok(None) };
        let is_of_name =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if is_made_of(&found, 3..=63, is_of_name) {
            return Ok(Some(found));
        }
        Err(unexpected(variable, "the name of an S3 bucket", found))
    }

    /// Under another spelling of its name the function would feed itself.
    fn own_log_group(&self) -> Result<Option<String>, ConfigError> {
        const VARIABLE: &str = "OWN_LOG_GROUP";
        let Some(found) = self.text(VARIABLE) else { return Ok(self.text("AWS_LAMBDA_LOG_GROUP_NAME")) };
        if is_log_group_name(&found) {
            return Ok(Some(found));
        }
        Err(unexpected(VARIABLE, "the name of a log group, not its ARN", found))
    }

    fn rules(&self, access: &AwsAccess) -> Result<Source<RuleSet>, ConfigError> {
        const VARIABLE: &str = "RULES";
        let Some(found) = self.text(VARIABLE) else { return Ok(Source::fixed(RuleSet::defaults())) };
        if let Some(files) = in_s3(VARIABLE, &found, access, S3Kind::RuleFolder)? {
            return Ok(Source::watched(files, |files| Ok(rules_of(files.iter().copied())?)));
        }
        read_rules(Path::new(&found)).map(Source::fixed).map_err(|error| mistake(VARIABLE, found, error))
    }

    fn suppressions(&self, access: &AwsAccess) -> Result<Source<Suppressions>, ConfigError> {
        const VARIABLE: &str = "SUPPRESSIONS";
        let Some(found) = self.text(VARIABLE) else { return Ok(Source::fixed(Suppressions::default())) };
        if let Some(files) = in_s3(VARIABLE, &found, access, S3Kind::Object)? {
            let make = |files: &[(&str, &str)]| match files {
                [(name, text), ..] => Ok(Suppressions::parse(name, text)?),
                [] => Ok(Suppressions::default()),
            };
            return Ok(Source::watched(files, make));
        }
        match fs::read_to_string(&found) {
            Ok(text) => match Suppressions::parse(&found, &text) {
                Ok(suppressions) => Ok(Source::fixed(suppressions)),
                Err(error) => Err(mistake(VARIABLE, found, error)),
            },
            Err(error) => Err(mistake(VARIABLE, found, error)),
        }
    }
}

/// Where the names of networks come from.
pub fn tables(from: Lookup<'_>, access: &AwsAccess) -> Result<Source<Tables>, ConfigError> {
    let Some(found) = from.text(NETWORKS.name) else { return Ok(Source::fixed(Tables::default())) };
    if let Some(files) = in_s3(NETWORKS.name, &found, access, S3Kind::Object)? {
        let make =
            |files: &[(&str, &str)]| Ok(tables_of(&files.iter().map(|(_, text)| *text).collect::<String>())?);
        return Ok(Source::watched(files, make));
    }
    match fs::read_to_string(&found) {
        Ok(text) => tables_of(&text).map(Source::fixed).map_err(|error| mistake(NETWORKS.name, found, error)),
        Err(error) => Err(mistake(NETWORKS.name, found, error)),
    }
}

fn tables_of(networks: &str) -> Result<Tables, NetworksError> {
    Ok(Tables { networks: Networks::parse(networks)? })
}

fn is_made_of(text: &str, length: RangeInclusive<usize>, of: impl Fn(u8) -> bool) -> bool {
    length.contains(&text.len()) && text.bytes().all(of)
}

/// The files that a value names when it is a place in S3; what is not comes with the function's package or a layer.
fn in_s3(
    variable: &'static str,
    found: &str,
    access: &AwsAccess,
    kind: S3Kind,
) -> Result<Option<S3Files>, ConfigError> {
    if !found.starts_with("s3://") {
        return Ok(None);
    }
    match found.parse() {
        Ok(uri) => Ok(Some(S3Files::new(access.clone(), uri, kind))),
        Err(error) => Err(mistake(variable, found.to_owned(), error)),
    }
}

fn unexpected(variable: &'static str, expected: impl fmt::Display, found: impl Into<String>) -> ConfigError {
    VariableError::unexpected(variable, expected, found).into()
}

fn mistake(
    variable: &'static str,
    found: String,
    error: impl std::error::Error + Send + Sync + 'static,
) -> ConfigError {
    VariableError::mistake(variable, found, error).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;

    use super::*;

    const LAMBDA: [(&str, &str); 7] = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("STATE_TABLE", "state"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let find = |name: &str| {
            let all = variables.iter().chain(&LAMBDA);
            all.into_iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Config::read(find)
    }

    #[test]
    fn works_with_what_lambda_sets() {
        let config = read(
            &VARIABLES
                .map(|variable| (variable.name, if variable.name == "STATE_TABLE" { "state" } else { "" })),
        )
        .unwrap();
        let settings = config.settings;
        assert_eq!(config.topics, TopicArns::default());
        assert_eq!(settings.alert_min_severity, Severity::Medium);
        assert_eq!(settings.alert_format, AlertFormat::Text);
        assert_eq!(settings.language, Language::English);
        assert_eq!(settings.decompressed_cap, 67_108_864);
        assert_eq!(settings.own_log_group.as_deref(), Some("/aws/lambda/f"));
        assert_eq!(settings.region.as_deref(), Some("eu-west-1"));
        assert_eq!((config.function_name.as_str(), config.failure_bucket), ("f", None));
    }

    #[test]
    fn takes_every_variable() {
        let config = read(&[
            ("FINDINGS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:findings"),
            ("ALERTS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:alerts"),
            ("ALERT_MIN_SEVERITY", "high"),
            ("ALERT_FORMAT", "chat"),
            ("LANGUAGE", "ja"),
            ("LOG_FORMAT", r#"{"/a": "${version}"}"#),
            ("MAX_DECOMPRESSED_BYTES", "1024"),
            ("FAILURE_BUCKET", "bucket"),
            ("OWN_LOG_GROUP", "/own"),
        ])
        .unwrap();
        let settings = config.settings;
        assert!(config.topics.findings.is_some() && config.topics.alerts.is_some());
        assert_eq!(settings.alert_min_severity, Severity::High);
        assert_eq!(settings.alert_format, AlertFormat::Chat);
        assert_eq!(settings.language, Language::Japanese);
        assert!(settings.formats.of("/a").is_some() && settings.formats.of("/b").is_none());
        assert_eq!(settings.decompressed_cap, 1024);
        assert_eq!(settings.own_log_group.as_deref(), Some("/own"));
        assert_eq!(config.failure_bucket.as_deref(), Some("bucket"));
    }

    #[test]
    fn a_wrong_value_is_told_with_its_variable() {
        let topic = "expected the ARN of a standard SNS topic, found ";
        let cases = [
            ("FINDINGS_TOPIC_ARN", "findings", topic),
            ("ALERTS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:alerts.fifo", topic),
            ("ALERTS_TOPIC_ARN", "arn:aws:sqs:eu-west-1:123456789012:alerts", topic),
            (
                "ALERT_MIN_SEVERITY",
                "High",
                "expected one of informational, low, medium, high, critical, found",
            ),
            ("ALERTS_TOPIC_ARN", "arn:aws:sns:eu-west-1:12:alerts", topic),
            ("ALERTS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:alerts ", topic),
            (
                "ALERTS_TOPIC_ARN",
                "arn:aws:sns:us-east-1:123456789012:alerts",
                "expected an SNS topic in the function's region eu-west-1, found ",
            ),
            ("FAILURE_BUCKET", "s3://My Bucket/x", "expected the name of an S3 bucket, found"),
            (
                "OWN_LOG_GROUP",
                "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:*",
                "expected the name of a log group, not its ARN, found",
            ),
            ("ALERT_LIMIT", "many", "expected a number from 0 to 1000, found \"many\""),
            ("STATE_TABLE", "", "expected the name of a DynamoDB table, found \"\""),
            ("ALERT_FORMAT", "slack", "expected one of text, chat, found \"slack\""),
            ("LANGUAGE", "fr", "expected one of en, ja, found \"fr\""),
            ("LOG_FORMAT", "{", "\"{\": expected a JSON object"),
            ("RULES", "s3://bucket", "\"s3://bucket\": expected s3://bucket/key, or s3://bucket/prefix/"),
            ("RULES", "no/such/folder", "\"no/such/folder\": no/such/folder: "),
            ("NETWORKS", "s3:///key", "\"s3:///key\": expected s3://bucket/key"),
            ("NETWORKS", "no/such/file", "\"no/such/file\": "),
            ("MAX_DECOMPRESSED_BYTES", "0", "expected a number from 1 to 1073741824, found \"0\""),
            ("MAX_DECOMPRESSED_BYTES", "64M", "expected a number from 1 to 1073741824, found \"64M\""),
            ("AWS_CA_BUNDLE", "no/such/file", "\"no/such/file\": "),
        ];
        for (variable, value, expected) in cases {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{variable}: {expected}")), "{variable}={value}: {error}");
        }
        assert_eq!(
            read(&[("AWS_REGION", "")]).unwrap_err().to_string(),
            "expected AWS_REGION to be set, found nothing"
        );
    }

    #[test]
    fn rules_and_networks_come_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("networks");
        std::fs::write(&path, "10.0.0.0/8 office\n").unwrap();
        let config = read(&[("NETWORKS", path.to_str().unwrap())]).unwrap();
        let Source::Fixed(tables) = config.definitions.tables else { panic!("a file is read once") };
        assert_eq!(tables.networks.name_of("10.1.2.3".parse().unwrap()), Some("office"));
        let error = read(&[("RULES", folder.path().to_str().unwrap())]).unwrap_err().to_string();
        assert!(error.contains("no rule files (*.toml) in this folder"), "{error}");
    }

    /// The table is all there is: what it lacks, nobody could know of.
    #[test]
    fn the_table_names_every_variable_that_is_read() {
        let asked = Mutex::new(HashSet::new());
        Config::read(|name| {
            asked.lock().unwrap().insert(name.to_owned());
            LAMBDA.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
        .unwrap();
        let mut asked = asked.into_inner().unwrap();
        asked.retain(|name| !name.starts_with("AWS_") || name == "AWS_CA_BUNDLE");
        assert_eq!(asked, VARIABLES.iter().map(|variable| variable.name.to_owned()).collect());
    }
}
