//! `flowgauge query`: a Logs Insights query over files.

mod chart;
mod printing;
mod reading;

use std::io::{self, IsTerminal};

use flow_enrich::Tables;
use flow_query::{FilterPattern, Program, Query, QueryError, Settings, Span, Time, Warning};

use self::chart::Chart;
use self::printing::Printer;
use self::reading::Selection;
use super::detect::networks;
use crate::args::{QueryArgs, RowOutput};
use crate::clock::now;
use crate::failure::{Failure, Outcome};
use crate::messages;

/// Runs the command.
pub(crate) fn run(args: &QueryArgs) -> Result<Outcome, Failure> {
    if let (Some(start), Some(end)) = (args.start, args.end)
        && start >= end
    {
        return Err(Failure::Span { start: Time(start), end: Time(end) });
    }
    let query = Query::parse(&args.query).map_err(|error| mistake(args, error))?;
    let now = now().try_into().unwrap_or(i64::MAX);
    let settings =
        Settings { now, portable: args.portable, max_groups: args.max_groups, max_rows: args.max_rows };
    let program = Program::compile(&query, settings).map_err(|error| mistake(args, error))?;
    let chart = if args.chart { Some(Chart::of(&query, &program)?) } else { None };
    tell(program.warnings(), &args.query);
    let format = args.input.format();
    messages::unknown_columns(&format);
    let pattern = args.pattern.as_deref().map(pattern).transpose()?;
    let tables = Tables { networks: networks(args.networks.as_deref())? };
    let selection = Selection::new(&program, &format, &tables, pattern, (args.start, args.end));
    let mut printer = Printer::new(args.output, program.columns());
    let (evaluation, report, outcome) = if program.streams() {
        selection.stream(&args.input.inputs, &mut |row| printer.row(row))?
    } else {
        selection.gather(&args.input.inputs)?
    };
    if report.lines.total() > 0 {
        selection.tell_absent();
    }
    let mut rows = Vec::new();
    let warnings = evaluation.give_rows(&mut |row| {
        if chart.is_none() {
            return printer.row(&row).map_err(Failure::from);
        }
        rows.push(row);
        Ok(())
    })?;
    tell(&warnings, &args.query);
    let count = printer.rows() + rows.len() as u64;
    match chart {
        Some(chart) => chart.print(&rows)?,
        None => printer.finish()?,
    }
    messages::summary(&format!("{} of {}", messages::count(count, "row", "rows"), messages::counts(&report)));
    Ok(if report.unusable > 0 { Outcome::Failed } else { outcome })
}

fn mistake(args: &QueryArgs, error: QueryError) -> Failure {
    Failure::Query { text: args.query.clone(), error }
}

fn pattern(text: &str) -> Result<FilterPattern, Failure> {
    FilterPattern::parse(text).map_err(|error| Failure::Pattern { text: text.to_owned(), error })
}

/// Warnings, each with the place in the query that it is about.
fn tell(warnings: &[Warning], text: &str) {
    for warning in warnings {
        if warning.span == Span::default() {
            messages::warning(&warning.to_string());
        } else {
            messages::warning_at(&warning.to_string(), &warning.show(text));
        }
    }
}

impl RowOutput {
    /// Whether rows are read by a person now: nothing else needs to see them as they come.
    fn is_watched(self) -> bool {
        self == RowOutput::Table && io::stdout().is_terminal()
    }
}
