//! What `flowgauge event firehose` and `flowgauge invoke firehose` take.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use flow_envelope::encode::RecordShape;

use super::{InputArgs, LogStreamArgs};

#[derive(Debug, ClapArgs)]
pub(crate) struct FirehoseArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub stream: LogStreamArgs,

    /// INPUT holds records instead of lines: what `invoke firehose --put-back` wrote, or what Firehose keeps in S3 under
    /// `processing-failed`, gzip or not; one `{"data": base64}` or `{"rawData": base64}` a line
    #[arg(long, conflicts_with_all = ["shape", "lines", "log_group", "log_stream", "format"])]
    pub from_records: bool,

    /// What a record holds: a compressed CloudWatch Logs message, several joined, or decompressed; extracted lines;
    /// one line as VPC Flow Logs delivers it, or as it is
    #[arg(long, value_name = "SHAPE", default_value = RecordShape::Gzip.name(), value_parser = shape())]
    pub shape: RecordShape,

    /// Most lines of a record, where it may hold more than one
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub lines: u32,

    /// Most bytes of an event's records: the buffer of the stream
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub buffer: u32,

    /// The stream reads a Kinesis data stream
    #[arg(long)]
    pub kinesis: bool,
}

/// The shapes by name, for the command line.
fn shape() -> impl TypedValueParser<Value = RecordShape> {
    PossibleValuesParser::new(RecordShape::ALL.map(RecordShape::name))
        .map(|name| RecordShape::from_name(&name).expect("one of the names just given"))
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InvokeFirehoseArgs {
    /// File with a Firehose event, or several, one after the other; `-` is standard input
    #[arg(value_name = "EVENT")]
    pub event: PathBuf,

    /// File for the records that would be put back into their stream, one `{"data": base64}` a line [default: what has
    /// no room in an answer fails]
    #[arg(long, value_name = "FILE")]
    pub put_back: Option<PathBuf>,
}
