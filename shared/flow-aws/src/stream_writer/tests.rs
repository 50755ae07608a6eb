use std::sync::{Arc, Mutex};

use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;
use serde_json::{Value, json};

use super::*;

const FIREHOSE: StreamSource<'_> =
    StreamSource::Firehose("arn:aws:firehose:eu-west-1:123456789012:deliverystream/flow-logs");
const KINESIS: StreamSource<'_> =
    StreamSource::Kinesis("arn:aws:kinesis:eu-west-1:123456789012:stream/flow-logs");

/// How a stream answers: for each call in turn the codes of its entries' failures, or the status of the whole.
type Script = Vec<Result<Vec<Option<&'static str>>, u16>>;

/// A writer whose streams answer by `script`, and take everything after it; and the bodies of the calls made.
fn writer(script: Script) -> (StreamWriter, Arc<Mutex<Vec<Value>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (seen, script) = (Arc::clone(&calls), Mutex::new(script.into_iter()));
    let http = infallible_client_fn(move |request| {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let entries = body["Records"].as_array().unwrap().len();
        seen.lock().unwrap().push(body);
        let (status, body) = match script.lock().unwrap().next().unwrap_or_else(|| Ok(vec![None; entries])) {
            Ok(codes) => (200, answer(&codes)),
            Err(status) => {
                (status, json!({ "__type": "ResourceNotFoundException", "message": "no such stream" }))
            }
        };
        http::Response::builder().status(status).body(body.to_string()).unwrap()
    });
    let writer = StreamWriter::new(AwsAccess::for_tests());
    let credentials = Credentials::new("id", "key", None, None, "test");
    let config = aws_types::SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(aws_sdk_sns::config::SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    writer.firehose.set(aws_sdk_firehose::Client::new(&config)).unwrap();
    writer.kinesis.set(aws_sdk_kinesis::Client::new(&config)).unwrap();
    (writer, calls)
}

/// What both services answer: each reads its own list.
fn answer(codes: &[Option<&str>]) -> Value {
    let entry = |code: Option<&str>| match code {
        Some(code) => json!({ "ErrorCode": code, "ErrorMessage": "m" }),
        None => json!({ "RecordId": "1", "SequenceNumber": "1", "ShardId": "1" }),
    };
    let entries: Vec<_> = codes.iter().copied().map(entry).collect();
    let failed = codes.iter().flatten().count();
    json!({ "FailedPutCount": failed, "FailedRecordCount": failed, "RequestResponses": entries, "Records": entries })
}

fn entries(sizes: &[usize]) -> Vec<StreamEntry> {
    sizes
        .iter()
        .map(|size| StreamEntry { data: vec![b'x'; *size], partition_key: Some("k".to_owned()) })
        .collect()
}

fn sizes(calls: &Mutex<Vec<Value>>) -> Vec<usize> {
    calls.lock().unwrap().iter().map(|call| call["Records"].as_array().unwrap().len()).collect()
}

#[tokio::test(start_paused = true)]
async fn only_entries_that_failed_are_sent_again() {
    for source in [FIREHOSE, KINESIS] {
        let busy = Some("ServiceUnavailableException");
        let (writer, calls) = writer(vec![Ok(vec![None, busy, None, busy]), Ok(vec![busy, None])]);
        let outcomes = writer.put_back(source, &entries(&[1, 2, 3, 4])).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(sizes(&calls), [4, 2, 1]);
        let calls = calls.lock().unwrap();
        // `xx`, the second entry.
        assert_eq!(calls[2]["Records"][0]["Data"], "eHg=");
    }
}

#[tokio::test(start_paused = true)]
async fn each_service_is_told_its_stream() {
    for (source, name, value) in [
        (FIREHOSE, "DeliveryStreamName", "flow-logs"),
        (KINESIS, "StreamARN", "arn:aws:kinesis:eu-west-1:123456789012:stream/flow-logs"),
    ] {
        let (writer, calls) = writer(Vec::new());
        assert_eq!(writer.put_back(source, &entries(&[1])).await, [Ok(())]);
        let calls = calls.lock().unwrap();
        assert_eq!(calls[0][name], value);
        let key = &calls[0]["Records"][0]["PartitionKey"];
        assert_eq!(key.as_str(), (source == KINESIS).then_some("k"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_try_brings_in_fails_with_its_reason_and_the_rest_is_taken() {
    let (writer, calls) = writer(
        vec![Ok(vec![None, Some("Busy")]), Ok(vec![Some("Busy")])]
            .into_iter()
            .chain(std::iter::repeat_n(Ok(vec![Some("Busy")]), 20))
            .collect(),
    );
    let outcomes = writer.put_back(FIREHOSE, &entries(&[1, 1])).await;
    assert_eq!(outcomes[0], Ok(()));
    let error = outcomes[1].as_ref().unwrap_err();
    assert!(
        error.to_string().ends_with("deliverystream/flow-logs did not take a record: Busy: m"),
        "{error}"
    );
    assert_eq!(calls.lock().unwrap().len(), ROUNDS as usize);
}

#[tokio::test(start_paused = true)]
async fn after_a_call_that_fails_as_a_whole_none_is_begun() {
    let (writer, calls) = writer(vec![Ok(vec![None; 500]), Err(400)]);
    let outcomes = writer.put_back(KINESIS, &entries(&[1; 1200])).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 500);
    assert!(
        outcomes[500..]
            .iter()
            .all(|outcome| outcome.as_ref().unwrap_err().code == "ResourceNotFoundException")
    );
    assert_eq!(sizes(&calls), [500, 500]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_leaves_entries_out_says_nothing_of_them() {
    let script = std::iter::repeat_n(Ok(Vec::new()), 20).collect();
    let (writer, _) = writer(script);
    let outcomes = writer.put_back(FIREHOSE, &entries(&[1])).await;
    assert_eq!(outcomes[0].as_ref().unwrap_err().code, "NotAnswered");
}

#[test]
fn five_hundred_entries_and_four_mebibytes() {
    assert!(runs(&[]).is_empty());
    assert_eq!(runs(&entries(&[1; 501])), [0..500, 500..501]);
    let half = MAX_BYTES / 2 - 1;
    assert_eq!(runs(&entries(&[half, half, 1, half])), [0..2, 2..4]);
}
