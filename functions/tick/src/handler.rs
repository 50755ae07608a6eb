//! One tick: what is due, then the log.

use flow_aws::WatchedError;
use flow_function::definitions::DefinitionSources;
use flow_function::outside::error_message;
use flow_function::telemetry::{Ending, Telemetry};
use flow_pipeline::{Notifier, Pipeline, Report, RunError, StateStore};
use lambda_runtime::Diagnostic;
use tokio::sync::Mutex;

/// What every tick shares.
#[derive(Debug)]
pub struct Handler<S, N> {
    pipeline: Pipeline<S, N>,
    definitions: Mutex<DefinitionSources>,
    telemetry: Telemetry,
}

/// Why something is left to the next tick.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// Rules or networks could not be read, and there are none from before.
    #[error("reading definitions: {0}")]
    Definitions(#[from] WatchedError),
    /// State was not kept, or messages were not published.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl HandlerError {
    /// The error type: a contract with alarms and dashboards.
    pub fn kind(&self) -> &'static str {
        match self {
            HandlerError::Definitions(_) => "DefinitionsNotRead",
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
    /// A handler that has `pipeline` do what is due.
    pub fn new(pipeline: Pipeline<S, N>, definitions: DefinitionSources, telemetry: Telemetry) -> Self {
        Handler { pipeline, definitions: Mutex::new(definitions), telemetry }
    }

    /// One tick; `now` is the clock in Unix seconds. Gives the lines to log and whether it failed.
    pub async fn handle(&self, request_id: &str, now: u64) -> (Vec<String>, Result<(), HandlerError>) {
        let mut ending = Ending::default();
        let (definitions, refused) = self.definitions.lock().await.current(now).await;
        ending.definitions_refused = refused;
        let (report, result) = match definitions {
            Ok(definitions) => match Box::pin(self.pipeline.tick(&definitions, now)).await {
                Ok(report) => (report, Ok(())),
                Err(mut error) => {
                    ending.not_published = error.not_published();
                    (error.take_report(), Err(HandlerError::Run(error)))
                }
            },
            Err(error) => (Report::default(), Err(error.into())),
        };
        ending.failure = result.as_ref().err().map(ToString::to_string);
        (self.telemetry.lines(&report, &ending, request_id, now), result)
    }
}
