//! What `flowgauge generate` takes.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, ValueEnum};
use flow_generate::{Aggregation, MAX_INTERFACES, Scenario};
use flow_record::{FormatError, RecordFormat, VPC_DEFAULT, VPC_V5};

use super::time::parse_time;

#[derive(Debug, ClapArgs)]
pub(crate) struct GenerateArgs {
    /// Decides everything that is random: the same arguments print the same records
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Print this many records
    #[arg(long, value_name = "N", conflicts_with = "duration")]
    pub records: Option<u64>,

    /// Print the records of this long: `90s`, `45m`, `12h`, `7d` [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = read_duration)]
    pub duration: Option<u64>,

    /// How many network interfaces there are
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = read_interfaces)]
    pub interfaces: usize,

    /// When it begins; people work from nine to five in UTC, Monday to Friday
    #[arg(long, value_name = "TIME", default_value = "2026-01-05T09:00:00Z", value_parser = read_time)]
    pub start: u64,

    /// Seconds that a record adds up at most
    #[arg(long, value_name = "SECONDS", value_enum, default_value_t = AggregationArg::Minute)]
    pub aggregation: AggregationArg,

    /// Lay this over ordinary traffic; may be given several times
    ///
    /// The first begins after ten minutes, each of the others five minutes after the one before.
    #[arg(long, value_name = "NAME", value_delimiter = ',', num_args = 1.., value_parser = scenarios())]
    pub scenario: Vec<&'static Scenario>,

    /// Play the scenarios over IPv6
    #[arg(long)]
    pub ipv6: bool,

    /// Format of the lines: `v2` (AWS's default), `v5` (all fields to version 5), an EC2 log-format string, or field names
    #[arg(long, value_name = "FORMAT", default_value = "v2", value_parser = parse_named_format)]
    pub format: RecordFormat,

    /// Write where each scenario is to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = TrafficOutput::Lines)]
    pub output: TrafficOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AggregationArg {
    /// A minute
    #[value(name = "60")]
    Minute,
    /// Ten minutes, AWS's default
    #[value(name = "600")]
    TenMinutes,
}

impl From<AggregationArg> for Aggregation {
    fn from(argument: AggregationArg) -> Self {
        match argument {
            AggregationArg::Minute => Aggregation::Minute,
            AggregationArg::TenMinutes => Aggregation::TenMinutes,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrafficOutput {
    /// Lines; under a header, as in files delivered to S3, if the format is not AWS's default
    Lines,
    /// CloudWatch Logs subscription events: one Lambda event a line, each of one interface
    Events,
}

fn scenarios() -> impl TypedValueParser<Value = &'static Scenario> {
    let names = Scenario::ALL.iter().map(|one| PossibleValue::new(one.name).help(one.summary));
    PossibleValuesParser::new(names)
        .map(|name| Scenario::find(&name).expect("only names of scenarios are possible values"))
}

fn parse_named_format(text: &str) -> Result<RecordFormat, FormatError> {
    match text {
        "v2" => VPC_DEFAULT.parse(),
        "v5" => VPC_V5.parse(),
        text => text.parse(),
    }
}

/// An argument that is no such thing.
#[derive(Debug, thiserror::Error)]
#[error("expected {expected}")]
pub(super) struct ArgumentError {
    pub(super) expected: String,
}

fn read_duration(text: &str) -> Result<u64, ArgumentError> {
    let expected = || "a number and `s`, `m`, `h` or `d`, such as `12h`".to_owned();
    flow_detect::parse_duration(text).ok_or_else(|| ArgumentError { expected: expected() })
}

fn read_interfaces(text: &str) -> Result<usize, ArgumentError> {
    let number = text.parse().ok().filter(|number| (1..=MAX_INTERFACES).contains(number));
    number.ok_or_else(|| ArgumentError { expected: format!("a number from 1 to {MAX_INTERFACES}") })
}

fn read_time(text: &str) -> Result<u64, ArgumentError> {
    let time = parse_time(text).ok().and_then(|millis| u64::try_from(millis / 1000).ok());
    // Three thousand years from now there is still room for what is added to it.
    let time = time.filter(|second| *second < 100_000_000_000);
    let expected = || "a time such as `2026-01-05T09:00:00Z`, or Unix seconds".to_owned();
    time.ok_or_else(|| ArgumentError { expected: expected() })
}
