use std::fmt::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;

use super::*;
use aws_sdk_sns::config::retry::RetryConfig;

const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:findings";

/// How SNS answers: the failures of each call in turn, as (entry, code, sender's fault); then none.
type Script = Vec<Result<Vec<(usize, &'static str, bool)>, u16>>;

/// A notifier whose SNS answers by `script`, and the bodies of the calls made.
fn notifier(script: Script) -> (SnsNotifier, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (seen, script) = (Arc::clone(&calls), Mutex::new(script.into_iter()));
    let http = infallible_client_fn(move |request| {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let entries = body.matches(".Id=").count();
        seen.lock().unwrap().push(body);
        let answer = script.lock().unwrap().next().unwrap_or(Ok(Vec::new()));
        let (status, body) = match answer {
            Ok(failed) => (200, answer_xml(entries, &failed)),
            Err(status) => (status, error_xml()),
        };
        http::Response::builder().status(status).body(body).unwrap()
    });
    let config = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(http);
    let access = AwsAccess::for_tests();
    let topics = TopicArns { findings: Some(ARN.to_owned()), alerts: None };
    let client = OnceLock::from(Client::from_conf(config.build()));
    (SnsNotifier { access, topics, client }, calls)
}

fn answer_xml(entries: usize, failed: &[(usize, &str, bool)]) -> String {
    let mut members = String::new();
    for (id, code, fault) in failed {
        write!(
            members,
            "<member><Id>{id}</Id><Code>{code}</Code><Message>m</Message><SenderFault>{fault}</SenderFault></member>"
        )
        .unwrap();
    }
    let is_sent = |id: &usize| failed.iter().all(|(other, ..)| other != id);
    let sent: Vec<_> =
        (0..entries).filter(is_sent).map(|id| format!("<member><Id>{id}</Id></member>")).collect();
    let sent = sent.concat();
    format!(
        "<PublishBatchResponse><PublishBatchResult><Successful>{sent}</Successful><Failed>{members}</Failed>\
         </PublishBatchResult></PublishBatchResponse>"
    )
}

fn error_xml() -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not allowed</Message></Error>\
     </ErrorResponse>"
        .to_owned()
}

fn messages(count: usize) -> Vec<Message> {
    let message = |n: usize| Message {
        subject: format!("subject {n}"),
        body: format!("body{n}"),
        is_per_protocol: n == 1,
        attributes: vec![
            Attribute { name: "severity", value: "high".to_owned(), is_number: false },
            Attribute { name: "severity_id", value: "4".to_owned(), is_number: true },
        ],
    };
    (0..count).map(message).collect()
}

/// Publishes, with waits that pass at once.
fn publish(
    notifier: &SnsNotifier,
    topic: Topic,
    messages: &[Message],
) -> Vec<Result<Published, NotPublished>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(notifier.publish(topic, messages))
}

fn codes(outcomes: &[Result<Published, NotPublished>]) -> Vec<&str> {
    outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "sent"))
        .collect()
}

#[test]
fn tens_with_subject_attributes_and_structure() {
    let (notifier, calls) = notifier(Vec::new());
    let outcomes = publish(&notifier, Topic::Findings, &messages(12));
    assert_eq!(codes(&outcomes), ["sent"; 12]);
    let calls = calls.lock().unwrap();
    assert_eq!(calls.iter().map(|body| body.matches(".Id=").count()).collect::<Vec<_>>(), [10, 2]);
    for expected in ["Subject=subject%200", "Message=body0", "DataType=Number", "StringValue=high"] {
        assert!(calls[0].contains(expected), "{expected}: {}", calls[0]);
    }
    assert_eq!(calls[0].matches("MessageStructure=json").count(), 1, "only the second is JSON by protocol");
}

#[test]
fn entries_that_sns_could_not_take_are_sent_again_and_others_are_not() {
    let script = vec![
        Ok(vec![(0, "InternalError", false), (2, "InvalidParameter", true)]),
        Ok(vec![(0, "InternalError", false)]),
    ];
    let (notifier, calls) = notifier(script);
    let outcomes = publish(&notifier, Topic::Findings, &messages(3));
    assert_eq!(codes(&outcomes), ["sent", "sent", "InvalidParameter"]);
    let calls = calls.lock().unwrap();
    assert_eq!(calls.iter().map(|body| body.matches(".Id=").count()).collect::<Vec<_>>(), [3, 1, 1]);
}

#[test]
fn tries_are_bounded() {
    let (notifier, calls) = notifier(vec![Ok(vec![(0, "InternalError", false)]); 9]);
    assert_eq!(codes(&publish(&notifier, Topic::Findings, &messages(1))), ["InternalError"]);
    assert_eq!(calls.lock().unwrap().len(), 3);
}

#[test]
fn after_a_call_that_fails_nothing_more_is_sent() {
    let (notifier, calls) = notifier(vec![Ok(Vec::new()), Err(403)]);
    let outcomes = publish(&notifier, Topic::Findings, &messages(25));
    assert_eq!(codes(&outcomes), [["sent"; 10].as_slice(), &["AuthorizationError"; 15]].concat());
    assert_eq!(calls.lock().unwrap().len(), 2);
    let error = outcomes[10].as_ref().unwrap_err().to_string();
    assert_eq!(error, format!("SNS did not take a message for {ARN}: AuthorizationError: not allowed"));
}

#[test]
fn a_topic_that_is_not_set_gets_nothing() {
    let (notifier, calls) = notifier(Vec::new());
    assert_eq!(
        publish(&notifier, Topic::Alerts, &messages(2)),
        [Ok(Published::NoTopic), Ok(Published::NoTopic)]
    );
    assert!(calls.lock().unwrap().is_empty());
}
