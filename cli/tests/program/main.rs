//! The `flowgauge` program from outside: arguments and inputs in; output, messages and exit status out.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod arrival;
mod bad_input;
mod cost;
mod detect;
mod events;
mod exit;
mod explain;
mod firehose;
mod generate;
mod hostile;
mod inputs;
mod invoke;
mod parse;
mod pattern;
mod program;
mod query;
mod replay;
mod rules;
mod samples;
mod suppressions;
mod terminal;
