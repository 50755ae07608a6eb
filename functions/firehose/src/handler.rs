//! One event: through the transformation, then to the log, and back to Firehose.

use std::sync::Arc;

use flow_aws::Source;
use flow_enrich::Tables;
use flow_function::outside::error_message;
use flow_pipeline::{PutBack, Transformation, TransformationError, TransformationReport};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::telemetry::{Ending, Telemetry};

/// What every invocation shares.
#[derive(Debug)]
pub struct Handler<P> {
    transformation: Transformation,
    tables: Mutex<Source<Tables>>,
    put_back: P,
    telemetry: Telemetry,
}

/// Why an event has no answer: Firehose tries it again, then keeps its records as they came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// It can't be answered.
    #[error(transparent)]
    Transformation(#[from] TransformationError),
    /// The answer is no JSON, which can't be.
    #[error("the answer is no JSON: {0}")]
    Answer(#[from] serde_json::Error),
}

impl HandlerError {
    /// The error type: a contract with alarms and dashboards.
    pub fn kind(&self) -> &'static str {
        match self {
            HandlerError::Transformation(error) => error.kind(),
            HandlerError::Answer(_) => "Answer",
        }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        Diagnostic { error_type: error.kind().to_owned(), error_message: error_message(&error) }
    }
}

impl<P: PutBack> Handler<P> {
    /// A handler that puts back through `put_back` what has no room in an answer.
    pub fn new(
        transformation: Transformation,
        tables: Source<Tables>,
        put_back: P,
        telemetry: Telemetry,
    ) -> Self {
        Handler { transformation, tables: Mutex::new(tables), put_back, telemetry }
    }

    /// Answers one event; `now` is the clock in Unix seconds. Gives the lines to log beside the answer.
    pub async fn handle(
        &self,
        payload: &[u8],
        request_id: &str,
        now: u64,
    ) -> (Vec<String>, Result<Box<RawValue>, HandlerError>) {
        let mut ending = Ending::default();
        let tables = self.tables(now, &mut ending).await;
        let transformed = self.transformation.run(&tables, payload, Some(&self.put_back)).await;
        let (report, result) = match transformed {
            Ok(transformed) => {
                (transformed.report, RawValue::from_string(transformed.answer).map_err(HandlerError::from))
            }
            Err(error) => (TransformationReport::default(), Err(error.into())),
        };
        ending.failure = result.as_ref().err().map(ToString::to_string);
        (self.telemetry.lines(&report, &ending, request_id, now), result)
    }

    /// The user's tables. A record matters more than its names: without good ones it is delivered all the same.
    async fn tables(&self, now: u64, ending: &mut Ending) -> Arc<Tables> {
        let checked = self.tables.lock().await.current(now).await;
        let (tables, refused) = match checked {
            Ok(checked) => (checked.value, checked.refused),
            Err(error) => (Arc::default(), Some(error)),
        };
        ending.definitions_refused = refused.map(|error| error.to_string());
        tables
    }
}
