//! The command line.

mod cost;
mod firehose;
mod generate;
#[cfg(feature = "aws")]
mod operate;
mod replay;
mod time;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use flow_output::RecordEncoding;
use flow_pipeline::{Formats, FormatsError};
use flow_record::{FormatError, RecordFormat};

pub(crate) use self::cost::CostArgs;
#[cfg(test)]
pub(crate) use self::cost::LinesArg;
pub(crate) use self::firehose::{FirehoseArgs, InvokeFirehoseArgs};
pub(crate) use self::generate::{GenerateArgs, TrafficOutput};
#[cfg(feature = "aws")]
pub(crate) use self::operate::{DoctorArgs, RedriveArgs, TestAlertArgs};
pub(crate) use self::replay::{HistoryOutput, ReplayArgs};
use self::time::parse_time;

/// Detect, parse and test over AWS VPC Flow Logs on one machine, with no AWS account.
///
/// Inputs are recognised by their content: flow log lines, gzip of them, files delivered to S3 with their header,
/// {"message": ...} lines, CloudWatch Logs messages, and whole Lambda events (subscription, Kinesis, Firehose).
#[derive(Debug, Parser)]
#[command(name = "flowgauge", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print flow records as JSON, in the schemas ECS and OCSF, as CSV or as they are
    Parse(ParseArgs),
    /// Run the detections over flow logs and print the alerts
    Detect(DetectArgs),
    /// Run the detections over history and say what would have been sent
    Replay(ReplayArgs),
    /// Ask flow logs with a CloudWatch Logs Insights query
    Query(QueryArgs),
    /// List, show and test detection rules
    Rules(RulesArgs),
    /// Try filter patterns of CloudWatch Logs
    Pattern(PatternArgs),
    /// Tell what records mean, as a person would, and why something was refused
    Explain(ExplainArgs),
    /// Make Lambda events from flow log lines
    Event(EventArgs),
    /// Run a Lambda function's work over its event, and print what it would publish
    Invoke(InvokeArgs),
    /// Print flow logs of a network that does not exist, with attacks on it if asked for
    Generate(GenerateArgs),
    /// Estimate what flow logs and Flowgauge cost a month, and what would cost less
    Cost(CostArgs),
    /// Look whether a deployed stack is as it should be, and say what to do; changes nothing
    #[cfg(feature = "aws")]
    Doctor(DoctorArgs),
    /// Send a test alert through a deployed stack
    #[cfg(feature = "aws")]
    TestAlert(TestAlertArgs),
    /// Bring events whose every try failed to their end; says what it would do unless told to do it
    #[cfg(feature = "aws")]
    Redrive(RedriveArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// What every command that reads flow logs takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct InputArgs {
    /// Files to read; `-` or none is standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Format of lines without a header: an EC2 log-format string, or bare field names [default: AWS's default format]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub format: Option<RecordFormat>,
}

impl InputArgs {
    /// The format of lines that no header describes.
    pub(crate) fn format(&self) -> RecordFormat {
        self.format.clone().unwrap_or_default()
    }
}

/// What every command that runs rules takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct DefinitionArgs {
    /// Folder of rule files: one with the id of a built-in rule replaces it, others are added
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,

    /// File that names networks: one `CIDR name` a line
    #[arg(long, value_name = "FILE")]
    pub networks: Option<PathBuf>,
}

fn parse_format(text: &str) -> Result<RecordFormat, FormatError> {
    text.parse()
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ParseArgs {
    #[command(flatten)]
    pub input: InputArgs,

    /// How to print records
    #[arg(long, value_enum, default_value_t = RecordOutput::Flat)]
    pub output: RecordOutput,

    /// What to print of a record, by the names in docs/reference.md: `srcaddr,dstport,dst_service,log_group`
    /// [default: all of its format; flat, ecs and ocsf also direction, network names and the log event's id]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,

    /// File that names networks: one `CIDR name` a line
    #[arg(long, value_name = "FILE")]
    pub networks: Option<PathBuf>,

    /// Print NODATA and SKIPDATA lines too
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordOutput {
    /// One flat JSON object a line: typed, absent fields left out
    #[value(alias = "json")]
    Flat,
    /// The Elastic Common Schema, as Elastic's AWS integration writes flow logs
    Ecs,
    /// The Open Cybersecurity Schema Framework: Network Activity
    Ocsf,
    /// The lines as they were read
    Text,
    /// One header, then one row a record
    Csv,
}

impl RecordOutput {
    /// The encoding that it stands for.
    pub(crate) fn encoding(self) -> RecordEncoding {
        match self {
            RecordOutput::Flat => RecordEncoding::Flat,
            RecordOutput::Ecs => RecordEncoding::Ecs,
            RecordOutput::Ocsf => RecordEncoding::Ocsf,
            RecordOutput::Text => RecordEncoding::Text,
            RecordOutput::Csv => RecordEncoding::Csv,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct QueryArgs {
    /// The query, as in the CloudWatch console: `stats sum(bytes) as b by srcAddr | sort b desc | limit 10`
    #[arg(value_name = "QL")]
    pub query: String,

    #[command(flatten)]
    pub input: InputArgs,

    /// What to print
    #[arg(long, value_enum, default_value_t = RowOutput::Table)]
    pub output: RowOutput,

    /// Ask records from this time on: RFC 3339, a date or date and time in UTC, or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub start: Option<i64>,

    /// Ask records before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub end: Option<i64>,

    /// Ask only lines that this filter pattern of CloudWatch Logs selects
    #[arg(long, value_name = "PATTERN")]
    pub pattern: Option<String>,

    /// Draw the answer: bars for a group-by, lines over `bin()`
    #[arg(long, conflicts_with = "output")]
    pub chart: bool,

    /// Refuse what the CloudWatch console does not know, and warn above the 10,000 rows that it gives
    #[arg(long)]
    pub portable: bool,

    /// File that names networks: one `CIDR name` a line
    #[arg(long, value_name = "FILE")]
    pub networks: Option<PathBuf>,

    /// Keep at most this many groups
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub max_groups: usize,

    /// Keep at most this many rows to sort
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub max_rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowOutput {
    /// A table for people
    Table,
    /// One object a row
    Json,
    /// One header, then one line a row
    Csv,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DetectArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub definitions: DefinitionArgs,

    /// File that says which findings are expected, why and until when: they are left out and counted
    ///
    /// An entry holds for findings that were last seen before its end, whatever the time now. With this option every
    /// alert ends with the lines that suppress it: begin with an empty file.
    #[arg(long, value_name = "FILE")]
    pub suppressions: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = FindingOutput::Text)]
    pub output: FindingOutput,

    /// Which rules to run
    #[arg(long, value_enum, default_value_t = ModeArg::Notify)]
    pub mode: ModeArg,

    /// Language of the alerts
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub lang: LanguageArg,

    /// Exit with status 2 when a finding of this severity or worse is printed
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<SeverityArg>,

    /// Keep at most this many groups, all rules together
    #[arg(long, value_name = "N", default_value_t = flow_pipeline::DEFAULT_MAX_GROUPS)]
    pub max_groups: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingOutput {
    /// Alerts as a person gets them
    Text,
    /// One finding a line
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Rules that notify
    Notify,
    /// Those, and rules that only observe
    Observe,
    /// All rules, those switched off too
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArg {
    /// English
    En,
    /// Japanese
    Ja,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityArg {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List the rules
    List {
        /// Folder of rule files that replace and join the built-in ones
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// Show one rule
    Show {
        /// The rule's id
        id: String,
        /// Folder of rule files that replace and join the built-in ones
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// Run the tests inside rule files
    Test {
        /// Folder of rule files [default: the built-in rules]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PatternArgs {
    #[command(subcommand)]
    pub command: PatternCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PatternCommand {
    /// Print the lines that a metric filter or subscription filter would select, as they are
    ///
    /// Standard error says on which field each item of a space-delimited pattern lands, warns of what is probably not
    /// meant, and counts.
    Test(PatternTestArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PatternTestArgs {
    /// The filter pattern: terms, `[space, delimited]`, or `{ $.json = 1 }`
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pub pattern: String,

    #[command(flatten)]
    pub input: InputArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EventArgs {
    #[command(subcommand)]
    pub command: EventCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// CloudWatch Logs subscription events: one Lambda event a line, as JSON
    Subscription(SubscriptionArgs),

    /// Firehose events, their records in any shape that a stream brings: one Lambda event a line, as JSON
    Firehose(FirehoseArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SubscriptionArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub stream: LogStreamArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LogStreamArgs {
    /// Log group that the events say they come from
    #[arg(long, value_name = "NAME", default_value = "/aws/vpc/flowlogs")]
    pub log_group: String,

    /// Log stream that the events say they come from
    #[arg(long, value_name = "NAME", default_value = "flowgauge")]
    pub log_stream: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InvokeArgs {
    #[command(subcommand)]
    pub command: InvokeCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvokeCommand {
    /// The function behind a CloudWatch Logs subscription filter: messages to standard output, a report to standard
    /// error, both as JSON
    Subscription(Box<InvokeSubscriptionArgs>),

    /// The function that transforms what a Firehose stream buffers, set by the function's own environment variables:
    /// the answer to standard output, a report to standard error, both as JSON
    Firehose(InvokeFirehoseArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InvokeSubscriptionArgs {
    /// File with a Lambda event, or several, one after the other; `-` is standard input
    #[arg(value_name = "EVENT")]
    pub event: PathBuf,

    /// Format of the lines, or a JSON object of log groups and their formats [default: AWS's default format]
    #[arg(long, value_name = "FORMAT", value_parser = parse_formats)]
    pub format: Option<Formats>,

    #[command(flatten)]
    pub definitions: DefinitionArgs,

    /// Language of the alerts
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub lang: LanguageArg,

    /// How alerts are written
    #[arg(long, value_enum, default_value_t = AlertFormatArg::Text)]
    pub alert_format: AlertFormatArg,

    /// Least severity of an alert
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = SeverityArg::Medium)]
    pub alert_min_severity: SeverityArg,

    /// Region of the log groups, for links to the console [default: the one that records say]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

fn parse_formats(text: &str) -> Result<Formats, FormatsError> {
    Formats::parse(text)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlertFormatArg {
    /// Text for mail and text messages
    Text,
    /// Custom notifications of Amazon Q Developer in chat applications
    Chat,
}

/// Tell what records mean, as a person would, and why something was refused.
///
/// Neighbouring records of one conversation at one interface, such as a request and its reply, are told together. Times are
/// those of the zone that the variable TZ names, else of this machine.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// Lines, each one argument, or files to read; `-` or none is standard input
    #[arg(value_name = "LINE|INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Format of lines without a header: an EC2 log-format string, or bare field names [default: AWS's default format]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub format: Option<RecordFormat>,

    /// File that names networks, one `CIDR name` a line
    #[arg(long, value_name = "FILE")]
    pub networks: Option<PathBuf>,

    /// Language of the text
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub lang: LanguageArg,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
