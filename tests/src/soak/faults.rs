//! Ports that fail before or after every call, or have the invocation killed there.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flow_output::Message;
use flow_pipeline::{ItemKey, Notifier, Published, StateStore, StoredItem, Topic, Write, Written};
use tokio::sync::Notify;

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
    /// Kills the invocation that runs in this task.
    static KILL: Arc<Notify>;
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

    /// Runs an invocation to its end; none when it was killed.
    pub(crate) async fn until_killed<F: Future>(&self, invocation: F) -> Option<F::Output> {
        let kill = Arc::new(Notify::new());
        tokio::select! {
            biased;
            () = kill.notified() => None,
            output = KILL.scope(Arc::clone(&kill), invocation) => Some(output),
        }
    }

    fn draw(&self) -> Fault {
        if !self.is_on.load(Ordering::Relaxed) {
            return Fault::None;
        }
        let drawn = self.random.lock().unwrap_or_else(PoisonError::into_inner).u32(..1000);
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
        KILL.with(|kill| kill.notify_one());
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

    async fn due(&self, now: u64, limit: usize) -> Result<Vec<ItemKey>, Self::Error> {
        self.faults.call(self.inner.due(now, limit)).await
    }
}

/// Topics that fail; what they took is kept.
#[derive(Debug)]
pub(crate) struct FaultyNotifier {
    sent: Mutex<Vec<(Topic, Message)>>,
    faults: Arc<Faults>,
}

impl FaultyNotifier {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        FaultyNotifier { sent: Mutex::default(), faults }
    }

    /// The messages that a topic took.
    pub(crate) fn sent(&self, topic: Topic) -> Vec<Message> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|(to, _)| *to == topic).map(|(_, message)| message.clone()).collect()
    }
}

impl Notifier for FaultyNotifier {
    type Error = Failed<std::convert::Infallible>;

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Self::Error>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages {
            let one = async {
                let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                sent.push((topic, message.clone()));
                Ok(Published::Sent)
            };
            outcomes.push(self.faults.call(one).await);
        }
        outcomes
    }
}
