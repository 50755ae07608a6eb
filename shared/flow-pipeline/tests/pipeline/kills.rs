//! An invocation killed at each of its calls, before or after it: the alert arrives, by the retry or by the tick.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use flow_output::Message;
use flow_testkit::Flow;

use flow_pipeline::{
    Due, ItemKey, MemoryStore, Notifier, Pipeline, Published, StateStore, StoredItem, Topic, Write, Written,
};

use super::closing::{few_flows, five_then_two};
use super::fakes::now_or_never;
use super::{NOW, event, few_rules, settings, tries};

/// Where the first invocation dies: at a call, counted from 0 over both ports, before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Death {
    call: usize,
    is_after: bool,
}

/// Both ports, and the calls made of them.
#[derive(Debug, Default)]
struct World {
    store: MemoryStore,
    death: Mutex<Option<Death>>,
    calls: AtomicUsize,
    /// What was called, in order.
    log: Mutex<Vec<&'static str>>,
    sent: Mutex<Vec<Topic>>,
}

impl World {
    async fn call<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let dies = |is_after| *self.death.lock().unwrap() == Some(Death { call, is_after });
        if dies(false) {
            pending::<()>().await;
        }
        let output = work.await;
        self.log.lock().unwrap().push(name);
        if dies(true) {
            pending::<()>().await;
        }
        output
    }

    fn alerts(&self) -> usize {
        self.sent.lock().unwrap().iter().filter(|topic| **topic == Topic::Alerts).count()
    }
}

impl StateStore for &World {
    type Error = Infallible;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Infallible> {
        self.call("get", self.store.get(keys)).await
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Infallible>> {
        self.call("put", self.store.put(writes)).await
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Infallible> {
        self.store.due(what, now, limit).await
    }
}

impl Notifier for &World {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        let work = async {
            self.sent.lock().unwrap().extend(messages.iter().map(|_| topic));
            vec![Ok(Published::Sent); messages.len()]
        };
        self.call(topic.name(), work).await
    }
}

/// How often people are alerted when an invocation dies so and then `rescue` comes; none when it did not die.
fn alerts_after(death: Death, rescue: impl Fn(&Pipeline<&World, &World>)) -> Option<usize> {
    let world = World { death: Mutex::new(Some(death)), ..World::default() };
    let pipeline = Pipeline::new(settings(), &world, &world);
    let (definitions, event) = (few_rules(), event(&tries("198.51.100.7", 120)));
    {
        let run = pin!(pipeline.run(&definitions, event.as_bytes(), NOW));
        if run.poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return None;
        }
    }
    *world.death.lock().unwrap() = None;
    rescue(&pipeline);
    Some(world.alerts())
}

/// The calls of an invocation that nobody kills.
fn calls() -> Vec<&'static str> {
    let world = World::default();
    let pipeline = Pipeline::new(settings(), &world, &world);
    let event = event(&tries("198.51.100.7", 120));
    now_or_never(pipeline.run(&few_rules(), event.as_bytes(), NOW)).unwrap();
    drop(pipeline);
    world.log.into_inner().unwrap()
}

#[test]
fn wherever_an_invocation_dies_the_alert_arrives() {
    let calls = calls();
    assert_eq!(
        calls,
        ["get", "put", "get", "put", "get", "put", "alerts", "findings", "put"],
        "state, record with claim, limit, both topics, confirmation"
    );
    let retry = |pipeline: &Pipeline<&World, &World>| {
        let event = event(&tries("198.51.100.7", 120));
        now_or_never(pipeline.run(&few_rules(), event.as_bytes(), NOW + 60)).unwrap();
    };
    let tick = |pipeline: &Pipeline<&World, &World>| {
        now_or_never(pipeline.tick(&few_rules(), NOW + 60)).unwrap();
    };
    for (call, name) in calls.iter().enumerate() {
        for is_after in [false, true] {
            let death = Death { call, is_after };
            // Between the publication and its confirmation nobody knows what became of the alert.
            let is_published = (call, is_after) >= (6, true);
            let is_confirmed = (call, is_after) == (8, true);
            let expected = if is_published && !is_confirmed { 2 } else { 1 };
            assert_eq!(alerts_after(death, retry), Some(expected), "{death:?} at {name}, then a retry");
            // Before the record is written only the retry knows of it.
            if (call, is_after) >= (3, true) {
                assert_eq!(alerts_after(death, tick), Some(expected), "{death:?} at {name}, then a tick");
            }
        }
    }
    assert_eq!(alerts_after(Death { call: calls.len(), is_after: false }, retry), None);
}

/// An event that closes windows by its time dies between merge and claim; another comes before it is tried again.
#[test]
fn a_death_after_a_jump_loses_no_window() {
    for has_other in [false, true] {
        let world = World::default();
        let pipeline = Pipeline::new(settings(), &world, &world);
        let (definitions, late) = (few_flows(), NOW + 4 * 3600);
        now_or_never(pipeline.run(&definitions, five_then_two().as_bytes(), late - 120)).unwrap();
        let flows = |at| vec![Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).at(at).line(); 9];
        let (jump, other) = (event(&flows(late - 60)), event(&flows(late - 50)));
        let call = world.calls.load(Ordering::Relaxed) + 2;
        *world.death.lock().unwrap() = Some(Death { call, is_after: false });
        {
            let run = pin!(pipeline.run(&definitions, jump.as_bytes(), late));
            let _ = run.poll(&mut Context::from_waker(Waker::noop()));
        }
        *world.death.lock().unwrap() = None;
        if has_other {
            now_or_never(pipeline.run(&definitions, other.as_bytes(), late + 10)).unwrap();
        }
        now_or_never(pipeline.run(&definitions, jump.as_bytes(), late + 60)).unwrap();
        for minute in 0..20 {
            now_or_never(pipeline.tick(&definitions, late + 120 + minute * 60)).unwrap();
        }
        assert_eq!(world.alerts(), 1, "{has_other}");
    }
}
