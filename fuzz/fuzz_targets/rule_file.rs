//! Any text is a rule file or not; mistakes are pointed at, and tests come out the same in any order of lines.
#![no_main]

use flow_detect::{DefinitionError, Rule, RuleSet, RuleTest};
use libfuzzer_sys::fuzz_target;

/// Longer tests take more time than they are worth.
const MOST_LINES: usize = 2000;

fuzz_target!(|text: &str| {
    let rule = match Rule::parse("rules/fuzz.toml", text) {
        Ok(rule) => rule,
        Err(error) => return points_into(&error, text),
    };
    let lines: usize = rule.tests().iter().flat_map(|test| &test.lines).map(|line| line.times).sum();
    if lines > MOST_LINES {
        return;
    }
    let rules = RuleSet::only_files([("rules/fuzz.toml", text)]).expect("one rule that has just been read");
    for test in rule.tests().iter() {
        let lines = test.lines.iter();
        for line in lines.flat_map(|line| (1..=line.times).map(|n| line.nth(&test.format, n))) {
            assert!(
                test.format.parse(&line).is_ok(),
                "an accepted test has a line that can't be read: {line:?}"
            );
        }
        let result = test.run(&rules, 0);
        if let Err(failure) = &result {
            assert!(failure.to_string().starts_with("expected "));
        }
        let turned = RuleTest { lines: test.lines.iter().rev().cloned().collect(), ..test.clone() };
        assert_eq!(turned.run(&rules, 0), result, "the order of lines shows");
    }
});

/// The error says where, and the place exists.
fn points_into(error: &DefinitionError, text: &str) {
    assert!(error.to_string().starts_with(&format!("rules/fuzz.toml:{}:{}: ", error.line, error.column)));
    let line = text.split('\n').nth(error.line - 1).expect("the line is in the text");
    assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
    assert!(error.shown.contains('^'), "{}", error.shown);
}
