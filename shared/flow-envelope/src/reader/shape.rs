//! Tells which event a JSON object is, by its keys.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::entry::ForeignEvent;
use crate::text::Text;

/// The events that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Subscription,
    Kinesis,
    Firehose,
    /// A CloudWatch Logs message without an event around it, or one line under `message`.
    Item,
    Foreign(ForeignEvent),
    Unknown,
}

/// The keys that tell, with their values unread.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    awslogs: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    lambda_records: Option<&'a RawValue>,
    records: Option<IgnoredAny>,
    #[serde(rename = "messageType")]
    message_type: Option<IgnoredAny>,
    #[serde(rename = "logEvents")]
    log_events: Option<IgnoredAny>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
    #[serde(rename = "TopicArn")]
    topic_arn: Option<IgnoredAny>,
    #[serde(rename = "Messages")]
    messages: Option<IgnoredAny>,
    #[serde(rename = "receiptHandle")]
    receipt_handle: Option<IgnoredAny>,
    #[serde(borrow, rename = "Event")]
    event: Option<&'a RawValue>,
}

/// The keys that tell what the records of a Lambda event are.
#[derive(Deserialize)]
struct RecordKeys<'a> {
    #[serde(borrow, alias = "EventSource", rename = "eventSource")]
    event_source: Option<Text<'a>>,
    kinesis: Option<IgnoredAny>,
}

/// The first element of an array, the others unread.
struct First<'a>(Option<RecordKeys<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;
        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of records")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<Self::Value, A::Error> {
                let first = records.next_element()?;
                while records.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(FirstVisitor)
    }
}

impl Shape {
    /// The shape of an object.
    pub(super) fn of(json: &str) -> Result<Self, serde_json::Error> {
        let keys: Keys<'_> = serde_json::from_str(json)?;
        let is_text = |value: Option<&RawValue>| value.is_some_and(|value| value.get().starts_with('"'));
        Ok(if keys.awslogs.is_some() {
            Self::Subscription
        } else if let Some(records) = keys.lambda_records {
            Self::of_records(serde_json::from_str(records.get())?)
        } else if keys.records.is_some() {
            Self::Firehose
        } else if keys.message_type.is_some() || keys.log_events.is_some() {
            Self::Item
        } else if keys.detail_type.is_some() {
            Self::Foreign(ForeignEvent::EventBridge)
        } else if keys.topic_arn.is_some() {
            Self::Foreign(ForeignEvent::Sns)
        } else if keys.messages.is_some() || keys.receipt_handle.is_some() {
            Self::Foreign(ForeignEvent::Sqs)
        } else if keys.event.is_some_and(|event| event.get() == r#""s3:TestEvent""#) {
            Self::Foreign(ForeignEvent::S3Notification)
        } else if is_text(keys.message) {
            Self::Item
        } else {
            Self::Unknown
        })
    }

    fn of_records(First(first): First<'_>) -> Self {
        // A window's last invocation may come without records.
        let Some(record) = first else { return Self::Kinesis };
        match record.event_source.as_ref().map(|source| &*source.0) {
            Some("aws:kinesis") => Self::Kinesis,
            Some("aws:s3") => Self::Foreign(ForeignEvent::S3Notification),
            Some("aws:sqs") => Self::Foreign(ForeignEvent::Sqs),
            Some("aws:sns") => Self::Foreign(ForeignEvent::Sns),
            None if record.kinesis.is_some() => Self::Kinesis,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_events_apart() {
        use ForeignEvent::{EventBridge, S3Notification, Sns, Sqs};
        let cases = [
            (r#"{"x":1,"awslogs":{"data":""}}"#, Shape::Subscription),
            (r#"{"Records":[{"eventSource":"aws:kinesis"}]}"#, Shape::Kinesis),
            (r#"{"Records":[{"kinesis":{}}]}"#, Shape::Kinesis),
            (r#"{"Records":[],"window":{}}"#, Shape::Kinesis),
            (r#"{"records":[]}"#, Shape::Firehose),
            (r#"{"logEvents":[]}"#, Shape::Item),
            (r#"{"messageType":"CONTROL_MESSAGE"}"#, Shape::Item),
            (r#"{"message":"2","id":"1","timestamp":5}"#, Shape::Item),
            (r#"{"message":{"a":1}}"#, Shape::Unknown),
            (r#"{"Records":[{"eventSource":"aws:s3"},5]}"#, Shape::Foreign(S3Notification)),
            (r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#, Shape::Foreign(S3Notification)),
            (r#"{"Records":[{"eventSource":"aws:sqs"}]}"#, Shape::Foreign(Sqs)),
            (r#"{"Messages":[{"Body":""}]}"#, Shape::Foreign(Sqs)),
            (r#"{"Records":[{"EventSource":"aws:sns"}]}"#, Shape::Foreign(Sns)),
            (r#"{"Type":"Notification","TopicArn":"a","Message":""}"#, Shape::Foreign(Sns)),
            (r#"{"detail-type":"Object Created","source":"aws.s3"}"#, Shape::Foreign(EventBridge)),
            (r#"{"Records":[{"eventSource":"aws:dynamodb"}]}"#, Shape::Unknown),
            ("{}", Shape::Unknown),
        ];
        for (json, shape) in cases {
            assert_eq!(Shape::of(json).unwrap(), shape, "{json}");
        }
        assert!(Shape::of(r#"{"Records":5}"#).is_err());
    }
}
