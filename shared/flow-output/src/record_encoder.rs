//! Records written for others to read: flat JSON, Elastic's and OCSF's schemas, CSV, or the line as it was.

mod csv;
mod ecs;
mod flat;
mod ocsf;
mod remaining;
mod selection;

use flow_enrich::{EnrichedFlow, Enrichment, Origin};
use flow_record::RecordFormat;

use self::csv::CsvRows;
use self::flat::FlatWriter;
use self::selection::{RecordKey, Selection};

pub use self::selection::{ContextKey, FieldsError};

/// How records are written, one a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordEncoding {
    /// A flat JSON object: AWS's names with underscores, times in Unix seconds.
    Flat,
    /// A JSON object of the Elastic Common Schema, as Elastic's AWS integration writes flow logs.
    Ecs,
    /// A JSON object of the Open Cybersecurity Schema Framework: Network Activity.
    Ocsf,
    /// The line as it was read.
    Text,
    /// A row of CSV (RFC 4180).
    Csv,
}

impl RecordEncoding {
    /// All of them.
    pub const ALL: [RecordEncoding; 5] = [
        RecordEncoding::Flat,
        RecordEncoding::Ecs,
        RecordEncoding::Ocsf,
        RecordEncoding::Text,
        RecordEncoding::Csv,
    ];

    /// The name in settings: `flat`.
    pub fn name(self) -> &'static str {
        match self {
            RecordEncoding::Flat => "flat",
            RecordEncoding::Ecs => "ecs",
            RecordEncoding::Ocsf => "ocsf",
            RecordEncoding::Text => "text",
            RecordEncoding::Csv => "csv",
        }
    }

    /// The encoding with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        RecordEncoding::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The enrichments that are written unless others are chosen: few, since who stores records pays by the byte, and
    /// of ECS what its reader expects.
    pub fn default_enrichments(self) -> &'static [Enrichment] {
        const NAMES: [Enrichment; 3] =
            [Enrichment::Direction, Enrichment::SrcNetwork, Enrichment::DstNetwork];
        const WITH_COMMUNITY_ID: [Enrichment; 4] =
            [Enrichment::Direction, Enrichment::SrcNetwork, Enrichment::DstNetwork, Enrichment::CommunityId];
        match self {
            RecordEncoding::Flat | RecordEncoding::Ocsf => &NAMES,
            RecordEncoding::Ecs => &WITH_COMMUNITY_ID,
            RecordEncoding::Text | RecordEncoding::Csv => &[],
        }
    }
}

/// What was done to a record on its way here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// How many records it stands for, where only some are kept.
    pub sample_weight: Option<u64>,
    /// How many records were merged into it.
    pub merged: Option<u64>,
}

/// What could not be read as a record.
#[derive(Debug, Clone, Copy)]
pub struct Rejection<'a> {
    /// The line.
    pub line: &'a str,
    /// What kind of mistake it is: [`RejectKind::name`](flow_record::RejectKind::name), or another word of that kind.
    pub kind: &'a str,
    /// What is wrong with it, in one line.
    pub error: &'a str,
}

/// Writes records in one encoding.
///
/// It remembers how the format that came last is written, and so wants records of one format after the other.
///
/// ```
/// use flow_enrich::{EnrichedFlow, Origin, Tables};
/// use flow_output::{Marks, RecordEncoder, RecordEncoding};
/// use flow_record::RecordFormat;
///
/// let format = RecordFormat::default();
/// let line = "2 123456789010 eni-1 203.0.113.12 10.0.0.220 49761 22 6 20 4249 1418530010 1418530070 REJECT OK";
/// let line = format.parse(line).expect("a line of the default format");
/// let origin = Origin { event_id: Some("3711"), ..Origin::default() };
/// let flow = EnrichedFlow { record: line.record(), origin: &origin, tables: &Tables::default() };
///
/// let fields = ["srcaddr", "dstport", "dst_service", "event_id"];
/// let mut encoder = RecordEncoder::new(RecordEncoding::Flat, Some(&fields))?;
/// let mut out = Vec::new();
/// encoder.write(&mut out, &flow, &Marks::default());
/// assert_eq!(out, b"{\"srcaddr\":\"203.0.113.12\",\"dstport\":22,\"dst_service\":\"ssh\",\"event_id\":\"3711\"}\n");
/// # Ok::<(), flow_output::FieldsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordEncoder {
    encoding: RecordEncoding,
    selection: Selection,
    flat: FlatWriter,
    csv: CsvRows,
}

impl RecordEncoder {
    /// An encoder that writes only `fields`, or everything of a record's format, the encoding's
    /// [default enrichments](RecordEncoding::default_enrichments) and the `event_id`.
    ///
    /// A field is named as in JSON (`tcp_flags`) or as AWS spells it (`tcp-flags`); an enrichment and a [`ContextKey`] as in
    /// JSON. The schemas of ECS and OCSF keep what they require.
    ///
    /// # Errors
    /// When a name is unknown or there twice, when there is none, or when the encoding has no fields.
    pub fn new(encoding: RecordEncoding, fields: Option<&[impl AsRef<str>]>) -> Result<Self, FieldsError> {
        let selection = match fields {
            None => Selection::everything(encoding.default_enrichments()),
            Some(_) if encoding == RecordEncoding::Text => return Err(FieldsError::WholeLine),
            Some(names) => Selection::of_names(names)?,
        };
        let (flat, csv) = (FlatWriter::default(), CsvRows::new(selection.chosen()));
        Ok(RecordEncoder { encoding, selection, flat, csv })
    }

    /// The encoding.
    pub fn encoding(&self) -> RecordEncoding {
        self.encoding
    }

    /// The names of the fields that were chosen, as in JSON; none when everything is written.
    pub fn chosen(&self) -> Option<Vec<&'static str>> {
        Some(self.selection.chosen()?.iter().map(|key| key.json_key()).collect())
    }

    /// The names among the chosen ones that no record of `format` can have.
    pub fn impossible_with(&self, format: &RecordFormat) -> Vec<&'static str> {
        self.selection.impossible_with(format.fields()).map(RecordKey::json_key).collect()
    }

    /// Whether what is written depends on the user's names for networks.
    pub fn reads_networks(&self) -> bool {
        match self.encoding {
            RecordEncoding::Text => false,
            // Its direction tells what crosses the border of the user's own, and is always written.
            RecordEncoding::Ocsf => true,
            RecordEncoding::Flat | RecordEncoding::Ecs | RecordEncoding::Csv => {
                self.selection.reads_networks()
            }
        }
    }

    /// Whether records are written with `mark`, one of [`Marks`], where they have it.
    pub fn tells(&self, mark: ContextKey) -> bool {
        match self.encoding {
            RecordEncoding::Flat | RecordEncoding::Ecs | RecordEncoding::Ocsf => true,
            RecordEncoding::Text => false,
            RecordEncoding::Csv => self.selection.beside().contains(&RecordKey::Context(mark)),
        }
    }

    /// Appends one record and its newline.
    pub fn write(&mut self, out: &mut Vec<u8>, flow: &EnrichedFlow<'_>, marks: &Marks) {
        match self.encoding {
            RecordEncoding::Flat => self.flat.write(out, &self.selection, flow, marks),
            RecordEncoding::Ecs => ecs::write(out, &self.selection, flow, marks),
            RecordEncoding::Ocsf => ocsf::write(out, &self.selection, flow, marks),
            RecordEncoding::Text => write_one_line(out, flow.record.line()),
            RecordEncoding::Csv => self.csv.write(out, flow, marks),
        }
        out.push(b'\n');
    }

    /// Appends what could not be read as a record and a newline, so that nothing is lost. Writes nothing and gives false
    /// when the encoding has no place for it, as CSV.
    pub fn write_rejected(
        &mut self,
        out: &mut Vec<u8>,
        rejection: &Rejection<'_>,
        origin: &Origin<'_>,
        marks: &Marks,
    ) -> bool {
        match self.encoding {
            RecordEncoding::Flat => flat::write_rejected(out, rejection, origin, marks),
            RecordEncoding::Ecs => ecs::write_rejected(out, rejection, origin, marks),
            RecordEncoding::Ocsf => ocsf::write_rejected(out, rejection, origin, marks),
            RecordEncoding::Text => write_one_line(out, rejection.line),
            RecordEncoding::Csv => return false,
        }
        out.push(b'\n');
        true
    }

    /// Appends CSV's header for records of `format`; nothing in other encodings. From then on every row has these columns,
    /// whatever the record's format; without a header each row has those of its own.
    pub fn write_header(&mut self, out: &mut Vec<u8>, format: &RecordFormat) {
        if self.encoding == RecordEncoding::Csv {
            self.csv.write_header(out, format);
        }
    }

    /// The columns of `format` that a header which was written has no place for; none where fields were chosen.
    pub fn left_out<'f>(&self, format: &'f RecordFormat) -> Vec<&'f str> {
        match self.selection.chosen() {
            Some(_) => Vec::new(),
            None => self.csv.left_out(format),
        }
    }
}

/// Appends `text` as one line: line ends in it separate columns as spaces do.
fn write_one_line(out: &mut Vec<u8>, text: &str) {
    let text = text.trim_end_matches(['\n', '\r']);
    out.extend(text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}
