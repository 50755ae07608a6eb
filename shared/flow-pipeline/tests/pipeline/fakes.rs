//! Ports that record, remember and fail on demand.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use flow_detect::{Groups, Watermark};
use flow_output::Message;
use flow_pipeline::{BatchDeltas, MergedGroups, Notifier, Published, StateStore, Topic};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("broken")]
pub(crate) struct Broken;

/// Takes all messages but those of one topic.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Mutex<Vec<(Topic, Message)>>,
    pub(crate) absent: Option<Topic>,
    pub(crate) failing: Option<Topic>,
}

impl Recorder {
    pub(crate) fn count(&self, topic: Topic) -> usize {
        self.sent.lock().unwrap().iter().filter(|(to, _)| *to == topic).count()
    }
}

impl Notifier for Recorder {
    type Error = Broken;

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        assert!(!messages.is_empty(), "not called without messages");
        if self.failing == Some(topic) {
            return messages.iter().map(|_| Err(Broken)).collect();
        }
        if self.absent == Some(topic) {
            return vec![Ok(Published::NoTopic); messages.len()];
        }
        self.sent.lock().unwrap().extend(messages.iter().map(|message| (topic, message.clone())));
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Remembers every delta of every batch, and tells the state of all: the contract in its simplest form.
#[derive(Debug, Default)]
pub(crate) struct Remembering {
    batches: Mutex<HashMap<Option<u128>, Vec<flow_detect::Delta>>>,
}

impl StateStore for Remembering {
    type Error = Infallible;

    async fn merge(&self, batch: BatchDeltas<'_>) -> Result<MergedGroups, Infallible> {
        let mut batches = self.batches.lock().unwrap();
        let newest = batch.deltas.newest().unwrap();
        let is_redelivery = batches.contains_key(&batch.fingerprint);
        batches.entry(batch.fingerprint).or_insert_with(|| batch.deltas.into_iter().collect());
        let mut groups = Groups::new(1000);
        for delta in batches.values().flatten() {
            groups.merge(delta.clone());
        }
        let watermark = Watermark::At(newest.min(batch.now));
        Ok(MergedGroups { groups, watermark, is_redelivery, late_panes: 0, refused_panes: 0 })
    }
}

/// Always fails.
#[derive(Debug)]
pub(crate) struct FailingStore;

impl StateStore for FailingStore {
    type Error = Broken;

    async fn merge(&self, _: BatchDeltas<'_>) -> Result<MergedGroups, Broken> {
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
