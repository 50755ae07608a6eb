//! Values as they are stored: readable JSON that says each value's type, so that every one comes back as it was.

use std::cmp::Ordering;
use std::net::IpAddr;

use flow_query::{Comparison, KeyPart, Value};
use serde::{Deserialize, Serialize};

/// A value with its type: `{"integer":22}`, `{"address":"10.0.0.5"}`, `"absent"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredValue {
    Absent,
    Integer(i64),
    Float(FloatText),
    Address(IpAddr),
    Text(String),
}

/// A finite float, stored as the shortest text that reads back as the same one: JSON readers may round numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FloatText(f64);

#[derive(Debug, thiserror::Error)]
#[error("expected a finite number as text, found {0:?}")]
pub(crate) struct NotAFloat(String);

impl TryFrom<String> for FloatText {
    type Error = NotAFloat;

    fn try_from(text: String) -> Result<Self, NotAFloat> {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(FloatText).ok_or(NotAFloat(text))
    }
}

impl From<FloatText> for String {
    fn from(number: FloatText) -> Self {
        number.0.to_string()
    }
}

impl From<&Value<'_>> for StoredValue {
    fn from(value: &Value<'_>) -> Self {
        match value {
            Value::Integer(number) => StoredValue::Integer(*number),
            Value::Float(number) if number.is_finite() => StoredValue::Float(FloatText(*number)),
            Value::Absent | Value::Float(_) => StoredValue::Absent,
            Value::Address(address) => StoredValue::Address(*address),
            Value::Text(text) => StoredValue::Text(text.clone().into_owned()),
        }
    }
}

impl StoredValue {
    pub(crate) fn to_value(&self) -> Value<'static> {
        match self {
            StoredValue::Absent => Value::Absent,
            StoredValue::Integer(number) => Value::Integer(*number),
            StoredValue::Float(number) => Value::Float(number.0),
            StoredValue::Address(address) => Value::Address(*address),
            StoredValue::Text(text) => Value::Text(text.clone().into()),
        }
    }

    pub(crate) fn to_key_part(&self) -> KeyPart {
        match self {
            StoredValue::Absent => KeyPart::Absent,
            StoredValue::Integer(number) => KeyPart::Integer(*number),
            StoredValue::Float(number) => KeyPart::Float(number.0.to_bits()),
            StoredValue::Address(address) => KeyPart::Address(*address),
            StoredValue::Text(text) => KeyPart::Text(text.as_str().into()),
        }
    }

    /// A total order of what aggregates give: nothing first, then numbers by size, and equal numbers of two types by
    /// their type, so that a greatest one does not depend on the order of looking.
    pub(crate) fn compare(&self, other: &StoredValue) -> Ordering {
        let kind = |value: &StoredValue| match value {
            StoredValue::Absent => 0,
            StoredValue::Integer(_) => 1,
            StoredValue::Float(_) => 2,
            StoredValue::Address(_) => 3,
            StoredValue::Text(_) => 4,
        };
        let (left, right) = (self.to_value(), other.to_value());
        let by_size = if left.holds(Comparison::Greater, &right) {
            Ordering::Greater
        } else if right.holds(Comparison::Greater, &left) {
            Ordering::Less
        } else {
            Ordering::Equal
        };
        by_size.then_with(|| kind(self).cmp(&kind(other)))
    }
}

/// A value and what it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) value: StoredValue,
}

impl Named {
    pub(crate) fn new(name: &str, value: &Value<'_>) -> Self {
        Named { name: name.to_owned(), value: value.into() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = StoredValue> {
        prop_oneof![
            Just(StoredValue::Absent),
            any::<i64>().prop_map(StoredValue::Integer),
            (-3_i64..3).prop_map(StoredValue::Integer),
            prop::num::f64::NORMAL.prop_map(|number| StoredValue::Float(FloatText(number))),
            Just(StoredValue::Float(FloatText(1e17))),
            Just(StoredValue::Integer(100_000_000_000_000_000)),
        ]
    }

    #[test]
    fn types_are_said() {
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        for (value, json) in [
            (Value::Absent, "\"absent\""),
            (Value::Integer(-7), r#"{"integer":-7}"#),
            (Value::Float(0.1), r#"{"float":"0.1"}"#),
            (Value::Address(address), r#"{"address":"2001:db8::1"}"#),
            (Value::Text("2001:db8::1".into()), r#"{"text":"2001:db8::1"}"#),
        ] {
            let stored = StoredValue::from(&value);
            assert_eq!(serde_json::to_string(&stored).unwrap(), json);
            assert_eq!(stored.to_value(), value);
            assert_eq!(stored.to_key_part().value(), value);
        }
        assert!(serde_json::from_str::<StoredValue>(r#"{"float":"NaN"}"#).is_err());
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(value in numbers()) {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<StoredValue>(&json).unwrap(), value);
        }

        #[test]
        fn the_order_is_total(a in numbers(), b in numbers(), c in numbers()) {
            prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
            prop_assert_eq!(a.compare(&b) == Ordering::Equal, a == b);
            prop_assert!(a.compare(&b).is_gt() || b.compare(&c).is_gt() || a.compare(&c).is_le());
        }
    }
}
