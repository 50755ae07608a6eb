//! What the values of a few names tell of a condition, whatever else a record holds.

use super::source_of;
use crate::condition::Condition;
use crate::names::Source;
use crate::row::Row;
use crate::value::Value;

/// Values that a name may have.
#[derive(Debug)]
pub(super) struct Examples {
    pub(super) source: Source,
    pub(super) values: Vec<Value<'static>>,
}

/// What is told of a condition by each combination of values, the first name's changing fastest: [`HOLDS`] if it may
/// hold, [`FAILS`] if it may not, [`UNKNOWN`] is both. None if no combination tells anything.
pub(super) type Told = Option<Vec<u8>>;

pub(super) const HOLDS: u8 = 1;
const FAILS: u8 = 2;
pub(super) const UNKNOWN: u8 = HOLDS | FAILS;

/// How many combinations there are.
pub(super) fn combinations(axes: &[&Examples]) -> usize {
    axes.iter().map(|axis| axis.values.len()).product()
}

/// What all combinations tell of `condition`.
pub(super) fn told(condition: &Condition, axes: &[&Examples]) -> Told {
    match condition {
        Condition::All(parts) => join(parts.iter().map(|part| told(part, axes)), HOLDS),
        Condition::Any(parts) => join(parts.iter().map(|part| told(part, axes)), FAILS),
        Condition::Not(inner) => {
            let mut told = told(inner, axes)?;
            told.iter_mut().for_each(|told| *told = *told >> 1 | (*told & HOLDS) << 1);
            Some(told)
        }
        leaf => match source_of(leaf) {
            // Each value stands for all that the leaf does not tell from it.
            Some(source) => {
                let own = place(axes, source)?;
                Some(spread(axes, own, |value| says(leaf.holds(&One(source, value)))))
            }
            None => told_by_absence(leaf, axes),
        },
    }
}

/// Of a condition that compares in its own way: what is absent is absent, other values tell nothing.
fn told_by_absence(leaf: &Condition, axes: &[&Examples]) -> Told {
    let mut sources = Vec::new();
    leaf.sources(&mut |source| sources.push(source));
    let places = sources.into_iter().map(|source| place(axes, source)).collect::<Option<Vec<_>>>()?;
    let mut all = vec![says(leaf.holds(&Nothing)); combinations(axes)];
    for place in places {
        let present = spread(axes, place, |value| if *value == Value::Absent { 0 } else { UNKNOWN });
        all.iter_mut().zip(present).for_each(|(told, present)| *told |= present);
    }
    Some(all)
}

/// Conditions joined by `and`, which holds if all hold, or by `or`, which fails if all fail; `all` is which of them.
fn join(parts: impl IntoIterator<Item = Told>, all: u8) -> Told {
    let mut joined: Told = None;
    let mut is_whole = true;
    for part in parts {
        match (&mut joined, part) {
            (Some(joined), Some(part)) => {
                for (joined, part) in joined.iter_mut().zip(part) {
                    *joined = *joined & part & all | (*joined | part) & !all;
                }
            }
            (None, Some(part)) => joined = Some(part),
            (_, None) => is_whole = false,
        }
    }
    if !is_whole {
        joined.iter_mut().flatten().for_each(|told| *told |= UNKNOWN & !all);
    }
    joined
}

/// For each combination, what its value of the axis at `place` tells.
fn spread(axes: &[&Examples], place: usize, tells: impl Fn(&Value<'static>) -> u8) -> Vec<u8> {
    let (before, behind) = axes.split_at(place);
    let (before, behind) = (combinations(before), combinations(&behind[1..]));
    let values = &axes[place].values;
    let mut told = Vec::with_capacity(before * values.len() * behind);
    for value in values {
        told.resize(told.len() + before, tells(value));
    }
    let once = told.len();
    (1..behind).for_each(|_| told.extend_from_within(..once));
    told
}

fn place(axes: &[&Examples], source: Source) -> Option<usize> {
    axes.iter().position(|axis| axis.source == source)
}

fn says(holds: bool) -> u8 {
    if holds { HOLDS } else { FAILS }
}

/// A row of which one value is known.
pub(super) struct One<'v>(pub(super) Source, pub(super) &'v Value<'v>);

impl Row for One<'_> {
    fn value(&self, source: Source) -> Value<'_> {
        if source == self.0 { self.1.borrowed() } else { Value::Absent }
    }
}

/// A row without values.
struct Nothing;

impl Row for Nothing {
    fn value(&self, _: Source) -> Value<'_> {
        Value::Absent
    }
}
