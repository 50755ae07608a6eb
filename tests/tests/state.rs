//! The contract of state stores, and soaks, in memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_pipeline::MemoryStore;
use flowgauge_tests::soak::Soak;
use flowgauge_tests::state_contract;

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    state_contract::check(&MemoryStore::default(), "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_faults_everything_is_told_once() {
    let soak = Soak { seed: 1, batches: 1000, writers: 32, faults_in_1000: 0 };
    let summary = soak.run(MemoryStore::default()).await.unwrap();
    assert!(summary.findings > 10, "{summary:?}");
    assert_eq!((summary.told_again, summary.killed, summary.failed), (0, 0, 0), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_nothing_is_lost_and_nothing_counted_twice() {
    for seed in 0..10 {
        let soak = Soak { seed, batches: 1000, writers: 32, faults_in_1000: 20 };
        let summary = soak.run(MemoryStore::default()).await;
        let summary = summary.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        println!("seed {seed}: {summary:?}");
        assert!(summary.killed > 50 && summary.failed > 50, "{summary:?}");
    }
}
