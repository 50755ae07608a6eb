use std::fmt::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_sns::config::endpoint::{DefaultResolver, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;
use tokio::time::Instant;

use super::*;

const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:findings";

/// How SNS answers: the failures of each call in turn, as (entry, code, sender's fault); then none.
type Script = Vec<Result<Vec<(usize, &'static str, bool)>, u16>>;

/// A notifier whose SNS answers by `script`, and the bodies of the calls made.
fn notifier(script: Script) -> (SnsNotifier, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (seen, script) = (Arc::clone(&calls), Mutex::new(script.into_iter()));
    let answer = move |body: String| {
        let entries = body.matches(".Id=").count();
        seen.lock().unwrap().push(body);
        match script.lock().unwrap().next().unwrap_or(Ok(Vec::new())) {
            Ok(failed) => (200, answer_xml(entries, &failed)),
            Err(status) => (status, error_xml()),
        }
    };
    (answering(Duration::ZERO, answer), calls)
}

/// A notifier whose SNS takes this long for a call, and answers a body by a status and a body.
fn answering(
    delay: Duration,
    answer: impl Fn(String) -> (u16, String) + Send + Sync + 'static,
) -> SnsNotifier {
    let http = infallible_client_fn(move |request| {
        let (status, body) = answer(String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap());
        http::Response::builder().status(status).body(body).unwrap()
    });
    let config = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_resolver(Slow(delay))
        .http_client(http);
    let access = AwsAccess::for_tests();
    let topics = TopicArns { findings: Some(ARN.to_owned()), alerts: None };
    let client = OnceLock::from(Client::from_conf(config.build()));
    SnsNotifier { access, topics, client }
}

/// The usual endpoint, after a while: each call waits for it.
#[derive(Debug)]
struct Slow(Duration);

impl ResolveEndpoint for Slow {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::new(async {
            sleep(self.0).await;
            DefaultResolver::new().resolve_endpoint(params).await
        })
    }
}

/// The numbers of the messages in the body of a call, by entry.
fn numbers(body: &str) -> Vec<usize> {
    let values = body.split('&').filter_map(|part| part.split_once(".Message=body"));
    values.map(|(_, number)| number.parse().unwrap()).collect()
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
fn publish(notifier: &SnsNotifier, topic: Topic, messages: &[Message]) -> Vec<Outcome> {
    timed(notifier, topic, messages).0
}

/// Publishes, with the time it would have taken.
fn timed(notifier: &SnsNotifier, topic: Topic, messages: &[Message]) -> (Vec<Outcome>, Duration) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        (notifier.publish(topic, messages).await, start.elapsed())
    })
}

fn codes(outcomes: &[Outcome]) -> Vec<&str> {
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
fn after_a_call_that_fails_no_other_is_begun() {
    // All first calls are answered before the first of them is followed by another.
    let notifier = answering(Duration::from_secs(1), |body| match numbers(&body)[0] {
        10 => (403, error_xml()),
        first if first < 80 => (200, answer_xml(10, &[])),
        first => panic!("{first} is sent"),
    });
    let outcomes = publish(&notifier, Topic::Findings, &messages(200));
    let codes = codes(&outcomes);
    assert_eq!(codes[..10], ["sent"; 10]);
    assert_eq!(codes[10..20], ["AuthorizationError"; 10]);
    assert_eq!(codes[20..80], ["sent"; 60], "these were under way");
    assert_eq!(codes[80..], ["AuthorizationError"; 120]);
    let error = |place: usize| outcomes[place].as_ref().unwrap_err().to_string();
    let said = format!("SNS did not take a message for {ARN}: AuthorizationError:");
    assert_eq!(error(10), format!("{said} not allowed"));
    assert_eq!(error(199), format!("{said} not tried after: not allowed"));
}

#[test]
fn a_later_round_that_fails_as_a_whole_changes_nothing_of_what_was_sent() {
    let (notifier, _) = notifier(vec![Ok(vec![(1, "InternalError", false)]), Err(403)]);
    let outcomes = publish(&notifier, Topic::Findings, &messages(3));
    assert_eq!(codes(&outcomes), ["sent", "AuthorizationError", "sent"]);
}

/// An SNS that takes no entry, by its own fault.
fn failing(delay: Duration) -> SnsNotifier {
    answering(delay, |body| {
        let failed: Vec<_> = (0..numbers(&body).len()).map(|id| (id, "InternalError", false)).collect();
        (200, answer_xml(0, &failed))
    })
}

#[test]
fn after_entries_that_all_failed_three_times_no_other_call_is_begun() {
    let (outcomes, _) = timed(&failing(Duration::from_millis(1)), Topic::Findings, &messages(200));
    assert_eq!(codes(&outcomes), ["InternalError"; 200]);
    let is_untried = |outcome: &Outcome| outcome.as_ref().unwrap_err().text == "not tried after: m";
    assert_eq!(
        outcomes.iter().map(is_untried).collect::<Vec<_>>(),
        [[false; 80].as_slice(), &[true; 120]].concat()
    );
}

#[test]
fn ends_in_time_whatever_sns_does() {
    for (seconds, code, text) in
        [(3, "InternalError", "m"), (5, "InternalError", "m"), (13, "NoAnswer", "not sent within 12 s")]
    {
        let (outcomes, time) = timed(&failing(Duration::from_secs(seconds)), Topic::Findings, &messages(60));
        assert!(time <= TIME + Duration::from_millis(10), "{time:?} with {seconds} s a call");
        let expected =
            NotPublished { topic_arn: ARN.to_owned(), code: code.to_owned(), text: text.to_owned() };
        assert_eq!(outcomes, vec![Err(expected); 60]);
    }
}

#[test]
fn what_was_sent_before_the_time_is_over_stays_so() {
    let notifier = answering(Duration::from_secs(5), |_| (200, answer_xml(10, &[])));
    let (outcomes, time) = timed(&notifier, Topic::Findings, &messages(250));
    assert!(time <= TIME + Duration::from_millis(10), "{time:?}");
    assert_eq!(codes(&outcomes), [["sent"; 160].as_slice(), &["NoAnswer"; 90]].concat());
}

#[test]
fn many_calls_are_under_way_at_once_and_outcomes_keep_their_places() {
    let is_refused = |number: &usize| number.is_multiple_of(7);
    let notifier = answering(Duration::from_millis(50), move |body| {
        let numbers = numbers(&body).into_iter().enumerate();
        let refused = numbers.filter(|(_, number)| is_refused(number));
        let refused: Vec<_> = refused.map(|(id, _)| (id, "InvalidParameter", true)).collect();
        (200, answer_xml(10, &refused))
    });
    let (outcomes, time) = timed(&notifier, Topic::Findings, &messages(10_000));
    // 1,000 calls, eight at once; one after the other they take 50 s.
    assert!((6000..7000).contains(&time.as_millis()), "{time:?}");
    let expected = |number| if is_refused(&number) { "InvalidParameter" } else { "sent" };
    assert_eq!(codes(&outcomes), (0..10_000).map(expected).collect::<Vec<_>>());
}

#[test]
fn only_what_the_answer_calls_successful_is_sent() {
    let failed = "<Failed><member><Id>x</Id><Code>InternalError</Code><SenderFault>true</SenderFault></member></Failed>";
    let beyond = "<Successful><member><Id>2</Id></member></Successful>";
    let first = "<Successful><member><Id>0</Id></member></Successful>";
    let cases = [
        ("", ["NotAnswered"; 2]),
        (failed, ["NotAnswered"; 2]),
        (beyond, ["NotAnswered"; 2]),
        (first, ["sent", "NotAnswered"]),
    ];
    for (result, expected) in cases {
        let calls = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&calls);
        let notifier = answering(Duration::ZERO, move |_| {
            *seen.lock().unwrap() += 1;
            let result = format!("<PublishBatchResult>{result}</PublishBatchResult>");
            (200, format!("<PublishBatchResponse>{result}</PublishBatchResponse>"))
        });
        assert_eq!(codes(&publish(&notifier, Topic::Findings, &messages(2))), expected, "{result}");
        assert_eq!(*calls.lock().unwrap(), 3, "{result}: others are sent again");
    }
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

#[test]
fn tens_and_256_kib() {
    let messages = |sizes: &[usize]| -> Vec<Message> {
        let message = |size: &usize| Message {
            subject: String::new(),
            body: "x".repeat(*size),
            is_per_protocol: false,
            attributes: Vec::new(),
        };
        sizes.iter().map(message).collect()
    };
    assert!(runs(&[]).is_empty());
    assert_eq!(runs(&messages(&[1; 21])), [0..10, 10..20, 20..21]);
    let half = MAX_MESSAGE / 2;
    assert_eq!(runs(&messages(&[half, half, 1, half, half])), [0..2, 2..4, 4..5]);
    assert_eq!(runs(&messages(&[1, MAX_MESSAGE + 1, 1])), [0..1, 1..2, 2..3]);
}
