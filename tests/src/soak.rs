//! Many events at once, delivered twice, out of order, with everything failing now and then and invocations killed
//! anywhere: at the end exactly the findings of one process that saw every record once.

mod check;
mod faults;
mod queue;
mod traffic;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flow_detect::RuleSet;
use flow_pipeline::{Definitions, Pipeline, PipelineSettings, Report, RunError, StateStore};
use tokio::task::JoinSet;

use faults::{Ended, Faults, FaultyNotifier, FaultyStore};
use queue::Queue;
use traffic::{Delivery, Traffic};

/// How a soak is run.
#[derive(Debug, Clone, Copy)]
pub struct Soak {
    /// Decides everything that is random: the same seed sends the same records in the same order with the same faults.
    pub seed: u64,
    /// Events, each delivered once to three times.
    pub batches: usize,
    /// Invocations at once.
    pub writers: usize,
    /// Of a thousand calls, how many fail before they do anything; as many fail after, and as many kill.
    pub faults_in_1000: u32,
    /// The most alerts in five minutes; the others are told in digests.
    pub alert_limit: usize,
}

/// What a soak did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// Invocations, ticks included.
    pub invocations: u64,
    /// Calls that failed on purpose, before or after they did their work.
    pub failed: u64,
    /// Invocations killed.
    pub killed: u64,
    /// Findings recorded, each compared with those of one process.
    pub findings: usize,
    /// Findings told more than once.
    pub told_again: u64,
    /// Findings that people were told of in digests.
    pub digested: u64,
}

/// What is deployed: state and messages of one soak.
struct Deployment<S> {
    pipeline: Pipeline<FaultyStore<S>, FaultyNotifier>,
    definitions: Definitions,
    invocations: AtomicU64,
}

impl Soak {
    /// Runs it on `store`, which holds nothing of an earlier one.
    ///
    /// # Errors
    /// The first thing that is not as it has to be.
    pub async fn run<S: StateStore + 'static>(&self, store: S) -> Result<Summary, String> {
        let rules = Arc::new(traffic::rules());
        let mut random = fastrand::Rng::with_seed(self.seed);
        let traffic = Traffic::new(&mut random, self.batches);
        let expected = check::expected(&rules, &traffic);
        let faults = Arc::new(Faults::new(random.u64(..), self.faults_in_1000));
        let deployment = Arc::new(self.deploy(store, &rules, &faults));
        self.deliver(&deployment, &faults, traffic.deliveries(&mut random)).await;
        faults.stop();
        let end = traffic.end();
        deployment.settle(end).await?;
        let summary = Summary {
            invocations: deployment.invocations.load(Ordering::Relaxed),
            failed: faults.failed(),
            killed: faults.killed(),
            ..Summary::default()
        };
        let pipeline = &deployment.pipeline;
        check::compare(&rules, &expected, pipeline.store().inner(), pipeline.notifier(), summary).await
    }

    /// Delivers everything, `writers` at a time; what fails or is killed comes again, as Lambda does it.
    async fn deliver<S: StateStore + 'static>(
        &self,
        deployment: &Arc<Deployment<S>>,
        faults: &Arc<Faults>,
        deliveries: Vec<Delivery>,
    ) {
        let queue = Arc::new(Queue::new(deliveries));
        let mut writers = JoinSet::new();
        for _ in 0..self.writers {
            let (deployment, faults, queue) =
                (Arc::clone(deployment), Arc::clone(faults), Arc::clone(&queue));
            writers.spawn(async move {
                while let Some((now, place, delivery)) = queue.next().await {
                    let is_done = deployment.invoke(&faults, &delivery, now).await;
                    queue.over(now, place, is_done);
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended.expect("an invocation that panics is a defect");
        }
    }

    fn deploy<S: StateStore>(&self, store: S, rules: &Arc<RuleSet>, faults: &Arc<Faults>) -> Deployment<S> {
        let settings = PipelineSettings { alert_limit: self.alert_limit, ..PipelineSettings::default() };
        let store = FaultyStore::new(store, Arc::clone(faults));
        let notifier = FaultyNotifier::new(Arc::clone(faults));
        Deployment {
            pipeline: Pipeline::new(settings, store, notifier),
            definitions: Definitions { rules: Arc::clone(rules), ..Definitions::default() },
            invocations: AtomicU64::new(0),
        }
    }
}

impl<S: StateStore> Deployment<S> {
    /// One invocation, and whether it need not be tried again.
    async fn invoke(&self, faults: &Faults, delivery: &Delivery, now: u64) -> bool {
        self.invocations.fetch_add(1, Ordering::Relaxed);
        match &delivery.event {
            Some(event) => {
                let run = self.pipeline.run(&self.definitions, event.as_bytes(), now);
                self.is_done(faults.until_killed(run).await)
            }
            None => {
                // A tick that failed is not tried again: the next one comes anyway.
                self.is_done(faults.until_killed(self.pipeline.tick(&self.definitions, now)).await);
                true
            }
        }
    }

    /// Whether an invocation did all that it had to. What it told before it died, or before it could not write any
    /// more, may be told again.
    fn is_done(&self, ended: Ended<Result<Report, RunError>>) -> bool {
        if matches!(ended.output, None | Some(Err(RunError::Store { .. }))) {
            self.pipeline.notifier().excuse(ended.published);
        }
        matches!(ended.output, Some(Ok(_)))
    }

    /// Ticks without faults until nothing is left to do.
    async fn settle(&self, from: u64) -> Result<(), String> {
        for minute in 0..120 {
            let now = from + minute * 60;
            let report = self.pipeline.tick(&self.definitions, now).await;
            report.map_err(|error| format!("a tick without faults failed: {error}"))?;
        }
        Ok(())
    }
}
