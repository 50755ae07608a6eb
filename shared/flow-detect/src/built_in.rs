//! The built-in rules: every file in `rules/`, read by `build.rs` when the program is built.

use flow_query::Span;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::rule::Rule;
use crate::rule_test::RuleTest;

include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));

/// A value of a rule file, as [`RULES`] has it.
#[derive(Debug)]
pub(crate) enum BuiltIn {
    Text(&'static str),
    /// Anything without parts that is no text, as TOML.
    Other(&'static str),
    List(&'static [BuiltIn]),
    Table(&'static [(&'static str, BuiltIn)]),
}

impl BuiltIn {
    /// The keys and values of a table, which stand nowhere.
    pub(crate) fn table(entries: &'static [(&'static str, BuiltIn)]) -> DeTable<'static> {
        entries
            .iter()
            .map(|(key, value)| (placeless(DeString::from(*key)), placeless(value.read())))
            .collect()
    }

    fn read(&self) -> DeValue<'static> {
        match self {
            BuiltIn::Text(text) => DeValue::String(DeString::from(*text)),
            BuiltIn::Other(toml) => DeValue::parse(toml).expect("build.rs wrote it as TOML").into_inner(),
            BuiltIn::List(items) => DeValue::Array(items.iter().map(|item| placeless(item.read())).collect()),
            BuiltIn::Table(entries) => DeValue::Table(Self::table(entries)),
        }
    }
}

pub(crate) fn placeless<T>(value: T) -> Spanned<T> {
    let Span { start, end } = Span::default();
    Spanned::new(start..end, value)
}

/// The tests in the file of this name.
pub(crate) fn tests(file: &str) -> Vec<RuleTest> {
    let (name, text) = TEXTS.iter().find(|(name, _)| *name == file).expect("build.rs wrote both lists");
    Rule::parse(name, text).expect("a test reads each of them").tests
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The same rules as by the way of any file, down to what makes stored panes comparable.
    #[test]
    fn each_rule_is_what_its_file_says() {
        let rules: Vec<Rule> = Rule::built_in().collect();
        assert_eq!(rules.len(), TEXTS.len());
        assert_eq!(rules.iter().map(|rule| rule.id.clone()).collect::<HashSet<_>>().len(), rules.len());
        for (rule, (name, text)) in rules.into_iter().zip(TEXTS) {
            let read = Rule::parse(name, text).unwrap();
            assert_eq!(rule.state_id(), read.state_id(), "{name}");
            assert!(rule.tests.is_empty() && !read.tests.is_empty(), "{name}");
            assert_eq!(rule.tests(), read.tests(), "{name}");
            let rule = Rule { tests: rule.tests().into_owned(), is_built_in: false, ..rule };
            assert_eq!(format!("{rule:#?}"), format!("{read:#?}"), "{name}");
        }
    }
}
