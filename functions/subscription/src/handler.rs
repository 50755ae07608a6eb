//! One event: through the pipeline, then to the log, and to the failure bucket when it can't be read.

use flow_aws::{FailureBucket, FailureBucketError, WatchedError};
use flow_function::definitions::DefinitionSources;
use flow_function::outside::error_message;
use flow_function::telemetry::{Ending, Telemetry};
use flow_pipeline::{Definitions, Notifier, Pipeline, Report, RunError, StateStore};
use lambda_runtime::Diagnostic;
use tokio::sync::Mutex;

/// What every invocation shares.
#[derive(Debug)]
pub struct Handler<S, N> {
    pipeline: Pipeline<S, N>,
    definitions: Mutex<DefinitionSources>,
    failure_bucket: Option<FailureBucket>,
    telemetry: Telemetry,
}

/// Why an event has to be tried again. Each has an error type of its own, by which the Lambda console groups.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// Rules or networks could not be read, and there are none from before.
    #[error("reading definitions: {0}")]
    Definitions(#[from] WatchedError),
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
            HandlerError::Definitions(_) => "DefinitionsNotRead",
            HandlerError::NotKept(_) => "UndecodableNotKept",
            HandlerError::Run(error) => error.kind(),
        }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        Diagnostic { error_type: error.kind().to_owned(), error_message: error_message(&error) }
    }
}

impl<S: StateStore, N: Notifier> Handler<S, N> {
    /// A handler that keeps what it can't read in `failure_bucket`, if there is one.
    pub fn new(
        pipeline: Pipeline<S, N>,
        definitions: DefinitionSources,
        failure_bucket: Option<FailureBucket>,
        telemetry: Telemetry,
    ) -> Self {
        Handler { pipeline, definitions: Mutex::new(definitions), failure_bucket, telemetry }
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
        let (definitions, refused) = self.definitions.lock().await.current(now).await;
        ending.definitions_refused = refused;
        let (report, result) = match definitions {
            Ok(definitions) => self.run(&definitions, payload, request_id, now, &mut ending).await,
            // Whatever the definitions, no retry helps an event that can't be read.
            Err(error) => match self.pipeline.check(payload) {
                Ok(()) => (Report::default(), Err(error.into())),
                Err(undecodable) => {
                    ending.undecodable = Some(undecodable.to_string());
                    (Report::default(), self.keep(payload, request_id, now).await)
                }
            },
        };
        let result = result.map(|kept_as| ending.kept_as = kept_as);
        ending.failure = result.as_ref().err().map(ToString::to_string);
        (self.telemetry.lines(&report, &ending, request_id, now), result)
    }

    /// What happened, and under which key the event was kept if it can't be read.
    async fn run(
        &self,
        definitions: &Definitions,
        payload: &[u8],
        request_id: &str,
        now: u64,
        ending: &mut Ending,
    ) -> (Report, Result<Option<String>, HandlerError>) {
        match Box::pin(self.pipeline.run(definitions, payload, now)).await {
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
                ending.not_published = error.not_published();
                (error.take_report(), Err(HandlerError::Run(error)))
            }
        }
    }

    async fn keep(&self, payload: &[u8], request_id: &str, now: u64) -> Result<Option<String>, HandlerError> {
        match &self.failure_bucket {
            Some(bucket) => Ok(Some(bucket.keep(request_id, now, payload).await?)),
            None => Ok(None),
        }
    }
}
