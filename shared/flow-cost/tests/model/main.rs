//! The arithmetic, against numbers worked out by hand, and its laws.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]

mod by_hand;
mod files;
mod laws;
