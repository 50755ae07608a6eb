//! JSON patterns: `{ $.user.id = 1 && ($.items[*].name = "a*" || $.error IS NULL) }`.

use std::fmt;

use super::MAX_PATTERN_WILDCARDS;
use super::json_value::{self, Scalar};
use super::scanner::{Quoted, Read, Scanner, is_name, is_word, syntax, write_joined};
use super::test::{Test, Wanted};
use crate::error::{QueryError, QueryErrorKind};
use crate::value::Number;

/// The word that can't be compared with: there is `IS NULL`.
pub(super) const NULL: &str = "null";

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 32;

/// What must hold for a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum JsonCondition {
    /// All hold: two or more.
    All(Vec<JsonCondition>),
    /// At least one holds: two or more.
    Any(Vec<JsonCondition>),
    /// One of the values that the selector selects is so.
    Is(Selector, JsonTest),
    /// The selector selects nothing.
    NotExists(Selector),
}

/// What must be so for a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum JsonTest {
    Compare(Test),
    Null,
    Bool(bool),
}

/// Steps from the object to the values: at least one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selector(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Key(String),
    Index(u32),
    /// `.*`: any value of an object, or any element.
    AnyKey,
    /// `[*]`: the same.
    AnyElement,
}

/// How far a condition is read.
#[derive(Default)]
struct Progress {
    depth: usize,
    wildcards: usize,
}

impl JsonCondition {
    /// Reads what follows the opening brace, and the closing one.
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Read<Self> {
        let condition = any(scanner, &mut Progress::default())?;
        if scanner.take("}") { Ok(condition) } else { Err(scanner.expected("`&&`, `||` or `}`")) }
    }

    /// Whether it holds for this object.
    pub(super) fn holds(&self, object: &str) -> bool {
        match self {
            JsonCondition::All(parts) => parts.iter().all(|part| part.holds(object)),
            JsonCondition::Any(parts) => parts.iter().any(|part| part.holds(object)),
            JsonCondition::Is(selector, test) => {
                json_value::any_selected(object, &selector.0, &mut |value| test.holds(value))
            }
            JsonCondition::NotExists(selector) => {
                !json_value::any_selected(object, &selector.0, &mut |_| true)
            }
        }
    }
}

impl JsonTest {
    /// Whether it holds for the JSON `value`. No comparison does for an array, an object, a boolean or null.
    fn holds(&self, value: &str) -> bool {
        match (self, json_value::scalar(value)) {
            (JsonTest::Null, Scalar::Null) => true,
            // As AWS answers: a null among an array's elements is enough.
            (JsonTest::Null, Scalar::Other) => {
                let mut is_null = |element: &str| json_value::scalar(element) == Scalar::Null;
                value.starts_with('[') && json_value::any_selected(value, &[Step::AnyElement], &mut is_null)
            }
            (JsonTest::Bool(wanted), Scalar::Bool(found)) => *wanted == found,
            (JsonTest::Compare(test), Scalar::Number(number)) => {
                test.holds(number, || Number::of_text(number))
            }
            (JsonTest::Compare(test), Scalar::Text(content)) => test.holds(&content, || None),
            _ => false,
        }
    }
}

/// Conditions joined by `||`.
fn any(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Read<JsonCondition> {
    joined(scanner, progress, "||", all, JsonCondition::Any)
}

/// Conditions joined by `&&`.
fn all(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Read<JsonCondition> {
    joined(scanner, progress, "&&", primary, JsonCondition::All)
}

fn joined(
    scanner: &mut Scanner<'_>,
    progress: &mut Progress,
    sign: &str,
    part: fn(&mut Scanner<'_>, &mut Progress) -> Read<JsonCondition>,
    join: fn(Vec<JsonCondition>) -> JsonCondition,
) -> Read<JsonCondition> {
    let first = part(scanner, progress)?;
    if !scanner.take(sign) {
        return Ok(first);
    }
    let mut parts = vec![first, part(scanner, progress)?];
    while scanner.take(sign) {
        parts.push(part(scanner, progress)?);
    }
    Ok(join(parts))
}

fn primary(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Read<JsonCondition> {
    if !scanner.take("(") {
        return comparison(scanner, progress);
    }
    if progress.depth == MAX_DEPTH {
        let span = scanner.place() - 1..scanner.place();
        return Err(QueryError::new(QueryErrorKind::TooDeep { max: MAX_DEPTH }, span));
    }
    progress.depth += 1;
    let inner = any(scanner, progress)?;
    progress.depth -= 1;
    if scanner.take(")") { Ok(inner) } else { Err(scanner.expected("`&&`, `||` or `)`")) }
}

fn comparison(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Read<JsonCondition> {
    let selector = selector(scanner, progress)?;
    scanner.skip_space();
    let start = scanner.place();
    if let Some(test) = Test::read(scanner)? {
        let is_quoted = scanner.since(start).ends_with('"');
        if !is_quoted && matches!(&test.wanted, Wanted::Text(text) if &**text == NULL) {
            let span = scanner.place() - NULL.len()..scanner.place();
            return Err(syntax("a value, or `IS NULL` instead", format!("`{NULL}`"), span));
        }
        return Ok(JsonCondition::Is(selector, JsonTest::Compare(test)));
    }
    match scanner.take_while(is_word) {
        "IS" => {
            scanner.skip_space();
            let start = scanner.place();
            let test = match scanner.take_while(is_word) {
                "NULL" => JsonTest::Null,
                "TRUE" => JsonTest::Bool(true),
                "FALSE" => JsonTest::Bool(false),
                _ => return Err(scanner.expected_at(start, "`NULL`, `TRUE` or `FALSE`")),
            };
            Ok(JsonCondition::Is(selector, test))
        }
        "NOT" => {
            scanner.skip_space();
            let start = scanner.place();
            match scanner.take_while(is_word) {
                "EXISTS" => Ok(JsonCondition::NotExists(selector)),
                _ => Err(scanner.expected_at(start, "`EXISTS`")),
            }
        }
        _ => Err(scanner.expected_at(start, "a comparison, `IS` or `NOT EXISTS`")),
    }
}

fn selector(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Read<Selector> {
    scanner.skip_space();
    let start = scanner.place();
    if !scanner.take_here("$") {
        return Err(scanner.expected("a selector such as `$.key`, or `(`"));
    }
    let mut steps = Vec::new();
    while let Some(step) = step(scanner)? {
        steps.push(step);
    }
    if steps.is_empty() {
        return Err(scanner.expected("`.` and a key, or `[` and an index"));
    }
    let wildcards = steps.iter().filter(|step| matches!(step, Step::AnyKey | Step::AnyElement)).count();
    progress.wildcards += usize::from(wildcards > 0);
    for (what, max, found) in [
        ("wildcard in a selector", 1, wildcards),
        ("selectors with a wildcard in a pattern", MAX_PATTERN_WILDCARDS, progress.wildcards),
    ] {
        if found > max {
            let kind = QueryErrorKind::TooMany { what, max, found };
            return Err(QueryError::new(kind, start..scanner.place()));
        }
    }
    Ok(Selector(steps))
}

/// One more step, if one follows at once.
fn step(scanner: &mut Scanner<'_>) -> Read<Option<Step>> {
    let has_dot = scanner.take_here(".");
    if scanner.take_here("[") {
        let step = bracketed(scanner)?;
        return if scanner.take_here("]") {
            Ok(Some(step))
        } else {
            Err(scanner.expected_at(scanner.place(), "`]`"))
        };
    }
    if !has_dot {
        return Ok(None);
    }
    if scanner.take_here("*") {
        return Ok(Some(Step::AnyKey));
    }
    match scanner.take_while(is_name) {
        "" => Err(scanner
            .expected_at(scanner.place(), "a key of letters, digits, `-` and `_`, `*`, or a key as ['key']")),
        key => Ok(Some(Step::Key(key.to_owned()))),
    }
}

fn bracketed(scanner: &mut Scanner<'_>) -> Read<Step> {
    if scanner.take_here("*") {
        return Ok(Step::AnyElement);
    }
    if scanner.next() == Some('\'') {
        return scanner.quoted('\'', "a closing single quote").map(Step::Key);
    }
    let start = scanner.place();
    match scanner.take_while(|c| c.is_ascii_digit()).parse() {
        Ok(index) => Ok(Step::Index(index)),
        Err(_) => {
            Err(scanner.expected_at(start, "an index from 0 to 4294967295, `*`, or a key in single quotes"))
        }
    }
}

impl fmt::Display for JsonCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonCondition::All(parts) => {
                write_joined(f, parts.iter().map(|part| Grouped(part, true)), " && ")
            }
            JsonCondition::Any(parts) => {
                write_joined(f, parts.iter().map(|part| Grouped(part, false)), " || ")
            }
            JsonCondition::Is(selector, JsonTest::Compare(test)) => write!(f, "{selector} {test}"),
            JsonCondition::Is(selector, JsonTest::Null) => write!(f, "{selector} IS NULL"),
            JsonCondition::Is(selector, JsonTest::Bool(true)) => write!(f, "{selector} IS TRUE"),
            JsonCondition::Is(selector, JsonTest::Bool(false)) => write!(f, "{selector} IS FALSE"),
            JsonCondition::NotExists(selector) => write!(f, "{selector} NOT EXISTS"),
        }
    }
}

/// A part of a longer condition, joined by `&&` or not: in parentheses where it would read as another.
struct Grouped<'a>(&'a JsonCondition, bool);

impl fmt::Display for Grouped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Grouped(part, in_all) = self;
        match part {
            JsonCondition::Any(_) => write!(f, "({part})"),
            JsonCondition::All(_) if *in_all => write!(f, "({part})"),
            _ => part.fmt(f),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| match step {
            Step::Key(key) if !key.is_empty() && key.chars().all(is_name) => write!(f, ".{key}"),
            Step::Key(key) => write!(f, ".[{}]", Quoted('\'', key)),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::AnyKey => f.write_str(".*"),
            Step::AnyElement => f.write_str("[*]"),
        })
    }
}
