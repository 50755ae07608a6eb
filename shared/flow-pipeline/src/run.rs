//! One invocation at work: what its parts share.

use std::error::Error;

use crate::notifier::Notifier;
use crate::pipeline::{Definitions, PipelineSettings};
use crate::report::Report;
use crate::state_store::StateStore;
use crate::store_error::StoreError;

/// One invocation of a function: it merges, claims, publishes and confirms, and counts what it did.
#[derive(Debug)]
pub(crate) struct Run<'p, S, N> {
    pub(crate) store: &'p S,
    pub(crate) notifier: &'p N,
    pub(crate) settings: &'p PipelineSettings,
    pub(crate) definitions: &'p Definitions,
    /// The clock, in Unix seconds.
    pub(crate) now: u64,
    /// Tells this invocation's claims from those of others.
    pub(crate) token: String,
    /// Whether what is merged came as one event, which may write only so much.
    pub(crate) is_event: bool,
    pub(crate) report: Report,
}

/// Why an invocation could not do all that it had to. Trying it again is right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// State was not read or not written.
    #[error("{0}")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// Some messages were not published.
    #[error("{failed} of {total} messages not published: {first}")]
    Publish {
        failed: usize,
        total: usize,
        #[source]
        first: Box<dyn Error + Send + Sync>,
    },
}

impl<E: Error + Send + Sync + 'static> From<StoreError<E>> for Failure {
    fn from(error: StoreError<E>) -> Self {
        Failure::Store(Box::new(error))
    }
}

impl<'p, S: StateStore, N: Notifier> Run<'p, S, N> {
    pub(crate) fn new(
        store: &'p S,
        notifier: &'p N,
        settings: &'p PipelineSettings,
        definitions: &'p Definitions,
        now: u64,
        report: Report,
    ) -> Self {
        let token = format!("{:016x}", fastrand::u64(..));
        Run { store, notifier, settings, definitions, now, token, is_event: true, report }
    }
}
