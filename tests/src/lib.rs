//! What the workspace's own tests share: where the workspace is.

use std::path::Path;

/// The workspace's folder.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("this crate is a folder of the workspace")
}
