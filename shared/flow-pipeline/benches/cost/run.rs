//! Generated traffic through the real pipeline, batch by batch, over a store that counts.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use flow_detect::RuleSet;
use flow_generate::{Batches, EventEncoder, Role, Settings, Traffic};
use flow_output::Message;
use flow_pipeline::{Definitions, Notifier, Pipeline, PipelineSettings, Published, Topic, now_or_never};
use flow_record::RecordFormat;

use crate::billing::{BilledStore, Bills};

/// How long records wait for others of their interface, in seconds: flow logs are delivered within about five minutes,
/// and what is later than 15 minutes may be too late to count.
const PATIENCE: u64 = 900;

/// How long after its last record a batch arrives, in seconds.
const DELIVERY: u64 = 60;

/// Seconds of traffic before counting begins: the longest window, its lateness, and some more.
pub(crate) const WARM_UP: u64 = 5400;

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) traffic: Settings,
    /// The most records of a batch.
    pub(crate) size: usize,
    /// Records to count.
    pub(crate) records: u64,
}

/// What one batch cost.
#[derive(Debug)]
pub(crate) struct BatchCost {
    pub(crate) role: Role,
    pub(crate) lines: Vec<String>,
    pub(crate) bills: Bills,
}

/// All that was counted.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    pub(crate) batches: Vec<BatchCost>,
    /// What ticks cost in the same time.
    pub(crate) ticks: Bills,
    /// Panes lost to lateness, to the cap on spanning writes, and with groups that were evicted.
    pub(crate) lost: [u64; 3],
}

/// The built-in rules whose files' names are wanted, all of them on; those of a folder beside or instead of them.
pub(crate) fn rules(folder: Option<&Path>, is_wanted: impl Fn(&str) -> bool) -> RuleSet {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut files = BTreeMap::new();
    for folder in [Some(own.as_path()), folder].into_iter().flatten() {
        for entry in fs::read_dir(folder).expect("a folder of rules") {
            let path = entry.expect("a folder that can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_wanted(&name) && path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).expect("a file of a rule");
                files.insert(name, text);
            }
        }
    }
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    RuleSet::only_files(files).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Tells nobody.
#[derive(Debug)]
struct Nobody;

impl Notifier for Nobody {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, _: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Runs a plan with these rules.
pub(crate) fn run(plan: &Plan, rules: RuleSet) -> Costs {
    let format = RecordFormat::default();
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let pipeline = Pipeline::new(PipelineSettings::default(), BilledStore::default(), Nobody);
    let traffic = Traffic::new(&plan.traffic);
    let interfaces = traffic.interfaces().to_vec();
    let mut encoder = EventEncoder::new(&interfaces, "/aws/vpc/flowlogs");
    let (mut costs, mut counted, mut clock) = (Costs::default(), 0, 0_u64);
    for batch in Batches::new(traffic, format, plan.size, PATIENCE) {
        let begins = batch.end + DELIVERY;
        while clock < begins {
            clock = (clock + 60).max(begins / 60 * 60);
            now_or_never(pipeline.tick(&definitions, clock)).expect("a store in memory never fails");
        }
        let is_counted = batch.start >= plan.traffic.start + WARM_UP;
        add(&mut costs.ticks, pipeline.store().bill(), is_counted);
        for event in encoder.encode(&batch).expect("a few lines fit into an event") {
            let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), clock))
                .expect("a store in memory never fails");
            let bills = pipeline.store().bill();
            if !is_counted {
                continue;
            }
            costs.lost[0] += report.late_panes;
            costs.lost[1] += report.capped_panes;
            costs.lost[2] += report.evicted_panes;
            counted += report.lines.flows + report.lines.no_data + report.lines.skip_data;
            costs.batches.push(BatchCost {
                role: batch.interface.role,
                lines: batch.lines.iter().map(|(_, line)| line.clone()).collect(),
                bills,
            });
        }
        if counted >= plan.records {
            break;
        }
    }
    costs
}

fn add(total: &mut Bills, bills: Bills, is_counted: bool) {
    for (kind, bill) in bills.into_iter().filter(|_| is_counted) {
        total.entry(kind).or_default().add(bill);
    }
}
