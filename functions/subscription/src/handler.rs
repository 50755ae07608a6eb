//! One event: through the pipeline, then to the log, and to the failure bucket when it can't be read.

use flow_aws::{FailureBucket, FailureBucketError};
use flow_pipeline::{Notifier, Pipeline, Report, RunError, StateStore};
use lambda_runtime::Diagnostic;

use crate::telemetry::{Ending, Telemetry};

/// What every invocation shares.
#[derive(Debug)]
pub struct Handler<S, N> {
    pipeline: Pipeline<S, N>,
    failure_bucket: Option<FailureBucket>,
    telemetry: Telemetry,
}

/// Why an event has to be tried again. Each has an error type of its own, by which the Lambda console groups.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// State was not kept, or messages were not published.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An event that can't be read was not kept either: this try must not be its last.
    #[error("keeping an undecodable event: {0}")]
    NotKept(#[from] FailureBucketError),
}

impl HandlerError {
    /// The error type: a contract with alarms and dashboards.
    pub fn kind(&self) -> &'static str {
        match self {
            HandlerError::Run(RunError::Store { .. }) => "StateNotMerged",
            HandlerError::Run(RunError::Publish { .. }) => "NotPublished",
            HandlerError::NotKept(_) => "UndecodableNotKept",
            HandlerError::Run(_) => "Failed",
        }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        Diagnostic { error_type: error.kind().to_owned(), error_message: error.to_string() }
    }
}

impl<S: StateStore, N: Notifier> Handler<S, N> {
    /// A handler that keeps what it can't read in `failure_bucket`, if there is one.
    pub fn new(
        pipeline: Pipeline<S, N>,
        failure_bucket: Option<FailureBucket>,
        telemetry: Telemetry,
    ) -> Self {
        Handler { pipeline, failure_bucket, telemetry }
    }

    /// Works through one event; `now` is the clock in Unix seconds. Gives the lines to log and whether Lambda has to
    /// try the event again.
    pub async fn handle(
        &self,
        payload: &[u8],
        request_id: &str,
        now: u64,
    ) -> (Vec<String>, Result<(), HandlerError>) {
        let mut ending = Ending::default();
        let (report, result) = match self.pipeline.run(payload, now).await {
            Ok(report) => {
                // Parts of it could not be read.
                let kept =
                    if report.unusable > 0 { self.keep(payload, request_id, now).await } else { Ok(None) };
                (report, kept)
            }
            Err(RunError::Undecodable(error)) => {
                ending.undecodable = Some(error.to_string());
                (Report::default(), self.keep(payload, request_id, now).await)
            }
            Err(mut error) => {
                if let RunError::Publish { failed, .. } = &error {
                    ending.not_published = *failed as u64;
                }
                (report_of(&mut error), Err(HandlerError::Run(error)))
            }
        };
        let result = result.map(|kept_as| ending.kept_as = kept_as);
        ending.failure = result.as_ref().err().map(ToString::to_string);
        (self.telemetry.lines(&report, &ending, request_id, now), result)
    }

    async fn keep(&self, payload: &[u8], request_id: &str, now: u64) -> Result<Option<String>, HandlerError> {
        match &self.failure_bucket {
            Some(bucket) => Ok(Some(bucket.keep(request_id, now, payload.to_vec()).await?)),
            None => Ok(None),
        }
    }
}

/// What happened before the error.
fn report_of(error: &mut RunError) -> Report {
    match error {
        RunError::Store { report, .. } | RunError::Publish { report, .. } => std::mem::take(&mut **report),
        _ => Report::default(),
    }
}
