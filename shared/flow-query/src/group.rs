//! Group keys: borrowed while looked up, owned once kept.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use crate::value::Value;

/// The most names that `stats ... by` may list.
pub const MAX_GROUP_BY: usize = 8;

/// The longest text that is kept of a group, in bytes: longer than any id, ARN or tag value.
const MAX_TEXT: usize = 1024;

/// `text`, or where it is longer than anything real its beginning with a hash of all of it, so that what is kept is
/// bounded and texts that differ stay apart.
pub(crate) fn bounded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let hash = xxh3_128(text.as_bytes());
    Cow::Owned(format!("{}...{hash:032x}", &text[..text.floor_char_boundary(MAX_TEXT - 64)]))
}

/// The values that one row is grouped by, borrowed from it.
#[derive(Debug, Clone)]
pub struct KeyValues<'a> {
    values: [Value<'a>; MAX_GROUP_BY],
    len: usize,
}

impl<'a> KeyValues<'a> {
    /// Takes the first [`MAX_GROUP_BY`] values.
    pub(crate) fn new(values: impl Iterator<Item = Value<'a>>) -> Self {
        let mut key = KeyValues { values: [const { Value::Absent }; MAX_GROUP_BY], len: 0 };
        for (place, value) in key.values.iter_mut().zip(values) {
            *place = match value {
                Value::Text(text) => Value::Text(bounded(text)),
                other => other,
            };
            key.len += 1;
        }
        key
    }

    /// The values in the query's order.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values[..self.len]
    }

    /// A hash that equal keys share, on any machine and in any version of this program.
    pub fn stable_hash(&self, seed: u64) -> u64 {
        self.values().iter().fold(seed, |hash, value| value.stable_hash(hash))
    }

    /// Whether `key` holds these values.
    pub fn is(&self, key: &GroupKey) -> bool {
        let same = |(value, part): (&Value<'_>, &KeyPart)| match (value, part) {
            (Value::Absent, KeyPart::Absent) => true,
            (Value::Integer(left), KeyPart::Integer(right)) => left == right,
            (Value::Float(left), KeyPart::Float(right)) => left.to_bits() == *right,
            (Value::Text(left), KeyPart::Text(right)) => **left == **right,
            (Value::Address(left), KeyPart::Address(right)) => left == right,
            _ => false,
        };
        self.len == key.0.len() && self.values().iter().zip(&key.0).all(same)
    }

    /// The key to keep.
    pub fn to_key(&self) -> GroupKey {
        GroupKey(self.values().iter().map(KeyPart::of).collect())
    }
}

/// What one group of `stats ... by` has in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey(Box<[KeyPart]>);

impl GroupKey {
    /// The parts, in the query's order.
    pub fn parts(&self) -> &[KeyPart] {
        &self.0
    }

    /// The same hash as that of the [`KeyValues`] it was made of.
    pub fn stable_hash(&self, seed: u64) -> u64 {
        self.0.iter().fold(seed, |hash, part| part.value().stable_hash(hash))
    }
}

impl FromIterator<KeyPart> for GroupKey {
    fn from_iter<T: IntoIterator<Item = KeyPart>>(parts: T) -> Self {
        GroupKey(parts.into_iter().collect())
    }
}

/// One part of a group key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// The records had no such value.
    Absent,
    /// A whole number.
    Integer(i64),
    /// A number, as the bits of a double.
    Float(u64),
    /// An address.
    Address(IpAddr),
    /// Text.
    Text(Box<str>),
}

impl KeyPart {
    /// A value to keep.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Absent => KeyPart::Absent,
            Value::Integer(number) => KeyPart::Integer(*number),
            Value::Float(number) => KeyPart::Float(number.to_bits()),
            Value::Text(text) => KeyPart::Text(text.as_ref().into()),
            Value::Address(address) => KeyPart::Address(*address),
        }
    }

    /// As a value.
    pub fn value(&self) -> Value<'_> {
        match self {
            KeyPart::Absent => Value::Absent,
            KeyPart::Integer(number) => Value::Integer(*number),
            KeyPart::Float(bits) => Value::Float(f64::from_bits(*bits)),
            KeyPart::Address(address) => Value::Address(*address),
            KeyPart::Text(text) => Value::Text((&**text).into()),
        }
    }
}

/// `-` when absent.
impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Value<'_> {
    /// The same value, a text only as long as is kept.
    pub(crate) fn bounded(&self) -> Value<'_> {
        match self {
            Value::Text(text) => Value::Text(bounded(Cow::Borrowed(text))),
            other => other.borrowed(),
        }
    }

    /// A hash that is the same on every machine; the type counts, so that `"5"` and 5 differ.
    pub(crate) fn stable_hash(&self, seed: u64) -> u64 {
        match self {
            Value::Absent => xxh3_64_with_seed(&[], seed),
            Value::Integer(number) => xxh3_64_with_seed(&number.to_le_bytes(), seed ^ 1),
            Value::Float(number) => xxh3_64_with_seed(&number.to_bits().to_le_bytes(), seed ^ 2),
            Value::Text(text) => xxh3_64_with_seed(text.as_bytes(), seed ^ 3),
            Value::Address(IpAddr::V4(address)) => xxh3_64_with_seed(&address.octets(), seed ^ 4),
            Value::Address(IpAddr::V6(address)) => xxh3_64_with_seed(&address.octets(), seed ^ 5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_bounded_and_stay_apart() {
        let key = |text: &str| KeyValues::new([Value::Text(text.into())].into_iter()).to_key();
        let long = "日".repeat(20_000);
        let (one, other) = (key(&format!("{long}1")), key(&format!("{long}2")));
        assert_ne!(one, other);
        assert!(one.parts()[0].to_string().len() <= MAX_TEXT);
        assert_eq!(key("eni-1").parts()[0].to_string(), "eni-1");
    }
}
