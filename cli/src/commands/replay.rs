//! `flowgauge replay`: the detections over history, and what would have been sent.

mod printing;

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_detect::Mode;
use flow_enrich::Tables;
use flow_envelope::Limits;
use flow_pipeline::{Definitions, History, Replay, ReplaySettings};

use super::detect::{networks, quietest, warn_of_unfit};
use crate::args::{HistoryOutput, ReplayArgs};
use crate::failure::{Failure, Outcome};
use crate::inputs::read_each;
use crate::{messages, rule_files, suppressed};

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<Outcome, Failure> {
    let rules = rule_files::load(args.definitions.rules.as_deref())?;
    let modes: BTreeMap<String, Mode> =
        rules.rules().iter().map(|rule| (rule.id.clone(), rule.mode)).collect();
    let suppressions = args.suppressions.as_deref().map(|path| suppressed::load_timeless(path, &rules));
    let definitions = Definitions {
        rules: Arc::new(rules.told_up_to(quietest(args.mode))),
        tables: Arc::new(Tables { networks: networks(args.definitions.networks.as_deref())? }),
        suppressions: Arc::new(suppressions.transpose()?.unwrap_or_default()),
        ..Definitions::default()
    };
    let format = args.input.format();
    messages::unknown_columns(&format);
    let mut replay = Replay::new(ReplaySettings {
        definitions: &definitions,
        format: &format,
        limits: Limits::default(),
        max_groups: args.max_groups,
    });
    let outcome = read_each(&args.input.inputs, |input, source| {
        let read = replay.read(source)?;
        messages::rejects(input, replay.report());
        Ok(read)
    })?;
    let history = replay.finish()?;
    match args.output {
        HistoryOutput::Text => printing::text(&history, &modes, args.top)?,
        HistoryOutput::Json => printing::json(&history, &modes, args.top)?,
    }
    tell(&history);
    Ok(if history.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// What is to be known of the answer, and counts.
fn tell(history: &History<'_>) {
    let report = &history.report;
    warn_of_unfit(report);
    let lost = [
        (
            history.behind,
            "record",
            "records",
            "began long before newer ones that came earlier: give inputs in order of time",
        ),
        (
            report.late_panes,
            "pane",
            "panes",
            "came too late for any open window: what they hold was not counted",
        ),
        (report.evicted_groups, "group", "groups", "began anew for want of room in state, as in a function"),
        (
            report.capped_panes,
            "pane",
            "panes",
            "were more than one event may write: what they hold was not counted",
        ),
        (history.refused, "group", "groups", "found no room: thresholds may be too low (see --max-groups)"),
    ];
    for (number, one, many, what) in lost.iter().filter(|(number, ..)| *number > 0) {
        messages::warning(&format!("{} {what}", messages::count(*number, one, many)));
    }
    let sum = |of: fn(&flow_pipeline::Told) -> u64| history.rules.iter().map(|rule| of(&rule.told)).sum();
    let people = sum(|told| told.people) + history.digests.values().sum::<u64>();
    let people = messages::count(people, "message", "messages");
    let programs = messages::count(sum(|told| told.programs()), "message", "messages");
    let rules = messages::count(history.rules.len() as u64, "rule", "rules");
    let counts = messages::counts(report);
    messages::summary(&format!("{people} to people, {programs} to programs by {rules} in {counts}"));
}
