//! From commands to segments: steps that each row takes alone, and the sink that keeps them for the next segment.

use crate::ast::{CommandKind, Query};
use crate::compile::{Asked, Compiled};
use crate::condition::Condition;
use crate::extract::Extractor;
use crate::kept::KeptAggregate;
use crate::names::Source;
use crate::operand::Operand;
use crate::plan::builder::Builder;
use crate::program::Column;

mod builder;
mod stats;
mod used;

/// A part of a program: the first reads records, each further one the rows of the one before.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) steps: Vec<Step>,
    /// How many columns a row has before the steps make more.
    pub(crate) columns: usize,
    /// How many values the steps make.
    pub(crate) made: usize,
    pub(crate) sink: Sink,
}

/// What a row goes through alone.
#[derive(Debug)]
pub(crate) enum Step {
    Filter(Condition),
    Make {
        operand: Operand,
        /// Whether it reads what other steps made.
        reads_made: bool,
    },
    Parse {
        subject: Operand,
        reads_made: bool,
        extractor: Extractor,
    },
}

/// Where rows go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// On, in the order in which they come; the last segment only.
    Pass { shown: Vec<Operand>, limit: Option<u64> },
    /// Into a table of rows.
    Rows(RowsPlan),
    /// Into groups.
    Groups(GroupsPlan),
}

/// Which rows are kept and in which order.
#[derive(Debug)]
pub(crate) struct RowsPlan {
    /// The columns of a kept row; the first are those of the answer.
    pub(crate) carried: Vec<Operand>,
    pub(crate) shown: usize,
    /// What they are sorted by: columns, and whether descending. Without any they stay in the order they come in.
    pub(crate) order: Vec<(usize, bool)>,
    pub(crate) limit: Option<usize>,
    /// The columns that no two kept rows share.
    pub(crate) dedup: Option<Vec<usize>>,
}

/// What `stats` keeps. A group's row has what it is grouped by, the aggregates, then what is worked out from both.
#[derive(Debug)]
pub(crate) struct GroupsPlan {
    pub(crate) by: Vec<Operand>,
    pub(crate) aggregates: Vec<KeptAggregate>,
    pub(crate) worked_out: Vec<Operand>,
}

impl Segment {
    /// Visits every source that it reads.
    pub(crate) fn sources(&self, visit: &mut dyn FnMut(Source)) {
        for step in &self.steps {
            match step {
                Step::Filter(condition) => condition.sources(visit),
                Step::Make { operand, .. } | Step::Parse { subject: operand, .. } => operand.sources(visit),
            }
        }
        match &self.sink {
            Sink::Pass { shown, .. } => shown.iter().for_each(|operand| operand.sources(visit)),
            Sink::Rows(rows) => rows.carried.iter().for_each(|operand| operand.sources(visit)),
            Sink::Groups(groups) => {
                groups.by.iter().for_each(|operand| operand.sources(visit));
                groups.aggregates.iter().for_each(|aggregate| aggregate.sources(visit));
            }
        }
    }
}

/// The segments of a query, and the columns of its answer.
pub(crate) fn plan(query: &Query, asked: Asked<'_>) -> Compiled<(Vec<Segment>, Vec<Column>)> {
    let mut builder = Builder::new(asked);
    for (index, command) in query.commands.iter().enumerate() {
        builder.make_room_for(command, &query.commands[index..])?;
        match &command.kind {
            CommandKind::Fields(columns) => builder.fields(columns)?,
            CommandKind::Display(columns) => builder.display(columns)?,
            CommandKind::Filter(condition) => builder.filter(condition)?,
            CommandKind::Stats(stats) => builder.stats(stats, command)?,
            CommandKind::Sort(keys) => builder.sort(keys)?,
            CommandKind::Limit(rows) => builder.limit(*rows, command),
            CommandKind::Parse(parse) => builder.parse(parse, command)?,
            CommandKind::Dedup(names) => builder.dedup(names, command)?,
        }
    }
    Ok(builder.finish())
}
