//! What `flowgauge cost` takes.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use flow_cost::{Architecture, Volume, VolumeError};

use super::generate::ArgumentError;
use super::{LanguageArg, RowOutput};

const EXAMPLES: &str = "\
Examples:
  flowgauge cost 500GB/month
  flowgauge cost 20GB/day --format recommended --batch 80
  flowgauge cost 1200records/s --architecture arm64 --archive-days 365
  flowgauge cost 80interfaces --without-flow-logs --output json
  flowgauge cost --print-prices > tokyo.toml      # then write your region's prices into it
  flowgauge cost 2TB/month --prices tokyo.toml";

/// Estimate what flow logs and Flowgauge cost a month, part by part, and what would cost less.
///
/// From AWS's prices, and from figures that were measured of this version: docs/cost.md says how, and what is assumed. It
/// counts no free tier and no tax.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CostArgs {
    /// How much there is: `500GB/month`, `20GB/day`, `1200records/s` or, for ordinary traffic, `80interfaces`
    ///
    /// A number; KB, MB, GB, TB (a GB has 1000 MB), records or interfaces; and /s, /hour, /day or /month [default: /month].
    /// What CloudWatch's metric `IncomingBytes` of the log group says is best.
    #[arg(value_name = "VOLUME", required_unless_present = "print_prices", value_parser = read_volume)]
    pub volume: Option<Volume>,

    /// Format of the lines
    #[arg(long, value_enum, default_value_t = LinesArg::Default)]
    pub format: LinesArg,

    /// Records that a batch has on average: the functions' metric `Flows` divided by `Events`
    ///
    /// Nobody can choose it: CloudWatch Logs gives on what came from one interface.
    #[arg(long, value_name = "RECORDS", default_value_t = 500.0, value_parser = read_batch)]
    pub batch: f64,

    /// Memory of the function in MB [default: the template's, 256]
    #[arg(long, value_name = "MB", value_parser = read_memory)]
    pub memory: Option<f64>,

    /// Processor of the functions
    #[arg(long, value_enum, default_value_t = ArchitectureArg::X86_64)]
    pub architecture: ArchitectureArg,

    /// Findings that begin in a day
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = read_many)]
    pub findings: f64,

    /// Alerts that go out by mail in a day
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = read_many)]
    pub alerts: f64,

    /// Add templates/archive.yaml, which keeps records for so many days
    #[arg(long, value_name = "DAYS", value_parser = read_days)]
    pub archive_days: Option<f64>,

    /// Count the dashboard: three of an account are free
    #[arg(long)]
    pub dashboard: bool,

    /// Leave out what CloudWatch Logs takes for the flow logs: they are there anyway
    #[arg(long)]
    pub without_flow_logs: bool,

    /// File of prices instead of those of us-east-1
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// Print the file of prices that is used, with where each is from
    #[arg(long, exclusive = true)]
    pub print_prices: bool,

    /// How to print the estimate
    #[arg(long, value_enum, default_value_t = RowOutput::Table)]
    pub output: RowOutput,

    /// Language of the table
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub lang: LanguageArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinesArg {
    /// AWS's default format, 14 fields
    Default,
    /// The template's `recommended`, 23 fields
    Recommended,
    /// All fields to version 5, 29 fields
    V5,
}

impl LinesArg {
    /// The name under which it was measured.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LinesArg::Default => "default",
            LinesArg::Recommended => "recommended",
            LinesArg::V5 => "v5",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArchitectureArg {
    /// The template's default
    #[value(name = "x86_64")]
    X86_64,
    /// A fifth cheaper
    Arm64,
}

impl From<ArchitectureArg> for Architecture {
    fn from(argument: ArchitectureArg) -> Self {
        match argument {
            ArchitectureArg::X86_64 => Architecture::X86_64,
            ArchitectureArg::Arm64 => Architecture::Arm64,
        }
    }
}

fn read_volume(text: &str) -> Result<Volume, VolumeError> {
    text.parse()
}

/// CloudWatch Logs gives at most 1 MB at once, compressed.
fn read_batch(text: &str) -> Result<f64, ArgumentError> {
    read_number(text, 1.0..=100_000.0, "")
}

/// What Lambda has.
fn read_memory(text: &str) -> Result<f64, ArgumentError> {
    read_number(text, 128.0..=10_240.0, " of MB")
}

fn read_many(text: &str) -> Result<f64, ArgumentError> {
    read_number(text, 0.0..=1e9, "")
}

fn read_days(text: &str) -> Result<f64, ArgumentError> {
    read_number(text, 1.0..=3650.0, " of days")
}

fn read_number(text: &str, within: RangeInclusive<f64>, of: &str) -> Result<f64, ArgumentError> {
    let number = text.parse().ok().filter(|number| within.contains(number));
    number.ok_or_else(|| ArgumentError {
        expected: format!("a number{of} from {} to {}", within.start(), within.end()),
    })
}
