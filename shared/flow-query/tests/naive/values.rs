//! Values by the plainest means: every comparison spelled out, every number a float or a whole number of 128 bits.

use std::cmp::Ordering;
use std::net::IpAddr;

use flow_query::{Comparison, Value};

pub(crate) type V = Value<'static>;

/// The number that a value is.
#[derive(Clone, Copy)]
pub(crate) enum N {
    Whole(i128),
    Part(f64),
}

impl N {
    pub(crate) fn float(self) -> f64 {
        match self {
            N::Whole(number) => number as f64,
            N::Part(number) => number,
        }
    }

    pub(crate) fn order(self, other: N) -> Ordering {
        match (self, other) {
            (N::Whole(left), N::Whole(right)) => left.cmp(&right),
            // All numbers of these tests are far below 2^53, where floats are exact.
            _ => self.float().partial_cmp(&other.float()).unwrap(),
        }
    }
}

pub(crate) fn number(value: &V) -> Option<N> {
    match value {
        Value::Integer(number) => Some(N::Whole((*number).into())),
        Value::Float(number) => Some(N::Part(*number)),
        Value::Text(text) => number_in(text),
        Value::Absent | Value::Address(_) => None,
    }
}

fn number_in(text: &str) -> Option<N> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    if let Ok(number) = text.parse() {
        return Some(N::Whole(number));
    }
    number(&of_float(text.parse().ok()?))
}

/// A float as a value: whole numbers are whole, what is no number is absent.
pub(crate) fn of_float(number: f64) -> V {
    if !number.is_finite() {
        Value::Absent
    } else if number.fract() == 0.0 && number.abs() <= 2.0_f64.powi(53) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        Value::Integer(number as i64)
    } else {
        Value::Float(number)
    }
}

pub(crate) fn of_number(number: N) -> V {
    match number {
        N::Whole(number) => i64::try_from(number).map_or_else(|_| of_float(number as f64), Value::Integer),
        N::Part(number) => of_float(number),
    }
}

pub(crate) fn text(value: &V) -> String {
    if matches!(value, Value::Absent) { String::new() } else { value.to_string() }
}

pub(crate) fn address(value: &V) -> Option<IpAddr> {
    text(value).parse().ok()
}

pub(crate) fn holds(left: &V, op: Comparison, right: &V) -> bool {
    if matches!(left, Value::Absent) || matches!(right, Value::Absent) {
        return false;
    }
    let order = match (number(left), number(right), address(left), address(right)) {
        (Some(left), Some(right), ..) => left.order(right),
        (_, _, Some(left), Some(right)) => left.cmp(&right),
        (None, Some(_), ..) if is_number(right) => return op == Comparison::NotEqual,
        (Some(_), None, ..) if is_number(left) => return op == Comparison::NotEqual,
        _ => text(left).cmp(&text(right)),
    };
    match op {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    }
}

fn is_number(value: &V) -> bool {
    matches!(value, Value::Integer(_) | Value::Float(_))
}

/// A text in the pieces that natural order compares: a run of digits as its length and itself, else one character.
fn pieces(text: &str) -> Vec<(char, usize, String)> {
    let mut pieces: Vec<(char, usize, String)> = Vec::new();
    let mut in_digits = false;
    for c in text.chars() {
        match pieces.last_mut() {
            Some((_, length, digits)) if in_digits && c.is_ascii_digit() => {
                *length += 1;
                digits.push(c);
            }
            _ if c.is_ascii_digit() => pieces.push(('0', 1, c.to_string())),
            _ => pieces.push((c, 0, String::new())),
        }
        in_digits = c.is_ascii_digit();
    }
    pieces
}

/// The order of `sort`.
pub(crate) fn natural(left: &V, right: &V) -> Ordering {
    let rank = |value: &V| match value {
        Value::Absent => 0,
        value if number(value).is_none() => 1,
        _ => 2,
    };
    rank(left).cmp(&rank(right)).then_with(|| match (number(left), number(right)) {
        (Some(left), Some(right)) => left.order(right),
        _ => pieces(&text(left)).cmp(&pieces(&text(right))),
    })
}

/// The order that tells apart whatever looks different.
pub(crate) fn total(left: &V, right: &V) -> Ordering {
    let kind = |value: &V| match value {
        Value::Absent => 0,
        Value::Integer(_) => 1,
        Value::Float(_) => 2,
        Value::Address(_) => 3,
        Value::Text(_) => 4,
    };
    natural(left, right).then(kind(left).cmp(&kind(right))).then_with(|| text(left).cmp(&text(right)))
}

/// The order of groups that nothing sorts: that of all values, but addresses stand first, by their octets.
pub(crate) fn of_groups(left: &V, right: &V) -> Ordering {
    let address = |value: &V| match value {
        Value::Absent => (0, None),
        Value::Address(address) => (1, Some(*address)),
        _ => (2, None),
    };
    address(left).cmp(&address(right)).then_with(|| total(left, right))
}
