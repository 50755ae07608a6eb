//! Generated traffic through the real pipeline, batch by batch, over a store that counts, with what the function logs.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flow_detect::RuleSet;
use flow_function::telemetry::{Ending, Telemetry};
use flow_generate::{Batches, EventEncoder, Role, Settings, Traffic};
use flow_output::Message;
use flow_pipeline::{
    Definitions, Notifier, Pipeline, PipelineSettings, Published, Report, Topic, now_or_never,
};
use flow_record::RecordFormat;
use serde_json::Value;

use crate::billing::{Asked, BilledStore, Bills};

/// How long records wait for others of their interface, in seconds: flow logs are delivered within about five minutes,
/// and what is later than 15 minutes may be too late to count.
const PATIENCE: u64 = 900;

/// How long after its last record a batch arrives, in seconds.
const DELIVERY: u64 = 60;

/// Seconds of traffic before counting begins: the longest window, its lateness, and some more.
pub(crate) const WARM_UP: u64 = 5400;

/// Names as long as those that `CloudFormation` and Lambda give.
const FUNCTION: &str = "flowgauge-SubscriptionFunction-AbCdEfGh1234";
const REQUEST: &str = "3f0c1f2e-9c7b-4d53-8f43-1f2d1c0b9a87";

/// Bytes that CloudWatch Logs counts for an event beside its text.
const LINE_OVERHEAD: u64 = 26;

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
    /// How often AWS was asked, of the store and of the topics.
    pub(crate) asked: [Asked; 2],
    /// Bytes of the log lines that had to be written at once.
    pub(crate) logged: u64,
    /// Bytes of the event as it reaches the function.
    pub(crate) event: u64,
}

/// All that was counted.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    pub(crate) batches: Vec<BatchCost>,
    /// What ticks cost in the same time.
    pub(crate) ticks: Bills,
    /// Panes lost to lateness, to the cap on spanning writes, and with groups that were evicted.
    pub(crate) lost: [u64; 3],
    /// Messages published.
    pub(crate) messages: u64,
    /// Bytes of the line that an environment writes once a minute when all is quiet.
    pub(crate) quiet_line: u64,
    /// Metrics with their dimensions that were written in all.
    pub(crate) metrics: BTreeSet<String>,
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

/// Tells nobody, and counts how often it was asked to.
#[derive(Debug, Default)]
struct Nobody(Mutex<Asked>);

impl Nobody {
    fn asked(&self) -> Asked {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Notifier for Nobody {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, _: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).at_once(messages.len());
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Runs a plan with these rules.
pub(crate) fn run(plan: &Plan, rules: RuleSet) -> Costs {
    let format = RecordFormat::default();
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let pipeline = Pipeline::new(PipelineSettings::default(), BilledStore::default(), Nobody::default());
    let traffic = Traffic::new(&plan.traffic);
    let interfaces = traffic.interfaces().to_vec();
    let mut encoder = EventEncoder::new(&interfaces, "/aws/vpc/flowlogs");
    let log = Log::new(plan.traffic.start);
    let (mut costs, mut counted, mut clock) = (Costs::default(), 0, 0_u64);
    for batch in Batches::new(traffic, format, plan.size, PATIENCE) {
        let begins = batch.end + DELIVERY;
        while clock < begins {
            clock = (clock + 60).max(begins / 60 * 60);
            now_or_never(pipeline.tick(&definitions, clock)).expect("a store in memory never fails");
        }
        let is_counted = batch.start >= plan.traffic.start + WARM_UP;
        add(&mut costs.ticks, pipeline.store().bill(), is_counted);
        let _ = (pipeline.store().asked(), pipeline.notifier().asked());
        for event in encoder.encode(&batch).expect("a few lines fit into an event") {
            let report = now_or_never(pipeline.run(&definitions, event.as_bytes(), clock))
                .expect("a store in memory never fails");
            let bills = pipeline.store().bill();
            let asked = [pipeline.store().asked(), pipeline.notifier().asked()];
            let logged = log.at_once(&report);
            if !is_counted {
                continue;
            }
            costs.lost[0] += report.late_panes;
            costs.lost[1] += report.capped_panes;
            costs.lost[2] += report.evicted_panes;
            costs.messages += report.published.values().sum::<u64>();
            costs.metrics.extend(logged.iter().flat_map(|line| metrics(line)));
            counted += report.lines.total();
            costs.batches.push(BatchCost {
                role: batch.interface.role,
                lines: batch.lines.iter().map(|(_, line)| line.clone()).collect(),
                bills,
                asked,
                logged: bytes(&logged),
                event: event.len() as u64,
            });
        }
        if counted >= plan.records {
            break;
        }
    }
    let quiet = log.after_a_minute();
    costs.metrics.extend(quiet.iter().flat_map(|line| metrics(line)));
    costs.quiet_line = bytes(&quiet);
    costs
}

/// What the function writes to its log.
struct Log {
    telemetry: Telemetry,
    /// Time stands still: a line that comes once a minute never is due.
    now: u64,
}

impl Log {
    fn new(now: u64) -> Self {
        let log = Log { telemetry: Telemetry::new(FUNCTION.to_owned()), now };
        log.write(&Report::default(), now);
        log
    }

    /// Lines that had to be written for this event.
    fn at_once(&self, report: &Report) -> Vec<String> {
        self.write(report, self.now)
    }

    /// Lines that are written because a minute has passed.
    fn after_a_minute(&self) -> Vec<String> {
        self.write(&Report::default(), self.now + 60)
    }

    fn write(&self, report: &Report, now: u64) -> Vec<String> {
        self.telemetry.lines(report, &Ending::default(), REQUEST, now)
    }
}

fn bytes(lines: &[String]) -> u64 {
    lines.iter().map(|line| line.len() as u64 + LINE_OVERHEAD).sum()
}

/// The metrics of a line, each with the rule that it is about if it is about one.
fn metrics(line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    let names = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().cloned().unwrap_or_default();
    let rule = line["rule"].as_str().unwrap_or_default();
    names.iter().map(|name| format!("{}{rule}", name["Name"].as_str().unwrap_or_default())).collect()
}

fn add(total: &mut Bills, bills: Bills, is_counted: bool) {
    for (kind, bill) in bills.into_iter().filter(|_| is_counted) {
        total.entry(kind).or_default().add(bill);
    }
}
