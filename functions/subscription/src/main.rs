//! Starts the subscription function: settings from the environment, then one event at a time.

use std::process::ExitCode;

use flow_aws::{AccountFlowLogs, DynamoStore, FailureBucket, SnsNotifier};
use flow_function::config::Config;
use flow_function::outside::{ended, environment, now, write};
use flow_function::telemetry::Telemetry;
use flow_pipeline::Pipeline;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use subscription::handler::Handler;

fn main() -> ExitCode {
    ended(start())
}

fn start() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(environment)?;
    let notifier = SnsNotifier::new(config.access.clone(), config.topics);
    let store = DynamoStore::new(config.access.clone(), config.state_table);
    let flow_logs = AccountFlowLogs::new(config.access.clone());
    let failure_bucket = config.failure_bucket.map(|bucket| FailureBucket::new(config.access, bucket));
    let pipeline = Pipeline::new(config.settings, store, notifier).finding_formats(flow_logs);
    let handler =
        Handler::new(pipeline, config.definitions, failure_bucket, Telemetry::new(config.function_name));
    let handler = &handler;
    let handle = |event: LambdaEvent<Box<RawValue>>| async move {
        let payload = event.payload.get().as_bytes();
        let (lines, result) = handler.handle(payload, &event.context.request_id, now()).await;
        write(&lines);
        result
    };
    // One event at a time needs one thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(handle)))
}
