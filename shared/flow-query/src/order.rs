//! The order of values that `sort` goes by.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::value::{Number, Value};

impl Value<'_> {
    /// Natural order, as "sort" in the CloudWatch Logs user guide has it: first what is absent, then what is no number,
    /// then numbers by size.
    ///
    /// Texts are compared piece by piece: runs of digits by their length and then their digits, all else by Unicode.
    /// Addresses count as the text they print as, which puts IPv4 addresses into the order of their octets.
    pub fn natural_order(&self, other: &Value<'_>) -> Ordering {
        if let (Value::Address(IpAddr::V4(left)), Value::Address(IpAddr::V4(right))) = (self, other) {
            return left.cmp(right);
        }
        if let (Value::Address(left), Value::Address(right)) = (self, other) {
            return natural(Digits::of(*left).as_str(), Digits::of(*right).as_str());
        }
        let rank = |value: &Value<'_>, number: Option<Number>| match value {
            Value::Absent => 0,
            _ if number.is_none() => 1,
            _ => 2,
        };
        let (left, right) = (self.number(), other.number());
        rank(self, left).cmp(&rank(other, right)).then_with(|| match (left, right) {
            (Some(left), Some(right)) => left.compare(right),
            _ => natural(&self.to_text(), &other.to_text()),
        })
    }

    /// Natural order, and where that makes no difference the order of types and letters: equal are only values that
    /// can't be told apart, so that what is chosen of several does not depend on which came first.
    pub fn total_order(&self, other: &Value<'_>) -> Ordering {
        let kind = |value: &Value<'_>| match value {
            Value::Absent => 0,
            Value::Integer(_) => 1,
            Value::Float(_) => 2,
            Value::Address(_) => 3,
            Value::Text(_) => 4,
        };
        let texts = || match (self, other) {
            (Value::Text(left), Value::Text(right)) => left.cmp(right),
            _ => Ordering::Equal,
        };
        self.natural_order(other).then_with(|| kind(self).cmp(&kind(other))).then_with(texts)
    }
}

/// The text of an address, where nothing has to be allocated for it.
struct Digits {
    text: [u8; 45],
    length: usize,
}

impl Digits {
    fn of(address: IpAddr) -> Self {
        let mut digits = Digits { text: [0; 45], length: 0 };
        // The longest text of an address has 45 bytes.
        let _ = write!(digits, "{address}");
        digits
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for Digits {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        let room = self.text.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (one, other) = (digits(left), digits(right));
        let order = if one.is_empty() || other.is_empty() {
            let (mut ones, mut others) = (left.chars(), right.chars());
            let order = ones.next().cmp(&others.next());
            (left, right) = (ones.as_str(), others.as_str());
            order
        } else {
            (left, right) = (&left[one.len()..], &right[other.len()..]);
            one.len().cmp(&other.len()).then_with(|| one.cmp(other))
        };
        if order.is_ne() || (left.is_empty() && right.is_empty()) {
            return order;
        }
    }
}

/// The digits that `text` begins with.
fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn values() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Absent),
            (-20..20_i64).prop_map(Value::Integer),
            (-2e1..2e1).prop_map(Value::Float),
            select(vec!["10.0.0.9", "10.0.0.10", "fe80::1", "2001:db8::1", "::ffff:10.0.0.9"])
                .prop_map(|text| Value::Address(text.parse().unwrap())),
            "[a1.0:]{0,4}|日|-?[0-9]{1,2}(\\.[0-9])?".prop_map(|text| Value::Text(text.into())),
        ]
    }

    #[test]
    fn natural_order() {
        let text = |text: &'static str| Value::Text(text.into());
        let ordered = [
            Value::Absent,
            text(""),
            text("10.0.0.9"),
            text("10.0.0.10"),
            text("eni-7"),
            text("eni-12"),
            text("eni-012"),
            text("eni-a"),
            text("x"),
            text("x9y"),
            text("x10"),
            text("日本"),
            text("-5"),
            Value::Integer(3),
            Value::Float(3.5),
            text("0010"),
            Value::Integer(12),
        ];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(left.natural_order(right), index.cmp(&other), "{left:?} and {right:?}");
            }
        }
        let address = |text: &str| Value::Address(text.parse().unwrap());
        assert!(address("10.0.0.9").natural_order(&address("10.0.0.10")).is_lt());
        assert!(address("10.0.0.9").natural_order(&text("10.0.0.9")).is_eq());
        assert!(address("10.0.0.9").total_order(&text("10.0.0.9")).is_lt());
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in values(), b in values(), c in values()) {
            prop_assert_eq!(a.total_order(&b), b.total_order(&a).reverse());
            prop_assert_eq!(a.total_order(&b).is_eq(), a == b, "{:?} {:?}", a, b);
            let ascends = a.total_order(&b).is_le() && b.total_order(&c).is_le();
            prop_assert!(!ascends || a.total_order(&c).is_le(), "{:?} {:?} {:?}", a, b, c);
        }
    }
}
