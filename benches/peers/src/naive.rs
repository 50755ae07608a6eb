//! What one writes first: the event's types from `aws_lambda_events`, and each line split to Strings.

use aws_lambda_events::cloudwatch_logs::LogsEvent;

/// How many fields all records of an event have.
pub(crate) fn run(event: &str) -> usize {
    let event: LogsEvent = serde_json::from_str(event).expect("a subscription event");
    let lines = event.aws_logs.data.log_events.iter();
    let records = lines.map(|event| event.message.split(' ').map(str::to_owned).collect::<Vec<String>>());
    records.map(|fields| std::hint::black_box(fields).len()).sum()
}
