//! Cells of CSV (RFC 4180).

use std::borrow::Cow;

use crate::plain::plain;

/// A text as a cell: quoted where it must be, without control characters, and never a formula.
pub(crate) fn text_cell(text: &str) -> Cow<'_, str> {
    // Spreadsheets run what begins like a formula, in full width too; an apostrophe before it makes it text again (OWASP, CSV injection).
    let text = plain(text);
    let is_formula = text.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let guard = if is_formula { "'" } else { "" };
    if text.contains(['"', ',']) {
        Cow::Owned(format!("\"{guard}{}\"", text.replace('"', "\"\"")))
    } else if is_formula {
        Cow::Owned(format!("{guard}{text}"))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(text_cell("=cmd|'/c'!A0"), "'=cmd|'/c'!A0");
        assert_eq!(text_cell("＝1＋1"), "'＝1＋1");
        assert_eq!(text_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(text_cell("a\u{1b}[31m"), "a\u{fffd}[31m");
        assert!(matches!(text_cell("eni-1"), Cow::Borrowed("eni-1")));
    }
}
