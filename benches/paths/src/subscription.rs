//! From a subscription event to its findings, and the floor under it.

use std::convert::Infallible;
use std::sync::Arc;

use flow_detect::RuleSet;
use flow_envelope::{DEFAULT_DECOMPRESSED_CAP, SubscriptionEvent, SubscriptionUnpacker};
use flow_output::Message;
use flow_pipeline::{
    Definitions, Formats, MemoryStore, Notifier, Pipeline, PipelineSettings, Published, Topic, now_or_never,
};

use crate::scene::Scene;

/// What nobody can leave out: base64, inflate and CRC, by the product's own code.
#[derive(Debug, Default)]
pub struct Floor {
    memory: SubscriptionUnpacker,
}

impl Floor {
    /// How many bytes the events of a scene are.
    #[inline(never)]
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

impl Subscription {
    /// With these rules, for lines in this format.
    pub fn new(rules: RuleSet, format: &str) -> Self {
        Subscription {
            definitions: Definitions { rules: Arc::new(rules), ..Definitions::default() },
            formats: Formats::parse(format).expect("a format"),
        }
    }

    /// How many records of a scene were read; state begins empty.
    #[inline(never)]
    pub fn run(&self, scene: &Scene) -> usize {
        let settings = PipelineSettings { formats: self.formats.clone(), ..PipelineSettings::default() };
        let pipeline = Pipeline::new(settings, MemoryStore::default(), Nobody);
        let run = |(event, now): &(String, u64)| {
            let report = now_or_never(pipeline.run(&self.definitions, event.as_bytes(), *now));
            let lines = report.expect("state in memory never fails").lines;
            (lines.flows + lines.no_data + lines.skip_data) as usize
        };
        scene.events.iter().map(run).sum()
    }
}
