//! TOML with places: every value is taken with where it stands, so that a mistake can be pointed at.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use flow_query::{Span, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::rule_error::{RuleError, RuleErrorKind, RuleFile};

type Read<T> = Result<T, RuleError>;

/// One table of a rule file. Keys are taken one by one; what is left at the end is a mistake.
pub(crate) struct TableReader<'f> {
    file: RuleFile<'f>,
    table: &'f DeTable<'f>,
    span: Span,
    /// The table's own name before its keys' names: `title.`.
    prefix: String,
    asked: BTreeSet<&'static str>,
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Placed<'f> {
    pub(crate) key: String,
    pub(crate) value: &'f DeValue<'f>,
    pub(crate) span: Span,
}

impl<'f> TableReader<'f> {
    pub(crate) fn new(file: RuleFile<'f>, table: &'f DeTable<'f>, span: Span) -> Self {
        TableReader { file, table, span, prefix: String::new(), asked: BTreeSet::new() }
    }

    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Placed<'f>> {
        self.asked.insert(key);
        let value = self.table.get(key)?;
        Some(self.placed(key, value))
    }

    pub(crate) fn required(&mut self, key: &'static str) -> Read<Placed<'f>> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    /// That `key` is missing; where another one looks like it misspelt, that one is the mistake.
    pub(crate) fn missing(&self, key: &'static str) -> RuleError {
        let misspelt = self.table.keys().find(|other| nearest(other.get_ref(), [key]).is_some());
        match misspelt.filter(|other| !self.asked.contains(other.get_ref().as_ref())) {
            Some(other) => {
                let name = format!("{}{}", self.prefix, other.get_ref());
                let kind = RuleErrorKind::UnknownKey { key: name, suggestion: Some(key.to_owned()) };
                self.file.error(other.span(), kind)
            }
            None => self.file.error(self.span, RuleErrorKind::MissingKey { key }),
        }
    }

    fn placed(&self, key: &str, value: &'f Spanned<DeValue<'f>>) -> Placed<'f> {
        Placed { key: format!("{}{key}", self.prefix), value: value.get_ref(), span: value.span().into() }
    }

    /// All keys with their places, and their values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'f str, Span, Placed<'f>)> {
        let table: &'f DeTable<'f> = self.table;
        table
            .iter()
            .map(|(key, value)| (&**key.get_ref(), key.span().into(), self.placed(key.get_ref(), value)))
    }

    /// Refuses keys that were not asked for.
    pub(crate) fn finish(&self) -> Read<()> {
        let unknown = self.table.keys().find(|key| !self.asked.contains(key.get_ref().as_ref()));
        let Some(key) = unknown else { return Ok(()) };
        let suggestion = nearest(key.get_ref(), self.asked.iter().copied());
        let kind = RuleErrorKind::UnknownKey { key: format!("{}{}", self.prefix, key.get_ref()), suggestion };
        Err(self.file.error(key.span(), kind))
    }

    pub(crate) fn text(&self, placed: &Placed<'f>) -> Read<&'f str> {
        placed.value.as_str().ok_or_else(|| self.wrong(placed, "a text"))
    }

    /// A text that `parse` reads; `expected` says what it reads.
    pub(crate) fn parsed<T>(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Read<T> {
        let text = self.text(placed)?;
        parse(text).ok_or_else(|| self.wrong(placed, expected))
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        words: impl IntoIterator<Item = (&'static str, T)> + Clone,
    ) -> Read<T> {
        let text = self.text(placed)?;
        if let Some((_, value)) = words.clone().into_iter().find(|(word, _)| *word == text) {
            return Ok(value);
        }
        let suggestion = nearest(text, words.into_iter().map(|(word, _)| word));
        let kind = RuleErrorKind::Value {
            key: placed.key.clone(),
            expected,
            found: format!("\"{text}\""),
            suggestion,
        };
        Err(self.file.error(placed.span, kind))
    }

    pub(crate) fn count(&self, placed: &Placed<'f>, range: RangeInclusive<usize>) -> Read<usize> {
        let number = placed.value.as_integer().and_then(|integer| integer.as_str().parse::<usize>().ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.wrong(placed, "a whole number from 1 to 10000"))
    }

    /// The items of a list.
    pub(crate) fn items(&self, placed: &Placed<'f>, expected: &'static str) -> Read<Vec<Placed<'f>>> {
        let array = placed.value.as_array().ok_or_else(|| self.wrong(placed, expected))?;
        let item = |item: &'f Spanned<DeValue<'f>>| Placed {
            key: placed.key.clone(),
            value: item.get_ref(),
            span: item.span().into(),
        };
        Ok(array.iter().map(item).collect())
    }

    pub(crate) fn table(&self, placed: &Placed<'f>, expected: &'static str) -> Read<TableReader<'f>> {
        let table = placed.value.as_table().ok_or_else(|| self.wrong(placed, expected))?;
        let prefix = format!("{}.", placed.key);
        Ok(TableReader { prefix, ..TableReader::new(self.file, table, placed.span) })
    }

    /// The mistake that `placed` is not what was expected.
    pub(crate) fn wrong(&self, placed: &Placed<'f>, expected: &'static str) -> RuleError {
        let found = match placed.value {
            DeValue::String(text) if text.len() > 100 => format!("a text of {} bytes", text.len()),
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) => format!("the number {number}"),
            other => format!("a TOML {}", other.type_str()),
        };
        let kind = RuleErrorKind::Value { key: placed.key.clone(), expected, found, suggestion: None };
        self.file.error(placed.span, kind)
    }

    pub(crate) fn error(&self, span: impl Into<Span>, kind: RuleErrorKind) -> RuleError {
        self.file.error(span, kind)
    }

    pub(crate) fn file(&self) -> RuleFile<'f> {
        self.file
    }
}
