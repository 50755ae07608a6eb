//! Accumulators as bytes. Which function each is of, the rule's query says.

use flow_query::{Aggregate, AggregateFunction, Distinct, Number, Sum};

use crate::state::bytes::{Read, Reader, Writer};

const NOTHING: u8 = 0;
const INTEGER: u8 = 1;
const FLOAT: u8 = 2;

pub(crate) fn write(aggregate: &Aggregate, to: &mut Writer) {
    match aggregate {
        Aggregate::Count(count) => to.number(*count),
        Aggregate::Sum(sum) => write_sum(*sum, to),
        Aggregate::Average(average) => {
            write_sum(average.0, to);
            to.number(average.1);
        }
        Aggregate::Least(number) | Aggregate::Greatest(number) => match number {
            None => to.raw(&[NOTHING]),
            Some(Number::Integer(number)) => {
                to.raw(&[INTEGER]);
                to.signed((*number).into());
            }
            Some(Number::Float(number)) => {
                to.raw(&[FLOAT]);
                to.fixed(number.to_bits());
            }
        },
        Aggregate::Distinct(set) => write_distinct(set, to),
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

/// The whole part times two; one more, and the fraction's 32 bits, if there is a fraction.
fn write_sum(sum: Sum, to: &mut Writer) {
    let fixed = sum.to_fixed();
    let whole = fixed >> Sum::FRACTION_BITS;
    let fraction = fixed - (whole << Sum::FRACTION_BITS);
    to.signed(whole << 1 | i128::from(fraction != 0));
    if fraction != 0 {
        // The lowest four bytes, the least first.
        to.raw(&fraction.to_le_bytes()[..4]);
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
    })
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
    let whole = number >> 1;
    let mut fraction = 0;
    if number & 1 == 1 {
        let (bytes, _) = from.take(4, "a sum's fraction")?.as_chunks();
        fraction = bytes.first().copied().map_or(0, u32::from_le_bytes);
    }
    let is_kept = i64::try_from(whole >> 32).is_ok();
    let fixed = is_kept.then(|| whole << Sum::FRACTION_BITS | i128::from(fraction));
    from.some(fixed.map(Sum::from_fixed), "a sum of 128 bits")
}

#[cfg(test)]
mod tests {
    use flow_query::Value;
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
        assert_eq!(of(AggregateFunction::Sum, Value::Float(-0.5)), [1, 0, 0, 0, 0x80]);
        assert_eq!(of(AggregateFunction::Avg, Value::Integer(-1)), [3, 1]);
        assert_eq!(of(AggregateFunction::Min, Value::Integer(5)), [INTEGER, 10]);
        assert_eq!(of(AggregateFunction::CountDistinct, Value::Integer(5)).len(), 9);
        assert_eq!(written(&AggregateFunction::CountDistinct.start()), [1]);
    }

    proptest! {
        #[test]
        fn read_as_written(whole in any::<i64>(), fixed in any::<i128>(), float in -1e12..1e12, size in 0..700_u64) {
            let mut set = Distinct::default();
            (0..size).for_each(|n| set.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            for (function, aggregate) in [
                (AggregateFunction::Count, Aggregate::Count(whole.cast_unsigned())),
                (AggregateFunction::Sum, Aggregate::Sum(Sum::from_fixed(fixed))),
                (AggregateFunction::Avg, Aggregate::Average(Box::new((Sum::from_fixed(fixed), size)))),
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
