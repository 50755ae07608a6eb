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

/// A text with names in braces: `{srcAddr} tried {attempts} times`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Splits `text` at braces; a brace without its twin is text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Name(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Template(pieces)
    }

    /// The names in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with `value` of each name in its place.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Name(name) => value(name).unwrap_or_else(|| "-".to_owned()),
        };
        self.0.iter().map(piece).collect()
    }
}

/// Prints as it was written.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Name(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let template = Template::parse("{ srcAddr } tried {attempts} times {unknown} {open");
        assert_eq!(template.names().collect::<Vec<_>>(), ["srcAddr", "attempts", "unknown"]);
        let filled = template.fill(|name| match name {
            "srcAddr" => Some("10.0.0.1".to_owned()),
            "attempts" => Some("7".to_owned()),
            _ => None,
        });
        assert_eq!(filled, "10.0.0.1 tried 7 times - {open");
    }
}
