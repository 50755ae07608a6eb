//! The port to whoever is told.

use std::error::Error;

use flow_output::Message;

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Findings as JSON, for programs.
    Findings,
    /// Text for people.
    Alerts,
}

impl Topic {
    /// The word in reports: `findings` or `alerts`.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Findings => "findings",
            Topic::Alerts => "alerts",
        }
    }
}

/// What became of a message that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// Whoever subscribes to the topic gets it.
    Sent,
    /// There is no such topic: nobody asked for these messages.
    NoTopic,
}

/// Tells people and programs.
///
/// # Contract
///
/// - The answer has one outcome for each message, in their order.
/// - `Sent` means that the topic has accepted the message. An error means that it has not, as far as is known: the
///   whole event is tried again and the messages that went out go out again. At least once, never at most once.
/// - Tries and time are bounded: a call ends well before the function's own timeout.
/// - It is not called without messages.
pub trait Notifier: Send + Sync {
    /// Why a message was not published.
    type Error: Error + Send + Sync + 'static;

    /// Whether a message with this error is known not to have been taken. One of which nobody knows may have been: it is
    /// told again, later, and counts as sent until then.
    fn is_unsent(&self, error: &Self::Error) -> bool;

    /// Publishes messages to one topic.
    fn publish(
        &self,
        topic: Topic,
        messages: &[Message],
    ) -> impl Future<Output = Vec<Result<Published, Self::Error>>> + Send;
}
