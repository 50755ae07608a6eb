//! Serde pieces that borrow text and forgive what writers of test events get wrong.

use std::borrow::Cow;
use std::fmt;
use std::str::Utf8Error;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Bytes as text: what is none is looked through once more for the place where it stops being text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    simdutf8::basic::from_utf8(bytes).or_else(|_| str::from_utf8(bytes))
}

/// The most subscription filters kept of a message; CloudWatch Logs allows two per log group and one per
/// account.
const MOST_FILTERS: usize = 64;

/// The extracted fields kept of a log event: the system fields that say where it comes from. Fields that a filter
/// pattern names stand in the log line too.
const EXTRACTED: [&str; 2] = ["@aws.account", "@aws.region"];

/// Text that borrows from the input where it can, inside a container too.
///
/// `Cow` itself borrows only as a struct's own field.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Text, or an integer as its digits (emulators give event ids as integers).
///
/// A number too large for 64 bits would lose digits on the way and so its identity: it becomes no text.
pub(crate) fn text_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct TextOrInteger;
    impl<'de> Visitor<'de> for TextOrInteger {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an integer")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Cow::Owned(number.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Cow::Owned(number.to_string()))
        }

        fn visit_f64<E>(self, _number: f64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
    }
    deserializer.deserialize_any(TextOrInteger)
}

/// Text, or `other` for a value of any other type. The text is read once, however long.
pub(crate) fn text_or<'de, D: Deserializer<'de>>(
    deserializer: D,
    other: &'static str,
) -> Result<Cow<'de, str>, D::Error> {
    struct TextOr(&'static str);
    impl<'de> Visitor<'de> for TextOr {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_u64<E>(self, _number: u64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_i64<E>(self, _number: i64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_f64<E>(self, _number: f64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Cow::Borrowed(self.0))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Cow::Borrowed(self.0))
        }
    }
    deserializer.deserialize_any(TextOr(other))
}

/// A list of texts, bounded: an array of `""` would take eight times its size in memory.
pub(crate) fn short_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Cow<'de, str>>, D::Error> {
    struct ShortList;
    impl<'de> Visitor<'de> for ShortList {
        type Value = Vec<Cow<'de, str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of strings")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut kept = Vec::new();
            while kept.len() < MOST_FILTERS {
                match list.next_element::<Text<'de>>()? {
                    Some(text) => kept.push(text.0),
                    None => return Ok(kept),
                }
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(kept)
        }
    }
    deserializer.deserialize_any(ShortList)
}

/// Appends `text` as a JSON string.
pub(crate) fn write_json_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("text always serialises, and memory takes every byte");
}

/// `text` as a JSON string.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("text always serialises")
}

/// Pairs of name and value.
pub(crate) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The known ones among an object's pairs, the first of each name, in its order; values that are no strings keep their
/// JSON text.
pub(crate) fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'de>, D::Error> {
    struct PairsVisitor;
    impl<'de> Visitor<'de> for PairsVisitor {
        type Value = Pairs<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut kept = Pairs::new();
            while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                let is_new = || kept.iter().all(|(known, _)| *known != name.0);
                if EXTRACTED.contains(&&*name.0) && is_new() {
                    kept.push((name.0, plain(value)));
                }
            }
            Ok(kept)
        }
    }
    deserializer.deserialize_any(PairsVisitor)
}

/// A string's content, or any other value's JSON text.
fn plain(value: &RawValue) -> Cow<'_, str> {
    serde_json::from_str::<Text<'_>>(value.get()).map_or(Cow::Borrowed(value.get()), |text| text.0)
}
