//! A query as a program: compiled once, run by any number of evaluations whose results merge.

use std::cell::RefCell;
use std::fmt::{self, Display};

use flow_enrich::Enrichment;
use flow_record::{Field, RecordFormat};

use crate::ast::Query;
use crate::compile::Asked;
use crate::error::QueryError;
use crate::evaluation::Evaluation;
use crate::names::{Source, enrichments, missing_fields};
use crate::plan::{Segment, Sink, plan};
use crate::time::Time;
use crate::value::{Type, Value};
use crate::warning::Warning;

/// What whoever asks a query decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What `now()` is, in seconds since 1970.
    pub now: i64,
    /// Whether the query is to run in the CloudWatch console too: names that the console does not know are refused, and
    /// more rows than it gives are told.
    pub portable: bool,
    /// The most groups that one `stats` may make.
    pub max_groups: usize,
    /// The most rows that a `sort` or `dedup` may keep.
    pub max_rows: usize,
}

impl Default for Settings {
    /// Ten million groups, or a million rows, which may be whole lines: some gigabytes at most.
    fn default() -> Self {
        Settings { now: 0, portable: false, max_groups: 10_000_000, max_rows: 1_000_000 }
    }
}

/// A column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name: the alias, else the name or expression as printed.
    pub name: String,
    /// The type of its values, each of which may be absent. A column of text may hold numbers too: what `coalesce`
    /// chooses from several types is called text.
    pub kind: Type,
}

impl Column {
    /// `value` as people read it: times as `YYYY-MM-DD HH:MM:SS.mmm`, what is absent as nothing.
    pub fn show(&self, value: &Value<'_>) -> impl Display {
        fmt::from_fn(move |f| match value {
            Value::Absent => Ok(()),
            Value::Integer(time) if self.kind == Type::Time => Time(*time).fmt(f),
            other => other.fmt(f),
        })
    }
}

/// One row of the answer: a value for each of its columns.
pub type AnswerRow = Box<[Value<'static>]>;

/// What a query says of all records that were observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows, in order; none of a program that [streams](Program::streams), which gave them already.
    pub rows: Vec<AnswerRow>,
    /// What to know of this answer.
    pub warnings: Vec<Warning>,
}

/// More than the settings allow to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A `stats` makes more groups.
    #[error("expected at most {max} groups: filter first, or group by less")]
    Groups {
        /// The bound.
        max: usize,
    },
    /// A `sort` or `dedup` keeps more rows.
    #[error("expected at most {max} rows to sort or compare: filter first, or add `limit` to `sort`")]
    Rows {
        /// The bound.
        max: usize,
    },
}

/// A compiled query.
///
/// Answers do not depend on how the records were cut into evaluations or on the order of merging, but for one thing:
/// rows that nothing sorts come in the order of the records, so evaluations of such a program are merged in the order
/// of their inputs. Rows that `sort` finds equal are ordered by all their values from left to right; what then is equal
/// looks equal. Groups that nothing sorts are in the order of what they are grouped by, addresses first and by their
/// octets.
#[derive(Debug)]
pub struct Program {
    pub(crate) segments: Vec<Segment>,
    pub(crate) columns: Vec<Column>,
    pub(crate) settings: Settings,
    warnings: Vec<Warning>,
}

impl Program {
    /// Compiles a query.
    ///
    /// # Errors
    /// When it names something unknown, compares what can't be compared, or puts a command where it can't stand.
    pub fn compile(query: &Query, settings: Settings) -> Result<Program, QueryError> {
        let warnings = RefCell::default();
        let asked = Asked { now: settings.now, portable: settings.portable, warnings: &warnings };
        let (segments, columns) = plan(query, asked)?;
        Ok(Program { segments, columns, settings, warnings: warnings.into_inner() })
    }

    /// What the query does otherwise than it may seem to.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The columns of the answer.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether it does not show in which order the evaluations of several inputs are merged.
    pub fn merges_in_any_order(&self) -> bool {
        self.segments.first().is_some_and(|first| match &first.sink {
            Sink::Groups(_) => true,
            Sink::Rows(rows) => !rows.order.is_empty() || rows.dedup.is_some(),
            Sink::Pass { .. } => false,
        })
    }

    /// Whether [`Evaluation::observe`] gives the rows as the records come, and keeps nothing.
    pub fn streams(&self) -> bool {
        self.stream_limit().is_some()
    }

    /// The most rows that a program which streams gives in all, `u64::MAX` without `limit`; none for other programs.
    ///
    /// An evaluation gives no more itself; who runs several stops when all of them together have given as many.
    pub fn stream_limit(&self) -> Option<u64> {
        match self.segments.as_slice() {
            [Segment { sink: Sink::Pass { limit, .. }, .. }] => Some(limit.unwrap_or(u64::MAX)),
            _ => None,
        }
    }

    /// Whether it reads `source`.
    pub fn reads(&self, source: Source) -> bool {
        let mut reads = false;
        self.segments.iter().for_each(|segment| segment.sources(&mut |read| reads |= read == source));
        reads
    }

    /// The fields that it reads and `format` lacks, enrichments' included: they are absent.
    pub fn missing_fields(&self, format: &RecordFormat) -> Vec<Field> {
        missing_fields(format, |visit| self.sources(visit))
    }

    /// The enrichments that it asks for, which the CloudWatch console does not know.
    pub fn enrichments(&self) -> Vec<Enrichment> {
        enrichments(|visit| self.sources(visit))
    }

    /// An evaluation of no records. Each thread may have its own.
    pub fn start(&self) -> Evaluation<'_> {
        Evaluation::new(self)
    }

    fn sources(&self, visit: &mut dyn FnMut(Source)) {
        self.segments.iter().for_each(|segment| segment.sources(visit));
    }
}
