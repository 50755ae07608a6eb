//! What the pipeline needs from the outside: somewhere to keep state, and someone to tell.

use std::error::Error;

use flow_detect::{Deltas, Groups, RuleSet, Watermark};
use flow_output::Message;

/// What one event adds, on its way to a [`StateStore`].
#[derive(Debug)]
pub struct BatchDeltas<'a> {
    /// The rules that the deltas' places stand for.
    pub rules: &'a RuleSet,
    /// What the event adds, folded.
    pub deltas: Deltas,
    /// Tells a redelivery of the same event; none when its log events have no ids.
    pub fingerprint: Option<u128>,
    /// The clock, in Unix seconds.
    pub now: u64,
}

/// The state of the groups that one event touched, after it was added.
#[derive(Debug)]
pub struct MergedGroups {
    /// All panes that are kept of the groups touched.
    pub groups: Groups,
    /// The lesser of the clock and the newest record that the store knows of.
    pub watermark: Watermark,
    /// The event had been added before: this time it changed nothing.
    pub is_redelivery: bool,
    /// Deltas of panes older than any window that is still open: not counted.
    pub late_panes: u64,
    /// Deltas of new groups for which there was no room: not counted.
    pub refused_panes: u64,
}

/// Keeps what events add, so that windows can be longer than one event.
///
/// # Contract
///
/// - `merge` adds the deltas of one fingerprint once, whatever happens between tries. A call that fails may have added
///   some of them; the same call again adds exactly the rest.
/// - A redelivery changes nothing **and still returns the merged state**, which is evaluated as always: the first try
///   may have died between merge and publish.
/// - Reads after writes are consistent: what is returned holds the deltas just added.
/// - What is dropped, as late or for want of room, is counted in what is returned.
/// - One call an event; it is not called for an event that adds nothing.
pub trait StateStore: Send + Sync {
    /// Why merging failed. Trying the whole event again is right.
    type Error: Error + Send + Sync + 'static;

    /// Adds what one event adds, and returns the state of every group that it touched.
    fn merge(&self, batch: BatchDeltas<'_>)
    -> impl Future<Output = Result<MergedGroups, Self::Error>> + Send;
}

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

    /// Publishes messages to one topic.
    fn publish(
        &self,
        topic: Topic,
        messages: &[Message],
    ) -> impl Future<Output = Vec<Result<Published, Self::Error>>> + Send;
}
