//! The Lambda function that transforms what a Firehose stream buffers: flow logs in, clean records out.
//!
//! [`config`] reads the environment, [`handler`] answers one event at a time, [`telemetry`] tells what became of them.

pub mod config;
pub mod handler;
pub mod telemetry;
