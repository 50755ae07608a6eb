//! JSON written straight to bytes, without a tree.

use wide::u8x16;

use crate::plain::escape_json;
use crate::scalar::Scalar;

/// Whether `text` stands in JSON as it is, between quotes: it is of visible ASCII, without what has an escape there.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    const BLOCK: usize = 16;
    let Some(last) = text.last_chunk::<BLOCK>() else {
        return text.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
    };
    // How far above a space each byte is: more than `~` is for what is not visible, what lies below a space included.
    let above = |block: &[u8; BLOCK]| u8x16::from(*block) - u8x16::splat(b' ');
    let escaped = |above: u8x16| {
        let is = |byte: u8| above.simd_eq(u8x16::splat(byte - b' '));
        is(b'"') | is(b'\\')
    };
    // The last bytes twice, so that all are in some block; and all of them, without a way out at the first one.
    let last = above(last);
    let (highest, found) =
        text.as_chunks().0.iter().map(above).fold((last, escaped(last)), |(highest, found), above| {
            (highest.max(above), found | escaped(above))
        });
    (found | highest.simd_gt(u8x16::splat(b'~' - b' '))).to_bitmask() == 0
}

/// Appends `text` as a JSON string. The value stays, and nothing in it deceives who looks at it.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(escaped(text).as_bytes());
    }
}

/// `text` as a JSON string, quotes included.
#[cold]
pub(crate) fn escaped(text: &str) -> String {
    escape_json(&serde_json::Value::from(text).to_string()).into_owned()
}

/// Appends a JSON object: what `members` writes between its braces.
pub(crate) fn write_object(out: &mut Vec<u8>, members: impl FnOnce(&mut Object<'_>)) {
    let start = out.len();
    members(&mut Object { out });
    end_object(out, start);
}

/// Ends the object whose members stand from `start` on, each with a comma before it.
pub(crate) fn end_object(out: &mut Vec<u8>, start: usize) {
    match out.get_mut(start) {
        Some(first_comma) => *first_comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

/// An object that is being written. Members are written in the order of calls; whoever calls never gives a key twice.
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
}

impl Object<'_> {
    /// The key must need no escape.
    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Writes a value; none leaves the key out.
    pub(crate) fn value<'v>(&mut self, key: &str, value: impl Into<Scalar<'v>>) {
        let value = value.into();
        if value != Scalar::Absent {
            self.key(key);
            write_scalar(self.out, &value);
        }
    }

    /// Writes a text.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_text(self.out, text);
    }

    /// Writes a list; an empty one leaves the key out.
    pub(crate) fn list(&mut self, key: &str, texts: &[impl AsRef<str>]) {
        if texts.is_empty() {
            return;
        }
        self.key(key);
        for (place, text) in texts.iter().enumerate() {
            self.out.push(if place == 0 { b'[' } else { b',' });
            write_text(self.out, text.as_ref());
        }
        self.out.push(b']');
    }

    /// Writes an object; one without members leaves the key out.
    pub(crate) fn object(&mut self, key: &str, members: impl FnOnce(&mut Object<'_>)) {
        let before = self.out.len();
        self.key(key);
        let start = self.out.len();
        members(&mut Object { out: &mut *self.out });
        if self.out.len() == start {
            self.out.truncate(before);
        } else {
            end_object(self.out, start);
        }
    }
}

fn write_scalar(out: &mut Vec<u8>, value: &Scalar<'_>) {
    match value {
        Scalar::Absent => out.extend_from_slice(b"null"),
        Scalar::Number(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Scalar::Text(text) => write_text(out, text),
        Scalar::Boolean(is_so) => out.extend_from_slice(if *is_so { b"true" } else { b"false" }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is plain is what JSON writes as it is.
        #[test]
        fn plain_is_what_needs_no_escape(text in "[ -~]{0,40}|[a-z\"\\\\\u{7f}\u{1f}é~ ]{0,40}") {
            let is_same = escaped(&text) == format!("\"{text}\"");
            prop_assert_eq!(is_plain(text.as_bytes()), is_same && text.is_ascii());
        }
    }

    #[test]
    fn objects_without_members_are_left_out() {
        let mut out = b"before".to_vec();
        write_object(&mut out, |object| {
            object.object("a", |a| a.object("b", |b| b.value("c", None::<u64>)));
            object.list("d", &[""; 0]);
            object.value("e", true);
        });
        write_object(&mut out, |_| {});
        assert_eq!(out, b"before{\"e\":true}{}");
    }
}
