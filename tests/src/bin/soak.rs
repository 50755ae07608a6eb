//! Runs the contract of state stores, and soaks: `soak [SEEDS [BATCHES [WRITERS]]]`.
//!
//! In memory; where `STATE_TABLE` names a DynamoDB table, which must be empty, against that with one seed. Prints one
//! line a seed, and ends with status 1 at the first that fails.

use std::process::ExitCode;

use flow_aws::{AwsAccess, DynamoStore};
use flow_function::outside::environment;
use flow_pipeline::{MemoryStore, StateStore};
use flowgauge_tests::soak::Soak;
use flowgauge_tests::state_contract;

const FAULTS_IN_1000: u32 = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let numbers: Result<Vec<u64>, _> = std::env::args().skip(1).map(|text| text.parse()).collect();
    let Ok(numbers) = numbers else {
        eprintln!("expected numbers: soak [SEEDS [BATCHES [WRITERS]]]");
        return ExitCode::FAILURE;
    };
    let number = |place: usize, default: u64| numbers.get(place).copied().unwrap_or(default);
    let (seeds, batches, writers) = (number(0, 1), number(1, 1000), number(2, 32));
    let (batches, writers) = (to_usize(batches), to_usize(writers));
    let outcome = match environment("STATE_TABLE") {
        None => in_memory(seeds, batches, writers).await,
        Some(table) => in_table(table, batches, writers).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn in_memory(seeds: u64, batches: usize, writers: usize) -> Result<(), String> {
    state_contract::check(&MemoryStore::default(), "soak").await;
    for seed in 0..seeds {
        soak(seed, batches, writers, MemoryStore::default()).await?;
    }
    Ok(())
}

async fn in_table(table: String, batches: usize, writers: usize) -> Result<(), String> {
    let access = AwsAccess::read(environment).map_err(|error| error.to_string())?;
    let store = DynamoStore::new(access, table);
    state_contract::check(&store, "soak").await;
    soak(0, batches, writers, store).await
}

async fn soak<S>(seed: u64, batches: usize, writers: usize, store: S) -> Result<(), String>
where
    S: StateStore + 'static,
{
    let soak = Soak { seed, batches, writers, faults_in_1000: FAULTS_IN_1000, alert_limit: usize::MAX };
    let summary = soak.run(store).await.map_err(|error| format!("seed {seed}: {error}"))?;
    println!("seed {seed}: {summary:?}");
    Ok(())
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
