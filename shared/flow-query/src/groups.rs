//! The groups of one `stats`: encoded keys in one run of bytes, accumulators in one run for each aggregate.

use crate::aggregate::{Aggregate, AggregateFunction, Sum};
use crate::kept::KeptAggregate;
use crate::key_table::{Key, KeyTable};
use crate::plan::GroupsPlan;
use crate::program::LimitError;
use crate::row::Row;
use crate::value::{Number, Value};

/// What is too large or too small for fixed point, by the place of its group: added up in floating point, so that the last
/// digits depend on the order. Empty as long as there is none, as there is none in sums of fields.
#[derive(Debug, Default)]
struct Rest(Vec<f64>);

impl Rest {
    /// Numbers from here on lose less than 10^-7 of themselves in fixed point.
    const LEAST: f64 = 1.0 / 256.0;
    /// Sums of 2^32 numbers below this fit.
    const MOST: f64 = 4_611_686_018_427_387_904.0;

    #[inline]
    fn add(&mut self, place: usize, sum: &mut Sum, number: Number) {
        match number {
            Number::Float(float) if !(Self::LEAST..Self::MOST).contains(&float.abs()) => {
                self.add_float(place, float);
            }
            number => sum.add(number),
        }
    }

    fn add_float(&mut self, place: usize, float: f64) {
        if self.0.len() <= place {
            self.0.resize(place + 1, 0.0);
        }
        self.0[place] += float;
    }

    fn of(&self, place: usize) -> f64 {
        self.0.get(place).copied().unwrap_or_default()
    }

    fn merge(&mut self, to: usize, other: &Rest, from: usize) {
        let float = other.of(from);
        if float != 0.0 {
            self.add_float(to, float);
        }
    }

    fn sum(&self, place: usize, sum: Sum) -> Value<'static> {
        let rest = self.of(place);
        if rest == 0.0 { sum.value() } else { Value::of_float(sum.to_float() + rest) }
    }

    fn mean(&self, place: usize, sum: Sum, count: u64) -> Value<'static> {
        let rest = self.of(place);
        if rest == 0.0 { sum.mean(count) } else { Value::of_float((sum.to_float() + rest) / count as f64) }
    }
}

/// The accumulators of one aggregate, by the place of their group.
#[derive(Debug)]
enum Accumulators {
    Counts(Vec<u64>),
    Sums(Vec<Sum>, Rest),
    Averages(Vec<(Sum, u64)>, Rest),
    Others(AggregateFunction, Vec<Aggregate>),
}

impl Accumulators {
    fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Accumulators::Counts(Vec::new()),
            AggregateFunction::Sum => Accumulators::Sums(Vec::new(), Rest::default()),
            AggregateFunction::Avg => Accumulators::Averages(Vec::new(), Rest::default()),
            other => Accumulators::Others(other, Vec::new()),
        }
    }

    /// Makes room for one more group.
    fn push(&mut self) {
        match self {
            Accumulators::Counts(counts) => counts.push(0),
            Accumulators::Sums(sums, _) => sums.push(Sum::default()),
            Accumulators::Averages(averages, _) => averages.push(Default::default()),
            Accumulators::Others(function, others) => others.push(function.start()),
        }
    }

    #[inline]
    fn add(&mut self, place: usize, kept: &KeptAggregate, row: &(impl Row + ?Sized)) {
        match self {
            Accumulators::Others(_, others) => kept.add(&mut others[place], row),
            Accumulators::Counts(counts) => {
                let counted = kept.argument.as_ref().is_none_or(|f| !matches!(f.value(row), Value::Absent));
                counts[place] = counts[place].saturating_add(counted.into());
            }
            Accumulators::Sums(sums, rest) => {
                if let Some(number) = kept.number(row) {
                    rest.add(place, &mut sums[place], number);
                }
            }
            Accumulators::Averages(averages, rest) => {
                if let Some(number) = kept.number(row) {
                    let (sum, count) = &mut averages[place];
                    rest.add(place, sum, number);
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// Adds the accumulator at `from` of `other` to the one at `to`.
    fn merge(&mut self, to: usize, other: &Accumulators, from: usize) {
        match (self, other) {
            (Accumulators::Counts(counts), Accumulators::Counts(more)) => {
                counts[to] = counts[to].saturating_add(more[from]);
            }
            (Accumulators::Sums(sums, rest), Accumulators::Sums(more, theirs)) => {
                sums[to].merge(more[from]);
                rest.merge(to, theirs, from);
            }
            (Accumulators::Averages(averages, rest), Accumulators::Averages(more, theirs)) => {
                rest.merge(to, theirs, from);
                averages[to].0.merge(more[from].0);
                averages[to].1 = averages[to].1.saturating_add(more[from].1);
            }
            (Accumulators::Others(_, others), Accumulators::Others(_, more)) => others[to].merge(&more[from]),
            _ => {}
        }
    }

    fn value(&self, place: usize) -> Value<'static> {
        match self {
            Accumulators::Counts(counts) => Aggregate::Count(counts[place]).value(),
            Accumulators::Sums(sums, rest) => rest.sum(place, sums[place]),
            Accumulators::Averages(averages, rest) => {
                let (sum, count) = averages[place];
                rest.mean(place, sum, count)
            }
            Accumulators::Others(_, others) => others[place].value(),
        }
    }
}

/// The groups so far.
#[derive(Debug)]
pub(crate) struct Groups {
    keys: KeyTable,
    aggregates: Vec<Accumulators>,
    /// The key at work.
    key: Key,
}

impl Groups {
    pub(crate) fn new(plan: &GroupsPlan) -> Self {
        let aggregates: Vec<_> =
            plan.aggregates.iter().map(|kept| Accumulators::new(kept.function)).collect();
        let mut groups = Groups { keys: KeyTable::new(plan.by.len()), aggregates, key: Key::default() };
        if plan.by.is_empty() {
            // Of no records there is one group too: `stats count(*)` is 0 then.
            groups.place(usize::MAX).ok();
        }
        groups
    }

    /// Adds `row` to its group.
    #[inline]
    pub(crate) fn add(
        &mut self,
        plan: &GroupsPlan,
        row: &(impl Row + ?Sized),
        max: usize,
    ) -> Result<(), LimitError> {
        self.key.clear();
        for operand in &plan.by {
            operand.add_to_key(row, &mut self.key);
        }
        let place = self.place(max)?;
        for (accumulators, kept) in self.aggregates.iter_mut().zip(&plan.aggregates) {
            accumulators.add(place, kept, row);
        }
        Ok(())
    }

    /// The place of the key at work.
    #[inline]
    fn place(&mut self, max: usize) -> Result<usize, LimitError> {
        let (place, is_new) = self.keys.place(&self.key, max).ok_or(LimitError::Groups { max })?;
        if is_new {
            self.aggregates.iter_mut().for_each(Accumulators::push);
        }
        Ok(place)
    }

    /// Adds all groups of `other`, which is of the same plan.
    pub(crate) fn merge(&mut self, other: Groups, max: usize) -> Result<(), LimitError> {
        if self.keys.len() == 0 {
            // Of one input nothing is copied: there is room for all groups once, and no more.
            *self = other;
            return Ok(());
        }
        for from in 0..other.keys.len() {
            other.keys.copy_key(from, &mut self.key);
            let to = self.place(max)?;
            for (mine, theirs) in self.aggregates.iter_mut().zip(&other.aggregates) {
                mine.merge(to, theirs, from);
            }
        }
        Ok(())
    }

    /// Gives every group's row to `give`, if need be in the order of what they are grouped by.
    pub(crate) fn drain<E>(
        self,
        plan: &GroupsPlan,
        in_order: bool,
        give: &mut dyn FnMut(&[Value<'_>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Groups { keys, aggregates, .. } = self;
        let order = if in_order { keys.in_order() } else { Vec::new() };
        for index in 0..keys.len() {
            let place = order.get(index).map_or(index, |place| *place as usize);
            keys.with_values(place, |values| {
                let mut row: Vec<Value<'_>> = values.collect();
                row.extend(aggregates.iter().map(|accumulators| accumulators.value(place)));
                for operand in &plan.worked_out {
                    let value = operand.value(row.as_slice()).into_owned();
                    row.push(value);
                }
                give(&row)
            })?;
        }
        Ok(())
    }
}
