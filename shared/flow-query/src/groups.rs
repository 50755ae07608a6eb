//! The groups of one `stats`: encoded keys in one run of bytes, accumulators in one run for each aggregate.

use std::collections::HashMap;

use crate::aggregate::{Aggregate, AggregateFunction, Sum};
use crate::kept::KeptAggregate;
use crate::key_table::{Key, KeyTable};
use crate::plan::GroupsPlan;
use crate::program::LimitError;
use crate::row::Row;
use crate::value::{Number, Value};

/// How many rows wait until their groups are looked up, one after the other: the look-ups wait for memory together then.
const AT_ONCE: usize = 32;

/// Rows whose groups are not looked up yet.
#[derive(Debug, Default)]
struct Waiting {
    keys: Vec<u128>,
    /// What each row adds to each aggregate.
    numbers: Vec<Option<Number>>,
    /// The groups, once they are looked up.
    places: Vec<usize>,
}

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

    fn add(&mut self, place: usize, kept: &KeptAggregate, row: &(impl Row + ?Sized)) {
        match self {
            Accumulators::Others(_, others) => kept.add(&mut others[place], row),
            Accumulators::Counts(counts) if kept.argument.is_some() => {
                let counted = kept.argument.as_ref().is_some_and(|f| !matches!(f.value(row), Value::Absent));
                counts[place] = counts[place].saturating_add(counted.into());
            }
            _ => self.add_number(place, kept.number(row)),
        }
    }

    /// Adds what a row has, to one of those that [add nothing but numbers](adds_numbers).
    #[inline]
    fn add_number(&mut self, place: usize, number: Option<Number>) {
        match self {
            Accumulators::Counts(counts) => counts[place] = counts[place].saturating_add(1),
            Accumulators::Sums(sums) => {
                if let Some(number) = number {
                    sums.add(place, number);
                }
            }
            Accumulators::Averages(sums, counts) => {
                if let Some(number) = number {
                    sums.add(place, number);
                    counts[place] = counts[place].saturating_add(1);
                }
            }
            Accumulators::Others(..) => {}
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

/// Whether of a row an aggregate adds nothing but its number, or 1.
fn adds_numbers(kept: &KeptAggregate) -> bool {
    match kept.function {
        AggregateFunction::Count => kept.argument.is_none(),
        AggregateFunction::Sum | AggregateFunction::Avg => true,
        _ => false,
    }
}

/// The groups so far.
#[derive(Debug)]
pub(crate) struct Groups {
    keys: KeyTable,
    aggregates: Vec<Accumulators>,
    /// The key at work.
    key: Key,
    /// None where an aggregate needs more of a row than a number.
    waiting: Option<Waiting>,
}

impl Groups {
    pub(crate) fn new(plan: &GroupsPlan) -> Self {
        let aggregates: Vec<_> =
            plan.aggregates.iter().map(|kept| Accumulators::new(kept.function)).collect();
        let can_wait = !plan.by.is_empty() && plan.aggregates.iter().all(adds_numbers);
        let mut groups = Groups {
            keys: KeyTable::new(plan.by.len()),
            aggregates,
            key: Key::default(),
            waiting: can_wait.then(Waiting::default),
        };
        if plan.by.is_empty() {
            // Of no records there is one group too: `stats count(*)` is 0 then.
            let found = groups.keys.place(&groups.key, usize::MAX);
            groups.place(found, usize::MAX).ok();
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
        if let (Some(waiting), Some(word)) = (&mut self.waiting, self.key.word()) {
            waiting.keys.push(word);
            waiting.numbers.extend(plan.aggregates.iter().map(|kept| kept.number(row)));
            // Where each may be one group too many none waits.
            let can_wait = waiting.keys.len() < AT_ONCE && self.keys.len() + waiting.keys.len() <= max;
            return if can_wait { Ok(()) } else { self.settle(max) };
        }
        self.settle(max)?;
        let found = self.keys.place(&self.key, max);
        let place = self.place(found, max)?;
        for (accumulators, kept) in self.aggregates.iter_mut().zip(&plan.aggregates) {
            accumulators.add(place, kept, row);
        }
        Ok(())
    }

    /// Adds the rows that wait to their groups.
    pub(crate) fn settle(&mut self, max: usize) -> Result<(), LimitError> {
        let Some(mut waiting) = self.waiting.take() else { return Ok(()) };
        let Waiting { keys, numbers, places } = &mut waiting;
        for word in keys.drain(..) {
            let found = self.keys.place_of_word(word, max);
            places.push(self.place(found, max)?);
        }
        let numbers_each = self.aggregates.len().max(1);
        for (place, numbers) in places.drain(..).zip(numbers.chunks(numbers_each)) {
            for (accumulators, number) in self.aggregates.iter_mut().zip(numbers) {
                accumulators.add_number(place, *number);
            }
        }
        numbers.clear();
        self.waiting = Some(waiting);
        Ok(())
    }

    /// The place that was found for a key, with room for its aggregates.
    #[inline]
    fn place(&mut self, found: Option<(usize, bool)>, max: usize) -> Result<usize, LimitError> {
        let (place, is_new) = found.ok_or(LimitError::Groups { max })?;
        if is_new {
            self.aggregates.iter_mut().for_each(Accumulators::push);
        }
        Ok(place)
    }

    /// Adds all groups of `other`, which is of the same plan.
    pub(crate) fn merge(&mut self, mut other: Groups, max: usize) -> Result<(), LimitError> {
        self.settle(max)?;
        other.settle(max)?;
        if self.keys.len() == 0 {
            // Of one input nothing is copied: there is room for all groups once, and no more.
            *self = other;
            return Ok(());
        }
        for from in 0..other.keys.len() {
            other.keys.copy_key(from, &mut self.key);
            let found = self.keys.place(&self.key, max);
            let to = self.place(found, max)?;
            for (mine, theirs) in self.aggregates.iter_mut().zip(&other.aggregates) {
                mine.merge(to, theirs, from);
            }
        }
        Ok(())
    }

    /// Gives the row of every group to `give`, once all are [settled](Self::settle), if need be in the order of what they are grouped by.
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
