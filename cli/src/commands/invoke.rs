//! `flowgauge invoke`: what a Lambda function does with its event, without AWS.

mod firehose;
mod subscription;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::value::RawValue;

use crate::args::{InvokeArgs, InvokeCommand};
use crate::failure::{Failure, Outcome};

/// Lambda's events are far smaller: 6 MiB at most.
const MAX_INPUT: u64 = 256 * 1024 * 1024;

/// Runs the command.
pub(crate) fn run(args: &InvokeArgs) -> Result<Outcome, Failure> {
    match &args.command {
        InvokeCommand::Subscription(args) => subscription::run(args),
        InvokeCommand::Firehose(args) => firehose::run(args),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error| Failure::Read { path: path.to_owned(), error };
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path).map_err(fail)?),
    };
    let mut bytes = Vec::new();
    source.take(MAX_INPUT).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}

/// The events that stand in `bytes` one after the other. What is no JSON is one event, for the pipeline to refuse.
fn events(bytes: &[u8]) -> Vec<&[u8]> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
    let events: Result<Vec<_>, _> = values.map(|value| value.map(|value| value.get().as_bytes())).collect();
    events.ok().filter(|events| !events.is_empty()).unwrap_or_else(|| vec![bytes])
}
