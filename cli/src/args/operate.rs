//! What the commands take that talk to AWS.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::LanguageArg;

/// Look whether a deployed stack is as it should be, and say what to do; changes nothing.
///
/// One line for each check: credentials, settings, subscription filter and its places, the format of the log group beside
/// that of its flow logs, lines and invocations, the function reading its own log, who hears of findings and alerts, whether
/// alarms may use the topic's key, the keys of log groups, failed events. What may not be looked at is a warning.
///
/// The exit status is 0 when nothing failed, warnings or not, and 1 when something did, or when it could not begin: wrong
/// usage, no credentials, an unknown name.
///
/// docs/operate.md lists the permissions that it takes. Credentials and region come from the environment:
/// `eval "$(aws configure export-credentials --format env)"`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// The stack, or its subscription function by name or ARN
    #[arg(value_name = "STACK|FUNCTION")]
    pub name: String,

    /// Print each check as a JSON object, one a line
    #[arg(long)]
    pub json: bool,

    /// Language of the text
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub lang: LanguageArg,
}

/// Send a test alert through a deployed stack.
///
/// Without options one finding and its alert are published to the stack's topics, made by the same code as any, with a title
/// that says that it is a test and the message attribute `test`: whoever subscribes gets it. With --through-logs records of
/// a host that does not exist are written into the log group, so that everything from there on is proved as well.
///
/// Topics of another account take it from a role under the path /flowgauge/ alone, and do not let their listeners be seen: that is
/// a warning. The exit status is 1 when it was not sent, or nobody hears.
///
/// Credentials and region come from the environment: `eval "$(aws configure export-credentials --format env)"`.
#[derive(Debug, ClapArgs)]
pub(crate) struct TestAlertArgs {
    /// The stack, or its subscription function by name or ARN
    #[arg(value_name = "STACK|FUNCTION")]
    pub name: String,

    /// Write flow log records that the rule admin-port-tries tells of, instead of publishing
    #[arg(long)]
    pub through_logs: bool,
}

/// Bring events whose every try failed to their end; says what it would do unless told to do it.
///
/// They lie in the function's failure bucket. As long as their records still count the function is invoked with them
/// again. What comes too late for that is evaluated here, all of it together, as windows that have closed; findings
/// nobody knows of are published marked delayed. What is done moves to redriven/ in the bucket.
///
/// Settings are those of the deployed function. The README lists the permissions that it takes. Credentials and region come from the environment:
/// `eval "$(aws configure export-credentials --format env)"`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RedriveArgs {
    /// The stack, or its subscription function by name or ARN
    #[arg(value_name = "STACK|FUNCTION")]
    pub function: String,

    /// Do it
    #[arg(long)]
    pub execute: bool,

    /// Look at this many events at most
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub limit: usize,

    /// Folder of rule files, where the function has one in its package
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,

    /// File that names networks, where the function has one in its package
    #[arg(long, value_name = "FILE")]
    pub networks: Option<PathBuf>,

    /// File of suppressions, where the function has one in its package
    #[arg(long, value_name = "FILE")]
    pub suppressions: Option<PathBuf>,
}
