//! What the workspace's own tests share: where the workspace is, which of its files are written from the code, the contract of
//! state stores, and the soak.

#![allow(clippy::panic, reason = "tests: what is not as it has to be ends them")]

pub mod soak;
pub mod state_contract;
mod written;

use std::path::Path;

pub use written::assert_written;

/// The workspace's folder.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("this crate is a folder of the workspace")
}
