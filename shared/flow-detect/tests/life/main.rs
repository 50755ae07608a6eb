//! The life of a finding: each transition by itself, the laws of merging, and any interleaving of many invocations.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod findings;
mod interleavings;
mod merging;
mod scene;
mod storing;
mod transitions;
