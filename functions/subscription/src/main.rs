//! Starts the subscription function: settings from the environment, then one event at a time.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use flow_aws::{FailureBucket, SnsNotifier};
use flow_pipeline::{BatchStore, DEFAULT_MAX_GROUPS, Pipeline};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use subscription::config::Config;
use subscription::handler::Handler;
use subscription::telemetry::Telemetry;

#[expect(clippy::disallowed_methods, reason = "the one place where the environment comes in")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock comes in")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", serde_json::json!({ "level": "FATAL", "failure": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(environment)?;
    let notifier = SnsNotifier::new(config.access.clone(), config.topics);
    let failure_bucket = config.failure_bucket.map(|bucket| FailureBucket::new(config.access, bucket));
    let pipeline = Pipeline::new(config.settings, BatchStore::new(DEFAULT_MAX_GROUPS), notifier);
    let handler =
        Handler::new(pipeline, config.definitions, failure_bucket, Telemetry::new(config.function_name));
    let handler = &handler;
    let handle = |event: LambdaEvent<Box<RawValue>>| async move {
        let payload = event.payload.get().as_bytes();
        let (lines, result) = handler.handle(payload, &event.context.request_id, now()).await;
        let mut out = io::stdout().lock();
        for line in lines {
            // A log that can't be written is no reason to fail.
            let _ = writeln!(out, "{line}");
        }
        result
    };
    // One event at a time needs one thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(handle)))
}
