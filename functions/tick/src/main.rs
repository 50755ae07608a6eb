//! Starts the tick function: settings from the environment, then one tick at a time.

use std::process::ExitCode;

use flow_aws::{DynamoStore, SnsNotifier};
use flow_function::config::Config;
use flow_function::outside::{ended, environment, now, write};
use flow_function::telemetry::Telemetry;
use flow_pipeline::Pipeline;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tick::handler::Handler;

fn main() -> ExitCode {
    ended(start())
}

fn start() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(environment)?;
    let notifier = SnsNotifier::new(config.access.clone(), config.topics);
    let store = DynamoStore::new(config.access, config.state_table);
    let pipeline = Pipeline::new(config.settings, store, notifier);
    let handler = Handler::new(pipeline, config.definitions, Telemetry::new(config.function_name));
    let handler = &handler;
    let handle = |event: LambdaEvent<Box<RawValue>>| async move {
        let (lines, result) = handler.handle(&event.context.request_id, now()).await;
        write(&lines);
        result
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(handle)))
}
