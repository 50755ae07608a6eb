//! One value as outputs write it, wherever it comes from.

use std::borrow::Cow;
use std::net::IpAddr;

use flow_enrich::EnrichedValue;
use flow_record::Value;

/// A single value, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// No value.
    Absent,
    /// A number.
    Number(i128),
    /// A text.
    Text(Cow<'a, str>),
    /// A truth.
    Boolean(bool),
}

impl From<u64> for Scalar<'_> {
    fn from(number: u64) -> Self {
        Scalar::Number(number.into())
    }
}

impl From<i64> for Scalar<'_> {
    fn from(number: i64) -> Self {
        Scalar::Number(number.into())
    }
}

impl From<bool> for Scalar<'_> {
    fn from(is_so: bool) -> Self {
        Scalar::Boolean(is_so)
    }
}

impl<'a> From<&'a str> for Scalar<'a> {
    fn from(text: &'a str) -> Self {
        Scalar::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Scalar<'_> {
    fn from(text: String) -> Self {
        Scalar::Text(Cow::Owned(text))
    }
}

impl From<IpAddr> for Scalar<'_> {
    fn from(address: IpAddr) -> Self {
        Scalar::Text(Cow::Owned(address.to_string()))
    }
}

impl<'a> From<Value<'a>> for Scalar<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Integer(number) => number.into(),
            Value::Address(address) => address.into(),
            Value::Text(text) => text.into(),
        }
    }
}

impl<'a> From<EnrichedValue<'a>> for Scalar<'a> {
    fn from(value: EnrichedValue<'a>) -> Self {
        match value {
            EnrichedValue::Integer(number) => number.into(),
            EnrichedValue::Address(address) => address.into(),
            EnrichedValue::Text(text) => Scalar::Text(text),
        }
    }
}

impl<'a, T: Into<Scalar<'a>>> From<Option<T>> for Scalar<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Scalar::Absent, Into::into)
    }
}
