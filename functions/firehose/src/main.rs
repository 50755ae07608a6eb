//! Starts the transformation function: settings from the environment, then one event at a time.

use std::process::ExitCode;

use firehose::config::Config;
use firehose::handler::Handler;
use firehose::telemetry::Telemetry;
use flow_aws::StreamWriter;
use flow_function::outside::{ended, environment, now, write};
use flow_pipeline::Transformation;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    ended(start())
}

fn start() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(environment)?;
    let telemetry = Telemetry::new(config.function_name, &config.settings.warnings());
    let (transformation, put_back) = (Transformation::new(config.settings), StreamWriter::new(config.access));
    let handler = Handler::new(transformation, config.tables, put_back, telemetry);
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
