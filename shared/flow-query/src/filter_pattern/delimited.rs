//! Space-delimited patterns: `[version, ..., action = "REJECT", status]`.

use std::fmt;

use super::fields::Fields;
use super::scanner::{Read, Scanner, is_name, syntax, write_joined};
use super::test::Test;
use crate::error::{QueryError, QueryErrorKind};
use crate::value::Number;

/// Items for the fields of a message from the left, and from the right after an ellipsis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delimited {
    /// The items; those from `ellipsis` on stand to its right.
    pub(super) items: Vec<Item>,
    /// How many items stand before `...`.
    pub(super) ellipsis: Option<usize>,
}

/// A name for a field, and what must hold for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) condition: Option<Condition>,
}

/// Holds when one of the lists does, and a list when all its comparisons do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition(pub(super) Vec<Vec<Test>>);

const NAME: &str = "a name for a field, or `...`";
const AFTER_NAME: &str = "a comparison, `,` or `]`";
const AFTER_VALUE: &str = "`&&`, `||`, `,`, `]`, or double quotes around the value";

impl Delimited {
    /// Reads what follows the opening bracket.
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Read<Self> {
        let mut pattern = Delimited { items: Vec::new(), ellipsis: None };
        if scanner.take("]") {
            return Ok(pattern);
        }
        loop {
            if !scanner.take("...") {
                let item = pattern.item(scanner)?;
                pattern.items.push(item);
            } else if pattern.ellipsis.replace(pattern.items.len()).is_some() {
                let span = scanner.place() - 3..scanner.place();
                return Err(syntax("one `...` in a pattern", "another".to_owned(), span));
            }
            if scanner.take("]") {
                return Ok(pattern);
            }
            if !scanner.take(",") {
                let is_compared = pattern.items.last().is_some_and(|item| item.condition.is_some());
                return Err(scanner.expected(if is_compared { AFTER_VALUE } else { AFTER_NAME }));
            }
        }
    }

    fn item(&self, scanner: &mut Scanner<'_>) -> Read<Item> {
        let name = name(scanner, NAME)?;
        if self.items.iter().any(|other| other.name == name) {
            let span = scanner.place() - name.len()..scanner.place();
            return Err(QueryError::new(QueryErrorKind::DuplicateName { name: name.to_owned() }, span));
        }
        let Some(first) = Test::read(scanner)? else {
            return Ok(Item { name: name.to_owned(), condition: None });
        };
        let mut any = vec![vec![first]];
        loop {
            let is_or = scanner.take("||");
            if !is_or && !scanner.take("&&") {
                return Ok(Item { name: name.to_owned(), condition: Some(Condition(any)) });
            }
            let test = another_test(scanner, name)?;
            match any.last_mut() {
                Some(all) if !is_or => all.push(test),
                _ => any.push(vec![test]),
            }
        }
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let mut fields = Fields::of(message);
        let Some(left) = self.ellipsis else { return self.matches_all(fields) };
        let (left, right) = self.items.split_at(left);
        if !left.iter().all(|item| fields.next().is_some_and(|field| item.holds(field))) {
            return false;
        }
        let Some(between) = fields.clone().count().checked_sub(right.len()) else { return false };
        let mut fields = fields.skip(between);
        right.iter().all(|item| fields.next().is_some_and(|field| item.holds(field)))
    }

    /// Without an ellipsis: the last item takes the rest of the message.
    fn matches_all(&self, mut fields: Fields<'_>) -> bool {
        let Some((last, others)) = self.items.split_last() else { return true };
        if !others.iter().all(|item| fields.next().is_some_and(|field| item.holds(field))) {
            return false;
        }
        let rest = fields.rest();
        let Some(field) = fields.next() else { return false };
        last.holds(if fields.rest().is_empty() { field } else { rest })
    }
}

fn name<'t>(scanner: &mut Scanner<'t>, expected: &'static str) -> Read<&'t str> {
    scanner.skip_space();
    if !scanner.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
        return Err(scanner.expected(expected));
    }
    Ok(scanner.take_while(is_name))
}

/// A comparison after `&&` or `||`, which must be of the same item.
fn another_test(scanner: &mut Scanner<'_>, item: &str) -> Read<Test> {
    const SAME: &str = "the name of the same item: a condition is about its own item alone";
    let found = name(scanner, SAME)?;
    if found != item {
        let span = scanner.place() - found.len()..scanner.place();
        return Err(scanner.unfit(span.start, SAME));
    }
    match Test::read(scanner)? {
        Some(test) => Ok(test),
        None => Err(scanner.expected("a comparison: `=`, `!=`, `<`, `<=`, `>` or `>=`")),
    }
}

impl Item {
    fn holds(&self, field: &str) -> bool {
        self.condition.as_ref().is_none_or(|Condition(any)| {
            let holds = |test: &Test| test.holds(field, || Number::of_text(field));
            any.iter().any(|all| all.iter().all(holds))
        })
    }

    /// Each of its comparisons.
    pub(super) fn tests(&self) -> impl Iterator<Item = &Test> {
        self.condition.iter().flat_map(|Condition(any)| any.iter().flatten())
    }
}

impl fmt::Display for Delimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.items.iter().map(Item::to_string).collect();
        if let Some(place) = self.ellipsis {
            parts.insert(place, "...".to_owned());
        }
        write!(f, "[{}]", parts.join(", "))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Condition(any)) = &self.condition else { return f.write_str(&self.name) };
        let all = |tests: &Vec<Test>| {
            tests.iter().map(|test| format!("{} {test}", self.name)).collect::<Vec<_>>().join(" && ")
        };
        write_joined(f, any.iter().map(all), " || ")
    }
}
