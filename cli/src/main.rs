//! `flowgauge`: detects, parses and tests over VPC Flow Logs on one machine, with no AWS account.
//!
//! Exit status: 0 when all went well, rejected lines included; 1 for any failure, wrong usage too; 2 only when
//! `detect --fail-on` is reached.

mod args;
mod clock;
mod commands;
#[cfg(feature = "aws")]
mod diagnosis;
mod environment;
mod failure;
mod inputs;
mod messages;
mod rule_files;
mod shell;
mod suppressed;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::failure::{Failure, Outcome};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no failures; a closed pipe while printing them is none either.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    match run(&args) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::SeverityReached) => ExitCode::from(2),
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            messages::failure(&failure);
            ExitCode::from(1)
        }
    }
}

fn run(args: &Args) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Parse(args) => commands::parse::run(args),
        Command::Detect(args) => commands::detect::run(args),
        Command::Replay(args) => commands::replay::run(args),
        Command::Query(args) => commands::query::run(args),
        Command::Rules(args) => commands::rules::run(args),
        Command::Pattern(args) => commands::pattern::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Event(args) => commands::event::run(args),
        Command::Invoke(args) => commands::invoke::run(args),
        Command::Generate(args) => commands::generate::run(args),
        Command::Cost(args) => commands::cost::run(args),
        #[cfg(feature = "aws")]
        Command::Doctor(args) => commands::doctor::run(args),
        #[cfg(feature = "aws")]
        Command::TestAlert(args) => commands::test_alert::run(args),
        #[cfg(feature = "aws")]
        Command::Redrive(args) => commands::redrive::run(args),
        Command::Completions(args) => commands::completions(args.shell),
        Command::Man => commands::man(),
    }
}
