//! Files of the project that are written from the code.

use std::fs;

use crate::root;

/// Asserts that the file at `path` in the workspace is `expected`, which is what `teller` (`the rules say`); under `make docs` it
/// is written first.
///
/// # Panics
/// When the file is another, or can't be read or written.
#[expect(
    clippy::disallowed_methods,
    reason = "`make docs` says through the environment that the file is to be written"
)]
pub fn assert_written(path: &str, expected: &str, teller: &str) {
    let file = root().join(path);
    if std::env::var_os("FLOWGAUGE_UPDATE_DOCS").is_some() {
        fs::write(&file, expected).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let written = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(written == expected, "{path} is not what {teller}: run `make docs`");
}
