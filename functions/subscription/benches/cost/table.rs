//! What was counted, as tables.

use flow_cost::Prices;
use flow_generate::Role;

use crate::billing::{Asked, Bill, Kind};
use crate::run::{BatchCost, Costs};

const KINDS: [(Kind, &str); 3] =
    [(Kind::Local, "local"), (Kind::Spanning, "spanning"), (Kind::Telling, "telling")];

/// Prints all there is to say.
pub(crate) fn print(costs: &Costs) {
    let batches = &costs.batches;
    let number = batches.len() as f64;
    let records = batches.iter().map(|batch| batch.lines.len() as f64).sum::<f64>();
    let quiet = batches.iter().filter(|batch| batch.bills.is_empty()).count() as f64;
    println!(
        "{number} batches of {:.0} records on average; {:.1} % cost no request",
        records / number,
        100.0 * quiet / number
    );
    println!(
        "{:9} {:>15} {:>37} {:>10} {:>19} {:>8}",
        "", "items a batch", "bytes of the batches that write", "of all", "units a 10^6 lines", "$/TB"
    );
    println!(
        "{:9} {:>7} {:>7} {:>12} {:>12} {:>11} {:>10} {:>9} {:>9} {:>8}",
        "", "read", "written", "median", "mean", "95 %", "median", "read", "write", "of lines"
    );
    for (kind, name) in KINDS {
        let figures = Figures::of(costs, kind);
        let Figures { all, dollars, .. } = figures;
        println!(
            "{name:9} {:7.3} {:7.3} {:12} {:12.0} {:11} {:10} {:9.0} {:9.0} {dollars:8.2}",
            all.reads as f64 / number,
            all.writes as f64 / number,
            figures.written_at(0.5),
            all.written as f64 / figures.written.len().max(1) as f64,
            figures.written_at(0.95),
            figures.median_of(batches.len()),
            all.read_units as f64 * 1e6 / records,
            all.write_units as f64 * 1e6 / records,
        );
    }
    print_roles(batches);
    print_rest(costs);
}

/// Who writes how much for local rules.
fn print_roles(batches: &[BatchCost]) {
    let mut parts = Vec::new();
    for role in Role::ALL {
        let local = batches.iter().filter(|batch| batch.role == role);
        let local = local.filter_map(|batch| batch.bills.get(&Kind::Local));
        let mut written: Vec<u64> = local.map(|bill| bill.written).collect();
        written.sort_unstable();
        if let Some(median) = written.get(written.len() / 2) {
            parts.push(format!("{role:?} {median} ({} times)", written.len()));
        }
    }
    println!("median bytes for local rules: {}", parts.join(", "));
}

fn print_rest(costs: &Costs) {
    let mut ticks = Bill::default();
    costs.ticks.values().for_each(|bill| ticks.add(*bill));
    let ticks = dollars_a_tb(ticks, costs);
    let together = ticks + KINDS.map(|(kind, _)| Figures::of(costs, kind).dollars).iter().sum::<f64>();
    let [late, capped, evicted] = costs.lost;
    println!("ticks in the same time, without their queries: {ticks:.2} $/TB");
    println!("panes lost: {late} late, {capped} over the cap, {evicted} evicted");
    println!("together {together:.2} $/TB");
}

/// Prints what `data/measured.toml` of `flow-cost` has of batches of this size.
pub(crate) fn print_measured(costs: &Costs) {
    let batches = &costs.batches;
    let sum = |of: &dyn Fn(&BatchCost) -> u64| batches.iter().map(of).sum::<u64>() as f64;
    let (records, number) = (sum(&|batch| batch.lines.len() as u64), batches.len() as f64);
    let busy = batches.iter().filter(|batch| batch.asked.iter().any(|asked| asked.calls > 0)).count() as f64;
    let units = costs.ticks.values().chain(batches.iter().flat_map(|batch| batch.bills.values()));
    let units = units.fold([0, 0], |[read, write], bill| [read + bill.read_units, write + bill.write_units]);
    let [read, write] = units.map(|units| units as f64 * 1e6 / records);
    let asked = |of: fn(&Asked) -> u64| sum(&|batch| batch.asked.iter().map(of).sum()) / busy.max(1.0);
    println!("[[batch]]\nrecords = {:.0}", records / number);
    println!("quiet_part = {:.3}", 1.0 - busy / number);
    println!("waits = {:.2}\ncalls = {:.2}", asked(|asked| asked.waits), asked(|asked| asked.calls));
    println!("read_units = {read:.0}\nwrite_units = {write:.0}");
    println!("log_bytes = {:.0}", sum(&|batch| batch.logged) * 1e6 / records);
    // An event is base64 of what is compressed, with little around it.
    println!("compressed_bytes = {:.0}", sum(&|batch| batch.event) * 0.75 / number);
    println!(
        "quiet_line_bytes = {}, {} metrics, {} messages",
        costs.quiet_line,
        costs.metrics.len(),
        costs.messages
    );
}

/// Prints the first line of the table of rules.
pub(crate) fn head_of_rules() {
    println!(
        "{:20} {:9} {:>14} {:>14} {:>10} {:>9}",
        "", "", "writes a batch", "median bytes", "95 %", "$/TB"
    );
}

/// Prints what one rule costs alone.
pub(crate) fn print_rule(rule: &str, costs: &Costs) {
    for (kind, name) in KINDS {
        let figures = Figures::of(costs, kind);
        if figures.all.reads > 0 {
            let writes = figures.all.writes as f64 / costs.batches.len() as f64;
            let (median, most) = (figures.written_at(0.5), figures.written_at(0.95));
            println!("{rule:20} {name:9} {writes:14.3} {median:14} {most:10} {:9.2}", figures.dollars);
        }
    }
}

/// What batches cost for one kind of item.
struct Figures {
    all: Bill,
    /// Bytes of each batch that wrote any, from least to most.
    written: Vec<u64>,
    /// For a TB of lines.
    dollars: f64,
}

impl Figures {
    fn of(costs: &Costs, kind: Kind) -> Self {
        let bills = || costs.batches.iter().filter_map(|batch| batch.bills.get(&kind));
        let mut all = Bill::default();
        bills().for_each(|bill| all.add(*bill));
        let mut written: Vec<u64> = bills().filter(|bill| bill.writes > 0).map(|bill| bill.written).collect();
        written.sort_unstable();
        Figures { all, written, dollars: dollars_a_tb(all, costs) }
    }

    /// The bytes that this part of the writing batches does not exceed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    fn written_at(&self, part: f64) -> u64 {
        let place = self.written.len() as f64 * part;
        self.written.get(place as usize).copied().unwrap_or_default()
    }

    /// The bytes that half of so many batches do not exceed, those that write nothing among them.
    fn median_of(&self, batches: usize) -> u64 {
        let silent = batches - self.written.len();
        (batches / 2)
            .checked_sub(silent)
            .and_then(|place| self.written.get(place))
            .copied()
            .unwrap_or_default()
    }
}

fn dollars_a_tb(bill: Bill, costs: &Costs) -> f64 {
    let lines = costs.batches.iter().flat_map(|batch| &batch.lines);
    let bytes = lines.map(|line| line.len() as f64 + 1.0).sum::<f64>();
    Prices::built_in().request_units(bill.read_units as f64, bill.write_units as f64) * 1e12 / bytes
}
