//! How each ending of the pipeline reaches Lambda and the log.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use flow_aws::Source;
use flow_detect::RuleSet;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder};
use flow_function::definitions::DefinitionSources;
use flow_function::telemetry::Telemetry;
use flow_output::Message;
use flow_pipeline::{MemoryStore, Notifier, Pipeline, PipelineSettings, Published, Topic};
use flow_testkit::Flow;
use lambda_runtime::Diagnostic;
use serde_json::Value;
use subscription::handler::{Handler, HandlerError};

const NOW: u64 = 1_700_003_600;

#[derive(Debug, Clone, thiserror::Error)]
#[error("broken")]
struct Broken;

/// Takes everything, or nothing.
struct Topics {
    are_broken: bool,
}

impl Notifier for Topics {
    type Error = Broken;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, _: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        vec![if self.are_broken { Err(Broken) } else { Ok(Published::Sent) }; messages.len()]
    }
}

/// The first log line of one event, and what Lambda is told.
fn handle(are_broken: bool, event: &str) -> (Value, Result<(), HandlerError>) {
    let pipeline = Pipeline::new(PipelineSettings::default(), MemoryStore::default(), Topics { are_broken });
    let definitions = DefinitionSources {
        rules: Source::fixed(RuleSet::defaults()),
        tables: Source::Fixed(Arc::default()),
        suppressions: Source::Fixed(Arc::default()),
    };
    let handler = Handler::new(pipeline, definitions, None, Telemetry::new("f".to_owned()));
    let handling = pin!(handler.handle(event.as_bytes(), "8e4b", NOW));
    let Poll::Ready((lines, result)) = handling.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing here waits");
    };
    (serde_json::from_str(&lines[0]).unwrap(), result)
}

fn tries() -> String {
    let line =
        |n: u64| Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", 22).rejected().at(1_700_000_000 + n).line();
    let lines: Vec<(i64, String)> = (0..120_u64).map(|n| (1_700_000_000_000, line(n))).collect();
    let stream =
        LogStream { owner: "123456789012", log_group: "/vpc", log_stream: "eni-1", subscription_filter: "f" };
    SubscriptionEncoder::new(stream, EncodeLimits::default()).encode(&lines).unwrap().remove(0)
}

#[test]
fn what_was_found_is_told_and_done() {
    let (line, result) = handle(false, &tries());
    result.unwrap();
    assert_eq!(
        (&line["Findings"], &line["AlertsPublished"], &line["level"]),
        (&1.into(), &1.into(), &"INFO".into())
    );
}

#[test]
fn what_was_not_published_is_tried_again() {
    let (line, result) = handle(true, &tries());
    let diagnostic = Diagnostic::from(result.unwrap_err());
    assert_eq!(diagnostic.error_type, "NotPublished");
    assert_eq!(diagnostic.error_message, "2 of 2 messages not published: broken");
    assert_eq!(
        (&line["NotPublished"], &line["FailedEvents"], &line["Flows"]),
        (&2.into(), &1.into(), &120.into())
    );
}

#[test]
fn what_can_not_be_read_is_counted_and_not_tried_again() {
    for event in ["{}", "[]", "\"x\"", r#"{"awslogs":{"data":"!"}}"#] {
        let (line, result) = handle(true, event);
        result.unwrap();
        assert_eq!(
            (&line["UndecodableEvents"], &line["level"]),
            (&1.into(), &"ERROR".into()),
            "{event}: {line}"
        );
        assert!(line["undecodable"].is_string() && line.get("FailedEvents").is_none(), "{line}");
    }
}
