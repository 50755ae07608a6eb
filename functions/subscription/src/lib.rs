//! The Lambda function behind a CloudWatch Logs subscription filter: it finds, and notifies.
//!
//! [`config`] reads the environment once, [`definitions`] holds the rules and tables that may
//! change, [`handler`] takes one event at a time through the pipeline, [`telemetry`]
//! tells what happened, as log lines with metrics in them that [`embedded_metrics`] writes.

pub mod config;
pub mod definitions;
pub mod embedded_metrics;
pub mod handler;
pub mod telemetry;
