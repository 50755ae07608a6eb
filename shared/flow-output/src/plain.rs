//! Text from a log made safe to show to a person.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` without what could deceive or disturb its reader: control characters (terminal escapes, line breaks),
/// bidirectional controls and other invisible formatting. Each becomes U+FFFD, so that its place shows.
///
/// The bidirectional controls are those of "Trojan Source" (Boucher and Anderson, 2021).
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_deceptive) {
        Cow::Owned(
            text.chars().map(|c| if is_deceptive(c) { char::REPLACEMENT_CHARACTER } else { c }).collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for a text of several lines, which stay lines.
pub fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// `text` cut to at most `max` bytes, at a character, with `...` where something is missing.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    const MISSING: &str = "...";
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text[..text.floor_char_boundary(max.saturating_sub(MISSING.len()))].to_owned() + MISSING)
}

/// A JSON text with the same characters escaped, so that the value stays and nothing deceives who looks at it.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    // JSON escapes the control characters of ASCII itself, and others stand only inside its strings.
    let is_raw = |c: char| !c.is_ascii() && is_deceptive(c) || c == '\u{7f}';
    if !json.contains(is_raw) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_raw(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String can't fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_seen_is_left() {
        assert!(matches!(plain("ACCEPT 日本語 é"), Cow::Borrowed(_)));
        assert_eq!(plain("\u{1b}[31mred\u{7}\r\n\u{202e}evil\u{2066}\u{200b}"), "�[31mred���\u{fffd}evil��");
        assert_eq!(plain("\u{9b}31m"), "�31m", "the one-byte escape too");
        assert_eq!(plain_lines("a\n\u{1b}b"), "a\n\u{fffd}b");
    }

    #[test]
    fn cut_at_a_character() {
        assert_eq!(cut("日本語", 9), "日本語");
        assert_eq!(cut("日本語です", 10), "日本...");
        assert_eq!(cut("abcdef", 5), "ab...");
    }

    #[test]
    fn json_keeps_the_value_and_hides_the_character() {
        let text = "日本\u{202e}\u{9b}\u{7f}\u{e0001}";
        let json = serde_json::to_string(text).unwrap();
        let escaped = escape_json(&json);
        assert_eq!(escaped, "\"日本\\u202e\\u009b\\u007f\\udb40\\udc01\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
