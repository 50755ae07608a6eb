//! The only place that reads environment variables: those of a function that is invoked here.

/// The value of a variable, if it is set and is Unicode.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment comes in")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
