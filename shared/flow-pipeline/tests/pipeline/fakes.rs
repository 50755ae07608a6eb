//! Ports that record, and fail on demand.

use std::slice::from_ref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use flow_output::Message;
pub(crate) use flow_pipeline::now_or_never;
use flow_pipeline::{
    Due, ItemKey, MemoryStore, Notifier, Published, StateStore, StoredItem, Topic, Write, Written,
};

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

/// Fails puts of records while it is broken.
#[derive(Debug, Default)]
pub(crate) struct NoRecords {
    pub(crate) inner: MemoryStore,
    pub(crate) is_broken: AtomicBool,
}

impl StateStore for NoRecords {
    type Error = Broken;
    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Broken> {
        Ok(self.inner.get(keys).await.unwrap())
    }
    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Broken>> {
        let mut all = Vec::new();
        for write in writes {
            if self.is_broken.load(Ordering::Relaxed) && write.key.as_str().starts_with("episode/") {
                all.push(Err(Broken));
            } else {
                all.push(Ok(self.inner.put(from_ref(write)).await.remove(0).unwrap()));
            }
        }
        all
    }
    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Broken> {
        Ok(self.inner.due(what, now, limit).await.unwrap())
    }
}
