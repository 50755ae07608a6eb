//! Ports that fail before or after every call, or have the invocation killed there.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_output::Message;
use flow_pipeline::{Due, ItemKey, Notifier, Published, StateStore, StoredItem, Topic, Write, Written};
use tokio::sync::Notify;

use super::check::{About, about};

/// Decides, call by call, what goes wrong.
#[derive(Debug)]
pub(crate) struct Faults {
    random: Mutex<fastrand::Rng>,
    in_1000: u32,
    is_on: AtomicBool,
    failed: AtomicU64,
    killed: AtomicU64,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
    KillBefore,
    KillAfter,
}

tokio::task_local! {
    /// The invocation that runs in this task.
    static INVOCATION: Arc<Invocation>;
}

/// One invocation, as far as faults and excuses are concerned.
#[derive(Debug, Default)]
struct Invocation {
    kill: Notify,
    /// What it published, whatever it heard of that.
    published: Mutex<Vec<Told>>,
}

/// A message: its topic, and what it was about.
pub(crate) type Told = (Topic, String);

/// How an invocation ended.
pub(crate) struct Ended<T> {
    /// None when it was killed.
    pub(crate) output: Option<T>,
    /// What it published.
    pub(crate) published: Vec<Told>,
}

/// A call that failed, on purpose or not.
#[derive(Debug)]
pub(crate) enum Failed<E> {
    OnPurpose,
    Really(E),
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::OnPurpose => f.write_str("failed on purpose"),
            Failed::Really(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for Failed<E> {}

impl Faults {
    pub(crate) fn new(seed: u64, in_1000: u32) -> Self {
        Faults {
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            in_1000,
            is_on: AtomicBool::new(true),
            failed: AtomicU64::new(0),
            killed: AtomicU64::new(0),
        }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn stop(&self) {
        self.is_on.store(false, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn killed(&self) -> u64 {
        self.killed.load(Ordering::Relaxed)
    }

    /// Runs an invocation to its end, or until it is killed.
    pub(crate) async fn until_killed<F: Future>(&self, work: F) -> Ended<F::Output> {
        let invocation = Arc::new(Invocation::default());
        let output = tokio::select! {
            biased;
            () = invocation.kill.notified() => None,
            output = INVOCATION.scope(Arc::clone(&invocation), work) => Some(output),
        };
        let published = std::mem::take(&mut *locked(&invocation.published));
        Ended { output, published }
    }

    fn draw(&self) -> Fault {
        if !self.is_on.load(Ordering::Relaxed) {
            return Fault::None;
        }
        let drawn = locked(&self.random).u32(..1000);
        match drawn / self.in_1000.max(1) {
            _ if self.in_1000 == 0 => Fault::None,
            0 => Fault::Before,
            1 => Fault::After,
            2 if drawn.is_multiple_of(2) => Fault::KillBefore,
            2 => Fault::KillAfter,
            _ => Fault::None,
        }
    }

    /// Makes a call, or has it go wrong. `others` run before and after it.
    async fn call<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, Failed<E>> {
        let fault = self.draw();
        tokio::task::yield_now().await;
        match fault {
            Fault::Before => return self.fail(),
            Fault::KillBefore => self.kill().await,
            _ => {}
        }
        let result = call.await;
        tokio::task::yield_now().await;
        match fault {
            Fault::After => self.fail(),
            Fault::KillAfter => {
                self.kill().await;
                result.map_err(Failed::Really)
            }
            _ => result.map_err(Failed::Really),
        }
    }

    fn fail<T, E>(&self) -> Result<T, Failed<E>> {
        self.failed.fetch_add(1, Ordering::Relaxed);
        Err(Failed::OnPurpose)
    }

    /// Never returns: the invocation is dropped here.
    async fn kill(&self) {
        self.killed.fetch_add(1, Ordering::Relaxed);
        INVOCATION.with(|invocation| invocation.kill.notify_one());
        pending::<()>().await;
    }
}

/// A store that fails.
#[derive(Debug)]
pub(crate) struct FaultyStore<S> {
    inner: S,
    faults: Arc<Faults>,
}

impl<S> FaultyStore<S> {
    pub(crate) fn new(inner: S, faults: Arc<Faults>) -> Self {
        FaultyStore { inner, faults }
    }

    pub(crate) fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: StateStore> StateStore for FaultyStore<S> {
    type Error = Failed<S::Error>;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Self::Error> {
        self.faults.call(self.inner.get(keys)).await
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Self::Error>> {
        let mut outcomes = Vec::with_capacity(writes.len());
        // Each write goes wrong for itself.
        for write in writes {
            let one = async { self.inner.put(std::slice::from_ref(write)).await.remove(0) };
            outcomes.push(self.faults.call(one).await);
        }
        outcomes
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Self::Error> {
        self.faults.call(self.inner.due(what, now, limit)).await
    }
}

/// Topics that fail; what they took is kept.
#[derive(Debug)]
pub(crate) struct FaultyNotifier {
    sent: Mutex<Vec<(Topic, Message)>>,
    excused: Mutex<BTreeMap<Told, u64>>,
    faults: Arc<Faults>,
}

impl FaultyNotifier {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        FaultyNotifier { sent: Mutex::default(), excused: Mutex::default(), faults }
    }

    /// The messages that a topic took.
    pub(crate) fn sent(&self, topic: Topic) -> Vec<Message> {
        let sent = locked(&self.sent);
        sent.iter().filter(|(to, _)| *to == topic).map(|(_, message)| message.clone()).collect()
    }

    /// Each of these may be told once more: nobody can know that it was.
    pub(crate) fn excuse(&self, published: Vec<Told>) {
        let mut excused = locked(&self.excused);
        published.into_iter().for_each(|told| *excused.entry(told).or_default() += 1);
    }

    /// How often a message about `id` may be told again on `topic`.
    pub(crate) fn excuses(&self, topic: Topic, id: &str) -> u64 {
        locked(&self.excused).get(&(topic, id.to_owned())).copied().unwrap_or_default()
    }
}

impl Notifier for FaultyNotifier {
    type Error = Failed<std::convert::Infallible>;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        false
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Self::Error>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages {
            let told = begun(topic, message);
            let is_out = AtomicBool::new(false);
            let one = async {
                locked(&self.sent).push((topic, message.clone()));
                // The ticks at the end run outside any: nothing goes wrong with them.
                let _ = INVOCATION.try_with(|invocation| locked(&invocation.published).extend(told.clone()));
                is_out.store(true, Ordering::Relaxed);
                Ok(Published::Sent)
            };
            let outcome = self.faults.call(one).await;
            if outcome.is_err() && is_out.load(Ordering::Relaxed) {
                self.excuse(told.into_iter().collect());
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}

/// What a message says has begun.
fn begun(topic: Topic, message: &Message) -> Option<Told> {
    match about(topic, &message.body) {
        Ok(About::Finding { id, status }) if status == "new" => Some((topic, id)),
        _ => None,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
