//! Values at run time: how they compare, and when a text is a number.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ast::{Comparison, Literal};

/// The type of an expression, known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A whole number.
    Integer,
    /// A number that may have a fraction.
    Float,
    /// Text; one that is a number compares as a number.
    Text,
    /// An IPv4 or IPv6 address.
    Address,
    /// True or false.
    Boolean,
    /// A time: a whole number of milliseconds since 1970, shown as [`Time`](crate::Time) shows it.
    Time,
}

impl Type {
    /// Whether it is a whole number, times included.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Type::Integer | Type::Time)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Integer => "a whole number",
            Type::Float => "a number",
            Type::Text => "text",
            Type::Address => "an address",
            Type::Boolean => "a condition",
            Type::Time => "a time",
        })
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value<'a> {
    /// The record has no such value: every comparison with it is false.
    Absent,
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// An address.
    Address(IpAddr),
}

impl Value<'_> {
    /// A literal's value; a period has none.
    pub(crate) fn of_literal(literal: &Literal) -> Value<'static> {
        match literal {
            Literal::Integer(number) => Value::Integer(*number),
            Literal::Float(number) => Value::of_float(*number),
            Literal::Text(text) => Value::Text(text.clone().into()),
            Literal::Period(_) => Value::Absent,
        }
    }

    /// A finite float as a value: what is infinite or not a number is absent, what is whole is an integer.
    pub(crate) fn of_float(number: f64) -> Value<'static> {
        // Above 2^53 not every whole number has a float of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if !number.is_finite() {
            Value::Absent
        } else if number.fract() == 0.0 && number.abs() <= EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            Value::Integer(number as i64)
        } else {
            Value::Float(number)
        }
    }

    /// This value as a number, if it is one: a text that is a number counts.
    pub fn number(&self) -> Option<Number> {
        match self {
            Value::Integer(number) => Some(Number::Integer(*number)),
            Value::Float(number) => Some(Number::Float(*number)),
            Value::Text(text) => Number::of_text(text),
            Value::Absent | Value::Address(_) => None,
        }
    }

    /// Whether `self op other` holds. False when either is absent, `!=` included.
    ///
    /// Numbers, and texts that are numbers, compare as numbers; addresses as addresses, also with a text that is
    /// one; texts as texts. A number and a text that is none differ, and neither is larger.
    pub fn holds(&self, op: Comparison, other: &Value<'_>) -> bool {
        if self.is_number() != other.is_number() && self.number().is_none() != other.number().is_none() {
            let is_absent = matches!(self, Value::Absent) || matches!(other, Value::Absent);
            return op == Comparison::NotEqual && !is_absent;
        }
        self.compare(other).is_some_and(|ordering| op.accepts(ordering))
    }

    /// Whether it is a number by its type.
    fn is_number(&self) -> bool {
        matches!(self, Value::Integer(_) | Value::Float(_))
    }

    fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        if matches!(self, Value::Absent) || matches!(other, Value::Absent) {
            return None;
        }
        if let (Some(left), Some(right)) = (self.number(), other.number()) {
            return Some(left.compare(right));
        }
        if let (Some(left), Some(right)) = (self.address(), other.address()) {
            return Some(left.cmp(&right));
        }
        Some(self.to_text().as_bytes().cmp(other.to_text().as_bytes()))
    }

    /// This value as an address, if it is one or is the text of one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Value::Address(address) => Some(*address),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// This value as text; empty when absent.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Absent => Cow::Borrowed(""),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The same value, borrowed.
    pub(crate) fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Absent => Value::Absent,
            Value::Integer(number) => Value::Integer(*number),
            Value::Float(number) => Value::Float(*number),
            Value::Address(address) => Value::Address(*address),
        }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Absent => Value::Absent,
            Value::Integer(number) => Value::Integer(number),
            Value::Float(number) => Value::Float(number),
            Value::Address(address) => Value::Address(address),
        }
    }
}

impl<'a> Value<'a> {
    /// This value as text, none when absent.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Absent => None,
            Value::Text(text) => Some(text),
            other => Some(Cow::Owned(other.to_string())),
        }
    }
}

/// `-` when absent.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Absent => f.write_str("-"),
            Value::Integer(number) => number.fmt(f),
            Value::Float(number) => number.fmt(f),
            Value::Text(text) => f.write_str(text),
            Value::Address(address) => address.fmt(f),
        }
    }
}

/// A number of either kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Whole.
    Integer(i64),
    /// Finite.
    Float(f64),
}

impl From<Number> for Value<'static> {
    fn from(number: Number) -> Self {
        match number {
            Number::Integer(number) => Value::Integer(number),
            Number::Float(number) => Value::of_float(number),
        }
    }
}

impl Number {
    /// The number that `text` is: digits with an optional sign, fraction and exponent, nothing else.
    pub(crate) fn of_text(text: &str) -> Option<Number> {
        let looks_numeric =
            text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+' || c == '.');
        // 40 bytes hold any number that someone means; words such as `inf` never get here.
        if !looks_numeric || text.len() > 40 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if let Ok(number) = text.parse() {
            return Some(Number::Integer(number));
        }
        Value::of_float(text.parse().ok()?).number()
    }

    /// As a double; the nearest one of a whole number above 2^53.
    pub fn to_float(self) -> f64 {
        match self {
            Number::Integer(number) => number as f64,
            Number::Float(number) => number,
        }
    }

    /// Which is larger: exact, whatever the kinds.
    pub fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Integer(left), Number::Integer(right)) => left.cmp(&right),
            (Number::Float(left), Number::Float(right)) => left.total_cmp(&right),
            (Number::Integer(left), Number::Float(right)) => compare_exactly(left, right),
            (Number::Float(left), Number::Integer(right)) => compare_exactly(right, left).reverse(),
        }
    }
}

/// A whole number against a finite float, without rounding the whole number to a float first.
fn compare_exactly(whole: i64, float: f64) -> Ordering {
    // 2^63, the first float above every i64; its negative is the least i64 itself.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if float >= BEYOND {
        return Ordering::Less;
    }
    if float < -BEYOND {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range of i64, and cut on purpose")]
    let cut = float.trunc() as i64;
    // Not `total_cmp`, to which the fraction of -1.0 is less than 0.
    whole.cmp(&cut).then(0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.into())
    }

    #[test]
    fn texts_that_are_numbers_compare_as_numbers() {
        use Comparison::{Equal, Greater, Less, NotEqual};
        assert!(text("0123").holds(Equal, &Value::Integer(123)));
        assert!(text("9").holds(Less, &text("10")), "as numbers");
        assert!(text("b9").holds(Greater, &text("b10")), "as text");
        assert!(Value::Integer(2).holds(Equal, &text("2.0")));
        for op in Comparison::ALL {
            assert_eq!(text("ACCEPT").holds(op, &Value::Integer(5)), op == NotEqual, "{op:?}");
            assert_eq!(Value::Float(0.5).holds(op, &text("")), op == NotEqual, "{op:?}");
            assert!(!Value::Absent.holds(op, &Value::Integer(5)), "{op:?}");
        }
        assert!(text("123456789012").holds(NotEqual, &text("123456789013")));
        for word in ["", "-", "+", ".", "inf", "nan", "1e999", "0x10", "1 "] {
            assert_eq!(Number::of_text(word), None, "{word:?}");
        }
    }

    #[test]
    fn numbers_of_both_kinds_compare_exactly() {
        use Ordering::{Equal, Greater, Less};
        let compare = |whole, float| Number::Integer(whole).compare(Number::Float(float));
        for (whole, float, expected) in [
            (1, 1.5, Less),
            (-1, -1.5, Greater),
            (2, 1.5, Greater),
            (1, 1.0, Equal),
            (9_007_199_254_740_993, 9_007_199_254_740_992.0, Greater),
            (i64::MAX, 9_223_372_036_854_775_808.0, Less),
            (i64::MIN, -9_223_372_036_854_775_808.0, Equal),
            (i64::MIN, -1e300, Greater),
        ] {
            assert_eq!(compare(whole, float), expected, "{whole} and {float}");
            assert_eq!(Number::Float(float).compare(Number::Integer(whole)), expected.reverse());
        }
    }

    #[test]
    fn addresses_compare_as_addresses() {
        let address = Value::Address("2001:db8::1".parse().unwrap());
        assert!(address.holds(Comparison::Equal, &text("2001:DB8:0::1")));
        assert!(Value::Address("10.0.0.9".parse().unwrap()).holds(Comparison::Less, &text("10.0.0.10")));
    }

    #[test]
    fn nothing_holds_for_what_is_absent() {
        for op in Comparison::ALL {
            assert!(!Value::Absent.holds(op, &Value::Absent));
            assert!(!Value::Absent.holds(op, &Value::Integer(0)));
            assert!(!text("a").holds(op, &Value::Absent));
        }
    }
}
