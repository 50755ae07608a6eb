//! Text from a log made safe to show to a person.

use std::borrow::Cow;

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
    }
}
