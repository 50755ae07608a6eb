//! Messages to SNS topics.

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use flow_output::{Attribute, Message};
use flow_pipeline::{Notifier, Published, Topic};

use crate::access::AwsAccess;
use crate::packing::pack;
use crate::refusal::Refusal;

/// How often an entry that SNS could not take is sent, the first time included.
const ROUNDS: u32 = 3;

/// The longest wait before the second round; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The ARNs of the topics; without one nobody wants its messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicArns {
    /// Of the topic for programs.
    pub findings: Option<String>,
    /// Of the topic for people.
    pub alerts: Option<String>,
}

/// A message that SNS did not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SNS did not take a message for {topic_arn}: {code}: {text}")]
pub struct NotPublished {
    /// The topic.
    pub topic_arn: String,
    /// SNS's word for the reason, such as `AuthorizationError`; the status, such as `HTTP 503`, of an answer without
    /// one; `NoAnswer` when SNS was not reached.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

/// Publishes to SNS in batches. The client is made when there is something to tell for the first time, so that a
/// function which finds nothing never pays for it.
///
/// An entry that fails by SNS's own fault is sent three times in all, with growing random waits between. After a call
/// that fails as a whole, which the SDK has tried three times within eight seconds, nothing more is sent.
#[derive(Debug)]
pub struct SnsNotifier {
    access: AwsAccess,
    topics: TopicArns,
    client: OnceLock<Client>,
}

impl SnsNotifier {
    /// Publishes to `topics`.
    pub fn new(access: AwsAccess, topics: TopicArns) -> Self {
        SnsNotifier { access, topics, client: OnceLock::new() }
    }

    fn arn(&self, topic: Topic) -> Option<&str> {
        match topic {
            Topic::Findings => self.topics.findings.as_deref(),
            Topic::Alerts => self.topics.alerts.as_deref(),
        }
    }

    /// Publishes what fits into one call. The outer error is that of the call.
    async fn publish_run(
        &self,
        topic_arn: &str,
        messages: &[Message],
    ) -> Result<Vec<Result<Published, NotPublished>>, NotPublished> {
        let client = self.client.get_or_init(|| self.access.sns());
        let mut outcomes = vec![Ok(Published::Sent); messages.len()];
        let mut pending: Vec<usize> = (0..messages.len()).collect();
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(wait_before(round)).await;
            }
            let entries = pending.iter().map(|place| entry(*place, &messages[*place]));
            let entries: Vec<_> =
                entries.collect::<Result<_, _>>().map_err(|error| not_sent(topic_arn, &error))?;
            let call =
                client.publish_batch().topic_arn(topic_arn).set_publish_batch_request_entries(Some(entries));
            let answer = call.send().await.map_err(|error| {
                let Refusal { code, text } = Refusal::from(&error);
                NotPublished { topic_arn: topic_arn.to_owned(), code, text }
            })?;
            pending.clear();
            for failed in answer.failed() {
                let Some(place) = failed.id().parse().ok().filter(|place| *place < messages.len()) else {
                    continue;
                };
                let (code, text) =
                    (failed.code().to_owned(), failed.message().unwrap_or_default().to_owned());
                outcomes[place] = Err(NotPublished { topic_arn: topic_arn.to_owned(), code, text });
                // What is our own fault stays so.
                if !failed.sender_fault() {
                    pending.push(place);
                }
            }
            for sent in answer.successful() {
                if let Some(place) = sent.id().and_then(|id| id.parse::<usize>().ok())
                    && let Some(outcome) = outcomes.get_mut(place)
                {
                    *outcome = Ok(Published::Sent);
                }
            }
            if pending.is_empty() {
                break;
            }
        }
        Ok(outcomes)
    }
}

impl Notifier for SnsNotifier {
    type Error = NotPublished;

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, NotPublished>> {
        let Some(topic_arn) = self.arn(topic) else {
            return vec![Ok(Published::NoTopic); messages.len()];
        };
        let mut outcomes = Vec::with_capacity(messages.len());
        for run in pack(messages) {
            match self.publish_run(topic_arn, &messages[run]).await {
                Ok(run) => outcomes.extend(run),
                Err(error) => {
                    // The topic or the way to it is broken: more calls would use up the time that is left.
                    outcomes.resize(messages.len(), Err(error));
                    break;
                }
            }
        }
        outcomes
    }
}

/// A random wait of up to twice as long as before the round before: functions that failed together must not come
/// back together.
fn wait_before(round: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << (round - 1)).mul_f64(fastrand::f64())
}

fn not_sent(topic_arn: &str, error: &BuildError) -> NotPublished {
    NotPublished { topic_arn: topic_arn.to_owned(), code: "NotBuilt".to_owned(), text: error.to_string() }
}

/// The place is the entry's id, which SNS gives back.
fn entry(place: usize, message: &Message) -> Result<PublishBatchRequestEntry, BuildError> {
    let mut entry = PublishBatchRequestEntry::builder()
        .id(place.to_string())
        .message(&message.body)
        .subject(&message.subject)
        .set_message_structure(message.is_per_protocol.then(|| "json".to_owned()));
    for attribute in &message.attributes {
        entry = entry.message_attributes(attribute.name, attribute_value(attribute)?);
    }
    entry.build()
}

fn attribute_value(attribute: &Attribute) -> Result<MessageAttributeValue, BuildError> {
    let data_type = if attribute.is_number { "Number" } else { "String" };
    MessageAttributeValue::builder().data_type(data_type).string_value(&attribute.value).build()
}

#[cfg(test)]
mod tests;
