//! A detection's query: what can be kept incrementally over windows.

use flow_enrich::Enrichment;
use flow_record::{Field, RecordFormat};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, AggregateFunction};
use crate::ast::{Command, CommandKind, Comparison, Expr, ExprKind, Named, Query, Stats};
use crate::compile::{Names, check_names};
use crate::condition::Condition;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::floor::Floor;
use crate::group::{GroupKey, KeyValues, MAX_GROUP_BY};
use crate::kept::KeptAggregate;
use crate::names::{Source, SystemField, enrichments, has_source, missing_fields};
use crate::operand::Operand;
use crate::row::Row;
use crate::value::{Number, Type, Value};

/// What makes a detection local.
const INTERFACE: Source = Source::Field(Field::InterfaceId);

/// What captured a record that has no interface.
const INTERFACE_INSTEAD: [Source; 3] = [
    Source::Field(Field::ResourceId),
    Source::Field(Field::TgwAttachmentId),
    Source::System(SystemField::LogStream),
];

/// The most aggregates that one detection may have.
pub const MAX_AGGREGATES: usize = 8;

/// A compiled detection: which records count, what is kept of them for each group, and when a group is a finding.
///
/// Its query is one or more `filter`, one `stats` with `by`, and a closing `filter` over the columns of `stats`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ContinuousQuery {
    filter: Condition,
    group_by: Vec<Operand>,
    group_names: Vec<String>,
    aggregates: Vec<KeptAggregate>,
    aggregate_names: Vec<String>,
    closing: Condition,
    /// What must hold for `closing` to hold, and goes on to hold whatever is added.
    needed: Condition,
    is_monotone: bool,
}

impl ContinuousQuery {
    /// Compiles a detection's query.
    ///
    /// # Errors
    /// When it is not of a detection's shape, names something unknown, or compares what can't be compared.
    pub fn compile(query: &Query) -> Result<Self, QueryError> {
        Self::compile_shaped(query, true)
    }

    /// Compiles what a detection does with the records that a filter pattern selects: its query may begin with
    /// `stats`.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_after_pattern(query: &Query) -> Result<Self, QueryError> {
        Self::compile_shaped(query, false)
    }

    fn compile_shaped(query: &Query, needs_filter: bool) -> Result<Self, QueryError> {
        let record = Names::record();
        // Before the shape, so that the first mistake in the text is the one told.
        let filters =
            leading_filters(query).map(|filter| record.condition(filter)).collect::<Result<_, _>>()?;
        let (stats, closing) = shape(query, needs_filter)?;
        let group_by =
            stats.by.iter().map(|group| record.operand(&group.expr)).collect::<Result<Vec<_>, _>>()?;
        let mut columns: Vec<(String, Type)> =
            stats.by.iter().zip(&group_by).map(|(group, (_, kind))| (group.name(), *kind)).collect();
        let mut aggregates = Vec::new();
        for column in &stats.columns {
            let ExprKind::Aggregate(call) = &column.expr.kind else {
                let found = format!("`{}`", column.expr);
                return Err(not_a_rule(
                    "an aggregate such as count(*) or sum(bytes)",
                    &found,
                    column.expr.span,
                ));
            };
            let (aggregate, kind) = record.argument(call, column.expr.span)?;
            columns.push((column.name(), kind));
            aggregates.push(aggregate);
        }
        check_names(stats)?;
        let condition = Names::of_columns(columns).condition(closing)?;
        let is_monotone = is_monotone(&condition, stats.by.len(), &aggregates);
        let needed = needed(&condition, stats.by.len(), &aggregates);
        Ok(ContinuousQuery {
            filter: Condition::All(filters),
            group_by: group_by.into_iter().map(|(operand, _)| operand).collect(),
            group_names: stats.by.iter().map(Named::name).collect(),
            aggregates,
            aggregate_names: stats.columns.iter().map(Named::name).collect(),
            closing: condition,
            needed,
            is_monotone,
        })
    }

    /// Which rows count.
    pub(crate) fn filter(&self) -> &Condition {
        &self.filter
    }

    /// Whether `row` counts.
    #[inline]
    pub fn matches(&self, row: &impl Row) -> bool {
        self.filter.holds(row)
    }

    /// What `row` is grouped by.
    ///
    /// A record without an interface is grouped by what captured it instead: the regional NAT gateway, the transit
    /// gateway's attachment, else the log stream.
    pub fn key<'r>(&'r self, row: &'r impl Row) -> KeyValues<'r> {
        let value = |operand: &'r Operand| match operand.value(row) {
            Value::Absent if operand.is(INTERFACE) => {
                let captured = INTERFACE_INSTEAD.into_iter().map(|source| row.value(source));
                captured.into_iter().find(|value| *value != Value::Absent).unwrap_or(Value::Absent)
            }
            value => value,
        };
        KeyValues::new(self.group_by.iter().map(value))
    }

    /// The accumulators of no records.
    pub fn start(&self) -> impl Iterator<Item = Aggregate> {
        self.aggregates.iter().map(|aggregate| aggregate.function.start())
    }

    /// Adds `row` to accumulators that [`start`](Self::start) made.
    pub fn add(&self, aggregates: &mut [Aggregate], row: &impl Row) {
        for (kept, aggregate) in self.aggregates.iter().zip(aggregates) {
            kept.add(aggregate, row);
        }
    }

    /// Whether a group with these accumulators passes the closing filter.
    pub fn passes(&self, key: &GroupKey, aggregates: &[Aggregate]) -> bool {
        self.closing.holds(&Columns { key, aggregates })
    }

    /// Whether some part of what these accumulators hold may pass the closing filter; false only where none can.
    pub fn may_pass(&self, key: &GroupKey, aggregates: &[Aggregate]) -> bool {
        aggregates.iter().any(Aggregate::is_estimated) || self.needed.holds(&Columns { key, aggregates })
    }

    /// The number that the closing filter asks for, if it is one that could be moved.
    pub fn floor(&self) -> Option<Floor> {
        Floor::of(&self.closing, self.group_by.len())
    }

    /// What a group with these accumulators compares with `floor`; none when something else keeps it from passing.
    pub fn floored(&self, floor: &Floor, key: &GroupKey, aggregates: &[Aggregate]) -> Option<Number> {
        floor.value(&Columns { key, aggregates })
    }

    /// The names of what it groups by, in the query's order.
    pub fn group_names(&self) -> &[String] {
        &self.group_names
    }

    /// The names of its aggregates, in the query's order.
    pub fn aggregate_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.aggregate_names.iter().map(String::as_str)
    }

    /// The functions of its aggregates, in the query's order.
    pub fn aggregate_functions(&self) -> impl ExactSizeIterator<Item = AggregateFunction> {
        self.aggregates.iter().map(|aggregate| aggregate.function)
    }

    /// Whether a group that passes keeps passing whatever else is added, so that it may be told at once.
    ///
    /// Distinct counts above [`EXACT_LIMIT`](crate::EXACT_LIMIT) are estimates, which may dip a little as values are
    /// added: within their error a group near its threshold may pass, and later not.
    pub fn is_monotone(&self) -> bool {
        self.is_monotone
    }

    /// Whether all records of a group come from one network interface.
    pub fn is_local(&self) -> bool {
        self.group_by.iter().any(|operand| operand.is(INTERFACE))
    }

    /// The part of the group key that is `source`, if the query groups by it.
    pub fn group_place(&self, source: Source) -> Option<usize> {
        self.group_by.iter().position(|operand| operand.is(source))
    }

    /// Whether records of `format` can ever count: it has the fields without which the filters never hold, the
    /// groups have no name, or the aggregates nothing to add.
    pub fn is_applicable(&self, format: &RecordFormat) -> bool {
        let has = |source: Source| has_source(format, source);
        let counts =
            |kept: &KeptAggregate| kept.argument.as_ref().is_none_or(|operand| operand.is_possible(&has));
        self.filter.is_possible(&has)
            && self.group_by.iter().all(|operand| operand.is(INTERFACE) || operand.is_possible(&has))
            && self.aggregates.iter().any(counts)
    }

    /// The fields that it reads and `format` lacks, enrichments' included.
    pub fn missing_fields(&self, format: &RecordFormat) -> Vec<Field> {
        missing_fields(format, |visit| self.sources(visit))
    }

    /// The enrichments that it asks for, which the CloudWatch console does not know.
    pub fn enrichments(&self) -> Vec<Enrichment> {
        enrichments(|visit| self.sources(visit))
    }

    /// Visits every source that it reads.
    fn sources(&self, visit: &mut dyn FnMut(Source)) {
        self.filter.sources(visit);
        self.group_by.iter().for_each(|operand| operand.sources(visit));
        self.aggregates.iter().for_each(|kept| kept.sources(visit));
    }
}

/// What the closing filter reads: the group's key, then its aggregates.
struct Columns<'g> {
    key: &'g GroupKey,
    aggregates: &'g [Aggregate],
}

impl Row for Columns<'_> {
    fn value(&self, source: Source) -> Value<'_> {
        let Source::Column(index) = source else { return Value::Absent };
        match self.key.parts().get(index) {
            Some(part) => part.value(),
            None => {
                self.aggregates.get(index - self.key.parts().len()).map_or(Value::Absent, Aggregate::value)
            }
        }
    }
}

impl Query {
    /// The closing filter of a detection as text: `attempts > 100`.
    pub fn threshold(&self) -> String {
        match self.commands.last().map(|last| &last.kind) {
            Some(CommandKind::Filter(closing)) => closing.to_string(),
            _ => String::new(),
        }
    }
}

/// Those of a detection by which records count.
pub(crate) fn leading_filters(query: &Query) -> impl Iterator<Item = &Expr> {
    query.commands.iter().map_while(|command| match &command.kind {
        CommandKind::Filter(condition) => Some(condition),
        _ => None,
    })
}

/// The `stats` of a detection, and the closing filter.
fn shape(query: &Query, needs_filter: bool) -> Result<(&Stats, &Expr), QueryError> {
    let filters = leading_filters(query).count();
    let mut commands = query.commands.iter().skip(filters);
    let Some(command) = commands.next() else {
        return Err(not_a_rule("a `stats` after the filters", "the end of the query", end_of(query)));
    };
    let CommandKind::Stats(stats) = &command.kind else { return Err(not_in_a_rule(command)) };
    if filters == 0 && needs_filter {
        return Err(not_a_rule("a `filter` before `stats`", "`stats`", command.span));
    }
    if stats.by.is_empty() {
        let expected = "`by` and the names of what a finding is about";
        return Err(not_a_rule(expected, "no `by`", command.span));
    }
    for (what, max, found) in [
        ("names after `by`", MAX_GROUP_BY, stats.by.len()),
        ("aggregates in `stats`", MAX_AGGREGATES, stats.columns.len()),
    ] {
        if found > max {
            return Err(QueryError::new(QueryErrorKind::TooMany { what, max, found }, command.span));
        }
    }
    let Some(last) = commands.next() else {
        let expected = "a closing `filter` with the threshold";
        return Err(not_a_rule(expected, "the end of the query", command.span));
    };
    let closing = match &last.kind {
        CommandKind::Filter(closing) => closing,
        CommandKind::Stats(_) => {
            return Err(not_a_rule("a closing `filter`", "a second `stats`", last.span));
        }
        _ => return Err(not_in_a_rule(last)),
    };
    let Some(more) = commands.next() else { return Ok((stats, closing)) };
    Err(match &more.kind {
        CommandKind::Filter(condition) => {
            let expected = "the end of the query; join conditions with `and`";
            not_a_rule(expected, "another `filter`", condition.span)
        }
        CommandKind::Stats(_) => not_a_rule("the end of the query", "a second `stats`", more.span),
        _ => not_in_a_rule(more),
    })
}

fn not_a_rule(expected: &'static str, found: &str, span: Span) -> QueryError {
    QueryError::new(QueryErrorKind::NotARule { expected, found: found.to_owned() }, span)
}

fn not_in_a_rule(command: &Command) -> QueryError {
    let name = command.kind.name().to_owned();
    let kind = QueryErrorKind::UnsupportedCommand { name, expected: "filter, stats" };
    QueryError::new(kind, command.keyword())
}

fn end_of(query: &Query) -> Span {
    leading_filters(query).last().map_or(Span::default(), |condition| condition.span)
}

/// Whether a group that passes `closing` passes with any more records: only aggregates that grow, compared with `>`
/// or `>=` to a number, joined by `and` and `or`. Tests of the group's own names never change and are free.
fn is_monotone(closing: &Condition, keys: usize, aggregates: &[KeptAggregate]) -> bool {
    let grows = |source: &Source| match source {
        Source::Column(index) => {
            aggregates.get(index.wrapping_sub(keys)).is_some_and(KeptAggregate::only_grows)
        }
        _ => false,
    };
    let is_floor = |op: &Comparison| matches!(op, Comparison::Greater | Comparison::GreaterOrEqual);
    match closing {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().all(|condition| is_monotone(condition, keys, aggregates))
        }
        Condition::Integer { source, op, .. } if is_floor(op) && grows(source) => true,
        Condition::Compare { op, left: Operand::Source(source), right: Operand::Literal(value) }
            if is_floor(op) && grows(source) && value.number().is_some() =>
        {
            true
        }
        other => {
            let mut only_keys = true;
            other.sources(&mut |source| only_keys &= matches!(source, Source::Column(index) if index < keys));
            only_keys
        }
    }
}

/// `closing` without what may cease to hold: [monotone](is_monotone), and true whenever `closing` is.
fn needed(closing: &Condition, keys: usize, aggregates: &[KeptAggregate]) -> Condition {
    let parts = |parts: &[Condition]| parts.iter().map(|part| needed(part, keys, aggregates)).collect();
    match closing {
        monotone if is_monotone(monotone, keys, aggregates) => monotone.clone(),
        Condition::All(all) => Condition::All(parts(all)),
        Condition::Any(any) => Condition::Any(parts(any)),
        _ => Condition::All(Vec::new()),
    }
}
