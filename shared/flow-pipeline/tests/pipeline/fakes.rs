//! Ports that record, and fail on demand.

use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use flow_output::Message;
use flow_pipeline::{Due, ItemKey, Notifier, Published, StateStore, StoredItem, Topic, Write, Written};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("broken")]
pub(crate) struct Broken;

/// Takes all messages but those of one topic.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Mutex<Vec<(Topic, Message)>>,
    pub(crate) absent: Option<Topic>,
    pub(crate) failing: Option<Topic>,
    pub(crate) is_mended: AtomicBool,
}

impl Recorder {
    /// From now on no topic fails.
    pub(crate) fn mend(&self) {
        self.is_mended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, topic: Topic) -> usize {
        self.sent.lock().unwrap().iter().filter(|(to, _)| *to == topic).count()
    }
}

impl Notifier for Recorder {
    type Error = Broken;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        assert!(!messages.is_empty(), "not called without messages");
        if self.failing == Some(topic) && !self.is_mended.load(Ordering::Relaxed) {
            return messages.iter().map(|_| Err(Broken)).collect();
        }
        if self.absent == Some(topic) {
            return vec![Ok(Published::NoTopic); messages.len()];
        }
        self.sent.lock().unwrap().extend(messages.iter().map(|message| (topic, message.clone())));
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Always fails.
#[derive(Debug)]
pub(crate) struct FailingStore;

impl StateStore for FailingStore {
    type Error = Broken;

    async fn get(&self, _: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Broken> {
        Err(Broken)
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Broken>> {
        writes.iter().map(|_| Err(Broken)).collect()
    }

    async fn due(&self, _: Due, _: u64, _: usize) -> Result<Vec<ItemKey>, Broken> {
        Err(Broken)
    }
}

/// The result of a future that never waits.
pub(crate) fn now_or_never<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("fakes never wait"),
    }
}
