//! What of a record is written.

use std::fmt;

use flow_enrich::{EnrichedFlow, Enrichment};
use flow_query::nearest;
use flow_record::{Field, FieldSet};

use super::Marks;
use crate::scalar::Scalar;

/// What stands beside a record: where it came from, and what was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextKey {
    /// `event_id`.
    EventId,
    /// `event_timestamp`.
    EventTimestamp,
    /// `log_group`.
    LogGroup,
    /// `log_stream`.
    LogStream,
    /// `log_account`.
    LogAccount,
    /// `log_region`.
    LogRegion,
    /// `line`.
    Line,
    /// `sample_weight`.
    SampleWeight,
    /// `merged_records`.
    MergedRecords,
}

impl ContextKey {
    /// All of them.
    pub const ALL: [ContextKey; 9] = [
        ContextKey::EventId,
        ContextKey::EventTimestamp,
        ContextKey::LogGroup,
        ContextKey::LogStream,
        ContextKey::LogAccount,
        ContextKey::LogRegion,
        ContextKey::Line,
        ContextKey::SampleWeight,
        ContextKey::MergedRecords,
    ];

    /// What numbers of a record mean depends on these: JSON always has them where there are any.
    pub(crate) const MARKS: [ContextKey; 2] = [ContextKey::SampleWeight, ContextKey::MergedRecords];

    /// The key in JSON and CSV.
    pub fn json_key(self) -> &'static str {
        match self {
            ContextKey::EventId => "event_id",
            ContextKey::EventTimestamp => "event_timestamp",
            ContextKey::LogGroup => "log_group",
            ContextKey::LogStream => "log_stream",
            ContextKey::LogAccount => "log_account",
            ContextKey::LogRegion => "log_region",
            ContextKey::Line => "line",
            ContextKey::SampleWeight => "sample_weight",
            ContextKey::MergedRecords => "merged_records",
        }
    }

    /// What it means, in one line without a full stop.
    pub fn describe(self) -> &'static str {
        match self {
            ContextKey::EventId => {
                "the id that CloudWatch Logs gave the log event: the same when it is delivered again"
            }
            ContextKey::EventTimestamp => "the log event's timestamp, in milliseconds since 1970",
            ContextKey::LogGroup => "the log group it came from",
            ContextKey::LogStream => "the log stream it came from",
            ContextKey::LogAccount => "the account of the log group",
            ContextKey::LogRegion => "the region of the log group",
            ContextKey::Line => "the line as it was read",
            ContextKey::SampleWeight => "how many records it stands for, where only some are kept",
            ContextKey::MergedRecords => "how many records were merged into it",
        }
    }

    pub(crate) fn value<'a>(self, flow: &EnrichedFlow<'a>, marks: &Marks) -> Scalar<'a> {
        let origin = flow.origin;
        match self {
            ContextKey::EventId => origin.event_id.into(),
            ContextKey::EventTimestamp => origin.timestamp.into(),
            ContextKey::LogGroup => origin.log_group.into(),
            ContextKey::LogStream => origin.log_stream.into(),
            ContextKey::LogAccount => origin.account.into(),
            ContextKey::LogRegion => origin.region.into(),
            ContextKey::Line => flow.record.line().into(),
            ContextKey::SampleWeight => marks.sample_weight.into(),
            ContextKey::MergedRecords => marks.merged.into(),
        }
    }
}

/// One thing that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKey {
    Field(Field),
    Enrichment(Enrichment),
    Context(ContextKey),
}

impl RecordKey {
    fn all() -> impl Iterator<Item = RecordKey> {
        let fields = Field::ALL.into_iter().map(RecordKey::Field);
        let enrichments = Enrichment::ALL.into_iter().map(RecordKey::Enrichment);
        fields.chain(enrichments).chain(ContextKey::ALL.into_iter().map(RecordKey::Context))
    }

    fn from_name(name: &str) -> Result<Self, FieldsError> {
        let hyphenated = Field::from_name(name).map(RecordKey::Field);
        let found = hyphenated.or_else(|| RecordKey::all().find(|key| key.json_key() == name));
        found.ok_or_else(|| FieldsError::Unknown {
            name: name.to_owned(),
            suggestion: nearest(name, RecordKey::all().map(RecordKey::json_key)),
        })
    }

    pub(crate) fn json_key(self) -> &'static str {
        match self {
            RecordKey::Field(field) => field.json_key(),
            RecordKey::Enrichment(enrichment) => enrichment.json_key(),
            RecordKey::Context(context) => context.json_key(),
        }
    }

    pub(crate) fn value<'a>(self, flow: &EnrichedFlow<'a>, marks: &Marks) -> Scalar<'a> {
        match self {
            RecordKey::Field(field) => flow.record.value(field).into(),
            RecordKey::Enrichment(enrichment) => flow.enrichment(enrichment).into(),
            RecordKey::Context(context) => context.value(flow, marks),
        }
    }
}

/// What a user chose to be written, or everything of the format and what comes with it unasked.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// Not empty, none twice.
    chosen: Option<Box<[RecordKey]>>,
    fields: FieldSet,
    beside: Box<[RecordKey]>,
}

impl Selection {
    /// Everything of a format, and these enrichments.
    pub(crate) fn everything(enrichments: &[Enrichment]) -> Self {
        let enrichments = enrichments.iter().copied().map(RecordKey::Enrichment);
        let beside = enrichments.chain([RecordKey::Context(ContextKey::EventId)]).collect();
        Selection { chosen: None, fields: Field::ALL.into_iter().collect(), beside }
    }

    /// What has these names.
    pub(crate) fn of_names(names: &[impl AsRef<str>]) -> Result<Self, FieldsError> {
        let mut chosen = Vec::with_capacity(names.len());
        for name in names {
            let name = name.as_ref().trim();
            let key = RecordKey::from_name(name)?;
            if chosen.contains(&key) {
                return Err(FieldsError::Twice { name: name.to_owned() });
            }
            chosen.push(key);
        }
        if chosen.is_empty() {
            return Err(FieldsError::Empty);
        }
        let field = |key: &RecordKey| if let RecordKey::Field(field) = key { Some(*field) } else { None };
        let fields = chosen.iter().filter_map(field).collect();
        let beside = chosen.iter().copied().filter(|key| field(key).is_none()).collect();
        Ok(Selection { chosen: Some(chosen.into()), fields, beside })
    }

    /// What was chosen, in that order; none when everything is written.
    pub(crate) fn chosen(&self) -> Option<&[RecordKey]> {
        self.chosen.as_deref()
    }

    /// What was chosen that no record with these fields can have.
    pub(crate) fn impossible_with(&self, fields: FieldSet) -> impl Iterator<Item = RecordKey> {
        let is_possible = move |key: RecordKey| match key {
            RecordKey::Field(field) => fields.contains(field),
            RecordKey::Enrichment(enrichment) => enrichment.is_possible_with(fields),
            RecordKey::Context(_) => true,
        };
        self.chosen().unwrap_or_default().iter().copied().filter(move |key| !is_possible(*key))
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.fields.contains(field)
    }

    /// Whether columns are written that are no known field: nobody can choose those.
    pub(crate) fn has_unknown_columns(&self) -> bool {
        self.chosen.is_none()
    }

    /// Whether any of it depends on the user's names for networks.
    pub(crate) fn reads_networks(&self) -> bool {
        self.beside
            .iter()
            .any(|key| matches!(key, RecordKey::Enrichment(enrichment) if enrichment.reads_networks()))
    }

    /// What is written that is no field.
    pub(crate) fn beside(&self) -> &[RecordKey] {
        &self.beside
    }
}

/// Why names are no choice of what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// No name at all.
    #[error("expected at least one field")]
    Empty,
    /// A name that nothing has.
    #[error("unknown field `{name}`{}", Hint(suggestion))]
    Unknown {
        /// The name.
        name: String,
        /// The nearest one that is known.
        suggestion: Option<String>,
    },
    /// A field chosen twice.
    #[error("field `{name}` is there twice")]
    Twice {
        /// Its name, the second time.
        name: String,
    },
    /// Text is the line as it was read.
    #[error("text is the whole line: fields can be chosen for the other encodings")]
    WholeLine,
}

/// `(did you mean ...?)` where there is something near.
struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(near) => write!(f, ": did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}
