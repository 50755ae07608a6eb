//! Accumulators that merge: what one batch adds and what another adds make what both add, in any order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::deviation::Deviation;
use crate::distinct::Distinct;
use crate::exact::Exact;
use crate::group::KeyPart;
use crate::quantiles::Quantiles;
use crate::value::{Number, Value};

pub(crate) use crate::quantiles::Percent;

/// An aggregate function of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateFunction {
    /// `count(*)`, or `count(f)`: the records in which `f` is present.
    Count,
    /// `count_distinct(f)`: exact to 256, estimated above.
    CountDistinct,
    /// `sum(f)`.
    Sum,
    /// `avg(f)`.
    Avg,
    /// `min(f)`.
    Min,
    /// `max(f)`.
    Max,
    /// `pct(f, n)`: the value at or below which `n` percent of all values lie. Exact to 256 values, within one part in
    /// 128 above.
    Pct(Percent),
    /// `stddev(f)`: the deviation of a sample.
    StdDev,
    /// `earliest(f)`: the value of the record with the earliest `@timestamp`; the first in order of several.
    Earliest,
    /// `latest(f)`: the value of the record with the latest `@timestamp`; the last in order of several.
    Latest,
    /// `sortsFirst(f)`: the value that `sort` puts first.
    SortsFirst,
    /// `sortsLast(f)`: the value that `sort` puts last.
    SortsLast,
}

impl AggregateFunction {
    /// All of them; `pct` stands for all of its kind.
    pub const ALL: [AggregateFunction; 12] = [
        AggregateFunction::Count,
        AggregateFunction::CountDistinct,
        AggregateFunction::Sum,
        AggregateFunction::Avg,
        AggregateFunction::Min,
        AggregateFunction::Max,
        AggregateFunction::Pct(Percent::MEDIAN),
        AggregateFunction::StdDev,
        AggregateFunction::Earliest,
        AggregateFunction::Latest,
        AggregateFunction::SortsFirst,
        AggregateFunction::SortsLast,
    ];

    /// The name in queries.
    pub fn name(self) -> &'static str {
        match self {
            AggregateFunction::Count => "count",
            AggregateFunction::CountDistinct => "count_distinct",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Avg => "avg",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::Pct(_) => "pct",
            AggregateFunction::StdDev => "stddev",
            AggregateFunction::Earliest => "earliest",
            AggregateFunction::Latest => "latest",
            AggregateFunction::SortsFirst => "sortsFirst",
            AggregateFunction::SortsLast => "sortsLast",
        }
    }

    /// The function with this name, in any case; `pct` is that of the median.
    pub fn from_name(name: &str) -> Option<Self> {
        AggregateFunction::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// The accumulator of no values.
    pub fn start(self) -> Aggregate {
        match self {
            AggregateFunction::Count => Aggregate::Count(0),
            AggregateFunction::CountDistinct => Aggregate::Distinct(Distinct::default()),
            AggregateFunction::Sum => Aggregate::Sum(Sum::default()),
            AggregateFunction::Avg => Aggregate::Average(Box::default()),
            AggregateFunction::Min => Aggregate::Least(None),
            AggregateFunction::Max => Aggregate::Greatest(None),
            AggregateFunction::Pct(percent) => Aggregate::Quantile(percent, Box::default()),
            AggregateFunction::StdDev => Aggregate::Deviation(Box::default()),
            AggregateFunction::Earliest => Aggregate::Earliest(None),
            AggregateFunction::Latest => Aggregate::Latest(None),
            AggregateFunction::SortsFirst => Aggregate::SortsFirst(None),
            AggregateFunction::SortsLast => Aggregate::SortsLast(None),
        }
    }

    /// Whether the values of two disjoint sets of records add up to that of both.
    pub fn adds_up(self) -> bool {
        matches!(self, AggregateFunction::Count | AggregateFunction::Sum)
    }

    /// Whether it needs to know when a record was.
    pub(crate) fn needs_time(self) -> bool {
        matches!(self, AggregateFunction::Earliest | AggregateFunction::Latest)
    }

    /// Whether it takes numbers only.
    pub(crate) fn takes_numbers(self) -> bool {
        matches!(
            self,
            AggregateFunction::Sum
                | AggregateFunction::Avg
                | AggregateFunction::Min
                | AggregateFunction::Max
                | AggregateFunction::Pct(_)
                | AggregateFunction::StdDev
        )
    }
}

/// A value and when it was, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: i64,
    /// The value.
    pub value: KeyPart,
}

/// One mergeable accumulator. Values that are absent, or no numbers where numbers are needed, are left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// How many.
    Count(u64),
    /// The sum.
    Sum(Sum),
    /// Sum and count.
    Average(Box<(Sum, u64)>),
    /// The least number.
    Least(Option<Number>),
    /// The greatest number.
    Greatest(Option<Number>),
    /// The distinct values.
    Distinct(Distinct),
    /// The quantile at a percentage.
    Quantile(Percent, Box<Quantiles>),
    /// What the deviation is worked out from.
    Deviation(Box<Deviation>),
    /// The earliest value; of those, the first in order.
    Earliest(Option<Box<Moment>>),
    /// The latest value; of those, the last in order.
    Latest(Option<Box<Moment>>),
    /// The first value in order.
    SortsFirst(Option<Box<KeyPart>>),
    /// The last value in order.
    SortsLast(Option<Box<KeyPart>>),
}

impl Aggregate {
    /// Adds one value.
    pub fn add(&mut self, value: &Value<'_>) {
        self.add_at(value, None);
    }

    /// Adds one value of a record whose `@timestamp` is `at`; without it, nothing is the earliest or latest.
    pub fn add_at(&mut self, value: &Value<'_>, at: Option<i64>) {
        if matches!(value, Value::Absent) {
            return;
        }
        match self {
            Aggregate::Count(count) => *count = count.saturating_add(1),
            Aggregate::Distinct(set) => set.insert(value.stable_hash(0)),
            Aggregate::Earliest(kept) => keep_moment(kept, at, &value.bounded(), Ordering::is_lt),
            Aggregate::Latest(kept) => keep_moment(kept, at, &value.bounded(), Ordering::is_gt),
            Aggregate::SortsFirst(kept) => keep(kept, &value.bounded(), Ordering::is_lt),
            Aggregate::SortsLast(kept) => keep(kept, &value.bounded(), Ordering::is_gt),
            numeric => {
                if let Some(number) = value.number() {
                    numeric.add_number(number);
                }
            }
        }
    }

    fn add_number(&mut self, number: Number) {
        match self {
            Aggregate::Sum(sum) => sum.add(number),
            Aggregate::Average(average) => {
                average.0.add(number);
                average.1 = average.1.saturating_add(1);
            }
            Aggregate::Least(least) => choose(least, Some(number), Ordering::is_lt),
            Aggregate::Greatest(greatest) => choose(greatest, Some(number), Ordering::is_gt),
            Aggregate::Quantile(_, quantiles) => quantiles.add(number),
            Aggregate::Deviation(deviation) => deviation.add(number),
            _ => {}
        }
    }

    /// Adds everything that `other` holds. Both must be of the same function; others are left alone.
    pub fn merge(&mut self, other: &Aggregate) {
        match (self, other) {
            (Aggregate::Count(count), Aggregate::Count(more)) => *count = count.saturating_add(*more),
            (Aggregate::Sum(sum), Aggregate::Sum(more)) => sum.merge(more),
            (Aggregate::Average(average), Aggregate::Average(more)) => {
                average.0.merge(&more.0);
                average.1 = average.1.saturating_add(more.1);
            }
            (Aggregate::Least(least), Aggregate::Least(other)) => choose(least, *other, Ordering::is_lt),
            (Aggregate::Greatest(greatest), Aggregate::Greatest(other)) => {
                choose(greatest, *other, Ordering::is_gt);
            }
            (Aggregate::Distinct(set), Aggregate::Distinct(more)) => set.merge(more),
            (Aggregate::Quantile(_, quantiles), Aggregate::Quantile(_, more)) => quantiles.merge(more),
            (Aggregate::Deviation(deviation), Aggregate::Deviation(more)) => deviation.merge(more),
            (mine @ Aggregate::Earliest(_), Aggregate::Earliest(Some(other)))
            | (mine @ Aggregate::Latest(_), Aggregate::Latest(Some(other))) => {
                mine.add_at(&other.value.value(), Some(other.at));
            }
            (mine @ Aggregate::SortsFirst(_), Aggregate::SortsFirst(Some(other)))
            | (mine @ Aggregate::SortsLast(_), Aggregate::SortsLast(Some(other))) => mine.add(&other.value()),
            _ => {}
        }
    }

    /// Whether its value is an estimate, which may fall as values are added.
    pub fn is_estimated(&self) -> bool {
        matches!(self, Aggregate::Distinct(set) if !set.is_exact())
    }

    /// The value of the aggregate so far; absent for the least, greatest, average and so on of nothing.
    pub fn value(&self) -> Value<'static> {
        match self {
            Aggregate::Count(count) => Value::Integer(i64::try_from(*count).unwrap_or(i64::MAX)),
            Aggregate::Sum(sum) => sum.value(),
            Aggregate::Average(average) => average.0.mean(average.1),
            Aggregate::Least(number) | Aggregate::Greatest(number) => {
                number.map_or(Value::Absent, Value::from)
            }
            Aggregate::Distinct(set) => Value::Integer(i64::try_from(set.count()).unwrap_or(i64::MAX)),
            Aggregate::Quantile(percent, quantiles) => quantiles.at(*percent),
            Aggregate::Deviation(deviation) => deviation.value(),
            Aggregate::Earliest(kept) | Aggregate::Latest(kept) => {
                kept.as_ref().map_or(Value::Absent, |moment| moment.value.value().into_owned())
            }
            Aggregate::SortsFirst(kept) | Aggregate::SortsLast(kept) => {
                kept.as_ref().map_or(Value::Absent, |part| part.value().into_owned())
            }
        }
    }
}

fn keep(kept: &mut Option<Box<KeyPart>>, value: &Value<'_>, is_better: fn(Ordering) -> bool) {
    if kept.as_ref().is_none_or(|kept| is_better(value.total_order(&kept.value()))) {
        *kept = Some(Box::new(KeyPart::of(value)));
    }
}

fn keep_moment(
    kept: &mut Option<Box<Moment>>,
    at: Option<i64>,
    value: &Value<'_>,
    is_better: fn(Ordering) -> bool,
) {
    let Some(at) = at else { return };
    let order = |kept: &Moment| at.cmp(&kept.at).then_with(|| value.total_order(&kept.value.value()));
    if kept.as_ref().is_none_or(|kept| is_better(order(kept))) {
        *kept = Some(Box::new(Moment { at, value: KeyPart::of(value) }));
    }
}

fn choose(kept: &mut Option<Number>, number: Option<Number>, is_better: fn(Ordering) -> bool) {
    if let Some(number) = number
        && kept.is_none_or(|kept| is_better(number.compare(kept)))
    {
        *kept = Some(number);
    }
}

/// A sum that is exact, whatever is added in whatever order: whole numbers beside all others, which few sums have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sum {
    /// The sum of the whole numbers. Holds 2^64 of the largest.
    pub whole: i128,
    /// The sum of the others; none while it is zero.
    pub others: Option<Box<Exact>>,
}

impl Sum {
    #[inline]
    pub(crate) fn add(&mut self, number: Number) {
        match number {
            Number::Integer(whole) => self.whole = self.whole.saturating_add(whole.into()),
            Number::Float(_) => self.add_others(|others| others.add(number)),
        }
    }

    pub(crate) fn merge(&mut self, more: &Sum) {
        self.whole = self.whole.saturating_add(more.whole);
        if let Some(more) = &more.others {
            self.add_others(|others| others.merge(more));
        }
    }

    #[inline(never)]
    fn add_others(&mut self, add: impl FnOnce(&mut Exact)) {
        let mut others = self.others.take().unwrap_or_default();
        add(&mut others);
        self.others = Some(others).filter(|others| !others.is_zero());
    }

    /// This sum divided by `count`; absent of nothing.
    pub(crate) fn mean(&self, count: u64) -> Value<'static> {
        if count == 0 { Value::Absent } else { Value::of_float(self.to_float() / count as f64) }
    }

    fn to_float(&self) -> f64 {
        match &self.others {
            None => self.whole as f64,
            Some(others) => {
                let mut all = others.clone();
                all.add_whole(self.whole);
                all.to_float()
            }
        }
    }

    pub(crate) fn value(&self) -> Value<'static> {
        match i64::try_from(self.whole) {
            Ok(number) if self.others.is_none() => Value::Integer(number),
            _ => Value::of_float(self.to_float()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn values() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Absent),
            any::<i64>().prop_map(Value::Integer),
            (-1e12..1e12).prop_map(Value::Float),
            any::<f64>().prop_map(Value::of_float),
            select(vec!["7", "1.25", "x", ""]).prop_map(|text| Value::Text(text.into())),
            any::<std::net::IpAddr>().prop_map(Value::Address),
        ]
    }

    /// Each value at a time that it says itself, so that the order of adding tells nothing.
    fn of(function: AggregateFunction, values: &[Value<'_>]) -> Aggregate {
        let mut aggregate = function.start();
        let at = |value: &Value<'_>| i64::try_from(value.stable_hash(0) % 8).ok();
        values.iter().for_each(|value| aggregate.add_at(value, at(value)));
        aggregate
    }

    #[test]
    fn values_of_each_function() {
        let values =
            [Value::Integer(5), Value::Absent, Value::Text("5".into()), Value::Float(2.5), Value::Integer(5)];
        let value = |function| of(function, &values).value();
        assert_eq!(value(AggregateFunction::Count), Value::Integer(4));
        assert_eq!(value(AggregateFunction::Sum), Value::Float(17.5));
        assert_eq!(value(AggregateFunction::Avg), Value::Float(4.375));
        assert_eq!(value(AggregateFunction::Min), Value::Float(2.5));
        assert_eq!(value(AggregateFunction::Max), Value::Integer(5));
        assert_eq!(value(AggregateFunction::CountDistinct), Value::Integer(3), "5, \"5\" and 2.5");
        let nothing = AggregateFunction::ALL.map(|function| function.start().value().to_string());
        assert_eq!(nothing.join(" "), "0 0 0 - - - - - - - - -");
        assert_eq!(value(AggregateFunction::Pct(Percent::MEDIAN)), Value::Integer(5));
        assert_eq!(value(AggregateFunction::StdDev), Value::Float(1.25));
        assert_eq!(value(AggregateFunction::SortsFirst), Value::Float(2.5));
        assert_eq!(value(AggregateFunction::SortsLast), Value::Text("5".into()));
    }

    #[test]
    fn earliest_and_latest_go_by_time() {
        for (function, expected) in [(AggregateFunction::Earliest, "a"), (AggregateFunction::Latest, "z")] {
            let mut aggregate = function.start();
            for (value, at) in
                [("m", Some(2)), ("z", Some(3)), ("b", Some(1)), ("a", Some(1)), ("y", Some(3)), ("!", None)]
            {
                aggregate.add_at(&Value::Text(value.into()), at);
            }
            assert_eq!(aggregate.value().to_string(), expected);
        }
    }

    #[test]
    fn large_sums_are_exact() {
        let sum = of(AggregateFunction::Sum, &[Value::Integer(i64::MAX - 1), Value::Integer(1)]);
        assert_eq!(sum.value(), Value::Integer(i64::MAX));
    }

    proptest! {
        /// Any order, any cut: the same accumulator.
        #[test]
        fn merge_is_adding((all, shuffled) in prop::collection::vec(values(), 0..40)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())), cut in 0..40_usize)
        {
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            for function in AggregateFunction::ALL {
                let whole = of(function, &all);
                let mut merged = of(function, right);
                merged.merge(&of(function, left));
                prop_assert_eq!(&merged, &whole);
                let mut other_way = of(function, left);
                other_way.merge(&of(function, right));
                prop_assert_eq!(other_way, whole);
            }
        }
    }
}
