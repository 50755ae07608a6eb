//! TOML with places: every value is taken with where it stands, so that a mistake can be pointed at.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use flow_query::{Span, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::built_in::{BuiltIn, Entries, placeless};
use crate::definition_error::{DefinitionError, DefinitionErrorKind, DefinitionFile, MAX_MISTAKES};

type Read<T> = Result<T, DefinitionError>;

/// A file larger than this was written by no person.
const MAX_FILE: usize = 1024 * 1024;

/// A file's TOML, with the place of everything in it.
#[derive(Debug)]
pub struct TomlFile<'f> {
    file: DefinitionFile<'f>,
    table: Spanned<DeTable<'f>>,
}

impl<'f> TomlFile<'f> {
    /// Reads the file `name` with this text of at most 1 MiB.
    ///
    /// # Errors
    /// With the mistakes that keep it from being TOML, at least one and at most [`MAX_MISTAKES`], in the file's order.
    pub fn parse(name: &'f str, text: &'f str) -> Result<Self, Vec<DefinitionError>> {
        let file = DefinitionFile { name, text };
        if text.len() > MAX_FILE {
            let kind = DefinitionErrorKind::TooLarge { max: MAX_FILE, found: text.len() };
            return Err(vec![file.error(0..0, kind)]);
        }
        let (table, mut errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(TomlFile { file, table });
        }
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let mistake = |error: &toml::de::Error| {
            let kind = DefinitionErrorKind::Toml(error.message().trim().replace('\n', ", "));
            file.error(error.span().unwrap_or_default(), kind)
        };
        Err(errors.iter().take(MAX_MISTAKES).map(mistake).collect())
    }

    /// What `build.rs` read in the file `name`.
    pub(crate) fn built_in(name: &'static str, entries: Entries) -> TomlFile<'static> {
        TomlFile { file: DefinitionFile { name, text: "" }, table: placeless(BuiltIn::table(entries)) }
    }

    /// Its keys that are in no table.
    pub fn top(&'f self) -> TableReader<'f> {
        TableReader::new(self.file, self.table.get_ref(), Span::default())
    }
}

/// One table of a file. Keys are taken one by one; what is left at the end is a mistake.
#[derive(Debug)]
pub struct TableReader<'f> {
    file: DefinitionFile<'f>,
    table: &'f DeTable<'f>,
    span: Span,
    /// The table's own name before its keys' names: `title.`.
    prefix: String,
    asked: Vec<&'static str>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Placed<'f> {
    pub(crate) key: Cow<'f, str>,
    pub(crate) value: &'f DeValue<'f>,
    pub(crate) span: Span,
}

impl Placed<'_> {
    /// Where it stands in the file's text.
    pub fn span(&self) -> Span {
        self.span
    }
}

impl<'f> TableReader<'f> {
    fn new(file: DefinitionFile<'f>, table: &'f DeTable<'f>, span: Span) -> Self {
        TableReader { file, table, span, prefix: String::new(), asked: Vec::with_capacity(table.len()) }
    }

    /// The value of `key`, if there is one.
    pub fn optional(&mut self, key: &'static str) -> Option<Placed<'f>> {
        self.asked.push(key);
        let value = self.table.get(key)?;
        Some(self.placed(key, value))
    }

    /// The value of `key`, which must be there.
    pub fn required(&mut self, key: &'static str) -> Read<Placed<'f>> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    /// That `key` is missing; where another one looks like it misspelt, that one is the mistake.
    pub(crate) fn missing(&self, key: &'static str) -> DefinitionError {
        let misspelt = self.table.keys().find(|other| nearest(other.get_ref(), [key]).is_some());
        match misspelt.filter(|other| !self.has_asked(other.get_ref())) {
            Some(other) => {
                let name = format!("{}{}", self.prefix, other.get_ref());
                let kind = DefinitionErrorKind::UnknownKey { key: name, suggestion: Some(key.to_owned()) };
                self.file.error(other.span(), kind)
            }
            None => self.file.error(self.span, DefinitionErrorKind::MissingKey { key }),
        }
    }

    fn placed(&self, key: &'f str, value: &'f Spanned<DeValue<'f>>) -> Placed<'f> {
        let key = if self.prefix.is_empty() { key.into() } else { [&self.prefix, key].concat().into() };
        Placed { key, value: value.get_ref(), span: value.span().into() }
    }

    /// All keys with their places, and their values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'f str, Span, Placed<'f>)> {
        let table: &'f DeTable<'f> = self.table;
        table
            .iter()
            .map(|(key, value)| (&**key.get_ref(), key.span().into(), self.placed(key.get_ref(), value)))
    }

    fn has_asked(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }

    /// Refuses keys that were not asked for.
    pub fn finish(&self) -> Read<()> {
        self.unknown_keys().next().map_or(Ok(()), Err)
    }

    /// A mistake for each key that was not asked for.
    pub fn unknown_keys(&self) -> impl Iterator<Item = DefinitionError> {
        let unknown = self.table.keys().filter(|key| !self.has_asked(key.get_ref()));
        unknown.map(|key| {
            // Of equally near ones the first by name.
            let suggestion = nearest(key.get_ref(), self.asked.iter().copied().collect::<BTreeSet<_>>());
            let key_name = format!("{}{}", self.prefix, key.get_ref());
            self.file.error(key.span(), DefinitionErrorKind::UnknownKey { key: key_name, suggestion })
        })
    }

    /// A text.
    pub fn text(&self, placed: &Placed<'f>) -> Read<&'f str> {
        placed.value.as_str().ok_or_else(|| self.wrong(placed, "a text"))
    }

    /// A text that `parse` reads; `expected` says what it reads.
    pub fn parsed<T>(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Read<T> {
        let text = self.text(placed)?;
        parse(text).ok_or_else(|| self.wrong(placed, expected))
    }

    /// One of a few words.
    pub fn word<T: Copy>(
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
        let kind = DefinitionErrorKind::Value {
            key: placed.key.to_string(),
            expected,
            found: format!("\"{text}\""),
            suggestion,
        };
        Err(self.file.error(placed.span, kind))
    }

    /// A whole number in `range`, which `expected` says.
    pub fn count(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        range: RangeInclusive<usize>,
    ) -> Read<usize> {
        let integer = placed.value.as_integer();
        let number =
            integer.and_then(|integer| usize::from_str_radix(integer.as_str(), integer.radix()).ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| self.wrong(placed, expected))
    }

    /// A date or time, without quotes, that `parse` reads as TOML writes it; `expected` says what it reads.
    pub fn time<T>(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<T> {
        let time = placed.value.as_datetime().map(ToString::to_string);
        time.and_then(|time| parse(&time)).ok_or_else(|| {
            // Quotes around a time are the usual slip.
            let meant = placed.value.as_str().filter(|text| parse(text).is_some());
            self.wrong_instead(placed, expected, meant.map(str::to_owned))
        })
    }

    /// The items of a list.
    pub fn items(&self, placed: &Placed<'f>, expected: &'static str) -> Read<Vec<Placed<'f>>> {
        let array = placed.value.as_array().ok_or_else(|| self.wrong(placed, expected))?;
        let item = |item: &'f Spanned<DeValue<'f>>| Placed {
            key: placed.key.clone(),
            value: item.get_ref(),
            span: item.span().into(),
        };
        Ok(array.iter().map(item).collect())
    }

    /// A table in this one.
    pub fn table(&self, placed: &Placed<'f>, expected: &'static str) -> Read<TableReader<'f>> {
        let table = placed.value.as_table().ok_or_else(|| self.wrong(placed, expected))?;
        let prefix = format!("{}.", placed.key);
        Ok(TableReader { prefix, ..TableReader::new(self.file, table, placed.span) })
    }

    /// The mistake that `placed` is not what was expected.
    pub fn wrong(&self, placed: &Placed<'f>, expected: &'static str) -> DefinitionError {
        self.wrong_instead(placed, expected, None)
    }

    /// The same, with what was probably meant.
    pub fn wrong_instead(
        &self,
        placed: &Placed<'f>,
        expected: &'static str,
        suggestion: Option<String>,
    ) -> DefinitionError {
        let found = match placed.value {
            DeValue::String(text) if text.len() > 100 => format!("a text of {} bytes", text.len()),
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) => format!("the number {number}"),
            DeValue::Datetime(time) => format!("the time {time}"),
            other => format!("a TOML {}", other.type_str()),
        };
        let kind = DefinitionErrorKind::Value { key: placed.key.to_string(), expected, found, suggestion };
        self.file.error(placed.span, kind)
    }

    /// Where the table stands in the file's text.
    pub fn span(&self) -> Span {
        self.span
    }

    /// A mistake at this place.
    pub fn error(&self, span: impl Into<Span>, kind: DefinitionErrorKind) -> DefinitionError {
        self.file.error(span, kind)
    }

    pub(crate) fn file(&self) -> DefinitionFile<'f> {
        self.file
    }
}
