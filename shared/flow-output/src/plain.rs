//! Text from a log made safe to show to a person.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` without what could deceive or disturb its reader: control characters (terminal escapes, line breaks),
/// bidirectional controls, other characters that show nothing, and noncharacters, which SQS refuses. Each becomes
/// U+FFFD, so that its place shows.
///
/// The bidirectional controls are those of "Trojan Source" (Boucher and Anderson, 2021); what shows nothing is
/// `Default_Ignorable_Code_Point` of the Unicode Character Database, and the empty Braille pattern.
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
pub fn escape_json(json: &str) -> Cow<'_, str> {
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
        || is_noncharacter(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The last two code points of each plane, and U+FDD0 to U+FDEF.
fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
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
    fn nothing_invisible_is_left_in_text_or_json() {
        let hidden = [
            "\u{34f}\u{115f}\u{1160}\u{17b4}\u{180b}\u{2800}\u{3164}\u{ffa0}\u{fff0}",
            "\u{fe00}\u{fe0f}\u{1d173}\u{e0100}\u{e01ef}\u{e0fff}",
            "\u{fdd0}\u{fdef}\u{fffe}\u{ffff}\u{1fffe}\u{1ffff}\u{efffe}\u{10fffe}\u{10ffff}",
        ];
        for text in hidden {
            assert_eq!(plain(text), "\u{fffd}".repeat(text.chars().count()), "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            let escaped = escape_json(&json);
            assert!(escaped.is_ascii(), "{escaped:?}");
            assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
        let seen = "\u{350}\u{115e}\u{2801}\u{fdcf}\u{fdf0}\u{fffd}\u{1fffd}\u{1f600}\u{10fffd}";
        assert_eq!(plain(seen), seen);
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
