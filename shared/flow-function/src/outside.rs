//! The environment, the clock and the log: what a function's `main` hands to everything else as values.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// The value of a variable, if it is set and is Unicode.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment comes in")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The clock, in Unix seconds.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock comes in")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Writes log lines, all in one call. A log that can't be written is no reason to fail.
pub fn write(lines: &[String]) {
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    let _ = io::stdout().write_all(text.as_bytes());
}

/// How a function ends that can't start, with why in its log.
pub fn ended(result: Result<(), impl Display>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = serde_json::json!({ "level": "FATAL", "failure": error.to_string() }).to_string();
            // Nothing is kept back on this way: what isn't one text becomes a call for each of its pieces.
            eprint!("{}", line + "\n");
            ExitCode::FAILURE
        }
    }
}

/// What Lambda is told of an error: its first 2000 characters, since a rule file with a mistake in it may be long.
pub fn error_message(error: &impl Display) -> String {
    const MAX_MESSAGE: usize = 2000;
    error.to_string().chars().take(MAX_MESSAGE).collect()
}
