//! Any text is a filter pattern or not; one that is prints as itself, and matches the same every time.
#![no_main]

use std::sync::LazyLock;

use flow_fuzz::{points_into, shows_briefly};
use flow_query::{FilterPattern, MAX_FILTER_PATTERN};
use flow_record::{RecordFormat, TGW_DEFAULT, VPC_DEFAULT};
use libfuzzer_sys::fuzz_target;

/// Messages that every pattern is matched with, beside the input's own.
const MESSAGES: [&str; 4] = [
    "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40000 22 6 20 4249 1700000000 1700000059 REJECT OK",
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
    r#"{"a":{"b":[1,"x",null,{"c":true}]},"b":"1","c.d":1e3,"e":[[0,1],[2]]}"#,
    "",
];

static FORMATS: LazyLock<[RecordFormat; 3]> = LazyLock::new(|| {
    [VPC_DEFAULT, TGW_DEFAULT, "srcaddr new-field"].map(|format| format.parse().expect("a good format"))
});

// The first line of the input is a pattern, the rest a message.
fuzz_target!(|input: &str| {
    let (text, message) = input.split_once('\n').unwrap_or((input, ""));
    let pattern = match FilterPattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            shows_briefly(&error);
            return points_into(&error, text);
        }
    };
    let printed = pattern.to_string();
    let again = match FilterPattern::parse(&printed) {
        Ok(again) => again,
        // With its spaces it may become longer than a pattern may be.
        Err(_) if printed.chars().count() > MAX_FILTER_PATTERN => pattern.clone(),
        Err(error) => panic!("{error}\n{}", error.show(&printed)),
    };
    assert_eq!(again, pattern, "{printed}");
    assert_eq!(again.to_string(), printed, "printing is canonical");
    for message in MESSAGES.into_iter().chain([message]) {
        assert_eq!(again.matches(message), pattern.matches(message), "{printed}: {message}");
        let spaced = format!(" {message} \n");
        if text.trim_start().starts_with(['[', '{']) {
            assert_eq!(pattern.matches(&spaced), pattern.matches(message), "space around the message shows");
        }
    }
    for format in &*FORMATS {
        let meaning = pattern.meaning(format);
        let columns: usize = meaning.items.iter().map(|item| item.columns.len()).sum();
        assert!(columns == format.columns().len() || columns < 2 * meaning.items.len() + 1, "{meaning:?}");
        meaning.warnings.iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
    }
});
