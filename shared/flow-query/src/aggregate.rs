//! Accumulators that merge: what one batch adds and what another adds make what both add, in any order.

use std::cmp::Ordering;

use crate::distinct::Distinct;
use crate::value::{Number, Value};

/// An aggregate function of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl AggregateFunction {
    /// All of them.
    pub const ALL: [AggregateFunction; 6] = [
        AggregateFunction::Count,
        AggregateFunction::CountDistinct,
        AggregateFunction::Sum,
        AggregateFunction::Avg,
        AggregateFunction::Min,
        AggregateFunction::Max,
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
        }
    }

    /// The function with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        AggregateFunction::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// The accumulator of no values.
    pub fn start(self) -> Aggregate {
        match self {
            AggregateFunction::Count => Aggregate::Count(0),
            AggregateFunction::CountDistinct => Aggregate::Distinct(Distinct::default()),
            AggregateFunction::Sum => Aggregate::Sum(Sum(0)),
            AggregateFunction::Avg => Aggregate::Average(Box::default()),
            AggregateFunction::Min => Aggregate::Least(None),
            AggregateFunction::Max => Aggregate::Greatest(None),
        }
    }

    /// Whether the values of two disjoint sets of records add up to that of both.
    pub fn adds_up(self) -> bool {
        matches!(self, AggregateFunction::Count | AggregateFunction::Sum)
    }
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
}

impl Aggregate {
    /// Adds one value.
    pub fn add(&mut self, value: &Value<'_>) {
        if matches!(value, Value::Absent) {
            return;
        }
        match self {
            Aggregate::Count(count) => *count = count.saturating_add(1),
            Aggregate::Distinct(set) => set.insert(value.stable_hash(0)),
            Aggregate::Sum(sum) => {
                if let Some(number) = value.number() {
                    sum.add(number);
                }
            }
            Aggregate::Average(average) => {
                if let Some(number) = value.number() {
                    average.0.add(number);
                    average.1 = average.1.saturating_add(1);
                }
            }
            Aggregate::Least(least) => choose(least, value.number(), Ordering::is_lt),
            Aggregate::Greatest(greatest) => choose(greatest, value.number(), Ordering::is_gt),
        }
    }

    /// Adds everything that `other` holds. Both must be of the same function; others are left alone.
    pub fn merge(&mut self, other: &Aggregate) {
        match (self, other) {
            (Aggregate::Count(count), Aggregate::Count(more)) => *count = count.saturating_add(*more),
            (Aggregate::Sum(sum), Aggregate::Sum(more)) => sum.merge(*more),
            (Aggregate::Average(average), Aggregate::Average(more)) => {
                average.0.merge(more.0);
                average.1 = average.1.saturating_add(more.1);
            }
            (Aggregate::Least(least), Aggregate::Least(other)) => choose(least, *other, Ordering::is_lt),
            (Aggregate::Greatest(greatest), Aggregate::Greatest(other)) => {
                choose(greatest, *other, Ordering::is_gt);
            }
            (Aggregate::Distinct(set), Aggregate::Distinct(more)) => set.merge(more),
            _ => {}
        }
    }

    /// The value of the aggregate so far; absent for the least, greatest and average of nothing.
    pub fn value(&self) -> Value<'static> {
        match self {
            Aggregate::Count(count) => Value::Integer(i64::try_from(*count).unwrap_or(i64::MAX)),
            Aggregate::Sum(sum) => sum.value(),
            Aggregate::Average(average) if average.1 == 0 => Value::Absent,
            Aggregate::Average(average) => Value::of_float(average.0.to_float() / average.1 as f64),
            Aggregate::Least(number) | Aggregate::Greatest(number) => match number {
                Some(Number::Integer(number)) => Value::Integer(*number),
                Some(Number::Float(number)) => Value::of_float(*number),
                None => Value::Absent,
            },
            Aggregate::Distinct(set) => Value::Integer(i64::try_from(set.count()).unwrap_or(i64::MAX)),
        }
    }
}

fn choose(kept: &mut Option<Number>, number: Option<Number>, is_better: fn(Ordering) -> bool) {
    if let Some(number) = number
        && kept.is_none_or(|kept| is_better(number.compare(kept)))
    {
        *kept = Some(number);
    }
}

/// A sum in fixed point with 32 fractional bits: whole numbers are exact, and since no addition rounds, the order of
/// addition never shows. Holds 2^32 values of the largest field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum(i128);

impl Sum {
    /// How many bits of its fixed point are the fraction.
    pub const FRACTION_BITS: u32 = 32;
}

const FRACTION_BITS: u32 = Sum::FRACTION_BITS;

impl Sum {
    fn add(&mut self, number: Number) {
        let fixed = match number {
            Number::Integer(number) => i128::from(number) << FRACTION_BITS,
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            Number::Float(number) => (number * f64::from(FRACTION_BITS).exp2()).round() as i128,
        };
        self.0 = self.0.saturating_add(fixed);
    }

    /// The sum times 2^32, for keeping.
    pub fn to_fixed(self) -> i128 {
        self.0
    }

    /// The sum that [`to_fixed`](Self::to_fixed) told.
    pub fn from_fixed(fixed: i128) -> Self {
        Sum(fixed)
    }

    fn merge(&mut self, other: Sum) {
        self.0 = self.0.saturating_add(other.0);
    }

    fn to_float(self) -> f64 {
        self.0 as f64 / f64::from(FRACTION_BITS).exp2()
    }

    fn value(self) -> Value<'static> {
        let is_whole = self.0.trailing_zeros() >= FRACTION_BITS;
        match i64::try_from(self.0 >> FRACTION_BITS) {
            Ok(number) if is_whole => Value::Integer(number),
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
            select(vec!["7", "1.25", "x", ""]).prop_map(|text| Value::Text(text.into())),
            any::<std::net::IpAddr>().prop_map(Value::Address),
        ]
    }

    fn of(function: AggregateFunction, values: &[Value<'_>]) -> Aggregate {
        let mut aggregate = function.start();
        values.iter().for_each(|value| aggregate.add(value));
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
        assert_eq!(nothing, ["0", "0", "0", "-", "-", "-"]);
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
