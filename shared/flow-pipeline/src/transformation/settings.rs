//! What a transformation does with records: read from the same variables by the function and by the command line.

use flow_envelope::MAX_ANSWER;
use flow_output::{ContextKey, RecordEncoder, RecordEncoding};

use super::partition::PartitionKey;
use super::reduction::{Sampling, Unwanted};
use super::setting_warning::{SettingWarning, warnings};
use crate::formats::Formats;
use crate::variables::{LOG_FORMAT, Lookup, MAX_DECOMPRESSED_BYTES, NETWORKS, Variable, VariableError};

/// All variables of a transformation.
pub const TRANSFORMATION_VARIABLES: [Variable; 12] = [
    LOG_FORMAT,
    Variable::new(
        "OUTPUT",
        "flat",
        "how records are written: flat (a JSON object a line, AWS's names), ecs, ocsf, text (the line itself) or csv",
    ),
    Variable::new(
        "FIELDS",
        "all fields of the line, its direction and the names of its networks",
        "what of a record is written, names as in flat output between commas: `srcaddr,dstaddr,bytes,event_id`",
    ),
    Variable::new(
        "KEEP",
        "none",
        "lines without a flow that are kept: NODATA, SKIPDATA, or both between commas",
    ),
    Variable::new(
        "DROP",
        "none",
        "records to leave out: `filter ...` in CloudWatch Logs Insights' language, or a CloudWatch Logs filter pattern",
    ),
    Variable::new(
        "SAMPLE_ACCEPTED",
        "1: all",
        "one in how many accepted flows is kept, 1 to 1000000; `sample_weight` says how many each stands for",
    ),
    Variable::new(
        "SAMPLE_BELOW_BYTES",
        "1000000",
        "a record of so many bytes or more is kept whatever SAMPLE_ACCEPTED says, and stands for itself: sums stay near the truth",
    ),
    Variable::new(
        "MERGE",
        "false",
        "true adds up records of one flow in one message; `merged_records` says how many each was",
    ),
    Variable::new(
        "PARTITION_KEYS",
        "none",
        "keys for dynamic partitioning, between commas: account, region, log_group, interface, hour",
    ),
    Variable::new(
        "PUT_BACK",
        "true",
        "false where the stream takes no records of others, as one that decompresses: what has no room in an answer then fails",
    ),
    MAX_DECOMPRESSED_BYTES,
    NETWORKS,
];

/// The most flows that one may stand for.
const MAX_SAMPLE: u64 = 1_000_000;

/// A record of so many bytes is kept, where nothing else is said.
const LARGE: u64 = 1_000_000;

/// A line that holds no flow, by its `log-status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutFlow {
    /// `NODATA`: nothing flowed.
    NoData,
    /// `SKIPDATA`: AWS lost records.
    SkipData,
}

const WITHOUT_FLOW: [(&str, WithoutFlow); 2] =
    [("NODATA", WithoutFlow::NoData), ("SKIPDATA", WithoutFlow::SkipData)];

/// What a transformation is made with.
#[derive(Debug, Clone)]
pub struct TransformationSettings {
    /// The formats of the log groups. Lines without a log group are in that of all others.
    pub formats: Formats,
    /// How records are written.
    pub encoder: RecordEncoder,
    /// Lines without a flow that are written.
    pub keep: Vec<WithoutFlow>,
    /// Records that are left out.
    pub unwanted: Option<Unwanted>,
    /// Which accepted flows are written.
    pub sampling: Sampling,
    /// Records of one flow in one message are added up.
    pub merges: bool,
    /// The keys of a record's partition.
    pub partition_keys: Vec<PartitionKey>,
    /// What has no room may be put back into its stream.
    pub puts_back: bool,
    /// Networks have names; whoever transforms by these settings has the table.
    pub names_networks: bool,
    /// The most bytes of a record's data once decompressed.
    pub decompressed_cap: usize,
    /// The most bytes of an answer.
    pub answer_limit: usize,
}

impl TransformationSettings {
    /// Reads [`TRANSFORMATION_VARIABLES`].
    pub fn read(lookup: Lookup<'_>) -> Result<Self, VariableError> {
        let encoder = encoder(lookup)?;
        let sampling = Sampling {
            one_in: lookup.number("SAMPLE_ACCEPTED", 1..=MAX_SAMPLE)?.unwrap_or(1),
            below_bytes: lookup.number("SAMPLE_BELOW_BYTES", 1..=u64::MAX)?.unwrap_or(LARGE),
        };
        let merges = lookup.flag("MERGE")?.unwrap_or(false);
        if sampling.one_in > 1 {
            has_place(lookup, &encoder, "SAMPLE_ACCEPTED", ContextKey::SampleWeight)?;
        }
        if merges {
            has_place(lookup, &encoder, "MERGE", ContextKey::MergedRecords)?;
        }
        Ok(TransformationSettings {
            formats: lookup.formats()?,
            encoder,
            keep: lookup.choices("KEEP", &WITHOUT_FLOW)?,
            unwanted: lookup.text("DROP").map(Unwanted::parse).transpose()?,
            sampling,
            merges,
            partition_keys: lookup
                .choices("PARTITION_KEYS", &PartitionKey::ALL.map(|key| (key.name(), key)))?,
            puts_back: lookup.flag("PUT_BACK")?.unwrap_or(true),
            names_networks: lookup.text(NETWORKS.name).is_some(),
            decompressed_cap: lookup.decompressed_cap()?,
            answer_limit: MAX_ANSWER,
        })
    }

    /// The settings that do nothing, or not what they seem to: for whoever made them to be told of.
    pub fn warnings(&self) -> Vec<SettingWarning> {
        warnings(self)
    }
}

fn encoder(lookup: Lookup<'_>) -> Result<RecordEncoder, VariableError> {
    let encodings = RecordEncoding::ALL.map(|encoding| (encoding.name(), encoding));
    let encoding = lookup.choice("OUTPUT", &encodings)?.unwrap_or(RecordEncoding::Flat);
    let fields = lookup.words("FIELDS");
    let fields = (!fields.is_empty()).then_some(&*fields);
    RecordEncoder::new(encoding, fields)
        .map_err(|error| VariableError::mistake("FIELDS", lookup.text("FIELDS").unwrap_or_default(), error))
}

/// What a record stands for must be told with it, or sums over what is delivered are wrong and nobody sees it.
fn has_place(
    lookup: Lookup<'_>,
    encoder: &RecordEncoder,
    variable: &'static str,
    mark: ContextKey,
) -> Result<(), VariableError> {
    if encoder.tells(mark) {
        return Ok(());
    }
    let found = lookup.text(variable).unwrap_or_default();
    let error = NoPlace { encoding: encoder.encoding().name(), mark: mark.json_key() };
    Err(VariableError::mistake(variable, found, error))
}

/// An encoding does not tell what a record stands for.
#[derive(Debug, thiserror::Error)]
#[error("{encoding} output has no `{mark}`: use flat, ecs or ocsf, or csv with `{mark}` among FIELDS")]
struct NoPlace {
    encoding: &'static str,
    mark: &'static str,
}

impl Default for TransformationSettings {
    /// What an empty environment says.
    fn default() -> Self {
        TransformationSettings::read(Lookup(&|_| None)).expect("every variable has a default")
    }
}
