//! Topics as an operator looks at them.

use std::sync::OnceLock;

use aws_sdk_sns::Client;
use flow_output::Message;

use crate::access::AwsAccess;
use crate::call_error::CallError;
use crate::sns::attribute_value;

/// The most pages of subscriptions that are read, of a hundred each.
const MAX_PAGES: usize = 20;

/// What SNS has in place of the ARN of a subscription that nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

/// SNS, as the credentials open it.
#[derive(Debug)]
pub struct Topics {
    access: AwsAccess,
    client: OnceLock<Client>,
}

/// A topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicState {
    /// The key it is encrypted with, by id, ARN or alias, if it is.
    pub key: Option<String>,
    /// Who gets its messages: protocol and end of each, as in `email ops@example.com`.
    pub confirmed: Vec<String>,
    /// Who has not confirmed yet.
    pub pending: Vec<String>,
}

impl Topics {
    /// Those of the account and region of `access`.
    pub fn new(access: AwsAccess) -> Self {
        Topics { access, client: OnceLock::new() }
    }

    /// The state of a topic.
    pub async fn state(&self, arn: &str) -> Result<TopicState, CallError> {
        let client = self.client.get_or_init(|| self.access.sns());
        let asked = client.get_topic_attributes().topic_arn(arn).send().await;
        let asked = asked.map_err(|error| CallError::of_sdk("SNS GetTopicAttributes", arn, &error))?;
        let key = asked.attributes().and_then(|attributes| attributes.get("KmsMasterKeyId"));
        let mut state =
            TopicState { key: key.filter(|key| !key.is_empty()).cloned(), ..TopicState::default() };
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let call = client.list_subscriptions_by_topic().topic_arn(arn).set_next_token(next.take());
            let page = call.send().await;
            let page =
                page.map_err(|error| CallError::of_sdk("SNS ListSubscriptionsByTopic", arn, &error))?;
            for subscription in page.subscriptions() {
                let [protocol, end] =
                    [subscription.protocol(), subscription.endpoint()].map(Option::unwrap_or_default);
                let is_pending = subscription.subscription_arn() == Some(PENDING);
                let list = if is_pending { &mut state.pending } else { &mut state.confirmed };
                list.push(format!("{protocol} {end}"));
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Ok(state)
    }

    /// Publishes one message, and gives SNS's id of it.
    pub async fn publish(&self, arn: &str, message: &Message) -> Result<String, CallError> {
        const CALL: &str = "SNS Publish";
        let client = self.client.get_or_init(|| self.access.sns());
        let mut call = client
            .publish()
            .topic_arn(arn)
            .subject(&message.subject)
            .message(&message.body)
            .set_message_structure(message.is_per_protocol.then(|| "json".to_owned()));
        for attribute in &message.attributes {
            let value = attribute_value(attribute);
            let value = value.map_err(|error| CallError::unreadable(CALL, arn, error))?;
            call = call.message_attributes(attribute.name, value);
        }
        let answer = call.send().await.map_err(|error| CallError::of_sdk(CALL, arn, &error))?;
        answer.message_id.ok_or_else(|| CallError::unreadable(CALL, arn, "no MessageId"))
    }
}
