//! Conditions: compiled to the cheapest test that says the same, evaluated without allocating (but for `like` over a
//! number that is worked out, which needs its digits).

use ipnet::IpNet;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::ast::Comparison;
use crate::names::Source;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::Value;

/// A compiled condition. Absent values make every comparison false; see [`Value::holds`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// A numeric name against a whole number.
    Integer {
        source: Source,
        op: Comparison,
        value: i64,
    },
    /// A numeric name against whole numbers.
    IntegerIn {
        source: Source,
        values: Box<[i64]>,
        negated: bool,
    },
    /// A name whose values are texts against a text that is no number.
    TextIs {
        source: Source,
        text: Box<str>,
        negated: bool,
    },
    Compare {
        op: Comparison,
        left: Operand,
        right: Operand,
    },
    In {
        subject: Operand,
        values: Vec<Value<'static>>,
        negated: bool,
    },
    Like {
        subject: Operand,
        matcher: Matcher,
        negated: bool,
    },
    InSubnet {
        subject: Operand,
        network: IpNet,
    },
    Present(Operand),
    /// `isempty`, or `isblank`, to which white space is nothing. What is absent is empty.
    Empty {
        subject: Operand,
        or_blank: bool,
    },
    Contains {
        subject: Operand,
        part: Operand,
    },
    ValidAddress {
        subject: Operand,
        family: Family,
    },
}

/// Which addresses are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Family {
    V4,
    V6,
    Any,
}

/// What `like` looks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Matcher {
    Substring(Box<str>),
    Prefix(Box<str>),
    Regex(#[serde(with = "as_text")] Box<Regex>),
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Matcher::Substring(one), Matcher::Substring(other))
            | (Matcher::Prefix(one), Matcher::Prefix(other)) => one == other,
            (Matcher::Regex(one), Matcher::Regex(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl Matcher {
    fn is_match(&self, text: &str) -> bool {
        match self {
            Matcher::Substring(part) => text.contains(&**part),
            Matcher::Prefix(part) => text.starts_with(&**part),
            Matcher::Regex(regex) => regex.is_match(text),
        }
    }
}

impl Condition {
    /// Whether the condition holds for `row`.
    #[inline]
    pub(crate) fn holds(&self, row: &(impl Row + ?Sized)) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|condition| condition.holds(row)),
            Condition::Any(any) => any.iter().any(|condition| condition.holds(row)),
            Condition::Not(inner) => !inner.holds(row),
            Condition::Integer { source, op, value } => match row.value(*source) {
                Value::Integer(number) => op.accepts(number.cmp(value)),
                other => other.holds(*op, &Value::Integer(*value)),
            },
            Condition::IntegerIn { source, values, negated } => match row.value(*source) {
                Value::Integer(number) => values.contains(&number) != *negated,
                other => is_in(&other, values.iter().map(|value| Value::Integer(*value)), *negated),
            },
            // Compiled only for sources that are text.
            Condition::TextIs { source, text, negated } => {
                row.text(*source).is_some_and(|found| (*found == **text) != *negated)
            }
            Condition::Compare { op, left, right } => left.value(row).holds(*op, &right.value(row)),
            Condition::In { subject, values, negated } => {
                is_in(&subject.value(row), values.iter().map(Value::borrowed), *negated)
            }
            Condition::Like { subject, matcher, negated } => {
                subject.text(row).is_some_and(|text| matcher.is_match(&text) != *negated)
            }
            Condition::InSubnet { subject, network } => {
                subject.value(row).address().is_some_and(|address| network.contains(&address))
            }
            Condition::Present(operand) => !matches!(operand.value(row), Value::Absent),
            Condition::Empty { subject, or_blank } => subject
                .text(row)
                .is_none_or(|text| if *or_blank { text.trim().is_empty() } else { text.is_empty() }),
            Condition::Contains { subject, part } => match (subject.text(row), part.text(row)) {
                (Some(text), Some(part)) => text.contains(&*part),
                _ => false,
            },
            Condition::ValidAddress { subject, family } => {
                subject.value(row).address().is_some_and(|address| match family {
                    Family::V4 => address.is_ipv4(),
                    Family::V6 => address.is_ipv6(),
                    Family::Any => true,
                })
            }
        }
    }

    /// Visits the conditions that `and` joins, however they are nested.
    pub(crate) fn conjuncts<'c>(&'c self, visit: &mut dyn FnMut(&'c Condition)) {
        match self {
            Condition::All(parts) => parts.iter().for_each(|part| part.conjuncts(visit)),
            part => visit(part),
        }
    }

    /// Whether it can hold for some row that has only sources for which `has` holds.
    pub(crate) fn is_possible(&self, has: &dyn Fn(Source) -> bool) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|condition| condition.is_possible(has)),
            Condition::Any(any) => any.iter().any(|condition| condition.is_possible(has)),
            Condition::Not(inner) => !inner.is_certain(has),
            Condition::Integer { source, .. }
            | Condition::IntegerIn { source, .. }
            | Condition::TextIs { source, .. } => has(*source),
            Condition::Compare { left, right, .. } => left.is_possible(has) && right.is_possible(has),
            Condition::In { subject, .. }
            | Condition::Like { subject, .. }
            | Condition::InSubnet { subject, .. }
            | Condition::ValidAddress { subject, .. }
            | Condition::Present(subject) => subject.is_possible(has),
            Condition::Contains { subject, part } => subject.is_possible(has) && part.is_possible(has),
            Condition::Empty { .. } => true,
        }
    }

    /// Whether it holds for every row that has only sources for which `has` holds, as far as absence alone decides.
    fn is_certain(&self, has: &dyn Fn(Source) -> bool) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|condition| condition.is_certain(has)),
            Condition::Any(any) => any.iter().any(|condition| condition.is_certain(has)),
            Condition::Not(inner) => !inner.is_possible(has),
            Condition::Empty { subject, .. } => !subject.is_possible(has),
            _ => false,
        }
    }

    /// Visits every source it reads.
    pub(crate) fn sources(&self, visit: &mut dyn FnMut(Source)) {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|condition| condition.sources(visit));
            }
            Condition::Not(inner) => inner.sources(visit),
            Condition::Integer { source, .. }
            | Condition::IntegerIn { source, .. }
            | Condition::TextIs { source, .. } => visit(*source),
            Condition::Compare { left, right, .. } => {
                left.sources(visit);
                right.sources(visit);
            }
            Condition::In { subject, .. }
            | Condition::Like { subject, .. }
            | Condition::InSubnet { subject, .. }
            | Condition::ValidAddress { subject, .. }
            | Condition::Empty { subject, .. }
            | Condition::Present(subject) => subject.sources(visit),
            Condition::Contains { subject, part } => {
                subject.sources(visit);
                part.sources(visit);
            }
        }
    }
}

/// `in` and `not in`; both are false for what is absent.
fn is_in<'v>(subject: &Value<'_>, mut values: impl Iterator<Item = Value<'v>>, negated: bool) -> bool {
    !matches!(subject, Value::Absent)
        && values.any(|value| subject.holds(Comparison::Equal, &value)) != negated
}

/// A regular expression as the text that it is compiled from.
mod as_text {
    use regex::Regex;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::compile::regex;
    use crate::error::Span;

    #[expect(clippy::borrowed_box, reason = "serde hands the field as it is")]
    pub(super) fn serialize<S: Serializer>(regex: &Box<Regex>, serializer: S) -> Result<S::Ok, S::Error> {
        regex.as_str().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Regex>, D::Error> {
        let text = String::deserialize(deserializer)?;
        regex(&text, Span::default()).map(Box::new).map_err(D::Error::custom)
    }
}
