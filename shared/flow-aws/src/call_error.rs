//! A call of an operator's that AWS did not answer as asked.

use std::error::Error;

use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};

use crate::refusal::Refusal;

/// AWS refused a call, was not reached, or its answer can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} of {about}: {code}: {text}")]
pub struct CallError {
    /// Service and operation, as AWS names them.
    pub call: &'static str,
    /// What it was about.
    pub about: String,
    /// AWS's word for the reason, such as `AccessDenied`; `NoAnswer` when it was not reached, `Unreadable` when what it said
    /// is not what was expected.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

impl CallError {
    pub(crate) fn new(call: &'static str, about: &str, refusal: Refusal) -> Self {
        let Refusal { code, text } = refusal;
        CallError { call, about: about.to_owned(), code, text }
    }

    pub(crate) fn of_sdk<E>(call: &'static str, about: &str, error: &SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        CallError::new(call, about, Refusal::from(error))
    }

    pub(crate) fn unreadable(call: &'static str, about: &str, found: impl std::fmt::Display) -> Self {
        let (code, text) = ("Unreadable".to_owned(), format!("the answer has {found}"));
        CallError { call, about: about.to_owned(), code, text }
    }
}
