//! The Lambda function behind a CloudWatch Logs subscription filter: it finds, and notifies.
//!
//! [`handler`] takes one event at a time through the pipeline.

pub mod handler;
