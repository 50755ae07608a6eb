//! The groups of one `stats`: encoded keys in one run of bytes, accumulators in one run for each aggregate.

use std::collections::HashMap;

use crate::aggregate::{Aggregate, AggregateFunction, Sum};
use crate::kept::KeptAggregate;
use crate::key_table::{Key, KeyTable};
use crate::plan::GroupsPlan;
use crate::program::LimitError;
use crate::row::Row;
use crate::value::{Number, Value};

/// Sums by the place of their group: whole numbers in one run, and beside it what few groups have.
#[derive(Debug, Default)]
struct Sums {
    whole: Vec<i128>,
    others: HashMap<usize, Sum>,
}

impl Sums {
    #[inline]
    fn add(&mut self, place: usize, number: Number) {
        match number {
            Number::Integer(whole) => self.whole[place] = self.whole[place].saturating_add(whole.into()),
            Number::Float(_) => self.others.entry(place).or_default().add(number),
        }
    }

    fn merge(&mut self, to: usize, more: &Sums, from: usize) {
        self.whole[to] = self.whole[to].saturating_add(more.whole[from]);
        if let Some(more) = more.others.get(&from) {
            self.others.entry(to).or_default().merge(more);
        }
    }

    fn at(&self, place: usize) -> Sum {
        let mut sum = self.others.get(&place).cloned().unwrap_or_default();
        sum.whole = self.whole[place];
        sum
    }
}

/// The accumulators of one aggregate, by the place of their group.
#[derive(Debug)]
enum Accumulators {
    Counts(Vec<u64>),
    Sums(Sums),
    Averages(Sums, Vec<u64>),
    Others(AggregateFunction, Vec<Aggregate>),
}

impl Accumulators {
    fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Accumulators::Counts(Vec::new()),
            AggregateFunction::Sum => Accumulators::Sums(Sums::default()),
            AggregateFunction::Avg => Accumulators::Averages(Sums::default(), Vec::new()),
            other => Accumulators::Others(other, Vec::new()),
        }
    }

    /// Makes room for one more group.
    fn push(&mut self) {
        match self {
            Accumulators::Counts(counts) => counts.push(0),
            Accumulators::Sums(sums) => sums.whole.push(0),
            Accumulators::Averages(sums, counts) => {
                sums.whole.push(0);
                counts.push(0);
            }
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
            Accumulators::Sums(sums) => {
                if let Some(number) = kept.number(row) {
                    sums.add(place, number);
                }
            }
            Accumulators::Averages(sums, counts) => {
                if let Some(number) = kept.number(row) {
                    sums.add(place, number);
                    counts[place] = counts[place].saturating_add(1);
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
            (Accumulators::Sums(sums), Accumulators::Sums(more)) => sums.merge(to, more, from),
            (Accumulators::Averages(sums, counts), Accumulators::Averages(more, more_counts)) => {
                sums.merge(to, more, from);
                counts[to] = counts[to].saturating_add(more_counts[from]);
            }
            (Accumulators::Others(_, others), Accumulators::Others(_, more)) => others[to].merge(&more[from]),
            _ => {}
        }
    }

    fn value(&self, place: usize) -> Value<'static> {
        match self {
            Accumulators::Counts(counts) => Aggregate::Count(counts[place]).value(),
            Accumulators::Sums(sums) => sums.at(place).value(),
            Accumulators::Averages(sums, counts) => sums.at(place).mean(counts[place]),
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
