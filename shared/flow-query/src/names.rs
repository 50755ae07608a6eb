//! What a name in a query stands for, and which name was probably meant.

use flow_enrich::{Enrichment, EnrichmentKind};
use flow_record::{Field, FieldKind, RecordFormat};
use serde::{Deserialize, Serialize};

use crate::value::Type;

/// Where a name's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A field of the record.
    Field(Field),
    /// An enrichment.
    Enrichment(Enrichment),
    /// A system field.
    System(SystemField),
    /// A column that the query itself made: its place among the columns of `stats`.
    Column(usize),
}

impl Source {
    /// The source that a name in a query stands for when no alias has it.
    pub fn from_name(name: &str) -> Option<Source> {
        Field::from_insights_name(name)
            .map(Source::Field)
            .or_else(|| Enrichment::from_insights_name(name).map(Source::Enrichment))
            .or_else(|| SystemField::ALL.into_iter().find(|field| field.name() == name).map(Source::System))
            // The documented queries for VPC flow logs leave out the sign.
            .or_else(|| (name == "logStream").then_some(Source::System(SystemField::LogStream)))
    }

    /// The type of its values; of columns, what the query says.
    pub(crate) fn value_type(self) -> Type {
        match self {
            Source::Field(field) => match field.kind() {
                FieldKind::Integer { .. } => Type::Integer,
                FieldKind::Address => Type::Address,
                FieldKind::Text => Type::Text,
            },
            Source::Enrichment(enrichment) => match enrichment.kind() {
                EnrichmentKind::Integer => Type::Integer,
                EnrichmentKind::Address => Type::Address,
                EnrichmentKind::Text => Type::Text,
            },
            Source::System(SystemField::Timestamp) => Type::Time,
            Source::System(_) | Source::Column(_) => Type::Text,
        }
    }

    /// Whether no value of it is a number, so that an aggregate over numbers would be empty without a word.
    pub(crate) fn is_never_a_number(self) -> bool {
        match self {
            // An account is twelve digits, a tag whatever its owner wrote.
            Source::Field(
                Field::AccountId
                | Field::TgwSrcVpcAccountId
                | Field::TgwDstVpcAccountId
                | Field::InstanceTag
                | Field::InstanceTag2
                | Field::InterfaceTag
                | Field::InterfaceTag2
                | Field::AsgTag
                | Field::AsgTag2,
            )
            | Source::System(SystemField::Account)
            | Source::Column(_) => false,
            other => !matches!(other.value_type(), Type::Integer | Type::Float | Type::Time),
        }
    }
}

/// The fields that CloudWatch Logs adds to every log event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SystemField {
    /// `@timestamp`, milliseconds since 1970.
    Timestamp,
    /// `@message`, the line.
    Message,
    /// `@logStream`.
    LogStream,
    /// `@log`, `account:log-group`.
    Log,
    /// `@aws.account`, the account of the log.
    Account,
    /// `@aws.region`, the region of the log.
    Region,
}

impl SystemField {
    /// All of them.
    pub const ALL: [SystemField; 6] = [
        SystemField::Timestamp,
        SystemField::Message,
        SystemField::LogStream,
        SystemField::Log,
        SystemField::Account,
        SystemField::Region,
    ];

    /// The name in queries.
    pub fn name(self) -> &'static str {
        match self {
            SystemField::Timestamp => "@timestamp",
            SystemField::Message => "@message",
            SystemField::LogStream => "@logStream",
            SystemField::Log => "@log",
            SystemField::Account => "@aws.account",
            SystemField::Region => "@aws.region",
        }
    }
}

/// Names that the console knows and that nothing which is read here carries. They are absent.
const CONSOLE_NAMES: [&str; 8] = [
    "@ingestionTime",
    "@source.log",
    "@data_source_name",
    "@data_source_type",
    "@data_format",
    "traceId",
    "severityText",
    "attributes.session.id",
];

/// Whether the console knows `name` and no input has it.
pub(crate) fn is_console_name(name: &str) -> bool {
    CONSOLE_NAMES.contains(&name) || name.starts_with("@entity.")
}

/// Whether records of `format` can have a value of `source`.
pub(crate) fn has_source(format: &RecordFormat, source: Source) -> bool {
    match source {
        Source::Field(field) => format.has(field),
        // `initiator` says "unknown" where it can't be worked out: it is never absent.
        Source::Enrichment(Enrichment::Initiator) | Source::System(_) | Source::Column(_) => true,
        Source::Enrichment(enrichment) => enrichment.is_possible_with(format.fields()),
    }
}

/// The fields among `sources`, enrichments' included, that `format` lacks.
pub(crate) fn missing_fields(
    format: &RecordFormat,
    sources: impl FnOnce(&mut dyn FnMut(Source)),
) -> Vec<Field> {
    let mut missing = Vec::new();
    sources(&mut |source| match source {
        Source::Field(field) if !format.has(field) => missing.push(field),
        Source::Enrichment(enrichment) => missing.extend(enrichment.missing_from(format.fields())),
        _ => {}
    });
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// The enrichments among `sources`.
pub(crate) fn enrichments(sources: impl FnOnce(&mut dyn FnMut(Source))) -> Vec<Enrichment> {
    let mut used = Vec::new();
    sources(&mut |source| {
        if let Source::Enrichment(enrichment) = source {
            used.push(enrichment);
        }
    });
    used.sort_unstable();
    used.dedup();
    used
}

/// The name that `name` was probably meant to be: AWS's other spelling of a field, else the nearest known name or
/// alias.
pub fn suggest_name<'a>(name: &str, aliases: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let enrichments = Enrichment::ALL.into_iter().map(|enrichment| enrichment.insights_name());
    suggest_console_name(name, aliases.into_iter().chain(enrichments))
}

/// The same without enrichments, which the console does not know.
pub(crate) fn suggest_console_name<'a>(
    name: &str,
    aliases: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    if let Some(field) = Field::from_name(name) {
        return Some(field.insights_name().to_owned());
    }
    let fields = Field::ALL.into_iter().map(|field| field.insights_name());
    let system = SystemField::ALL.into_iter().map(|field| field.name());
    nearest(name, aliases.into_iter().chain(fields).chain(system))
}

/// The candidate nearest to `word`, if it is near: at most a third of the letters changed, upper case for lower case
/// for free.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let longest = 64;
    if word.len() > longest {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_ascii_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(3))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meant_name_is_suggested() {
        let cases = [
            ("srcaddr", "srcAddr"),
            ("dst_port", "dstPort"),
            ("start", "startTime"),
            ("tcp-flags", "tcpFlags"),
            ("srcAdr", "srcAddr"),
            ("DSTPORT", "dstPort"),
            ("atempts", "attempts"),
            ("@mesage", "@message"),
        ];
        for (name, expected) in cases {
            assert_eq!(suggest_name(name, ["attempts"]).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(suggest_name("quantumFoam", []), None);
    }
}
