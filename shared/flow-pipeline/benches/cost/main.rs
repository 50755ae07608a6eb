//! What keeping state costs in `DynamoDB`, for batches of several sizes: `make cost`.
//!
//! A batch holds records of one interface, as CloudWatch Logs delivers them. Nothing is timed.
#![allow(clippy::panic, reason = "benchmarks")]

mod billing;
mod run;

use std::path::Path;

use flow_generate::{Role, Settings};

use billing::{Bill, Kind};
use run::{BatchCost, Costs, Plan};

/// Of the AWS price list for us-east-1 in 2026, on-demand capacity and vended logs: dollars for a million read units,
/// for a million write units, and for a TB of log lines taken in by CloudWatch Logs (first 10 TB a month, the rest).
const READ_UNITS: f64 = 0.125;
const WRITE_UNITS: f64 = 0.625;
const LOGS: (f64, f64) = (500.0, 50.0);

/// Records a batch; interfaces; and how busy the network is, so that an interface needs a few minutes for as many.
const SIZES: [(usize, usize, f64); 3] = [(50, 50, 1.0), (500, 50, 10.0), (5000, 12, 100.0)];

const RECORDS: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| text != "--bench").collect();
    let mut numbers = arguments.iter().filter_map(|text| text.parse().ok());
    let (records, only) = (numbers.next().unwrap_or(RECORDS), numbers.next());
    let folder = arguments.iter().find(|text| Path::new(text).is_dir()).map(Path::new);
    println!("state in DynamoDB for generated traffic in the default format, every rule on");
    for (size, interfaces, activity) in
        SIZES.into_iter().filter(|row| only.is_none_or(|only| row.0 as u64 == only))
    {
        let traffic = Settings { interfaces, activity, ..Settings::default() };
        let costs = run::run(&Plan { traffic, size, records }, run::rules(folder, |_| true));
        println!(
            "\n{interfaces} interfaces, {activity} times the ordinary traffic, at most {size} records a batch"
        );
        print(&costs);
    }
    println!("\nevery rule alone, at most {} records a batch", SIZES[0].0);
    println!("{:20} {:>8} {:>22} {:>22} {:>10}", "", "", "writes a batch", "bytes a write", "$/TB");
    println!("{:20} {:>8} {:>22} {:>11} {:>10} {:>10}", "", "", "", "median", "95 %", "of lines");
    for rule in run::rules(folder, |_| true).rules() {
        let traffic = Settings { interfaces: SIZES[0].1, activity: SIZES[0].2, ..Settings::default() };
        let plan = Plan { traffic, size: SIZES[0].0, records: records / 10 };
        let costs = run::run(&plan, run::rules(folder, |name| name.strip_suffix(".toml") == Some(&rule.id)));
        print_alone(&rule.id, &costs);
    }
}

fn print_alone(rule: &str, costs: &Costs) {
    let bytes = costs.batches.iter().map(bytes_of).sum::<u64>() as f64;
    for (kind, name) in [(Kind::Local, "local"), (Kind::Spanning, "spanning")] {
        let figures = Figures::of(&costs.batches, kind);
        if figures.all.reads > 0 {
            let writes = figures.all.writes as f64 / costs.batches.len() as f64;
            let (median, most) = (figures.written_at(0.5), figures.written_at(0.95));
            let dollars = dollars_a_tb(figures.all, bytes);
            println!("{rule:20} {name:8} {writes:22.3} {median:11} {most:10} {dollars:10.2}");
        }
    }
}

/// What batches cost for one kind of item.
struct Figures {
    all: Bill,
    /// Bytes of each batch that wrote any, from least to most.
    written: Vec<u64>,
}

impl Figures {
    fn of(batches: &[BatchCost], kind: Kind) -> Self {
        let bills = || batches.iter().filter_map(|batch| batch.bills.get(&kind));
        let mut all = Bill::default();
        bills().for_each(|bill| all.add(*bill));
        let mut written: Vec<u64> = bills().filter(|bill| bill.writes > 0).map(|bill| bill.written).collect();
        written.sort_unstable();
        Figures { all, written }
    }

    /// The bytes that this part of the writing batches does not exceed.
    fn written_at(&self, part: f64) -> u64 {
        let place = self.written.len() as f64 * part;
        self.written.get(place as usize).copied().unwrap_or_default()
    }
}

fn print(costs: &Costs) {
    let batches = &costs.batches;
    let sum = |of: fn(&BatchCost) -> u64| batches.iter().map(of).sum::<u64>() as f64;
    let (records, bytes) = (sum(|batch| batch.lines.len() as u64), sum(bytes_of));
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
        let figures = Figures::of(batches, kind);
        let all = figures.all;
        let mean = all.written as f64 / figures.written.len().max(1) as f64;
        let dollars = dollars_a_tb(all, bytes);
        total += dollars;
        println!(
            "{name:9} {:11.3} {:11.3} {:11} {mean:10.0} {:10} {:11.0} {:11.0} {dollars:8.2}",
            all.reads as f64 / number,
            all.writes as f64 / number,
            figures.written_at(0.5),
            figures.written_at(0.95),
            all.read_units as f64 * 1e6 / records,
            all.write_units as f64 * 1e6 / records,
        );
    }
    for role in Role::ALL {
        let own = batches.iter().filter(|batch| batch.role == role);
        let mut written: Vec<u64> =
            own.filter_map(|batch| Some(batch.bills.get(&Kind::Local)?.written)).collect();
        written.sort_unstable();
        if let Some(median) = written.get(written.len() / 2) {
            println!("{:>36}: {} writes, median {median} bytes", format!("{role:?}"), written.len());
        }
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

/// The bytes of a batch's lines, with their ends.
fn bytes_of(batch: &BatchCost) -> u64 {
    batch.lines.iter().map(|line| line.len() as u64 + 1).sum()
}

fn dollars_a_tb(bill: Bill, bytes: f64) -> f64 {
    let dollars = bill.read_units as f64 * READ_UNITS + bill.write_units as f64 * WRITE_UNITS;
    dollars / 1e6 * 1e12 / bytes
}
