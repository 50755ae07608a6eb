//! `flowgauge cost`: what a month of flow logs costs, and what would cost less.

mod printing;
mod texts;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flow_cost::{Measured, Model, Prices, Volume, Workload};

use self::printing::Answer;
use super::detect::language;
use crate::args::{CostArgs, RowOutput};
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub(crate) fn run(args: &CostArgs) -> Result<Outcome, Failure> {
    let Some(volume) = args.volume else {
        io::stdout().lock().write_all(Prices::built_in_text().as_bytes())?;
        return Ok(Outcome::Fine);
    };
    let prices = args.prices.as_deref().map_or_else(|| Ok(Prices::built_in()), prices)?;
    let measured = Measured::built_in();
    let model = Model { prices: &prices, measured: &measured };
    let workload = workload(args, volume, &measured);
    let answer = Answer {
        estimate: model.estimate(&workload),
        advice: model.advice(&workload),
        workload,
        prices: &prices,
        measured: &measured,
    };
    let mut out = io::stdout().lock();
    match args.output {
        RowOutput::Table => answer.table(&mut out, language(args.lang))?,
        RowOutput::Json => answer.json(&mut out)?,
        RowOutput::Csv => answer.csv(&mut out)?,
    }
    Ok(Outcome::Fine)
}

fn workload(args: &CostArgs, volume: Volume, measured: &Measured) -> Workload {
    let format = measured.format(args.format.name()).expect("a test finds every format of the arguments");
    let usual = Workload::new(volume, format, measured);
    Workload {
        batch: args.batch,
        memory: args.memory.unwrap_or(usual.memory),
        architecture: args.architecture.into(),
        has_dashboard: args.dashboard,
        findings_a_day: args.findings,
        alerts_a_day: args.alerts,
        archive_days: args.archive_days,
        pays_for_flow_logs: !args.without_flow_logs,
        ..usual
    }
}

fn prices(path: &Path) -> Result<Prices, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    Prices::parse(&text).map_err(|error| Failure::Prices { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::args::LinesArg;

    #[test]
    fn every_format_of_the_arguments_was_measured() {
        let measured = Measured::built_in();
        let names: Vec<_> = LinesArg::value_variants().iter().map(|format| format.name()).collect();
        assert_eq!(measured.formats().iter().map(|format| format.name.as_str()).collect::<Vec<_>>(), names);
    }
}
