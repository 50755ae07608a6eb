//! From a subscription event to its findings, and the floor under it.

use std::convert::Infallible;
use std::sync::Arc;

use flow_detect::RuleSet;
use flow_envelope::{DEFAULT_DECOMPRESSED_CAP, SubscriptionEvent, SubscriptionUnpacker};
use flow_output::Message;
use flow_pipeline::{
    Content, Definitions, Due, Formats, ItemKey, MemoryStore, Notifier, Pipeline, PipelineSettings,
    Published, Report, RunError, StateStore, StoredItem, Topic, Write, Written, now_or_never,
};

use crate::scene::Scene;

/// What nobody can leave out: base64, inflate and CRC, by the product's own code.
#[derive(Debug, Default)]
pub struct Floor {
    memory: SubscriptionUnpacker,
}

impl Floor {
    /// How many bytes the events of a scene are.
    pub fn run(&mut self, scene: &Scene) -> usize {
        let unpack = |(event, _): &(String, u64)| {
            let event = SubscriptionEvent::parse(event.as_bytes()).expect("a subscription event");
            self.memory.unpack(&event, DEFAULT_DECOMPRESSED_CAP).expect("gzip").len()
        };
        scene.events.iter().map(unpack).sum()
    }
}

/// The pipeline as the function runs it, with state in memory.
#[derive(Debug)]
pub struct Subscription {
    definitions: Definitions,
    formats: Formats,
}

impl Subscription {
    /// With these rules, for lines in this format.
    pub fn new(rules: RuleSet, format: &str) -> Self {
        Subscription {
            definitions: Definitions { rules: Arc::new(rules), ..Definitions::default() },
            formats: Formats::parse(format).expect("a format"),
        }
    }

    /// How many records of a scene were read; state begins empty.
    pub fn run(&self, scene: &Scene) -> usize {
        self.run_with(scene, &self.pipeline(MemoryStore::default()))
    }

    /// The items of panes that a scene leaves behind, as stores keep them.
    pub fn items_after(&self, scene: &Scene) -> Vec<Vec<u8>> {
        let pipeline = self.pipeline(MemoryStore::default());
        self.run_with(scene, &pipeline);
        let items = pipeline.store().items().into_iter();
        let panes = items.filter_map(|(_, item, _)| match item.content {
            Content::Binary(bytes) => Some(bytes),
            Content::Text(_) => None,
        });
        panes.collect()
    }

    fn run_with(&self, scene: &Scene, pipeline: &Pipeline<MemoryStore, Nobody>) -> usize {
        let run = |(event, now): &(String, u64)| {
            let report = now_or_never(pipeline.run(&self.definitions, event.as_bytes(), *now));
            read(&report.expect("state in memory never fails"))
        };
        scene.events.iter().map(run).sum()
    }

    fn pipeline<S: StateStore>(&self, store: S) -> Pipeline<S, Nobody> {
        let settings = PipelineSettings { formats: self.formats.clone(), ..PipelineSettings::default() };
        Pipeline::new(settings, store, Nobody)
    }
}

/// The same up to where state would be read: what every record costs, whatever it is kept in.
///
/// Its memory is warm after the first event.
#[derive(Debug)]
pub struct Stateless {
    subscription: Subscription,
    pipeline: Pipeline<Refusing, Nobody>,
}

impl Stateless {
    /// With these rules, for lines in this format.
    pub fn new(rules: RuleSet, format: &str) -> Self {
        let subscription = Subscription::new(rules, format);
        let pipeline = subscription.pipeline(Refusing);
        Stateless { subscription, pipeline }
    }

    /// How many records of a scene were read.
    pub fn run(&mut self, scene: &Scene) -> usize {
        scene.events.iter().map(|(event, now)| self.one(event, *now).0).sum()
    }

    /// How many records of an event were read, and whether some rule matched one.
    pub fn one(&mut self, event: &str, now: u64) -> (usize, bool) {
        let definitions = &self.subscription.definitions;
        match now_or_never(self.pipeline.run(definitions, event.as_bytes(), now)) {
            Ok(report) => (read(&report), false),
            Err(mut stopped @ RunError::Store { .. }) => (read(&stopped.take_report()), true),
            Err(error) => unreachable!("state is refused, nothing else fails: {error}"),
        }
    }
}

fn read(report: &Report) -> usize {
    usize::try_from(report.lines.total()).expect("all of them were in memory")
}

/// Everybody is told, and nobody listens.
#[derive(Debug)]
struct Nobody;

impl Notifier for Nobody {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, _: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Has no state and takes none.
#[derive(Debug)]
struct Refusing;

#[derive(Debug, thiserror::Error)]
#[error("no state is kept")]
struct Refused;

impl StateStore for Refusing {
    type Error = Refused;

    async fn get(&self, _: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Refused> {
        Err(Refused)
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Refused>> {
        writes.iter().map(|_| Err(Refused)).collect()
    }

    async fn due(&self, _: Due, _: u64, _: usize) -> Result<Vec<ItemKey>, Refused> {
        Err(Refused)
    }
}
