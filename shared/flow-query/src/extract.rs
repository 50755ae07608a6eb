//! What `parse` takes out of a text.

use std::borrow::Cow;

use regex::Regex;

use crate::ast::ParsePattern;
use crate::compile::{Compiled, regex};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::value::Value;

/// A compiled pattern and the names of its parts.
#[derive(Debug)]
pub(crate) struct Extractor {
    pub(crate) names: Vec<String>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// The texts before, between and behind the stars.
    Glob(Vec<Box<str>>),
    /// The expression and its named groups.
    Regex(Box<Regex>, Vec<usize>),
}

impl Extractor {
    pub(crate) fn compile(pattern: &ParsePattern, span: Span) -> Compiled<Self> {
        match pattern {
            ParsePattern::Glob { glob, names } => {
                let between: Vec<Box<str>> = glob.split('*').map(Box::from).collect();
                let stars = between.len() - 1;
                if stars != names.len() {
                    let kind = QueryErrorKind::Glob { stars, names: names.len() };
                    return Err(QueryError::new(kind, span));
                }
                Ok(Extractor { names: names.clone(), way: Way::Glob(between) })
            }
            ParsePattern::Regex(text) => {
                let regex = regex(text, span)?;
                let all = regex.capture_names().enumerate();
                let (groups, names): (Vec<_>, Vec<_>) =
                    all.filter_map(|(index, name)| Some((index, name?.to_owned()))).unzip();
                if groups.is_empty() {
                    let expected = "a regular expression with a named group such as (?<name>...)";
                    let kind = QueryErrorKind::Syntax { expected, found: format!("/{text}/") };
                    return Err(QueryError::new(kind, span));
                }
                Ok(Extractor { names, way: Way::Regex(Box::new(regex), groups) })
            }
        }
    }

    /// Adds a value for each name; all are absent when `text` is, or does not fit.
    pub(crate) fn extract<'t>(&self, text: Option<Cow<'t, str>>, to: &mut Vec<Value<'t>>) {
        let found = match text {
            Some(Cow::Borrowed(text)) => self.parts(text, &mut |part| {
                to.push(part.map_or(Value::Absent, |part| Value::Text(part.into())));
            }),
            Some(Cow::Owned(text)) => self.parts(&text, &mut |part| {
                to.push(part.map_or(Value::Absent, |part| Value::Text(part.to_owned().into())));
            }),
            None => false,
        };
        if !found {
            to.extend(self.names.iter().map(|_| Value::Absent));
        }
    }

    /// Gives each part in order and says whether `text` fits; if not, gives none.
    fn parts<'t>(&self, text: &'t str, give: &mut dyn FnMut(Option<&'t str>)) -> bool {
        match &self.way {
            Way::Glob(between) => {
                let Some(parts) = glob(between, text) else { return false };
                parts.into_iter().for_each(|part| give(Some(part)));
            }
            Way::Regex(regex, groups) => {
                let Some(captures) = regex.captures(text) else { return false };
                groups.iter().for_each(|group| give(captures.get(*group).map(|part| part.as_str())));
            }
        }
        true
    }
}

/// What stands for the stars: as little as possible, the last one all that is left. The text before the first star may
/// stand anywhere.
fn glob<'t>(between: &[Box<str>], text: &'t str) -> Option<Vec<&'t str>> {
    let (first, others) = between.split_first()?;
    let mut rest = &text[text.find(&**first)? + first.len()..];
    let mut parts = Vec::with_capacity(others.len());
    for (index, literal) in others.iter().enumerate() {
        let is_last = index + 1 == others.len();
        let end = if is_last && literal.is_empty() { rest.len() } else { rest.find(&**literal)? };
        parts.push(&rest[..end]);
        rest = &rest[end + literal.len()..];
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(pattern: &ParsePattern, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let extractor = Extractor::compile(pattern, Span::default()).unwrap();
        extractor.extract(Some(text.into()), &mut found);
        let borrowed = found.clone();
        found.clear();
        extractor.extract(Some(text.to_owned().into()), &mut found);
        assert_eq!(found, borrowed);
        found.iter().map(|value| value.to_string()).collect()
    }

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("* [*] *", "10:24:39 [ERROR] it broke [again]", vec!["10:24:39", "ERROR", "it broke [again]"]),
            (
                "user=*, method:*, latency := *",
                "at 5 user=a, method:GET, latency := 7",
                vec!["a", "GET", "7"],
            ),
            ("<*>", "a <b> <c>", vec!["b"]),
            ("*", "", vec![""]),
            ("**", "ab", vec!["", "ab"]),
            ("x*", "no match", vec!["-"]),
            ("a*z", "abc", vec!["-"]),
            ("日*本", "x日--本", vec!["--"]),
        ] {
            let names = (0..expected.len()).map(|name| name.to_string()).collect();
            assert_eq!(
                extract(&ParsePattern::Glob { glob: pattern.to_owned(), names }, text),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn regular_expressions() {
        let pattern = ParsePattern::Regex("(?<a>[0-9]+)(-(?P<b>x))?( )(?<c>y)".to_owned());
        assert_eq!(extract(&pattern, "1-x y"), ["1", "x", "y"]);
        assert_eq!(extract(&pattern, "12 y"), ["12", "-", "y"]);
        assert_eq!(extract(&pattern, "12"), ["-", "-", "-"]);
        let unnamed = Extractor::compile(&ParsePattern::Regex("(a)".to_owned()), Span::default());
        assert!(unnamed.unwrap_err().to_string().contains("named group"));
    }
}
