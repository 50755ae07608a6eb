//! Values inside JSON text, found without building a tree: numbers keep their spelling.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json::Step;

/// The one JSON object that `text` is, without space around it.
pub(super) fn object(text: &str) -> Option<&str> {
    // Most messages are none; the look at the first character spares making an error for them.
    let text = text.trim_start();
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
}

/// A value as comparisons see it.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar<'j> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'j str),
    /// Without quotes and escapes.
    Text(Cow<'j, str>),
    /// An array, an object, or a text with half a surrogate pair.
    Other,
}

/// What the JSON `value` is.
pub(super) fn scalar(value: &str) -> Scalar<'_> {
    match value.as_bytes().first() {
        Some(b'n') => Scalar::Null,
        Some(b't') => Scalar::Bool(true),
        Some(b'f') => Scalar::Bool(false),
        Some(b'"') => match serde_json::from_str(value) {
            Ok(Text(text)) => Scalar::Text(text),
            Err(_) => Scalar::Other,
        },
        Some(b'{' | b'[') | None => Scalar::Other,
        Some(_) => Scalar::Number(value),
    }
}

/// Whether `holds` for one of the values that `steps` lead to from the JSON `value`.
pub(super) fn any_selected(value: &str, steps: &[Step], holds: &mut dyn FnMut(&str) -> bool) -> bool {
    let mut value = value;
    for (done, step) in steps.iter().enumerate() {
        let next = match step {
            Step::Key(key) => child(value, |place| matches!(place, Place::Key(found) if found == key)),
            Step::Index(index) => {
                child(value, |place| matches!(place, Place::Index(found) if found == u64::from(*index)))
            }
            Step::AnyKey | Step::AnyElement => {
                let mut found = false;
                each_child(value, &mut |_, child| {
                    found = found || any_selected(child, &steps[done + 1..], holds);
                });
                return found;
            }
        };
        match next {
            Some(next) => value = next,
            None => return false,
        }
    }
    holds(value)
}

/// The child at the place that `is_it` accepts; of several members with one key the last, as AWS takes it.
fn child(value: &str, is_it: impl Fn(Place<'_>) -> bool) -> Option<&str> {
    let mut child = None;
    each_child(value, &mut |place, value| {
        if is_it(place) {
            child = Some(value);
        }
    });
    child
}

/// Where a child stands in an object or an array.
enum Place<'k> {
    Key(&'k str),
    Index(u64),
}

/// Calls `visit` with every member of an object or element of an array, in order; a scalar has none.
fn each_child<'j>(value: &'j str, visit: &mut dyn FnMut(Place<'_>, &'j str)) {
    if value.starts_with(['{', '[']) {
        // The text was read as JSON before. What can still be wrong is a key with half a surrogate pair, which no
        // pattern can name: what comes before it was visited.
        let _ = serde_json::Deserializer::from_str(value).deserialize_any(Children(visit));
    }
}

struct Children<'v, 'j>(&'v mut dyn FnMut(Place<'_>, &'j str));

impl<'j> Visitor<'j> for Children<'_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((Text(key), value)) = members.next_entry::<Text<'j>, &'j RawValue>()? {
            (self.0)(Place::Key(&key), value.get());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = elements.next_element::<&'j RawValue>()? {
            (self.0)(Place::Index(index), value.get());
            index += 1;
        }
        Ok(())
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'j>(#[serde(borrow)] Cow<'j, str>);
