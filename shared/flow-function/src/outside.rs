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

/// Writes log lines. A log that can't be written is no reason to fail.
pub fn write(lines: &[String]) {
    let mut out = io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
}

/// How a function ends that can't start, with why in its log.
pub fn ended(result: Result<(), impl Display>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", serde_json::json!({ "level": "FATAL", "failure": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

/// What Lambda is told of an error: its first 2000 characters, since a rule file with a mistake in it may be long.
pub fn error_message(error: &impl Display) -> String {
    const MAX_MESSAGE: usize = 2000;
    error.to_string().chars().take(MAX_MESSAGE).collect()
}
