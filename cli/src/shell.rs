//! Values in commands that are advised, to be pasted into a shell.

/// A value as one word of a POSIX shell, whatever is in it: names of AWS resources may hold quotes.
pub(crate) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quote_ends_nothing() {
        let cases = [
            ("", "''"),
            ("/vpc", "'/vpc'"),
            ("$(id) `id` \"", "'$(id) `id` \"'"),
            ("a'; id; '", r"'a'\''; id; '\'''"),
        ];
        for (value, expected) in cases {
            assert_eq!(quoted(value), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_shell_reads_what_was_meant(value in r#"['"$`\\;& \n!a-z*~#-]{0,12}"#) {
            let command = format!("printf %s {}", quoted(&value));
            let told = Command::new("sh").args(["-c", &command]).output().unwrap();
            prop_assert_eq!(String::from_utf8(told.stdout).unwrap(), value);
        }
    }
}
