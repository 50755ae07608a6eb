//! The built-in rules: every file in `rules/`, read by `build.rs` when the program is built.

use flow_query::Span;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::rule::Rule;
use crate::rule_file::read_words;
use crate::rule_test::RuleTest;
use crate::text::Words;
use crate::toml_reader::TomlFile;

include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));

/// What `build.rs` read in a rule file.
pub(crate) struct BuiltInRule {
    /// Its name.
    pub(crate) file: &'static str,
    /// All but the words, and the tests.
    pub(crate) says: Entries,
    pub(crate) words: Entries,
    /// The query, [compiled](flow_query::ContinuousQuery::to_bytes).
    pub(crate) query: &'static [u8],
}

/// The keys and values of a table.
pub(crate) type Entries = &'static [(&'static str, BuiltIn)];

/// A value of a rule file.
#[derive(Debug)]
pub(crate) enum BuiltIn {
    Text(&'static str),
    /// Anything without parts that is no text, as TOML.
    Other(&'static str),
    List(&'static [BuiltIn]),
    Table(Entries),
}

impl BuiltIn {
    /// As TOML that stands nowhere.
    pub(crate) fn table(entries: Entries) -> DeTable<'static> {
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

/// What a rule tells people.
pub(crate) fn words(rule: &Rule) -> Words {
    let built_in = RULES.iter().find(|built_in| built_in.file == rule.file).expect("it was read there");
    let file = TomlFile::built_in(built_in.file, built_in.words);
    read_words(&mut file.top(), &rule.query, &rule.identity).expect("a test reads each of them")
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
            assert!(rule.words.get().is_none() && read.words.get().is_some(), "{name}");
            assert!(!rule.words().title.en.is_empty(), "{name}");
            assert_eq!(rule.threshold(), read.threshold(), "{name}");
            let rule = Rule { tests: rule.tests().into_owned(), is_built_in: false, ..rule };
            assert_eq!(format!("{rule:#?}"), format!("{read:#?}"), "{name}");
        }
    }
}
