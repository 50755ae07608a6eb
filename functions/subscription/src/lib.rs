//! The Lambda function behind a CloudWatch Logs subscription filter: it finds, and notifies.
//!
//! [`config`] reads the environment once, [`definitions`] holds the rules and tables that may change, [`handler`] takes one event at a time through the pipeline, [`telemetry`]
//! writes what happened as log lines with metrics in them.

pub mod config;
pub mod definitions;
pub mod handler;
pub mod telemetry;
