//! Regular expressions that others write: how much they may cost.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::compile::Compiled;
use crate::error::{QueryError, QueryErrorKind, Span};

/// A regular expression may not compile to more than this, in bytes: queries come from files that others write.
const REGEX_SIZE: usize = 256 * 1024;

/// The most states of a regular expression: in the worst case each is visited for every byte of a line. The bytes that
/// it compiles to do not tell: they are mostly the letters of `\w`, of which one at a time is looked for.
const MAX_STATES: usize = 640;

/// Compiles `text`.
///
/// # Errors
/// When it is no regular expression, or one that costs too much.
pub(crate) fn regex(text: &str, span: Span) -> Compiled<Regex> {
    let wrong = |error: &dyn std::fmt::Display| {
        let detail = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        QueryError::new(QueryErrorKind::Regex { detail }, span)
    };
    let regex = RegexBuilder::new(text).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).build();
    let regex = regex.map_err(|error| wrong(&error))?;
    let found = states(&regex_syntax::parse(text).map_err(|error| wrong(&error))?, false);
    if found > MAX_STATES {
        let what = "states in a regular expression, repetitions written out";
        return Err(QueryError::new(QueryErrorKind::TooMany { what, max: MAX_STATES, found }, span));
    }
    Ok(regex)
}

/// What texts that match begin with, if the regular expression `text` asks for nothing else: `^threat`. To compile that
/// would cost more than to compile the rest of a query.
pub(crate) fn prefix(text: &str) -> Option<&str> {
    let literal = text.strip_prefix('^').filter(|literal| literal.len() + 2 <= MAX_STATES)?;
    (!literal.contains(regex_syntax::is_meta_character)).then_some(literal)
}

/// How many states `hir` has, all letters of a class being one. What is repeated counts as often, and its letters twice:
/// texts that differ little keep all of them alive, which the letters of a word do not.
fn states(hir: &Hir, is_repeated: bool) -> usize {
    let all =
        |parts: &[Hir]| parts.iter().map(|part| states(part, is_repeated)).fold(0, usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => 1 + literal.0.len() * if is_repeated { 2 } else { 1 },
        HirKind::Class(_) => 2,
        HirKind::Repetition(repetition) => {
            let copies = repetition.max.unwrap_or(repetition.min.max(1)) as usize;
            let each = states(&repetition.sub, is_repeated || copies > 1).saturating_add(1);
            each.saturating_mul(copies)
        }
        HirKind::Capture(capture) => states(&capture.sub, is_repeated).saturating_add(1),
        HirKind::Concat(parts) => all(parts),
        HirKind::Alternation(parts) => all(parts).saturating_add(parts.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> Result<(), String> {
        regex(text, Span::default()).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn what_people_write_compiles() {
        let letters = |word: u8| (0..9).map(move |place| char::from(b'a' + (word * 3 + place * 5) % 26));
        let words =
            |count: u8| (0..count).map(|word| letters(word).collect()).collect::<Vec<String>>().join("|");
        for text in [
            r"\w+",
            r"(\w+) (\w+) (\w+) (\w+)",
            r"\d{1,3}(\.\d{1,3}){3}",
            r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)",
            "(?i)reject",
            r"(?<NetworkInterface>eni-.*?) ",
            "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
            "[^ ]{1,64}=[^ ]{1,64}",
            &words(48),
            &format!("(?i)({})", words(30)),
        ] {
            assert_eq!(compiled(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_prefix_is_what_the_expression_says() {
        for (text, expected) in [("^threat", Some("threat")), ("^é_1 a", Some("é_1 a")), ("^", Some(""))] {
            assert_eq!(prefix(text), expected);
            let regex = regex(text, Span::default()).unwrap();
            for found in ["threat", "threats", "a threat", "é_1 abc", "\nthreat", "Threat", ""] {
                assert_eq!(regex.is_match(found), found.starts_with(expected.unwrap()), "{text} {found}");
            }
        }
        for text in ["threat", "^a.", "^a|b", "^a$", "^(a)", "^^a", r"^\d", "^a+", "^[a]", ""] {
            assert_eq!(prefix(text), None, "{text}");
        }
        let longest = format!("^{}", "a".repeat(638));
        assert!(prefix(&longest).is_some() && compiled(&longest).is_ok());
        assert!(prefix(&format!("{longest}a")).is_none() && compiled(&format!("{longest}a")).is_err());
    }

    #[test]
    fn what_takes_minutes_is_refused() {
        for (text, found) in [
            ("(a{1,50}){1,20}z", 4042),
            ("[ab]*a[ab]{300}z", 907),
            ("(((b?){30}|c){1,3}){1,4}", 2252),
            ("(a?){200}", 1200),
        ] {
            let error = compiled(text).unwrap_err();
            let expected = format!(
                "expected at most 640 states in a regular expression, repetitions written out, found {found}"
            );
            assert_eq!(error, expected, "{text}");
        }
        let size = compiled(r"\w{1,20}").unwrap_err();
        assert_eq!(size, "not a regular expression: Compiled regex exceeds size limit of 262144 bytes.");
    }
}
