//! What the function causes elsewhere, for batches of several sizes: requests of `DynamoDB`, answers that it waits for, log
//! lines. `make cost`.
//!
//! A batch holds records of one interface, as CloudWatch Logs delivers them. Nothing is timed. Arguments, all optional:
//! how many records to count, one of the sizes, and a folder of rules beside or instead of the built-in ones.
#![allow(clippy::panic, reason = "benchmarks")]

mod billing;
mod run;
mod table;

use std::path::{Path, PathBuf};

use flow_generate::Settings;

use run::Plan;

/// A size of batches, and the network whose interfaces need a few minutes for as many records.
#[derive(Clone, Copy)]
struct Row {
    size: usize,
    interfaces: usize,
    activity: f64,
}

const ROWS: [Row; 4] = [
    Row { size: 50, interfaces: 50, activity: 1.0 },
    Row { size: 500, interfaces: 50, activity: 10.0 },
    Row { size: 5000, interfaces: 12, activity: 100.0 },
    Row { size: 10_000, interfaces: 12, activity: 200.0 },
];

const RECORDS: u64 = 1_000_000;

/// For a rule alone a part of them is enough.
const RECORDS_OF_A_RULE: u64 = 10;

fn main() {
    // Cargo says `--bench` too.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| text != "--bench").collect();
    let mut numbers = arguments.iter().filter_map(|text| text.parse::<u64>().ok());
    let (records, size) = (numbers.next().unwrap_or(RECORDS), numbers.next());
    let folder = arguments.iter().map(PathBuf::from).find(|path| path.is_dir());
    println!("state in DynamoDB for generated traffic in the default format, every rule on");
    for row in ROWS.into_iter().filter(|row| size.is_none_or(|size| row.size as u64 == size)) {
        let Row { size, interfaces, activity } = row;
        println!("\n{interfaces} interfaces, {activity} times the ordinary traffic, {size} records a batch");
        let costs = run::run(&plan(row, records), run::rules(folder.as_deref(), |_| true));
        table::print(&costs);
        table::print_measured(&costs);
    }
    let row = ROWS.into_iter().find(|row| size == Some(row.size as u64)).unwrap_or(ROWS[0]);
    rules_alone(row, records / RECORDS_OF_A_RULE, folder.as_deref());
}

fn plan(row: Row, records: u64) -> Plan {
    let traffic = Settings { interfaces: row.interfaces, activity: row.activity, ..Settings::default() };
    Plan { traffic, size: row.size, records }
}

fn rules_alone(row: Row, records: u64, folder: Option<&Path>) {
    println!("\nevery rule alone, {} records a batch", row.size);
    table::head_of_rules();
    for rule in run::rules(folder, |_| true).rules() {
        let alone = run::rules(folder, |name| name.strip_suffix(".toml") == Some(&rule.id));
        table::print_rule(&rule.id, &run::run(&plan(row, records), alone));
    }
}
