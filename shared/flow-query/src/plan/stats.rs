//! How `stats` becomes groups.

use std::cell::RefCell;

use crate::ast::{Command, ExprKind, Named, Stats};
use crate::compile::{Compiled, NamedColumn, Names, StatsNames, check_names};
use crate::error::{QueryError, QueryErrorKind};
use crate::names::Source;
use crate::operand::Operand;
use crate::plan::builder::{Builder, Shown};
use crate::plan::{GroupsPlan, Sink, used};
use crate::program::Column;
use crate::value::Type;

/// The most columns that one `stats` may make, what it groups by included.
const MAX_COLUMNS: usize = 64;

impl Builder<'_> {
    pub(super) fn stats(&mut self, stats: &Stats, command: &Command) -> Compiled<()> {
        let count: usize = stats.columns.iter().map(|column| used::aggregates(&column.expr)).sum();
        for (what, found) in
            [("columns of `stats`", stats.by.len() + stats.columns.len()), ("aggregates in `stats`", count)]
        {
            if found > MAX_COLUMNS {
                let kind = QueryErrorKind::TooMany { what, max: MAX_COLUMNS, found };
                return Err(QueryError::new(kind, command.keyword()));
            }
        }
        let mut by = Vec::new();
        let mut shown = Vec::new();
        let mut columns = Vec::new();
        for group in &stats.by {
            let (operand, kind) = self.names.operand(&group.expr)?;
            shown.push(column(columns.len(), group.name(), kind));
            columns.push(NamedColumn { name: Some(group.name()), kind });
            by.push(operand);
        }
        let first = columns.len();
        columns.extend((0..count).map(|_| NamedColumn { name: None, kind: Type::Text }));
        let found = RefCell::default();
        let inner = StatsNames { inner: &self.names, first, found };
        let mut names = Names { columns, asked: Some(self.asked), stats: Some(inner), ..Names::default() };
        let mut worked_out = Vec::new();
        for item in &stats.columns {
            shown.push(stats_column(&mut names, item, &mut worked_out)?);
        }
        check_names(stats)?;
        let columns = std::mem::take(&mut names.columns);
        let aggregates = names.stats.take().map(|stats| stats.found.into_inner()).unwrap_or_default();
        let aggregates = aggregates.into_iter().map(|(aggregate, _)| aggregate).collect();
        self.close(Sink::Groups(GroupsPlan { by, aggregates, worked_out }));
        self.begin(columns);
        self.fields = shown;
        self.stats += 1;
        Ok(())
    }
}

/// Compiles one column of `stats`. An aggregate alone is its own column; what is worked out from some is another.
fn stats_column(names: &mut Names<'_>, item: &Named, worked_out: &mut Vec<Operand>) -> Compiled<Shown> {
    let (operand, kind) = names.operand(&item.expr)?;
    let name = item.name();
    let index = match (&item.expr.kind, &operand) {
        (ExprKind::Aggregate(_), Operand::Source(Source::Column(index))) => *index,
        _ => {
            worked_out.push(operand);
            names.columns.push(NamedColumn { name: None, kind });
            names.columns.len() - 1
        }
    };
    names.columns[index] = NamedColumn { name: Some(name.clone()), kind };
    Ok(column(index, name, kind))
}

fn column(index: usize, name: String, kind: Type) -> Shown {
    Shown { column: Column { name, kind }, operand: Operand::Source(Source::Column(index)) }
}
