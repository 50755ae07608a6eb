//! Messages to SNS topics.

use std::collections::BTreeSet;
use std::mem;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::operation::publish_batch::PublishBatchOutput;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use flow_output::{Attribute, MAX_MESSAGE, Message};
use flow_pipeline::{Notifier, Published, Topic};
use futures_util::stream::{self, StreamExt};
use tokio::time::{sleep, timeout};

use crate::access::AwsAccess;
use crate::packing::pack;
use crate::refusal::Refusal;
use crate::wait::wait_before;

/// The most entries of one `PublishBatch`, from the SNS API reference.
const MAX_ENTRIES: usize = 10;

/// How many calls are under way at once.
const CALLS_AT_ONCE: usize = 8;

/// The time within which all messages of one `publish` are sent.
const TIME: Duration = Duration::from_secs(12);

/// How often an entry that SNS could not take is sent, the first time included.
const ROUNDS: u32 = 3;

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
    /// one; `NoAnswer` when SNS was not reached, or not in time; `NotAnswered` when its answer says nothing of the
    /// message.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

/// Publishes to SNS in batches. The client is made when there is something to tell for the first time, so that a
/// function which finds nothing never pays for it.
///
/// Up to eight calls are under way at once. An entry that fails by SNS's own fault, or that its answer says nothing of,
/// is sent three times in all, with growing random waits between. After a call that fails as a whole, which the SDK has
/// tried three times within eight seconds, or one of whose entries none was taken in three times, no further one is
/// begun.
///
/// One `publish` ends within twelve seconds. A message without an answer until then is [`NotPublished`] with the code
/// `NoAnswer`, though SNS may have taken it if its call was under way; one that waits to be sent again keeps its error.
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

    /// Publishes all messages, each outcome in the place of its message.
    async fn publish_all(&self, topic_arn: &str, messages: &[Message], mut outcomes: &mut [Outcome]) {
        let mut calls = Vec::new();
        for run in runs(messages) {
            let (own, others) = mem::take(&mut outcomes).split_at_mut(run.len());
            calls.push(Run { topic_arn, messages: &messages[run], outcomes: own });
            outcomes = others;
        }
        let client = self.client.get_or_init(|| self.access.sns());
        let broken = OnceLock::new();
        stream::iter(calls).for_each_concurrent(CALLS_AT_ONCE, |run| run.publish(client, &broken)).await;
    }
}

/// The codes of outcomes that are not known: no answer, or an answer that leaves a message out.
const UNKNOWN: [&str; 2] = ["NoAnswer", "NotAnswered"];

impl Notifier for SnsNotifier {
    type Error = NotPublished;

    fn is_unsent(&self, error: &NotPublished) -> bool {
        !UNKNOWN.contains(&error.code.as_str())
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Outcome> {
        let Some(topic_arn) = self.arn(topic) else {
            return vec![Ok(Published::NoTopic); messages.len()];
        };
        let text = format!("not sent within {} s", TIME.as_secs());
        let mut outcomes = vec![Err(not_published(topic_arn, "NoAnswer", text)); messages.len()];
        // What was not reached in time keeps the outcome it has from the start.
        let _ = timeout(TIME, self.publish_all(topic_arn, messages, &mut outcomes)).await;
        outcomes
    }
}

type Outcome = Result<Published, NotPublished>;

/// Messages that fit into one call, and the places of their outcomes.
struct Run<'a> {
    topic_arn: &'a str,
    messages: &'a [Message],
    outcomes: &'a mut [Outcome],
}

impl Run<'_> {
    /// Publishes these messages, unless the topic or the way to it is known to be `broken`: more calls would use up
    /// the time that is left.
    async fn publish(mut self, client: &Client, broken: &OnceLock<NotPublished>) {
        if let Some(error) = broken.get() {
            let text = format!("not tried after: {}", error.text);
            self.outcomes.fill(Err(NotPublished { text, ..error.clone() }));
        } else if let Err(error) = self.send(client).await {
            // The first error is as good as any other.
            let _ = broken.set(error);
        }
    }

    /// The error is that of a call as a whole, or of the first entry when none was taken by SNS's own fault.
    async fn send(&mut self, client: &Client) -> Result<(), NotPublished> {
        let mut pending: BTreeSet<usize> = (0..self.messages.len()).collect();
        for round in 0..ROUNDS {
            if round > 0 {
                sleep(wait_before(round)).await;
            }
            match self.call(client, &pending).await {
                Ok(answer) => self.settle(&mut pending, &answer),
                Err(error) => {
                    for place in pending {
                        self.outcomes[place] = Err(error.clone());
                    }
                    return Err(error);
                }
            }
            if pending.is_empty() {
                return Ok(());
            }
        }
        match self.outcomes.first() {
            Some(Err(error)) if pending.len() == self.messages.len() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    async fn call(
        &self,
        client: &Client,
        pending: &BTreeSet<usize>,
    ) -> Result<PublishBatchOutput, NotPublished> {
        let entries = pending.iter().map(|place| entry(*place, &self.messages[*place]));
        let entries: Vec<_> = entries
            .collect::<Result<_, _>>()
            .map_err(|error| not_published(self.topic_arn, "NotBuilt", error.to_string()))?;
        let call = client.publish_batch().topic_arn(self.topic_arn);
        call.set_publish_batch_request_entries(Some(entries)).send().await.map_err(|error| {
            let Refusal { code, text } = Refusal::from(&error);
            not_published(self.topic_arn, &code, text)
        })
    }

    /// Takes over what the answer says of `pending`, and leaves there what is worth another try.
    fn settle(&mut self, pending: &mut BTreeSet<usize>, answer: &PublishBatchOutput) {
        for place in &*pending {
            let text = "SNS's answer says nothing of it".to_owned();
            self.outcomes[*place] = Err(not_published(self.topic_arn, "NotAnswered", text));
        }
        for sent in answer.successful() {
            if let Some(place) = place(sent.id().unwrap_or_default(), pending) {
                self.outcomes[place] = Ok(Published::Sent);
                pending.remove(&place);
            }
        }
        for failed in answer.failed() {
            if let Some(place) = place(failed.id(), pending) {
                let text = failed.message().unwrap_or_default().to_owned();
                self.outcomes[place] = Err(not_published(self.topic_arn, failed.code(), text));
                // What is our own fault stays so.
                if failed.sender_fault() {
                    pending.remove(&place);
                }
            }
        }
    }
}

/// Cuts messages into runs that fit into one `PublishBatch` each: at most ten, and 256 KiB of them.
fn runs(messages: &[Message]) -> Vec<Range<usize>> {
    pack(messages.iter().map(|message| message.size() + message.subject.len()), MAX_ENTRIES, MAX_MESSAGE)
}

/// The place that an entry's id names, if it is one that was asked for.
fn place(id: &str, pending: &BTreeSet<usize>) -> Option<usize> {
    id.parse().ok().filter(|place| pending.contains(place))
}

fn not_published(topic_arn: &str, code: &str, text: String) -> NotPublished {
    NotPublished { topic_arn: topic_arn.to_owned(), code: code.to_owned(), text }
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

pub(crate) fn attribute_value(attribute: &Attribute) -> Result<MessageAttributeValue, BuildError> {
    let data_type = if attribute.is_number { "Number" } else { "String" };
    MessageAttributeValue::builder().data_type(data_type).string_value(&attribute.value).build()
}

#[cfg(test)]
mod tests;
