//! A program at work.

use flow_enrich::EnrichedFlow;

use crate::groups::Groups;
use crate::plan::{Segment, Sink, Step};
use crate::program::{Answer, AnswerRow, LimitError, Program, Settings};
use crate::row::{Made, Row};
use crate::rows::KeptRows;
use crate::value::Value;
use crate::warning::{Warning, WarningKind};

/// What a program has made of the records so far.
#[derive(Debug)]
pub struct Evaluation<'p> {
    program: &'p Program,
    state: State,
}

/// What one segment keeps.
#[derive(Debug)]
enum State {
    /// How many rows were passed on.
    Passed(u64),
    Rows(KeptRows),
    Groups(Groups),
}

impl<'p> Evaluation<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        Evaluation { program, state: State::new(first(program)) }
    }

    /// Takes one record, and gives its row when the program [streams](Program::streams).
    ///
    /// # Errors
    /// When more would have to be kept than the settings allow; the answer can't be had then.
    #[inline]
    pub fn observe(&mut self, flow: &EnrichedFlow<'_>) -> Result<Option<AnswerRow>, LimitError> {
        self.state.feed(first(self.program), &self.program.settings, flow)
    }

    /// Whether no further record can change anything: `limit` without `sort` has all its rows.
    pub fn is_complete(&self) -> bool {
        self.state.is_full(first(self.program))
    }

    /// Adds everything that `other`, of the same program, has observed. Where nothing sorts the rows, its records come
    /// after those of this one.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn merge(&mut self, other: Evaluation<'_>) -> Result<(), LimitError> {
        let settings = &self.program.settings;
        match (&mut self.state, other.state, &first(self.program).sink) {
            (State::Passed(rows), State::Passed(more), _) => *rows = rows.saturating_add(more),
            (State::Rows(rows), State::Rows(more), Sink::Rows(plan)) => {
                rows.merge(plan, more, settings.max_rows)?;
            }
            (State::Groups(groups), State::Groups(more), Sink::Groups(_)) => {
                groups.merge(more, settings.max_groups)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The answer.
    ///
    /// # Errors
    /// When a further `stats` or `sort` would have to keep more than the settings allow.
    pub fn finish(self) -> Result<Answer, LimitError> {
        let columns = self.program.columns.clone();
        let mut rows = Vec::new();
        let warnings = self.give_rows(&mut |row| {
            rows.push(row);
            Ok::<_, LimitError>(())
        })?;
        Ok(Answer { columns, rows, warnings })
    }

    /// Gives the rows of the answer to `give`, each as soon as it is made, and then what to know of the answer.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), before any row; and what `give` fails with.
    pub fn give_rows<E: From<LimitError>>(
        self,
        give: &mut dyn FnMut(AnswerRow) -> Result<(), E>,
    ) -> Result<Vec<Warning>, E> {
        let Program { segments, settings, .. } = self.program;
        let mut state = self.state;
        for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
            state.settle(settings)?;
            let mut next_state = State::new(next);
            state.drain(
                segment,
                next.keeps_order(),
                &mut |row| match next_state.feed(next, settings, row)? {
                    Some(row) => give(row),
                    None => Ok(()),
                },
            )?;
            state = next_state;
        }
        let given = match (state, segments.last().map(|last| &last.sink)) {
            (State::Passed(given), _) => given,
            (State::Rows(kept), Some(Sink::Rows(plan))) => {
                let rows = kept.into_rows(plan);
                let given = rows.len() as u64;
                rows.into_iter().try_for_each(|row| give(shown(row, plan.shown)))?;
                given
            }
            _ => 0,
        };
        // Of a `limit` above it that was told when the query was compiled.
        let is_told =
            self.program.warnings().iter().any(|told| matches!(told.kind, WarningKind::ConsoleRows { .. }));
        let is_more = settings.portable && given > crate::CONSOLE_ROWS && !is_told;
        let kind = WarningKind::ConsoleRows { rows: given };
        Ok(is_more.then(|| Warning { kind, span: crate::error::Span::default() }).into_iter().collect())
    }
}

fn first(program: &Program) -> &Segment {
    program.segments.first().expect("a plan has at least the segment that ends it")
}

/// The first `shown` values of a row.
fn shown(row: AnswerRow, shown: usize) -> AnswerRow {
    if row.len() == shown {
        return row;
    }
    let mut values = row.into_vec();
    values.truncate(shown);
    values.into()
}

impl Segment {
    /// Whether the order in which rows come makes a difference.
    fn keeps_order(&self) -> bool {
        match &self.sink {
            Sink::Pass { .. } => true,
            Sink::Rows(plan) => plan.order.is_empty(),
            Sink::Groups(_) => false,
        }
    }

    /// What the steps make of `row`; none when a filter refuses it.
    fn made<'r, R: Row + ?Sized>(&'r self, row: &'r R) -> Option<Vec<Value<'r>>> {
        let mut values: Vec<Value<'r>> = Vec::with_capacity(self.made);
        for step in &self.steps {
            let made = Made { row, columns: self.columns, values: &values };
            match step {
                Step::Filter(condition) => {
                    if !condition.holds(&made) {
                        return None;
                    }
                }
                Step::Make { operand, reads_made: false } => values.push(operand.value(row)),
                Step::Make { operand, reads_made: true } => {
                    let value = operand.value(&made).into_owned();
                    values.push(value);
                }
                Step::Parse { subject, reads_made: false, extractor } => {
                    extractor.extract(subject.text(row), &mut values);
                }
                Step::Parse { subject, reads_made: true, extractor } => {
                    let text = subject.text(&made).map(|text| text.into_owned().into());
                    extractor.extract(text, &mut values);
                }
            }
        }
        Some(values)
    }

    /// Whether `row` passes all filters, of a segment that makes nothing.
    #[inline]
    fn passes(&self, row: &(impl Row + ?Sized)) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Filter(condition) => condition.holds(row),
            _ => true,
        })
    }
}

impl State {
    fn new(segment: &Segment) -> Self {
        match &segment.sink {
            Sink::Pass { .. } => State::Passed(0),
            Sink::Rows(_) => State::Rows(KeptRows::default()),
            Sink::Groups(plan) => State::Groups(Groups::new(plan)),
        }
    }

    /// Takes in rows that it has put off.
    fn settle(&mut self, settings: &Settings) -> Result<(), LimitError> {
        match self {
            State::Groups(groups) => groups.settle(settings.max_groups),
            State::Passed(_) | State::Rows(_) => Ok(()),
        }
    }

    fn is_full(&self, segment: &Segment) -> bool {
        match (self, &segment.sink) {
            (State::Passed(rows), Sink::Pass { limit, .. }) => limit.is_some_and(|limit| *rows >= limit),
            (State::Rows(rows), Sink::Rows(plan)) => rows.is_full(plan),
            _ => false,
        }
    }

    /// Takes one row; gives it back when it is passed on.
    #[inline]
    fn feed<R: Row + ?Sized>(
        &mut self,
        segment: &Segment,
        settings: &Settings,
        row: &R,
    ) -> Result<Option<AnswerRow>, LimitError> {
        if segment.made == 0 {
            return if segment.passes(row) { self.keep(segment, settings, row) } else { Ok(None) };
        }
        let Some(values) = segment.made(row) else { return Ok(None) };
        self.keep(segment, settings, &Made { row, columns: segment.columns, values: &values })
    }

    #[inline]
    fn keep<R: Row + ?Sized>(
        &mut self,
        segment: &Segment,
        settings: &Settings,
        row: &R,
    ) -> Result<Option<AnswerRow>, LimitError> {
        match (self, &segment.sink) {
            (State::Groups(groups), Sink::Groups(plan)) => groups.add(plan, row, settings.max_groups)?,
            (State::Rows(rows), Sink::Rows(plan)) => rows.add(plan, row, settings.max_rows)?,
            (State::Passed(rows), Sink::Pass { shown, limit }) if limit.is_none_or(|limit| *rows < limit) => {
                *rows += 1;
                return Ok(Some(shown.iter().map(|operand| operand.value(row).into_owned()).collect()));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Gives all rows to `give`, if need be in order.
    fn drain<E>(
        self,
        segment: &Segment,
        in_order: bool,
        give: &mut dyn FnMut(&[Value<'_>]) -> Result<(), E>,
    ) -> Result<(), E> {
        match (self, &segment.sink) {
            (State::Groups(groups), Sink::Groups(plan)) => groups.drain(plan, in_order, give),
            (State::Rows(rows), Sink::Rows(plan)) => {
                rows.into_rows(plan).iter().try_for_each(|row| give(row))
            }
            _ => Ok(()),
        }
    }
}
