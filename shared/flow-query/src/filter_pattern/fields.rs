//! A message cut into fields, as space-delimited patterns see it.

use super::scanner::is_space;

/// The fields of a message from the left: runs of anything but space, and what stands between brackets or double
/// quotes that are closed before a space or the end.
#[derive(Debug, Clone)]
pub(super) struct Fields<'m> {
    rest: &'m str,
}

impl<'m> Fields<'m> {
    pub(super) fn of(message: &'m str) -> Self {
        Fields { rest: message.trim_matches(is_space) }
    }

    /// All that is left, as it stands; empty when no field is.
    pub(super) fn rest(&self) -> &'m str {
        self.rest
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = &'m str;

    fn next(&mut self) -> Option<&'m str> {
        let text = self.rest;
        let closing = match text.as_bytes().first()? {
            b'[' => Some(']'),
            b'"' => Some('"'),
            _ => None,
        };
        let closed = closing.and_then(|closing| text[1..].find(closing)).map(|length| length + 2);
        let closed = closed.filter(|end| text[*end..].chars().next().is_none_or(is_space));
        let (field, end) = match closed {
            Some(end) => (&text[1..end - 1], end),
            None => {
                let end = text.find(is_space).unwrap_or(text.len());
                (&text[..end], end)
            }
        };
        self.rest = text[end..].trim_start_matches(is_space);
        Some(field)
    }
}
