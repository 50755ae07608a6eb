//! What keeping state may cost, batch by batch, over generated traffic with every built-in rule on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../benches/cost/billing.rs"]
mod billing;
#[path = "../benches/cost/run.rs"]
mod run;

use flow_detect::{Deltas, Mode};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_generate::{Role, Settings};
use flow_record::RecordFormat;

use billing::Kind;
use run::{Costs, Plan};

fn costs(size: usize) -> Costs {
    let traffic = Settings { interfaces: 20, ..Settings::default() };
    run::run(&Plan { traffic, size, records: 6000 }, run::rules(None, |_| true))
}

/// Local rules cost a batch of one interface a read and a write at most, whatever is in it.
#[test]
fn one_read_and_one_write_a_batch() {
    let costs = costs(50);
    let local: Vec<_> = costs.batches.iter().filter_map(|batch| batch.bills.get(&Kind::Local)).collect();
    assert!(local.len() > 5, "{} of {} batches touch a local rule", local.len(), costs.batches.len());
    assert!(local.iter().all(|bill| bill.reads == 1 && bill.writes <= 1));
    assert_eq!(costs.lost, [0, 0, 0], "nothing late, over the cap or evicted");
}

/// The median batch writes a kilobyte at most for them.
#[test]
fn a_kilobyte_in_the_median() {
    let costs = costs(50);
    let mut written: Vec<u64> = costs
        .batches
        .iter()
        .map(|batch| batch.bills.get(&Kind::Local).map_or(0, |bill| bill.written))
        .collect();
    written.sort_unstable();
    let median = written[written.len() / 2];
    assert!(median <= 1024, "{median} bytes; of {} batches", written.len());
    let roles = [Role::LoadBalancer, Role::WebServer, Role::Workstation, Role::NatGateway];
    assert!(roles.iter().all(|role| costs.batches.iter().any(|batch| batch.role == *role)));
}

/// An event waits for one answer to a read and one to a write, and for those that findings need; nothing of it is logged, but
/// for a line a minute.
#[test]
fn answers_are_waited_for_and_quiet_is_logged_once_a_minute() {
    let costs = costs(50);
    let waits = |batch: &run::BatchCost| batch.asked.iter().map(|asked| asked.waits).sum::<u64>();
    assert!(costs.batches.iter().all(|batch| waits(batch) <= 8 && batch.event > 500));
    assert!(costs.batches.iter().any(|batch| waits(batch) == 2 && batch.logged == 0));
    assert_eq!((costs.messages, costs.batches.iter().map(|batch| batch.logged).sum::<u64>()), (0, 0));
    assert!(costs.quiet_line > 200, "{} bytes", costs.quiet_line);
}

/// What matches no rule is never asked about, and what matches is.
#[test]
fn nothing_for_a_batch_that_matches_nothing() {
    let (rules, format, tables) = (run::rules(None, |_| true), RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Observe);
    let costs = costs(20);
    let mut quiet = 0;
    for batch in &costs.batches {
        let mut deltas = Deltas::default();
        for line in &batch.lines {
            let line = format.parse(line).unwrap();
            let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
            deltas.observe(&active, &flow);
        }
        assert_eq!(batch.bills.is_empty(), deltas.is_empty());
        let calls = batch.asked.iter().map(|asked| asked.calls).sum::<u64>();
        assert_eq!((calls == 0, calls == 0 && batch.logged > 0), (deltas.is_empty(), false));
        quiet += u64::from(deltas.is_empty());
    }
    assert!(quiet > 100, "only {quiet} of {} batches match nothing", costs.batches.len());
}
