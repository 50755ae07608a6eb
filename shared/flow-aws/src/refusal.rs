//! Why AWS did not do what it was asked, in few words: the text goes to a log line and to Lambda's error message.

use std::error::Error;

use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};

use crate::xml::XmlError;

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// AWS's word for the reason, such as `AccessDenied`; the status, such as `HTTP 503`, when the answer has no such
    /// word; `NoAnswer` when AWS was not reached.
    pub(crate) code: String,
    /// The reason in a sentence.
    pub(crate) text: String,
}

impl<E: Error + ProvideErrorMetadata + 'static> From<&SdkError<E>> for Refusal {
    fn from(error: &SdkError<E>) -> Self {
        let status = |answer: &HttpResponse| format!("HTTP {}", answer.status().as_u16());
        let code = match (error.code(), error.raw_response()) {
            (Some(code), _) => code.to_owned(),
            (None, Some(answer)) => status(answer),
            (None, None) => "NoAnswer".to_owned(),
        };
        let text = match (error.message(), error) {
            (Some(message), _) => message.to_owned(),
            // Its own words would be a dump of the answer.
            (None, SdkError::ServiceError(_)) => "no reason given".to_owned(),
            (None, _) => format!("{error}: {}", innermost(error)),
        };
        Refusal { code, text }
    }
}

impl From<XmlError> for Refusal {
    fn from(error: XmlError) -> Self {
        Refusal { code: "Unreadable".to_owned(), text: error.to_string() }
    }
}

/// The cause of all others, which says what happened; those around it say where it passed.
pub(crate) fn innermost<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    std::iter::successors(Some(error), |error| Error::source(*error)).last().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_sns::error::{BoxError, ConnectorError};
    use aws_sdk_sns::operation::publish_batch::PublishBatchError;

    use super::*;

    /// An error around another.
    #[derive(Debug, thiserror::Error)]
    #[error("around")]
    struct Around(#[source] BoxError);

    fn around(cause: BoxError) -> BoxError {
        Around(Around(cause).into()).into()
    }

    #[test]
    fn what_never_got_an_answer_says_its_innermost_cause() {
        let refused = || around(io::Error::other("Connection refused").into());
        let cases: [(SdkError<PublishBatchError>, &str); 4] = [
            (
                SdkError::timeout_error(around("no answer after 8s".into())),
                "request has timed out: no answer after 8s",
            ),
            (
                SdkError::dispatch_failure(ConnectorError::io(refused())),
                "dispatch failure: Connection refused",
            ),
            (SdkError::dispatch_failure(ConnectorError::timeout("slow".into())), "dispatch failure: slow"),
            (SdkError::construction_failure("no region"), "failed to construct request: no region"),
        ];
        for (error, expected) in cases {
            let Refusal { code, text } = Refusal::from(&error);
            assert_eq!((code.as_str(), text.as_str()), ("NoAnswer", expected));
        }
    }
}
