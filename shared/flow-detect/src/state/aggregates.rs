//! Accumulators as bytes. Which function each is of, the rule's query says.

use flow_query::{
    Aggregate, AggregateFunction, Buckets, Deviation, Distinct, Exact, KeyPart, Moment, Number, Quantiles,
    Sum,
};

use crate::state::bytes::{Read, Reader, Writer};
use crate::state::table::{read_value, write_value};

const NOTHING: u8 = 0;
const INTEGER: u8 = 1;
const FLOAT: u8 = 2;
const SOMETHING: u8 = 1;

pub(crate) fn write(aggregate: &Aggregate, to: &mut Writer) {
    match aggregate {
        Aggregate::Count(count) => to.number(*count),
        Aggregate::Sum(sum) => write_sum(sum, to),
        Aggregate::Average(average) => {
            write_sum(&average.0, to);
            to.number(average.1);
        }
        Aggregate::Least(number) | Aggregate::Greatest(number) => match number {
            None => to.raw(&[NOTHING]),
            Some(number) => write_number(*number, to),
        },
        Aggregate::Distinct(set) => write_distinct(set, to),
        Aggregate::Quantile(_, quantiles) => write_quantiles(quantiles, to),
        Aggregate::Deviation(deviation) => write_deviation(deviation, to),
        Aggregate::Earliest(kept) | Aggregate::Latest(kept) => match kept {
            None => to.raw(&[NOTHING]),
            Some(moment) => {
                to.raw(&[SOMETHING]);
                to.signed(moment.at.into());
                write_value(&moment.value, to);
            }
        },
        Aggregate::SortsFirst(kept) | Aggregate::SortsLast(kept) => match kept {
            None => to.raw(&[NOTHING]),
            Some(value) => {
                to.raw(&[SOMETHING]);
                write_value(value, to);
            }
        },
    }
}

fn write_number(number: Number, to: &mut Writer) {
    match number {
        Number::Integer(number) => {
            to.raw(&[INTEGER]);
            to.signed(number.into());
        }
        Number::Float(number) => {
            to.raw(&[FLOAT]);
            to.fixed(number.to_bits());
        }
    }
}

/// One more than the number of values and each of them; or 0, the least, the greatest, and the buckets.
fn write_quantiles(quantiles: &Quantiles, to: &mut Writer) {
    if let Some(values) = quantiles.values() {
        to.count(values.len() + 1);
        values.iter().for_each(|number| write_number(*number, to));
    }
    if let Some(buckets) = quantiles.buckets() {
        to.count(0);
        write_number(buckets.least, to);
        write_number(buckets.greatest, to);
        to.count(buckets.counts.len());
        let mut last = 0;
        for (bucket, count) in &buckets.counts {
            to.signed(i128::from(*bucket) - last);
            to.number(*count);
            last = (*bucket).into();
        }
    }
}

fn write_deviation(deviation: &Deviation, to: &mut Writer) {
    to.number(deviation.count);
    write_exact(&deviation.sum, to);
    write_exact(&deviation.squares, to);
}

/// The number of digits, and if there are any the place of the first and all of them.
fn write_exact(exact: &Exact, to: &mut Writer) {
    let (low, digits) = exact.digits();
    to.count(digits.len());
    if !digits.is_empty() {
        to.signed(low.into());
        digits.iter().for_each(|digit| to.raw(&digit.to_le_bytes()));
    }
}

/// One more than the number of hashes and each of them; or 0 and a sketch.
fn write_distinct(set: &Distinct, to: &mut Writer) {
    match set.hashes() {
        Some(hashes) => {
            to.count(hashes.len() + 1);
            hashes.iter().for_each(|hash| to.fixed(*hash));
        }
        None => {
            to.count(0);
            to.sized(&set.sketch().unwrap_or_default());
        }
    }
}

/// The whole part times two, which is an even number; one more, and what is not whole, if there is any.
fn write_sum(sum: &Sum, to: &mut Writer) {
    // Sums of 64-bit numbers leave the highest bits free.
    to.signed(sum.whole << 1 | i128::from(sum.others.is_some()));
    if let Some(others) = &sum.others {
        write_exact(others, to);
    }
}

pub(crate) fn read(function: AggregateFunction, from: &mut Reader<'_>) -> Read<Aggregate> {
    Ok(match function {
        AggregateFunction::Count => Aggregate::Count(from.number("a count")?),
        AggregateFunction::Sum => Aggregate::Sum(read_sum(from)?),
        AggregateFunction::Avg => {
            Aggregate::Average(Box::new((read_sum(from)?, from.number("an average's count")?)))
        }
        AggregateFunction::Min => Aggregate::Least(read_number(from)?),
        AggregateFunction::Max => Aggregate::Greatest(read_number(from)?),
        AggregateFunction::CountDistinct => Aggregate::Distinct(read_distinct(from)?),
        AggregateFunction::Pct(percent) => Aggregate::Quantile(percent, Box::new(read_quantiles(from)?)),
        AggregateFunction::StdDev => Aggregate::Deviation(Box::new(read_deviation(from)?)),
        AggregateFunction::Earliest => Aggregate::Earliest(read_moment(from)?),
        AggregateFunction::Latest => Aggregate::Latest(read_moment(from)?),
        AggregateFunction::SortsFirst => Aggregate::SortsFirst(read_part(from)?),
        AggregateFunction::SortsLast => Aggregate::SortsLast(read_part(from)?),
    })
}

fn is_something(from: &mut Reader<'_>) -> Read<bool> {
    match from.byte("whether there is a value")? {
        NOTHING => Ok(false),
        SOMETHING => Ok(true),
        _ => Err(from.error("whether there is a value")),
    }
}

fn read_moment(from: &mut Reader<'_>) -> Read<Option<Box<Moment>>> {
    if !is_something(from)? {
        return Ok(None);
    }
    Ok(Some(Box::new(Moment { at: from.signed("a time")?, value: read_value(from)? })))
}

fn read_part(from: &mut Reader<'_>) -> Read<Option<Box<KeyPart>>> {
    if is_something(from)? { read_value(from).map(Box::new).map(Some) } else { Ok(None) }
}

fn read_deviation(from: &mut Reader<'_>) -> Read<Deviation> {
    let count = from.number("a deviation's count")?;
    Ok(Deviation { count, sum: read_exact(from)?, squares: read_exact(from)? })
}

fn read_exact(from: &mut Reader<'_>) -> Read<Exact> {
    let count: usize = from.number("a number of digits")?;
    if count == 0 {
        return Ok(Exact::default());
    }
    let low = from.signed("the place of the first digit")?;
    let length = from.some(count.checked_mul(4), "digits")?;
    let (digits, _) = from.take(length, "digits")?.as_chunks();
    let digits = digits.iter().copied().map(u32::from_le_bytes).collect();
    from.some(Exact::from_digits(low, digits), "digits of which each means something")
}

fn read_quantiles(from: &mut Reader<'_>) -> Read<Quantiles> {
    let Some(count) = from.number::<usize>("a number of values")?.checked_sub(1) else {
        let buckets = read_buckets(from)?;
        return from.some(Quantiles::from_buckets(buckets), "buckets in order between their ends");
    };
    // Each takes two bytes at least, so that what is claimed is bounded by what is there.
    let count = from.some(Some(count).filter(|count| *count <= from.remaining().len() / 2), "values")?;
    let values = (0..count).map(|_| read_some_number(from)).collect::<Read<_>>()?;
    from.some(Quantiles::from_values(values), "at most 256 values in order")
}

fn read_buckets(from: &mut Reader<'_>) -> Read<Buckets> {
    let (least, greatest) = (read_some_number(from)?, read_some_number(from)?);
    let length = from.count(2, "a number of buckets")?;
    let mut counts = Vec::with_capacity(length);
    let mut before = 0_i32;
    for _ in 0..length {
        let distance = from.signed("a bucket")?;
        before = from.some(before.checked_add(distance), "a bucket")?;
        counts.push((before, from.number("a bucket's count")?));
    }
    Ok(Buckets { least, greatest, counts })
}

fn read_some_number(from: &mut Reader<'_>) -> Read<Number> {
    let number = read_number(from)?;
    from.some(number, "a number")
}

fn read_number(from: &mut Reader<'_>) -> Read<Option<Number>> {
    Ok(match from.byte("a kind of number")? {
        NOTHING => None,
        INTEGER => Some(Number::Integer(from.signed("a whole number")?)),
        FLOAT => {
            let number = f64::from_bits(from.fixed("a number")?);
            Some(Number::Float(
                from.some(Some(number).filter(|number| number.is_finite()), "a finite number")?,
            ))
        }
        _ => return Err(from.error("a kind of number")),
    })
}

fn read_distinct(from: &mut Reader<'_>) -> Read<Distinct> {
    let Some(count) = from.number::<usize>("a number of distinct values")?.checked_sub(1) else {
        let image = from.sized("a sketch")?;
        return from.some(Distinct::from_sketch(image), "a sketch of 4096 registers");
    };
    let length = from.some(count.checked_mul(8), "hashes")?;
    let (hashes, _) = from.take(length, "hashes of distinct values")?.as_chunks();
    let hashes = hashes.iter().copied().map(u64::from_le_bytes).collect();
    from.some(Distinct::from_hashes(hashes), "at most 256 hashes in order, each once")
}

fn read_sum(from: &mut Reader<'_>) -> Read<Sum> {
    let number: i128 = from.signed("a sum")?;
    let others = if number & 1 == 1 { Some(Box::new(read_exact(from)?)) } else { None };
    let others =
        from.some(Some(others).filter(|others| others.as_deref() != Some(&Exact::default())), "a sum")?;
    Ok(Sum { whole: number >> 1, others })
}

#[cfg(test)]
mod tests {
    use flow_query::{Percent, Value};
    use proptest::prelude::*;

    use super::*;

    fn written(aggregate: &Aggregate) -> Vec<u8> {
        let mut writer = Writer::default();
        write(aggregate, &mut writer);
        writer.into_bytes()
    }

    #[test]
    fn small_things_are_small() {
        let of = |function: AggregateFunction, value| {
            let mut aggregate = function.start();
            aggregate.add(&value);
            written(&aggregate)
        };
        assert_eq!(of(AggregateFunction::Count, Value::Integer(9)), [1]);
        assert_eq!(of(AggregateFunction::Sum, Value::Integer(60)), [0xf0, 1], "60 times four");
        assert_eq!(of(AggregateFunction::Sum, Value::Float(-0.5)), [2, 1, 1, 0, 0, 0, 0x80]);
        assert_eq!(of(AggregateFunction::Avg, Value::Integer(-1)), [3, 1]);
        assert_eq!(of(AggregateFunction::Min, Value::Integer(5)), [INTEGER, 10]);
        assert_eq!(of(AggregateFunction::CountDistinct, Value::Integer(5)).len(), 9);
        assert_eq!(written(&AggregateFunction::CountDistinct.start()), [1]);
    }

    /// Aggregates that came later, pinned like those of the first.
    #[test]
    fn later_ones_are_small_too() {
        let of = |function: AggregateFunction, values: &[Value<'_>]| {
            let mut aggregate = function.start();
            values.iter().for_each(|value| aggregate.add_at(value, Some(1)));
            written(&aggregate)
        };
        let pct = AggregateFunction::Pct(Percent::MEDIAN);
        let (five, half) = (Value::Integer(5), Value::Float(0.5));
        assert_eq!(of(pct, &[]), [1]);
        assert_eq!(of(pct, &[five.clone(), half]), [3, FLOAT, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, INTEGER, 10]);
        let many: Vec<_> = (0..257).map(|number| Value::Integer(number % 2)).collect();
        assert_eq!(of(pct, &many), [0, INTEGER, 0, INTEGER, 2, 2, 0, 0x81, 1, 0x82, 0xfe, 0x0f, 0x80, 1]);
        assert_eq!(of(AggregateFunction::StdDev, &[]), [0, 0, 0]);
        assert_eq!(
            of(AggregateFunction::StdDev, std::slice::from_ref(&five)),
            [1, 1, 0, 5, 0, 0, 0, 1, 0, 25, 0, 0, 0]
        );
        assert_eq!(of(AggregateFunction::Earliest, std::slice::from_ref(&five)), [SOMETHING, 2, 1, 10]);
        assert_eq!(of(AggregateFunction::Latest, &[]), [NOTHING]);
        assert_eq!(
            of(AggregateFunction::SortsFirst, &[Value::Text("x".into()), five]),
            [SOMETHING, 5, 1, b'x']
        );
        assert_eq!(of(AggregateFunction::SortsLast, &[]), [NOTHING]);
    }

    #[test]
    fn what_no_aggregate_writes_is_damaged() {
        let error =
            |function: AggregateFunction, bytes: &[u8]| read(function, &mut Reader::new(bytes)).is_err();
        let pct = AggregateFunction::Pct(Percent::MEDIAN);
        for bytes in [
            [3, INTEGER, 10, INTEGER, 2].as_slice(),
            &[0xff, 0xff, 0x7f, INTEGER, 2],
            &[2, NOTHING],
            &[0, INTEGER, 0, INTEGER, 2, 1, 0, 0x81, 2],
            &[0, INTEGER, 0, INTEGER, 2, 2, 0, 1, 0x82, 0xfe, 0x0f, 1],
            &[0, INTEGER, 0, INTEGER, 2, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert!(error(pct, bytes), "{bytes:?}");
        }
        assert!(error(AggregateFunction::StdDev, &[1, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]), "a zero at the end");
        assert!(error(AggregateFunction::StdDev, &[1, 0xff, 0xff, 0xff, 0x7f, 0]), "too long");
        assert!(error(AggregateFunction::Sum, &[2, 0]), "no others");
        assert!(error(AggregateFunction::Latest, &[2]) && error(AggregateFunction::SortsLast, &[1, 9]));
    }

    proptest! {
        #[test]
        fn later_ones_are_read_as_written(values in prop::collection::vec(prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            (-1e12..1e12).prop_map(Value::Float),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::Float),
            "[a-z0-9]{0,9}".prop_map(|text| Value::Text(text.into())),
            any::<std::net::IpAddr>().prop_map(Value::Address),
        ], 0..600), at in any::<i64>()) {
            for function in AggregateFunction::ALL {
                let mut aggregate = function.start();
                values.iter().enumerate().for_each(|(index, value)| {
                    aggregate.add_at(value, at.checked_add(i64::try_from(index).unwrap()));
                });
                let bytes = written(&aggregate);
                let mut reader = Reader::new(&bytes);
                prop_assert_eq!(read(function, &mut reader), Ok(aggregate));
                prop_assert_eq!(reader.end(), Ok(()));
            }
        }
    }

    proptest! {
        #[test]
        fn read_as_written(whole in any::<i64>(), wide in any::<i64>(), float in -1e12..1e12, size in 0..700_u64) {
            let sum = Sum { whole: i128::from(wide) << 60, others: None };
            let mut set = Distinct::default();
            (0..size).for_each(|n| set.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            for (function, aggregate) in [
                (AggregateFunction::Count, Aggregate::Count(whole.cast_unsigned())),
                (AggregateFunction::Sum, Aggregate::Sum(sum.clone())),
                (AggregateFunction::Avg, Aggregate::Average(Box::new((sum, size)))),
                (AggregateFunction::Min, Aggregate::Least(Some(Number::Integer(whole)))),
                (AggregateFunction::Max, Aggregate::Greatest(Some(Number::Float(float)))),
                (AggregateFunction::Max, Aggregate::Greatest(None)),
                (AggregateFunction::CountDistinct, Aggregate::Distinct(set)),
            ] {
                let bytes = written(&aggregate);
                let mut reader = Reader::new(&bytes);
                prop_assert_eq!(read(function, &mut reader), Ok(aggregate));
                prop_assert_eq!(reader.end(), Ok(()));
            }
        }
    }
}
