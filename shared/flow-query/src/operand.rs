//! Expressions that have a value: names, literals, arithmetic and calls.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ast::{Arithmetic, Literal};
use crate::call;
use crate::condition::Condition;
use crate::function::Function;
use crate::key_table::Key;
use crate::names::Source;
use crate::period::Period;
use crate::row::Row;
use crate::value::{Number, Type, Value};

/// A compiled expression that has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Operand {
    Source(Source),
    Literal(Value<'static>),
    Arithmetic(Arithmetic, Box<Operand>, Box<Operand>),
    /// A function that is no test, with as many arguments as it takes.
    Call(Function, Box<[Operand]>),
    /// A time rounded to a period.
    Round {
        time: Box<Operand>,
        period: Period,
        up: bool,
    },
    /// 1 where the condition holds, else 0.
    Test(Box<Condition>),
}

impl Operand {
    /// The value for `row`; absent when any part is absent or no number where one is needed.
    #[inline]
    pub(crate) fn value<'r>(&'r self, row: &'r (impl Row + ?Sized)) -> Value<'r> {
        match self {
            Operand::Source(source) => row.value(*source),
            Operand::Literal(value) => value.borrowed(),
            Operand::Arithmetic(op, left, right) => {
                match (left.value(row).number(), right.value(row).number()) {
                    (Some(left), Some(right)) => calculate(*op, left, right),
                    _ => Value::Absent,
                }
            }
            Operand::Call(function, arguments) => call::value(*function, arguments, row),
            Operand::Round { time, period, up } => round(&time.value(row), *period, *up),
            Operand::Test(condition) => Value::Integer(condition.holds(row).into()),
        }
    }

    /// The value as a number, if it is one.
    #[inline]
    pub(crate) fn number(&self, row: &(impl Row + ?Sized)) -> Option<Number> {
        match self {
            Operand::Source(source) => row.number(*source),
            other => other.value(row).number(),
        }
    }

    /// Appends the value to `key`.
    #[inline]
    pub(crate) fn add_to_key(&self, row: &(impl Row + ?Sized), key: &mut Key) {
        match self {
            Operand::Source(source) => row.add_to_key(*source, key),
            other => key.push(&other.value(row)),
        }
    }

    /// Whether it is this source and nothing else.
    pub(crate) fn is(&self, source: Source) -> bool {
        matches!(self, Operand::Source(own) if *own == source)
    }

    /// The value as text, none when absent: what stands in the record, where it does.
    pub(crate) fn text<'r>(&'r self, row: &'r (impl Row + ?Sized)) -> Option<Cow<'r, str>> {
        match self {
            Operand::Source(source) => row.text(*source),
            _ => self.value(row).into_text(),
        }
    }

    pub(crate) fn of_literal(literal: &Literal) -> Self {
        Operand::Literal(Value::of_literal(literal))
    }

    /// Whether the value can never be negative, whatever the row.
    pub(crate) fn is_non_negative(&self) -> bool {
        match self {
            // Every number in a record and every number worked out from one counts something or is a time or a port.
            Operand::Source(Source::Field(_) | Source::Enrichment(_) | Source::System(_)) => {
                self.source_type().is_some_and(Type::is_whole)
            }
            Operand::Source(Source::Column(_))
            | Operand::Arithmetic(Arithmetic::Subtract, ..)
            | Operand::Round { .. } => false,
            Operand::Literal(value) => value.number().is_some_and(|number| number.to_float() >= 0.0),
            Operand::Arithmetic(_, left, right) => left.is_non_negative() && right.is_non_negative(),
            Operand::Call(function, _) => {
                matches!(function, Function::Abs | Function::Sqrt | Function::StrLen)
            }
            Operand::Test(_) => true,
        }
    }

    fn source_type(&self) -> Option<Type> {
        match self {
            Operand::Source(source) => Some(source.value_type()),
            _ => None,
        }
    }

    /// Whether a row that has only sources for which `has` holds can give this a value.
    pub(crate) fn is_possible(&self, has: &dyn Fn(Source) -> bool) -> bool {
        match self {
            Operand::Source(source) => has(*source),
            Operand::Literal(_) | Operand::Test(_) => true,
            Operand::Arithmetic(_, left, right) => left.is_possible(has) && right.is_possible(has),
            Operand::Call(Function::Coalesce, arguments) => {
                arguments.iter().any(|argument| argument.is_possible(has))
            }
            Operand::Call(_, arguments) => arguments.iter().all(|argument| argument.is_possible(has)),
            Operand::Round { time, .. } => time.is_possible(has),
        }
    }

    pub(crate) fn sources(&self, visit: &mut dyn FnMut(Source)) {
        match self {
            Operand::Source(source) => visit(*source),
            Operand::Literal(_) => {}
            Operand::Arithmetic(_, left, right) => {
                left.sources(visit);
                right.sources(visit);
            }
            Operand::Call(_, arguments) => arguments.iter().for_each(|argument| argument.sources(visit)),
            Operand::Round { time, .. } => time.sources(visit),
            Operand::Test(condition) => condition.sources(visit),
        }
    }
}

/// A time rounded to a period; absent when it is no whole number.
fn round(time: &Value<'_>, period: Period, up: bool) -> Value<'static> {
    let Some(Number::Integer(time)) = time.number() else { return Value::Absent };
    let rounded = if up { period.ceil(time) } else { period.floor(time) };
    rounded.map_or(Value::Absent, Value::Integer)
}

/// Whole numbers stay exact as long as they fit; a result that is no finite number is absent.
fn calculate(op: Arithmetic, left: Number, right: Number) -> Value<'static> {
    if let (Number::Integer(left), Number::Integer(right)) = (left, right) {
        let exact = match op {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Remainder => left.checked_rem(right),
            Arithmetic::Divide | Arithmetic::Power => None,
        };
        if let Some(number) = exact {
            return Value::Integer(number);
        }
    }
    let (left, right) = (left.to_float(), right.to_float());
    Value::of_float(match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        Arithmetic::Power => left.powf(right),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic() {
        use Arithmetic::{Add, Divide, Multiply, Power, Remainder, Subtract};
        use Number::{Float, Integer};
        let cases = [
            (Add, Integer(2), Integer(3), Value::Integer(5)),
            (Subtract, Integer(2), Integer(3), Value::Integer(-1)),
            (Divide, Integer(7), Integer(2), Value::Float(3.5)),
            (Divide, Integer(8), Integer(2), Value::Integer(4)),
            (Divide, Integer(1), Integer(0), Value::Absent),
            (Remainder, Integer(7), Integer(0), Value::Absent),
            (Remainder, Integer(7), Integer(4), Value::Integer(3)),
            (Power, Integer(2), Integer(10), Value::Integer(1024)),
            (Multiply, Integer(i64::MAX), Integer(2), Value::Float(18_446_744_073_709_551_614.0)),
            (Multiply, Float(1e308), Float(1e308), Value::Absent),
        ];
        for (op, left, right, expected) in cases {
            assert_eq!(calculate(op, left, right), expected, "{left:?} {} {right:?}", op.sign());
        }
    }
}
