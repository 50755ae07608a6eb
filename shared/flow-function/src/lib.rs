//! What every function shares: its environment, definitions that change, log lines with metrics in them.
//!
//! [`config`] reads the environment once, through a lookup; [`definitions`] holds the rules and tables that may change;
//! [`telemetry`] tells what happened, as log lines with metrics in them that [`embedded_metrics`] writes. [`outside`] is
//! the environment, the clock and the log themselves.

pub mod config;
pub mod definitions;
pub mod embedded_metrics;
pub mod outside;
pub mod telemetry;
