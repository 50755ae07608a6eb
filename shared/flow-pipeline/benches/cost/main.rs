//! What keeping state costs in `DynamoDB`, for batches of several sizes: `make cost`.
//!
//! A batch holds records of one interface, as CloudWatch Logs delivers them. Nothing is timed.
#![allow(clippy::panic, reason = "benchmarks")]

mod billing;
mod run;

use flow_generate::Settings;

use billing::{Bill, Kind};
use run::{BatchCost, Costs, Plan};

/// Of the AWS price list for us-east-1 in 2026, on-demand capacity and vended logs: dollars for a million read units,
/// for a million write units, and for a TB of log lines taken in by CloudWatch Logs (first 10 TB a month, the rest).
const READ_UNITS: f64 = 0.125;
const WRITE_UNITS: f64 = 0.625;
const LOGS: (f64, f64) = (500.0, 50.0);

/// Records a batch, and how busy the network is, so that an interface needs some minutes for as many.
const SIZES: [(usize, f64); 3] = [(50, 1.0), (500, 4.0), (5000, 40.0)];

const RECORDS: u64 = 1_000_000;

fn main() {
    let records = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(RECORDS);
    println!("state in DynamoDB: 50 interfaces, default format, every rule on, {records} records of each");
    for (size, activity) in SIZES {
        let traffic = Settings { interfaces: 50, activity, ..Settings::default() };
        let costs = run::run(&Plan { traffic, size, records }, run::all_rules());
        println!("\nat most {size} records a batch, {activity} times the ordinary traffic");
        print(&costs);
    }
}

fn print(costs: &Costs) {
    let batches = &costs.batches;
    let sum = |of: fn(&BatchCost) -> u64| batches.iter().map(of).sum::<u64>() as f64;
    let (records, bytes) = (sum(|batch| batch.records), sum(|batch| batch.bytes));
    let number = batches.len() as f64;
    let quiet = batches.iter().filter(|batch| batch.bills.is_empty()).count() as f64;
    println!(
        "{number} batches of {:.0} records on average; {:.1} % cost no request",
        records / number,
        100.0 * quiet / number
    );
    println!(
        "{:9} {:>11} {:>11} {:>33} {:>23} {:>8}",
        "", "reads", "writes", "bytes written a batch that writes", "units a 10^6 records", "$/TB"
    );
    println!(
        "{:9} {:>11} {:>11} {:>11} {:>10} {:>10} {:>11} {:>11} {:>8}",
        "", "a batch", "a batch", "median", "mean", "95 %", "read", "write", "of lines"
    );
    let mut total = 0.0;
    for (kind, name) in [(Kind::Local, "local"), (Kind::Spanning, "spanning"), (Kind::Telling, "telling")] {
        let bills = || batches.iter().filter_map(|batch| batch.bills.get(&kind));
        let mut all = Bill::default();
        bills().for_each(|bill| all.add(*bill));
        let mut written: Vec<u64> = bills().filter(|bill| bill.writes > 0).map(|bill| bill.written).collect();
        written.sort_unstable();
        let at = |part: f64| written.get((written.len() as f64 * part) as usize).copied().unwrap_or_default();
        let mean = all.written as f64 / written.len().max(1) as f64;
        let dollars = dollars_a_tb(all, bytes);
        total += dollars;
        println!(
            "{name:9} {:11.3} {:11.3} {:11} {mean:10.0} {:10} {:11.0} {:11.0} {dollars:8.2}",
            all.reads as f64 / number,
            all.writes as f64 / number,
            at(0.5),
            at(0.95),
            all.read_units as f64 * 1e6 / records,
            all.write_units as f64 * 1e6 / records,
        );
    }
    let mut ticks = Bill::default();
    costs.ticks.values().for_each(|bill| ticks.add(*bill));
    let ticks = dollars_a_tb(ticks, bytes);
    let [late, capped, evicted] = costs.lost;
    println!(
        "ticks in the same time {ticks:.2} $/TB; panes lost: {late} late, {capped} over the cap, {evicted} evicted"
    );
    println!(
        "together {:.2} $/TB; CloudWatch Logs takes {} $/TB for the lines, above 50 TB a month {}",
        total + ticks,
        LOGS.0,
        LOGS.1
    );
}

fn dollars_a_tb(bill: Bill, bytes: f64) -> f64 {
    let dollars = bill.read_units as f64 * READ_UNITS + bill.write_units as f64 * WRITE_UNITS;
    dollars / 1e6 * 1e12 / bytes
}
