//! What comes of DynamoDB's refusals, behind a real client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, HttpClient, Region};
use aws_smithy_http_client::test_util::{NeverClient, infallible_client_fn};
use flow_pipeline::{Content, Due, ItemKey, StateStore, Write, Written};

use super::*;

fn store(http: impl HttpClient + 'static) -> DynamoStore {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(8)).build())
        .http_client(http);
    let access = AwsAccess::for_tests();
    DynamoStore { access, table: "t".to_owned(), client: OnceLock::from(Client::from_conf(config.build())) }
}

/// A store whose every call is answered so, and how many calls there were.
fn answering(status: u16, body: &'static str) -> (DynamoStore, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        http::Response::builder().status(status).body(body).unwrap()
    };
    (store(infallible_client_fn(answer)), calls)
}

/// Waits pass at once.
fn block_on<F: Future>(future: F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

fn key() -> ItemKey {
    ItemKey::read("local/00").unwrap()
}

fn put(store: &DynamoStore) -> Result<Written, DynamoError> {
    let content = Content::Binary(vec![1, 2, 3]);
    let write = Write { key: key(), content, over: Some(7), expires_at: 1, due_at: None };
    block_on(store.put(&[write])).remove(0)
}

#[test]
fn a_refused_write_is_tried_a_few_times_and_then_an_error() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slower"}"#;
    let (store, calls) = answering(400, throttled);
    let error = put(&store).unwrap_err().to_string();
    assert_eq!(error, "DynamoDB PutItem on t: ProvisionedThroughputExceededException: slower");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let (store, calls) = answering(500, "{}");
    assert_eq!(put(&store).unwrap_err().to_string(), "DynamoDB PutItem on t: HTTP 500: no reason given");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn a_newer_version_is_a_conflict_and_no_failure() {
    let conflict = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#;
    let (store, calls) = answering(400, conflict);
    assert_eq!(put(&store), Ok(Written::Conflict));
    assert_eq!(calls.load(Ordering::Relaxed), 1, "trying it again would be in vain");
}

#[test]
fn keys_that_are_left_out_are_asked_for_again_and_then_an_error() {
    let left = r#"{"Responses":{"t":[]},"UnprocessedKeys":{"t":{"Keys":[{"key":{"S":"local/00"}}]}}}"#;
    let (store, calls) = answering(200, left);
    let error = block_on(store.get(&[key()])).unwrap_err();
    assert_eq!(error, DynamoError::Throttled { table: "t".to_owned(), left: 1 });
    assert_eq!(calls.load(Ordering::Relaxed), ROUNDS as usize);
}

#[test]
fn an_item_of_another_shape_is_a_text_that_says_so() {
    let strange = r#"{"Responses":{"t":[{"key":{"S":"local/00"},"version":{"N":"7"},"expires_at":{"N":"9"}},
        {"key":{"S":"local/01"},"state":{"S":"{}"}}]},"UnprocessedKeys":{}}"#;
    let (store, _) = answering(200, strange);
    let items = block_on(store.get(&[key(), ItemKey::read("local/01").unwrap()])).unwrap();
    let shown = |place: usize| {
        let StoredItem { content, version, expires_at } = items[place].clone().unwrap();
        let Content::Text(text) = content else { panic!("{content:?}") };
        assert!(text.starts_with("not an item of this program: expected"), "{text}");
        (version, expires_at)
    };
    assert_eq!((shown(0), shown(1)), ((7, 9), (UNVERSIONED, FOREVER)));
}

#[test]
fn a_version_that_no_program_writes_is_an_error_that_names_the_item() {
    let strange =
        r#"{"Responses":{"t":[{"key":{"S":"local/00"},"version":{"N":"1.5"}}]},"UnprocessedKeys":{}}"#;
    let (store, _) = answering(200, strange);
    let error = block_on(store.get(&[key()])).unwrap_err();
    let expected = "a whole number as `version`";
    assert_eq!(error, DynamoError::NotAnItem { table: "t".to_owned(), key: "local/00".to_owned(), expected });
}

#[test]
fn no_answer_ends_in_time() {
    let store = store(NeverClient::new());
    let error = put(&store).unwrap_err().to_string();
    assert!(error.starts_with("DynamoDB PutItem on t: NoAnswer: request has timed out"), "{error}");
    let error = block_on(store.due(Due::Panes, 1, 10)).unwrap_err().to_string();
    assert!(error.starts_with("DynamoDB Query on t: NoAnswer: request has timed out"), "{error}");
}
