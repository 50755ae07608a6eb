//! The contract of state stores, and soaks, in memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::slice::from_ref;
use std::sync::atomic::{AtomicU64, Ordering};

use flow_pipeline::{Due, ItemKey, MemoryStore, StateStore, StoredItem, Write, Written};
use flowgauge_tests::soak::Soak;
use flowgauge_tests::state_contract;

const SOAK: Soak = Soak { seed: 1, batches: 1000, writers: 32, faults_in_1000: 20, alert_limit: usize::MAX };

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    state_contract::check(&MemoryStore::default(), "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_faults_everything_is_told_once() {
    let soak = Soak { faults_in_1000: 0, ..SOAK };
    let summary = soak.run(MemoryStore::default()).await.unwrap();
    assert!(summary.findings > 10, "{summary:?}");
    assert_eq!((summary.told_again, summary.killed, summary.failed), (0, 0, 0), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_nothing_is_lost_and_nothing_counted_twice() {
    for seed in 0..4 {
        let soak = Soak { seed, ..SOAK };
        let summary = soak.run(MemoryStore::default()).await;
        let summary = summary.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        println!("seed {seed}: {summary:?}");
        assert!(summary.killed > 50 && summary.failed > 50, "{summary:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_batches_on_one_store() {
    let soak = Soak { batches: 10_000, ..SOAK };
    let summary = soak.run(MemoryStore::default()).await.unwrap();
    println!("{summary:?}");
    assert!(summary.killed > 500 && summary.failed > 500 && summary.findings > 10, "{summary:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_people_are_told_of_all_one_by_one_or_in_digests() {
    for (faults_in_1000, seed) in [(0, 1), (20, 1), (20, 2)] {
        let soak = Soak { seed, faults_in_1000, alert_limit: 1, ..SOAK };
        let summary = soak.run(MemoryStore::default()).await.unwrap();
        println!("{summary:?}");
        assert!(summary.digested > 0, "{summary:?}");
    }
}

/// A store that breaks one promise.
struct Careless {
    inner: MemoryStore,
    breaks: Breaks,
    puts: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Breaks {
    /// Every hundredth write is said to be done, and is not.
    LosesWrites,
    /// Items of a kind are written over whatever version is there.
    IgnoresVersionsOf(&'static str),
}

impl Careless {
    async fn put_one(&self, write: &Write) -> Result<Written, Infallible> {
        let number = self.puts.fetch_add(1, Ordering::Relaxed);
        match self.breaks {
            Breaks::LosesWrites if number % 100 == 99 => Ok(Written::Done),
            Breaks::IgnoresVersionsOf(kind) if write.key.as_str().starts_with(kind) => {
                let there = self.inner.get(from_ref(&write.key)).await?.remove(0);
                let write = Write { over: there.map(|item| item.version), ..write.clone() };
                self.inner.put(from_ref(&write)).await.remove(0)
            }
            _ => self.inner.put(from_ref(write)).await.remove(0),
        }
    }
}

impl StateStore for Careless {
    type Error = Infallible;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Infallible> {
        self.inner.get(keys).await
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Infallible>> {
        let mut outcomes = Vec::new();
        for write in writes {
            outcomes.push(self.put_one(write).await);
        }
        outcomes
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Infallible> {
        self.inner.due(what, now, limit).await
    }
}

/// A soak that a broken store passes would prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_a_promise_is_found_out() {
    let kinds = ["local/", "spanning/", "episode/"].map(Breaks::IgnoresVersionsOf);
    for breaks in [Breaks::LosesWrites].into_iter().chain(kinds) {
        let mut found = None;
        for seed in 0..20 {
            let store = Careless { inner: MemoryStore::default(), breaks, puts: AtomicU64::new(0) };
            let soak = Soak { seed, batches: 300, faults_in_1000: 0, ..SOAK };
            found = soak.run(store).await.err();
            if found.is_some() {
                break;
            }
        }
        let found = found.unwrap_or_else(|| panic!("{breaks:?}: not found out by twenty seeds"));
        println!("{breaks:?}: {}", found.chars().take(100).collect::<String>());
    }
}
