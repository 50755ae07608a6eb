//! The plan while it is built, command by command.

use crate::ast::{Command, CommandKind, Expr, ExprKind, Named, Parse, SortKey};
use crate::compile::{Asked, Compiled, NamedColumn, Names};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::extract::Extractor;
use crate::names::{Source, SystemField};
use crate::operand::Operand;
use crate::plan::{RowsPlan, Segment, Sink, Step, used};
use crate::program::Column;
use crate::value::Type;
use crate::warning::WarningKind;

/// A column that the answer may show.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) column: Column,
    pub(super) operand: Operand,
}

/// The segment at work, and those before it.
pub(super) struct Builder<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) names: Names<'a>,
    /// How many of the names' columns were there before this segment's steps.
    pub(super) columns: usize,
    steps: Vec<Step>,
    segments: Vec<Segment>,
    /// What `fields` asked for so far, or the columns of `stats`.
    pub(super) fields: Vec<Shown>,
    parsed: Vec<Shown>,
    display: Option<Vec<Shown>>,
    order: Vec<(Operand, bool)>,
    limit: Option<u64>,
    dedup: Option<Vec<Operand>>,
    pub(super) stats: usize,
}

/// The most `stats` commands, as in CloudWatch.
const MAX_STATS: usize = 2;

impl<'a> Builder<'a> {
    pub(super) fn new(asked: Asked<'a>) -> Self {
        Builder {
            asked,
            names: Names { knows_records: true, asked: Some(asked), ..Names::default() },
            columns: 0,
            steps: Vec::new(),
            segments: Vec::new(),
            fields: Vec::new(),
            parsed: Vec::new(),
            display: None,
            order: Vec::new(),
            limit: None,
            dedup: None,
            stats: 0,
        }
    }

    /// Begins another segment when `command`, the first of `rest`, means the rows that are left by those before.
    pub(super) fn make_room_for(&mut self, command: &Command, rest: &[Command]) -> Compiled<()> {
        let is_cut = matches!(command.kind, CommandKind::Limit(_) | CommandKind::Display(_));
        let is_limit = matches!(command.kind, CommandKind::Limit(_));
        if self.dedup.is_some() && self.asked.portable && !is_limit {
            return Err(misplaced("`limit` alone after `dedup`, for the console", command));
        }
        if self.dedup.is_some() && !is_cut {
            let expected = "the end of the query, `limit` or `display` after `dedup`";
            return Err(misplaced(expected, command));
        }
        if matches!(command.kind, CommandKind::Stats(_)) {
            if self.stats == MAX_STATS {
                let kind = QueryErrorKind::TooMany { what: "`stats`", max: MAX_STATS, found: MAX_STATS + 1 };
                return Err(QueryError::new(kind, command.keyword()));
            }
            if self.asked.portable && self.stats > 0 && (self.limit.is_some() || !self.order.is_empty()) {
                return Err(misplaced(
                    "`sort` and `limit` behind the second `stats`, for the console",
                    command,
                ));
            }
        }
        let sees_rows = !is_cut && !matches!(command.kind, CommandKind::Fields(_) | CommandKind::Parse(_));
        if self.limit.is_some() && sees_rows {
            self.keep_rows(rest);
        }
        Ok(())
    }

    pub(super) fn filter(&mut self, condition: &Expr) -> Compiled<()> {
        self.steps.push(Step::Filter(self.names.condition(condition)?));
        Ok(())
    }

    pub(super) fn fields(&mut self, columns: &[Named]) -> Compiled<()> {
        for column in columns {
            let shown = self.shown(column)?;
            push(&mut self.fields, shown);
        }
        Ok(())
    }

    pub(super) fn display(&mut self, columns: &[Named]) -> Compiled<()> {
        let mut display: Vec<Shown> = Vec::new();
        for column in columns {
            push(&mut display, self.shown(column)?);
        }
        self.display = Some(display);
        Ok(())
    }

    /// What is to be shown; an expression or an alias becomes a name for later commands.
    fn shown(&mut self, column: &Named) -> Compiled<Shown> {
        let (operand, kind) = self.names.operand(&column.expr)?;
        let name = column.name();
        let operand = match (&column.alias, &column.expr.kind, self.names.column(&name)) {
            (None, ExprKind::Name(_), _) => operand,
            // The same expression once more is the column that there is.
            (None, _, Some((source, _))) => Operand::Source(source),
            _ => {
                let reads_made = self.reads_made(&operand);
                let made = self.add_column(&name, kind, column.span)?;
                self.steps.push(Step::Make { operand, reads_made });
                made
            }
        };
        Ok(Shown { column: Column { name, kind }, operand })
    }

    /// A column that a step makes. A name is given once, so that it means the same wherever it stands.
    fn add_column(&mut self, name: &str, kind: Type, span: Span) -> Compiled<Operand> {
        if self.names.column(name).is_some() {
            return Err(QueryError::new(QueryErrorKind::DuplicateName { name: name.to_owned() }, span));
        }
        self.names.columns.push(NamedColumn { name: Some(name.to_owned()), kind });
        Ok(Operand::Source(Source::Column(self.names.columns.len() - 1)))
    }

    fn reads_made(&self, operand: &Operand) -> bool {
        let mut reads = false;
        operand.sources(&mut |source| {
            reads |= matches!(source, Source::Column(index) if index >= self.columns);
        });
        reads
    }

    pub(super) fn sort(&mut self, keys: &[SortKey]) -> Compiled<()> {
        let mut order = Vec::new();
        for key in keys {
            order.push((self.names.operand(&key.expr)?.0, key.descending));
        }
        // What an earlier `sort` said still orders what this one finds equal.
        order.append(&mut self.order);
        self.order = order;
        Ok(())
    }

    pub(super) fn limit(&mut self, rows: u64, command: &Command) {
        if self.asked.portable && rows > crate::CONSOLE_ROWS {
            self.names.warn(WarningKind::ConsoleRows { rows }, command.span);
        }
        self.limit = Some(self.limit.map_or(rows, |limit| limit.min(rows)));
    }

    pub(super) fn parse(&mut self, parse: &Parse, command: &Command) -> Compiled<()> {
        let subject = match &parse.subject {
            Some(subject) => self.names.operand(subject)?.0,
            None => {
                let kind = ExprKind::Name(SystemField::Message.name().to_owned());
                self.names.operand(&Expr { kind, span: command.keyword() })?.0
            }
        };
        let extractor = Extractor::compile(&parse.pattern, command.span)?;
        let names = extractor.names.clone();
        let reads_made = self.reads_made(&subject);
        self.steps.push(Step::Parse { subject, reads_made, extractor });
        for name in names {
            let operand = self.add_column(&name, Type::Text, command.span)?;
            self.parsed.push(Shown { column: Column { name, kind: Type::Text }, operand });
        }
        Ok(())
    }

    pub(super) fn dedup(&mut self, names: &[Expr], command: &Command) -> Compiled<()> {
        let mut operands = Vec::new();
        for name in names {
            operands.push(self.names.operand(name)?.0);
        }
        if self.order.is_empty()
            && let Ok(time) = self.names.timestamp(command.span)
        {
            self.order.push((Operand::Source(time), true));
        }
        self.dedup = Some(operands);
        Ok(())
    }

    /// The columns to show, as things stand.
    fn visible(&mut self) -> Vec<Shown> {
        if let Some(display) = self.display.take() {
            return display;
        }
        let mut visible = std::mem::take(&mut self.fields);
        if visible.is_empty() && self.names.knows_records {
            visible = [SystemField::Timestamp, SystemField::Message].map(system).into();
        }
        for parsed in std::mem::take(&mut self.parsed) {
            push(&mut visible, parsed);
        }
        visible
    }

    /// Ends the segment with a table of the rows so far, for the commands of `rest`.
    fn keep_rows(&mut self, rest: &[Command]) {
        let mut carried = self.visible();
        let shown = carried.len();
        let mut others = vec![(SystemField::Timestamp.name(), Span::default())];
        used::names(rest, &mut |name, span| others.push((name, span)));
        for (name, span) in others {
            let expr = Expr { kind: ExprKind::Name(name.to_owned()), span };
            if carried.iter().all(|shown| shown.column.name != name)
                && let Ok((operand, kind)) = self.names.operand(&expr)
            {
                carried.push(Shown { column: Column { name: name.to_owned(), kind }, operand });
            }
        }
        let columns: Vec<Column> = carried.iter().map(|shown| shown.column.clone()).collect();
        let plan = self.rows_plan(carried, shown);
        self.close(Sink::Rows(plan));
        let named = |column: &Column| NamedColumn { name: Some(column.name.clone()), kind: column.kind };
        self.begin(columns.iter().map(named).collect());
        let place = |(index, column): (usize, Column)| Shown {
            column,
            operand: Operand::Source(Source::Column(index)),
        };
        self.fields = columns.into_iter().take(shown).enumerate().map(place).collect();
    }

    fn rows_plan(&mut self, carried: Vec<Shown>, shown: usize) -> RowsPlan {
        let mut carried: Vec<Operand> = carried.into_iter().map(|shown| shown.operand).collect();
        let mut column = |operand: Operand| {
            let same = |other: &Operand| matches!(operand, Operand::Source(source) if other.is(source));
            carried.iter().position(same).unwrap_or_else(|| {
                carried.push(operand);
                carried.len() - 1
            })
        };
        let order = std::mem::take(&mut self.order);
        let order = order.into_iter().map(|(operand, descending)| (column(operand), descending)).collect();
        let dedup = self.dedup.take().map(|operands| operands.into_iter().map(column).collect());
        let limit = self.limit.take().map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        RowsPlan { carried, shown, order, limit, dedup }
    }

    /// Ends the segment.
    pub(super) fn close(&mut self, sink: Sink) {
        let steps = std::mem::take(&mut self.steps);
        let made = self.names.columns.len() - self.columns;
        self.segments.push(Segment { steps, columns: self.columns, made, sink });
    }

    /// Begins a segment over rows with these columns.
    pub(super) fn begin(&mut self, columns: Vec<NamedColumn>) {
        self.columns = columns.len();
        self.names = Names { columns, asked: Some(self.asked), ..Names::default() };
        self.order.clear();
        self.parsed.clear();
        self.display = None;
    }

    /// The segments, and the columns of the answer.
    pub(super) fn finish(mut self) -> (Vec<Segment>, Vec<Column>) {
        let visible = self.visible();
        let columns = visible.iter().map(|shown| shown.column.clone()).collect();
        if self.order.is_empty() && self.dedup.is_none() {
            let shown = visible.into_iter().map(|shown| shown.operand).collect();
            let limit = self.limit;
            self.close(Sink::Pass { shown, limit });
        } else {
            let shown = visible.len();
            let plan = self.rows_plan(visible, shown);
            self.close(Sink::Rows(plan));
        }
        (self.segments, columns)
    }
}

/// Adds a column unless there is one of its name.
fn push(columns: &mut Vec<Shown>, shown: Shown) {
    if columns.iter().all(|other| other.column.name != shown.column.name) {
        columns.push(shown);
    }
}

fn system(field: SystemField) -> Shown {
    let source = Source::System(field);
    let column = Column { name: field.name().to_owned(), kind: source.value_type() };
    Shown { column, operand: Operand::Source(source) }
}

fn misplaced(expected: &'static str, command: &Command) -> QueryError {
    let kind = QueryErrorKind::Place { expected, found: command.kind.name() };
    QueryError::new(kind, command.keyword())
}
