//! The groups of one `stats`: encoded keys in one run of bytes, accumulators in one run for each aggregate.

use crate::aggregate::{Aggregate, AggregateFunction, Sum};
use crate::kept::KeptAggregate;
use crate::key_table::{Key, KeyTable};
use crate::plan::GroupsPlan;
use crate::program::LimitError;
use crate::row::Row;
use crate::value::Value;

/// The accumulators of one aggregate, by the place of their group.
#[derive(Debug)]
enum Accumulators {
    Counts(Vec<u64>),
    Sums(Vec<Sum>),
    Averages(Vec<(Sum, u64)>),
    Others(AggregateFunction, Vec<Aggregate>),
}

impl Accumulators {
    fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Accumulators::Counts(Vec::new()),
            AggregateFunction::Sum => Accumulators::Sums(Vec::new()),
            AggregateFunction::Avg => Accumulators::Averages(Vec::new()),
            other => Accumulators::Others(other, Vec::new()),
        }
    }

    /// Makes room for one more group.
    fn push(&mut self) {
        match self {
            Accumulators::Counts(counts) => counts.push(0),
            Accumulators::Sums(sums) => sums.push(Sum::default()),
            Accumulators::Averages(averages) => averages.push(Default::default()),
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
                    sums[place].add(number);
                }
            }
            Accumulators::Averages(averages) => {
                if let Some(number) = kept.number(row) {
                    let (sum, count) = &mut averages[place];
                    sum.add(number);
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
            (Accumulators::Sums(sums), Accumulators::Sums(more)) => sums[to].merge(more[from]),
            (Accumulators::Averages(averages), Accumulators::Averages(more)) => {
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
            Accumulators::Sums(sums) => sums[place].value(),
            Accumulators::Averages(averages) => averages[place].0.mean(averages[place].1),
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
    pub(crate) fn merge(&mut self, other: &Groups, max: usize) -> Result<(), LimitError> {
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
    pub(crate) fn drain(
        self,
        plan: &GroupsPlan,
        in_order: bool,
        give: &mut dyn FnMut(&[Value<'_>]) -> Result<(), LimitError>,
    ) -> Result<(), LimitError> {
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
