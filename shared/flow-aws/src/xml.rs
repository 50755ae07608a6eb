//! What is wanted of an answer in XML: texts of elements. What an answer says is not trusted to be well-formed, as deep as
//! expected, or short.

use std::borrow::Cow;

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};

/// The most characters of a text that goes into an error.
const MAX_TEXT: usize = 500;

/// Why an answer can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{element}: {reason}")]
pub(crate) struct XmlError {
    /// The element that is at fault.
    element: String,
    reason: String,
}

impl XmlError {
    pub(crate) fn new(element: &str, reason: impl std::fmt::Display) -> Self {
        XmlError { element: element.to_owned(), reason: reason.to_string() }
    }
}

/// Walks the children of the document's root, which is named `root`. A document without its end is refused.
pub(crate) fn read(
    document: &str,
    root: &str,
    mut visit: impl FnMut(&str, &mut ScopedDecoder<'_, '_>) -> Result<(), XmlError>,
) -> Result<(), XmlError> {
    if !document.trim_end().ends_with(&format!("</{root}>")) {
        return Err(XmlError::new(root, format!("expected its end, found {:?}", ending(document))));
    }
    let mut document = Document::new(document);
    let mut element = document.root_element().map_err(|error| XmlError::new(root, error))?;
    let found = element.start_el().local().to_owned();
    if found != root {
        return Err(XmlError::new(root, format!("expected it as the root, found {found:?}")));
    }
    each(&mut element, &mut visit)
}

/// The last characters of a document.
fn ending(document: &str) -> String {
    const LAST: usize = 30;
    let all = document.chars().count();
    document.chars().skip(all.saturating_sub(LAST)).collect()
}

/// Walks the children of an element.
pub(crate) fn each(
    element: &mut ScopedDecoder<'_, '_>,
    mut visit: impl FnMut(&str, &mut ScopedDecoder<'_, '_>) -> Result<(), XmlError>,
) -> Result<(), XmlError> {
    while let Some(mut child) = element.next_tag() {
        let name = child.start_el().local().to_owned();
        visit(&name, &mut child)?;
    }
    Ok(())
}

/// The text of an element without children, and without white space around it.
pub(crate) fn text(element: &mut ScopedDecoder<'_, '_>) -> Result<String, XmlError> {
    Ok(whole_text(element)?.trim().to_owned())
}

/// The text of an element without children, to the last space.
pub(crate) fn whole_text(element: &mut ScopedDecoder<'_, '_>) -> Result<String, XmlError> {
    let name = element.start_el().local().to_owned();
    try_data(element).map(Cow::into_owned).map_err(|error| XmlError::new(&name, error))
}

/// The code and the message of an error, wherever in the answer they stand: EC2 has them deeper than others.
pub(crate) fn error(answer: &str) -> Option<(String, String)> {
    let mut document = Document::new(answer);
    let (mut code, mut message) = (None, String::new());
    while let Some(element) = document.next_start_element() {
        let is_code = element.local() == "Code";
        if !is_code && element.local() != "Message" {
            continue;
        }
        let found = text(&mut document.scoped_to(element)).ok()?;
        let found: String = found.chars().take(MAX_TEXT).collect();
        if is_code {
            code.get_or_insert(found);
        } else if message.is_empty() {
            message = found;
        }
    }
    Some((code?, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_shapes_are_read() {
        let ec2 = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>UnauthorizedOperation</Code>\
                   <Message>You are not &lt;allowed&gt;</Message></Error></Errors><RequestID>r</RequestID></Response>";
        let query = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>";
        let cases = [
            (ec2, Some(("UnauthorizedOperation", "You are not <allowed>"))),
            (query, Some(("AccessDenied", ""))),
            ("", None),
            ("no XML at all", None),
            ("<Code>", Some(("", ""))),
            ("<Error><Code><x/></Code></Error>", None),
            ("<Error><Code>&bomb;</Code></Error>", None),
        ];
        for (answer, expected) in cases {
            let expected = expected.map(|(code, message)| (code.to_owned(), message.to_owned()));
            assert_eq!(error(answer), expected, "{answer}");
        }
        let (_, long) =
            error(&format!("<e><Code>c</Code><Message>{}</Message></e>", "m".repeat(9999))).unwrap();
        assert_eq!(long.len(), MAX_TEXT);
    }

    #[test]
    fn another_root_is_told() {
        let cases = [
            ("<html></html>", "expected its end, found \"<html></html>\""),
            ("<html></R>", "expected it as the root, found \"html\""),
            ("</R>", "no root element"),
        ];
        for (document, expected) in cases {
            let error = read(document, "R", |_, _| Ok(())).unwrap_err().to_string();
            assert!(error.starts_with("R: ") && error.ends_with(expected), "{error}");
        }
    }
}
