//! Texts in two languages, and templates with values in them.

use std::fmt;

/// A language that alerts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

/// Something in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized<T> {
    /// In English.
    pub en: T,
    /// In Japanese.
    pub ja: T,
}

impl<T> Localized<T> {
    /// In `language`.
    pub fn get(&self, language: Language) -> &T {
        match language {
            Language::English => &self.en,
            Language::Japanese => &self.ja,
        }
    }
}

/// What a rule tells people.
#[derive(Debug)]
pub struct Words {
    /// What to call a finding.
    pub title: Localized<String>,
    /// What happened, with the finding's values in it.
    pub explain: Localized<Template>,
    /// What to do, step by step.
    pub advice: Localized<Vec<String>>,
}

/// A text with names in braces: `{srcAddr} tried {attempts} times`. A brace without its twin is text.
///
/// It is taken apart whenever it is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

impl Template {
    pub(crate) fn new(text: &str) -> Self {
        Template(text.to_owned())
    }

    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            if let Some((name, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                rest = after;
                return Some(Piece::Name(name.trim()));
            }
            let name = rest.find('{').filter(|name| rest[*name..].contains('}'));
            let (text, after) = rest.split_at(name.unwrap_or(rest.len()));
            rest = after;
            (!text.is_empty()).then_some(Piece::Text(text))
        })
    }

    /// The names in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        })
    }

    /// The text with `value` of each name in its place.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let piece = |piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Name(name) => value(name).unwrap_or_else(|| "-".to_owned()),
        };
        self.pieces().map(piece).collect()
    }
}

/// Prints as it was written.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let template = Template::new("{ srcAddr } tried {attempts} times {unknown} {open");
        assert_eq!(template.names().collect::<Vec<_>>(), ["srcAddr", "attempts", "unknown"]);
        let filled = template.fill(|name| match name {
            "srcAddr" => Some("10.0.0.1".to_owned()),
            "attempts" => Some("7".to_owned()),
            _ => None,
        });
        assert_eq!(filled, "10.0.0.1 tried 7 times - {open");
    }
}
