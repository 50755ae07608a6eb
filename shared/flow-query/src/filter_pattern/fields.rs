//! A message cut into fields, as space-delimited patterns see it.

use super::scanner::is_space;

/// The fields of a message from the left: runs of anything but space, and what stands between brackets or double
/// quotes that are closed before a space or the end.
#[derive(Debug, Clone)]
pub(super) struct Fields<'m> {
    message: &'m str,
    /// Where the next field begins.
    at: usize,
    /// The first closing bracket and the first quote after a field that was looked at. What is still ahead is not
    /// looked for again: many that are never closed would take the square of their number.
    bracket: usize,
    quote: usize,
}

/// There is no such sign in the rest of the message.
const NOWHERE: usize = usize::MAX;

impl<'m> Fields<'m> {
    pub(super) fn of(message: &'m str) -> Self {
        Fields { message: message.trim_matches(is_space), at: 0, bracket: 0, quote: 0 }
    }

    /// All that is left, as it stands; empty when no field is.
    pub(super) fn rest(&self) -> &'m str {
        &self.message[self.at..]
    }

    /// Where the sign stands that closes the field at hand, if it is one between signs.
    fn closed(&mut self) -> Option<usize> {
        let bytes = self.message.as_bytes();
        let (sign, known) = match bytes[self.at] {
            b'[' => (b']', &mut self.bracket),
            b'"' => (b'"', &mut self.quote),
            _ => return None,
        };
        if *known <= self.at {
            *known = after(bytes, self.at, |byte| byte == sign).unwrap_or(NOWHERE);
        }
        let is_before_space = |end: &usize| bytes.get(end + 1).is_none_or(|byte| is_space(char::from(*byte)));
        Some(*known).filter(|end| *end != NOWHERE && is_before_space(end))
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = &'m str;

    fn next(&mut self) -> Option<&'m str> {
        let (message, start) = (self.message, self.at);
        if start == message.len() {
            return None;
        }
        let (field, end) = match self.closed() {
            Some(end) => (&message[start + 1..end], end + 1),
            None => {
                let space = after(message.as_bytes(), start, |byte| is_space(char::from(byte)));
                let end = space.unwrap_or(message.len());
                (&message[start..end], end)
            }
        };
        self.at = message.len() - message[end..].trim_start_matches(is_space).len();
        Some(field)
    }
}

/// The first place after `start` whose byte `is_it` accepts. Signs are ASCII: it is between characters.
fn after(bytes: &[u8], start: usize, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let found = bytes[start + 1..].iter().position(|byte| is_it(*byte));
    found.map(|place| start + 1 + place)
}
