//! One aggregate of `stats`, compiled.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, AggregateFunction};
use crate::names::Source;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::{Number, Value};

/// An aggregate and what it is worked out from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptAggregate {
    pub(crate) function: AggregateFunction,
    /// `None` counts every row.
    pub(crate) argument: Option<Operand>,
    /// Where `@timestamp` is, for those that go by time.
    pub(crate) time: Option<Source>,
}

impl KeptAggregate {
    /// Adds `row` to an accumulator of this aggregate.
    pub(crate) fn add(&self, aggregate: &mut Aggregate, row: &(impl Row + ?Sized)) {
        match (&self.argument, self.time) {
            (None, _) => aggregate.add(&Value::Integer(1)),
            (Some(argument), None) => aggregate.add(&argument.value(row)),
            (Some(argument), Some(time)) => {
                let at = match row.value(time).number() {
                    Some(Number::Integer(at)) => Some(at),
                    _ => None,
                };
                aggregate.add_at(&argument.value(row), at);
            }
        }
    }

    /// The number that `row` adds, if it has one.
    #[inline]
    pub(crate) fn number(&self, row: &(impl Row + ?Sized)) -> Option<Number> {
        self.argument.as_ref().and_then(|argument| argument.number(row))
    }

    /// Whether more records can only make its value larger.
    pub(crate) fn only_grows(&self) -> bool {
        match self.function {
            AggregateFunction::Count | AggregateFunction::CountDistinct | AggregateFunction::Max => true,
            AggregateFunction::Sum => self.argument.as_ref().is_some_and(Operand::is_non_negative),
            _ => false,
        }
    }

    /// Visits every source that it reads.
    pub(crate) fn sources(&self, visit: &mut dyn FnMut(Source)) {
        if let Some(argument) = &self.argument {
            argument.sources(visit);
        }
        if let Some(time) = self.time {
            visit(time);
        }
    }
}
